"""What an answer was given to read: below it, and with all of its passages in a panel beside the conversation."""

from typing import Any

import reflex as rx

from gantry.state.sources import SourcesState
from gantry.state.views.chat import CitedView, MessageView
from gantry.state.views.sources import PartView, PassageView
from gantry.ui.browser import Kept, function
from gantry.ui.components.local import link, moment
from gantry.ui.text import _

_CLOSED = {"view": "", "message": "", "number": 0}
#: What the panel shows: the sources of an answer, opened at one of them, or its prompt.
_PANEL = Kept("panel", _CLOSED)
_close = function("closePanel", "focus.js").partial()


class _ScrollHere(rx.Component):
    """Scrolls to where it stands when it comes."""

    library = "$/islands/focus.js"
    tag = "ScrollHere"

    block: rx.Var[str]


def open_source(message: Any, number: Any) -> list[Any]:
    """Return the handlers that open the panel at source *number* of an answer."""
    return [
        function("openPanel", "focus.js").partial({"view": "sources", "message": message, "number": number}),
        SourcesState.load_sources(message),
    ]


def open_prompt(message: Any) -> list[Any]:
    """Return the handlers that open the panel at what was sent for an answer."""
    return [
        function("openPanel", "focus.js").partial({"view": "prompt", "message": message, "number": 0}),
        SourcesState.load_prompt(message),
    ]


def sources(view: MessageView) -> rx.Component:
    """Lay out what an answer cites, by file; what it was only given is behind one line. What was not found is said."""

    def cited(file: CitedView) -> rx.Component:
        return rx.el.button(
            rx.el.span(file.numbers, class_name="source-number"),
            rx.el.span(file.title, class_name="source-title"),
            rx.cond(file.place != "", rx.el.span(file.place, class_name="source-page")),
            key=file.first,
            type="button",
            class_name="source",
            title=file.title,
            data_testid="source",
            on_click=open_source(view.id, file.first),
        )

    return rx.cond(
        (view.cited.length() > 0) | (view.uncited != "") | (view.note != ""),  # pyright: ignore[reportAttributeAccessIssue]
        rx.el.div(
            rx.foreach(view.cited, cited),
            rx.cond(
                view.uncited != "",
                rx.el.button(
                    view.uncited,
                    type="button",
                    class_name="source quiet",
                    data_testid="more-sources",
                    on_click=open_source(view.id, view.first_uncited),
                ),
            ),
            rx.cond(view.note != "", rx.el.span(view.note, class_name="sources-note")),
            class_name="sources",
        ),
    )


def sources_panel() -> rx.Component:
    """Lay out the panel, where it is open."""
    panel = _PANEL.value
    is_prompt = panel["view"] == "prompt"
    title = rx.cond(is_prompt, _("Prompt"), _("Sources"))
    loaded = SourcesState.message_id == panel["message"]
    return rx.cond(
        panel["view"] != "",
        rx.el.aside(
            rx.el.header(
                rx.el.h2(title),
                rx.el.button(
                    rx.icon("x", size=18, aria_hidden="true"),
                    type="button",
                    class_name="icon-button",
                    aria_label=_("Close"),
                    on_click=_close,
                ),
                class_name="row apart",
            ),
            rx.cond(
                SourcesState.fault != "",
                _fault(is_prompt, panel["message"]),
                rx.cond(
                    loaded,
                    rx.cond(is_prompt, _prompt(), _passages()),
                    rx.el.p(_("Loading…"), class_name="panel-note"),
                ),
            ),
            class_name="sources-panel",
            aria_label=title,
            tab_index=-1,
            data_testid="sources-panel",
        ),
    )


def _fault(is_prompt: Any, message: Any) -> rx.Component:
    """Say why nothing can be shown; it can be asked for again."""
    again = rx.cond(is_prompt, SourcesState.load_prompt(message), SourcesState.load_sources(message))
    return rx.el.div(
        rx.el.p(SourcesState.fault),
        rx.el.button(_("Try again"), type="button", class_name="button tiny", on_click=again),
        class_name="panel-note stack",
        role="alert",
    )


def _passages() -> rx.Component:
    return rx.cond(
        SourcesState.sources,
        rx.el.ol(rx.foreach(SourcesState.sources, _passage), class_name="panel-list"),
        rx.el.p(_("This answer has no sources."), class_name="panel-note"),
    )


def _passage(source: PassageView) -> rx.Component:
    is_open = _PANEL.value["number"] == source.number
    return rx.el.li(
        rx.el.button(
            rx.el.span(source.number, class_name="source-number"),
            rx.el.span(
                rx.el.strong(source.title),
                rx.el.small(
                    source.place,
                    rx.cond(source.said_at > 0, rx.fragment(" · ", moment(source.said_at))),
                    rx.cond(source.cited, "", rx.fragment(" · ", _("not cited"))),
                ),
            ),
            type="button",
            class_name="panel-head",
            aria_expanded=is_open,
            on_click=_PANEL.put(
                {
                    "view": "sources",
                    "message": _PANEL.value["message"],
                    "number": rx.cond(is_open, 0, source.number),
                }
            ),
        ),
        rx.cond(is_open, rx.fragment(_ScrollHere.create(block="nearest"), _opened(source))),
        key=source.number,
        class_name="panel-source",
        data_testid="panel-source",
    )


def _opened(source: PassageView) -> rx.Component:
    is_whole = SourcesState.page.number == source.number
    return rx.el.div(
        rx.cond(
            source.available,
            rx.fragment(),
            rx.el.p(_("This source was deleted."), class_name="panel-note"),
        ),
        rx.cond(
            is_whole,
            _page(source),
            rx.cond(source.passage != "", rx.el.blockquote(source.passage, data_testid="passage")),
        ),
        rx.el.p(
            rx.cond(
                source.document_id != "",
                rx.fragment(
                    rx.el.button(
                        rx.cond(
                            is_whole,
                            _("Show passage"),
                            rx.cond(source.has_page, _("Show page"), _("Show in context")),
                        ),
                        type="button",
                        class_name="button tiny",
                        on_click=rx.cond(
                            is_whole, SourcesState.show_passage(), SourcesState.show_page(source.number)
                        ),
                    ),
                    link(
                        _("Open document"),
                        to=f"/vault?document={source.document_id}",
                        class_name="button tiny",
                    ),
                ),
            ),
            rx.cond(
                source.conversation_id != "",
                link(_("Open conversation"), to=f"/c/{source.conversation_id}", class_name="button tiny"),
            ),
            class_name="row",
        ),
        class_name="panel-body",
    )


def _page(source: PassageView) -> rx.Component:
    page = SourcesState.page
    return rx.cond(
        page.fault != "",
        rx.el.p(page.fault, class_name="panel-note", role="alert"),
        rx.el.pre(
            page.before,
            rx.el.mark(_ScrollHere.create(block="center"), page.passage),
            page.after,
            class_name="panel-page",
            tab_index=0,
            aria_label=_("Text of {title}", title=source.title),
            data_testid="source-page",
        ),
    )


def _prompt() -> rx.Component:
    return rx.fragment(
        rx.el.p(SourcesState.prompt.summary, class_name="panel-note"),
        rx.el.ol(
            rx.foreach(SourcesState.prompt.parts, _part),
            class_name="panel-list",
            data_testid="context-parts",
        ),
    )


def _part(part: PartView) -> rx.Component:
    return rx.el.li(
        rx.el.details(
            rx.el.summary(
                rx.el.span(
                    rx.el.strong(part.title),
                    rx.el.small(part.size),
                    rx.el.span(class_name="panel-bar", style={"inlineSize": f"{part.share}%"}),
                ),
                class_name="panel-head",
            ),
            rx.cond(part.text != "", rx.el.pre(part.text, class_name="panel-page")),
        ),
        class_name="panel-source",
        custom_attrs={"data-left-out": rx.cond(part.left_out, "", rx.Var("undefined"))},
    )
