"""The schema: up, down, up, and no drift, on both databases."""

import asyncio
import sys

import pytest
import sqlalchemy as sa

from gantry.domain.errors import Conflict, WrongSchema
from gantry.repositories import migrations
from gantry.repositories.database import Database
from tests.factories import make_account


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
