"""The files that went with a message."""

import reflex as rx

from gantry.state.views.chat import MessageView


def attached(view: MessageView) -> rx.Component:
    """Name them; answers have some where they came from another product."""
    return rx.cond(
        view.files,
        rx.el.ul(
            rx.foreach(view.files, lambda name: rx.el.li(name, class_name="attached-file")),
            class_name="attached",
            aria_label="Attached files",
            data_testid="sent-files",
        ),
    )
