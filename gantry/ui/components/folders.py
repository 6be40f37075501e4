"""The order of conversations in the sidebar: folders, the choice of a tag, and rows that are being selected."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from gantry.state.order import OrderState
from gantry.state.sidebar import SidebarState
from gantry.state.views.sidebar import FolderView, RowView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import Kept, leave_row, link
from gantry.ui.menus import entry, menu, menu_button
from gantry.ui.text import Text, _, plural

_ABOUT = Kept("folder", {"id": "", "name": "", "inner": False})  # the folder whose menu is open


class _Target(rx.el.Section):
    """What a row can be dropped on; a row is a link, which the browser itself knows how to drag."""

    on_drop: rx.EventHandler[
        lambda event: [rx.Var(f"{event!s}.dataTransfer.getData('text/plain')", _var_type=str)]
    ]
    on_drag_over: rx.EventHandler[rx.event.no_args_event_spec]


def folder_list(row: Callable[[RowView], rx.Component]) -> rx.Component:
    """Lay out the folders, the *row* of each conversation in those that are open, and the way to a new one."""
    way = {
        "type": "button",
        "title": _("New folder"),
        "data_testid": "new-folder",
        "on_click": OrderState.ask_name("", "", ""),
    }
    icon = rx.icon("folder-plus", size=16, aria_hidden="true")
    return rx.cond(
        rx.Var.create(SidebarState.folders).length() > 0,
        rx.el.section(
            rx.el.header(
                rx.el.h2(_("Folders")),
                rx.el.button(icon, class_name="icon-button", aria_label=_("New folder"), **way),
                class_name="row apart",
            ),
            rx.foreach(SidebarState.folders, lambda folder: _folder(folder, row)),
            class_name="folders",
            aria_label=_("Folders"),
        ),
        rx.el.button(icon, _("New folder"), class_name="folder-more first-folder", **way),
    )


def _folder(folder: FolderView, row: Callable[[RowView], rx.Component]) -> rx.Component:
    rows = rx.Var.create(folder.rows)
    return _Target.create(
        rx.el.div(
            rx.el.button(
                rx.icon("chevron-right", size=15, aria_hidden="true", class_name="folder-mark"),
                rx.icon("folder", size=16, aria_hidden="true"),
                rx.el.span(folder.name, class_name="clip", dir="auto"),
                type="button",
                class_name="folder-name",
                aria_expanded=rx.cond(folder.folded, "false", "true"),
                title=folder.name,
                data_testid="folder",
                on_click=SidebarState.fold(folder.id, ~rx.Var.create(folder.folded)),
            ),
            menu_button(
                rx.icon("ellipsis", size=17, aria_hidden="true"),
                opens="folder-menu",
                label=_("Actions for folder {name}", name=folder.name),
                class_name="icon-button",
                data_testid="folder-actions",
                on_click=_ABOUT.put(folder),
            ),
            class_name="folder-head",
        ),
        rx.cond(
            ~rx.Var.create(folder.folded),
            rx.cond(
                rows.length() > 0,
                rx.el.ul(rx.foreach(folder.rows, row)),
                rx.el.p(_("Empty"), class_name="folder-empty"),
            ),
        ),
        rx.cond(
            folder.more,
            rx.el.button(
                _("Show more"), type="button", class_name="folder-more", on_click=SidebarState.more_in_folders
            ),
        ),
        key=folder.id,
        class_name="folder",
        aria_label=folder.name,
        custom_attrs={"data-inner": rx.cond(folder.inner, "true", rx.Var("undefined"))},
        on_drag_over=rx.prevent_default,
        on_drop=lambda address: [rx.prevent_default, OrderState.dropped(address, folder.id)],
    )


def folder_menu() -> rx.Component:
    """Lay out what can be done with a folder; one menu serves all of them."""
    about = _ABOUT.value.to(FolderView)
    return menu(
        "folder-menu",
        _("Folder"),
        link(
            rx.icon("square-pen", size=16, aria_hidden="true"),
            rx.el.span(_("New chat here")),
            to=f"/?folder={about.id}",
            role="menuitem",
            tab_index=-1,
        ),
        entry(_("Rename"), "pencil", OrderState.ask_name(about.id, about.name, "")),
        rx.cond(
            about.inner,
            rx.fragment(),
            entry(_("New folder inside"), "folder-plus", OrderState.ask_name("", "", about.id)),
        ),
        entry(_("Settings for new chats"), "settings-2", OrderState.ask_documents(about.id, about.name)),
        entry(_("Delete"), "trash-2", OrderState.ask_delete(about.id, about.name), danger=True),
    )


def tag_filter() -> rx.Component:
    """Lay out the choice of the tag that the list is narrowed to."""
    tag = Ahead("tag", SidebarState.tag)
    return rx.el.label(
        rx.icon("tag", size=15, aria_hidden="true"),
        rx.el.span(_("Show conversations with tag"), class_name="sr-only"),
        rx.el.select(
            rx.el.option(_("All tags"), value=""),
            rx.foreach(SidebarState.tags, lambda each: rx.el.option(each, value=each)),
            value=tag.value,
            on_change=tag.takes(SidebarState.narrow),
            class_name="input",
            data_testid="tag-filter",
        ),
        class_name="tag-filter",
        custom_attrs={"data-on": rx.cond(SidebarState.tag != "", "true", rx.Var("undefined"))},
    )


def row_to_pick(view: RowView, picked: rx.Var[bool]) -> rx.Component:
    """Lay out a row while rows are selected: a box to tick, with Shift for all rows up to it."""
    box = Ahead("pick", picked, of=rx.Var.create(f"{OrderState.turn} {view.id}"))
    ticked = rx.cond(box.value, False, True)
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=box.value,
            read_only=True,
            on_click=lambda how: box.chosen(ticked, OrderState.pick(view.id, ticked, _held(how))),
        ),
        rx.el.span(rx.cond(view.title != "", view.title, _("Untitled")), class_name="clip", dir="auto"),
        class_name="pick",
        data_testid="pick",
    )


def _held(how: Any) -> Any:
    """Whether Shift was held at a press."""
    return how.shift_key


def selection() -> rx.Component:
    """Lay out how many rows are selected, and what can be done with them."""
    picked = rx.Var.create(OrderState.picked)
    count = picked.length()
    none = count == 0

    def action(label: Text, icon: str, on_click: Any, **props: Any) -> rx.Component:
        return rx.el.button(
            rx.icon(icon, size=17, aria_hidden="true"),
            type="button",
            class_name="icon-button",
            aria_label=label,
            title=label,
            disabled=none,
            on_click=on_click,
            **props,
        )

    return rx.el.div(
        rx.el.span(
            rx.cond(none, _("None selected"), plural("{count} selected", "{count} selected", count=count)),
            role="status",
            class_name="grow",
        ),
        rx.el.button(_("All"), type="button", class_name="button tiny", on_click=OrderState.pick_all),
        rx.el.button(
            _("Done"), type="button", class_name="button tiny", on_click=[leave_row(), OrderState.end_picking]
        ),
        rx.el.div(
            action(_("Move to folder"), "folder-input", OrderState.ask_move([])),
            action(_("Add tags"), "tag", OrderState.ask_more_tags),
            action(_("Archive"), "archive", [leave_row(), OrderState.archive([])]),
            action(_("Delete"), "trash-2", [leave_row(), OrderState.delete_selected]),
            class_name="row",
        ),
        role="toolbar",
        aria_label=_("Selected conversations"),
        class_name="selection",
        data_testid="selection",
    )
