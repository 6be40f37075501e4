"""The languages Gantry speaks: what is said to people, from the catalogues beside this file (docs/development.md, "Languages")."""

import gettext
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.core import Locale, negotiate_locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from gantry.domain.messages import LANGUAGES, Message, filled

ENGLISH = "en"
#: English with marks and accents, for tests: what it does not touch is in no catalogue.
PSEUDO = "en-XA"
_SENTENCE_ENDS = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_PLACE = re.compile(r"\{(\w+)\}")
_NUMBER = r"\d[\d,]*"
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")
_WITHIN_A_SENTENCE = r"(?:(?![.!?] [A-Z]).)+"
_MESSAGES_WITHIN = {"what", "why", "images", "documents", "products", "file"}  # places that hold messages
_NEVER_STORED = ("gantry/ui/", "gantry/state/")
_ACCENTED = str.maketrans("AEIOUaeiouyncs", "ÅÉÎÕÜåéîõüÿñçš")


def catalogue(language: str) -> Catalog:
    """Read the catalogue of a language that is not English."""
    with (Path(__file__).parent / language / "LC_MESSAGES" / "gantry.po").open("rb") as file:
        return read_po(file, locale=language, domain="gantry")


def translated(text: str, language: str) -> str:
    """Return *text* in *language* if it is a message; other texts are as people or programs wrote them."""
    if language == ENGLISH or not isinstance(text, Message):
        return str(text)
    if language == PSEUDO:
        form = text.plural if text.plural and text.values["count"] != 1 else text.msgid
        said = pseudo(form)
    elif text.plural:
        said = _messages(language).ngettext(text.msgid, text.plural, text.values["count"])
    else:
        said = _messages(language).gettext(text.msgid)
    return filled(said, text.values, partial(_written, language=language))


def chosen(language: str | None, accepted: str) -> str:
    """Return the language for somebody who has chosen *language*, or whose browser accepts *accepted* (an ``Accept-Language``)."""
    if language in LANGUAGES:
        return str(language)
    wished = [part.partition(";")[0].strip() for part in accepted.split(",")]
    if PSEUDO in wished:
        return PSEUDO
    return negotiate_locale(wished, [*LANGUAGES], sep="-") or ENGLISH


def direction(language: str) -> str:
    """Return the direction it is written in: ltr or rtl."""
    return Locale.parse(_locale(language)).text_direction


def day(at: datetime, language: str) -> str:
    """Return the day of *at*, Mar 5, 2026 for example."""
    return format_date(at, "medium", locale=_locale(language))


def month(at: datetime, language: str, *, year: bool) -> str:
    """Return the month of *at*, with its *year* where that is wanted."""
    return format_skeleton("yMMMM" if year else "MMMM", at, locale=_locale(language))


def listed(parts: Sequence[str], language: str) -> str:
    """Return *parts* as one text: red, green and blue."""
    return format_list(parts, locale=_locale(language))


def recalled(text: str, language: str) -> str:
    """Return *text*, which has been stored or sent on in English, in *language* if it was made of messages; the rest of it stays."""
    if language == ENGLISH or not text:
        return str(text)
    if isinstance(text, Message):
        return translated(text, language)
    if found := _made_of(text, language):
        return found
    sentences = _SENTENCE_ENDS.split(text)
    said: list[str] = []
    while sentences:
        # A message may be several sentences: the most that are one come first.
        parts = (
            (count, _made_of(" ".join(sentences[:count]), language)) for count in range(len(sentences), 0, -1)
        )
        count, known = next(((count, known) for count, known in parts if known), (1, sentences[0]))
        said.append(known)
        del sentences[:count]
    return " ".join(said)


def pseudo(text: str) -> str:
    """Return *text* in brackets and with accents, but for its places."""
    parts = text.split("{")
    return "⟦" + "{".join([parts[0].translate(_ACCENTED), *map(_after_place, parts[1:])]) + "⟧"


def _after_place(part: str) -> str:
    place, brace, rest = part.partition("}")
    return place + brace + rest.translate(_ACCENTED)


@cache
def _messages(language: str) -> gettext.GNUTranslations:
    packed = BytesIO()
    write_mo(packed, catalogue(language))
    packed.seek(0)
    return gettext.GNUTranslations(packed)


def _made_of(text: str, language: str) -> str:
    """Return the one message that *text* is, in *language*; empty when it is none."""
    for shape in _shapes():
        if shape.words in text and (found := shape.pattern.fullmatch(text)):
            values = {name: _value(name, each, language) for name, each in found.groupdict().items()}
            return translated(Message(shape.msgid, values, shape.plural), language)
    return ""


def _value(name: str, text: str, language: str) -> str | int:
    """Return what stood at a place as it was before: a number, another message, or a text."""
    if name == "count" or _GROUPED.fullmatch(text):
        return int(text.replace(",", ""))
    return recalled(text, language) if name in _MESSAGES_WITHIN or text.endswith(".") else text


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a message looks like when its places are filled; ``words`` are the longest that it always has."""

    pattern: re.Pattern[str]
    words: str
    letters: int  # outside of places
    msgid: str
    plural: str


@cache
def _shapes() -> list[_Shape]:
    """Return the messages that may have been stored, those that say most themselves first: all but what pages alone say."""
    shapes: list[_Shape] = []
    for each in catalogue("de"):
        if not each.id or all(file.startswith(_NEVER_STORED) for file, _line in each.locations):
            continue
        msgid, plural = each.id if isinstance(each.id, tuple) else (str(each.id), "")
        shapes += [_shape(form, msgid, plural) for form in (msgid, plural) if form]
    return sorted(shapes, key=lambda shape: -shape.letters)


def _shape(form: str, msgid: str, plural: str) -> _Shape:
    parts = _PLACE.split(form)
    pattern = "".join(
        f"(?P<{part}>{_NUMBER if part == 'count' else _WITHIN_A_SENTENCE})" if at % 2 else re.escape(part)
        for at, part in enumerate(parts)
    )
    fixed = parts[::2]
    return _Shape(re.compile(pattern, re.DOTALL), max(fixed, key=len), sum(map(len, fixed)), msgid, plural)


def _locale(language: str) -> str:
    return ENGLISH if language == PSEUDO else language


def _written(value: Any, language: str) -> str:
    if isinstance(value, int | float):
        return format_decimal(value, locale=_locale(language))
    return translated(value, language) if isinstance(value, str) else str(value)
