"""The archive: conversations that stand in no list, to be read, brought back or deleted."""

from typing import Any

import reflex as rx

from gantry.state.archived import ArchivedState
from gantry.state.views.order import ArchivedView
from gantry.ui.browser import function, leave_row, once
from gantry.ui.components.local import link, moment
from gantry.ui.components.page import page
from gantry.ui.components.placeholders import empty, skeleton
from gantry.ui.text import _


def archived_page() -> rx.Component:
    """Lay out what is in the archive, the newest change first."""
    return page(
        _("Archived chats"),
        rx.el.p(
            _("They are found by search, and memory keeps what it has learned from them."),
            class_name="section-note",
        ),
        rx.cond(
            ArchivedState.loaded,
            rx.cond(
                ArchivedState.rows,
                rx.el.ul(
                    rx.foreach(ArchivedState.rows, _row), class_name="cards", aria_label=_("Archived chats")
                ),
                empty("archive", _("Nothing is archived.")),
            ),
            skeleton(4),
        ),
        rx.cond(
            ArchivedState.has_more,
            rx.el.div(
                rx.el.button(_("Show more"), type="button", class_name="button", on_click=ArchivedState.more),
                class_name="row",
            ),
        ),
    )


def _leave(each: ArchivedView) -> Any:
    return function("leaveRow", "focus.js").partial(each.id)


def _row(each: ArchivedView) -> rx.Component:
    title = rx.cond(each.title != "", each.title, _("Untitled"))
    return rx.el.li(
        rx.el.div(
            link(
                title,
                to=f"/c/{each.id}",
                class_name="anywhere archived-title",
                dir="auto",
                custom_attrs={"data-id": each.id},
            ),
            rx.el.span(
                moment(each.updated),
                rx.cond(each.folder != "", f" · {each.folder}", ""),
                class_name="small soft",
            ),
            class_name="grow archived-about",
        ),
        rx.el.button(
            rx.icon("archive-restore", size=16, aria_hidden="true"),
            rx.el.span(_("Unarchive")),
            type="button",
            class_name="button tiny",
            aria_label=_("Unarchive {title}", title=title),
            custom_attrs=once(),
            on_click=[leave_row(), _leave(each), ArchivedState.restore(each.id)],
        ),
        rx.el.button(
            rx.icon("trash-2", size=17, aria_hidden="true"),
            type="button",
            class_name="icon-button",
            aria_label=_("Delete {title}", title=title),
            title=_("Delete"),
            custom_attrs=once(),
            on_click=[leave_row(), _leave(each), ArchivedState.delete(each.id)],
        ),
        key=each.id,
        class_name="row archived",
        data_testid="archived",
    )
