"""Signing in. The form is static: it works before the websocket is there, and without it."""

import reflex as rx

from gantry.ui.components.page import alone
from gantry.ui.forms import api_field, api_form, secret
from gantry.ui.text import _


def login_page() -> rx.Component:
    """Lay out the form that opens a session."""
    return alone(
        _("Sign in to Gantry"),
        api_form(
            api_field(
                _("E-mail"),
                "email",
                type="email",
                auto_complete="username",
                required=True,
                data_testid="login-email",
            ),
            secret(_("Password"), "password", auto_complete="current-password", data_testid="login-password"),
            action="/api/v1/session",
            submit=_("Sign in"),
            testid="login-submit",
            leads=True,
        ),
        rx.el.p(_("Need an account or a new password? Ask your administrator."), class_name="faint small"),
    )
