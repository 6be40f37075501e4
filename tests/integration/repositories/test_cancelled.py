"""What becomes of a connection whose statement nobody waits for any more."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from gantry.repositories.database import Database

LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n"
)


@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_statement_leaves_nothing_that_waits(tmp_path: Path, times: int) -> None:
    """However often its task is cancelled, the connection closes and no task of it stays behind."""
    async with Database(f"sqlite:///{tmp_path / 'gantry.db'}") as database:
        before = asyncio.all_tasks()

        async def ask() -> None:
            async with database.read() as transaction:
                begun.set()
                await transaction.session.execute(LONG)

        begun = asyncio.Event()
        asking = asyncio.create_task(ask())
        await begun.wait()
        for _ in range(times):
            for _ in range(20):
                await asyncio.sleep(0)  # the statement is under way, or its closing
            asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        left = asyncio.all_tasks() - before
        if left:
            _, waiting = await asyncio.wait(left, timeout=20)
            assert not waiting, "a task waits for a connection that has ended"


async def test_a_cancelled_writer_gives_its_lock_back(tmp_path: Path) -> None:
    """Also while somebody still holds the exception, as who stores why an import ended does."""
    async with Database(f"sqlite:///{tmp_path / 'gantry.db'}") as database:
        async with database.begin() as transaction:
            await transaction.session.execute(text("CREATE TABLE number (n INTEGER)"))

        async def write() -> None:
            async with database.begin() as transaction:
                connection = await transaction.session.connection()
                begun.set()
                await connection.execute(
                    text("INSERT INTO number VALUES (:n)"), [{"n": n} for n in range(100_000)]
                )

        begun = asyncio.Event()
        writing = asyncio.create_task(write())
        await begun.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        writing.cancel()
        held = await asyncio.gather(writing, return_exceptions=True)
        async with database.begin() as transaction:
            found = await transaction.session.execute(text("SELECT count(*) FROM number"))
        assert (found.scalar_one(), type(held[0])) == (0, asyncio.CancelledError)
