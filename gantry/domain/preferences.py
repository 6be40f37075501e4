"""How a person wants pages to look, what they show with messages, and whose time they tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Density(StrEnum):
    """How much room things have around them."""

    COMFORTABLE = "comfortable"
    COMPACT = "compact"


class TextSize(StrEnum):
    """How large everything is written."""

    SMALL = "small"
    NORMAL = "normal"
    LARGE = "large"
    LARGER = "larger"
    LARGEST = "largest"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person changes; what is None stays.

    ``time_zone``: the name of a zone of the IANA database, or empty for that of the browser.
    """

    density: str | None = None
    text_size: str | None = None
    show_model: bool | None = None
    show_time: bool | None = None
    show_usage: bool | None = None
    time_zone: str | None = None


NO_WISHES = Wishes()


def look_of(density: str, text_size: str, shown: Sequence[tuple[str, bool]]) -> str:
    """Return the words that styles know a look by, empty for the usual one.

    Args:
        density: One of Density.
        text_size: One of TextSize.
        shown: What stands with messages, and whether it is to be seen.
    """
    hidden = [f"no-{name}" for name, seen in shown if not seen]
    usual = (Density.COMFORTABLE, TextSize.NORMAL)
    return " ".join([*(each for each in (density, text_size) if each not in usual), *hidden])
