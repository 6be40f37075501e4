"""From elements to conversations: each goes to the reader that knows it, and a bad one costs itself only."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gantry.adapters.importing.elements import Broken, Unreadable
from gantry.adapters.importing.readers import reader_of
from gantry.adapters.importing.values import first_text, mapping
from gantry.domain.importing import NO_CONVERSATION, NONE_INSIDE, Found, Reader, Skipped, Surroundings
from gantry.domain.messages import _, plural

_MAX_GATHERED = 200_000  # elements of one file that are one whole
_TOLD_ALONE = 20  # entries of one file that nothing is known of; the rest is counted


def found_in(elements: Iterable[object], around: Surroundings, path: str) -> Iterator[Found]:
    """Yield what is in the elements of one file."""
    reading = _File(around, path)
    try:
        for element in elements:
            yield from reading.take(element)
    except Unreadable as error:
        yield Found("", Skipped(path, error.why))
    yield from reading.end()


class _File:
    def __init__(self, around: Surroundings, path: str) -> None:
        self._around, self._path = around, path
        self._number = 0
        self._known = 0
        self._texts = 0
        self._unknown: list[Skipped] = []
        self._not_told = 0
        self._gathered: dict[str, tuple[Reader, list[object]]] = {}

    def take(self, element: object) -> Iterator[Found]:
        self._number += 1
        reader = None if isinstance(element, Broken) else reader_of(element)
        if reader is not None:
            self._known += 1
            yield from self._given(reader, element)
        elif inside := list(_inside(element)):
            for each in inside:
                yield from self.take(each)
        else:
            self._pass_over(element)

    def _given(self, reader: Reader, element: object) -> Iterator[Found]:
        if reader.gathers:
            gathered = self._gathered.setdefault(reader.name, (reader, []))[1]
            if len(gathered) < _MAX_GATHERED:
                gathered.append(element)
            else:
                self._pass_over(element)
            return
        yield from _read(reader, element, self._around, self._named(element))

    def _named(self, element: object) -> str:
        title = first_text(mapping(element), "title", "name")[:80]
        file, number = self._path, str(self._number)
        if title:
            return _("{file}, entry {number} “{title}”", file=file, number=number, title=title)
        return _("{file}, entry {number}", file=file, number=number)

    def _pass_over(self, element: object) -> None:
        self._texts += isinstance(element, str)
        if len(self._unknown) >= _TOLD_ALONE:
            self._not_told += 1
            return
        why = _("it is not JSON") if isinstance(element, Broken) else NONE_INSIDE
        self._unknown.append(Skipped(self._named(element), why))

    def end(self) -> Iterator[Found]:
        for reader, gathered in self._gathered.values():
            yield from _read(reader, gathered, self._around, self._path)
        if not self._known:
            if self._number > self._texts:  # a page or a note beside conversations is no loss
                yield Found("", Skipped(self._path, NO_CONVERSATION))
            return
        for skipped in self._unknown:
            yield Found("", skipped)
        if self._not_told:
            more = plural(
                "{file}, {count} more entry",
                "{file}, {count} more entries",
                count=self._not_told,
                file=self._path,
            )
            yield Found("", Skipped(more, _("there are no messages in them")))


def _read(reader: Reader, element: object, around: Surroundings, what: str) -> Iterator[Found]:
    try:
        for item in reader.read(element, around):
            yield Found(reader.name, item)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        why = f"{type(error).__name__}: {str(error)[:100]}"
        yield Found(reader.name, Skipped(what, _("it could not be read ({error})", error=why)))


def _inside(element: object) -> Iterator[object]:
    """Yield what is in the lists of a wrapper that no reader knows: ``{"conversations": […]}``."""
    if isinstance(element, Mapping):
        for value in element.values():
            if isinstance(value, list):
                yield from (each for each in _list(value) if reader_of(each) is not None)
    elif isinstance(element, list):
        yield from element


def _list(value: list[Any]) -> list[Any]:
    return value
