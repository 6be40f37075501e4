"""Another e-mail address, and leaving."""

from typing import Any

import reflex as rx

from gantry.state.own_account import OwnAccountState
from gantry.state.session import SessionState
from gantry.ui.browser import once, plain_link
from gantry.ui.components.exporting import data_settings
from gantry.ui.dialogs import dialog, dialog_actions
from gantry.ui.forms import field
from gantry.ui.text import _

_ONCE_MS = 150  # sent twice in one breath, the second would be refused: nobody is signed in any more, and the receipt would be gone


def email_form() -> rx.Component:
    """Lay out the form for another address."""
    return rx.el.form(
        field(
            _("New e-mail"),
            rx.el.input(
                id="new-email",
                name="email",
                type="email",
                required=True,
                max_length=254,
                auto_complete="email",
                placeholder=SessionState.email,
                class_name="input",
                aria_describedby="new-email-hint",
            ),
            id_="new-email",
            hint=rx.cond(SessionState.email != "", _("Now {email}", email=SessionState.email), ""),
        ),
        field(_("Password"), _password("email-password"), id_="email-password"),
        rx.el.p(OwnAccountState.email_fault, class_name="fault", role="alert"),
        rx.el.div(rx.el.button(_("Change e-mail"), type="submit", class_name="button"), class_name="row"),
        on_submit=OwnAccountState.change_email,
        class_name="stack",
        data_testid="email-form",
    )


def deletion() -> rx.Component:
    """Lay out the button that leads to the end, and its dialog."""
    return rx.fragment(
        rx.el.div(
            rx.el.button(
                _("Delete account…"),
                type="button",
                on_click=OwnAccountState.ask,
                class_name="button danger",
                data_testid="delete-account",
            ),
            class_name="row",
        ),
        dialog(
            rx.cond(OwnAccountState.receipt_file != "", _receipt(), _question()),
            open_=OwnAccountState.asks,
            title=rx.cond(
                OwnAccountState.receipt_file != "",
                _("Your account has been deleted"),
                _("Delete your account?"),
            ),
            on_close=OwnAccountState.close,
            testid="dialog-deletion",
        ),
    )


def _question() -> rx.Component:
    return rx.el.form(
        rx.el.p(_("This will be deleted at once, and cannot be brought back:")),
        _lines(OwnAccountState.holdings),
        rx.el.p(
            _("Backups that an administrator has made keep a copy until they are removed."),
            class_name="small soft",
        ),
        rx.el.p(_("To keep a copy, export everything first:"), class_name="small soft"),
        data_settings(),
        field(_("Password"), _password("deletion-password"), id_="deletion-password"),
        rx.el.p(OwnAccountState.fault, class_name="fault", role="alert", data_testid="deletion-fault"),
        dialog_actions(
            rx.el.button(
                _("Delete my account"),
                type="submit",
                class_name="button danger",
                custom_attrs=once(),
                data_testid="deletion-confirm",
            ),
            on_cancel=OwnAccountState.close,
        ),
        on_submit=OwnAccountState.delete.throttle(_ONCE_MS),  # pyright: ignore[reportAttributeAccessIssue]
        class_name="stack",
    )


def _receipt() -> rx.Component:
    return rx.el.div(
        rx.el.p(_("Deleted, with the files and what search kept of them:")),
        _lines(OwnAccountState.receipt),
        dialog_actions(
            plain_link(
                _("Download receipt"),
                href=OwnAccountState.receipt_file,
                download="gantry-account-deleted.json",
                class_name="button",
                data_testid="receipt",
            ),
            plain_link(_("Done"), href="/login", class_name="button primary", data_testid="deletion-done"),
        ),
        class_name="stack",
    )


def _lines(lines: list[str]) -> rx.Component:
    return rx.el.ul(rx.foreach(lines, rx.el.li), class_name="plain-list")


def _password(id_: str) -> Any:
    return rx.el.input(
        id=id_,
        name="password",
        type="password",
        required=True,
        max_length=256,
        auto_complete="current-password",
        class_name="input",
    )
