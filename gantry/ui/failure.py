"""What is left of a page when drawing it failed."""

import reflex as rx
from reflex_components_core.base.error_boundary import ErrorBoundary

from gantry.ui.text import _


def error_boundary() -> rx.Component:
    """Return the wrap around the whole application: a part that cannot be drawn must not leave an empty window.

    The way out loads the page anew; navigating inside it would only bring the same failure back.
    """
    said = rx.el.main(
        rx.el.h1(_("This page could not be displayed")),
        rx.el.p(_("Your conversations are safe on the server.")),
        rx.el.p(rx.el.a(_("Reload Gantry"), href="/", custom_attrs={"reloadDocument": True})),
        class_name="failure",
        role="alert",
    )
    return ErrorBoundary.create(fallback_render=said)
