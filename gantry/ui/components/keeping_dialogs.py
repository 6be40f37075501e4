"""The dialogs above a list of things that a person keeps (``state.keeping``): a form, and the question before one is deleted."""

from typing import Any

import reflex as rx

from gantry.state.personas import PersonasState
from gantry.state.prompts import PromptsState
from gantry.ui.dialogs import confirmation, form_dialog, submit_button
from gantry.ui.text import Text, _


def keeping_dialogs(
    state: type[PersonasState] | type[PromptsState],
    *fields: rx.Component,
    id_: Any,
    title: Text,
    when_deleted: Text,
    testid: str,
    class_name: str = "",
) -> rx.Component:
    """Lay out both dialogs of *state*.

    Args:
        fields: What the form has, apart from the *id_* of what is changed.
        when_deleted: What deleting one leaves as it is.
    """
    save: Any = state.save  # each takes the fields of its own form
    return rx.fragment(
        form_dialog(
            rx.el.input(type="hidden", name="id", value=id_),
            *fields,
            buttons=(submit_button(_("Save")),),
            on_submit=save,
            fault=state.fault,
            open_=state.editing,
            title=title,
            on_close=state.close,
            testid=f"{testid}-dialog",
            class_name=class_name,
            of=state.turn,
        ),
        confirmation(
            when_deleted,
            action=_("Delete"),
            on_confirm=state.remove(state.removing_id),
            open_=state.removing_id != "",
            title=_("Delete {name}?", name=state.removing_name),
            on_close=state.close,
            testid=f"{testid}-delete",
        ),
        on_mount=state.arrive,
    )
