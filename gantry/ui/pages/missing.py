"""What is shown at an address that is none of ours."""

import reflex as rx

from gantry.ui.components.placeholders import not_found


def missing_page() -> rx.Component:
    """Lay out the page; it needs no session and no server."""
    return rx.el.main(not_found("There is nothing at this address."), id="main")
