"""A page that is loaded anew starts with its own conversation, not with the one the tab showed last."""

import reflex as rx
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event

from gantry.state.chat import ChatState
from gantry.state.guard import HYDRATION
from gantry.state.leading import LeadingState, forget


class PageLoad(rx.Middleware):
    """Takes the previous page off the tab's state before the state is sent to a new one.

    A tab keeps its state over page loads, and Reflex sends it before the page's own events run. Until these had
    run, the last conversation would be on screen, and what was sent would go to it.
    """

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Clear the state of a page at another address; let every event through."""
        if event.name in HYDRATION:
            (await state.get_state(ChatState)).arrive()
            forget(await state.get_state(LeadingState))
        return None
