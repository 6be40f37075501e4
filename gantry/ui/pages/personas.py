"""Personas and prompts, a tab each."""

from typing import Any

import reflex as rx

from gantry.state.personas import PersonasState
from gantry.state.prompts import PromptsState
from gantry.state.views.personas import PersonaView, PromptView
from gantry.ui.browser import leave_row, link, on_backend, once, plain_link
from gantry.ui.components.page import page
from gantry.ui.components.persona_form import persona_dialogs
from gantry.ui.components.placeholders import empty, skeleton
from gantry.ui.components.prompt_form import prompt_dialogs
from gantry.ui.menus import actions
from gantry.ui.text import Text, _
from gantry.ui.uploads import UPLOADS, FileField, UploadView, add_chosen, remove_file

_TABS = (("/personas", _("Personas")), ("/personas/prompts", _("Prompts")))
_PLACE = "personas"
_IMPORT = {"to": "/api/v1/personas/import"}


def personas_page() -> rx.Component:
    """Lay out the personas."""
    return _frame(
        "/personas",
        rx.el.div(
            rx.el.p(
                _("Instructions, a model and documents under one name. Choose one above a chat."),
                class_name="section-note",
            ),
            _persona_tools(),
            class_name="tools",
        ),
        rx.el.ul(rx.foreach(UPLOADS, _import), class_name="plain stack", aria_label=_("Imports")),
        rx.cond(
            PersonasState.loaded,
            rx.cond(
                PersonasState.personas,
                rx.el.ul(rx.foreach(PersonasState.personas, _persona), class_name="cards"),
                empty("drama", _("No personas yet.")),
            ),
            skeleton(4),
        ),
        persona_dialogs(),
    )


def prompts_page() -> rx.Component:
    """Lay out the prompts."""
    return _frame(
        "/personas/prompts",
        rx.el.div(
            rx.el.p(
                _("A prompt is a text you use again. Type / in the message field of a chat to find it."),
                class_name="section-note",
            ),
            _new(_("New prompt"), PromptsState.open_form(""), "new-prompt"),
            class_name="tools",
        ),
        rx.cond(
            PromptsState.loaded,
            rx.cond(
                PromptsState.prompts,
                rx.el.ul(rx.foreach(PromptsState.prompts, _prompt), class_name="cards"),
                empty("text-quote", _("No prompts yet.")),
            ),
            skeleton(4),
        ),
        prompt_dialogs(),
    )


def _frame(here: str, *content: rx.Component) -> rx.Component:
    return page(
        _("Personas and prompts"),
        rx.el.nav(
            *(
                link(label, to=to, aria_current="page" if to == here else "false", replace=True)
                for to, label in _TABS
            ),
            class_name="tabs",
            aria_label=_("Personas and prompts"),
        ),
        *content,
    )


def _new(label: Text, on_click: Any, testid: str) -> rx.Component:
    return rx.el.button(
        rx.icon("plus", size=17, aria_hidden="true"),
        label,
        type="button",
        on_click=on_click,
        class_name="button primary",
        data_testid=testid,
    )


def _persona_tools() -> rx.Component:
    return rx.el.div(
        _new(_("New persona"), PersonasState.open_form(""), "new-persona"),
        rx.el.label(
            _("Import"),
            FileField.create(
                type="file",
                accept="application/json,.json",
                class_name="sr-only",
                aria_label=_("Import personas from a file"),
                data_testid="import-personas",
                on_change=add_chosen.partial(_PLACE, _IMPORT),
            ),
            class_name="button",
        ),
        rx.cond(
            PersonasState.personas,
            plain_link(
                _("Export all"), href=on_backend("/api/v1/personas/export"), download="", class_name="button"
            ),
        ),
        class_name="row",
    )


def _import(file: UploadView) -> rx.Component:
    """Lay out a file on its way, or what is wrong with it; one that has been taken shows in the list."""
    return rx.cond(
        file.place == _PLACE,
        rx.el.li(
            rx.el.span(
                file.name,
                file.note,
                rx.cond(file.fault != "", rx.el.span(f": {file.fault}", role="alert")),
                class_name="anywhere grow",
            ),
            rx.el.button(
                rx.icon("x", size=16, aria_hidden="true"),
                type="button",
                aria_label=_("Remove {name} from this list", name=file.name),
                on_click=[leave_row(), remove_file.partial(file.key)],
                custom_attrs=once(),
                class_name="icon-button",
            ),
            key=file.key,
            class_name=rx.cond(file.fault != "", "callout danger row", "callout row"),
            data_testid="persona-import",
        ),
    )


def _persona(view: PersonaView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.button(
                    view.name,
                    type="button",
                    class_name="name-button anywhere",
                    dir="auto",
                    on_click=PersonasState.open_form(view.id),
                ),
                rx.cond(view.is_default, rx.el.span(_("Default"), class_name="badge accent")),
                class_name="row",
            ),
            rx.cond(view.description != "", rx.el.p(view.description, class_name="small soft anywhere")),
            rx.cond(view.facts != "", rx.el.p(view.facts, class_name="meta-line")),
            class_name="grow",
        ),
        actions(
            view.id,
            _("Actions for {name}", name=view.name),
            view.actions,
            lambda key: PersonasState.choose(view.id, key),
            download=f"/api/v1/personas/export?id={view.id}",
        ),
        key=view.id,
        class_name="card-line",
        data_testid="persona",
    )


def _prompt(view: PromptView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.button(
                view.name,
                type="button",
                class_name="name-button anywhere",
                dir="auto",
                on_click=PromptsState.open_form(view.id),
            ),
            rx.el.p(view.beginning, class_name="small soft anywhere"),
            class_name="grow",
        ),
        actions(
            view.id,
            _("Actions for {name}", name=view.name),
            view.actions,
            lambda key: PromptsState.choose(view.id, key),
        ),
        key=view.id,
        class_name="card-line",
        data_testid="prompt",
    )
