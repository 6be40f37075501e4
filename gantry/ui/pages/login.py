"""Signing in. The form is static: it works before the websocket is there, and without it."""

import reflex as rx

from gantry.ui.components.local import ApiForm
from gantry.ui.components.mark import mark


def login_page() -> rx.Component:
    """Lay out the form that opens a session."""
    return rx.el.main(
        rx.el.div(
            rx.el.header(mark(), rx.el.h1("Sign in to Gantry")),
            ApiForm.create(
                action="/api/v1/session",
                fields=[
                    {
                        "name": "email",
                        "label": "E-mail",
                        "type": "email",
                        "autocomplete": "username",
                        "testid": "login-email",
                        "required": True,
                    },
                    {
                        "name": "password",
                        "label": "Password",
                        "type": "password",
                        "autocomplete": "current-password",
                        "testid": "login-password",
                        "required": True,
                    },
                ],
                submit="Sign in",
                testid="login-submit",
                leads=True,
            ),
            rx.el.p(
                "No account, or a forgotten password? An administrator can help.", class_name="faint small"
            ),
        ),
        class_name="alone",
        id="main",
    )
