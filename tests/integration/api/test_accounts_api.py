"""Set-up, sessions and people as programs and browsers see them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gantry.api import accounts as accounts_api
from gantry.api import problems
from gantry.domain.accounts import SYSTEM, Role
from gantry.domain.cookies import SECURE_SESSION_COOKIE, SESSION_COOKIE
from gantry.domain.errors import Invalid, ModelFault, ModelUnavailable
from gantry.repositories.database import Database
from gantry.runtime import installed
from gantry.services.accounts import ATTEMPTS_PER_ACCOUNT
from tests.parts.accounts import HOME, PASSWORD, Accounts, only

PROBLEM = "application/problem+json"
NewClient = Callable[..., httpx.AsyncClient]


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
async def new_client(accounts: Accounts) -> AsyncIterator[NewClient]:
    app = FastAPI()
    app.include_router(accounts_api.router)
    problems.install(app)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("a secret detail")

    @app.get("/away")
    async def away() -> None:
        raise ModelUnavailable("The server is away.", fault=ModelFault.UNREACHABLE, details="refused")

    opened: list[httpx.AsyncClient] = []

    def make(base: str = "http://gantry.test", address: str = "192.0.2.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
        opened.append(httpx.AsyncClient(transport=transport, base_url=base))
        return opened[-1]

    with installed(only(accounts=accounts.service, people=accounts.people)):
        yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
def client(new_client: NewClient) -> httpx.AsyncClient:
    return new_client()


async def signed_in(accounts: Accounts, new_client: NewClient, email: str, role: Role = Role.USER):
    await accounts.people.create_account(SYSTEM, email, "", role, PASSWORD)
    client = new_client()
    answer = await client.post("/api/v1/session", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200
    return client


def problem_of(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    body = answer.json()
    assert (body["type"], body["status"]) == (f"/problems/{kind}", status)
    assert body["title"]
    assert body["detail"]
    return body


async def test_setting_up_signs_in_and_works_once(new_client: NewClient) -> None:
    """The set-up page asks whether it is needed, makes the first administrator, and is done for good."""
    client = new_client("http://localhost", "127.0.0.1")
    assert (await client.get("/api/v1/setup")).json() == {"needed": True}
    new = {"email": "Admin@example.org", "password": PASSWORD, "name": "Ada"}
    answer = await client.post("/api/v1/setup", json=new)
    assert answer.status_code == 201
    account = answer.json()["account"]
    assert (account["email"], account["name"], account["role"]) == ("admin@example.org", "Ada", "admin")
    assert answer.json() == {"account": account, "theme": "system", "look": "", "language": ""}
    assert (await client.get("/api/v1/session")).json() == {"account": account}
    assert (await client.get("/api/v1/setup")).json() == {"needed": False}
    problem_of(await new_client().post("/api/v1/setup", json=new), 409, "conflict")


@pytest.mark.parametrize(("base", "secure"), [("http://gantry.test", False), ("https://gantry.test", True)])
async def test_cookie_is_out_of_reach_for_scripts(
    accounts: Accounts, new_client: NewClient, base: str, secure: bool
) -> None:
    """The token travels in a cookie that scripts cannot read, other sites cannot send, and http cannot leak."""
    await accounts.people.create_account(SYSTEM, "ann@example.org", "", Role.USER, PASSWORD)
    pair = {"email": "ann@example.org", "password": PASSWORD}
    answer = await new_client(base).post("/api/v1/session", json=pair)
    cookie = answer.headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert name == (SECURE_SESSION_COOKIE if secure else SESSION_COOKIE)
    token, *attributes = rest.split("; ")
    expected = {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=2592000", *(["Secure"] if secure else [])}
    assert set(attributes) == expected
    assert token not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("peer", "host", "forwarded", "asked"),
    [
        (("127.0.0.1", 5), "localhost", "origin=https://chat.example.com", True),
        (("127.0.0.1", 5), "localhost:3000", "", False),
        (("::1", 5), "[::1]:3000", "", False),
        (("192.0.2.9", 5), "192.0.2.1:3000", "", True),
        (("192.168.1.9", 5), "localhost:3000", "", True),
        (("127.0.0.1", 5), "rebound.example", "", True),
        (("127.0.0.1", 5), "chat.example.com", "", True),
        (("127.0.0.1", 5), "localhost", "8.8.8.8", True),
        (("8.8.8.8", 0), "localhost", "8.8.8.8", True),
        (("172.18.0.1", 0), "localhost", "172.18.0.1", False),
        (("172.18.0.1", 0), "chat.example.com", "172.18.0.1", True),
    ],
)
async def test_set_up_over_a_network_takes_the_code(
    accounts: Accounts, peer: tuple[str, int], host: str, forwarded: str, asked: bool
) -> None:
    """Who does not sit at the machine shows that they can read its log; nobody is first by being quick."""
    service = replace(accounts.service, setup_code="abcd-efgh-jkmn-pqrs")
    app = FastAPI()
    app.include_router(accounts_api.router)
    problems.install(app)
    new = {"email": "ann@example.org", "password": PASSWORD}
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    if forwarded.startswith("origin="):  # a proxy that says nothing of itself and replaces Host
        headers = {"Origin": forwarded.removeprefix("origin=")}
    transport = httpx.ASGITransport(app, client=peer)
    with installed(only(accounts=service)):
        async with httpx.AsyncClient(
            base_url=f"http://{host}", transport=transport, headers=headers
        ) as client:
            if asked:
                for wrong in ({}, {"code": "abcd-efgh-jkmn-pqrt"}, {"code": ""}, {"code": "ä" * 900}):
                    told = problem_of(await client.post("/api/v1/setup", json=new | wrong), 422, "invalid")
                    assert told["field"] == "code"
                new["code"] = " ABCD efgh-jkmnpqrs "
            assert (await client.post("/api/v1/setup", json=new)).status_code == 201


async def test_without_a_code_nobody_sets_up_over_a_network(accounts: Accounts) -> None:
    """An installation that has no code takes none."""
    with pytest.raises(Invalid):
        await accounts.service.set_up("ann@example.org", PASSWORD, "", HOME, code="")


async def test_a_cookie_without_the_protected_name_goes_on(accounts: Accounts, new_client: NewClient) -> None:
    """A session from before stays signed in under https and gets the protected name; one planted beside it is not heard."""
    client = await signed_in(accounts, new_client, "ann@example.org")
    token = client.cookies[SESSION_COOKIE]
    secure = new_client("https://gantry.test")
    answer = await secure.get("/api/v1/session", headers={"Cookie": f"{SESSION_COOKIE}={token}"})
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"{SECURE_SESSION_COOKIE}={token}; ")
    both = f"{SESSION_COOKIE}=planted; {SECURE_SESSION_COOKIE}={token}"
    answer = await new_client("https://gantry.test").get("/api/v1/session", headers={"Cookie": both})
    assert answer.status_code == 200
    [removed, _] = answer.headers.get_list("set-cookie")
    assert removed.startswith(f'{SESSION_COOKIE}=""; ')


async def test_session_by_cookie_and_by_bearer_token(accounts: Accounts, new_client: NewClient) -> None:
    """Both ways lead to the same person; asking with the cookie prolongs it, with the token it does not."""
    client = await signed_in(accounts, new_client, "ann@example.org")
    by_cookie = await client.get("/api/v1/session")
    assert by_cookie.json()["account"]["email"] == "ann@example.org"
    assert "Max-Age=2592000" in by_cookie.headers["set-cookie"]
    bearer = {"Authorization": f"bearer {client.cookies[SESSION_COOKIE]}"}
    by_token = await new_client().get("/api/v1/session", headers=bearer)
    assert by_token.json() == by_cookie.json()
    assert "set-cookie" not in by_token.headers


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer made-up"}, {"Cookie": f"{SESSION_COOKIE}=x"}]
)
async def test_nobody_is_told_to_sign_in(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Without a session every route that needs one answers 401, and says how to come back."""
    for path in ("/api/v1/session", "/api/v1/me", "/api/v1/me/sessions", "/api/v1/users"):
        answer = await client.get(path, headers=headers)
        assert problem_of(answer, 401, "not-signed-in")["advice"] == "Sign in again."
        assert answer.headers["www-authenticate"] == 'Bearer realm="gantry"'


async def test_failed_sign_ins_look_alike(accounts: Accounts, new_client: NewClient) -> None:
    """A wrong password and an unknown address get the same answer, byte for byte."""
    await signed_in(accounts, new_client, "ann@example.org")
    bodies = set[str]()
    for email in ("ann@example.org", "nobody@example.org"):
        answer = await new_client().post(
            "/api/v1/session", json={"email": email, "password": "wrong password"}
        )
        problem_of(answer, 401, "not-signed-in")
        assert "set-cookie" not in answer.headers
        bodies.add(answer.text)
    assert len(bodies) == 1


async def test_limit_tells_when_to_come_back(accounts: Accounts, client: httpx.AsyncClient) -> None:
    """Too many attempts are answered with 429 and Retry-After."""
    pair = {"email": "ann@example.org", "password": "wrong password"}
    for _ in range(ATTEMPTS_PER_ACCOUNT):
        problem_of(await client.post("/api/v1/session", json=pair), 401, "not-signed-in")
    accounts.clock.forward(seconds=60)
    answer = await client.post("/api/v1/session", json=pair)
    assert "14 minutes, at 09:15 UTC" in problem_of(answer, 429, "too-many-attempts")["advice"]
    assert answer.headers["retry-after"] == "840"


async def test_signing_out_clears_the_cookie(accounts: Accounts, new_client: NewClient) -> None:
    """Signing out ends the session and the cookie; doing it twice is no error."""
    client = await signed_in(accounts, new_client, "ann@example.org")
    token = client.cookies[SESSION_COOKIE]
    answer = await client.delete("/api/v1/session")
    assert (answer.status_code, answer.content) == (204, b"")
    assert SESSION_COOKIE not in client.cookies
    stale = {"Authorization": f"Bearer {token}"}
    assert (await new_client().get("/api/v1/session", headers=stale)).status_code == 401
    assert (await new_client().delete("/api/v1/session", headers=stale)).status_code == 204


async def test_sessions_can_be_seen_and_ended(accounts: Accounts, new_client: NewClient) -> None:
    """The list says which session asks; ended ones are refused at once; strangers' do not exist."""
    here = await signed_in(accounts, new_client, "ann@example.org")
    there = new_client(address="198.51.100.9")
    pair = {"email": "ann@example.org", "password": PASSWORD}
    await there.post("/api/v1/session", json=pair, headers={"User-Agent": "Phone"})
    sessions = (await here.get("/api/v1/me/sessions")).json()["sessions"]
    assert [session["current"] for session in sessions] == [False, True]
    other = sessions[0]
    assert (other["address"], other["agent"]) == ("198.51.100.9", "Phone")
    assert "token" not in str(sessions)

    bob = await signed_in(accounts, new_client, "bob@example.org")
    problem_of(await bob.delete(f"/api/v1/me/sessions/{other['id']}"), 404, "not-found")
    assert (await there.get("/api/v1/me")).status_code == 200

    assert (await here.delete(f"/api/v1/me/sessions/{other['id']}")).status_code == 204
    assert (await there.get("/api/v1/me")).status_code == 401
    await there.post("/api/v1/session", json=pair)
    assert (await here.delete("/api/v1/me/sessions")).json() == {"ended": 1}
    assert (await there.get("/api/v1/me")).status_code == 401
    assert (await here.get("/api/v1/me")).status_code == 200


async def test_profile_and_password_are_ones_own(accounts: Accounts, new_client: NewClient) -> None:
    """People change their own name, theme and password; what is wrong is named by its field."""
    client = await signed_in(accounts, new_client, "ann@example.org")
    changed = await client.patch("/api/v1/me", json={"name": "Ann", "theme": "dark"})
    assert (changed.json()["name"], changed.json()["theme"]) == ("Ann", "dark")
    assert "password" not in changed.text
    pink = await client.patch("/api/v1/me", json={"theme": "pink"})
    assert problem_of(pink, 422, "invalid")["field"] == "theme"
    wrong = await client.put("/api/v1/me/password", json={"current": "no", "new": "another good password"})
    assert problem_of(wrong, 422, "invalid")["field"] == "current"
    change = {"current": PASSWORD, "new": "another good password"}
    assert (await client.put("/api/v1/me/password", json=change)).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"), [({"theme": "pink"}, "theme"), ({"time_zone": "Mars/Olympus"}, "time_zone")]
)
async def test_a_profile_changes_as_a_whole_or_not_at_all(
    accounts: Accounts, new_client: NewClient, wrong: dict[str, str], field: str
) -> None:
    """Where one thing cannot be, the others that were sent with it are not changed either."""
    client = await signed_in(accounts, new_client, "ann@example.org")
    before = (await client.get("/api/v1/me")).json()
    refused = await client.patch("/api/v1/me", json={"name": "Other", "density": "compact"} | wrong)
    assert problem_of(refused, 422, "invalid")["field"] == field
    assert (await client.get("/api/v1/me")).json() == before


async def test_administrators_manage_people(accounts: Accounts, new_client: NewClient) -> None:
    """They add, find, promote, deactivate and help people; a password is told once, when it is made."""
    admin = await signed_in(accounts, new_client, "admin@example.org", Role.ADMIN)
    added = await admin.post("/api/v1/users", json={"email": "bob@example.org"})
    assert added.status_code == 201
    bob, password = added.json()["user"], added.json()["password"]
    pair = {"email": "bob@example.org", "password": password}
    client = new_client()
    assert (await client.post("/api/v1/session", json=pair)).status_code == 200

    found = (await admin.get("/api/v1/users", params={"search": "BOB"})).json()["users"]
    assert [user["id"] for user in found] == [bob["id"]]
    assert (await admin.patch(f"/api/v1/users/{bob['id']}", json={"role": "admin"})).status_code == 204
    assert (await client.get("/api/v1/users")).status_code == 200
    assert (await admin.patch(f"/api/v1/users/{bob['id']}", json={"active": False})).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401
    me = (await admin.get("/api/v1/me")).json()["id"]
    last = await admin.patch(f"/api/v1/users/{me}", json={"role": "user"})
    assert "last active administrator" in problem_of(last, 409, "conflict")["detail"]

    await admin.patch(f"/api/v1/users/{bob['id']}", json={"active": True})
    renewed = (await admin.post(f"/api/v1/users/{bob['id']}/password")).json()["password"]
    assert renewed != password
    assert (await client.post("/api/v1/session", json=pair)).status_code == 401
    assert (await client.post("/api/v1/session", json=pair | {"password": renewed})).status_code == 200


async def test_administration_is_closed_to_everybody_else(accounts: Accounts, new_client: NewClient) -> None:
    """The routes of administrators answer 403 to people, whatever they send."""
    ann = await signed_in(accounts, new_client, "ann@example.org")
    me = (await ann.get("/api/v1/me")).json()["id"]
    for method, path, body in (
        ("GET", "/api/v1/users", None),
        ("POST", "/api/v1/users", {"email": "eve@example.org", "role": "admin"}),
        ("PATCH", f"/api/v1/users/{me}", {"role": "admin"}),
        ("PATCH", f"/api/v1/users/{me}", {"active": True}),
        ("POST", f"/api/v1/users/{me}/password", None),
    ):
        problem_of(await ann.request(method, path, json=body), 403, "not-allowed")


async def test_malformed_requests_are_not_repeated(client: httpx.AsyncClient) -> None:
    """What is wrong with a request is said by field; what was in it, perhaps a password, is not."""
    missing = await client.post("/api/v1/session", json={"password": "my-secret-pass"})
    assert problem_of(missing, 422, "invalid")["field"] == "email"
    wrong = await client.post("/api/v1/session", json={"email": "a@b.c", "password": ["my-secret-pass"]})
    assert problem_of(wrong, 422, "invalid")["field"] == "password"
    json_kind = {"content-type": "application/json"}
    broken = await client.post("/api/v1/session", content=b'{"password": "my-secret-pass"', headers=json_kind)
    problem_of(broken, 422, "invalid")
    unreadable = await client.post("/api/v1/session", content=b"\xff\xfe{}", headers=json_kind)
    problem_of(unreadable, 422, "invalid")
    other_kind = await client.post("/api/v1/session", content=b'{"password": "my-secret-pass"}')
    problem_of(other_kind, 415, "unsupported-media-type")
    long = await client.post("/api/v1/session", json={"email": "a@b.c", "password": "my-secret-pass" * 100})
    problem_of(long, 422, "invalid")
    assert all("my-secret" not in answer.text for answer in (missing, wrong, broken, other_kind, long))


async def test_every_error_is_a_problem(client: httpx.AsyncClient) -> None:
    """Unknown addresses, wrong methods, servers that are away and our own mistakes look alike."""
    problem_of(await client.get("/api/v1/nothing"), 404, "not-found")
    wrong_method = await client.put("/api/v1/session")
    problem_of(wrong_method, 405, "method-not-allowed")
    assert "POST" in wrong_method.headers["allow"]
    broken = await client.get("/broken")
    assert problem_of(broken, 500, "internal")["advice"]
    assert "secret" not in broken.text
    away = problem_of(await client.get("/away"), 503, "model-unavailable")
    assert (away["fault"], away["details"]) == ("unreachable", "refused")


async def test_openapi_document_reads_well(client: httpx.AsyncClient) -> None:
    """Each route has its own id and a summary, says what its errors look like, and how to sign in."""
    document = (await client.get("/openapi.json")).json()
    routes = [
        route
        for path, methods in document["paths"].items()
        for route in methods.values()
        if path.startswith("/api/")
    ]
    ids = [route["operationId"] for route in routes]
    assert len(set(ids)) == len(ids) == 17
    assert all(route["summary"] and route["description"] for route in routes)
    signed = document["paths"]["/api/v1/me"]["get"]
    assert {name for way in signed["security"] for name in way} == {"session", "token"}
    assert all(PROBLEM in signed["responses"][status]["content"] for status in ("401", "403", "429"))
    assert HOME.agent not in str(document)
