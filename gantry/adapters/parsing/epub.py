"""Books (EPUB): the chapters in the order of the spine, each under its headings or its title in the contents."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from gantry.adapters.parsing import html
from gantry.adapters.parsing.office.archive import Archive
from gantry.adapters.parsing.office.xml import Element, name_of, value
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import ParsingFailed, ParsingFault, ParsingLimits, Progress, Section

_PAGES = {"application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document"}
_MAX_CHAPTER = 50_000_000  # bytes


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    media_type: str
    properties: str


def read(source: Source, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Yield the text of a book."""
    with Archive(source, limits) as archive:
        package = _package(archive)
        root = archive.tree(package, with_doctype=True)
        items = _items(root, posixpath.dirname(package))
        chapters = _spine(root, items)
        titles = _titles(archive, items.values())
        about = _about(root)
        if about:
            yield Section(about)
        for number, path in enumerate(chapters):
            yield Progress(number, len(chapters))
            yield from _chapter(archive, path, titles.get(path, ""), limits)
        yield Progress(len(chapters), len(chapters))


def _package(archive: Archive) -> str:
    container = archive.tree("META-INF/container.xml", with_doctype=True)
    for each in container.iter():
        path = value(each, "full-path")
        if name_of(each).endswith("rootfile") and path in archive:
            return path
    raise ParsingFailed(ParsingFault.BROKEN)


def _items(root: Element, folder: str) -> dict[str, _Item]:
    found: dict[str, _Item] = {}
    for each in root.iter():
        if name_of(each).rpartition(":")[2] == "item":
            path = posixpath.normpath(posixpath.join(folder, unquote(value(each, "href").partition("#")[0])))
            found[value(each, "id")] = _Item(path, value(each, "media-type"), value(each, "properties"))
    return found


def _spine(root: Element, items: dict[str, _Item]) -> list[str]:
    """Return the pages in reading order; those beside it, such as answers, last; the contents are no text."""
    first: list[str] = []
    last: list[str] = []
    for each in root.iter():
        item = items.get(value(each, "idref")) if name_of(each).endswith("itemref") else None
        if item and item.media_type in _PAGES and "nav" not in item.properties.split():
            (last if value(each, "linear") == "no" else first).append(item.path)
    return list(dict.fromkeys([*first, *last]))


def _titles(archive: Archive, items: Iterable[_Item]) -> dict[str, str]:
    """Return the titles of pages as the table of contents has them, of both editions of the standard."""
    titles: dict[str, str] = {}
    for item in items:
        is_contents = "nav" in item.properties.split() or item.media_type == "application/x-dtbncx+xml"
        if not is_contents or item.path not in archive:
            continue
        try:
            root = archive.tree(item.path, with_doctype=True)
        except SyntaxError:
            continue  # a broken contents page is no reason not to read the book
        for target, title in _entries(root):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(item.path), unquote(target)))
            titles.setdefault(path.partition("#")[0], title)
    return titles


def _entries(root: Element) -> Iterator[tuple[str, str]]:
    label = ""
    for each in root.iter():
        name = name_of(each).rpartition(":")[2]
        if name == "a":
            yield value(each, "href").partition("#")[0], " ".join("".join(each.itertext()).split())
        elif name == "text":
            label = " ".join((each.text or "").split())
        elif name == "content" and label:
            yield value(each, "src").partition("#")[0], label


def _about(root: Element) -> str:
    said = [
        f"{mark}: {' '.join(each.text.split())}"
        for name, mark in (("dc:title", "Title"), ("dc:creator", "Author"))
        for each in root.iter()
        if name_of(each) == name and each.text and each.text.strip()
    ]
    return "\n".join(said)


def _chapter(archive: Archive, path: str, title: str, limits: ParsingLimits) -> Iterator[Section]:
    if path not in archive:
        return
    for each in html.read(archive.bytes_of(path, _MAX_CHAPTER), limits, titled=False):
        if isinstance(each, Section):
            yield each if each.heading or not title else replace(each, heading=title)
