"""The prompts that the composer offers after a slash, and what is asked for before one is put into it."""

from typing import Any

import reflex as rx

from gantry.state.prompts import PromptsState
from gantry.state.views.personas import PromptView
from gantry.ui.browser import CONVERSATION, function, whole_event
from gantry.ui.dialogs import dialog, dialog_actions
from gantry.ui.forms import field
from gantry.ui.text import _

OFFER = "prompts"  # islands/composer.js opens it


class _Panel(rx.el.Div):
    """A popover that closes when something in it is chosen."""

    on_click: rx.EventHandler[whole_event]


def prompt_offer() -> rx.Component:
    """Lay out the list above the message field."""
    return _Panel.create(
        rx.el.div(
            rx.foreach(PromptsState.prompts, _prompt),
            id=f"{OFFER}-list",
            role="listbox",
            aria_label=_("Prompts"),
            class_name="picker-list",
        ),
        rx.cond(
            PromptsState.came,
            rx.fragment(on_mount=[function("typed", "composer.js").partial(), PromptsState.offered]),
        ),
        id=OFFER,
        class_name="picker prompt-offer",
        custom_attrs={"popover": "auto"},
        on_click=function("chosen", "lists.js").partial(),
    )


def prompt_dialog() -> rx.Component:
    """Lay out what asks for a prompt's variables, and what puts its text into the composer; once on a page."""
    is_here = PromptsState.place == CONVERSATION
    return rx.fragment(
        dialog(
            rx.el.form(
                rx.el.input(type="hidden", name="id", value=PromptsState.using_id),
                rx.el.input(type="hidden", name="place", value=PromptsState.place),
                rx.foreach(PromptsState.variables, _variable),
                dialog_actions(
                    rx.el.button(_("Insert"), type="submit", class_name="button primary"),
                    on_cancel=PromptsState.close,
                ),
                on_submit=PromptsState.fill,
                class_name="stack",
            ),
            open_=(PromptsState.using_id != "") & is_here,
            title=PromptsState.using_name,
            on_close=PromptsState.close,
            testid="prompt-variables",
        ),
        rx.cond(
            (PromptsState.text != "") & is_here,
            rx.fragment(
                on_mount=[
                    function("fill", "composer.js").partial(PromptsState.text),
                    PromptsState.taken,
                ],
                key=f"text-{PromptsState.times}",
            ),
        ),
        on_mount=PromptsState.arrive,
    )


def _prompt(view: PromptView) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            rx.el.span(view.name, class_name="picker-name clip", dir="auto"),
            rx.el.span(view.beginning, class_name="prompt-beginning clip", dir="auto"),
            class_name="prompt-line",
        ),
        id=f"prompt-{view.id}",
        key=view.id,
        role="option",
        aria_selected=False,
        class_name="picker-option",
        custom_attrs={"data-words": f"{view.name} {view.beginning}"},
        # What asked for it goes at once: pressed again, Enter would send it.
        on_click=[function("rewrite", "composer.js").partial(""), PromptsState.use(view.id, CONVERSATION)],
    )


def _variable(name: rx.Var[str], index: int) -> rx.Component:
    at: Any = f"value-{index}"
    return rx.fragment(
        field(
            name,  # pyright: ignore[reportArgumentType] - a label may be a Var
            rx.el.textarea(id=at, name=at, rows=1, class_name="input variable"),
            id_=at,
        ),
        key=name,
    )
