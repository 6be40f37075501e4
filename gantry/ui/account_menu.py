"""The person's own menu, at the foot of the sidebar."""

import reflex as rx

from gantry.domain.accounts import Theme
from gantry.state.session import SessionState
from gantry.ui.browser import THEME, Kept, function, set_theme
from gantry.ui.menus import choice, entry, heading, menu, menu_button, rule, way
from gantry.ui.text import Text, _

HELP = Kept("help", False)  # whether the list of shortcuts is open

THEMES: tuple[tuple[Theme, Text, str], ...] = (
    ("system", _("System theme"), "monitor"),
    ("light", _("Light"), "sun"),
    ("dark", _("Dark"), "moon"),
)
_sign_out = function("signOut", "feed.js")


def account_menu() -> rx.Component:
    """Lay out the button with the person's name, and its menu."""
    name = SessionState.name
    return rx.fragment(
        menu_button(
            rx.el.span(
                class_name="avatar",
                aria_hidden="true",
                custom_attrs={"data-letter": rx.cond(name != "", name[0], "·")},
            ),
            rx.el.span(rx.cond(name != "", name, "…"), class_name="grow clip sidebar-label", dir="auto"),
            rx.icon("chevrons-up-down", size=16, aria_hidden="true", class_name="sidebar-label"),
            opens="account-panel",
            label=rx.cond(name != "", _("{name}, account", name=name), _("Account")),
            class_name="sidebar-link account-button",
            title=rx.cond(name != "", name, _("Account")),
            data_testid="account-menu",
        ),
        menu(
            "account-panel",
            _("Account"),
            heading(SessionState.email, title=SessionState.email),
            way(_("Archived chats"), "archive", "/archived"),
            way(_("Settings"), "settings", "/settings"),
            way(_("Personas and prompts"), "drama", "/personas"),
            rx.cond(SessionState.is_admin, way(_("Administration"), "shield", "/admin/users")),
            entry(
                _("Keyboard shortcuts"), "keyboard", HELP.put(True), custom_attrs={"data-shortcut": "help"}
            ),
            heading(_("Theme")),
            *(
                choice(
                    label,
                    icon,
                    [set_theme.partial(theme), SessionState.choose_theme(theme)],
                    checked=theme == THEME,
                )
                for theme, label, icon in THEMES
            ),
            rule(),
            entry(_("Sign out"), "log-out", _sign_out.partial()),
        ),
    )
