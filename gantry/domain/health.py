"""What an examination finds: one line a check, and how to mend what is not well."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How well something is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``fix`` is a command or a setting; it never holds a secret, nor does ``detail``."""

    level: Level
    what: str
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """How to look at one thing; ``run`` may raise, which is a finding too. ``fix`` is for that."""

    what: str
    run: Callable[[], Awaitable[Sequence[Finding]]]
    fix: str = ""
    patience_seconds: float | None = None  # None: as for everything that answers at once


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """What a Redis tells about itself. ``events_configurable`` is whether CONFIG may be used."""

    version: str
    open_to_all: bool
    policy: str
    save_failed: bool
    events_seen: bool
    events_configurable: bool
    ahead_seconds: float
