"""Texts to be copied."""

import reflex as rx

from gantry.ui.browser import Kept, function
from gantry.ui.text import Text, _

_COPIED = Kept("copied")  # the text that was copied a moment ago


def copy_field(value: str | rx.Var[str], *, label: Text, long: bool = False) -> rx.Component:
    """Lay out a text that is shown once, with a button that copies it; a *long* one on as many lines as it takes."""
    is_copied = _COPIED.value == value
    kind = rx.el.textarea if long else rx.el.input
    return rx.el.div(
        kind(class_name="input mono", read_only=True, value=value, aria_label=label),
        rx.el.button(
            rx.cond(
                is_copied,
                rx.icon("check", size=18, aria_hidden="true"),
                rx.icon("copy", size=18, aria_hidden="true"),
            ),
            type="button",
            class_name="icon-button",
            aria_label=_("Copy {what}", what=label),
            on_click=function("copyNow", "clipboard.js").partial(value, value),
        ),
        rx.el.span(rx.cond(is_copied, _("Copied"), ""), class_name="sr-only", role="status"),
        class_name="input-with-button",
    )
