"""The first visit: making the first administrator."""

import reflex as rx

from gantry.domain.accounts import MIN_PASSWORD_CHARACTERS
from gantry.ui.components.local import ApiForm
from gantry.ui.components.mark import mark


def setup_page() -> rx.Component:
    """Lay out the form that makes the first account."""
    return rx.el.main(
        rx.el.div(
            rx.el.header(
                mark(),
                rx.el.h1("Welcome to Gantry"),
                rx.el.p(
                    "Make the first account. It can add people and model servers later.", class_name="soft"
                ),
            ),
            ApiForm.create(
                action="/api/v1/setup",
                fields=[
                    {
                        "name": "name",
                        "label": "Your name",
                        "type": "text",
                        "autocomplete": "name",
                        "testid": "setup-name",
                    },
                    {
                        "name": "email",
                        "label": "E-mail",
                        "type": "email",
                        "autocomplete": "username",
                        "testid": "setup-email",
                        "required": True,
                    },
                    {
                        "name": "password",
                        "label": "Password",
                        "type": "password",
                        "autocomplete": "new-password",
                        "testid": "setup-password",
                        "hint": f"At least {MIN_PASSWORD_CHARACTERS} characters. A few words make a good one.",
                        "required": True,
                        "min": MIN_PASSWORD_CHARACTERS,
                    },
                ],
                submit="Create account",
                testid="setup-submit",
                leads=True,
            ),
        ),
        class_name="alone",
        id="main",
    )
