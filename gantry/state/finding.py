"""What lists have in common that are searched by words and shown page by page."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

import reflex as rx

from gantry.state.session import guarded

_MOST_CHARACTERS = 100  # of what is searched for


class _Row(Protocol):
    @property
    def id(self) -> UUID: ...


_RowT = TypeVar("_RowT", bound=_Row)


class FindingState(rx.State, mixin=True):
    """A list with a field for words above it and "Show more" below; see ``MemoryState`` and ``VaultState``.

    Who mixes it in shows what there is (``_show``), as many ``_pages`` of it as there are to be.
    """

    loaded: bool = False
    search: str = ""
    has_more: bool = False
    _pages: int = 1

    @rx.event
    @guarded
    async def refresh(self):
        """Show what has changed elsewhere."""
        if self.loaded:
            await self._show()

    @rx.event
    @guarded
    async def find(self, search: str):
        """Show what holds these words, from its beginning."""
        self.search, self._pages = search[:_MOST_CHARACTERS], 1
        await self._show()

    @rx.event
    @guarded
    async def more(self):
        """Show one page more."""
        if self.has_more:
            self._pages += 1
            await self._show()

    async def _read(
        self, rows_after: Callable[[UUID | None], Awaitable[Sequence[_RowT]]], page: int
    ) -> list[_RowT]:
        """Return the rows to be shown, of which *rows_after* returns a page from the last one on."""
        found: list[_RowT] = []
        self.has_more = True
        while self.has_more and len(found) < self._pages * page:
            rows = await rows_after(found[-1].id if found else None)
            found += rows
            self.has_more = len(rows) == page
        return found

    async def _show(self) -> None:
        raise NotImplementedError
