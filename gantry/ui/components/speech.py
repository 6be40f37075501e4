"""Reading answers aloud, and dictation, by the browser's own speech; islands/speech.js reads and listens."""

from typing import Any

import reflex as rx

from gantry.state.views.chat import MessageView
from gantry.ui.browser import CONVERSATION, Kept

_READING = Kept("reading")  # the id of the message that is read
_LISTENING = Kept("listening", False)
_SPEAKS = Kept("speaks", False)  # whether this browser can, and
_HEARS = Kept("hears", False)
_FAULT = Kept("speechFault")  # why it ended by itself
_MICROPHONE = (
    "Allow the microphone for this site in your browser, beside the address, then press Dictate again."
)
_FAULTS = (
    ("nothing", "There is nothing to read aloud in this answer."),
    (
        "voice",
        "This browser could not read it aloud. Install a voice in your system's settings, then try again.",
    ),
    ("not-allowed", f"The microphone was refused. {_MICROPHONE}"),
    ("service-not-allowed", f"The microphone was refused. {_MICROPHONE}"),
    ("insecure", "Browsers give the microphone to pages with HTTPS only. Open Gantry by its https address."),
    ("audio-capture", "No microphone was found. Connect one, then press Dictate again."),
    ("network", "Your browser could not reach its service for dictation. Check your connection, or type."),
)


class _Speech(rx.Component):
    """Reads and listens, until another conversation is in the address."""

    library = "$/islands/speech.js"
    tag = "Speech"

    here: rx.Var[str]


def speech() -> rx.Component:
    """Lay out what reads and listens; it shows nothing."""
    return _Speech.create(here=CONVERSATION)


def read_aloud(view: MessageView) -> rx.Component:
    """Lay out the button that has an answer read, and stops it; only where the browser can."""
    is_read = _READING.value == view.id
    label: Any = rx.cond(is_read, "Stop reading", "Read aloud")
    return rx.cond(
        _SPEAKS.value & ~rx.Var.create(view.blank),
        rx.el.button(
            rx.cond(
                is_read,
                rx.icon("square", size=15, fill="currentColor", aria_hidden="true"),
                rx.icon("volume-2", size=17, aria_hidden="true"),
            ),
            type="button",
            class_name="action",
            aria_label=label,
            title=rx.cond(is_read, "Stop reading (Esc)", "Read aloud with your browser's voice"),
            on_click=[_LISTENING.put(False), _FAULT.put(""), _READING.put(rx.cond(is_read, "", view.id))],
            custom_attrs={"data-reading": rx.cond(is_read, "", rx.Var("undefined"))},
            data_testid="read-aloud",
        ),
    )


def dictate() -> rx.Component:
    """Lay out the microphone, only where the browser can recognise speech."""
    return rx.cond(
        _HEARS.value,
        rx.el.button(
            rx.icon("mic", size=17, aria_hidden="true"),
            type="button",
            class_name="bar-button dictate",
            aria_label="Dictate",
            aria_pressed=_LISTENING.value,
            title=rx.cond(
                _LISTENING.value,
                "Stop listening (Esc)",
                "Dictate with your browser. Some browsers send the sound to their maker to recognise it.",
            ),
            on_click=[_READING.put(""), _FAULT.put(""), _LISTENING.put(~_LISTENING.value)],
            data_testid="dictate",
        ),
    )


def heard(otherwise: Any) -> Any:
    """Return what is said of listening and reading, or else *otherwise*."""
    fault = rx.match(_FAULT.value, *_FAULTS, "Dictation ended. Press Dictate to go on, or type.")
    return rx.cond(_LISTENING.value, "Listening…", rx.cond(_FAULT.value != "", fault, otherwise))
