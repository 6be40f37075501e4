"""A person's message and its editor (assets/user-message.jsx)."""

import reflex as rx

from gantry.ui.components.local import three_texts_event


class UserMessage(rx.Component):
    """Plain text; ``accepted`` and ``refused`` tell of the texts the server has answered last."""

    library = "$/public/user-message.jsx"
    tag = "UserMessage"

    message_id: rx.Var[str]
    text: rx.Var[str]
    accepted: rx.Var[str]
    refused: rx.Var[str]

    on_edit: rx.EventHandler[three_texts_event]
    """With the message's id, the new text and its key: the same one when the same text is sent again."""


user_message = UserMessage.create
