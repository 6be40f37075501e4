"""What is beside every page: the way to a new conversation, the conversations, and the person's own menu."""

from functools import reduce
from operator import or_
from typing import cast

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from gantry.state.chat import ChatState
from gantry.state.order import OrderState
from gantry.state.sharing import SharingState
from gantry.state.sidebar import SidebarState
from gantry.state.views.sidebar import GroupView, RowView
from gantry.ui.account_menu import account_menu
from gantry.ui.ahead import Ahead
from gantry.ui.browser import Kept, function, link
from gantry.ui.components.exporting import export_entry
from gantry.ui.components.folders import folder_list, folder_menu, row_to_pick, selection, tag_filter
from gantry.ui.components.local import comes_near
from gantry.ui.components.search import search_button
from gantry.ui.menus import entry, menu, menu_button
from gantry.ui.naming import name_field
from gantry.ui.text import _

_RENAMING = Kept("renaming")  # the id of the row whose name is being typed
_ABOUT = Kept("row", {"id": "", "title": "", "pinned": False, "tags": []})  # the row whose menu is open
_leave = function("leaveRow", "focus.js")


class _Here(ReactRouterLink):
    """A link that says when it leads to the page that is open (``aria-current``)."""

    tag = "NavLink"
    alias = None

    end: rx.Var[bool]


def sidebar() -> rx.Component:
    """Lay out the sidebar's content; collapsed, it is a rail of the same icons (``.sidebar-label`` is hidden there)."""
    return rx.fragment(
        rx.el.div(
            link("Gantry", to="/", class_name="brand"),
            link(
                rx.icon("square-pen", size=18, aria_hidden="true"),
                rx.el.span(_("New chat"), class_name="sidebar-label"),
                to="/",
                class_name="sidebar-link new-chat",
                title=_("New chat"),
                data_testid="new-chat",
                custom_attrs={"data-shortcut": "newChat"},
            ),
            search_button(),
            _Here.create(
                rx.icon("library", size=18, aria_hidden="true"),
                rx.el.span(_("Documents"), class_name="sidebar-label"),
                to="/vault",
                class_name="sidebar-link",
                title=_("Documents"),
                data_testid="vault-link",
            ),
            class_name="sidebar-top",
        ),
        _conversations(),
        rx.el.div(account_menu(), class_name="sidebar-foot"),
    )


def _conversations() -> rx.Component:
    loaded = SidebarState.loaded
    some = (
        rx.Var.create(each).bool()
        for each in (SidebarState.pinned, SidebarState.folders, SidebarState.recent)
    )
    is_empty = ~reduce(or_, some)
    return rx.el.nav(
        rx.cond(loaded, rx.fragment(), _waiting()),
        rx.cond(
            loaded & is_empty,
            rx.el.p(_("Your conversations will appear here."), class_name="conversations-empty"),
        ),
        rx.cond(OrderState.picking, selection()),
        rx.cond(loaded & (rx.Var.create(SidebarState.tags).length() > 0), tag_filter()),
        rx.cond(
            SidebarState.pinned,
            rx.el.section(
                rx.el.h2(_("Pinned")),
                rx.el.ul(rx.foreach(SidebarState.pinned, _item)),
                aria_label=_("Pinned"),
            ),
        ),
        rx.cond(loaded & (SidebarState.tag == "") & ~is_empty, folder_list(_item)),
        rx.foreach(SidebarState.recent, _group),
        rx.foreach(SidebarState.older, _group),
        rx.cond(
            loaded & SidebarState.has_more,
            rx.el.div(
                comes_near(
                    SidebarState.more(),
                    once_for=rx.Var.create(SidebarState.recent).length()
                    + rx.Var.create(SidebarState.older).length(),
                    class_name="near-end",
                ),
                rx.el.span(class_name="spinner", aria_hidden="true"),
                rx.el.button(
                    _("Load more conversations"),
                    type="button",
                    class_name="sr-only",
                    on_click=SidebarState.more,
                ),
                class_name="conversations-more",
            ),
        ),
        _row_menu(),
        folder_menu(),
        class_name="conversations",
        aria_label=_("Conversations"),
        aria_busy=rx.cond(loaded, "false", "true"),
    )


def _group(group: GroupView) -> rx.Component:
    return rx.el.section(
        rx.cond(group.label != "", rx.el.h2(group.label)),
        rx.el.ul(rx.foreach(group.rows, _item)),
        key=group.label,
        aria_label=rx.cond(group.label != "", group.label, _("More")),
    )


def _item(view: RowView) -> rx.Component:
    picked = rx.Var.create(OrderState.picked).contains(view.id)
    row = _row(view=view, typing=_RENAMING.value == view.id, picking=OrderState.picking, picked=picked)
    return rx.fragment(row, key=view.id)


@rx.memo
def _row(
    view: rx.Var[RowView], typing: rx.Var[bool], picking: rx.Var[bool], picked: rx.Var[bool]
) -> rx.Component:
    shape = cast("RowView", view)
    shown = rx.cond(typing, _name(shape), _conversation(shape))
    return rx.el.li(rx.cond(picking, row_to_pick(shape, picked), shown), class_name="conversation")


def _conversation(view: RowView) -> rx.Component:
    name = _title(view).value
    title = rx.cond(name != "", name, _("Untitled"))
    return rx.fragment(
        _Here.create(
            rx.el.span(title, class_name="clip", dir="auto"),
            _sign(view),
            to=f"/c/{view.id}",
            title=title,
            data_testid="conversation-row",
            custom_attrs={"data-id": view.id},
            on_double_click=_RENAMING.put(view.id),
        ),
        menu_button(
            rx.icon("ellipsis", size=17, aria_hidden="true"),
            opens="row-menu",
            label=_("Actions for {title}", title=title),
            class_name="icon-button",
            data_testid="conversation-menu",
            on_click=_ABOUT.put(view),
        ),
    )


def _sign(view: RowView) -> rx.Component:
    return rx.cond(
        view.answering,
        rx.el.span(
            rx.el.span(class_name="spinner", aria_hidden="true"),
            rx.el.span(_(", being answered"), class_name="sr-only"),
            class_name="sign",
            data_testid="answering",
        ),
        rx.cond(
            view.unseen,
            rx.el.span(
                rx.el.span(class_name="dot", aria_hidden="true"),
                rx.el.span(_(", new answer"), class_name="sr-only"),
                class_name="sign unseen",
                data_testid="unseen",
            ),
        ),
    )


def _title(view: RowView) -> Ahead:
    return Ahead("title", view.title, of=view.id)  # as above the chat


def _name(view: RowView) -> rx.Component:
    return name_field(
        _title(view),
        lambda title: ChatState.rename(title, view.id),
        done=_RENAMING.put(""),
        back=f'nav.conversations a[data-id="{view.id}"]',
    )


def _row_menu() -> rx.Component:
    about = _ABOUT.value.to(RowView)
    return menu(
        "row-menu",
        _("Conversation"),
        entry(_("Rename"), "pencil", _RENAMING.put(about.id)),
        entry(
            rx.cond(about.pinned, _("Unpin"), _("Pin")),
            rx.cond(
                about.pinned,
                rx.icon("pin-off", size=16, aria_hidden="true"),
                rx.icon("pin", size=16, aria_hidden="true"),
            ),
            SidebarState.pin(about.id, ~about.pinned),
        ),
        entry(_("Move to folder"), "folder-input", OrderState.ask_move([about.id])),
        entry(_("Tags"), "tag", OrderState.ask_tags(about.id)),
        rx.foreach(
            about.tags,
            lambda tag: entry(_("Show only #{tag}", tag=tag), "list-filter", SidebarState.narrow(tag)),
        ),
        entry(_("Share"), "share-2", SharingState.ask(about.id)),
        export_entry(about.id),
        entry(_("Archive"), "archive", [_leave.partial(about.id), OrderState.archive([about.id])]),
        entry(_("Select"), "list-checks", OrderState.begin_picking(about.id)),
        entry(_("Delete"), "trash-2", [_leave.partial(about.id), SidebarState.delete(about.id)], danger=True),
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        *(
            rx.el.div(class_name="skeleton", style={"width": f"{width}%"})
            for width in (72, 88, 60, 80, 66, 84, 58)
        ),
        class_name="conversations-waiting",
        aria_hidden="true",
    )
