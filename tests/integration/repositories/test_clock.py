"""Hosts whose clocks differ agree on the time of their database."""

from datetime import timedelta

from gantry.domain.clock import utc_now
from gantry.repositories.clock import DatabaseClock
from gantry.repositories.database import Database


async def test_hosts_agree(database: Database) -> None:
    """With PostgreSQL a clock that is a minute wrong is put right; with SQLite there is no other clock."""
    for wrong in (timedelta(minutes=1), -timedelta(minutes=1)):
        clock = DatabaseClock(database, here=lambda wrong=wrong: utc_now() + wrong)
        await clock.adjust()
        off = abs(clock() - utc_now())
        assert off > timedelta(seconds=50) if database.is_sqlite else off < timedelta(seconds=1)


async def test_right_clock_is_left_alone(database: Database) -> None:
    """What the way to the database takes is no difference between clocks."""
    moment = utc_now()
    clock = DatabaseClock(database, here=lambda: moment + (utc_now() - moment))
    await clock.adjust()
    assert clock._ahead == timedelta()


async def test_unreachable_database_changes_nothing() -> None:
    """The time is told without the database, too."""
    async with Database("postgresql://nobody@127.0.0.1:1/none") as away:
        clock = DatabaseClock(away)
        await clock.adjust()
        assert abs(clock() - utc_now()) < timedelta(seconds=1)


async def test_clock_that_is_set_changes_nothing(database: Database) -> None:
    """A step of one host's clock lets no lease run out: between two looks the time goes on from what the database told."""
    steps = [timedelta()]
    clock = DatabaseClock(database, here=lambda: utc_now() + steps[-1])
    await clock.adjust()
    for step in (timedelta(hours=1), -timedelta(hours=1)):
        steps.append(step)
        off = abs(clock() - utc_now())
        assert off > timedelta(minutes=59) if database.is_sqlite else off < timedelta(seconds=1)
    before = clock()
    await clock.adjust()
    assert database.is_sqlite or timedelta() < clock() - before < timedelta(seconds=5)
