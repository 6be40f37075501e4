"""What one message says, gathered piece by piece."""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from gantry.adapters.importing.values import text
from gantry.domain.importing import ForeignFile, folded, joined, placeholder

_LONGEST_NAME = 80
_LONGEST_UNKNOWN = 20_000  # what no reader knows may hold pictures as letters
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,", re.ASCII)
_THOUGHT = re.compile(r"\s*<(think|thinking)>(.*?)</\1>", re.DOTALL)


class Said:
    """Markdown, thoughts and files of one message, in the order in which they were found."""

    __slots__ = ("_blocks", "_thoughts", "files")

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._thoughts: list[str] = []
        self.files: list[ForeignFile] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing: no word, no thought, no file."""
        return not (self.files or self.reasoning or joined(self._blocks))

    @property
    def content(self) -> str:
        """The message as Markdown; where there is nothing at all, a line that says so."""
        return placeholder("Text") if self.is_empty else joined(self._blocks)

    @property
    def reasoning(self) -> str:
        """What the model thought before."""
        return joined(self._thoughts)

    def say(self, words: object) -> None:
        """Add Markdown; anything but text says nothing."""
        self._blocks.append(text(words))

    def answer(self, words: object) -> None:
        """Add what a model wrote: thoughts that stand before the answer in marks of their own go where thoughts belong."""
        written, at = text(words), 0
        while thought := _THOUGHT.match(written, at):
            self.think(thought[2])
            at = thought.end()
        self._blocks.append(written[at:])

    def think(self, words: object) -> None:
        """Add a thought."""
        self._thoughts.append(text(words).strip())

    def happened(self, name: str, words: object = "", language: str = "") -> None:
        """Add what happened within the message: a call of a tool, its result, code that ran."""
        self._blocks.append(folded(_label(name), written(words), language))

    def called(self, name: str, given: object = "", language: str = "json") -> None:
        """Add a call of a tool with what it was given."""
        self.happened(f"Call of {name or 'a tool'}", given, language)

    def resulted(self, name: str, output: object) -> None:
        """Add what a tool gave back."""
        self.happened(f"Result of {name}" if name else "Result", output)

    def failed(self, words: object) -> None:
        """Add the error that an answer ended in."""
        told = " ".join(written(words).split())
        self._blocks.append(f"*[This answer failed{': ' if told else ''}{told.replace('*', '')}]*")

    def attach(self, file: ForeignFile) -> None:
        """Add a file, once."""
        if not any(file == each for each in self.files):
            self.files.append(file)

    def cite(self, sources: Iterable[tuple[str, str]]) -> None:
        """Add a list of sources, each a title and an address."""
        lines: dict[str, None] = {}
        for title, url in sources:
            name = " ".join((title or url).replace("[", "(").replace("]", ")").split())[:300]
            address = "".join(url.split()).replace("(", "%28").replace(")", "%29")
            line = f"- [{name}]({address})" if address.startswith(("http://", "https://")) else f"- {name}"
            if name:
                lines[line] = None
        if lines:
            self._blocks.append("\n".join(["**Sources**", "", *lines]))


def written(value: object) -> str:
    """Return text as it is, and anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return text(value)
    try:
        told = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    except (ValueError, RecursionError):
        return ""
    return text(told if len(told) <= _LONGEST_UNKNOWN else f"{told[:_LONGEST_UNKNOWN]}…")


def decoded(data: object) -> bytes:
    """Return what base64 stands for; nothing where it is not that."""
    if not isinstance(data, str) or not data:
        return b""
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b""


PICTURE = "image/*"  # one whose kind is not known


def file_at(url: object, name: str = "", media_type: str = "") -> ForeignFile | None:
    """Return the file at an address: its bytes where the address holds them (``data:``), else the address."""
    address = text(url).strip()
    if not address:
        return ForeignFile(_label(name), media_type) if name else None
    if not address.startswith("data:"):
        return ForeignFile(_label(name) or _last(address), media_type, url=address)
    found = _DATA_URL.match(address)
    if not found:
        return ForeignFile(_label(name) or "file", media_type)
    kind = found[1] or media_type or "text/plain"
    body = address[found.end() :]
    data = decoded(body) if found[3] else unquote_to_bytes(body)
    return ForeignFile(_label(name) or kind.replace("/", "."), kind, data=data)


def _last(address: str) -> str:
    return _label(address.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1])


def _label(name: str) -> str:
    return " ".join(name.replace("*", "").replace("`", "'").split())[:_LONGEST_NAME]
