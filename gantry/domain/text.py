"""Text that can be stored and sent on."""

import re

_HALVES = re.compile("[\ud800-\udfff]")
_BYTES = re.compile("[\udc80-\udcff]+")
_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# At the end of a piece: the first half of a pair, or the first bytes of a character (as surrogate escapes).
_BEGUN = re.compile(
    "(?:[\ud800-\udbff]|[\udcc2-\udcdf]|[\udce0-\udcef][\udc80-\udcbf]?|[\udcf0-\udcf4][\udc80-\udcbf]{0,2})$"
)


def storable(text: str) -> str:
    """Return *text* without NUL, which PostgreSQL refuses, and with halves of surrogate pairs, which UTF-8 refuses, replaced.

    Two halves that stand together are the character they mean, and so are bytes that were kept as surrogate escapes.
    """
    text = text.replace("\0", "")
    if text.isascii() or not _HALVES.search(text):
        return text
    text = _PAIRS.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    text = _BYTES.sub(lambda run: run[0].encode("utf-8", "surrogateescape").decode("utf-8", "replace"), text)
    return _HALVES.sub("\ufffd", text)


class Halves:
    """Puts characters together whose halves come in different pieces: servers cut emoji in two."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = ""

    def feed(self, piece: str) -> str:
        """Return *piece*, with what was held back before it, and without a half that may still be completed."""
        text = self.held + piece
        self.held = ""
        if text.isascii():
            return text
        if begun := _BEGUN.search(text):
            self.held = begun[0]
            text = text[: begun.start()]
        return storable(text) if _HALVES.search(text) else text

    def flush(self) -> str:
        """Return what was never completed, made storable."""
        held, self.held = self.held, ""
        return storable(held)


def counted(count: int, noun: str) -> str:
    """Return *count* with its *noun*, a regular one: ``1 page``, ``2,000 pages``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
