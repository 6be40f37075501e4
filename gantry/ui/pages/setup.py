"""The first visit: making the first administrator."""

import reflex as rx

from gantry.domain.accounts import MIN_PASSWORD_CHARACTERS
from gantry.ui.components.page import alone
from gantry.ui.forms import api_field, api_form, asked_field, secret


def setup_page() -> rx.Component:
    """Lay out the form that makes the first account."""
    return alone(
        "Welcome to Gantry",
        api_form(
            api_field("Your name", "name", type="text", auto_complete="name", data_testid="setup-name"),
            api_field(
                "E-mail",
                "email",
                type="email",
                auto_complete="username",
                required=True,
                data_testid="setup-email",
            ),
            secret(
                "Password",
                "password",
                hint=f"At least {MIN_PASSWORD_CHARACTERS} characters. Several words work well.",
                auto_complete="new-password",
                min_length=MIN_PASSWORD_CHARACTERS,
                data_testid="setup-password",
            ),
            asked_field(
                "Set-up code",
                "code",
                hint="Gantry writes it to its log when it starts: look for setup_code.",
                type="text",
                auto_complete="one-time-code",
                data_testid="setup-code",
            ),
            action="/api/v1/setup",
            submit="Create account",
            testid="setup-submit",
            leads=True,
            asks="code",
        ),
        said="Create the administrator account. Add people and model servers later.",
    )
