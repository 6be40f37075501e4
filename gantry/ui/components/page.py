"""How a page that is read from top to bottom is laid out."""

from collections.abc import Callable

import reflex as rx

from gantry.ui.components.mark import mark
from gantry.ui.text import Text


def page(title: Text, *children: rx.Component, actions: rx.Component | None = None) -> rx.Component:
    """Lay out a page that is read from top to bottom: a title, then sections."""
    return rx.el.div(
        rx.el.header(rx.el.h1(title), *([actions] if actions else []), class_name="page-header"),
        *children,
        class_name="page",
    )


def section(
    title: Text,
    *children: rx.Component,
    note: Text | None = None,
    heading: Callable[..., rx.Component] = rx.el.h2,
) -> rx.Component:
    """Lay out one matter of a page, in a card below its heading."""
    return rx.el.section(
        rx.el.header(
            heading(title), *([rx.el.p(note, class_name="section-note")] if note is not None else [])
        ),
        rx.el.div(*children, class_name="card stack"),
        class_name="section",
        aria_label=title,
    )


def alone(title: Text, *children: rx.Component, said: Text | None = None) -> rx.Component:
    """Lay out a page for who is not signed in: one thing, and no frame around it."""
    return rx.el.div(
        rx.el.div(
            rx.el.header(
                mark(), rx.el.h1(title), *([rx.el.p(said, class_name="soft")] if said is not None else [])
            ),
            *children,
        ),
        class_name="alone",
        custom_attrs={"data-bare": ""},
    )
