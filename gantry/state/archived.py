"""The page of archived conversations."""

from datetime import datetime

import reflex as rx

from gantry.domain.messages import _
from gantry.domain.order import ARCHIVE
from gantry.runtime import services
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.sidebar import SidebarState
from gantry.state.views.order import ArchivedView, archived_views

PAGE = 50


class ArchivedState(rx.State):
    """What the page shows of the archive."""

    loaded: bool = False
    rows: list[ArchivedView] = []
    has_more: bool = False
    _from: datetime | None = None  # the oldest row that is shown

    @rx.event
    @guarded
    async def load(self):
        """Show the archive from its beginning."""
        await self._show([], None, PAGE)
        self.loaded = True

    @rx.event
    @guarded
    async def refresh(self):
        """Show what has changed, with as many rows as there are."""
        await self._show([], None, min(200, max(PAGE, len(self.rows))))

    @rx.event
    @guarded
    async def more(self):
        """Show what is older."""
        if self.has_more:
            await self._show(self.rows, self._from, PAGE)

    @rx.event
    @guarded
    async def restore(self, conversation: str):
        """Bring a conversation back into the list."""
        await services().order.archive(await acting(self), [uuid_of(conversation)], False)
        self.rows = [each for each in self.rows if each.id != conversation]
        await (await self.get_state(SidebarState)).restart()
        await notify(self, _("Back in your conversations."), kind="success")

    @rx.event
    @guarded
    async def delete(self, conversation: str):
        """Delete a conversation, with a way back into the archive."""
        row = next((each for each in self.rows if each.id == conversation), None)
        if self.rows and row is None:  # pressed again before the page had heard that it is gone
            return
        await services().order.delete(await acting(self), [uuid_of(conversation)])
        title = (row and row.title) or _("Untitled")
        self.rows = [each for each in self.rows if each.id != conversation]
        await notify(
            self, _("Deleted “{title}”.", title=title), action=_("Undo"), action_id=f"undelete:{conversation}"
        )

    async def _show(self, above: list[ArchivedView], before: datetime | None, limit: int) -> None:
        who = await acting(self)
        listed = await services().conversations.list_conversations(
            who, before=before, limit=limit, listing=ARCHIVE
        )
        folders = await services().folders.list_folders(who) if listed else []
        self.rows = [*above, *archived_views(listed, folders)]
        self.has_more = len(listed) == limit
        self._from = listed[-1].conversation.updated_at if listed else None
