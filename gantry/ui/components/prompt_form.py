"""The dialogs above the list of prompts."""

import reflex as rx

from gantry.domain.prompts import MAX_CONTENT_CHARACTERS, MAX_NAME_CHARACTERS
from gantry.state.prompts import PromptsState
from gantry.ui.components.keeping_dialogs import keeping_dialogs
from gantry.ui.forms import field
from gantry.ui.text import _


def prompt_dialogs() -> rx.Component:
    """Lay out the form, and what is asked before one is deleted."""
    return keeping_dialogs(
        PromptsState,
        field(
            _("Name"),
            rx.el.input(
                id="prompt-name",
                name="name",
                default_value=PromptsState.form_name,
                required=True,
                max_length=MAX_NAME_CHARACTERS,
                auto_complete="off",
                class_name="input",
                custom_attrs={"aria-describedby": "prompt-name-hint"},
            ),
            id_="prompt-name",
            hint=_("What you type after / in the message field to find it."),
        ),
        field(
            _("Text"),
            rx.el.textarea(
                id="prompt-content",
                name="content",
                default_value=PromptsState.form_content,
                required=True,
                rows=8,
                max_length=MAX_CONTENT_CHARACTERS,
                class_name="input",
                custom_attrs={"aria-describedby": "prompt-content-hint"},
            ),
            id_="prompt-content",
            hint=_("Write {{name}} for what you want to be asked for each time."),
        ),
        id_=PromptsState.form_id,
        title=rx.cond(PromptsState.form_id == "", _("New prompt"), _("Edit prompt")),
        when_deleted=_("Messages that were written with it stay."),
        testid="prompt",
    )
