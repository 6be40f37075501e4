"""The list of conversations beside every page.

``recent`` is what changes: it is asked for again on every notice. ``older`` is what scrolling has added
below it; it is sent again only when it grows or the person changes one of its rows here. A conversation that
is answered moves from ``older`` to ``recent``, and is shown once.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from textwrap import shorten
from typing import Annotated, Any
from uuid import uuid4

import reflex as rx
from pydantic import StringConstraints

from gantry.domain.accounts import Actor
from gantry.domain.clock import is_zone, zone_named
from gantry.domain.messages import _
from gantry.domain.order import LOOSE, MAX_TAG_CHARACTERS, Listing, StoredFolder
from gantry.runtime import services
from gantry.services.chat import Listed
from gantry.services.conversations import IN_FOLDER, MOST_IN_FOLDER
from gantry.state.language import said
from gantry.state.leading import lead
from gantry.state.session import SessionState, acting, guarded, notify, uuid_of, withdraw, zone_of
from gantry.state.views.sidebar import (
    FolderView,
    GroupView,
    RowView,
    flat,
    folder_views,
    grouped,
    in_order,
    rows,
)

PAGE = 50
LARGEST_PAGE = 200  # what the service gives at most
SPARE = 20  # new rows that one refresh takes in; with more, the list starts anew
UNDOABLE = 20
LONG = 400  # rows in ``older`` that are too many to draw again at once
MOST_RECENT = 200  # rows that ``recent`` may grow to before the list starts anew


async def refresh_list(state: rx.State) -> None:
    """Show what the handler of another state on the same page has changed: its notice is not for this page."""
    listed = await state.get_state(SidebarState)
    await listed._refresh()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the underscore keeps it from the browser


class SidebarState(rx.State):
    """The conversations listed at the moment."""

    loaded: bool = False
    pinned: list[RowView] = []
    folders: list[FolderView] = []
    tags: list[str] = []  # that the list can be narrowed to
    tag: str = ""  # the one it is narrowed to
    recent: list[GroupView] = []
    older: list[GroupView] = []
    has_more: bool = False
    _recent_from: datetime | None = None  # ``recent`` holds all that changed since; None until the first load
    _loaded_from: datetime | None = None  # all that changed since is loaded
    _connection: str = ""
    _zone: str = ""  # of the browser: the days of the headings are the reader's
    _deleted: list[RowView] = []  # the last ones, for Undo
    _was_open: str = ""  # the id of the last one, if it was on screen
    _folders: list[StoredFolder] = []
    _each: int = IN_FOLDER  # rows that an open folder may show
    _undoable: dict[
        str, list[str]
    ] = {}  # conversations that were changed at once, by what the notice calls the change

    @rx.event
    @guarded
    async def load(self):
        """Show the list, as every page does when it opens; a tab that comes back with a very long one starts anew."""
        connection = self.router.session.session_id
        if connection != self._connection and len(flat(self.older)) > LONG:
            self._recent_from = None
        news = connection != self._connection  # afterwards a notice tells
        self._connection = connection
        self._zone = await zone_of(self)
        if news:
            await self._learn_folders()
        await self._refresh()

    @rx.event
    @guarded
    async def group_by_days_of(self, zone: str):
        """Put the list under the days of the browser's zone, unless another was chosen."""
        chosen = (await self.get_state(SessionState)).zone
        if (chosen or zone) == self._zone or not is_zone(chosen or zone):
            return
        self._zone = chosen or zone
        self._show(flat(self.recent), flat(self.older))

    @rx.event
    @guarded
    async def refresh(self):
        """Show what has changed, wherever it was changed."""
        await self._refresh()

    @rx.event
    @guarded
    async def refresh_folders(self):
        """Show that folders have come, gone or changed."""
        await self.reload_folders()

    async def reload_folders(self) -> None:
        """Ask for the folders and tags anew, and for what is in the open ones."""
        await self._learn_folders()
        await self._refresh()

    async def _learn_folders(self) -> None:
        who = await acting(self)
        self._folders = in_order(await services().folders.list_folders(who))
        tags = await services().order.tags(who)
        if tags != self.tags:
            self.tags = tags

    @rx.event
    @guarded
    async def fold(self, folder: str, folded: bool):
        """Hide what is in a folder, or show it; it stays so wherever the person signs in."""
        changed = await services().folders.fold(await acting(self), uuid_of(folder, "folder"), folded)
        self._folders = [changed if each.id == changed.id else each for each in self._folders]
        await self._refresh()

    @rx.event
    @guarded
    async def more_in_folders(self):
        """Show more of what is in open folders."""
        self._each = min(MOST_IN_FOLDER, 4 * self._each)
        await self._refresh()

    @rx.event
    @guarded
    async def narrow(self, tag: Annotated[str, StringConstraints(max_length=MAX_TAG_CHARACTERS)]):
        """List the conversations with *tag* alone; empty: all of them."""
        self.tag = tag
        await self.restart()

    async def restart(self) -> None:
        """Show the list from its beginning: rows may have come to places that were loaded already."""
        self._recent_from = None
        await self._refresh()

    async def changed(self, conversations: Sequence[str], *, leave: bool, undo: str = "") -> str:
        """Show that *conversations* were changed elsewhere than in their rows.

        Args:
            leave: They have left the list; else they may stand in other places.
            undo: What ``act`` has to do to take it back.

        Returns:
            The ``action_id`` of the notice that offers to.
        """
        gone = set(conversations)
        if leave:
            self._show(flat(self.recent), [row for row in flat(self.older) if row.id not in gone])
            await self._refresh()
        else:
            await self.restart()
        if not undo:
            return ""
        key = uuid4().hex
        kept = list(self._undoable.items())[1 - UNDOABLE :]
        self._undoable = {**dict(kept), key: list(conversations)}
        return f"{undo}:{key}"

    async def _take_back(self, verb: str, key: str) -> None:
        conversations = [uuid_of(each) for each in self._undoable.pop(key, [])]
        who, order = await acting(self), services().order
        if conversations and verb == "undelete-all":
            await order.undelete(who, conversations)
        elif conversations:
            await order.archive(who, conversations, False)
        await self.restart()

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
        limit = min(LARGEST_PAGE, max(PAGE, len(flat(self.recent)) + len(flat(self.older))))
        page = await self._list(who, before=self._loaded_from, limit=limit)
        self._extend(page, limit)

    @rx.event
    @guarded
    async def pin(self, conversation: str, pinned: bool):
        """Keep a conversation at the top, or let it go back to its place."""
        await services().conversations.pin(await acting(self), uuid_of(conversation), pinned)
        row = self._row(conversation)
        if pinned:
            self._take_older(conversation)
        elif row:
            self.pinned = [each for each in self.pinned if each.id != conversation]
            if not row.folder:
                self._put_older(replace(row, pinned=False))
        await self._refresh()

    @rx.event
    @guarded
    async def delete(self, conversation: str):
        """Delete a conversation at once, with a way back."""
        await services().conversations.delete(await acting(self), uuid_of(conversation))
        row = self._row(conversation) or RowView(conversation, "", 0)
        self._deleted = [*self._deleted, row][-UNDOABLE:]
        self._take_older(conversation)
        await self._refresh()
        title = shorten(row.title or said(_("Untitled")), 48, placeholder="…")
        await notify(
            self, _("Deleted “{title}”.", title=title), action=_("Undo"), action_id=f"undelete:{conversation}"
        )
        self._was_open = conversation if self.router.url.path == f"/c/{conversation}" else ""
        if self._was_open:
            await lead(self, "/")

    @rx.event
    @guarded
    async def act(self, notice: str, action: str):
        """Do what a notice's button says, and take the notice away."""
        await withdraw(self, notice)
        verb, _colon, argument = action.partition(":")
        if verb == "undelete":
            await services().conversations.undelete(await acting(self), uuid_of(argument))
            for row in self._deleted:
                if row.id == argument and not (row.pinned or row.folder):
                    self._put_older(row)
            await self._refresh()
            if argument == self._was_open and self.router.url.path == "/":
                await lead(self, f"/c/{argument}")
        elif verb in {"undelete-all", "unarchive"}:
            await self._take_back(verb, argument)

    def take_name(self, conversation: str, title: str) -> None:
        """Show the new name of a conversation that no refresh asks for."""
        if row := self._take_older(conversation):
            self._put_older(replace(row, title=title))

    def has_deleted(self, conversation: str) -> bool:
        """Whether this tab has deleted *conversation* and not taken it back."""
        return any(row.id == conversation for row in self._deleted)

    async def _refresh(self) -> None:
        """Ask for the pinned and the recent rows; replace only what differs, so nothing is sent in vain."""
        who = await acting(self)
        pinned = await self._refresh_kept(who)
        limit = PAGE if self._recent_from is None else min(MOST_RECENT, len(flat(self.recent)) + SPARE)
        listed = await self._list(who, limit=limit)
        if pinned != self.pinned:
            self.pinned = pinned
        inside = [each for each in listed if self._is_recent(each)]
        if self._recent_from is None or (len(listed) == limit and len(inside) == limit):
            self._start(listed[:PAGE], more=len(listed) >= PAGE)
        else:
            self._show(rows(inside), flat(self.older))
        if not self.loaded:
            self.loaded = True

    async def _refresh_kept(self, who: Actor) -> list[RowView]:
        """Bring what is in folders up to date; return what is pinned, which is asked for with it. Neither is narrowed to a tag."""
        if self.tag:
            self.folders = []
            return []
        folded = {each.id for each in self._folders if each.folded}
        shown = [each.id for each in self._folders if not {each.id, each.parent_id} & folded]
        options: dict[str, Any] = {"folders": shown, "each": self._each} if shown else {}
        kept = rows(await services().conversations.list_pinned(who, **options))
        views = folder_views(self._folders, (row for row in kept if not row.pinned), each=self._each)
        if views != self.folders:
            self.folders = views
        return [row for row in kept if row.pinned]

    async def _list(self, who: Actor, *, limit: int, before: datetime | None = None) -> list[Listed]:
        listing = Listing(pinned=None, tag=self.tag) if self.tag else LOOSE
        return await services().conversations.list_conversations(
            who, before=before, limit=limit, listing=listing
        )

    def _show(self, recent: list[RowView], older: list[RowView]) -> None:
        """Put both under their headings; what stays the same is not sent again."""
        zone = zone_named(self._zone)
        pinned = {row.id for row in self.pinned}
        recent = [row for row in recent if row.id not in pinned]
        above = pinned | {row.id for row in recent}  # a conversation is shown once
        older = [row for row in older if row.id not in above]
        newer = grouped(recent, zone)
        below = grouped(older, zone, above=newer[-1].label if newer else "")
        if newer != self.recent:
            self.recent = newer
        if below != self.older:
            self.older = below

    def _start(self, page: list[Listed], *, more: bool) -> None:
        self._show(rows(page), [])
        self.has_more = more
        start = page[-1].conversation.updated_at if more else datetime.fromtimestamp(0, UTC)
        self._recent_from = self._loaded_from = start

    def _extend(self, page: list[Listed], limit: int) -> None:
        self.has_more = len(page) == limit
        if page:
            self._show(flat(self.recent), [*flat(self.older), *rows(page)])
            self._loaded_from = page[-1].conversation.updated_at

    def _is_recent(self, each: Listed) -> bool:
        return self._recent_from is None or each.conversation.updated_at >= self._recent_from

    def _row(self, conversation: str) -> RowView | None:
        return next((row for row in self.every_row() if row.id == conversation), None)

    def every_row(self) -> list[RowView]:
        """Return the rows from top to bottom."""
        inside = [row for folder in self.folders for row in folder.rows]
        return [*self.pinned, *inside, *flat(self.recent), *flat(self.older)]

    def _take_older(self, conversation: str) -> RowView | None:
        """Take a row out of ``older``; None when it is not there."""
        older = flat(self.older)
        found = next((row for row in older if row.id == conversation), None)
        if found:
            self._show(flat(self.recent), [row for row in older if row.id != conversation])
        return found

    def _put_older(self, row: RowView) -> None:
        """Put a row into its place in ``older``, if that is where its place is."""
        if self._recent_from is None or self._loaded_from is None:
            return
        if self._loaded_from.timestamp() - 1 <= row.updated <= self._recent_from.timestamp():
            others = [each for each in flat(self.older) if each.id != row.id]
            older = sorted([*others, row], key=lambda each: each.updated, reverse=True)
            self._show(flat(self.recent), older)
