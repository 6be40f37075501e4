"""The empty conversation: a greeting by the hour of the reader's own clock, and a few ways to begin."""

import reflex as rx
from reflex.event import no_args_event_spec

from gantry.state.chat import ChatState
from gantry.state.chat_settings import ChatSettingsState
from gantry.state.session import SessionState
from gantry.ui.browser import function, link, once
from gantry.ui.components.first_steps import first_steps
from gantry.ui.text import Text, _, around

_HOUR = rx.Var("new Date().getHours()", _var_type=int).to(int)  # by the reader's own clock
_SUGGESTIONS = (
    (_("Explain"), _("Explain how transactions keep a database consistent, with a small example.")),
    (_("Write"), _("Write a short, friendly e-mail that moves Thursday's meeting to next week.")),
    (_("Plan"), _("Plan a weekend of learning the basics of Rust, hour by hour.")),
    (_("Code"), _("Write a Python function that merges overlapping intervals, with tests.")),
)


class _Again(rx.el.Div):
    """Tells each time its animation begins anew (chat.css): while somebody looks at the page."""

    on_animation_iteration: rx.EventHandler[no_args_event_spec]


def welcome() -> rx.Component:
    """Lay out what stands before the first message."""
    name = SessionState.name
    is_evening = (_HOUR < 5) | (_HOUR >= 18)
    anybody = rx.cond(
        is_evening, _("Good evening"), rx.cond(_HOUR < 12, _("Good morning"), _("Good afternoon"))
    )
    somebody = rx.cond(
        is_evening,
        _("Good evening, {name}", name=name),
        rx.cond(_HOUR < 12, _("Good morning, {name}", name=name), _("Good afternoon, {name}", name=name)),
    )
    greeting = rx.cond(name != "", somebody, anybody)
    return rx.el.div(
        rx.el.h1(greeting),
        rx.cond(
            ChatState.folder_name != "",
            rx.el.p(
                rx.icon("folder", size=16, aria_hidden="true"),
                _("In {name}", name=ChatState.folder_name),
                class_name="begins-in",
                data_testid="begins-in",
            ),
        ),
        rx.cond(ChatState.offline, _no_model()),
        rx.cond(ChatSettingsState.persona != "", _persona()),
        rx.el.ul(
            rx.cond(
                ChatSettingsState.questions,
                rx.foreach(ChatSettingsState.questions, lambda text: _suggestion(rx.el.span(text), text)),
                rx.fragment(
                    *(
                        _suggestion(rx.fragment(rx.el.strong(title), rx.el.span(text)), text)
                        for title, text in _SUGGESTIONS
                    )
                ),
            ),
            class_name="suggestions",
        ),
        first_steps(),
        class_name="welcome",
    )


def _suggestion(shown: rx.Component, text: Text) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            shown,
            type="button",
            data_testid="suggestion",
            custom_attrs=once(),
            on_click=function("fill", "composer.js").partial(text),
        )
    )


def _persona() -> rx.Component:
    """Say who answers."""
    about = ChatSettingsState.persona_about
    return rx.el.p(
        rx.el.strong(ChatSettingsState.persona_name),
        rx.cond(about != "", f": {about}", ""),
        class_name="welcome-persona anywhere",
        data_testid="welcome-persona",
    )


def _no_model() -> rx.Component:
    return rx.el.div(
        _Again.create(class_name="look-again", on_animation_iteration=ChatState.refresh_models),
        rx.el.p(_("No model is connected"), class_name="no-model-title"),
        rx.cond(
            SessionState.is_admin,
            rx.el.p(
                around(
                    _(
                        "Until then, Gantry can only quote your documents and chats. Start Ollama, LM Studio, llama.cpp, "
                        "TabbyAPI or vLLM on this machine and it is detected automatically, or {connect}."
                    ),
                    "connect",
                    link(_("connect a model server"), to="/admin/models"),
                )
            ),
            rx.el.p(
                _("Until an administrator connects one, Gantry can only quote your documents and chats.")
            ),
        ),
        class_name="no-model",
        data_testid="no-model",
    )
