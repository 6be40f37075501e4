"""The chat page: a new conversation at ``/``, a stored one at ``/c/…``."""

import reflex as rx

from gantry.state.chat import ChatState
from gantry.state.session import SessionState
from gantry.state.views.chat import MessageView
from gantry.ui.components.answer import answer
from gantry.ui.components.composer import composer
from gantry.ui.components.message_actions import message_actions
from gantry.ui.components.model_picker import model_picker
from gantry.ui.components.shell import shell
from gantry.ui.components.sources import scope_picker, sources_panel
from gantry.ui.components.transcript import transcript
from gantry.ui.components.user_message import user_message
from gantry.ui.components.welcome import welcome

SUGGESTIONS = [
    {
        "title": "Explain",
        "text": "Explain how transactions keep a database consistent, with a small example.",
    },
    {"title": "Write", "text": "Write a short, friendly e-mail that moves Thursday's meeting to next week."},
    {"title": "Plan", "text": "Plan a weekend of learning the basics of Rust, hour by hour."},
    {"title": "Code", "text": "Write a Python function that merges overlapping intervals, with tests."},
]


def chat_page() -> rx.Component:
    """Lay out the open conversation, or what to do instead."""
    return shell(
        rx.cond(ChatState.found, _conversation(), _not_found()),
        on_conversation=ChatState.refresh,
        on_catalog=ChatState.refresh_models,
        on_documents=ChatState.refresh_documents,
    )


def _conversation() -> rx.Component:
    blank = ChatState.ready & (ChatState.conversation_id == "")
    last_id = rx.cond(ChatState.latest, rx.Var.create(ChatState.latest)[-1].id, "")
    return rx.el.div(
        transcript(
            rx.cond(
                ChatState.has_earlier, rx.el.p("Loading earlier messages…", class_name="loading-earlier")
            ),
            rx.foreach(ChatState.earlier, lambda view: _message(view, last=False)),
            rx.cond(ChatState.gap, _newer()),
            rx.foreach(ChatState.latest, lambda view: _message(view, last=view.id == last_id)),
            rx.cond(blank, _welcome()),
            conversation_id=ChatState.conversation_id,
            title=ChatState.title,
            generation_id=ChatState.generation_id,
            earliest_id=rx.cond(ChatState.earlier, ChatState.earlier[0].id, ""),
            has_earlier=ChatState.has_earlier,
            accepted=ChatState.accepted,
            refused=ChatState.refused,
            on_near_top=ChatState.load_earlier,
            on_seen=ChatState.note_seen(ChatState.conversation_id),
        ),
        rx.el.div(
            composer(
                model_picker(
                    models=ChatState.models,
                    current=ChatState.model,
                    on_choose=lambda model: ChatState.choose_model(model, ChatState.conversation_id),
                ),
                scope_picker(
                    key=ChatState.conversation_id,  # what was chosen in another one is not shown
                    kind=ChatState.scope,
                    chosen=ChatState.scope_collections,
                    documents=ChatState.scope_documents,
                    collections=ChatState.collections,
                    remembered=ChatState.remembered,
                    temporary=ChatState.temporary,
                    is_new=ChatState.conversation_id == "",
                    on_scope=lambda kind, shelves, files: ChatState.choose_scope(
                        kind, shelves, files, ChatState.conversation_id
                    ),
                    on_remembered=lambda on: ChatState.set_remembered(on, ChatState.conversation_id),
                    on_temporary=ChatState.set_temporary,
                ),
                account_id=SessionState.id,
                conversation_id=ChatState.conversation_id,
                generation_id=ChatState.generation_id,
                accepted=ChatState.accepted,
                refused=ChatState.refused,
                on_send=ChatState.send,
                on_stop=ChatState.stop,
            ),
            rx.el.p("Models make mistakes. Check what matters.", class_name="small-print"),
            class_name="composer-dock",
        ),
        sources_panel(),
        class_name="chat",
    )


def _message(view: MessageView, *, last: bool | rx.Var[bool]) -> rx.Component:
    """Lay out one message; inside foreach *view* is a Var of that shape."""
    return rx.el.article(
        rx.cond(view.role == "user", _question(view), _answer(view)),
        message_actions(
            message_id=view.id,
            role=view.role,
            status=view.status,
            text=view.markdown,
            generation_id=view.generation_id,
            model=view.model,
            usage=view.usage,
            rating=view.rating,
            created_at=view.created_at,
            truncated=view.truncated,
            last=last,
            sibling_index=view.sibling_index,
            sibling_count=view.sibling_count,
            previous_id=view.previous_id,
            next_id=view.next_id,
            on_rate=ChatState.rate,
            on_retry=ChatState.regenerate,
            on_continue=ChatState.resume,
            on_select=ChatState.select_branch,
        ),
        key=view.id,
        class_name="message",
        data_testid="message",
        custom_attrs={
            "data-message": view.id,
            "data-role": view.role,
            "data-status": view.status,
            "data-last": rx.cond(last, "true", "false"),
        },
        aria_label=rx.cond(view.role == "user", "You", "Answer"),
        tab_index=-1,
    )


def _question(view: MessageView) -> rx.Component:
    return rx.fragment(
        rx.cond(
            view.files,
            rx.el.ul(
                rx.foreach(view.files, lambda name: rx.el.li(name, class_name="attached-file")),
                class_name="attached",
                aria_label="Attached files",
                data_testid="sent-files",
            ),
        ),
        _editable(view),
    )


def _editable(view: MessageView) -> rx.Component:
    return user_message(
        message_id=view.id,
        text=view.markdown,
        accepted=ChatState.accepted,
        refused=ChatState.refused,
        on_edit=ChatState.edit,
    )


def _answer(view: MessageView) -> rx.Component:
    return rx.fragment(
        rx.cond(view.left_out > 0, _left_out(view)),
        answer(
            message_id=view.id,
            text=view.markdown,
            generation_id=view.generation_id,
            status=view.status,
            reasoning=view.reasoning,
            reasoning_ms=view.reasoning_ms,
            sources=view.sources,
            note=view.note,
            on_end=ChatState.answer_ended,
        ),
        rx.cond(view.status == "stopped", _mark("You stopped this answer.")),
        rx.cond(view.truncated & (view.status == "complete"), _mark("The model reached its length limit.")),
        rx.cond(view.status == "failed", _failure(view)),
    )


def _left_out(view: MessageView) -> rx.Component:
    plural = rx.cond(view.left_out == 1, "message", "messages")
    return rx.el.p(
        f"{view.left_out} earlier {plural} did not fit this model's context.", class_name="left-out"
    )


def _mark(text: str) -> rx.Component:
    return rx.el.p(text, class_name="ending")


def _failure(view: MessageView) -> rx.Component:
    """Say what happened and what to do next; the text so far stays above."""
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


def _newer() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            "Newer messages",
            type="button",
            on_click=ChatState.show_newest,
            class_name="button tiny",
            data_testid="newer-messages",
        ),
        class_name="newer",
    )


def _welcome() -> rx.Component:
    return welcome(
        rx.cond(ChatState.offline, _no_model()),
        name=SessionState.name,
        suggestions=SUGGESTIONS,
        waiting=ChatState.offline,
        on_look=ChatState.refresh_models,
    )


def _no_model() -> rx.Component:
    return rx.el.div(
        rx.el.p("No model is connected", class_name="no-model-title"),
        rx.cond(
            SessionState.is_admin,
            rx.el.p(
                "Until one is, answers are put together from what is stored here. Start Ollama, LM Studio, llama.cpp, "
                "TabbyAPI or vLLM on this machine and it is found by itself, or ",
                rx.el.a("connect a model server", href="/admin/models"),
                ".",
            ),
            rx.el.p(
                "Until an administrator connects one, answers are put together from what is stored here."
            ),
        ),
        class_name="no-model",
        data_testid="no-model",
    )


def _not_found() -> rx.Component:
    return rx.el.div(
        rx.el.h1("This conversation is not here"),
        rx.el.p("It may have been deleted, or it belongs to another account."),
        rx.el.a("Start a new conversation", href="/", class_name="button primary"),
        class_name="not-found",
        data_testid="not-found",
    )
