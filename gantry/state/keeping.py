"""What lists of things that a person keeps have in common: the form above them, and the question before one goes."""

from uuid import UUID

import reflex as rx

from gantry.domain.messages import _
from gantry.state.session import guarded, notify, uuid_of


class KeepingState(rx.State, mixin=True):
    """A list with a form and a question above it; see ``PersonasState`` and ``PromptsState``.

    Who mixes it in says what there is (``_show``) and how one is deleted (``_delete``).
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
        await self._delete(uuid_of(self.removing_id))
        name = self.removing_name
        self._close()
        await self._show()
        await notify(self, _("Deleted {name}.", name=name), kind="success")

    def _ask_to_remove(self, chosen: str, name: str) -> None:
        self.removing_id, self.removing_name = chosen, name

    def _close(self) -> None:
        self.editing = False
        self.removing_id = self.removing_name = self.fault = ""

    async def _show(self) -> None:
        raise NotImplementedError

    async def _delete(self, chosen: UUID) -> None:
        raise NotImplementedError
