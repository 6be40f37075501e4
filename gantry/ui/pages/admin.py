"""Administration: people, model servers and the installation. Others see what they would see at an unknown address."""

import reflex as rx

from gantry.state.admin import PeopleState
from gantry.state.installation import InstallationState
from gantry.state.servers import ServersState
from gantry.state.session import SessionState
from gantry.ui.browser import link
from gantry.ui.components.first_steps import first_steps
from gantry.ui.components.installation import installation
from gantry.ui.components.page import page
from gantry.ui.components.people import people
from gantry.ui.components.placeholders import not_found, skeleton
from gantry.ui.components.servers import servers
from gantry.ui.text import _

TABS = (("users", _("People")), ("models", _("Model servers")), ("installation", _("Installation")))


def admin_page() -> rx.Component:
    """Lay out the tab that the address names."""
    tab = rx.State.tab  # pyright: ignore[reportAttributeAccessIssue] - Reflex adds it for /admin/[tab]
    return rx.fragment(
        rx.cond(
            SessionState.id == "",
            _frame(tab, skeleton(4)),
            rx.cond(
                SessionState.is_admin,
                rx.match(
                    tab,
                    ("users", _frame(tab, rx.cond(PeopleState.loaded, people(), skeleton(4)))),
                    ("models", _frame(tab, rx.cond(ServersState.loaded, servers(), skeleton(4)))),
                    (
                        "installation",
                        _frame(tab, rx.cond(InstallationState.loaded, installation(), skeleton(4))),
                    ),
                    not_found(),
                ),
                not_found(),
            ),
        ),
    )


def _frame(tab: rx.Var[str], content: rx.Component) -> rx.Component:
    return rx.el.div(
        page(
            _("Administration"),
            rx.el.nav(
                *(
                    link(label, to=f"/admin/{key}", aria_current=rx.cond(tab == key, "page", "false"))
                    for key, label in TABS
                ),
                class_name="tabs",
                aria_label=_("Administration"),
            ),
            first_steps(),
            content,
        ),
        class_name="wide-page",
    )
