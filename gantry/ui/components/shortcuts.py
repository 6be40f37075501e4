"""The keys that work everywhere: the list in its dialog, and in the settings."""

import reflex as rx

from gantry.ui.browser import function
from gantry.ui.text import _

# An empty key is the one that shortcuts are pressed with here, Ctrl or Command.
_SHORTCUTS = (
    (("", "Shift", "O"), _("New chat")),
    (("", "K"), _("Search")),
    (("", "B"), _("Open or close the sidebar")),
    (("Enter",), _("Send the message")),
    (("Shift", "Enter"), _("Start a new line")),
    (("↑",), _("Edit last message (when the box is empty)")),
    (("Esc",), _("Stop or close")),
    (("?",), _("Show this list")),
)


def shortcuts() -> rx.Component:
    """Lay out the list. It is drawn in the browser only: which keys it has is not known before."""
    modifier = function("modifier", "frame.js").call()
    return rx.el.dl(
        *(
            rx.el.div(rx.el.dt(does), rx.el.dd(*(rx.el.kbd(key or modifier) for key in keys)))
            for keys, does in _SHORTCUTS
        ),
        class_name="shortcuts",
    )
