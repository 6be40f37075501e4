"""Reading answers aloud, and dictation, by the browser's own speech; islands/speech.js reads and listens."""

from typing import Any

import reflex as rx

from gantry.state.views.chat import MessageView
from gantry.ui.browser import CONVERSATION, Kept
from gantry.ui.text import _

_READING = Kept("reading")  # the id of the message that is read
_LISTENING = Kept("listening", False)
_SPEAKS = Kept("speaks", False)  # whether this browser can, and
_HEARS = Kept("hears", False)
_FAULT = Kept("speechFault")  # why it ended by itself
_MICROPHONE = _(
    "Allow the microphone for this site in your browser, beside the address, then press Dictate again."
)
_FAULTS = (
    ("nothing", _("There is nothing to read aloud in this answer.")),
    (
        "voice",
        _("This browser could not read it aloud. Install a voice in your system's settings, then try again."),
    ),
    ("not-allowed", _("The microphone was refused. {microphone}", microphone=_MICROPHONE)),
    ("service-not-allowed", _("The microphone was refused. {microphone}", microphone=_MICROPHONE)),
    (
        "insecure",
        _("Browsers give the microphone to pages with HTTPS only. Open Gantry by its https address."),
    ),
    ("audio-capture", _("No microphone was found. Connect one, then press Dictate again.")),
    ("network", _("Your browser could not reach its service for dictation. Check your connection, or type.")),
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
    label: Any = rx.cond(is_read, _("Stop reading"), _("Read aloud"))
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
            title=rx.cond(is_read, _("Stop reading (Esc)"), _("Read aloud with your browser's voice")),
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
            aria_label=_("Dictate"),
            aria_pressed=_LISTENING.value,
            title=rx.cond(
                _LISTENING.value,
                _("Stop listening (Esc)"),
                _("Dictate with your browser. Some browsers send the sound to their maker to recognise it."),
            ),
            on_click=[_READING.put(""), _FAULT.put(""), _LISTENING.put(~_LISTENING.value)],
            data_testid="dictate",
        ),
    )


def heard(otherwise: Any) -> Any:
    """Return what is said of listening and reading, or else *otherwise*."""
    fault = rx.match(_FAULT.value, *_FAULTS, _("Dictation ended. Press Dictate to go on, or type."))
    return rx.cond(_LISTENING.value, _("Listening…"), rx.cond(_FAULT.value != "", fault, otherwise))
