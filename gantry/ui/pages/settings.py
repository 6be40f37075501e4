"""A person's own settings."""

from typing import Literal

import reflex as rx

from gantry.domain.accounts import MIN_PASSWORD_CHARACTERS
from gantry.state.session import SessionState
from gantry.state.settings import SettingsState
from gantry.state.views.settings import ModelView, SessionView
from gantry.ui.components.api_tokens import api_tokens
from gantry.ui.components.exporting import data_settings
from gantry.ui.components.importing import imports
from gantry.ui.components.local import link, moment
from gantry.ui.components.own_account import deletion, email_form
from gantry.ui.components.page import page, section
from gantry.ui.components.placeholders import skeleton
from gantry.ui.components.sharing import share_list
from gantry.ui.forms import api_form, field, secret

Theme = Literal["system", "light", "dark"]
THEMES: tuple[tuple[Theme, str], ...] = (("system", "System"), ("light", "Light"), ("dark", "Dark"))


def settings_page() -> rx.Component:
    """Lay out the person's account, what they prefer, and where they are signed in."""
    return rx.fragment(
        page(
            "Settings",
            section("Profile", _once_loaded(_profile())),
            section("Theme", _themes()),
            section(
                "Default model",
                _once_loaded(_default_model()),
                note="Used for new chats; change it in any chat.",
            ),
            section(
                "Memory",
                rx.el.div(
                    link("Manage memory", to="/settings/memory", class_name="button"), class_name="row"
                ),
                note="Facts and past conversations used in new chats.",
            ),
            section(
                "Data",
                data_settings(),
                note="Everything: chats with all branches, memory, personas, documents. It comes as a ZIP.",
            ),
            section(
                "Import",
                imports(),
                note="Conversations from other products, by the file they give you.",
            ),
            section(
                "Shared links",
                _once_loaded(share_list()),
                note="Anybody who has a link can read what it shows.",
            ),
            section("E-mail", email_form(), note="You sign in with it."),
            section("Password", _password(), note="Changing it signs you out everywhere else."),
            section(
                "Active sessions",
                _once_loaded(_sessions()),
                note="Browsers and devices that can use your account.",
            ),
            section("API tokens", api_tokens(), note="For programs that use Gantry in your name."),
            section("Delete account", deletion(), note="With everything that is yours, for good."),
        )
    )


def _once_loaded(content: rx.Component) -> rx.Component:
    return rx.cond(SettingsState.loaded, content, skeleton(2))


def _profile() -> rx.Component:
    return rx.el.form(
        field(
            "Name",
            rx.el.input(
                id="profile-name",
                name="name",
                default_value=SettingsState.name,
                key=SettingsState.name,
                max_length=80,
                auto_complete="name",
                class_name="input",
            ),
            id_="profile-name",
            hint=f"Signed in as {SessionState.email}",
        ),
        rx.el.div(rx.el.button("Save", type="submit", class_name="button"), class_name="row"),
        on_submit=SettingsState.save_profile,
        class_name="stack",
    )


def _themes() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend("Theme", class_name="sr-only"),
        *(_theme(value, label) for value, label in THEMES),
        class_name="choices",
    )


def _theme(value: Theme, label: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="theme",
            value=value,
            checked=SessionState.theme == value,
            on_change=SessionState.choose_theme(value),
        ),
        rx.el.div(class_name=f"swatch {value}", aria_hidden="true"),
        label,
        class_name="choice",
    )


def _default_model() -> rx.Component:
    return rx.el.select(
        rx.el.option("First available", value=""),
        rx.foreach(SettingsState.models, _model),
        value=SettingsState.default_model,
        on_change=SettingsState.choose_model,
        class_name="input",
        aria_label="Default model",
    )


def _model(model: ModelView) -> rx.Component:
    return rx.el.option(model.label, value=model.id)


def _password() -> rx.Component:
    return api_form(
        secret("Current password", "current", auto_complete="current-password"),
        secret(
            "New password",
            "new",
            hint=f"At least {MIN_PASSWORD_CHARACTERS} characters.",
            auto_complete="new-password",
            min_length=MIN_PASSWORD_CHARACTERS,
        ),
        action="/api/v1/me/password",
        method="PUT",
        submit="Change password",
        testid="change-password",
        done="Password changed. Your other sessions have ended.",
        on_done=SettingsState.password_changed,
    )


def _sessions() -> rx.Component:
    return rx.fragment(
        rx.el.ul(rx.foreach(SettingsState.sessions, _session), class_name="list"),
        rx.cond(
            SettingsState.elsewhere,
            rx.el.div(
                rx.el.button(
                    "Sign out everywhere else",
                    type="button",
                    on_click=SettingsState.revoke_others,
                    class_name="button danger",
                ),
                class_name="row",
            ),
        ),
    )


def _session(session: SessionView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(session.agent),
                rx.cond(session.current, rx.el.span("This device", class_name="badge success")),
                class_name="row",
            ),
            rx.el.p(
                rx.cond(session.address != "", session.address + " · ", ""),
                "last seen ",
                moment(session.seen),
                class_name="small faint",
            ),
            class_name="grow",
        ),
        rx.cond(
            session.current,
            rx.fragment(),
            rx.el.button(
                "Sign out",
                rx.el.span(" ", session.agent, class_name="sr-only"),
                type="button",
                on_click=SettingsState.revoke(session.id),
                class_name="button tiny",
            ),
        ),
        key=session.id,
    )
