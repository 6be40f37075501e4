"""What is set for one chat: the button above it, and the dialog."""

from typing import Any

import reflex as rx

from gantry.state.chat import ChatState
from gantry.state.chat_settings import ChatSettingsState, SettingsFields
from gantry.ui.components.parameters import parameters, system_prompt
from gantry.ui.dialogs import form_dialog, submit_button
from gantry.ui.text import _


def chat_settings_button() -> rx.Component:
    """Lay out the button, which shows whether anything is set."""
    own = ChatSettingsState.own
    label = rx.cond(own, _("Chat settings, changed"), _("Chat settings"))
    return rx.el.button(
        rx.icon("sliders-horizontal", size=17, aria_hidden="true"),
        type="button",
        class_name="icon-button settings-button",
        aria_label=label,
        aria_haspopup="dialog",
        title=label,
        on_click=ChatSettingsState.ask(ChatState.conversation_id),
        data_testid="chat-settings",
        custom_attrs={"data-own": rx.cond(own, "", rx.Var("undefined"))},
    )


def chat_settings_dialog() -> rx.Component:
    """Lay out the dialog; once on a page."""
    form, has_persona = ChatSettingsState.form, ChatSettingsState.persona != ""
    unset = rx.cond(has_persona, _("As the persona decides"), _("As the server decides"))
    return form_dialog(
        rx.el.input(type="hidden", name="conversation", value=ChatSettingsState.about),
        rx.el.p(
            _("For this chat, from the next message on. What a model does not take is left out."),
            class_name="section-note",
        ),
        system_prompt(form, rx.cond(has_persona, unset, _("You are a helpful assistant."))),
        parameters(form, unset),
        buttons=(_use_defaults(), submit_button(_("Save"))),
        on_submit=_saved,
        fault=ChatSettingsState.fault,
        open_=ChatSettingsState.asking,
        title=_("Chat settings"),
        on_close=ChatSettingsState.close,
        testid="chat-settings-dialog",
        class_name="wide",
    )


def _use_defaults() -> rx.Component:
    return rx.cond(
        ChatSettingsState.own,
        rx.el.button(
            _("Use defaults"),
            type="button",
            on_click=[ChatSettingsState.clear(ChatSettingsState.about), ChatState.recount],
            class_name="button",
        ),
    )


def _saved(fields: rx.Var[SettingsFields]) -> list[Any]:
    return [ChatSettingsState.save(fields), ChatState.recount()]
