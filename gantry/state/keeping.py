"""What lists of things that a person keeps have in common: the form above them, and the question before one goes."""

from collections.abc import Awaitable
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
    async def remove(self):
        """Delete what was asked about."""
        if not self.removing_id:
            return
        chosen, name = self.removing_id, self.removing_name
        self._close()
        await self._delete(uuid_of(chosen))
        await self._show()
        await notify(self, self._gone(name), kind="success")

    def _ask_to_remove(self, chosen: str, name: str) -> None:
        self.removing_id, self.removing_name = chosen, name

    async def _keep(self, kept: Awaitable[object]) -> bool:
        """Keep what is in the form; what is wrong is said there. Returns whether it is kept."""
        try:
            await kept
        except GantryError as error:
            self.fault = told(error)
            return False
        self._close()
        await self._show()
        return True

    def _gone(self, name: str) -> Message:
        return _("Deleted {name}.", name=name)

    def _close(self) -> None:
        self.editing = False
        self.removing_id = self.removing_name = self.fault = ""

    async def _show(self) -> None:
        raise NotImplementedError

    async def _delete(self, chosen: UUID) -> None:
        raise NotImplementedError
