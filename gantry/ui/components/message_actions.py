"""What can be done with a message (assets/message-actions.jsx)."""

import reflex as rx

from gantry.ui.components.local import text_event, two_texts_event


class MessageActions(rx.Component):
    """Copy, branches, and by role: rate, retry, continue, or edit. Shows nothing before the message has settled."""

    library = "$/public/message-actions.jsx"
    tag = "MessageActions"

    message_id: rx.Var[str]
    role: rx.Var[str]
    status: rx.Var[str]
    text: rx.Var[str]
    generation_id: rx.Var[str]
    model: rx.Var[str]
    usage: rx.Var[str]
    rating: rx.Var[str]
    created_at: rx.Var[str]
    truncated: rx.Var[bool]
    last: rx.Var[bool]
    sibling_index: rx.Var[int]
    sibling_count: rx.Var[int]
    previous_id: rx.Var[str]
    next_id: rx.Var[str]

    on_rate: rx.EventHandler[two_texts_event]
    """With the message's id and ``up``, ``down`` or nothing."""
    on_retry: rx.EventHandler[two_texts_event]
    """With the message's id and a model, or nothing for the same one."""
    on_continue: rx.EventHandler[text_event]
    """With the message's id."""
    on_select: rx.EventHandler[text_event]
    """With the id of another of the alternatives."""


message_actions = MessageActions.create
