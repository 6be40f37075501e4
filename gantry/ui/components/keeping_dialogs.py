"""The dialogs above a list of things that a person keeps (``state.keeping``): a form, and the question before one is deleted."""

from typing import Any

import reflex as rx

from gantry.state.personas import PersonasState
from gantry.state.prompts import PromptsState
from gantry.ui.dialogs import confirmation, dialog, dialog_actions
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
        dialog(
            rx.el.form(
                rx.el.input(type="hidden", name="id", value=id_),
                *fields,
                rx.el.div(
                    rx.cond(state.fault != "", rx.el.p(state.fault, class_name="callout danger")),
                    role="alert",
                ),
                dialog_actions(
                    rx.el.button(_("Save"), type="submit", class_name="button primary"),
                    on_cancel=state.close,
                ),
                on_submit=save,
                class_name="stack",
            ),
            open_=state.editing,
            title=title,
            on_close=state.close,
            testid=f"{testid}-dialog",
            class_name=class_name,
        ),
        confirmation(
            when_deleted,
            action=_("Delete"),
            on_confirm=state.remove,
            open_=state.removing_id != "",
            title=_("Delete {name}?", name=state.removing_name),
            on_close=state.close,
            testid=f"{testid}-delete",
        ),
        on_mount=state.arrive,
    )
