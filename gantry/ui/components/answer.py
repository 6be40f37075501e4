"""The body of an assistant's message (assets/answer.jsx)."""

import reflex as rx

from gantry.state.views.chat import SourceView
from gantry.ui.components.local import two_texts_event

STREAMDOWN = "streamdown@2.7.1"


class Answer(rx.Component):
    """Shows an answer from its first status to its stored text; follows the stream while ``generation_id`` is set."""

    library = "$/public/answer.jsx"
    tag = "Answer"
    lib_dependencies: list[str] = [
        STREAMDOWN,
        "@streamdown/code@2.0.0",
        "@streamdown/math@1.0.3",
        "@streamdown/mermaid@1.0.2",
        "katex@0.16.27",
        "shiki@4.4.3",
    ]

    message_id: rx.Var[str]
    text: rx.Var[str]
    generation_id: rx.Var[str]
    status: rx.Var[str]
    reasoning: rx.Var[str]
    reasoning_ms: rx.Var[int]
    sources: rx.Var[list[SourceView]]
    note: rx.Var[str]

    on_end: rx.EventHandler[two_texts_event]
    """With the message's id and how its answer ended."""


answer = Answer.create
