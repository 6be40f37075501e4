"""A person's own settings."""

import reflex as rx

from gantry.domain.accounts import MIN_PASSWORD_CHARACTERS
from gantry.state.session import SessionState
from gantry.state.settings import SettingsState
from gantry.state.views.settings import ModelView, SessionView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import PLACE, leave_row, once, plain_link
from gantry.ui.components.api_tokens import api_tokens
from gantry.ui.components.appearance import density, message_details, text_size, themes, time_zone
from gantry.ui.components.exporting import data_settings
from gantry.ui.components.importing import imports
from gantry.ui.components.language import languages
from gantry.ui.components.local import link, moment
from gantry.ui.components.own_account import deletion, email_form
from gantry.ui.components.page import page, section
from gantry.ui.components.placeholders import skeleton
from gantry.ui.components.sharing import share_list
from gantry.ui.components.shortcuts import shortcuts
from gantry.ui.forms import api_form, field, secret
from gantry.ui.text import Text, _, around

#: By the place in the address.
GROUPS = (
    ("general", _("General")),
    ("chat", _("Chat")),
    ("data", _("Data")),
    ("account", _("Account")),
    ("programs", _("Programs")),
)


def settings_page() -> rx.Component:
    """Lay out what a person may set, in groups that have addresses: ``/settings#data``."""
    return rx.el.div(
        page(
            _("Settings"),
            rx.el.nav(
                *(_to(*each) for each in GROUPS),
                class_name="tabs",
                aria_label=_("Settings"),
                key=rx.cond(SettingsState.loaded, "now", "before"),
            ),
            _group("general", *_general()),
            _group("chat", *_chat()),
            _group("data", *_data()),
            _group("account", *_account()),
            _group("programs", *_programs()),
        ),
        class_name="settings",
    )


def _to(key: str, label: Text) -> rx.Component:
    place = f"#{key}"
    named = place == PLACE
    if key == GROUPS[0][0]:  # the page begins with it
        named = named | (PLACE == "")
    return plain_link(label, href=f"#{key}", aria_current=rx.cond(named, "location", "false"))


def _group(key: str, *sections: rx.Component) -> rx.Component:
    title = dict(GROUPS)[key]
    return rx.el.section(
        rx.el.h2(title), *sections, id=key, class_name="settings-group", aria_label=title, tab_index=-1
    )


def _part(title: Text, *children: rx.Component, note: Text | None = None) -> rx.Component:
    return section(title, *children, note=note, heading=rx.el.h3)


def _general() -> tuple[rx.Component, ...]:
    return (
        _part(_("Theme"), themes()),
        _part(_("Language"), languages()),
        _part(_("Text size"), _once_loaded(text_size()), note=_("Of everything, on every device.")),
        _part(_("Density"), _once_loaded(density())),
        _part(
            _("Time zone"),
            _once_loaded(time_zone()),
            note=_("For times, days in the sidebar, and exported chats."),
        ),
        _part(_("Keyboard shortcuts"), _once_loaded(shortcuts())),
    )


def _chat() -> tuple[rx.Component, ...]:
    return (
        _part(
            _("Default model"),
            _once_loaded(_default_model()),
            note=_("Used for new chats; change it in any chat."),
        ),
        _part(_("Shown with messages"), _once_loaded(message_details())),
        _part(
            _("Memory"),
            rx.el.div(link(_("Manage memory"), to="/settings/memory", class_name="button"), class_name="row"),
            note=_("Facts and past conversations used in new chats."),
        ),
    )


def _data() -> tuple[rx.Component, ...]:
    return (
        _part(
            _("Export"),
            data_settings(),
            note=_(
                "Everything: chats with all branches, memory, personas, documents, settings. It comes as a ZIP."
            ),
        ),
        _part(
            _("Import"),
            imports(),
            note=_("Conversations from other products, by the file they give you."),
        ),
        _part(
            _("Shared links"),
            _once_loaded(share_list()),
            note=_("Anybody who has a link can read what it shows."),
        ),
    )


def _account() -> tuple[rx.Component, ...]:
    return (
        _part(_("Profile"), _once_loaded(_profile())),
        _part(_("E-mail"), email_form(), note=_("You sign in with it.")),
        _part(_("Password"), _password(), note=_("Changing it signs you out everywhere else.")),
        _part(
            _("Active sessions"),
            _once_loaded(_sessions()),
            note=_("Browsers and devices that can use your account."),
        ),
        _part(_("Delete account"), deletion(), note=_("With everything that is yours, for good.")),
    )


def _programs() -> tuple[rx.Component, ...]:
    return (_part(_("API tokens"), api_tokens(), note=_("For programs that use Gantry in your name.")),)


def _once_loaded(content: rx.Component) -> rx.Component:
    return rx.cond(SettingsState.loaded, content, skeleton(2))


def _profile() -> rx.Component:
    return rx.el.form(
        field(
            _("Name"),
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
            hint=_("Signed in as {email}", email=SessionState.email),
        ),
        rx.el.div(rx.el.button(_("Save"), type="submit", class_name="button"), class_name="row"),
        on_submit=SettingsState.save_profile,
        class_name="stack",
    )


def _default_model() -> rx.Component:
    chosen = Ahead("default_model", SettingsState.default_model)
    return rx.el.select(
        rx.el.option(_("First available"), value=""),
        rx.foreach(SettingsState.models, _model),
        value=chosen.value,
        on_change=chosen.takes(SettingsState.choose_model),
        class_name="input",
        aria_label=_("Default model"),
    )


def _model(model: ModelView) -> rx.Component:
    return rx.el.option(model.label, value=model.id)


def _password() -> rx.Component:
    return api_form(
        secret(_("Current password"), "current", auto_complete="current-password"),
        secret(
            _("New password"),
            "new",
            hint=_("At least 10 characters."),
            auto_complete="new-password",
            min_length=MIN_PASSWORD_CHARACTERS,
        ),
        action="/api/v1/me/password",
        method="PUT",
        submit=_("Change password"),
        testid="change-password",
        done=_("Password changed. Your other sessions have ended."),
        on_done=SettingsState.password_changed,
    )


def _sessions() -> rx.Component:
    return rx.fragment(
        rx.el.ul(rx.foreach(SettingsState.sessions, _session), class_name="list"),
        rx.cond(
            SettingsState.elsewhere,
            rx.el.div(
                rx.el.button(
                    _("Sign out everywhere else"),
                    type="button",
                    on_click=[leave_row(), SettingsState.revoke_others],
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
                rx.el.span(session.agent, dir="auto"),
                rx.cond(session.current, rx.el.span(_("This device"), class_name="badge success")),
                class_name="row",
            ),
            rx.el.p(
                rx.cond(session.address != "", rx.fragment(rx.el.bdi(session.address, dir="ltr"), " · ")),
                around(_("last seen {when}"), "when", moment(session.seen)),
                class_name="small faint",
            ),
            class_name="grow",
        ),
        rx.cond(
            session.current,
            rx.fragment(),
            rx.el.button(
                _("Sign out"),
                rx.el.span(" ", session.agent, class_name="sr-only"),
                type="button",
                on_click=[leave_row(), SettingsState.revoke(session.id)],
                custom_attrs=once(),
                class_name="button tiny",
            ),
        ),
        key=session.id,
    )
