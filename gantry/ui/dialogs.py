"""Dialogs, all of one make: a title, what is asked, and the buttons at the end."""

from typing import Any

import reflex as rx
from reflex.event import no_args_event_spec

from gantry.ui.browser import function, once
from gantry.ui.text import Text, _


class _Dialog(rx.el.Dialog):
    """With the event that tells that the person wants it closed: Esc, or a press beside it."""

    on_cancel: rx.EventHandler[no_args_event_spec]


def dialog(
    *children: rx.Component,
    open_: bool | rx.Var[bool],
    title: Text,
    on_close: Any,
    testid: str,
    class_name: str = "",
) -> rx.Component:
    """Lay out a modal dialog that is there while *open_* holds.

    Args:
        on_close: A handler; it has to make *open_* false.
        testid: Also its id: one dialog of a kind is open at a time.
    """
    return rx.cond(
        open_,
        _Dialog.create(
            rx.el.div(
                rx.el.header(
                    rx.el.h2(title, id=f"{testid}-title", class_name="anywhere"),
                    rx.el.button(
                        rx.icon("x", size=18, aria_hidden="true"),
                        type="button",
                        class_name="icon-button",
                        aria_label=_("Close"),
                        on_click=on_close,
                    ),
                    class_name="row apart",
                ),
                *children,
                class_name="dialog-body",
            ),
            id=testid,
            class_name=f"dialog {class_name}".strip(),
            data_testid=testid,
            custom_attrs={"aria-labelledby": f"{testid}-title", "closedby": "any"},
            on_cancel=on_close,
            on_mount=function("openDialog", "focus.js").partial(testid),
            on_unmount=function("leaveDialog", "focus.js").partial(testid),
        ),
    )


def dialog_actions(*buttons: rx.Component, on_cancel: Any = None) -> rx.Component:
    """Lay out the buttons of a dialog, at its right: Cancel first, what is done last."""
    cancel = (
        [rx.el.button(_("Cancel"), type="button", on_click=on_cancel, class_name="button")]
        if on_cancel
        else []
    )
    return rx.el.div(*cancel, *buttons, class_name="dialog-actions")


def done_with(close: Any) -> rx.Component:
    """Lay out the one button below what is shown once: a double click on what was there before does not close it."""
    button = rx.el.button(
        _("Done"), type="button", on_click=close, class_name="button primary", custom_attrs=once()
    )
    return dialog_actions(button)


def form_dialog(  # noqa: PLR0913 - what a form is made of
    *fields: rx.Component,
    buttons: tuple[rx.Component, ...],
    on_submit: Any,
    fault: rx.Var[str] | str,
    open_: bool | rx.Var[bool],
    title: Text,
    on_close: Any,
    testid: str,
    class_name: str = "",
    of: Any = "",
) -> rx.Component:
    """Lay out a dialog with a form.

    Args:
        of: What the form is about: for another it has fields of its own, with what was written in none of them.
        buttons: Beside Cancel; the last one submits.
        fault: What is wrong with what was submitted; it is said above the buttons.
    """
    return dialog(
        rx.el.form(
            *fields,
            rx.el.div(rx.cond(fault != "", rx.el.p(fault, class_name="callout danger")), role="alert"),
            dialog_actions(*buttons, on_cancel=on_close),
            on_submit=on_submit,
            key=of,
            class_name="stack",
        ),
        open_=open_,
        title=title,
        on_close=on_close,
        testid=testid,
        class_name=class_name,
    )


def submit_button(label: Text) -> rx.Component:
    """Lay out the button that submits the form it is in."""
    return rx.el.button(label, type="submit", class_name="button primary", custom_attrs=once())


def confirmation(
    text: Text,
    *,
    action: Text,
    on_confirm: Any,
    on_close: Any,
    open_: bool | rx.Var[bool],
    title: Text,
    testid: str,
) -> rx.Component:
    """Lay out a dialog that asks before something is done that cannot be taken back."""
    return dialog(
        rx.el.p(text, class_name="soft"),
        dialog_actions(
            rx.el.button(
                action, type="button", on_click=on_confirm, class_name="button danger", custom_attrs=once()
            ),
            on_cancel=on_close,
        ),
        open_=open_,
        title=title,
        on_close=on_close,
        testid=testid,
    )
