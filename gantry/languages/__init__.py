"""The languages Gantry speaks: what is said to people, from the catalogues beside this file (docs/development.md, "Languages")."""

import gettext
from collections.abc import Sequence
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

from gantry.domain.clock import day_in_words
from gantry.domain.messages import LANGUAGES, Message, filled

ENGLISH = "en"
#: English with marks and accents, for tests: what it does not touch is in no catalogue.
PSEUDO = "en-XA"
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


def whole_day(at: datetime, language: str) -> str:
    """Return the day of *at* with its name and month in words."""
    return day_in_words(at) if language == ENGLISH else format_date(at, "full", locale=_locale(language))


def month(at: datetime, language: str, *, year: bool) -> str:
    """Return the month of *at*, with its *year* where that is wanted."""
    return format_skeleton("yMMMM" if year else "MMMM", at, locale=_locale(language))


def listed(parts: Sequence[str], language: str) -> str:
    """Return *parts* as one text: red, green and blue."""
    return format_list(parts, locale=_locale(language))


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


def _locale(language: str) -> str:
    return ENGLISH if language == PSEUDO else language


def _written(value: Any, language: str) -> str:
    if isinstance(value, int | float):
        return format_decimal(value, locale=_locale(language))
    return translated(value, language) if isinstance(value, str) else str(value)
