"""The choice of the language that pages speak."""

import reflex as rx

from gantry.domain.messages import LANGUAGES
from gantry.state.session import SessionState
from gantry.ui.text import _


def languages() -> rx.Component:
    """Lay out the choice; each language calls itself by its own name."""
    return rx.el.select(
        rx.el.option(_("As in the browser"), value=""),
        *(rx.el.option(name, value=code, lang=code) for code, name in LANGUAGES.items()),
        value=SessionState.language,
        on_change=SessionState.choose_language,
        class_name="input",
        aria_label=_("Language"),
        data_testid="language",
    )
