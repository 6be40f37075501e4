"""Answers of several models: which are asked, above the message field, and how they stand side by side."""

from typing import Any, cast

import reflex as rx

from gantry.domain.chat import MAX_COMPARED
from gantry.state.chat import ChatState
from gantry.state.comparing import ComparingState
from gantry.state.views.chat import ComparedModelView, MessageView
from gantry.ui.browser import function, once
from gantry.ui.components.answer import answer
from gantry.ui.components.message_actions import (
    continue_button,
    copy_button,
    prompt_button,
    rating_buttons,
    rating_of,
)
from gantry.ui.components.model_picker import COMPARING, beside_button
from gantry.ui.text import _, around

_FIELD = function("messageField", "page.js").call()
_TO_FIELD = function("focusOn", "page.js").partial(_FIELD)


def asked_models() -> Any:
    """Return the ids of the models that answer the next message side by side; none where one does."""
    every = rx.Var.create([ChatState.model]) + ComparingState.ids  # pyright: ignore[reportOperatorIssue]
    return rx.cond(COMPARING, every, rx.Var.create([]))


def asked_beside() -> rx.Component:
    """Lay out which models answer the next message, where several do."""
    is_room = rx.Var.create(ComparingState.models).length() + 1 < MAX_COMPARED
    return rx.cond(
        COMPARING,
        rx.el.div(
            rx.icon("columns-2", size=16, aria_hidden="true"),
            rx.el.span(_("Side by side"), class_name="asked-label"),
            rx.el.ul(
                rx.el.li(
                    rx.el.span(ChatState.model_name, class_name="clip", dir="auto"), class_name="asked-model"
                ),
                rx.foreach(ComparingState.models, _asked),
                aria_label=_("Models that answer the next message"),
            ),
            rx.cond(
                is_room,
                beside_button(
                    rx.icon("plus", size=15, aria_hidden="true"), _("Add"), class_name="button tiny quiet"
                ),
            ),
            class_name="asked-beside",
            data_testid="asked-beside",
        ),
    )


def _asked(model: ComparedModelView) -> rx.Component:
    here, first = ChatState.conversation_id, ChatState.model
    chip = rx.el.li(
        rx.el.span(model.name, class_name="clip", dir="auto"),
        rx.el.button(
            rx.icon("x", size=14, aria_hidden="true"),
            type="button",
            aria_label=_("Ask without {name}", name=model.name),
            on_click=[ComparingState.choose(model.id, first, here, False), _TO_FIELD],
            custom_attrs=once(),
        ),
        class_name="asked-model",
    )
    return rx.fragment(rx.cond(model.id != first, chip), key=model.id)


def compares() -> rx.Var[bool]:
    """Whether answers stand side by side at the end of the conversation."""
    latest: Any = rx.Var.create(ChatState.latest)
    return rx.cond(ChatState.latest, latest[-1].heading != "", False).to(bool)


def comparison() -> rx.Component:
    """Lay out the answers that stand side by side at the end of the conversation."""
    return rx.cond(
        compares(),
        rx.el.section(
            rx.el.div(
                rx.foreach(
                    ChatState.latest,
                    lambda view: rx.fragment(
                        rx.cond(view.heading != "", _column(view=view, rating=rating_of(view))), key=view.id
                    ),
                ),
                class_name="columns",
                role="group",
                aria_label=_("Answers of several models"),
                tab_index=0,  # they may be scrolled
            ),
            rx.foreach(ChatState.latest, lambda view: rx.cond(view.goes_on, _what_next(view))),
            class_name="comparison",
            aria_label=_("Comparison"),
            data_testid="comparison",
        ),
    )


def _what_next(view: MessageView) -> rx.Component:
    return rx.el.p(
        around(
            _(
                "Your next message goes on from the answer of {model}, unless you keep another. The others stay beside it."
            ),
            "model",
            rx.el.strong(view.heading),
        ),
        class_name="comparison-note",
    )


@rx.memo
def _column(view: rx.Var[MessageView], rating: rx.Var[str]) -> rx.Component:
    """Lay out one answer; anew only when something of it has changed."""
    shape = cast("MessageView", view)
    live = rx.Var.create(shape.status == "streaming")
    return rx.el.article(
        rx.el.header(
            rx.el.h2(shape.heading, class_name="clip", dir="auto", title=shape.heading),
            rx.cond(shape.goes_on, rx.el.span(_("Goes on from here"), class_name="goes-on")),
            class_name="column-head",
        ),
        answer(shape),
        rx.el.div(
            rx.cond(live, _stop(shape), _settled(shape, rating)),
            rx.cond(shape.blank, rx.fragment(), _keep(shape)),
            class_name="column-foot",
        ),
        class_name="message column",
        data_testid="column",
        custom_attrs={
            "data-message": shape.id,
            "data-role": shape.role,
            "data-status": shape.status,
            "data-goes-on": rx.cond(shape.goes_on, "", rx.Var("undefined")),
        },
        aria_label=_("Answer of {heading}", heading=shape.heading),
        tab_index=-1,
    )


def _settled(view: MessageView, rating: rx.Var[str]) -> rx.Component:
    """Lay out what can be done with an answer beside others; the rest comes with the one that is kept."""
    return rx.fragment(
        rx.cond(view.usage != "", rx.el.span(view.usage, class_name="usage")),
        rx.el.span(
            rx.cond(
                view.blank,
                rx.fragment(),
                rx.fragment(copy_button(view), rating_buttons(view, rating)),
            ),
            prompt_button(view),
            class_name="column-actions",
            role="group",
            aria_label=_("Message actions"),
        ),
        rx.cond(view.continues, continue_button(view)),
    )


def _stop(view: MessageView) -> rx.Component:
    return rx.el.button(
        rx.icon("square", size=13, fill="currentColor", aria_hidden="true"),
        _("Stop"),
        type="button",
        class_name="button tiny",
        aria_label=_("Stop {heading}", heading=view.heading),
        on_click=ComparingState.stop(view.generation_id),
        data_testid="stop-one",
    )


def _keep(view: MessageView) -> rx.Component:
    return rx.el.button(
        rx.icon("check", size=15, aria_hidden="true"),
        _("Keep this answer"),
        type="button",
        class_name="button tiny",
        aria_label=_("Keep this answer: {heading}", heading=view.heading),
        on_click=[ComparingState.keep(view.id), _TO_FIELD],
        custom_attrs=once(),
        data_testid="keep",
    )
