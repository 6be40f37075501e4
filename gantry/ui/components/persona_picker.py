"""The persona of a chat: the button that tells it, and the list to choose from."""

from typing import Any

import reflex as rx

from gantry.state.chat import ChatState
from gantry.state.chat_settings import ChatSettingsState
from gantry.state.personas import PersonasState
from gantry.state.views.personas import PersonaView
from gantry.ui.pickers import group, option, picker

_LIST = "personas"


def persona_picker() -> rx.Component:
    """Lay out the button, with the persona's name where there is one."""
    name = ChatSettingsState.persona_name
    return rx.el.button(
        rx.icon("drama", size=17, aria_hidden="true"),
        rx.cond(name != "", rx.el.span(name, class_name="bar-label clip")),
        type="button",
        class_name="bar-button persona-button",
        aria_label=rx.cond(name != "", f"Persona: {name}", "Persona: none"),
        aria_haspopup="listbox",
        title=rx.cond(name != "", f"Persona: {name}", "Choose a persona"),
        data_testid="persona-picker",
        custom_attrs={"popoverTarget": _LIST},
    )


def persona_list() -> rx.Component:
    """Lay out the list; once on a page."""
    none = rx.el.span("No persona", class_name="picker-name")
    return picker(
        _LIST,
        "Personas",
        rx.el.div(
            option(
                "persona-none",
                none,
                words="No persona",
                chosen=ChatSettingsState.persona == "",
                on_click=_choose(""),
            ),
            role="group",
            aria_label="Without",
            class_name="picker-group",
        ),
        group("Your personas", rx.foreach(PersonasState.personas, _persona)),
        rx.el.div(
            option(
                "persona-manage",
                rx.el.span("Manage personas", class_name="picker-name soft"),
                words="Manage personas",
                chosen=False,
                on_click=rx.redirect("/personas"),
            ),
            role="group",
            aria_label="More",
            class_name="picker-group",
        ),
        search="Search personas",
        none="No personas found.",
    )


def _persona(view: PersonaView) -> rx.Component:
    return option(
        f"persona-{view.id}",
        rx.el.span(view.name, class_name="picker-name clip"),
        rx.cond(view.is_default, rx.el.span("default", class_name="model-context"), rx.fragment()),
        words=f"{view.name} {view.description}",
        chosen=ChatSettingsState.persona == view.id,
        on_click=_choose(view.id),
    )


def _choose(persona: Any) -> list[Any]:
    return [
        ChatSettingsState.choose_persona(persona, ChatState.conversation_id),
        ChatState.take_persona(ChatState.conversation_id),
    ]
