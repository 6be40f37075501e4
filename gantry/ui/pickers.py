"""Lists to search and choose from, on the browser's own popover; islands/lists.js knows their keys."""

from typing import Any

import reflex as rx

from gantry.ui.browser import function, whole_event
from gantry.ui.text import Text


class _Panel(rx.el.Div):
    """A popover with a search field and a list."""

    on_input: rx.EventHandler[whole_event]
    on_key_down: rx.EventHandler[whole_event]
    on_toggle: rx.EventHandler[whole_event]
    on_pointer_move: rx.EventHandler[whole_event]
    on_click: rx.EventHandler[whole_event]


def picker(id_: str, label: Text, *groups: rx.Component, search: Text, none: Text) -> rx.Component:
    """Lay out a popover with a list; buttons whose ``popoverTarget`` is its id open it, placed beside them.

    Args:
        groups: Made with ``group`` and ``option``.
        search: What the search field is called.
        none: What is said when nothing matches.
    """
    return _Panel.create(
        rx.el.label(
            rx.icon("search", size=16, aria_hidden="true"),
            rx.el.input(
                role="combobox",
                aria_label=search,
                aria_expanded="true",
                aria_autocomplete="list",
                placeholder=search,
                auto_complete="off",
                spell_check=False,
                custom_attrs={"aria-controls": f"{id_}-list"},
            ),
            class_name="picker-search",
        ),
        rx.el.div(*groups, id=f"{id_}-list", role="listbox", aria_label=label, class_name="picker-list"),
        rx.el.p(none, class_name="picker-none"),
        id=id_,
        class_name="picker",
        custom_attrs={"popover": "auto"},
        on_input=function("search", "lists.js").partial(),
        on_key_down=function("pickerKeys", "lists.js").partial(),
        on_toggle=function("pickerToggled", "lists.js").partial(),
        on_pointer_move=function("pointed", "lists.js").partial(),
        on_click=function("chosen", "lists.js").partial(),
    )


def group(label: Text, *options: rx.Component | rx.Var[Any]) -> rx.Component:
    """Lay out options under a heading; it goes when none of them matches."""
    return rx.el.div(
        rx.el.div(label, class_name="picker-heading", aria_hidden="true"),
        *options,
        role="group",
        aria_label=label,
        class_name="picker-group",
    )


def option(
    id_: str | rx.Var[str],
    *children: rx.Component,
    words: Text,
    chosen: bool | rx.Var[bool],
    on_click: Any,
) -> rx.Component:
    """Lay out one of the list; the popover closes when it is chosen. It is found by *words*."""
    return rx.el.div(
        *children,
        rx.icon("check", size=16, aria_hidden="true", class_name="picker-check"),
        id=id_,
        role="option",
        aria_selected=chosen,
        class_name="picker-option",
        custom_attrs={"data-words": words},
        on_click=on_click,
    )
