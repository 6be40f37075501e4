"""The page of a link: a conversation as it was when the link was made, for whoever has it."""

from dataclasses import asdict
from typing import Any

import reflex as rx

from gantry.state.views.chat import SourceView
from gantry.state.views.sharing import SharedFileView, SharedMessageView, SharedSourceView, SharedView
from gantry.ui.browser import PATH, Kept, function, on_backend, plain_link
from gantry.ui.components.answer import AnswerText
from gantry.ui.components.mark import mark
from gantry.ui.components.placeholders import skeleton
from gantry.ui.text import Text, _

_SHARED = Kept("shared", asdict(SharedView()))
_PATH = "/api/v1/shared/" + PATH.split("/")[2]  # of the link in the address
_OPEN = Kept("opened", -1)  # the message whose sources are unfolded


def shared_page() -> rx.Component:
    """Lay out what the link in the address shows, or that it shows nothing."""
    shared: SharedView = _SHARED.value.to(SharedView)
    return rx.el.div(
        rx.el.div(
            rx.match(
                shared.status,
                (0, skeleton(6)),
                (200, _conversation(shared)),
                (
                    404,
                    _nothing(
                        _("This link does not lead anywhere"),
                        _("It may have been taken back, or have expired."),
                    ),
                ),
                _nothing(_("This page cannot be read just now"), _("Try again in a moment.")),
            ),
            class_name="shared-column",
        ),
        class_name="shared",
        custom_attrs={"data-bare": ""},
        on_mount=function("putFetched", "store.js").partial("shared", _PATH),
        data_testid="shared",
    )


def _nothing(title: Text, said: Text) -> rx.Component:
    return rx.el.div(
        rx.el.header(mark(), rx.el.h1(title), rx.el.p(said, class_name="soft")),
        class_name="shared-nothing",
        data_testid="no-share",
    )


def _conversation(shared: SharedView) -> rx.Component:
    created = function("exactMoment", "clock.js").call(shared.created_at)
    return rx.fragment(
        rx.el.header(
            rx.el.h1(rx.cond(shared.title != "", shared.title, _("Conversation")), class_name="anywhere"),
            rx.el.p(_("A copy of a conversation, made {when}", when=created), class_name="small soft"),
            class_name="shared-header",
        ),
        rx.foreach(shared.messages, _message),
        rx.el.footer(_("Shared from Gantry"), class_name="small soft shared-footer"),
    )


def _message(view: SharedMessageView, place: Any) -> rx.Component:
    is_question = view.role == "user"
    said = rx.cond(is_question, _("Question"), _("Answer"))
    return rx.el.article(
        rx.el.h2(said, class_name="sr-only"),
        rx.cond(rx.Var.create(view.files).length() > 0, _files(view)),
        rx.cond(is_question, rx.el.div(view.text, class_name="bubble"), _answer(view, place)),
        key=place,
        class_name="message",
        aria_label=said,
        custom_attrs={"data-role": view.role},
    )


def _answer(view: SharedMessageView, place: Any) -> rx.Component:
    return rx.fragment(
        rx.el.div(
            AnswerText.create(
                part="text",
                generation_id="",
                stored=view.text,
                live=False,
                writing=False,
                sources=rx.Var.create(view.sources).to(list[SourceView]),
                on_source=_OPEN.put(place),
            ),
            dir="auto",
            class_name="answer",
        ),
        rx.cond(
            rx.Var.create(view.sources).length() > 0,
            rx.el.details(
                rx.el.summary(_("Sources")),
                rx.el.ol(rx.foreach(view.sources, _source)),
                open=_OPEN.value == place,
                class_name="shared-sources",
            ),
        ),
    )


def _source(source: SharedSourceView) -> rx.Component:
    return rx.el.li(
        rx.el.strong(f"{source.number} · {source.title}", class_name="anywhere"),
        rx.cond(source.page, rx.el.span(", ", _("page {page}", page=source.page))),
        rx.cond(
            source.passage != "",
            rx.el.p(source.passage),
            rx.el.p(_("This document was deleted."), class_name="soft"),
        ),
        key=source.number,
    )


def _files(view: SharedMessageView) -> rx.Component:
    return rx.el.ul(rx.foreach(view.files, _file), class_name="attached", aria_label=_("Attached files"))


def _file(file: SharedFileView) -> rx.Component:
    address = on_backend(_PATH + f"/files/{file.id}")
    picture = rx.el.img(
        src=on_backend(_PATH + f"/files/{file.id}/image"),
        alt=file.name,
        loading="lazy",
        class_name="shared-picture",
    )
    return rx.el.li(
        rx.cond(
            file.id,
            plain_link(rx.cond(file.is_image, picture, file.name), href=address, download=""),
            file.name,
        ),
        class_name="attached-file",
    )
