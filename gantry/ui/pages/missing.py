"""What is shown at an address that is none of ours."""

import reflex as rx

from gantry.ui.components.placeholders import no_page


def missing_page() -> rx.Component:
    """Lay out the page; it needs no session and no server."""
    return no_page()
