"""Names that are typed where they stand: Enter and leaving the field keep the new one, Esc the old one."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from gantry.ui.ahead import Ahead
from gantry.ui.browser import function
from gantry.ui.text import _

MAX_TITLE_CHARACTERS = 120


class _Name(rx.el.Input):
    """A field whose keys are told with the whole event."""

    on_key_down: rx.EventHandler[lambda event: [event]]


def name_field(
    name: Ahead, rename: Callable[[Any], Any], *, done: Any, back: str | rx.Var[str]
) -> rx.Component:
    """Lay out the field in the place of a name.

    Args:
        rename: Returns the handler for another name.
        done: A handler that takes the field away.
        back: A selector of what has the focus afterwards.
    """

    def named(title: Any) -> list[object]:
        is_new = (title.strip() != "") & (title.strip() != name.value)
        told = rx.cond(is_new, rename(title), rx.noop())
        return [*name.chosen(rx.cond(is_new, title.strip(), name.value), told), done]

    return _Name.create(
        class_name="input",
        aria_label=_("New name"),
        default_value=name.value,
        max_length=MAX_TITLE_CHARACTERS,
        auto_focus=True,
        on_focus=function("selectName", "focus.js").partial(),
        on_key_down=function("nameKeys", "focus.js").partial(back),
        on_blur=named,
    )
