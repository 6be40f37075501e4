"""The scrolling log of a conversation (assets/transcript.jsx)."""

import reflex as rx
from reflex.event import no_args_event_spec


class Transcript(rx.Component):
    """Keeps the reader's place; shows a text on its way until ``accepted`` or ``refused`` is its key."""

    library = "$/public/transcript.jsx"
    tag = "Transcript"

    conversation_id: rx.Var[str]
    title: rx.Var[str]
    generation_id: rx.Var[str]
    earliest_id: rx.Var[str]
    has_earlier: rx.Var[bool]
    accepted: rx.Var[str]
    refused: rx.Var[str]

    on_near_top: rx.EventHandler[no_args_event_spec]
    """Once for each ``earliest_id``, while there are earlier messages."""
    on_seen: rx.EventHandler[no_args_event_spec]
    """When the page is looked at again, or an answer ends while it is."""


transcript = Transcript.create
