"""The list of conversations beside every page.

``recent`` is what changes: it is asked for again on every notice. ``older`` is what scrolling has added
below it; it is sent again only when it grows or the person changes one of its rows here. A conversation that
is answered moves from ``older`` to ``recent``, and the browser shows it once.
"""

from dataclasses import replace
from datetime import UTC, datetime
from textwrap import shorten

import reflex as rx

from gantry.runtime import services
from gantry.services.chat import Listed
from gantry.state.session import acting, guarded, notify, uuid_of, withdraw
from gantry.state.views.sidebar import RowView, rows

PAGE = 50
LARGEST_PAGE = 200  # what the service gives at most
SPARE = 20  # new rows that one refresh takes in; with more, the list starts anew
UNDOABLE = 20
LONG = 400  # rows in ``older`` that are too many to draw again at once
MOST_RECENT = 200  # rows that ``recent`` may grow to before the list starts anew


class SidebarState(rx.State):
    """The conversations listed at the moment."""

    loaded: bool = False
    pinned: list[RowView] = []
    recent: list[RowView] = []
    older: list[RowView] = []
    has_more: bool = False
    _recent_from: datetime | None = None  # ``recent`` holds all that changed since; None until the first load
    _loaded_from: datetime | None = None  # all that changed since is loaded
    _connection: str = ""
    _deleted: list[RowView] = []  # the last ones, for Undo

    @rx.event
    @guarded
    async def load(self):
        """Show the list, as every page does when it opens; a tab that comes back with a very long one starts anew."""
        connection = self.router.session.session_id
        if connection != self._connection and len(self.older) > LONG:
            self._recent_from = None
        self._connection = connection
        await self._refresh()

    @rx.event
    @guarded
    async def refresh(self):
        """Show what has changed, wherever it was changed."""
        await self._refresh()

    @rx.event
    @guarded
    async def refresh_one(self, conversation: str):
        """Show what has changed in one conversation's row."""
        await self._refresh()

    @rx.event
    @guarded
    async def more(self):
        """Add rows at the end: as many as there are, so that a long way down is few messages."""
        if not self.has_more:
            return
        who = await acting(self)
        limit = min(LARGEST_PAGE, max(PAGE, len(self.recent) + len(self.older)))
        page = await services().chat.list_conversations(who, before=self._loaded_from, limit=limit)
        self._extend(page, limit)

    @rx.event
    @guarded
    async def rename(self, conversation: str, title: str):
        """Give a conversation another name."""
        stored = await services().chat.rename(await acting(self), uuid_of(conversation), title)
        if row := self._take_older(conversation):
            self._put_older(replace(row, title=stored))
        await self._refresh()

    @rx.event
    @guarded
    async def pin(self, conversation: str, pinned: bool):
        """Keep a conversation at the top, or let it go back to its place."""
        await services().chat.pin(await acting(self), uuid_of(conversation), pinned)
        row = self._row(conversation)
        if pinned:
            self._take_older(conversation)
        elif row:
            self._put_older(replace(row, pinned=False))
        await self._refresh()

    @rx.event
    @guarded
    async def delete(self, conversation: str):
        """Delete a conversation at once, with a way back."""
        await services().chat.delete(await acting(self), uuid_of(conversation))
        row = self._row(conversation) or RowView(conversation, "", 0)
        self._deleted = [*self._deleted, row][-UNDOABLE:]
        self._take_older(conversation)
        await self._refresh()
        title = shorten(row.title or "Untitled", 48, placeholder="…")
        await notify(self, f"Deleted “{title}”.", action="Undo", action_id=f"undelete:{conversation}")
        return rx.redirect("/") if self.router.url.path == f"/c/{conversation}" else None

    @rx.event
    @guarded
    async def act(self, notice: str, action: str):
        """Do what a notice's button says, and take the notice away."""
        await withdraw(self, notice)
        verb, _, argument = action.partition(":")
        if verb == "undelete":
            await services().chat.undelete(await acting(self), uuid_of(argument))
            for row in self._deleted:
                if row.id == argument and not row.pinned:
                    self._put_older(row)
            await self._refresh()

    async def _refresh(self) -> None:
        """Ask for the pinned and the recent rows; replace only what differs, so nothing is sent in vain."""
        chat, who = services().chat, await acting(self)
        pinned = rows(await chat.list_pinned(who))
        limit = PAGE if self._recent_from is None else min(MOST_RECENT, len(self.recent) + SPARE)
        listed = await chat.list_conversations(who, limit=limit)
        inside = [each for each in listed if self._is_recent(each)]
        if self._recent_from is None or (len(listed) == limit and len(inside) == limit):
            self._start(listed[:PAGE], more=len(listed) >= PAGE)
        elif (recent := rows(inside)) != self.recent:
            self.recent = recent
        if pinned != self.pinned:
            self.pinned = pinned
        if not self.loaded:
            self.loaded = True

    def _start(self, page: list[Listed], *, more: bool) -> None:
        self.recent, self.older, self.has_more = rows(page), [], more
        start = page[-1].conversation.updated_at if more else datetime.fromtimestamp(0, UTC)
        self._recent_from = self._loaded_from = start

    def _extend(self, page: list[Listed], limit: int) -> None:
        self.has_more = len(page) == limit
        if page:
            self.older = [*self.older, *rows(page)]
            self._loaded_from = page[-1].conversation.updated_at

    def _is_recent(self, each: Listed) -> bool:
        return self._recent_from is None or each.conversation.updated_at >= self._recent_from

    def _row(self, conversation: str) -> RowView | None:
        every = (*self.pinned, *self.recent, *self.older)
        return next((row for row in every if row.id == conversation), None)

    def _take_older(self, conversation: str) -> RowView | None:
        """Take a row out of ``older``; None when it is not there."""
        found = next((row for row in self.older if row.id == conversation), None)
        if found:
            self.older = [row for row in self.older if row.id != conversation]
        return found

    def _put_older(self, row: RowView) -> None:
        """Put a row into its place in ``older``, if that is where its place is."""
        if self._recent_from is None or self._loaded_from is None:
            return
        if self._loaded_from.timestamp() - 1 <= row.updated <= self._recent_from.timestamp():
            others = [each for each in self.older if each.id != row.id]
            self.older = sorted([*others, row], key=lambda each: each.updated, reverse=True)
