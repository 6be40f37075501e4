"""Behind a proxy that does not pass on what is needed: what still works, and what is said of the rest."""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.api.origins import OriginRule
from gantry.domain.accounts import SYSTEM, Role
from gantry.domain.cookies import SECURE_SESSION_COOKIE
from gantry.domain.hosts import HostNames
from gantry.repositories.database import Database
from gantry.runtime import installed
from gantry.services.operations import OperationsService
from tests.parts.accounts import PASSWORD, Accounts, only

UPSTREAM = "127.0.0.1:3000"  # what a proxy puts into Host when it is told nothing
CHAT = "https://chat.example.com"
PAIR = {"email": "ann@example.org", "password": PASSWORD}
SAME = {"Sec-Fetch-Site": "same-origin"}
EVENT_SOCKET = "/_event/?EIO=4&transport=websocket"


@pytest.fixture
async def accounts(database: Database) -> Accounts:
    made = Accounts(database)
    await made.people.create_account(SYSTEM, PAIR["email"], "", Role.USER, PASSWORD)
    return made


@pytest.fixture
def guard(accounts: Accounts) -> Iterator[Guard]:
    """The API behind the guard; the operator has named chat.example.com."""
    names = HostNames(["chat.example.com"], [])
    rule = OriginRule(own=frozenset({CHAT}), names=names)
    with installed(only(accounts=accounts.service, operations=OperationsService())):
        yield Guard(create_api(), page_policy="default-src 'self'", origins=rule, names=names)


@pytest.fixture
async def client(guard: Guard) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(guard, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(base_url=f"http://{UPSTREAM}", transport=transport) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": CHAT}, 200),
        ({"Origin": CHAT, **SAME}, 200),
        ({"Origin": "https://192.168.1.5", **SAME}, 200),
        ({"Origin": "https://nas.local:8443", **SAME}, 200),
        ({"Origin": "https://nas.local:8443", "Host": "nas.local", **SAME}, 200),
        ({"Origin": "https://unknown.example", **SAME}, 403),
        ({"Origin": "https://192.168.1.5"}, 403),
        ({"Origin": CHAT, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": CHAT, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_a_replaced_host_keeps_our_own_pages_out_no_longer(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    """Where the browser, or the operator, says that it is our page it may sign in; a stranger's name may not."""
    assert (await client.post("/api/v1/session", json=PAIR, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("headers", "named", "hedged"),
    [
        ({"Origin": "http://chat.example.com:8080", "Host": "chat.example.com"}, "without its port", True),
        ({"Origin": "http://192.168.1.5"}, "does not pass on the Host header", True),
        ({"Origin": "https://unknown.example", **SAME}, "does not pass on the Host header", False),
    ],
)
async def test_a_refusal_names_the_header(
    client: httpx.AsyncClient, headers: dict[str, str], named: str, hedged: bool
) -> None:
    """Who runs the proxy reads what to set; where the browser does not say so much, it may be another site as well."""
    problem = (await client.post("/api/v1/session", json=PAIR, headers=headers)).json()
    assert problem["type"].endswith("foreign-origin")
    assert named in problem["detail"]
    assert ("another site" in problem["detail"]) is hedged
    assert "proxy_set_header Host $http_host" in problem["advice"]


async def test_another_site_is_no_proxy(client: httpx.AsyncClient, guard: Guard) -> None:
    """Where the browser says that it is another site there is nothing to mend."""
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    problem = (await client.post("/api/v1/session", json=PAIR, headers=headers)).json()
    assert (problem["detail"], "advice" in problem) == ("This request came from another site.", False)
    assert guard.gaps.noticed == []


async def test_the_log_says_it_once(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """A line for each kind, with the header's name; ``/ready`` tells it too, for whoever looks later."""
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        await client.post("/api/v1/session", json=PAIR, headers={"Origin": CHAT, **SAME})
        await client.get(EVENT_SOCKET, headers={"Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": "13"})
    lines: list[Any] = [record for record in caplog.records if record.message == "proxy.header_missing"]
    assert sorted(line.header for line in lines) == ["Host", "Upgrade"]
    notices = (await client.get("/ready")).json()["notices"]
    assert ["Host header" in notices[0], "websocket" in notices[1], len(notices)] == [True, True, 2]


async def test_a_websocket_that_lost_its_upgrade(client: httpx.AsyncClient) -> None:
    """It is answered as what it was."""
    for path in (EVENT_SOCKET, "/api/v1/feed"):
        answer = await client.get(path, headers={"Sec-WebSocket-Key": "x"})
        assert (answer.status_code, answer.json()["type"]) == (426, "/problems/no-upgrade")
        assert "proxy_set_header Upgrade" in answer.json()["advice"]


async def test_addresses_that_nobody_told_of(client: httpx.AsyncClient) -> None:
    """A proxy that says nothing of them is told what to say: everybody would share its limits."""
    page = {"Host": "chat.example.com", "Origin": CHAT, "X-Forwarded-Proto": "https"}
    await client.post("/api/v1/session", json=PAIR, headers=page)
    notices = (await client.get("/ready")).json()["notices"]
    assert any("proxy_set_header X-Forwarded-For $remote_addr" in each for each in notices)


@pytest.mark.parametrize("told", [{}, {"X-Forwarded-Proto": "https"}])
async def test_https_that_nobody_told_of(
    client: httpx.AsyncClient, guard: Guard, told: dict[str, str]
) -> None:
    """The page's own word makes the cookie a protected one, and it stays one; the log names what is missing."""
    page = {"Host": "chat.example.com", "X-Forwarded-For": "203.0.113.9", **told}
    answer = await client.post("/api/v1/session", json=PAIR, headers={"Origin": CHAT, **page})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SECURE_SESSION_COOKIE}=")
    assert "; Secure" in cookie
    (gap,) = guard.gaps.noticed
    assert (gap.kind, gap.header) == ("untrusted" if told else "proto", "X-Forwarded-Proto")
    token = cookie.partition(";")[0]
    client.cookies.clear()
    again = await client.get("/api/v1/session", headers={**page, "Cookie": token})
    assert [each.partition("=")[0] for each in again.headers.get_list("set-cookie")] == [
        SECURE_SESSION_COOKIE
    ]


@pytest.mark.parametrize(
    ("origin", "host", "says"),
    [
        (CHAT, "chat.example.com", "blocked by a proxy"),
        (CHAT, UPSTREAM, "does not pass on the Host header"),
        ("https://chat.example.com:8443", "chat.example.com", "without its port"),
        ("", "chat.example.com", "blocked by a proxy"),
    ],
)
async def test_a_page_is_told_why_its_websocket_does_not_open(
    client: httpx.AsyncClient, origin: str, host: str, says: str
) -> None:
    """And where to go: to sign-in, or on."""
    ask: dict[str, Any] = {"params": {"origin": origin}, "headers": {"Host": host}}
    told = (await client.get("/api/v1/websocket-check", **ask)).json()
    assert (told["signed_in"], told["needs_setup"], says in told["detail"]) == (False, False, True)
    assert "(websocket) is blocked" in told["detail"]
    pair = await client.post("/api/v1/session", json=PAIR)
    ask["headers"]["Cookie"] = pair.headers["set-cookie"].partition(";")[0]
    assert (await client.get("/api/v1/websocket-check", **ask)).json()["signed_in"] is True


async def test_before_set_up_it_leads_there(database: Database) -> None:
    """Nobody can sign in yet."""
    with installed(only(accounts=Accounts(database).service)):
        transport = httpx.ASGITransport(Guard(create_api(), page_policy=""))
        async with httpx.AsyncClient(base_url=f"http://{UPSTREAM}", transport=transport) as client:
            told = (await client.get("/api/v1/websocket-check")).json()
    assert (told["signed_in"], told["needs_setup"]) == (False, True)
