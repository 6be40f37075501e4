"""What stands where there is nothing yet, nothing any more, or nothing for this person."""

import reflex as rx

from gantry.ui.browser import link
from gantry.ui.components.mark import mark
from gantry.ui.text import Text, _


def skeleton(lines: int = 3) -> rx.Component:
    """Stand in for text that is being loaded."""
    return rx.el.div(
        *(rx.el.div(class_name="skeleton line") for _ in range(lines)),
        rx.el.span(_("Loading"), class_name="sr-only"),
        class_name="stack",
        aria_busy="true",
    )


_NO_ACCESS = _("This page doesn't exist, or you don't have access.")


def empty(icon: str, sentence: Text, *more: rx.Component) -> rx.Component:
    """Say that a list has nothing in it, and what could be done."""
    return rx.el.div(rx.icon(icon, size=28, aria_hidden="true"), rx.el.p(sentence), *more, class_name="empty")


def not_found(sentence: Text = _NO_ACCESS) -> rx.Component:
    """Say that there is nothing here, without telling why."""
    return rx.el.div(
        rx.el.div(
            rx.el.header(
                mark(),
                rx.el.h1(_("Not found")),
                rx.el.p(sentence, class_name="soft"),
            ),
            rx.el.div(link(_("Start a new chat"), to="/", class_name="button primary"), class_name="row"),
        ),
        class_name="alone",
        data_testid="not-found",
    )


def no_page() -> rx.Component:
    """Say that an address is none of ours; it needs no session and no server."""
    return rx.el.div(not_found(_("This page doesn't exist.")), custom_attrs={"data-bare": ""})
