"""The persona of a chat: the button that tells it, and the list to choose from."""

from typing import Any

import reflex as rx

from gantry.state.chat import ChatState
from gantry.state.chat_settings import ChatSettingsState
from gantry.state.personas import PersonasState
from gantry.state.views.personas import PersonaView
from gantry.ui.pickers import group, option, picker
from gantry.ui.text import _

_LIST = "personas"


def persona_picker() -> rx.Component:
    """Lay out the button, with the persona's name where there is one."""
    name = ChatSettingsState.persona_name
    return rx.el.button(
        rx.icon("drama", size=17, aria_hidden="true"),
        rx.cond(name != "", rx.el.span(name, class_name="bar-label clip", dir="auto")),
        type="button",
        class_name="bar-button persona-button",
        aria_label=rx.cond(name != "", _("Persona: {name}", name=name), _("Persona: none")),
        aria_haspopup="listbox",
        title=rx.cond(name != "", _("Persona: {name}", name=name), _("Choose a persona")),
        data_testid="persona-picker",
        custom_attrs={"popoverTarget": _LIST},
    )


def persona_list() -> rx.Component:
    """Lay out the list; once on a page."""
    none = rx.el.span(_("No persona"), class_name="picker-name")
    return picker(
        _LIST,
        _("Personas"),
        rx.el.div(
            option(
                "persona-none",
                none,
                words=_("No persona"),
                chosen=ChatSettingsState.persona == "",
                on_click=_choose(""),
            ),
            role="group",
            aria_label=_("Without"),
            class_name="picker-group",
        ),
        group(_("Your personas"), rx.foreach(PersonasState.personas, _persona)),
        rx.el.div(
            option(
                "persona-manage",
                rx.el.span(_("Manage personas"), class_name="picker-name soft"),
                words=_("Manage personas"),
                chosen=False,
                on_click=rx.redirect("/personas"),
            ),
            role="group",
            aria_label=_("More"),
            class_name="picker-group",
        ),
        search=_("Search personas"),
        none=_("No personas found."),
    )


def _persona(view: PersonaView) -> rx.Component:
    return option(
        f"persona-{view.id}",
        rx.el.span(view.name, class_name="picker-name clip", dir="auto"),
        rx.cond(view.is_default, rx.el.span(_("default"), class_name="model-context"), rx.fragment()),
        words=f"{view.name} {view.description}",
        chosen=ChatSettingsState.persona == view.id,
        on_click=_choose(view.id),
    )


def _choose(persona: Any) -> list[Any]:
    return [
        ChatSettingsState.choose_persona(persona, ChatState.conversation_id),
        ChatState.take_persona(ChatState.conversation_id),
    ]
