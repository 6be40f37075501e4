"""Brief transactions on SQLite: their statements are run at once, as long as that holds nobody up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gantry.repositories.database import Database

MADE = sa.text("CREATE TABLE note (number INTEGER PRIMARY KEY, content TEXT NOT NULL)")
KEPT = sa.text("INSERT INTO note VALUES (:number, :content)")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Yield a database with a table of notes."""
    async with Database(f"sqlite:///{tmp_path / 'notes.db'}") as database:
        async with database.begin() as tx:
            await tx.session.execute(MADE)
        yield database


@pytest.mark.parametrize(
    ("rows", "characters", "waits"), [(2, 30, True), (50, 30, True), (51, 0, False), (2, 15_000, False)]
)
async def test_others_go_on_while_many_rows_are_written(
    database: Database, rows: int, characters: int, waits: bool
) -> None:
    """Few are written before anybody else has a turn; of many rows, or long ones, others do not even notice."""
    others: list[int] = []
    notes = [{"number": number, "content": "x" * characters} for number in range(rows)]
    async with database.begin(brief=True) as tx:
        await tx.session.connection()
        asyncio.get_running_loop().call_soon(others.append, 1)
        await tx.session.execute(KEPT, notes)
        assert others == ([] if waits else [1])
    async with database.read() as tx:
        assert (await tx.session.execute(sa.text("SELECT count(*) FROM note"))).scalar_one() == rows
