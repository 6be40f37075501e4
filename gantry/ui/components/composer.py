"""Where a message is written; islands/composer.js keeps its text, and knows what its keys do."""

import reflex as rx

from gantry.state.asking import AskingState
from gantry.state.chat import ChatState
from gantry.state.session import SessionState
from gantry.ui.browser import CONVERSATION, Kept, function, once, whole_event
from gantry.ui.components.comparison import asked_beside, asked_models
from gantry.ui.components.local import Dropping, message_event
from gantry.ui.components.pictures import thumbnail
from gantry.ui.components.prompt_offer import OFFER, prompt_offer
from gantry.ui.components.scope import documents_control, memory_control
from gantry.ui.components.speech import dictate, heard, speech
from gantry.ui.text import _, plural
from gantry.ui.uploads import DROPPING, UPLOADS, FileField, UploadView, add_chosen, remove_file, retry_file

_NOTE = Kept("note")  # why a text was not sent
_EMPTY = Kept("empty", True)
_DRAFT = Kept("draft", 0)  # about how many tokens the text takes, in hundreds
_SENDING = Kept("sending", False)
_STOPPING = Kept("stopping")  # the answer that is being stopped
_OFFERED = Kept("offered")  # a long text that was pasted, and may become a file
_ATTACH = {"attach": "true"}  # for REST: files that go with a message
_SHOWN_TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"]  # as the server keeps them
_STOP_PATIENCE_MS = 5000  # then a stop may be asked for again


class _Form(rx.el.Div):
    """A form whose events are told as they are."""

    tag = "form"

    on_submit: rx.EventHandler[whole_event]
    on_click: rx.EventHandler[whole_event]


class _Field(rx.el.Textarea):
    """A field whose events are told as they are."""

    on_input: rx.EventHandler[whole_event]
    on_key_down: rx.EventHandler[whole_event]
    on_paste: rx.EventHandler[whole_event]


class _Writing(rx.Component):
    """Sends what is in the field, and clears it when ``accepted`` is the key of what was sent.

    A text goes to the conversation in the address, ``here``, once ``conversation_id``, what is on screen, is not another one.
    ``generation_id`` is that of the answer being written, or empty.
    """

    library = "$/islands/composer.js"
    tag = "Writing"

    account_id: rx.Var[str]
    here: rx.Var[str]
    conversation_id: rx.Var[str]
    generation_id: rx.Var[str]
    accepted: rx.Var[str]
    refused: rx.Var[str]

    on_send: rx.EventHandler[message_event]
    """With the text, its key, the conversation's id (empty for a new one), and the ids of attached files."""


def composer() -> rx.Component:
    """Lay out the field, what goes with its text, and the bar below it."""
    return rx.el.div(
        rx.cond(ChatState.temporary, _temporary()),
        asked_beside(),
        _Form.create(
            rx.cond(
                DROPPING,
                rx.el.div(_("Drop files to attach them"), class_name="drop-target", aria_hidden="true"),
            ),
            rx.el.ul(
                rx.foreach(UPLOADS, _attached),
                class_name="attached",
                aria_label=_("Attached files"),
            ),
            rx.cond(_OFFERED.value != "", _offer()),
            _Field.create(
                rows="1",
                placeholder=rx.cond(ChatState.conversation_id != "", _("Reply…"), _("How can I help?")),
                aria_label=_("Message"),
                aria_autocomplete="list",
                auto_complete="off",
                enter_key_hint="enter",
                data_testid="composer",
                on_input=function("typed", "composer.js").partial(),
                on_key_down=function("pressed", "composer.js").partial(),
                on_paste=function("pasted", "composer.js").partial(),
                custom_attrs={"aria-controls": f"{OFFER}-list"},
            ),
            prompt_offer(),
            _bar(),
            class_name="composer",
            on_submit=function("submit", "composer.js").partial(),
            on_click=function("toField", "composer.js").partial(),
            custom_attrs={"data-sending": rx.cond(_SENDING.value, "", rx.Var("undefined"))},
        ),
        _Writing.create(
            account_id=SessionState.id,
            here=CONVERSATION,
            conversation_id=ChatState.conversation_id,
            generation_id=ChatState.generation_id,
            accepted=AskingState.accepted,
            refused=AskingState.refused,
            on_send=lambda text, key, here, files: AskingState.send(  # pyright: ignore[reportCallIssue]
                text, key, here, files, asked_models()
            ),
        ),
        Dropping.create(place=CONVERSATION, fields=_ATTACH),
        speech(),
        rx.el.p(_("AI can make mistakes. Check important information."), class_name="small-print"),
        class_name="composer-dock",
    )


def _bar() -> rx.Component:
    is_stopping = _STOPPING.value == ChatState.generation_id
    return rx.el.div(
        rx.el.label(
            rx.icon("paperclip", size=17, aria_hidden="true"),
            FileField.create(
                type="file",
                multiple=True,
                class_name="sr-only",
                aria_label=_("Attach files"),
                data_testid="attach-input",
                on_change=add_chosen.partial(CONVERSATION, _ATTACH),
            ),
            class_name="bar-button",
            title=_("Attach files"),
        ),
        documents_control(),
        memory_control(),
        dictate(),
        rx.el.span(heard(_NOTE.value), class_name="composer-note", role="status"),
        _gauge(),
        rx.cond(
            ChatState.generation_id != "",
            rx.el.button(
                rx.icon("square", size=14, fill="currentColor", aria_hidden="true"),
                type="button",
                class_name="round",
                aria_label=rx.cond(is_stopping, _("Stopping"), _("Stop")),
                title=_("Stop (Esc)"),
                custom_attrs=once(),  # Send and Stop take turns in one place
                disabled=is_stopping,
                on_click=[
                    _STOPPING.put_for(ChatState.generation_id, _STOP_PATIENCE_MS),
                    AskingState.stop(ChatState.generation_id),
                ],
                data_testid="stop",
            ),
            rx.el.button(
                rx.icon("arrow-up", size=18, aria_hidden="true"),
                type="submit",
                class_name="round",
                aria_label=_("Send"),
                title=_("Send (Enter)"),
                custom_attrs=once(),
                disabled=_EMPTY.value | _SENDING.value,
                data_testid="send",
            ),
        ),
        class_name="composer-bar",
    )


def _gauge() -> rx.Component:
    """Lay out how much of the model's context the next message will use, with the text as far as it is written."""
    most = ChatState.context_tokens
    tokens = ChatState.context_told + _DRAFT.value
    rounded = round(100 * tokens / most)
    used = rx.cond(rounded < 1, 1, rx.cond(rounded > 100, 100, rounded))
    said = _("{used} % of the context used: {tokens} of {most} tokens", used=used, tokens=tokens, most=most)
    return rx.cond(
        (most > 0) & (tokens > 0),
        rx.el.span(
            class_name="gauge",
            role="img",
            aria_label=said,
            title=said,
            style={"--filled": f"{used}%"},
            custom_attrs={"data-full": rx.cond(used >= 80, "", rx.Var("undefined"))},
            data_testid="context-gauge",
        ),
    )


def _attached(file: UploadView) -> rx.Component:
    """Lay out a file of the conversation in the address: others wait beside their own drafts."""
    has_failed = file.fault != ""
    percent = round(100 * file.progress)
    return rx.cond(
        file.place == CONVERSATION,
        rx.el.li(
            rx.cond(
                (file.id != "") & rx.Var.create(_SHOWN_TYPES).contains(file.file.type),
                thumbnail(file.id, file.name),
            ),
            rx.el.span(
                file.name,
                rx.cond(
                    has_failed,
                    rx.el.span(f": {file.fault}", role="alert"),
                    rx.cond(file.id != "", "", f" · {percent} %"),
                ),
            ),
            rx.cond(
                has_failed,
                rx.el.button(
                    _("Retry"),
                    type="button",
                    class_name="attached-retry",
                    aria_label=_("Retry {name}", name=file.name),
                    on_click=[_NOTE.put(""), retry_file.partial(file.key)],
                ),
            ),
            rx.el.button(
                rx.icon("x", size=14, aria_hidden="true"),
                type="button",
                aria_label=_("Remove {name}", name=file.name),
                on_click=[_NOTE.put(""), remove_file.partial(file.key)],
                custom_attrs=once(),
            ),
            key=file.key,
            class_name="attached-file",
            data_testid="attached-file",
            custom_attrs={"data-fault": rx.cond(has_failed, "", rx.Var("undefined"))},
        ),
    )


def _offer() -> rx.Component:
    """Offer to make a file of a very long text that was pasted."""
    return rx.el.p(
        rx.el.span(
            plural(
                "{count} character of text.",
                "{count} characters of text.",
                count=_OFFERED.value.length(),
            )
        ),
        rx.el.button(
            _("Attach as a file"),
            type="button",
            class_name="button tiny",
            on_click=function("takeOffer", "composer.js").partial(),
        ),
        rx.el.button(
            _("Keep as text"), type="button", class_name="button tiny quiet", on_click=_OFFERED.put("")
        ),
        class_name="paste-offer",
        role="status",
        data_testid="paste-offer",
    )


def _temporary() -> rx.Component:
    return rx.el.p(
        rx.icon("ghost", size=16, aria_hidden="true"),
        _("Temporary chat: deleted when you leave"),
        class_name="temporary-note",
        data_testid="temporary",
    )
