"""Rows that hold words: which are best, how many hold each, and nobody else's."""

from uuid import UUID

import pytest

from gantry.domain.clock import utc_now
from gantry.domain.memory import MemoryKind
from gantry.domain.words import asked
from gantry.models import MemoryItem
from gantry.repositories import by_words
from gantry.repositories.by_words import Inside, Kept, WordsFound
from gantry.repositories.database import Database
from tests.factories import make_account

QUESTION = asked("Which harbour has a lighthouse and a walrus?")


async def keep(database: Database, *texts: tuple[str, str]) -> tuple[UUID, list[UUID]]:
    """Have somebody remember texts, each with what was said around it; return who, and the rows."""
    now = utc_now()
    async with database.begin() as tx:
        owner = (await make_account(tx)).id
        rows = [
            MemoryItem(
                account_id=owner,
                kind=MemoryKind.TURN,
                speaker="user",
                content=content,
                around=around,
                said_at=now,
                created_at=now,
                updated_at=now,
            )
            for content, around in texts
        ]
        await tx.memory.keep_turns(rows)
    return owner, [row.id for row in rows]


async def find(database: Database, owner: UUID, *, limit: int = 10) -> WordsFound:
    """Search one person's memory."""
    async with database.read() as tx:
        return await tx.knowledge.memories_by_words(QUESTION, owner=owner, kind=MemoryKind.TURN, limit=limit)


@pytest.mark.parametrize("many", [0, 10_000])
async def test_rare_words_and_ones_own_count_most(
    database: Database, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """A word that fewer rows hold counts more, and one that stands around a message less than one in it; also where rows are many."""
    monkeypatch.setattr(by_words, "_MANY", many)  # above it, they are added up beside the loop
    owner, (both, rare, frequent, around, nothing) = await keep(
        database,
        ("The lighthouse stands at the harbour.", ""),
        ("They painted the lighthouse.", ""),
        ("The harbour smells of tar.", "It is cold."),
        ("It is cold.", "The harbour smells of tar."),
        ("We had soup.", "It was hot."),
    )
    found = await find(database, owner)
    assert sorted(found.scores, key=lambda row: -found.scores[row]) == [both, rare, frequent, around]
    assert nothing not in found.scores
    assert (found.kept, found.holders) == (5, {"harbour": 3, "lighthouse": 2})
    assert list((await find(database, owner, limit=1)).scores) == [both]


async def test_what_others_keep_is_neither_found_nor_counted(database: Database) -> None:
    """The same words of somebody else change no score."""
    owner, rows = await keep(database, ("The lighthouse stands at the harbour.", ""), ("A harbour.", ""))
    before = await find(database, owner)
    stranger, _rows = await keep(database, *[("A lighthouse at the harbour.", "A walrus.")] * 9)
    assert await find(database, owner) == before
    assert set(before.scores) == set(rows)
    assert len((await find(database, stranger)).scores) == 9


async def test_nothing_is_found_where_no_row_holds_a_word(database: Database) -> None:
    """How many rows there are is known all the same: it tells how rare a word is."""
    owner, _rows = await keep(database, ("We had soup.", ""))
    assert await find(database, owner) == WordsFound(kept=1)


async def test_of_who_keeps_very_much_the_newest_are_found(database: Database) -> None:
    """A word counts in no more than so many rows, the newest; how rare it is tells the number of all."""
    if not database.is_sqlite:
        pytest.skip("PostgreSQL adds them up itself")
    texts = [("The harbour smells of tar.", "It is cold.")] * 6 + [("It is cold.", "The harbour.")] * 2
    owner, rows = await keep(database, ("They painted the lighthouse.", ""), *texts, ("We had soup.", ""))
    kept = Kept("memory_item", {"content": 1.0, "around": 0.5}, "0, 0, 0.5, 1")
    inside = Inside(owner, [[f"a{owner.hex}"]])

    async def found(most: int) -> WordsFound:
        async with database.read() as tx:
            return await by_words.by_words(tx.session, kept, QUESTION, inside, limit=10, most=most)

    every, newest = await found(10), await found(3)
    assert set(every.scores) == set(rows[:-1])
    assert set(newest.scores) == {rows[0], *rows[4:9]}  # three that hold it, two around which it stands
    assert newest.scores == {row: every.scores[row] for row in newest.scores}
    assert (
        (newest.kept, newest.holders) == (every.kept, every.holders) == (10, {"harbour": 8, "lighthouse": 1})
    )
