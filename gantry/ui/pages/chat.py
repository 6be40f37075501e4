"""The chat page: a new conversation at ``/``, a stored one at ``/c/…``."""

from typing import Any

import reflex as rx

from gantry.state.chat import ChatState
from gantry.state.views.chat import MessageView
from gantry.ui.browser import PATH
from gantry.ui.components.chat_header import chat_header
from gantry.ui.components.chat_settings import chat_settings_dialog
from gantry.ui.components.comparison import comparison
from gantry.ui.components.composer import composer
from gantry.ui.components.local import link
from gantry.ui.components.message import message
from gantry.ui.components.message_actions import rating_of
from gantry.ui.components.model_picker import model_list
from gantry.ui.components.persona_picker import persona_list
from gantry.ui.components.pictures import picture_dialog
from gantry.ui.components.placeholders import no_page
from gantry.ui.components.prompt_offer import prompt_dialog
from gantry.ui.components.sources import sources_panel
from gantry.ui.components.transcript import transcript
from gantry.ui.components.welcome import welcome
from gantry.ui.text import _


def chat_page() -> rx.Component:
    """Lay out the open conversation, or what to do instead."""
    is_ours = (PATH == "/") | PATH.startswith("/c/")
    return rx.cond(is_ours, rx.cond(ChatState.found, _conversation(), _not_found()), no_page())


def _conversation() -> rx.Component:
    last_id = rx.cond(ChatState.latest, rx.Var.create(ChatState.latest)[-1].id, "")
    return rx.el.div(
        chat_header(),
        transcript(
            rx.cond(
                ChatState.has_earlier, rx.el.p(_("Loading earlier messages…"), class_name="loading-earlier")
            ),
            rx.foreach(ChatState.earlier, lambda view: _message(view, last=False)),
            rx.cond(ChatState.gap, _newer()),
            rx.foreach(
                ChatState.latest,
                lambda view: rx.cond(view.heading == "", _message(view, last=view.id == last_id)),
            ),
            comparison(),
            otherwise=welcome(),
        ),
        composer(),
        sources_panel(),
        model_list(),
        persona_list(),
        chat_settings_dialog(),
        picture_dialog(),
        prompt_dialog(),
        class_name="chat",
        custom_attrs={"data-conversation": ChatState.conversation_id},
    )


def _message(view: MessageView, *, last: Any) -> rx.Component:
    return rx.fragment(message(view=view, last=last, rating=rating_of(view)), key=view.id)


def _newer() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            _("Newer messages"),
            type="button",
            on_click=ChatState.show_newest,
            class_name="button tiny",
            data_testid="newer-messages",
        ),
        class_name="newer",
    )


def _not_found() -> rx.Component:
    return rx.el.div(
        rx.el.h1(_("Conversation not found")),
        rx.el.p(_("It may have been deleted, or you don't have access.")),
        link(_("Start a new chat"), to="/", class_name="button primary"),
        class_name="not-found",
        data_testid="not-found",
    )
