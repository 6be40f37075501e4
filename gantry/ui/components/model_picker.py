"""The model that answers: the button that tells it, and the list of all models, which serves every button of the page."""

from typing import Any

import reflex as rx

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.comparing import ComparingState
from gantry.state.views.chat import MessageView, ModelChoiceView, ServerModelsView
from gantry.ui.browser import Kept
from gantry.ui.pickers import group, option, picker
from gantry.ui.text import Text, _

_LIST = "models"
_NEXT = {"message": "", "model": "", "beside": ""}  # what is chosen answers the next message;
_BESIDE = _NEXT | {"beside": "yes"}  # or beside its model
_FOR = Kept("models_for", _NEXT)  # or tries the answer *message* again
#: Whether the next message goes to several models.
COMPARING = (rx.Var.create(ComparingState.models).length() > 0) & (
    ComparingState.conversation == ChatState.conversation_id
)


def model_picker() -> rx.Component:
    """Lay out the button with the name of the model that the next message goes to."""
    name = ChatState.model_name
    return rx.el.button(
        rx.el.span(rx.cond(name != "", name, _("Choose a model")), class_name="clip", dir="auto"),
        rx.cond(ChatState.is_model_away, rx.el.span(_("offline"), class_name="model-away")),
        rx.icon("chevron-down", size=15, aria_hidden="true"),
        type="button",
        class_name="bar-button model-button",
        aria_label=rx.cond(name != "", _("Model: {name}", name=name), _("Model: none")),
        aria_haspopup="listbox",
        title=name,
        data_testid="model-picker",
        custom_attrs={"data-model": ChatState.model, "popoverTarget": _LIST},
        on_click=_FOR.put(_NEXT),
    )


def beside_button(*children: rx.Component | Text, **props: Any) -> rx.Component:
    """Lay out a button that chooses a further model to answer the next message."""
    return rx.el.button(
        *children,
        type="button",
        aria_haspopup="listbox",
        custom_attrs={"popoverTarget": _LIST},
        on_click=_FOR.put(_BESIDE),
        **props,
    )


def compare_button() -> rx.Component:
    """Lay out the button above a chat that has models compared."""
    return beside_button(
        rx.icon("columns-2", size=17, aria_hidden="true"),
        class_name="icon-button settings-button",
        aria_label=_("Compare models"),
        title=_("Compare models"),
        data_testid="compare-models",
    )


def other_model_button(view: MessageView, **props: Any) -> rx.Component:
    """Lay out the button that has an answer tried again by another model."""
    return rx.el.button(
        rx.icon("chevron-down", size=14, aria_hidden="true"),
        type="button",
        aria_label=_("Retry with another model"),
        title=_("Retry with another model"),
        aria_haspopup="listbox",
        custom_attrs={"popoverTarget": _LIST},
        on_click=_FOR.put({"message": view.id, "model": view.model, "beside": ""}),
        **props,
    )


def model_list() -> rx.Component:
    """Lay out the list; once on a page."""
    return picker(
        _LIST,
        _("Models"),
        rx.foreach(ChatState.models, _server),
        search=_("Search models"),
        none=_("No models found."),
    )


def _server(server: ServerModelsView) -> rx.Component:
    return group(server.server, rx.foreach(server.models, _model))


def _model(model: ModelChoiceView) -> rx.Component:
    is_retry, is_beside = _FOR.value["message"] != "", _FOR.value["beside"] != ""
    is_first = ChatState.model == model.id
    is_compared: Any = COMPARING & ComparingState.ids.contains(model.id)  # pyright: ignore[reportAttributeAccessIssue]
    is_asked = is_first | (is_beside & is_compared)
    chosen = rx.cond(is_retry, _FOR.value["model"] == model.name, is_asked)
    message, beside = _FOR.now["message"].to(str), _FOR.now["beside"].to(str)
    here = ChatState.conversation_id
    return option(
        f"model-{model.id}",
        rx.el.span(model.name, class_name="picker-name", dir="auto"),
        rx.cond(model.available, rx.fragment(), rx.el.span(_("offline"), class_name="model-away")),
        rx.cond(model.context != "", rx.el.span(model.context, class_name="model-context")),
        words=f"{model.id} {model.server}",
        chosen=chosen,
        on_click=rx.cond(
            message != "",
            AskingState.regenerate(message, model.id),
            rx.cond(
                beside != "",
                ComparingState.choose(model.id, ChatState.model, here, rx.cond(is_compared, False, True)),
                ChatState.choose_model(model.id, here),
            ),
        ),
    )
