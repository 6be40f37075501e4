"""The frame around every page for people who are signed in."""

from typing import Any

import reflex as rx

from gantry.state.session import NoticeState, SessionState
from gantry.state.sidebar import SidebarState
from gantry.ui.components.local import Feed, Notices, Shell, ThemeSync
from gantry.ui.components.sidebar import sidebar


def shell(
    *children: rx.Component,
    on_conversation: Any = None,
    on_catalog: Any = None,
    on_documents: Any = None,
    on_memory: Any = None,
    **props: Any,
) -> rx.Component:
    """Put *children* into ``main``, beside the sidebar.

    Args:
        on_conversation: An event handler that is given the id of a conversation that has changed.
        on_catalog: An event handler for a change in the list of models.
        on_documents: An event handler for a change in the person's documents.
        on_memory: An event handler for a change in what is remembered.
        props: For the frame, for example ``data_page``.
    """
    return rx.fragment(
        Shell.create(sidebar(), *children, **props),
        Feed.create(
            on_conversation=[SidebarState.refresh_one, *_given(on_conversation)],
            on_conversations=SidebarState.refresh,
            **{
                name: handler
                for name, handler in (
                    ("on_catalog", on_catalog),
                    ("on_documents", on_documents),
                    ("on_memory", on_memory),
                )
                if handler is not None
            },
        ),
        ThemeSync.create(theme=SessionState.theme),
        Notices.create(
            notices=NoticeState.notices, on_dismiss=NoticeState.dismiss, on_action=[SidebarState.act]
        ),
    )


def page(
    title: str | rx.Var[str], *children: rx.Component, actions: rx.Component | None = None
) -> rx.Component:
    """Lay out a page that is read from top to bottom: a title, then sections."""
    return rx.el.div(
        rx.el.header(rx.el.h1(title), *([actions] if actions else []), class_name="page-header"),
        *children,
        class_name="page",
    )


def section(title: str, *children: rx.Component, note: str = "") -> rx.Component:
    """Lay out one matter of a page, in a card below its heading."""
    return rx.el.section(
        rx.el.header(rx.el.h2(title), *([rx.el.p(note, class_name="section-note")] if note else [])),
        rx.el.div(*children, class_name="card stack"),
        class_name="section",
        aria_label=title,
    )


def _given(handler: Any) -> list[Any]:
    if handler is None:
        return []
    return list(handler) if isinstance(handler, (list, tuple)) else [handler]
