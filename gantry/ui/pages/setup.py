"""The first visit: making the first administrator."""

import reflex as rx

from gantry.domain.accounts import MIN_PASSWORD_CHARACTERS
from gantry.ui.components.page import alone
from gantry.ui.forms import api_field, api_form, asked_field, secret
from gantry.ui.text import _


def setup_page() -> rx.Component:
    """Lay out the form that makes the first account."""
    return alone(
        _("Welcome to Gantry"),
        api_form(
            api_field(_("Your name"), "name", type="text", auto_complete="name", data_testid="setup-name"),
            api_field(
                _("E-mail"),
                "email",
                type="email",
                auto_complete="username",
                required=True,
                data_testid="setup-email",
            ),
            secret(
                _("Password"),
                "password",
                hint=_("At least 10 characters. Several words work well."),
                auto_complete="new-password",
                min_length=MIN_PASSWORD_CHARACTERS,
                data_testid="setup-password",
            ),
            asked_field(
                _("Set-up code"),
                "code",
                hint=_("Gantry writes it to its log when it starts: look for setup_code."),
                type="text",
                auto_complete="one-time-code",
                data_testid="setup-code",
            ),
            action="/api/v1/setup",
            submit=_("Create account"),
            testid="setup-submit",
            leads=True,
            asks="code",
        ),
        said=_("Create the administrator account. Add people and model servers later."),
    )
