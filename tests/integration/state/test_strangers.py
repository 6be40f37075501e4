"""What somebody who has not signed in may leave behind through the websocket, and what a session leaves that has ended."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from reflex.istate.manager.token import BaseStateToken
from reflex.state import OnLoadInternalState, State
from websockets.exceptions import ConnectionClosed

from gantry import bootstrap
from gantry.domain.clock import utc_now
from gantry.domain.credentials import new_token, token_hash
from gantry.models import AuthSession
from gantry.runtime import services
from gantry.serving_limits import ServerConfig
from gantry.settings import load_settings
from gantry.state.session import SessionState
from tests.factories import make_account
from tests.parts.ports import free_port
from tests.parts.wire_tab import WireTab

pytestmark = pytest.mark.asyncio(loop_scope="module")
LARGE = "x" * 100_000


@dataclass
class Here:
    """The product in this process."""

    app: Any
    url: str
    port: int


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Here]:
    """The product in this process, so that what it keeps can be looked at."""
    folder: Path = tmp_path_factory.mktemp("strangers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder / "data"))
        patch.setenv("DATABASE_URL", f"sqlite:///{folder / 'gantry.db'}")
        patch.setenv("PROBE_LOCAL_MODELS", "false")
        patch.setenv("EMBEDDING_MODEL", "lexical")
        patch.setenv("__REFLEX_SKIP_COMPILE", "true")
        patch.delenv("REDIS_URL", raising=False)
        await asyncio.to_thread(bootstrap.migrate, load_settings())
        from gantry.gantry import app  # noqa: PLC0415 - Reflex reads the environment when it is imported

        async with served(app) as url:
            yield Here(app, url, int(url.rpartition(":")[2]))


@asynccontextmanager
async def served(app: Any) -> AsyncGenerator[str]:
    port = free_port()
    server = uvicorn.Server(
        ServerConfig(app, factory=True, host="127.0.0.1", port=port, log_config=None, access_log=False)
    )
    server.install_signal_handlers = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
    task = asyncio.create_task(server._serve())
    while not server.started:
        assert not task.done(), task
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


def states(here: Here) -> dict[str, Any]:
    return here.app.state_manager.states


async def session_of(email: str) -> str:
    """Return the token of a session of a new person."""
    token, now = new_token(), utc_now()
    async with services().accounts.database.begin() as tx:
        account = await make_account(tx, email)
        session = AuthSession(
            account_id=account.id,
            token_hash=token_hash(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=1),
            agent="",
            address="",
        )
        await tx.accounts.add(session)
    return token


async def test_little_is_kept_of_a_stranger_and_nothing_when_they_leave(here: Here) -> None:
    """Of what the browser says about its page two kilobytes are kept, of its headers two, and all of it for the visit."""
    before = set(states(here))
    async with WireTab("", "/login") as tab:
        tab._router_data = lambda: {  # what a browser would never send
            "pathname": "/login",
            "asPath": f"/login?next={LARGE}",
            "query": {"next": LARGE},
            "more": LARGE,
        }
        await tab.open(here)
        [token] = set(states(here)) - before
        state = states(here)[token]
        assert len(json.dumps(state.router_data)) < 5_000
        assert set(state.router_data["headers"]) == {"host", "origin"}
        told = len(tab.updates)
        for handler in (
            State.event_handlers["set_is_hydrated"],
            OnLoadInternalState.event_handlers["set_is_hydrated"],
        ):
            await tab.send(handler, value=LARGE)
        await tab.send(SessionState.event_handlers["load"])  # answered after the others
        await tab.until(lambda: len(tab.updates) > told)
        assert states(here)[token].is_hydrated is True
    await until(lambda: set(states(here)) == before)


async def test_a_state_goes_with_its_session(here: Here) -> None:
    """A tab that leaves signed in finds its state again; once its session has ended, the state goes with the tab."""
    token = await session_of("ann@example.org")
    before = set(states(here))
    async with WireTab(token, "/") as tab:
        await tab.open(here)
        assert tab.account
        await tab.close()
        [kept] = set(states(here)) - before
        await tab.open(here)
        await services().accounts.sign_out(await services().accounts.authenticate(token))
    await until(lambda: kept not in states(here))


@pytest.mark.parametrize("event", ["connect", "disconnect", "trigger_event", "link_token_to_sid", "emit"])
async def test_pages_raise_no_other_events(here: Here, event: str) -> None:
    """An event that is called like one of the server's own is not one: the tab stays who it is."""
    token = await session_of(f"{event}@example.org")
    async with WireTab(token, "/") as victim, WireTab("", "/login") as tab:
        await victim.open(here)
        await tab.open(here)
        scope = {"headers": [["cookie", f"gantry_session={token}"]]}
        environ = {"QUERY_STRING": f"token={victim.token}", "asgi.scope": scope}
        told = len(tab.updates)
        assert tab._socket is not None
        await tab._socket.send(f"42/_event,{json.dumps([event, environ, {'event': tab._boot()}])}")
        await tab.send(SessionState.event_handlers["load"])
        await tab.until(lambda: len(tab.updates) > told)
        assert not tab.account
        await victim.send(SessionState.event_handlers["load"])
        assert victim.is_connected


async def test_events_do_not_pile_up(here: Here, caplog: pytest.LogCaptureFixture) -> None:
    """Behind a slow event of a tab a hundred wait, and more are refused; when it is over, the tab goes on."""
    before = set(states(here))
    async with WireTab("", "/login") as tab:
        await tab.open(here)
        [token] = set(states(here)) - before
        tokens = here.app.event_processor._token_queues
        async with here.app.state_manager.modify_state(BaseStateToken(ident=token, cls=State)):
            for _ in range(300):
                await tab.send(SessionState.event_handlers["keep_zone"], zone=LARGE)
            await until(lambda: caplog.text.count("event.crowded_out") + len(tokens.get(token, ())) >= 300)
            assert len(tokens[token]) <= 100
        await until(lambda: token not in tokens)
        told = len(tab.updates)
        await tab.send(SessionState.event_handlers["load"])
        await tab.until(lambda: len(tab.updates) > told)


async def test_attachments_are_not_collected(here: Here) -> None:
    """A message that announces a billion attachments is refused, and none of them is kept."""
    async with WireTab("", "/login") as tab:
        await tab.open(here)
        assert tab._socket is not None
        await tab._socket.send('5999999999-/_event,["event",{"_placeholder":true,"num":0}]')
        for _ in range(3):
            await tab._socket.send(b"x" * 1000)
        try:
            async with asyncio.timeout(5):
                await tab._socket.ping()
        except ConnectionClosed:
            pass
        assert not here.app.sio._binary_packet
