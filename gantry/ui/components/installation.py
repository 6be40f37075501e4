"""How the installation is reached and kept safe, with what is still to do; where the first steps lead."""

from typing import Any

import reflex as rx

from gantry.state.installation import InstallationState
from gantry.ui.components.local import moment
from gantry.ui.components.page import section
from gantry.ui.text import _, around

_COMPOSE = "docker compose exec backup python -m gantry backup --to /backups/"


def installation() -> rx.Component:
    """Lay out one section each for HTTPS and backups."""
    return rx.fragment(
        section(
            _("HTTPS"),
            _told(
                InstallationState.is_secure,
                around(
                    _("{address} is safe to sign in to."), "address", rx.el.code(InstallationState.address)
                ),
                around(
                    _(
                        "{address} is plain HTTP: passwords can be read on their way, and browsers allow neither the microphone nor the page that says you are offline."
                    ),
                    "address",
                    rx.el.code(InstallationState.address),
                ),
            ),
            rx.el.p(_("To serve it to other machines:"), class_name="soft"),
            rx.el.ol(
                rx.el.li(_("Point a domain name to this machine, and open the ports 80 and 443.")),
                rx.el.li(
                    around(
                        _("Prepare the settings: {command}"),
                        "command",
                        rx.el.code("deploy/init chat.example.com"),
                    )
                ),
                rx.el.li(
                    around(
                        _("Start it: {command}"), "command", rx.el.code("docker compose up -d --build --wait")
                    )
                ),
                class_name="steps",
            ),
            rx.el.p(
                _("Caddy gets and renews the certificate. Behind another proxy: docs/deployment.md."),
                class_name="small faint",
            ),
        ),
        section(
            _("Backup"),
            _told(
                InstallationState.backups_elsewhere | (InstallationState.backup_at > 0),
                rx.cond(
                    InstallationState.backup_at > 0,
                    rx.el.span(
                        around(
                            _("The newest backup was made {when}."),
                            "when",
                            moment(InstallationState.backup_at),
                        )
                    ),
                    rx.el.span(
                        _(
                            "The backup container makes one each day. It cannot be seen from here: look into its folder, /backups."
                        )
                    ),
                ),
                rx.el.span(_("There is no backup yet.")),
            ),
            rx.el.ul(
                rx.el.li(around(_("On this machine: {command}"), "command", rx.el.code("make backup"))),
                rx.el.li(
                    around(
                        _("With the compose file one is made each day; one more: {command}"),
                        "command",
                        rx.el.code(_COMPOSE),
                    )
                ),
                class_name="steps",
            ),
            rx.el.p(
                _(
                    "One file holds everything. Copy it to another machine; docs/operations.md shows how, and how to restore it."
                ),
                class_name="small faint",
            ),
        ),
    )


def _told(holds: Any, good: rx.Component, bad: rx.Component) -> rx.Component:
    return rx.el.p(
        rx.cond(
            holds,
            rx.icon("circle-check", size=19, aria_hidden="true"),
            rx.icon("circle-alert", size=19, aria_hidden="true"),
        ),
        rx.el.span(rx.cond(holds, good, bad), class_name="anywhere"),
        class_name="told",
        custom_attrs={"data-good": rx.cond(holds, "true", "false")},
    )
