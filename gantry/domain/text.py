"""Text that can be stored and sent on."""

import re
from collections.abc import Callable

from gantry.domain.messages import plural

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
    """Return *count* with its *noun*: ``1 page``, ``2,000 pages``; a message where people see it."""
    return _COUNTED[noun](count) if noun in _COUNTED else f"{count:,} {noun}{'' if count == 1 else 's'}"


_COUNTED: dict[str, Callable[[int], str]] = {
    "branching point": lambda count: plural(
        "{count} branching point", "{count} branching points", count=count
    ),
    "collection": lambda count: plural("{count} collection", "{count} collections", count=count),
    "conversation": lambda count: plural("{count} conversation", "{count} conversations", count=count),
    "document": lambda count: plural("{count} document", "{count} documents", count=count),
    "earlier message": lambda count: plural(
        "{count} earlier message", "{count} earlier messages", count=count
    ),
    "file": lambda count: plural("{count} file", "{count} files", count=count),
    "message": lambda count: plural("{count} message", "{count} messages", count=count),
    "minute": lambda count: plural("{count} minute", "{count} minutes", count=count),
    "model": lambda count: plural("{count} model", "{count} models", count=count),
    "other device": lambda count: plural("{count} other device", "{count} other devices", count=count),
    "image": lambda count: plural("{count} image", "{count} images", count=count),
    "character": lambda count: plural("{count} character", "{count} characters", count=count),
    "plugin": lambda count: plural("{count} plugin", "{count} plugins", count=count),
    "import": lambda count: plural("{count} import", "{count} imports", count=count),
    "page": lambda count: plural("{count} page", "{count} pages", count=count),
    "previous message": lambda count: plural(
        "{count} previous message", "{count} previous messages", count=count
    ),
    "prompt": lambda count: plural("{count} prompt", "{count} prompts", count=count),
    "second": lambda count: plural("{count} second", "{count} seconds", count=count),
    "token": lambda count: plural("{count} token", "{count} tokens", count=count),
    "time": lambda count: plural("{count} time", "{count} times", count=count),
    "persona": lambda count: plural("{count} persona", "{count} personas", count=count),
    "folder": lambda count: plural("{count} folder", "{count} folders", count=count),
    "shared link": lambda count: plural("{count} shared link", "{count} shared links", count=count),
    "access token": lambda count: plural("{count} access token", "{count} access tokens", count=count),
    "session": lambda count: plural("{count} session", "{count} sessions", count=count),
    "memory": lambda count: plural("{count} memory", "{count} memories", count=count),
    "collection of documents": lambda count: plural(
        "{count} collection of documents", "{count} collections of documents", count=count
    ),
}
