"""RTF files as a reader sees them: no codes, fonts or pictures; nothing deleted or hidden; notes after their paragraph."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from gantry.adapters.parsing.outline import Outline
from gantry.adapters.parsing.rtf import words
from gantry.adapters.parsing.rtf.styles import Styles
from gantry.adapters.parsing.rtf.writing import Writing
from gantry.adapters.parsing.source import Source, raw_of
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]{1,40})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<sign>.)|(?P<brace>[{}])"
    r"|(?P<end>[\r\n\0]+)|(?P<text>[^\\{}\r\n\0]+)|.",
    re.DOTALL,
)
_MAX_DEPTH = 2000
_TOLD_EVERY = 20_000  # tokens, between two reports of progress


@dataclass(frozen=True, slots=True)
class _Group:
    """What a closing brace brings back."""

    kind: str = "text"  # or "skipped", "fonts", "styles", "header", "footer", "aside"
    font: int = -1
    fallback: int = 1  # characters after each \u that old readers read in its place
    hidden: bool = False
    deleted: bool = False
    style: int = 0
    level: int | None = None
    in_table: bool = False
    mark: str = ""  # said before what stands aside


_SETTINGS: dict[str, Callable[[int | None], dict[str, Any]]] = {
    "pard": lambda _number: {"style": 0, "level": None, "in_table": False},
    "plain": lambda _number: {"hidden": False, "deleted": False, "font": -1},
    "s": lambda number: {"style": number or 0},
    "outlinelevel": lambda number: {"level": number + 1 if number is not None and 0 <= number < 9 else None},
    "intbl": lambda _number: {"in_table": True},
    "f": lambda number: {"font": number or 0},
    "uc": lambda number: {"fallback": min(max(number or 0, 0), 10)},
    "v": lambda number: {"hidden": number != 0},
    "deleted": lambda number: {"deleted": number != 0},
}


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of an RTF file, a section for each heading."""
    raw = raw_of(source).decode("latin-1")
    reader = _Reader(raw)
    outline = Outline()
    for told in reader.paragraphs():
        if isinstance(told, Progress):
            yield told
            continue
        level, line = told
        yield from outline.heading(level, line) if level is not None else outline.lines([line])
    yield from outline.end()
    foot = Outline()
    yield from foot.lines(reader.edges["footer"])
    yield from foot.end()


class _Reader:
    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._at = 0
        self._group = _Group()
        self._stack: list[tuple[_Group, Writing]] = []
        self._styles = Styles()
        self._body = Writing()
        self._out = self._body
        self._aside: list[str] = []
        self._star = False
        self._skip = 0  # characters that are left of what stands for a \u
        self._encoding = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0  # whose line of the table is being read
        self.edges: dict[str, dict[str, None]] = {"header": {}, "footer": {}}

    def paragraphs(self) -> Iterator[tuple[int | None, str] | Progress]:
        """Yield each paragraph with the level of a heading, or None."""
        for count in range(len(self._raw)):
            token = _TOKEN.match(self._raw, self._at)
            if token is None:
                break
            self._at = token.end()
            if count % _TOLD_EVERY == 0:
                yield Progress(self._at, len(self._raw))
            if self._take(token):
                yield from self._end()
        yield from self._end()

    def _end(self) -> Iterator[tuple[int | None, str]]:
        text = self._body.take().strip(" \n\t")
        for line in self.edges["header"]:
            yield None, line
        self.edges["header"] = {}
        if text.strip(" |"):
            level = self._group.level
            yield (level if level is not None else self._styles.level(self._group.style)), text
        for line in self._aside:
            yield None, line
        self._aside = []

    def _take(self, token: re.Match[str]) -> bool:
        """Take a token; returns whether a paragraph of the body ends."""
        if token["brace"]:
            self._brace(token["brace"])
        elif token["word"]:
            return self._word(token["word"], token["number"])
        elif token["hex"]:
            self._say(chr(int(token["hex"], 16)))
        elif token["sign"]:
            return self._sign(token["sign"])
        elif token["text"]:
            self._say(token["text"])
        return False

    def _brace(self, brace: str) -> None:
        self._skip = 0
        self._star = False
        if brace == "{":
            if len(self._stack) >= _MAX_DEPTH:
                raise ParsingFailed(ParsingFault.TOO_LARGE)
            self._stack.append((self._group, self._out))
        elif self._stack:
            ended, written = self._group, self._out
            self._group, self._out = self._stack.pop()
            if written is not self._out:
                self._close(ended, written)

    def _close(self, ended: _Group, written: Writing) -> None:
        """Put what a group said for itself where it belongs."""
        lines = [line.strip() for line in written.take().split("\n") if line.strip(" |\t")]
        if ended.kind in self.edges:
            known = (line for line in lines if any(each.isalpha() for each in line))
            self.edges[ended.kind] |= dict.fromkeys(known)
        elif lines:
            self._aside += [f"{ended.mark}: {lines[0]}" if ended.mark else lines[0], *lines[1:]]

    def _sign(self, sign: str) -> bool:
        if sign == "*":
            self._star = True
        elif sign in "\r\n":
            return self._word("par", None)
        elif sign in "\\{}":
            self._say(sign)
        elif sign in "~_":
            self._write({"~": " ", "_": "-"}[sign])
        return False

    def _word(self, word: str, raw: str | None) -> bool:
        number = int(raw) if raw else None
        star, self._star = self._star, False
        if self._skip and word != "u":
            self._skip -= 1
            return False
        if word == "bin":
            self._at += max(0, number or 0)
        elif self._is_group(word, star=star):
            pass
        elif self._group.kind in {"fonts", "styles"}:
            self._define(word, number)
        elif word == "u":
            self._unicode(number or 0)
        elif word in words.SIGNS:
            self._write(words.SIGNS[word])
        elif word in {"cell", "nestcell"}:
            self._write(" | ")
        elif word in {"row", "nestrow"} or word in words.ENDS:
            return self._ends(word)
        else:
            self._set(word, number)
        return False

    def _is_group(self, word: str, *, star: bool) -> bool:
        """Whether a word says what its group is, and turn to that."""
        now = self._group
        if now.kind == "skipped":
            if word == "ud":
                self._group = replace(now, kind="text")
            return True
        if word in {"fonttbl", "stylesheet"}:
            self._group = replace(now, kind="fonts" if word == "fonttbl" else "styles")
        elif word in words.LEFT_OUT or (star and word not in words.READ) or (word.endswith("Pr") and star):
            self._group = replace(now, kind="skipped")
        elif word in words.EDGES:
            self._group, self._out = replace(now, kind=words.EDGES[word], in_table=False), Writing()
        elif word in words.ASIDE:
            self._group = replace(now, kind="aside", mark=words.ASIDE[word], in_table=False)
            self._out = Writing()
        else:
            return star
        return True

    def _define(self, word: str, number: int | None) -> None:
        if self._group.kind == "styles":
            self._styles.define(word, number)
        elif word == "f":
            self._font = number or 0
        elif word == "fcharset" and number in words.CHARSETS:
            self._fonts[self._font] = words.CHARSETS[number]
        elif word == "cpg" and number:
            self._fonts[self._font] = words.code_page(number)

    def _set(self, word: str, number: int | None) -> None:
        if word == "ansicpg":
            self._encoding = words.code_page(number or 1252)
        elif word in words.SETS:
            self._encoding = words.SETS[word]
        elif word in _SETTINGS:
            self._group = replace(self._group, **_SETTINGS[word](number))

    def _ends(self, word: str) -> bool:
        if self._group.kind == "skipped":
            return False
        if word == "nestrow":
            self._out.cut(" | ")
            self._write("; ")
        elif word == "row":
            self._out.cut(" | ")
        elif self._group.in_table:
            self._write(" ")
            return False
        if self._out is not self._body:
            self._write("\n")
            return False
        return word != "nestrow"

    def _unicode(self, number: int) -> None:
        self._skip = self._group.fallback
        self._write(chr(number % 65536))

    def _say(self, text: str) -> None:
        """Write bytes of the file, which are in the encoding of their font."""
        if self._skip:
            left = text[self._skip :]
            self._skip = max(0, self._skip - len(text))
            text = left
        if self._group.kind == "styles":
            self._styles.name(text)
        if text and self._is_shown():
            self._out.coded(text, self._fonts.get(self._group.font, self._encoding))

    def _write(self, text: str) -> None:
        if self._is_shown():
            self._out.plain(text)

    def _is_shown(self) -> bool:
        now = self._group
        return now.kind not in {"skipped", "fonts", "styles"} and not now.hidden and not now.deleted
