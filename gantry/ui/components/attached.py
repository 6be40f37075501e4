"""The files that went with a message."""

import reflex as rx

from gantry.state.views.chat import MessageView
from gantry.ui.components.pictures import sent_pictures
from gantry.ui.text import _


def attached(view: MessageView) -> rx.Component:
    """Show pictures, name the others; answers have some where they came from another product."""
    return rx.fragment(
        sent_pictures(view.pictures),  # pyright: ignore[reportArgumentType] - a Var inside foreach
        rx.cond(
            view.files,
            rx.el.ul(
                rx.foreach(view.files, lambda name: rx.el.li(name, class_name="attached-file")),
                class_name="attached",
                aria_label=_("Attached files"),
                data_testid="sent-files",
            ),
        ),
    )
