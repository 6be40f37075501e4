"""What stands above a conversation: its name, and the model that answers."""

import reflex as rx

from gantry.state.chat import ChatState
from gantry.ui.ahead import Ahead
from gantry.ui.browser import Kept
from gantry.ui.components.chat_settings import chat_settings_button
from gantry.ui.components.exporting import export_button
from gantry.ui.components.model_picker import compare_button, model_picker
from gantry.ui.components.persona_picker import persona_picker
from gantry.ui.naming import name_field
from gantry.ui.text import _

_NAME = Ahead("title", ChatState.title, of=ChatState.conversation_id)
_NAMING = Kept("naming")  # the id of the conversation whose name is being typed


def chat_header() -> rx.Component:
    """Lay out the header. What can be done with the whole conversation goes to its end."""
    return rx.el.header(
        rx.cond(ChatState.conversation_id != "", _title()),
        rx.el.div(
            model_picker(),
            compare_button(),
            persona_picker(),
            chat_settings_button(),
            rx.cond(ChatState.conversation_id != "", export_button(ChatState.conversation_id)),
            class_name="chat-tools",
        ),
        class_name="chat-header",
    )


def _title() -> rx.Component:
    title = rx.cond(_NAME.value != "", _NAME.value, _("Conversation"))
    return rx.el.h1(
        rx.cond(
            _NAMING.value == ChatState.conversation_id,
            _name(),
            rx.el.button(
                title,
                type="button",
                class_name="chat-title clip",
                dir="auto",
                title=_("Rename"),
                data_testid="chat-title",
                on_click=_NAMING.put(ChatState.conversation_id),
            ),
        )
    )


def _name() -> rx.Component:
    return name_field(
        _NAME,
        lambda title: ChatState.rename(title, ChatState.conversation_id),
        done=_NAMING.put(""),
        back=".chat-title",
    )
