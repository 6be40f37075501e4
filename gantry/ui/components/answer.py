"""The body of an assistant's message, from its first status to its stored text; what it says while it is written is its stream's."""

from dataclasses import asdict, dataclass, field
from typing import Any, cast

import reflex as rx

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.views.chat import MessageView, SourceView
from gantry.ui.browser import Kept, once
from gantry.ui.components.attached import attached
from gantry.ui.components.local import number_event, text_text_flag_event
from gantry.ui.components.sources import open_source, sources
from gantry.ui.text import _, plural

_STAGES = (
    ("queued", _("Waiting for the model")),
    ("loading", _("Loading the model")),
    ("reading", _("Reading your documents")),
    ("thinking", _("Thinking")),
    ("writing", _("Writing")),
)


@dataclass(frozen=True, slots=True)
class StreamView:
    """What the stream of an answer has told so far, but for its texts (islands/stream.js).

    Attributes:
        writes: Whether there is any text, and ``thinks`` any reasoning.
        milliseconds: How long it has thought; 0 until it has begun to write.
        stage: What is done before there is any text; ``detail`` says it in the server's words.
        still: Whether nothing has come for a while.
        status: How it ended.
    """

    writes: bool = False
    thinks: bool = False
    milliseconds: int = 0
    stage: str = ""
    detail: str = ""
    sources: list[SourceView] = field(default_factory=list)
    still: bool = False
    status: str = ""


class AnswerText(rx.Component):
    """A ``part`` of an answer, "text" or "reasoning", as its stream tells it, or else as it is ``stored``.

    ``live`` until its end is stored, ``writing`` until its stream ends.
    """

    library = "$/islands/markdown.jsx"
    tag = "AnswerText"
    lib_dependencies: list[str] = [
        "streamdown@2.7.1",
        "@streamdown/code@2.0.0",
        "@streamdown/cjk@1.0.3",
        "@streamdown/mermaid@1.0.2",
        "copy-text-to-clipboard@3.2.2",
        "katex@0.16.27",
        "mdast-util-find-and-replace@3.0.4",
        "remark-breaks@4.0.0",
        "shiki@4.4.3",
        "unist-util-visit@5.1.0",
    ]

    part: rx.Var[str]
    generation_id: rx.Var[str]
    stored: rx.Var[str]
    live: rx.Var[bool]
    writing: rx.Var[bool]
    sources: rx.Var[list[SourceView]]
    on_source: rx.EventHandler[number_event]
    """With the number of a reference that was pressed."""


class _Following(rx.Component):
    """Follows the stream while ``generation_id`` is set; ``ended`` is how it has ended."""

    library = "$/islands/stream.js"
    tag = "Following"
    lib_dependencies: list[str] = ["eventsource-parser@4.1.3"]

    message_id: rx.Var[str]
    generation_id: rx.Var[str]
    live: rx.Var[bool]
    ended: rx.Var[str]
    on_end: rx.EventHandler[text_text_flag_event]
    """With the message's id, how its answer ended, and whether the person sees it."""


def answer(view: MessageView) -> rx.Component:
    """Lay out an answer with what belongs to it; what went wrong stands below the text so far."""
    return rx.fragment(
        rx.cond(view.left_out > 0, _left_out(view)),
        attached(view),
        _body(view=view),
        sources(view),
        rx.cond(view.status == "stopped", _ending(_("You stopped this answer."))),
        rx.cond(view.ending != "", _ending(view.ending)),
        rx.cond(view.status == "failed", _failure(view)),
    )


@rx.memo
def _body(view: rx.Var[MessageView]) -> rx.Component:
    """Lay out what is drawn anew when its stream tells something, and that alone; the texts do so by themselves.

    It is one component from the first status to the stored answer, so nothing is mounted anew at the end: a selection, an
    open section of thoughts and the place of the reader stay.
    """
    shape = cast("MessageView", view)
    kept = Kept("answer", asdict(StreamView()), of=rx.Var.create(shape.generation_id))
    stream: StreamView = kept.value.to(StreamView)
    live = rx.Var.create(shape.status == "streaming")
    writing = live & (stream.status == "")
    # Of a page that was loaded anew the text is read again.
    reading = (shape.generation_id != "") & (stream.status == "")
    has_thoughts = rx.Var.create(stream.thinks) | (shape.reasoning != "")
    writes = rx.Var.create(stream.writes)
    mark = rx.el.span(class_name="working-mark", aria_hidden="true")
    # Text that comes is movement enough: an animation beside it has the browser draw sixty times a second.
    still = {"data-still": rx.cond(stream.still, "", rx.Var("undefined"))}
    return rx.el.div(
        rx.cond(has_thoughts, _thoughts(shape, stream, writing & ~writes)),
        rx.el.div(  # lists and tables have the direction of the answer, whatever that of the page is
            AnswerText.create(
                part="text",
                generation_id=shape.generation_id,
                stored=shape.markdown,
                live=live,
                writing=writing,
                sources=rx.cond(stream.sources, stream.sources, shape.sources),
                on_source=lambda number: open_source(shape.id, number),
            ),
            dir="auto",
        ),
        rx.cond(
            writing & ~writes & ~has_thoughts,
            rx.el.p(mark, rx.el.span(_stage(stream), class_name="working-label"), class_name="working"),
        ),
        rx.cond(
            live & writes,
            rx.el.p(rx.cond(writing, mark), class_name="at-work", aria_hidden="true", custom_attrs=still),
        ),
        _Following.create(
            message_id=shape.id,
            generation_id=shape.generation_id,
            live=live,
            ended=stream.status,
            on_end=ChatState.answer_ended,
        ),
        class_name="answer",
        custom_attrs={
            "lang": rx.cond(shape.language != "", shape.language, rx.Var("undefined")),
            "data-live": rx.cond(writing, "true", rx.Var("undefined")),
            "aria-busy": rx.cond(writing | reading, "true", rx.Var("undefined")),
        },
    )


def streamed_text(view: MessageView) -> rx.Var[str]:
    """Return the text of an answer that this page has read from its stream."""
    return Kept("text", of=rx.Var.create(view.generation_id)).now


def _stage(stream: StreamView) -> Any:
    return rx.cond(stream.detail != "", stream.detail, rx.match(stream.stage, *_STAGES, _("Starting")))


def _thoughts(view: MessageView, stream: StreamView, thinking: Any) -> rx.Component:
    """Lay out what a model thought before it wrote, folded until somebody opens it."""
    is_open = Kept("thoughts", False, of=rx.Var.create(view.id))
    milliseconds: Any = rx.cond(view.reasoning_ms > 0, view.reasoning_ms, stream.milliseconds)
    seconds = rx.cond(milliseconds < 1500, 1, round(milliseconds / 1000))
    return rx.el.div(
        rx.el.button(
            rx.icon("chevron-right", size=15),
            rx.cond(
                thinking,
                _("Thinking…"),
                rx.cond(milliseconds > 0, _("Thought for {seconds} s", seconds=seconds), _("Thoughts")),
            ),
            type="button",
            aria_expanded=is_open.value,
            on_click=is_open.put(~is_open.value),
            custom_attrs={"data-thinking": rx.cond(thinking, "true", rx.Var("undefined"))},
        ),
        rx.cond(
            is_open.value,
            rx.el.div(
                AnswerText.create(
                    part="reasoning",
                    generation_id=view.generation_id,
                    stored=view.reasoning,
                    live=thinking,
                    writing=thinking,
                    sources=[],
                ),
                class_name="reasoning-text",
            ),
        ),
        class_name="reasoning",
    )


def _left_out(view: MessageView) -> rx.Component:
    return rx.el.p(
        plural(
            "{count} earlier message did not fit in this model's context.",
            "{count} earlier messages did not fit in this model's context.",
            count=view.left_out,
        ),
        class_name="left-out",
    )


def _ending(text: Any) -> rx.Component:
    return rx.el.p(text, class_name="ending")


def _failure(view: MessageView) -> rx.Component:
    """Say what happened and what to do next."""
    return rx.el.div(
        rx.el.p(
            rx.cond(view.error_title != "", view.error_title, _("The answer could not be finished.")),
            class_name="answer-error-title",
        ),
        rx.cond(view.error_advice != "", rx.el.p(view.error_advice)),
        rx.el.div(
            rx.el.button(
                _("Retry"),
                type="button",
                on_click=AskingState.regenerate(view.id, ""),
                custom_attrs=once(),
                class_name="button primary",
            ),
            rx.cond(
                view.error_details != "",
                rx.el.details(rx.el.summary(_("Details")), rx.el.pre(view.error_details)),
            ),
            class_name="answer-error-next",
        ),
        role="alert",
        class_name="answer-error",
        data_testid="failure",
    )
