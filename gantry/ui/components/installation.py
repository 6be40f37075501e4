"""How the installation is reached and kept safe, with what is still to do; where the first steps lead."""

from typing import Any

import reflex as rx

from gantry.state.installation import InstallationState
from gantry.ui.components.local import moment
from gantry.ui.components.page import section

_COMPOSE = "docker compose exec backup python -m gantry backup --to /backups/"


def installation() -> rx.Component:
    """Lay out one section each for HTTPS and backups."""
    return rx.fragment(
        section(
            "HTTPS",
            _told(
                InstallationState.is_secure,
                rx.fragment(rx.el.code(InstallationState.address), " is safe to sign in to."),
                rx.fragment(
                    rx.el.code(InstallationState.address),
                    " is plain HTTP: passwords can be read on their way, and browsers withhold the microphone and the page for times offline.",
                ),
            ),
            rx.el.p("To serve it to other machines:", class_name="soft"),
            rx.el.ol(
                rx.el.li("Point a domain name to this machine, and open the ports 80 and 443."),
                rx.el.li("Prepare the settings: ", rx.el.code("deploy/init chat.example.com")),
                rx.el.li("Start it: ", rx.el.code("docker compose up -d --build --wait")),
                class_name="steps",
            ),
            rx.el.p(
                "Caddy gets and renews the certificate. Behind another proxy: docs/deployment.md.",
                class_name="small faint",
            ),
        ),
        section(
            "Backup",
            _told(
                InstallationState.backup_at > 0,
                rx.el.span("The newest backup was made ", moment(InstallationState.backup_at), "."),
                rx.el.span("There is no backup yet."),
            ),
            rx.el.ul(
                rx.el.li("On this machine: ", rx.el.code("make backup")),
                rx.el.li("With the compose file one is made each day; one more: ", rx.el.code(_COMPOSE)),
                class_name="steps",
            ),
            rx.el.p(
                "One file holds everything. Copy it to another machine; docs/operations.md shows how, and how to restore it.",
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
