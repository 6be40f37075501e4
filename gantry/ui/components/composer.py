"""Where a message is written (assets/composer.jsx)."""

import reflex as rx

from gantry.ui.components.local import message_event, text_event


class Composer(rx.Component):
    """An uncontrolled text field: it clears itself when ``accepted`` is the key of what it sent.

    A text goes to the conversation in the address, once ``conversation_id``, what is on screen, is not another one.
    ``generation_id`` is that of the answer being written, or empty. Children stand in the bar below the text.
    """

    library = "$/public/composer.jsx"
    tag = "Composer"

    account_id: rx.Var[str]
    conversation_id: rx.Var[str]
    generation_id: rx.Var[str]
    accepted: rx.Var[str]
    refused: rx.Var[str]

    on_send: rx.EventHandler[message_event]
    """With the text, its key, the conversation's id (empty for a new one), and the ids of attached files."""
    on_stop: rx.EventHandler[text_event]
    """With ``generation_id``."""


composer = Composer.create
