"""The schema: up, down, up, and no drift, on both databases."""

import asyncio
import sys
from uuid import UUID

import pytest
import sqlalchemy as sa

from gantry.domain.errors import Conflict, WrongSchema
from gantry.domain.sharing import Included
from gantry.domain.words import asked
from gantry.models import new_id
from gantry.repositories import migrations
from gantry.repositories.database import Database
from gantry.repositories.knowledge_search import Places
from tests.factories import make_account
from tests.integration.services.test_languages import kept_as_documents, kept_as_messages
from tests.parts.stack import Stack


def test_migrations_go_up_down_and_up_without_drift(database_url: str) -> None:
    """After up, down, up the database has exactly the tables that the code has."""
    migrations.downgrade(database_url, "base")
    assert migrations.current(database_url) is None
    migrations.upgrade(database_url)
    assert migrations.current(database_url) == migrations.head()
    assert migrations.drift(database_url) == []


async def test_parallel_migrators_take_turns(database_url: str) -> None:
    """Three processes that migrate at once all succeed and leave one right schema."""
    await asyncio.to_thread(migrations.downgrade, database_url, "base")
    program = f"from gantry.repositories import migrations; migrations.upgrade({database_url!r})"
    racers = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(3)]
    assert [await racer.wait() for racer in racers] == [0, 0, 0]
    assert migrations.drift(database_url) == []


@pytest.mark.parametrize(("revision", "advice"), [(None, "migrate"), ("99991231_future", "newer version")])
def test_another_schema_is_refused_with_the_next_step(revision: str | None, advice: str) -> None:
    """An older or newer schema is refused, and the error says what to do."""
    with pytest.raises(WrongSchema) as refusal:
        migrations.require_head(revision)
    assert advice in refusal.value.advice


async def test_a_check_refuses_an_unknown_role(database: Database) -> None:
    """Text enums are checked by the database itself."""
    async with database.begin() as tx:
        account = await make_account(tx)
    with pytest.raises(Conflict):
        async with database.begin() as tx:
            await tx.session.execute(
                sa.text("UPDATE account SET role = 'owner' WHERE email = :email"), {"email": account.email}
            )


async def test_what_an_earlier_version_kept_is_found_in_every_language(stack: Stack) -> None:
    """After the migration, which has to make the keyword index anew; also what a replica of that version wrote since."""
    before = "20261127_0930"
    texts = {
        "zh": "护照放在书房的蓝色盒子里。",
        "de": "Die Rechnungen liegen in der Schublade und nicht im Schrank.",
    }
    await kept_as_documents(stack, texts)
    names = await kept_as_messages(stack, texts)
    url = stack.settings.database_url
    await asyncio.to_thread(migrations.downgrade, url, before)
    await asyncio.to_thread(migrations.upgrade, url)
    assert await _found(stack, "护照", "Rechnung") == ([1, 1], [1, 1])

    async with stack.database.begin() as tx:  # as who knows nothing of words
        await tx.session.execute(sa.text("UPDATE message SET content = '自転車の鍵は玄関にあります。'"))
        await tx.session.execute(sa.text("UPDATE chunk SET content = '自転車の鍵は玄関にあります。'"))
    assert await stack.main.knowledge.keywords.work() == 2 * len(names)
    assert await stack.main.knowledge.keywords.work() == 0
    assert await _found(stack, "護照", "自転車") == ([0, 2], [0, 2])


async def test_a_title_that_nobody_gave_is_none(stack: Stack) -> None:
    """Earlier versions called a conversation "New chat"; who named it so, or asked that, keeps it. The way down and up keeps it too."""
    services, url = stack.services, stack.settings.database_url
    given = await services.conversations.create(stack.who, title="New chat")
    asked_for = await stack.ask("**New chat** please")
    for sent in (asked_for, silent := await stack.ask("***")):
        await stack.read(sent)
    _link, token = await services.shares.create(stack.who, silent.conversation_id, included=Included())
    await asyncio.to_thread(migrations.downgrade, url, "20261128_1200")
    async with stack.database.begin() as tx:
        for table in ("conversation", "share"):
            await tx.session.execute(sa.text(f"UPDATE {table} SET title = 'New chat'"))
    for _time in range(2):
        await asyncio.to_thread(migrations.upgrade, url)
        async with stack.database.read() as tx:
            rows = await tx.session.execute(sa.text("SELECT id, title FROM conversation"))
            titles = {UUID(str(row.id)): row.title for row in rows}
            shared = (await tx.session.execute(sa.text("SELECT title FROM share"))).scalar_one()
        assert titles == {
            given.id: "New chat",
            asked_for.conversation_id: "New chat",
            silent.conversation_id: "",
        }
        assert shared == ""
        await asyncio.to_thread(migrations.downgrade, url, "20261128_1200")
    await asyncio.to_thread(migrations.upgrade, url)
    assert (await services.shares.read(token, "")).title == ""
    assert await stack.main.knowledge.keywords.work() == 0


async def _found(stack: Stack, *questions: str) -> tuple[list[int], list[int]]:
    """Return how many messages and how many chunks are found for each question."""
    who, everywhere = stack.who.id, Places()
    async with stack.database.read() as tx:
        messages = [
            await tx.search.messages(asked(each), owner=who, apart=new_id(), unlike="", limit=9)
            for each in questions
        ]
        chunks = [
            (await tx.knowledge.chunks_by_words(asked(each), owner=who, places=everywhere, limit=9)).scores
            for each in questions
        ]
    return [len(found) for found in messages], [len(found) for found in chunks]
