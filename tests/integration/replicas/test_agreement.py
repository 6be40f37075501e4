"""What is decided at one replica holds at all of them, at once."""

import asyncio
import subprocess
import sys

import pytest

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.servers import ServersState
from tests.parts.app import PASSWORD, ROOT, Person, app_client, environment
from tests.parts.database import fresh_postgres
from tests.parts.live_reader import FeedReader
from tests.parts.llm_server import ScriptedServer
from tests.parts.replicas import Deployment, program
from tests.parts.wire_tab import WireTab

pytestmark = pytest.mark.timeout(120)


async def test_sign_in_limits_count_everywhere(deployment: Deployment) -> None:
    """Wrong passwords at two replicas count together: the sixth attempt is refused at either, the right one too."""
    replicas = await deployment.running(2)
    person = await deployment.person()
    async with app_client(replicas[0]) as guesser:
        codes = []
        for number in range(7):
            place = replicas[number % 2].url
            attempt = {"email": person.email, "password": PASSWORD if number == 6 else "not the password"}
            answer = await guesser.post(f"{place}/api/v1/session", json=attempt, headers={"origin": place})
            codes.append(answer.status_code)
    assert codes == [401] * 5 + [429] * 2


async def ended_at(person: Person, session: str, place, act) -> None:
    """*act* ends *session*: at *place* its feed closes at once, and its tab's events are refused."""
    async with FeedReader(session) as feed, WireTab(session) as tab:
        await feed.open(place)
        await tab.open(place)
        await act()
        await feed.until(lambda feed: feed.code is not None, 2)
        assert feed.code == 4401
        before = len(tab.updates)
        await tab.send(AskingState.event_handlers["send"], text="Hello?", key="k", conversation="")
        await tab.until(lambda: tab.redirects)
        assert "/login" in tab.redirects[-1]
        assert not any(update.get("delta") for update in tab.updates[before:])
    async with program(place, session) as client:
        assert (await client.get("/api/v1/conversations")).status_code == 401


async def test_changed_password_ends_other_sessions(deployment: Deployment) -> None:
    """A password changed at one replica ends the person's other sessions at another."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    other = await person.new_session()

    async def change() -> None:
        new = {"current": PASSWORD, "new": "another long password"}
        answer = await program(first, person.session).put("/api/v1/me/password", json=new)
        assert answer.status_code == 204, answer.text

    await ended_at(person, other, second, change)


async def test_revoked_session(deployment: Deployment) -> None:
    """A session revoked at one replica ends at another."""
    first, second = await deployment.running(2)
    person = await deployment.person()
    other = await person.new_session()

    async def revoke() -> None:
        client = program(first, person.session)
        sessions = (await client.get("/api/v1/me/sessions")).json()["sessions"]
        [found] = [each for each in sessions if not each["current"]]
        assert (await client.delete(f"/api/v1/me/sessions/{found['id']}")).status_code == 204

    await ended_at(person, other, second, revoke)


async def test_account_disabled_from_the_command_line(deployment: Deployment) -> None:
    """``python -m gantry user disable`` closes the pages that are open at the replicas, and ``enable`` lets people in."""
    [first] = await deployment.running(1)
    person = await deployment.person()

    async def command(*words: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "gantry", "user", *words],
            cwd=ROOT,
            env=environment(first.settings),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    async def disable() -> None:
        assert "cannot sign in any more" in await command("disable", person.email)

    await ended_at(person, person.session, first, disable)
    assert "can sign in." in await command("enable", person.email)
    assert await person.new_session()


async def test_connection_reaches_all_replicas_and_pages(deployment: Deployment) -> None:
    """A model server added at one replica is offered at the other and in its open pages at once; removed, it goes."""
    first, second = await deployment.running(2)
    assert deployment.admin is not None
    person = await deployment.person()
    async with (
        FeedReader(person.session) as feed,
        WireTab(person.session) as tab,
        ScriptedServer(models=("late-model",)) as server,
    ):
        await feed.open(second)
        await tab.open(second)
        async with WireTab(await deployment.admin.new_session(), "/admin/models") as admin:
            await admin.open(first)
            fields = {"kind": "openai", "name": "Late", "base_url": server.url, "api_key": ""}
            await admin.send(ServersState.event_handlers["save"], fields=fields)
            await offers(tab, feed, "late/late-model")
            await admin.until(lambda: len(admin.var(ServersState, "servers")) == 2)
            [late] = [each for each in admin.var(ServersState, "servers") if each["name"] == "Late"]
            feed.notices.clear()
            await admin.send(ServersState.event_handlers["ask_to_remove"], connection=late["id"])
            await admin.send(ServersState.event_handlers["remove"], chosen=late["id"])
            await offers(tab, feed, "late/late-model", there=False)
        async with program(second, person.session) as client:
            listed = (await client.get("/api/v1/models")).json()["models"]
            assert "late/late-model" not in [each["id"] for each in listed]


async def offers(tab: WireTab, feed: FeedReader, model: str, *, there: bool = True) -> None:
    """Ask for the models whenever the feed tells of a change, as the page does, until *model* is there, or gone."""
    seen = 0
    async with asyncio.timeout(5):
        while (
            model in {one["id"] for each in tab.var(ChatState, "models") for one in each["models"]}
        ) is not there:
            told = sum(each["kind"] == "catalog" for each in feed.notices)
            if told == seen:
                await asyncio.sleep(0.05)
                continue
            seen, before = told, len(tab.updates)
            await tab.send(ChatState.event_handlers["refresh_models"])
            await asyncio.sleep(0.2 if len(tab.updates) == before else 0)


async def test_first_administrator_is_one(
    postgres_url: str, postgres_template: str, redis_url: str, tmp_path
) -> None:
    """The set-up page is sent at two replicas at the same moment: there is one administrator."""
    with fresh_postgres(postgres_url, postgres_template) as url:
        deployment = Deployment(tmp_path, None, database_url=url, redis_url=redis_url)  # pyright: ignore[reportArgumentType]
        replicas = await deployment.running(2)
        try:
            clients = [app_client(replica) for replica in replicas * 2]
            answers = await asyncio.gather(
                *(
                    client.post(
                        "/api/v1/setup",
                        json={"email": f"ada{number}@example.org", "password": PASSWORD, "name": "Ada"},
                    )
                    for number, client in enumerate(clients)
                )
            )
        finally:
            await deployment.stop()
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
