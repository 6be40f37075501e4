"""The scrolling log of a conversation."""

from typing import Any

import reflex as rx
from reflex.event import no_args_event_spec

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.search import FoundState
from gantry.ui.browser import Kept, function
from gantry.ui.components.comparison import compares
from gantry.ui.components.local import comes_near
from gantry.ui.text import _

_PENDING = Kept("pending", {"key": "", "text": ""})  # a text on its way to the server
_SPOKEN = Kept("spoken")  # how the last answer stands; a screen reader is told that, never its tokens
_JUMP = Kept("jump", False)  # whether the reader is far from the end


class _Pinning(rx.Component):
    """Keeps the reader's place, and tells when it comes before the person's eyes again."""

    library = "$/islands/pinning.js"
    tag = "Pinning"

    conversation_id: rx.Var[str]
    earliest_id: rx.Var[str]
    on_seen: rx.EventHandler[no_args_event_spec]


def transcript(*messages: Any, otherwise: rx.Component) -> rx.Component:
    """Lay out *messages* and the text on its way; *otherwise* stands in a new conversation with neither."""
    key = _PENDING.value["key"].to(str)
    is_pending = (key != "") & (key != AskingState.accepted) & ~AskingState.refused.startswith(key)
    earliest = rx.cond(ChatState.earlier, ChatState.earlier[0].id, "")
    is_blank = ChatState.ready & (ChatState.conversation_id == "")
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                rx.cond(
                    ChatState.has_earlier & (earliest != ""),
                    comes_near(ChatState.load_earlier(), once_for=earliest, class_name="near-start"),
                ),
                *messages,
                rx.cond(is_pending, _pending(), rx.cond(is_blank, otherwise)),
                class_name="transcript-column",
                custom_attrs={"data-compares": rx.cond(compares(), "", rx.Var("undefined"))},
            ),
            class_name="transcript",
            role="log",
            aria_live="off",
            aria_label=_("Conversation"),
            tab_index=-1,
        ),
        rx.el.div(_spoken(), class_name="sr-only", role="status", aria_live="polite"),
        rx.cond(
            _JUMP.value,
            rx.el.button(
                rx.icon("arrow-down", size=18, aria_hidden="true"),
                type="button",
                class_name="jump",
                aria_label=_("Jump to latest"),
                data_testid="jump",
                on_click=function("toEnd", "pinning.js").partial(),
            ),
        ),
        _Pinning.create(
            conversation_id=ChatState.conversation_id,
            earliest_id=earliest,
            on_seen=ChatState.note_seen(ChatState.conversation_id),
        ),
        rx.cond(
            FoundState.message != "",
            rx.fragment(_found(message=FoundState.message, pattern=FoundState.pattern), key=FoundState.turn),
        ),
        class_name="transcript-frame",
    )


@rx.memo
def _found(message: rx.Var[str], pattern: rx.Var[str]) -> rx.Component:
    """Lead to the message that was searched, with what is found in it marked; a component of its own for when it comes."""
    return rx.fragment(on_mount=function("lead", "pinning.js").partial(message, pattern))


def _spoken() -> Any:
    return rx.match(
        _SPOKEN.value,
        ("streaming", _("Answering…")),
        ("complete", _("The answer is complete.")),
        ("stopped", _("The answer was stopped.")),
        ("failed", _("The answer failed.")),
        "",
    )


def _pending() -> rx.Component:
    """Lay out a message as it will look, from the moment Enter is pressed until the server has it."""
    return rx.el.div(
        rx.el.div(_PENDING.value["text"].to(str), class_name="bubble"),
        rx.el.p(
            rx.el.span(class_name="working-mark", aria_hidden="true"),
            rx.el.span(_("Sending"), class_name="working-label"),
            class_name="working pending-mark",
        ),
        class_name="message",
        custom_attrs={"data-role": "user", "data-pending": "", "data-message": ""},
    )
