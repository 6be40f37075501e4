"""How findings are judged, and that no check can end the examination."""

import asyncio
from dataclasses import replace

import pytest

from gantry.domain.errors import Unavailable
from gantry.domain.health import Check, Finding, Level, RedisFacts
from gantry.services import doctor

SOUND = RedisFacts(
    version="7.4.1",
    open_to_all=False,
    policy="noeviction",
    save_failed=False,
    events_seen=True,
    events_configurable=False,
    ahead_seconds=0.2,
)


async def test_a_check_that_fails_or_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check has its line, in order, whatever the ones before it did."""

    async def unavailable() -> list[Finding]:
        raise Unavailable("It is away.", advice="Start it.")

    async def refused() -> list[Finding]:
        raise ConnectionRefusedError(111, "Connection refused")

    async def hangs() -> list[Finding]:
        await asyncio.Event().wait()
        return []

    async def sound() -> list[Finding]:
        return [Finding(Level.OK, "last", "well")]

    monkeypatch.setattr(doctor, "PATIENCE_SECONDS", 0.05)
    checks = [
        Check("one", unavailable, fix="not used"),
        Check("two", refused, fix="Correct it."),
        Check("three", hangs, fix="Wait."),
        Check("last", sound),
    ]
    assert [finding async for finding in doctor.examine(checks)] == [
        Finding(Level.FAIL, "one", "It is away.", "Start it."),
        Finding(Level.FAIL, "two", "Connection refused", "Correct it."),
        Finding(Level.FAIL, "three", "did not answer within 0 seconds", "Wait."),
        Finding(Level.OK, "last", "well"),
    ]


def test_a_sound_redis() -> None:
    """A Redis as the compose file sets it up has no warning."""
    assert {finding.level for finding in doctor.judge_redis(SOUND)} == {Level.OK}
    assert {finding.level for finding in doctor.judge_redis(replace(SOUND, policy="volatile-ttl"))} == {
        Level.OK
    }


@pytest.mark.parametrize(
    ("facts", "what", "level"),
    [
        (replace(SOUND, open_to_all=True), "redis password", Level.WARN),
        (replace(SOUND, policy="allkeys-lru"), "redis memory", Level.WARN),
        (replace(SOUND, save_failed=True), "redis saving", Level.FAIL),
        (replace(SOUND, events_seen=False), "redis events", Level.FAIL),
        (replace(SOUND, ahead_seconds=-1.5), "redis clock", Level.FAIL),
    ],
)
def test_what_is_not_well_with_a_redis(facts: RedisFacts, what: str, level: Level) -> None:
    """One thing that is wrong is one finding, with its fix."""
    (found,) = (finding for finding in doctor.judge_redis(facts) if finding.level is not Level.OK)
    assert (found.what, found.level) == (what, level)
    assert found.fix


@pytest.mark.parametrize(
    ("free", "level"), [(5 * 10**9, Level.OK), (5 * 10**8, Level.WARN), (5 * 10**7, Level.FAIL)]
)
def test_free_space(free: int, level: Level) -> None:
    """Below a gigabyte is a warning, below a tenth of one a failure."""
    assert doctor.judge_space("data", free).level is level


@pytest.mark.parametrize(
    ("age", "level"), [(None, Level.WARN), (3600.0, Level.OK), (3 * 24 * 3600.0, Level.WARN)]
)
def test_age_of_backups(age: float | None, level: Level) -> None:
    """None at all, or none in two days, is a warning."""
    assert doctor.judge_backups("data/backups", age).level is level
