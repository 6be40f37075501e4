"""Leading a page elsewhere when something is done, unless the person has gone elsewhere meanwhile.

A redirect of Reflex's own is followed wherever its page is by then, so that it takes away whoever has opened another
conversation in the meantime. Here the page compares, and it alone knows.
"""

from uuid import uuid4

import reflex as rx


class LeadingState(rx.State):
    """Where the page is led next, and from which path; ``turn`` tells two of the same apart."""

    away_from: str = ""
    to: str = ""
    turn: str = ""


async def lead(state: rx.State, to: str) -> None:
    """Lead *state*'s page to *to*, if it is still where it was when the event was raised."""
    leading = await state.get_state(LeadingState)
    leading.away_from, leading.to, leading.turn = state.router.url.path, to, uuid4().hex


def forget(leading: LeadingState) -> None:
    """Lead nowhere: the page is another one now."""
    if leading.turn:
        leading.turn = ""
