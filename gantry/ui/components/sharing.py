"""Read-only links, for their owner: the dialog that makes them, and the list from which they are taken back."""

from typing import Any

import reflex as rx

from gantry.state.sharing import SharingState
from gantry.state.views.sharing import ShareView
from gantry.ui.browser import leave_row, once
from gantry.ui.components.local import moment
from gantry.ui.copying import copy_field
from gantry.ui.dialogs import dialog
from gantry.ui.forms import field
from gantry.ui.text import Text, _, around

_LASTS = (
    ("", _("Until I take it back")),
    ("1", _("1 day")),
    ("7", _("7 days")),
    ("30", _("30 days")),
    ("365", _("1 year")),
)


def share_dialog() -> rx.Component:
    """Lay out the dialog about one conversation's links."""
    return dialog(
        rx.cond(SharingState.address != "", _made(), _form()),
        rx.cond(
            SharingState.shares,
            rx.el.div(
                rx.el.h3(_("Links to this conversation"), class_name="small strong"),
                _list(),
                class_name="stack tight",
            ),
        ),
        open_=SharingState.asking,
        title=_("Share “{title}”", title=SharingState.title),
        on_close=SharingState.close,
        testid="share",
    )


def share_list() -> rx.Component:
    """Lay out the links that are listed at the moment, or say that there is none."""
    return rx.cond(SharingState.shares, _list(), rx.el.p(_("You have no links."), class_name="soft"))


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="conversation", value=SharingState.conversation),
        rx.el.p(
            _(
                "Anybody who has the link can read this conversation as it is now. What you write later is not shown."
            ),
            class_name="soft",
        ),
        _box("files", _("Show files that were sent")),
        _box("sources", _("Show passages of documents that answers cite")),
        field(
            _("Lasts"),
            rx.el.select(
                *(rx.el.option(label, value=days) for days, label in _LASTS),
                id="share-days",
                name="days",
                class_name="input",
            ),
            id_="share-days",
        ),
        rx.el.div(
            rx.el.button(_("Cancel"), type="button", class_name="button", on_click=SharingState.close),
            rx.el.button(
                _("Create link"),
                type="submit",
                class_name="button primary",
                custom_attrs=once(),
                data_testid="create-link",
            ),
            class_name="dialog-actions",
        ),
        on_submit=SharingState.share,
        class_name="stack",
    )


def _box(name: str, label: Text) -> rx.Component:
    box: Any = rx.el.input(type="checkbox", name=name)
    return rx.el.label(box, rx.el.span(label), class_name="scope-line")


def _made() -> rx.Component:
    return rx.el.div(
        copy_field(SharingState.address, label=_("link")),
        rx.el.p(
            _("Copy it now: it is not shown again. If it gets lost, take it back and create another."),
            class_name="hint",
        ),
        class_name="stack tight",
        data_testid="share-address",
    )


def _list() -> rx.Component:
    return rx.el.ul(rx.foreach(SharingState.shares, _share), class_name="cards", aria_label=_("Links"))


def _share(each: ShareView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(each.title, class_name="anywhere"),
            rx.el.div(
                rx.el.span(around(_("Created {when}"), "when", moment(each.created))),
                rx.el.span(each.shows),
                rx.cond(each.ends > 0, rx.el.span(around(_("Ends {when}"), "when", moment(each.ends)))),
                class_name="meta-line",
            ),
            class_name="grow",
        ),
        rx.el.button(
            _("Revoke"),
            type="button",
            class_name="button tiny",
            aria_label=_("Revoke the link to {title}", title=each.title),
            on_click=[leave_row(), SharingState.revoke(each.id)],
            custom_attrs=once(),
        ),
        key=each.id,
        class_name="row",
        data_testid="share-row",
    )
