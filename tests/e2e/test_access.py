"""What others may not: other people's conversations, other sites, and clients that make up their own messages."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import websockets
from playwright.async_api import expect
from websockets.typing import Origin

from tests.e2e.scripts import Cues, counted, streamed, words_of
from tests.parts.app import Person, RunningApp, app_client
from tests.parts.browser import Visits
from tests.parts.llm_server import Script

SECRET = "the-secret-of-the-garden"
STATE = "reflex___state____state"
ASKING = f"{STATE}.gantry___state___asking____asking_state"
CHAT = f"{STATE}.gantry___state___chat____chat_state"
SESSION = f"{STATE}.gantry___state___session____session_state"
SIDEBAR = f"{STATE}.gantry___state___sidebar____sidebar_state"
PEOPLE = f"{STATE}.gantry___state___admin____people_state"
SERVERS = f"{STATE}.gantry___state___servers____servers_state"
SETTINGS = f"{STATE}.gantry___state___settings____settings_state"


@dataclass(slots=True)
class Client:
    """A program that speaks Reflex's protocol over a websocket, without our pages."""

    socket: Any
    path: str

    @property
    def _router_data(self) -> dict[str, Any]:
        found = re.fullmatch(r"/c/(.+)", self.path)
        if found:
            return {"pathname": "/c/[id]", "asPath": self.path, "query": {"id": found[1]}}
        return {"pathname": self.path, "asPath": self.path}

    async def begin(self) -> None:
        """Do what a page does first."""
        boot = {
            "name": f"{STATE}.hydrate_and_load",
            "payload": {"hashes": []},
            "router_data": self._router_data,
        }
        await self.socket.send("40/_event," + json.dumps({"event": boot}))

    async def call(self, name: str, **payload: Any) -> None:
        """Call an event handler."""
        event = {"name": name, "payload": payload, "router_data": self._router_data}
        await self.socket.send("42/_event," + json.dumps(["event", event]))

    async def heard(self, seconds: float = 1.5) -> str:
        """Return everything the server says until it has been silent for a while, or has hung up."""
        said: list[str] = []
        try:
            while True:
                said.append(str(await asyncio.wait_for(self.socket.recv(), seconds)))
        except (TimeoutError, websockets.ConnectionClosed):
            return "\n".join(said)


@asynccontextmanager
async def client(
    app: RunningApp, *, session: str = "", token: str = "", path: str = "/", origin: str | None = None
) -> AsyncGenerator[Client]:
    """Connect to Reflex's address, with or without a cookie."""
    url = f"{app.url.replace('http', 'ws')}/_event/?token={token or uuid4()}&EIO=4&transport=websocket"
    headers = {"Cookie": f"gantry_session={session}"} if session else {}
    async with websockets.connect(
        url,
        additional_headers=headers,
        origin=Origin(origin or app.url),
    ) as socket:
        made = Client(socket, path)
        await made.begin()
        yield made


async def _secret(person: Person, cue: Cues) -> str:
    return await person.ask(f"Tell {cue(Script(SECRET))}")


async def test_ux_10_conversation_of_another_person_is_not_found(
    visits: Visits, person: Person, other: Person, cue: Cues
) -> None:
    """Another person's conversation looks like one that does not exist; nothing of it reaches the browser (UX 10)."""
    frames: list[str] = []
    conversation = await _secret(person, cue)
    tab = await visits.tab(other)
    tab.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    await tab.page.goto(f"{tab.url}/c/{conversation}")
    await expect(tab.not_found).to_be_visible()
    assert SECRET not in await tab.page.content()
    assert frames
    assert not [frame for frame in frames if SECRET in frame]


async def test_administrator_cannot_read_either(
    visits: Visits, person: Person, admin: Person, cue: Cues
) -> None:
    """Administrators manage people and servers; conversations are their owners' alone."""
    tab = await visits.tab(admin)
    await tab.page.goto(f"{tab.url}/c/{await _secret(person, cue)}")
    await expect(tab.not_found).to_be_visible()


async def test_every_route_refuses_other_peoples_ids(person: Person, other: Person, cue: Cues) -> None:
    """Over REST, whatever belongs to somebody else does not exist, and stays as it was."""
    conversation = await _secret(person, cue)
    started = await person.send(conversation, f"Count {cue(streamed(40, 20))}")
    question, answer, *_ = [each["id"] for each in await person.messages(conversation)]
    generation = started["generation_id"]
    api = "/api/v1"
    for method, path, body in (
        ("GET", f"{api}/conversations/{conversation}", None),
        ("PATCH", f"{api}/conversations/{conversation}", {"title": "stolen"}),
        ("DELETE", f"{api}/conversations/{conversation}", None),
        ("POST", f"{api}/conversations/{conversation}/restore", None),
        ("POST", f"{api}/conversations/{conversation}/messages", {"content": "mine"}),
        ("POST", f"{api}/messages/{question}/edit", {"content": "mine"}),
        ("POST", f"{api}/messages/{answer}/regenerate", {}),
        ("POST", f"{api}/messages/{answer}/resume", None),
        ("POST", f"{api}/messages/{answer}/select", None),
        ("PUT", f"{api}/messages/{answer}/rating", {"rating": "up"}),
        ("GET", f"{api}/generations/{generation}", None),
        ("GET", f"{api}/generations/{generation}/events", None),
        ("POST", f"{api}/generations/{generation}/stop", None),
    ):
        answered = await other.rest.request(method, path, json=body)
        assert answered.status_code == 404, f"{method} {path}: {answered.status_code}"
        assert SECRET not in answered.text
    done = await person.settled(conversation, started["message_id"])
    assert done["status"] == "complete"
    assert done["content"].split() == words_of(counted(40))
    assert len(await person.messages(conversation)) == 4


async def test_answer_cannot_grow_out_of_another_persons_message(
    person: Person, other: Person, cue: Cues
) -> None:
    """A message in one's own conversation cannot follow somebody else's, nor another conversation's."""
    conversation = await _secret(person, cue)
    answer = (await person.messages(conversation))[-1]["id"]
    own = await other.conversation("mine")
    sent = await other.rest.post(
        f"/api/v1/conversations/{own}/messages", json={"content": "x", "parent_id": answer}
    )
    assert sent.status_code in {404, 422}
    elsewhere = await person.conversation("elsewhere")
    sent = await person.rest.post(
        f"/api/v1/conversations/{elsewhere}/messages", json={"content": "x", "parent_id": answer}
    )
    assert sent.status_code == 422
    assert SECRET not in sent.text


async def test_client_without_a_session_gets_nothing(app: RunningApp, person: Person, cue: Cues) -> None:
    """A client without a cookie is only told where to sign in, whatever page or handler it names."""
    conversation = await _secret(person, cue)
    async with client(app, path=f"/c/{conversation}") as stranger:
        for name in (
            f"{CHAT}.open",
            f"{SIDEBAR}.load",
            f"{SESSION}.load",
            f"{PEOPLE}.load",
            f"{SETTINGS}.load",
        ):
            await stranger.call(name)
        await stranger.call(f"{ASKING}.send", text="hello", key="k1", conversation=conversation)
        said = await stranger.heard()
    assert "login" in said
    for private in (SECRET, person.email, person.name, "Ada Admin"):
        assert private not in said
    assert len(await person.messages(conversation)) == 2


async def test_stolen_token_opens_nothing(
    visits: Visits, app: RunningApp, person: Person, other: Person, cue: Cues
) -> None:
    """Who knows a tab's token, but has not its cookie, gets no state of it; the tab itself goes on."""
    conversation = await _secret(person, cue)
    tab = await visits.tab(person, f"/c/{conversation}")
    token = await tab.page.evaluate("sessionStorage.getItem('token')")
    for session in ("", other.session):
        async with client(app, token=token, session=session, path="/settings") as thief:
            await thief.call(f"{CHAT}.load_earlier")
            await thief.call(f"{SIDEBAR}.refresh")
            said = await thief.heard()
        assert SECRET not in said
        assert person.email not in said
    await tab.ask(f"Still me? {cue(Script('Yes.'))}")
    await tab.ends(answers=2)


async def test_state_does_not_survive_the_session(
    visits: Visits, app: RunningApp, person: Person, cue: Cues
) -> None:
    """After signing out, the old token with the old cookie opens nothing."""
    conversation = await _secret(person, cue)
    tab = await visits.tab(person, f"/c/{conversation}")
    token, session = await tab.page.evaluate("sessionStorage.getItem('token')"), person.session
    await tab.menu(tab.page.get_by_test_id("account-menu"), "Sign out")
    await tab.at("/login")
    async with client(app, token=token, session=session, path=f"/c/{conversation}") as thief:
        await thief.call(f"{CHAT}.open")
        said = await thief.heard()
    assert SECRET not in said
    assert person.email not in said


@pytest.mark.parametrize("path", ["/_event/?EIO=4&transport=websocket", "/api/v1/feed"])
async def test_foreign_origin_opens_no_websocket(app: RunningApp, person: Person, path: str) -> None:
    """A page of another site cannot open our websockets with the person's cookie."""
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with websockets.connect(
            app.url.replace("http", "ws") + path,
            additional_headers={"Cookie": f"gantry_session={person.session}"},
            origin=Origin("https://evil.example"),
        ):
            pass
    assert refusal.value.response.status_code == 403


async def test_foreign_page_cannot_act(
    visits: Visits, app: RunningApp, person: Person, other: Person
) -> None:
    """A page of another site, opened by somebody who is signed in here, can change nothing."""
    visits.faults.allow(".")  # what the attacking page's console says is of no interest
    context = await visits.context(person)
    page = await context.new_page()
    evil = f"http://localhost:{app.port}"  # another host name: another site
    await page.goto(f"{evil}/login")
    outcome = await page.evaluate(
        """async address => {
            const go = (path, options) => fetch(address + path, {credentials: "include", mode: "no-cors", ...options})
                .then(answer => answer.type, error => "refused");
            return [
                await go("/api/v1/me/password", {method: "PUT"}),
                await go("/api/v1/conversations", {method: "POST", body: '{"title": "planted"}',
                    headers: {"content-type": "text/plain"}}),
                await go("/api/v1/session", {method: "DELETE"}),
            ];
        }""",
        app.url,
    )
    assert len(outcome) == 3
    assert await person.conversations() == []
    assert (await person.rest.get("/api/v1/session")).status_code == 200


NOWHERE = str(uuid4())
WRONG = [
    ("send", {"text": 17, "key": "k", "conversation": ""}),
    ("send", {"text": "hello", "key": ["k"], "conversation": ""}),
    ("send", {"text": None, "key": "k", "conversation": ""}),
    ("send", {"text": "hello", "key": "", "conversation": ""}),
    ("send", {"text": "hello", "key": "x" * 10_000, "conversation": ""}),
    ("send", {"text": {"$ne": 1}, "key": "k", "conversation": ""}),
    ("send", {"text": "hello", "key": "k", "conversation": 1}),
    ("send", {"text": "hello", "key": "k", "conversation": "nonsense"}),
    ("send", {"text": "hello", "key": "k", "conversation": NOWHERE}),
    ("send", {}),
    ("regenerate", {"message": "nonsense", "model": ""}),
    ("regenerate", {"message": NOWHERE, "model": "x" * 100_000}),
    ("edit", {"message": NOWHERE, "text": "hello", "key": "k"}),
    ("resume", {"message": 5}),
    ("select_branch", {"message": "../../etc/passwd"}),
    ("rate", {"message": NOWHERE, "rating": "sideways"}),
    ("choose_model", {"model": "no/such/model", "conversation": ""}),
    ("choose_model", {"model": {"a": 1}, "conversation": ""}),
    ("answer_ended", {"message": "x", "status": "complete"}),
    ("refresh", {"conversation": [1, 2, 3]}),
    ("note_seen", {"conversation": "nonsense"}),
    ("load_earlier", {"unexpected": True}),
    ("stop", {"generation": "nonsense"}),
    ("stop", {"generation": NOWHERE}),
    ("show_newest", {}),
]


async def test_handlers_refuse_what_no_page_sends(
    visits: Visits, app: RunningApp, person: Person, cue: Cues
) -> None:
    """Handlers called with wrong types, unknown names or made-up ids change nothing; the log stays clean."""
    conversation = await _secret(person, cue)
    before = await person.messages(conversation)
    async with client(app, session=person.session, path=f"/c/{conversation}") as program:
        assert SECRET in await program.heard()
        for name, payload in WRONG:
            state = ASKING if name in {"send", "regenerate", "edit", "resume", "stop"} else CHAT
            await program.call(f"{state}.{name}", **payload)
        await program.heard()
        assert await person.messages(conversation) == before
        assert len(await person.conversations()) == 1
        # The same call, made rightly, goes through: what was refused was refused for what it was.
        asked = {"text": f"Right {cue(Script('Right.'))}", "key": "a-key", "conversation": conversation}
        await program.call(f"{ASKING}.send", **asked)
        await program.heard()
        assert len(await person.messages(conversation)) == len(before) + 2
    tab = await visits.tab(person, f"/c/{conversation}")
    await tab.ask(f"Fine? {cue(Script('Fine.'))}")
    await tab.ends(answers=3)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("_show", {"conversation": "x"}),
        ("no_such_handler", {}),
        ("set_conversation_id", {"value": "x"}),
        ("setvar", {"var_name": "conversation_id", "value": "x"}),
    ],
)
async def test_unknown_handlers_leave_no_cookie_in_the_log(
    app: RunningApp, person: Person, name: str, payload: dict[str, str]
) -> None:
    """An event nobody handles, such as an outdated page sends, is refused, and no secret of it is logged."""
    since = app.log.stat().st_size
    async with client(app, session=person.session) as program:
        await program.call(f"{CHAT}.{name}", **payload)
        await program.heard()
    assert person.session not in app.output(since)
    assert app.troubles(since) == []


async def test_handlers_refuse_other_peoples_ids(
    visits: Visits, app: RunningApp, person: Person, other: Person, cue: Cues
) -> None:
    """Handlers called with somebody else's ids tell nothing and change nothing."""
    assert visits.faults is not None  # the fixture reads the server's log
    conversation = await _secret(person, cue)
    [question, answer] = [each["id"] for each in await person.messages(conversation)]
    before = await person.messages(conversation)
    async with client(app, session=other.session, path=f"/c/{conversation}") as thief:
        await thief.call(f"{CHAT}.open")
        await thief.call(f"{ASKING}.send", text="planted", key="k1", conversation=conversation)
        await thief.call(f"{CHAT}.choose_model", model="openai/variant", conversation=conversation)
        await thief.call(f"{CHAT}.note_seen", conversation=conversation)
        await thief.call(f"{ASKING}.regenerate", message=answer, model="")
        await thief.call(f"{ASKING}.edit", message=question, text="planted", key="k2")
        await thief.call(f"{ASKING}.resume", message=answer)
        await thief.call(f"{CHAT}.select_branch", message=answer)
        await thief.call(f"{CHAT}.rate", message=answer, rating="up")
        await thief.call(f"{CHAT}.refresh", conversation=conversation)
        await thief.call(f"{SIDEBAR}.rename", conversation=conversation, title="stolen")
        await thief.call(f"{SIDEBAR}.pin", conversation=conversation, pinned=True)
        await thief.call(f"{SIDEBAR}.delete", conversation=conversation)
        await thief.call(f"{SIDEBAR}.act", notice="x", action=f"undelete:{conversation}")
        said = await thief.heard()
    assert SECRET not in said
    assert await person.messages(conversation) == before
    [row] = await person.conversations()
    assert not row["pinned"]
    assert row["title"] != "stolen"
    assert row["model"] != "openai/variant"
    assert row["unseen"]


async def test_answer_of_another_person_cannot_be_stopped(
    app: RunningApp, person: Person, other: Person, cue: Cues
) -> None:
    """The handler that stops an answer stops one's own only."""
    conversation = await person.conversation()
    started = await person.send(conversation, f"Count {cue(streamed(40, 20))}")
    async with client(app, session=other.session) as thief:
        await thief.call(f"{ASKING}.stop", generation=started["generation_id"])
        done = await person.settled(conversation, started["message_id"])
    assert done["status"] == "complete"
    assert done["content"].split() == words_of(counted(40))


async def test_administration_handlers_refuse_others(app: RunningApp, person: Person, admin: Person) -> None:
    """Handlers of the administration refuse people who are no administrators."""
    async with client(app, session=person.session, path="/admin/users") as program:
        await program.call(f"{PEOPLE}.load")
        await program.call(f"{PEOPLE}.find", search="")
        await program.call(f"{PEOPLE}.add", form={"email": "eve@example.org", "name": "Eve", "role": "admin"})
        await program.call(f"{PEOPLE}.choose", person=person.id, action="promote")
        await program.call(f"{PEOPLE}.choose", person=admin.id, action="deactivate")
        await program.call(f"{PEOPLE}.choose", person=admin.id, action="reset")
        await program.call(f"{PEOPLE}.reset_password")
        await program.call(f"{SERVERS}.load")
        await program.call(f"{SERVERS}.check")
        await program.call(f"{SERVERS}.open_form", connection="")
        fields = {"kind": "openai", "name": "evil", "base_url": "http://169.254.169.254/v1", "api_key": ""}
        await program.call(f"{SERVERS}.test", fields=fields)
        await program.call(f"{SERVERS}.save", fields=fields)
        said = await program.heard()
    assert admin.email not in said
    assert "eve@example.org" not in said
    people = (await admin.rest.get("/api/v1/users")).json()["users"]
    assert {each["email"]: each["role"] for each in people}[person.email] == "user"
    assert next(each for each in people if each["id"] == admin.id)["active"]
    servers = (await admin.rest.get("/api/v1/connections")).json()["connections"]
    assert "evil" not in [each["name"] for each in servers]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_upload"),
        ("GET", "/_upload/secret"),
        ("GET", "/ping"),
        ("GET", "/_health"),
        ("GET", "/_all_routes"),
        ("GET", "/auth-codespace"),
        ("GET", "/_event/?EIO=4&transport=polling"),
        ("GET", "/api/v1/nothing"),
        ("GET", "/docs"),
        ("GET", "/redoc"),
        ("GET", "/assets/nothing.js"),
        ("GET", "/..%2f..%2frequirements.txt"),
        ("GET", "/gantry-build.json"),
    ],
)
async def test_nothing_else_is_reachable(app: RunningApp, method: str, path: str) -> None:
    """The framework's own routes, documentation and files beside the build are not there."""
    async with app_client(app) as program:
        assert (await program.request(method, path)).status_code in {403, 404}


def _rule(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition(" ")
    return name, value


async def test_pages_carry_a_strict_policy(app: RunningApp) -> None:
    """Pages forbid scripts of others, inline scripts and evaluation, and cannot be framed."""
    async with app_client(app) as program:
        for path in ("/", "/login", "/c/x", "/nothing"):
            headers = (await program.get(path)).headers
            policy = dict(_rule(rule) for rule in headers["content-security-policy"].split(";"))
            assert policy["default-src"] == "'self'"
            assert "unsafe" not in policy["script-src"]
            assert policy["frame-ancestors"] == "'none'"
            assert headers["x-content-type-options"] == "nosniff"


async def test_burst_of_events_leaves_the_server_well(
    visits: Visits, app: RunningApp, person: Person, other: Person, cue: Cues
) -> None:
    """One person's client that floods the server does not keep another person from an answer."""
    tab = await visits.tab(person, "/")
    async with client(app, session=other.session) as flooder:
        for _ in range(300):
            await flooder.call(f"{SIDEBAR}.refresh")
        await tab.ask(f"Hello? {cue(Script('Hello.'))}")
        await tab.ends()


FRAMES = {
    "empty": "",
    "no packet": "4",
    "no event": "42/_event,",
    "half a list": "42/_event,[",
    "no arguments": '42/_event,["event"]',
    "a number": '42/_event,["event", 7]',
    "a text": '42/_event,["event", "x"]',
    "a name that is none": '42/_event,["event", {"name": 5}]',
    "binary announced": '452-/_event,["event",{"_placeholder":true,"num":0}]',
    "another namespace": "40/_admin,",
    "nonsense": "99zzz",
}


@pytest.mark.parametrize("frame", FRAMES)
async def test_broken_frames_do_not_hurt(app: RunningApp, person: Person, frame: str) -> None:
    """What is not even the protocol ends that connection at most, and leaves no secret in the log."""
    since = app.log.stat().st_size
    async with client(app, session=person.session) as program:
        await program.heard(0.3)
        await program.socket.send(FRAMES[frame])
        await program.heard(0.3)
    async with client(app, session=person.session) as program:
        await program.call(f"{SESSION}.load")
        assert person.email in await program.heard(0.3)
    assert person.session not in app.output(since)
