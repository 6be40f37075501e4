"""Telling people in their pages that Redis is away."""
# pyright: reportPrivateUsage=false

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState, StateUpdate

from gantry.domain.messages import _
from gantry.state.session import NoticeState, notify
from gantry.state.shared import SharedStates


class RedisAwayNotice(rx.Middleware):
    """Shows a notice with the first event of a tab that is served without Redis."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Let every event through; the notice travels with what it changes."""
        states = app.state_manager
        if isinstance(states, SharedStates) and states.reach.away and isinstance(state, rx.State):
            board = await state.get_state(NoticeState)
            if not board._outage_told:  # noqa: SLF001 - a leading underscore keeps it from the browser
                board._outage_told = True  # noqa: SLF001
                await notify(
                    state,
                    _("Live updates are delayed: Redis does not answer."),
                    advice=_(
                        "You can continue. Changes in other windows and on other devices may appear late."
                    ),
                )
        return None
