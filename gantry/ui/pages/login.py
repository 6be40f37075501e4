"""Signing in. The form is static: it works before the websocket is there, and without it."""

import reflex as rx

from gantry.ui.components.page import alone
from gantry.ui.forms import api_field, api_form, secret


def login_page() -> rx.Component:
    """Lay out the form that opens a session."""
    return alone(
        "Sign in to Gantry",
        api_form(
            api_field(
                "E-mail",
                "email",
                type="email",
                auto_complete="username",
                required=True,
                data_testid="login-email",
            ),
            secret("Password", "password", auto_complete="current-password", data_testid="login-password"),
            action="/api/v1/session",
            submit="Sign in",
            testid="login-submit",
            leads=True,
        ),
        rx.el.p("Need an account or a new password? Ask your administrator.", class_name="faint small"),
    )
