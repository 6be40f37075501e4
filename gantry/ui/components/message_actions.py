"""What can be done with a message, and what it cost: shown once it has settled."""

from typing import Any, Literal

import reflex as rx

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.order import OrderState
from gantry.state.session import SessionState
from gantry.state.views.chat import MessageView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import Kept, function, once
from gantry.ui.components.answer import streamed_text
from gantry.ui.components.model_picker import other_model_button
from gantry.ui.components.sources import open_prompt
from gantry.ui.components.speech import read_aloud
from gantry.ui.components.user_message import EDITING
from gantry.ui.text import Text, _

_COPIED = Kept("copied")  # the id of the message that was copied a moment ago


def message_actions(view: MessageView, *, last: rx.Var[bool], rating: rx.Var[str]) -> rx.Component:
    """Lay out the row below a message: copy, versions, and by role: judge, try again, continue, or edit."""
    return rx.cond(
        view.status == "streaming",
        rx.fragment(),
        rx.el.div(
            rx.cond(view.sibling_count > 1, _versions(view)),
            rx.cond(view.blank, rx.fragment(), copy_button(view)),
            rx.cond(
                view.role == "assistant",
                _of_answer(view, rating),
                _action(_("Edit"), "pencil", EDITING.put(view.id), data_testid="edit-message"),
            ),
            rx.cond(view.continues & last, continue_button(view)),
            rx.el.span(
                rx.cond(view.model != "", _usage(view)),
                _moment(view.created_at),
                class_name="facts",
            ),
            class_name="actions",
            role="group",
            aria_label=_("Message actions"),
        ),
    )


def _action(label: Text, icon: str, on_click: Any, **props: Any) -> rx.Component:
    return rx.el.button(
        rx.icon(icon, size=17, aria_hidden="true"),
        type="button",
        class_name="action",
        aria_label=label,
        title=label,
        on_click=on_click,
        **props,
    )


def _versions(view: MessageView) -> rx.Component:
    at = f"{view.sibling_index} / {view.sibling_count}"
    return rx.el.span(
        _action(
            _("Previous version"),
            "chevron-left",
            ChatState.select_branch(view.previous_id),
            disabled=view.previous_id == "",
        ),
        rx.el.span(
            at,
            aria_label=_(
                "Version {number} of {count}",
                number=view.sibling_index,
                count=view.sibling_count,
            ),
            role="img",
        ),
        _action(
            _("Next version"),
            "chevron-right",
            ChatState.select_branch(view.next_id),
            disabled=view.next_id == "",
        ),
        class_name="branches",
        data_testid="branches",
    )


def copy_button(view: MessageView) -> rx.Component:
    """Lay out the button that copies a message."""
    text = rx.cond(view.markdown != "", view.markdown, streamed_text(view))
    copy = function("copyNow", "clipboard.js").partial(text, view.id)
    return rx.cond(
        _COPIED.value == view.id,
        _action(_("Copied"), "check", copy, data_testid="copy"),
        _action(_("Copy"), "copy", copy, data_testid="copy"),
    )


def rating_of(view: MessageView) -> rx.Var[str]:
    """Return what the person thinks of an answer: "up", "down" or nothing."""
    rated = ChatState.rated
    return rx.cond(rated.contains(view.id), rated[view.id], view.rating)  # pyright: ignore[reportAttributeAccessIssue]


def rating_buttons(view: MessageView, rating: rx.Var[str]) -> rx.Component:
    """Lay out the two buttons that judge an answer; pressed again, one takes its judgement back."""
    given = Ahead("rating", rating, of=view.id)

    def judge(label: Text, icon: str, value: Literal["up", "down"]) -> rx.Component:
        is_given = given.value == value
        judgement: Any = rx.cond(is_given, "", value)
        does = given.chosen(judgement, ChatState.rate(view.id, judgement))
        return _action(label, icon, does, aria_pressed=is_given)

    return rx.fragment(
        judge(_("Good answer"), "thumbs-up", "up"), judge(_("Bad answer"), "thumbs-down", "down")
    )


def prompt_button(view: MessageView) -> rx.Component:
    """Lay out the button that shows what the model was sent."""
    return _action(_("View prompt"), "scroll-text", open_prompt(view.id), data_testid="open-context")


def _of_answer(view: MessageView, rating: rx.Var[str]) -> rx.Component:
    return rx.fragment(
        rx.cond(view.blank, rx.fragment(), rating_buttons(view, rating)),
        read_aloud(view),
        rx.el.span(
            _action(
                _("Retry"),
                "rotate-cw",
                AskingState.regenerate(view.id, ""),
                data_testid="retry",
                custom_attrs=once(),
            ),
            other_model_button(view, class_name="action narrow"),
            class_name="retry",
        ),
        _action(
            _("Fork from here"), "git-fork", OrderState.fork(view.id), data_testid="fork", custom_attrs=once()
        ),
        prompt_button(view),
    )


def continue_button(view: MessageView) -> rx.Component:
    """Lay out the button that has an answer continued."""
    return rx.el.button(
        rx.icon("play", size=15, aria_hidden="true"),
        _("Continue"),
        type="button",
        class_name="action worded",
        on_click=AskingState.resume(view.id),
        custom_attrs=once(),
        data_testid="continue",
    )


def _usage(view: MessageView) -> rx.Component:
    """Lay out who answered and what that took; which of it is seen is the reader's preference."""
    took: Any = view.usage
    return rx.el.span(
        rx.el.span(view.model, class_name="usage-model"),
        rx.cond(took != "", rx.el.span(" · ", class_name="usage-between")),
        rx.el.span(took, class_name="usage-figures"),
        class_name="usage",
    )


def _moment(at: Any) -> rx.Component:
    """Lay out the moment in the reader's zone; while it is pointed at or has the focus, to the second."""
    exact = function("exactMoment", "clock.js").call(at, SessionState.zone)
    return rx.el.time(
        function("shortMoment", "clock.js").call(at, SessionState.zone),
        rx.el.span(exact, class_name="exact", aria_hidden="true"),
        aria_label=exact,
        tab_index=0,
        custom_attrs={"dateTime": at},
    )
