"""The dialogs above the list of personas."""

from typing import Any

import reflex as rx

from gantry.domain.personas import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_QUESTIONS,
)
from gantry.state.personas import PersonasState
from gantry.state.views.personas import KEEP
from gantry.state.views.settings import ModelView
from gantry.state.views.vault import CollectionView
from gantry.ui.ahead import Ahead
from gantry.ui.components.keeping_dialogs import keeping_dialogs
from gantry.ui.components.parameters import parameters, system_prompt
from gantry.ui.forms import field
from gantry.ui.text import _

_KEPT = _("As in the chat")


def persona_dialogs() -> rx.Component:
    """Lay out the form, and what is asked before one is deleted."""
    form = PersonasState.form
    return keeping_dialogs(
        PersonasState,
        *_about(),
        system_prompt(form.parameters, _("For example: You are a patient teacher of Norwegian.")),
        _more(),
        id_=form.id,
        title=rx.cond(form.id == "", _("New persona"), _("Edit persona")),
        when_deleted=_(
            "Chats that use it stay as they are: they keep its instructions and settings as their own."
        ),
        testid="persona",
        class_name="wide",
    )


def _about() -> list[rx.Component]:
    form = PersonasState.form
    return [
        field(
            _("Name"),
            rx.el.input(
                default_value=form.name, required=True, max_length=MAX_NAME_CHARACTERS, **_named("name")
            ),
            id_="persona-name",
        ),
        field(
            _("Description"),
            rx.el.input(
                default_value=form.description,
                max_length=MAX_DESCRIPTION_CHARACTERS,
                **_named("description"),
            ),
            id_="persona-description",
            hint=_("Shown in lists and above new chats. The model does not read it."),
        ),
    ]


def _more() -> rx.Component:
    form = PersonasState.form
    return rx.fragment(
        rx.el.div(
            field(
                _("Model"),
                rx.el.select(
                    rx.el.option(_KEPT, value=""),
                    rx.foreach(PersonasState.models, _model),
                    default_value=form.model,
                    **_named("model"),
                ),
                id_="persona-model",
            ),
            field(
                _("Documents"),
                rx.el.select(
                    rx.el.option(_KEPT, value=KEEP),
                    rx.el.option(_("No documents"), value="none"),
                    rx.el.option(_("All documents"), value="all"),
                    rx.cond(
                        rx.Var.create(PersonasState.collections).bool()
                        | (rx.Var.create(form.documents) == "some"),
                        rx.el.option(_("Chosen collections"), value="some"),
                    ),
                    default_value=form.documents,
                    **_named("documents"),
                ),
                id_="persona-documents",
            ),
            class_name="field-grid",
        ),
        _collections(),
        field(
            _("First questions"),
            rx.el.textarea(default_value=form.questions, rows=3, **_named("questions")),
            id_="persona-questions",
            hint=_("Up to {count}, one a line. New chats offer them.", count=MAX_QUESTIONS),
        ),
        rx.el.details(
            rx.el.summary(_("Parameters"), class_name="small"),
            parameters(form.parameters, _("As the server decides")),
            class_name="stack",
        ),
    )


def _model(model: ModelView) -> rx.Component:
    return rx.el.option(model.label, value=model.id)


def _collections() -> rx.Component:
    """Lay out the collections to tick; styles show them while the choice above says so."""
    singly = PersonasState.form.singly
    return rx.el.fieldset(
        rx.el.legend(_("Collections")),
        rx.foreach(PersonasState.collections, _collection),
        rx.cond(
            singly > 0,
            rx.el.p(
                _("And documents that were chosen one by one: {singly}", singly=singly),
                class_name="small soft",
            ),
        ),
        class_name="checks persona-collections",
    )


def _collection(each: CollectionView) -> rx.Component:
    is_chosen = rx.Var.create(PersonasState.chosen).contains(each.id)
    box = Ahead("persona_reads", is_chosen, of=PersonasState.turn, each=each.id)
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=box.value,
            on_change=box.takes(lambda on: PersonasState.choose_collection(each.id, on)),
        ),
        rx.el.span(each.name),
        key=each.id,
        class_name="check anywhere",
    )


def _named(name: str) -> dict[str, Any]:
    return {
        "id": f"persona-{name}",
        "name": name,
        "class_name": "input",
        "auto_complete": "off",
        "custom_attrs": {"aria-describedby": f"persona-{name}-hint"},
    }
