"""Time, always with its zone."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MAX_ZONE_CHARACTERS = 64
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")

_PLACES = frozenset(
    "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()  # noqa: SIM905
)


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def is_zone(name: str) -> bool:
    """Whether *name* is a time zone of the IANA database, such as ``Europe/Oslo``."""
    if len(name) > MAX_ZONE_CHARACTERS or not _ZONE.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return False
    return True


@cache
def zone_names() -> tuple[str, ...]:
    """Return the zones to choose from: those that are called after a place, and UTC."""
    named = (each for each in available_timezones() if each.partition("/")[0] in _PLACES)
    return ("UTC", *sorted(named))


def zone_named(name: str | None) -> tzinfo:
    """Return the time zone called *name*; UTC when it is not known (here, or any more)."""
    return ZoneInfo(name) if name and is_zone(name) else UTC


def day_in_words(at: datetime) -> str:
    """Return a day as questions name it: ``Monday 23 November 2026``."""
    return f"{at:%A} {at.day} {at:%B %Y}"
