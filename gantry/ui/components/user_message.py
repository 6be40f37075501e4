"""What a person wrote: plain text, with an editor in its place on demand. Saving makes a branch."""

from typing import Any, cast

import reflex as rx

from gantry.domain.chat import MAX_MESSAGE_CHARACTERS
from gantry.state.asking import AskingState
from gantry.state.views.chat import MessageView
from gantry.ui.browser import Kept, function
from gantry.ui.components.attached import attached
from gantry.ui.text import _

EDITING = Kept("editing")  # the id of the message that is edited; a branch that is stored has another one
_UNFOLDED = Kept("unfolded")
_FOLDED_CHARACTERS = 3000


class _Text(rx.el.Textarea):
    """A field whose keys are told with the whole event."""

    on_key_down: rx.EventHandler[lambda event: [event]]


def user_message(view: MessageView) -> rx.Component:
    """Lay out the pictures, the files and the text of a question."""
    return rx.fragment(
        attached(view),
        rx.cond(EDITING.value == view.id, _editor(view=view), _text(view)),
    )


def _text(view: MessageView) -> rx.Component:
    is_long = rx.Var.create(view.markdown).to(str).length() > _FOLDED_CHARACTERS
    is_unfolded = _UNFOLDED.value == view.id
    return rx.fragment(
        rx.el.div(
            view.markdown,
            class_name="bubble",
            custom_attrs={"data-folded": rx.cond(is_long & ~is_unfolded, "", rx.Var("undefined"))},
        ),
        rx.cond(
            is_long,
            rx.el.button(
                rx.cond(is_unfolded, _("Show less"), _("Show all")),
                type="button",
                class_name="unfold",
                aria_expanded=is_unfolded,
                on_click=_UNFOLDED.put(rx.cond(is_unfolded, "", view.id)),
            ),
        ),
    )


@rx.memo
def _editor(view: rx.Var[MessageView]) -> rx.Component:
    """Lay out the editor. It is a component of its own for what happens when it comes and goes."""
    message = cast("MessageView", view)

    def save(fields: Any) -> Any:
        return AskingState.edit(message.id, fields.to(dict[str, str])["text"])

    return rx.el.form(
        _Text.create(
            name="text",
            default_value=message.markdown,
            required=True,
            max_length=MAX_MESSAGE_CHARACTERS,
            aria_label=_("Edit message"),
            data_testid="edit",
            on_key_down=function("editorKeys", "focus.js").partial(),
        ),
        rx.el.div(
            rx.el.button(_("Cancel"), type="button", class_name="button quiet", on_click=EDITING.put("")),
            rx.el.button(_("Save & send"), type="submit", class_name="button primary"),
            class_name="edit-bar",
        ),
        class_name="edit-form",
        on_submit=save,
        on_mount=function("beginEditing", "focus.js").partial(),
        on_unmount=function("endEditing", "focus.js").partial(),
    )
