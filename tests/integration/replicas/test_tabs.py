"""A tab keeps its state wherever its connection lands, and nobody else gets it."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import pytest

from gantry.state.asking import AskingState
from gantry.state.servers import ServersState
from gantry.state.session import NoticeState, SessionState
from gantry.state.sidebar import SidebarState
from tests.parts.app import Person
from tests.parts.llm_server import SILENCE
from tests.parts.replicas import Deployment, Replica
from tests.parts.wire_tab import WireTab

pytestmark = pytest.mark.timeout(120)

LOSSES: dict[str, Callable[[WireTab], Awaitable[None]]] = {
    "closed": WireTab.close,
    "aborted": WireTab.abort,
    "lost, the old socket still open": WireTab.lose_sight,
}


async def chatting(replica: Replica, person: Person) -> WireTab:
    """Open a tab at *replica* with a conversation, and leave a trace that only its state knows."""
    conversation = await person.ask("Hello.")
    tab = WireTab(person.session, f"/c/{conversation}")
    await tab.open(replica)
    assert tab.conversation == conversation
    await leave_trace(tab)
    return tab


async def leave_trace(tab: WireTab) -> None:
    """Have a notice put into the tab's state: it is neither in the address nor in the database."""
    await tab.send(AskingState.event_handlers["stop"], generation="none")
    await tab.until(lambda: tab.notices)
    # The page is told before the state is stored; the tab's next event begins when it has been.
    told = len(tab.updates)
    await tab.send(NoticeState.event_handlers["dismiss"], notice="none")
    await tab.until(lambda: len(tab.updates) > told)


async def is_handled(tab: WireTab) -> None:
    """An event of the tab changes its state, and the tab is told."""
    [notice] = tab.var(NoticeState, "notices")
    await tab.send(NoticeState.event_handlers["dismiss"], notice=notice["id"])
    await tab.until(lambda: tab.notices == [])


@pytest.mark.parametrize("loss", LOSSES)
async def test_state_moves_with_the_tab(deployment: Deployment, loss: str) -> None:
    """However the connection ended, the tab comes back on another replica with its token, its state and its events."""
    first, second = await deployment.running(2)
    async with await chatting(first, await deployment.person()) as tab:
        token, conversation = tab.token, tab.conversation
        tab.state.clear()
        await LOSSES[loss](tab)
        await tab.open(second)
        assert (tab.token, tab.new_tokens) == (token, [])
        assert tab.conversation == conversation
        assert tab.notices == ["This item no longer exists."]
        await is_handled(tab)


async def test_state_survives_its_replica(deployment: Deployment) -> None:
    """A replica is killed: its tabs are back at another one within five seconds, with all they had."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    async with await chatting(first, person) as tab:
        token = tab.token
        tab.state.clear()
        tab.stay_connected([first, second])
        killed_at = monotonic()
        await first.kill()
        await tab.until(lambda: tab.reconnects)
        assert monotonic() - killed_at < 5
        assert (tab.token, tab.new_tokens, tab.notices) == (token, [], ["This item no longer exists."])
        await is_handled(tab)


async def test_there_and_back_again(deployment: Deployment) -> None:
    """A tab that moves away and comes back is served at each place, and old places send it nothing."""
    first, second = await deployment.running(2)
    async with await chatting(first, await deployment.person()) as tab:
        for place in (second, first, second, first):
            await tab.lose_sight()
            await tab.open(place)
            assert tab.new_tokens == []
        await is_handled(tab)


async def test_duplicated_tab_gets_a_token_of_its_own(deployment: Deployment) -> None:
    """A new page with the token of a living connection at another replica gets another token, and a state of its own."""
    first, second = await deployment.running(2)
    async with await chatting(first, await deployment.person()) as tab:
        async with tab.duplicate() as twin:
            await twin.open(second)
            assert len(twin.new_tokens) == 1
            assert twin.token != tab.token
            assert twin.conversation == tab.conversation
            assert twin.notices == []
        await is_handled(tab)


async def test_stolen_token_opens_nothing(deployment: Deployment) -> None:
    """Somebody else's cookie with a stolen token gets an empty state at every replica, and the owner keeps theirs."""
    first, second = await deployment.running(2)
    thief = await deployment.person()
    async with await chatting(first, await deployment.person()) as tab:
        for place in (first, second):
            async with WireTab(thief.session, "/", tab.token) as stranger:
                await stranger.open(place)
                assert stranger.account == thief.id
                assert stranger.notices == []
                assert stranger.conversation == ""
            async with WireTab("", "/", tab.token) as nobody:
                await nobody.dial(place)
                await nobody.until(lambda nobody=nobody: nobody.redirects)
                assert nobody.state == {}
        assert tab.new_tokens == []
        await is_handled(tab)


async def test_events_reach_the_living_connection_only(deployment: Deployment) -> None:
    """A tab has moved while its old socket is still open: what is done for it goes to the new place alone."""
    first, second = await deployment.running(2)
    async with await chatting(first, await deployment.person()) as tab:
        await tab.lose_sight()
        await tab.open(second)
        await is_handled(tab)
        heard = await tab.heard_at_old_place()
        assert not [said for said in heard if said.startswith("42")]


async def test_work_begun_at_the_old_replica_is_told_at_the_new_one(deployment: Deployment) -> None:
    """A background handler that began at one replica ends when its tab is at another: the tab is told there."""
    first, second = await deployment.running(2)
    assert deployment.admin is not None
    check = ServersState.event_handlers["check"]
    async with WireTab(await deployment.admin.new_session(), "/admin/models") as tab:
        await tab.open(first)
        deployment.llm.routes["GET /v1/models"] = SILENCE
        try:
            await tab.send(check)
            await tab.until(lambda: tab.var(ServersState, "checking"))
            await tab.lose_sight()
            await tab.open(second)
            assert tab.var(ServersState, "checking")
        finally:
            del deployment.llm.routes["GET /v1/models"]
        await tab.until(lambda: not tab.var(ServersState, "checking"), 15)
        await tab.send(check)
        await tab.until(lambda: tab.var(ServersState, "checking"))
        await tab.until(lambda: not tab.var(ServersState, "checking"))


async def test_replica_killed_in_mid_event(deployment: Deployment) -> None:
    """A replica dies while it handles an event, which locks the tab's state: the tab is back within five seconds."""
    first, second = await deployment.running(2)
    assert deployment.admin is not None
    async with WireTab(await deployment.admin.new_session(), "/admin/models") as tab:
        await tab.open(first)
        deployment.llm.routes["GET /v1/models"] = SILENCE
        try:
            # Saving waits a moment for the server, and holds the tab's lock as long.
            fields = {"kind": "openai", "name": "Slow", "base_url": deployment.llm.url, "api_key": ""}
            asked = len(deployment.llm.others)
            await tab.send(ServersState.event_handlers["save"], fields=fields)
            while len(deployment.llm.others) == asked:
                await asyncio.sleep(0.02)
            tab.stay_connected([first, second])
            await first.kill()
            await tab.until(lambda: tab.reconnects)
        finally:
            del deployment.llm.routes["GET /v1/models"]
        assert tab.reconnects[0] < 5
        assert tab.new_tokens == []
        [slow] = [each for each in tab.var(ServersState, "servers") if each["name"] == "Slow"]
        await tab.send(ServersState.event_handlers["ask_to_remove"], connection=slow["id"])
        await tab.send(ServersState.event_handlers["remove"], chosen=slow["id"])
        await tab.until(lambda: tab.notices == ["Removed Slow."])


async def test_other_states_come_along(deployment: Deployment) -> None:
    """The states a tab has not touched lately move as well."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    async with await chatting(first, person) as tab:
        rows = len(tab.var(SidebarState, "recent")[0]["rows"])
        await tab.abort()
        await tab.open(second)
        assert len(tab.var(SidebarState, "recent")[0]["rows"]) == rows == 1
        assert tab.var(SessionState, "email") == person.email


async def test_workers_of_one_replica(deployment: Deployment) -> None:
    """The processes of one replica are replicas themselves: a tab keeps its state whichever takes its connection."""
    await deployment.running(1)
    person = await deployment.person()
    workers = deployment.another(uvicorn_workers=2)
    try:
        await workers.start()
        async with await chatting(workers, person) as tab:
            for _ in range(8):
                await tab.lose_sight()
                await tab.open(workers)
            assert (tab.new_tokens, tab.notices) == ([], ["This item no longer exists."])
            await is_handled(tab)
    finally:
        await workers.stop()
