"""The body of an assistant's message (islands/answer.jsx)."""

from typing import Any

import reflex as rx

from gantry.state.chat import ChatState
from gantry.state.views.chat import MessageView, SourceView
from gantry.ui.components.local import number_event, text_text_flag_event
from gantry.ui.components.sources import open_source, sources

STREAMDOWN = "streamdown@2.7.1"
_STAGES = {
    "": "Starting",
    "queued": "Waiting for the model",
    "loading": "Loading the model",
    "reading": "Reading your documents",
    "thinking": "Thinking",
    "writing": "Writing",
}


class _Answer(rx.Component):
    """Shows an answer from its first status to its stored text; follows the stream while ``generation_id`` is set."""

    library = "$/islands/answer.jsx"
    tag = "Answer"
    lib_dependencies: list[str] = [
        STREAMDOWN,
        "@streamdown/code@2.0.0",
        "@streamdown/cjk@1.0.3",
        "@streamdown/mermaid@1.0.2",
        "eventsource-parser@4.1.3",
        "katex@0.16.27",
        "mdast-util-find-and-replace@3.0.4",
        "rehype-katex@7.0.1",
        "remark-breaks@4.0.0",
        "shiki@4.4.3",
        "unist-util-visit@5.1.0",
    ]

    message_id: rx.Var[str]
    text: rx.Var[str]
    generation_id: rx.Var[str]
    status: rx.Var[str]
    reasoning: rx.Var[str]
    reasoning_ms: rx.Var[int]
    sources: rx.Var[list[SourceView]]
    stages: rx.Var[dict[str, str]]
    """What is said of each before there is any text."""

    on_end: rx.EventHandler[text_text_flag_event]
    """With the message's id, how its answer ended, and whether the person sees it."""
    on_source: rx.EventHandler[number_event]
    """With the number of a reference that was pressed."""


def answer(view: MessageView) -> rx.Component:
    """Lay out an answer with what belongs to it; what went wrong stands below the text so far."""
    return rx.fragment(
        rx.cond(view.left_out > 0, _left_out(view)),
        _Answer.create(
            message_id=view.id,
            text=view.markdown,
            generation_id=view.generation_id,
            status=view.status,
            reasoning=view.reasoning,
            reasoning_ms=view.reasoning_ms,
            sources=view.sources,
            stages=_STAGES,
            on_end=ChatState.answer_ended,
            on_source=lambda number: open_source(view.id, number),
        ),
        sources(view),
        rx.cond(view.status == "stopped", _ending("You stopped this answer.")),
        rx.cond(view.ending != "", _ending(view.ending)),
        rx.cond(view.status == "failed", _failure(view)),
    )


def _left_out(view: MessageView) -> rx.Component:
    plural = rx.cond(view.left_out == 1, "message", "messages")
    return rx.el.p(
        f"{view.left_out} earlier {plural} did not fit in this model's context.", class_name="left-out"
    )


def _ending(text: Any) -> rx.Component:
    return rx.el.p(text, class_name="ending")


def _failure(view: MessageView) -> rx.Component:
    """Say what happened and what to do next."""
    return rx.el.div(
        rx.el.p(
            rx.cond(view.error_title != "", view.error_title, "The answer could not be finished."),
            class_name="answer-error-title",
        ),
        rx.cond(view.error_advice != "", rx.el.p(view.error_advice)),
        rx.el.div(
            rx.el.button(
                "Retry",
                type="button",
                on_click=ChatState.regenerate(view.id, ""),
                class_name="button primary",
            ),
            rx.cond(
                view.error_details != "",
                rx.el.details(rx.el.summary("Details"), rx.el.pre(view.error_details)),
            ),
            class_name="answer-error-next",
        ),
        role="alert",
        class_name="answer-error",
        data_testid="failure",
    )
