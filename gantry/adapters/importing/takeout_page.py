"""Takeout's log of activity as a page: the same entries, in cells."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

_FORMS = (
    "%b %d, %Y, %I:%M:%S %p",
    "%d %b %Y, %H:%M:%S",
    "%d.%m.%Y, %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y, %H:%M:%S",
)
_CELL = re.compile(r"(?=<div[^>]{0,40}\bouter-cell\b)")
_ZONE = re.compile(r"\s+(?:UTC|GMT|[A-Z]{2,5}|GMT[+-][\d:]+|MEZ|MESZ)$")
_HOURS = {
    "CET": 1,
    "MEZ": 1,
    "CEST": 2,
    "MESZ": 2,
    "BST": 1,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}


def entries(page: str) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a page in the shape that the JSON of Takeout has."""
    for piece in _CELL.split(page)[1:]:  # one by one: a page may hold years
        cell = BeautifulSoup(piece, "lxml")
        header = cell.find(class_="header-cell")
        bodies = [each for each in cell.find_all("div", class_="content-cell") if each.get_text(strip=True)]
        if not bodies:
            continue
        title, time, answer = _told(bodies[0])
        name = header.get_text(" ", strip=True) if header else ""
        yield {
            "header": name,
            "products": [],
            "title": title,
            "time": time,
            "safeHtmlItem": [{"html": answer}] if answer else [],
        }


def _told(body: Tag) -> tuple[str, str, str]:
    """Return what was asked, when, and the answer: a time on a line of its own stands between them."""
    before: list[str] = []
    after: list[str] = []
    time = ""
    for child in body.children:
        words = (
            str(child)
            if isinstance(child, NavigableString)
            else child.get_text()
            if isinstance(child, Tag)
            else ""
        )
        if not time and isinstance(child, NavigableString) and (found := _moment(words)):
            time = found.isoformat()
        elif time:
            after.append(str(child))
        elif isinstance(child, Tag) and child.name == "br":
            before.append("\n")
        else:
            before.append(words)
    return "".join(before).strip(), time, "".join(after).strip()


def _moment(words: str) -> datetime | None:
    written = " ".join(words.replace("\u202f", " ").replace("\xa0", " ").split())
    if not 12 <= len(written) <= 60:
        return None
    zone = _ZONE.search(written)
    plain = written[: zone.start()] if zone else written
    for form in _FORMS:
        try:
            found = datetime.strptime(plain.replace("Sept ", "Sep "), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return _shifted(found, zone[0].strip() if zone else "")
    return None


def _shifted(at: datetime, zone: str) -> datetime:
    hours = _HOURS.get(zone, 0)
    given = re.fullmatch(r"GMT([+-]\d{1,2})(?::?(\d{2}))?", zone)
    minutes = (
        int(given[1]) * 60 + (int(given[2] or 0) * (-1 if given[1].startswith("-") else 1))
        if given
        else hours * 60
    )
    return at - timedelta(minutes=minutes)
