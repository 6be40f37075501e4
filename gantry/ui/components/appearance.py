"""How pages look and which time they tell: the choices of the settings."""

from typing import Any, Literal

import reflex as rx

from gantry.domain.accounts import Theme
from gantry.domain.clock import zone_names
from gantry.state.preferences import PreferencesState
from gantry.state.session import SessionState
from gantry.ui.ahead import Ahead
from gantry.ui.browser import BROWSERS_ZONE
from gantry.ui.text import Text, _

_THEMES: tuple[tuple[Theme, Text], ...] = (
    ("system", _("System")),
    ("light", _("Light")),
    ("dark", _("Dark")),
)
_DENSITIES: tuple[tuple[Literal["comfortable", "compact"], Text], ...] = (
    ("comfortable", _("Comfortable")),
    ("compact", _("Compact")),
)
_SIZES: tuple[tuple[Literal["small", "normal", "large", "larger", "largest"], Text], ...] = (
    ("small", _("Small")),
    ("normal", _("Normal")),
    ("large", _("Large")),
    ("larger", _("Larger")),
    ("largest", _("Largest")),
)
_DETAILS: tuple[tuple[Literal["model", "time", "usage"], Text, Text], ...] = (
    ("model", _("Model"), _("Who wrote an answer")),
    ("time", _("Time"), _("When a message was written")),
    ("usage", _("Tokens and speed"), _("What an answer took")),
)


def themes() -> rx.Component:
    """Lay out the choice of a theme, each with a small picture."""
    theme = Ahead("theme", SessionState.theme)
    return _choices(
        _("Theme"),
        *(
            rx.el.label(
                _radio(theme, value, SessionState.choose_theme(value)),
                rx.el.div(class_name=f"swatch {value}", aria_hidden="true"),
                label,
                class_name="choice",
            )
            for value, label in _THEMES
        ),
        class_name="choices",
    )


def density() -> rx.Component:
    """Lay out the choice of how much room things have."""
    chosen = Ahead("density", PreferencesState.density)
    return _choices(
        _("Density"),
        *(
            _worded(chosen, value, label, PreferencesState.choose_density(value))
            for value, label in _DENSITIES
        ),
    )


def text_size() -> rx.Component:
    """Lay out the choice of the size of everything."""
    chosen = Ahead("text_size", PreferencesState.text_size)
    return _choices(
        _("Text size"),
        *(_worded(chosen, value, label, PreferencesState.choose_text_size(value)) for value, label in _SIZES),
    )


def message_details() -> rx.Component:
    """Lay out what may stand with messages."""
    shown = {
        "model": PreferencesState.show_model,
        "time": PreferencesState.show_time,
        "usage": PreferencesState.show_usage,
    }
    return rx.el.fieldset(
        rx.el.legend(_("Shown with messages"), class_name="sr-only"),
        *(_detail(detail, label, what, shown[detail]) for detail, label, what in _DETAILS),
        class_name="checks",
    )


def time_zone() -> rx.Component:
    """Lay out the choice of a zone. A name that this list does not have is one that a program has chosen."""
    names = rx.Var.create(list(zone_names()))
    zone = PreferencesState.zone
    ahead = Ahead("zone", zone)
    return rx.el.select(
        rx.el.option(_("As in the browser ({zone})", zone=BROWSERS_ZONE), value=""),
        rx.cond((zone != "") & ~names.contains(zone), rx.el.option(zone, value=zone)),
        rx.foreach(names, lambda name: rx.el.option(name.replace("_", " "), value=name, key=name)),
        value=ahead.value,
        on_change=ahead.takes(lambda chosen: PreferencesState.choose_zone(chosen, BROWSERS_ZONE)),
        class_name="input",
        aria_label=_("Time zone"),
    )


def _choices(legend: Text, *choices: rx.Component, class_name: str = "segments") -> rx.Component:
    return rx.el.fieldset(rx.el.legend(legend, class_name="sr-only"), *choices, class_name=class_name)


def _worded(chosen: Ahead, value: str, label: Text, does: Any) -> rx.Component:
    return rx.el.label(_radio(chosen, value, does), rx.el.span(label), class_name="segment")


def _radio(chosen: Ahead, value: str, does: Any) -> rx.Component:
    return rx.el.input(
        type="radio",
        name=chosen.name,
        value=value,
        checked=chosen.value == value,
        on_change=chosen.chosen(value, does),
    )


def _detail(detail: Literal["model", "time", "usage"], label: Text, what: Text, shown: Any) -> rx.Component:
    box = Ahead(f"detail_{detail}", shown)
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=box.value,
            on_change=box.takes(lambda on: PreferencesState.show(detail, on)),
        ),
        rx.el.span(label, rx.el.span(what, class_name="small soft")),
        class_name="check",
    )
