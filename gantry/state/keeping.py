"""What lists of things that a person keeps have in common: the form above them, and the question before one goes."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import reflex as rx

from gantry.domain.errors import GantryError
from gantry.domain.messages import Message, _
from gantry.state.language import told
from gantry.state.session import guarded, notify, uuid_of


class KeepingState(rx.State, mixin=True):
    """A list with a form and a question above it; see ``PersonasState`` and ``ApiTokensState``.

    Who mixes it in says what there is (``_show``), how one is deleted (``_delete``), and how that is called (``_gone``).
    """

    loaded: bool = False
    editing: bool = False
    fault: str = ""  # what is wrong in the form
    _is_kept: bool = False  # what was in the form; it may have been sent twice
    removing_id: str = ""
    removing_name: str = ""

    @rx.event
    @guarded
    async def load(self):
        """Show what there is. Also runs whenever the tab reconnects, and when something has changed elsewhere."""
        await self._show()

    @rx.event
    @guarded
    async def offer(self):
        """Have it ready in the chat; what changes later is told."""
        if not self.loaded:
            await self._show()

    @rx.event
    @guarded
    async def arrive(self):
        """Show no dialog of an earlier visit."""
        self._close()

    @rx.event
    @guarded
    async def close(self):
        """Close whichever dialog is open."""
        self._close()

    @rx.event
    @guarded
    async def remove(self, chosen: str):
        """Delete what was asked about, if that is *chosen*, which the question on the page names."""
        if not chosen or chosen != self.removing_id:
            return
        name = self.removing_name
        self._close()
        await self._delete(uuid_of(chosen))
        await self._show()
        await notify(self, self._gone(name), kind="success")

    def _ask_to_remove(self, chosen: str, name: str) -> None:
        self.removing_id, self.removing_name = chosen, name

    def _edit(self) -> None:
        """Open the form."""
        self.editing, self.fault, self._is_kept = True, "", False

    async def _keep(self, keep: Callable[[], Awaitable[object]]) -> None:
        """Keep what is in the form, once however often it is sent; what is wrong is said there."""
        if self._is_kept:
            return
        try:
            await keep()
        except GantryError as error:
            self.fault = told(error)
            return
        self._close()
        self._is_kept = True
        await self._show()

    def _gone(self, name: str) -> Message:
        return _("Deleted {name}.", name=name)

    def _close(self) -> None:
        self.editing = False
        self.removing_id = self.removing_name = self.fault = ""

    async def _show(self) -> None:
        raise NotImplementedError

    async def _delete(self, chosen: UUID) -> None:
        raise NotImplementedError
