"""The dialogs about where conversations stand: folder, tags, a folder's name, its documents, its end."""

from typing import Any

import reflex as rx

from gantry.domain.order import MAX_FOLDER_NAME_CHARACTERS
from gantry.state.order import OrderState
from gantry.state.sidebar import SidebarState
from gantry.state.views.order import FolderChoiceView
from gantry.state.views.vault import CollectionView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import once
from gantry.ui.dialogs import confirmation, dialog, dialog_actions, submit_button
from gantry.ui.forms import field
from gantry.ui.text import Text, _


def order_dialogs() -> rx.Component:
    """Lay out the dialogs, of which one is open at a time."""
    return rx.fragment(_move(), _tags(), _name(), _documents(), _delete())


def _dialog(what: str, *children: rx.Component) -> rx.Component:
    return dialog(
        *children,
        open_=OrderState.asking == what,
        title=OrderState.title,
        on_close=OrderState.close,
        testid=f"ask-{what}",
    )


def _move() -> rx.Component:
    return _dialog(
        "move",
        rx.el.div(
            _place("", _("No folder"), "message-square", inner=False),
            rx.foreach(OrderState.choices, _choice),
            class_name="places",
            role="group",
            aria_label=_("Folders"),
        ),
        rx.el.form(
            rx.el.input(
                name="name",
                placeholder=_("New folder"),
                aria_label=_("New folder"),
                required=True,
                max_length=MAX_FOLDER_NAME_CHARACTERS,
                auto_complete="off",
                class_name="input grow",
            ),
            rx.el.button(_("Create and move"), type="submit", class_name="button", custom_attrs=once()),
            class_name="row",
            on_submit=OrderState.move_to_new,
        ),
    )


def _choice(each: FolderChoiceView) -> rx.Component:
    return _place(each.id, each.name, "folder", inner=each.inner)


def _place(folder: Any, name: Any, icon: str, *, inner: Any) -> rx.Component:
    return rx.el.button(
        rx.icon(icon, size=17, aria_hidden="true"),
        rx.el.span(name, class_name="clip", dir="auto"),
        type="button",
        class_name="place",
        key=folder,
        custom_attrs={"data-inner": rx.cond(inner, "true", rx.Var("undefined"))},
        on_click=OrderState.move(folder),
    )


def _tags() -> rx.Component:
    return _dialog(
        "tags",
        rx.el.form(
            field(
                _("Tags"),
                rx.el.input(
                    id="order-tags",
                    name="tags",
                    default_value=OrderState.text,
                    max_length=2000,
                    auto_complete="off",
                    auto_capitalize="none",
                    class_name="input",
                ),
                id_="order-tags",
                hint=_("Separated by commas."),
            ),
            rx.cond(
                rx.Var.create(SidebarState.tags).length() > 0,
                rx.el.p(
                    _("In use: {tags}", tags=rx.Var.create(SidebarState.tags).join(", ")),
                    class_name="hint anywhere",
                ),
            ),
            _actions(_("Save")),
            on_submit=OrderState.tag,
            key=OrderState.turn,
            class_name="stack",
        ),
    )


def _name() -> rx.Component:
    return _dialog(
        "name",
        rx.el.form(
            field(
                _("Name"),
                rx.el.input(
                    id="order-name",
                    name="name",
                    default_value=OrderState.text,
                    required=True,
                    max_length=MAX_FOLDER_NAME_CHARACTERS,
                    auto_complete="off",
                    class_name="input",
                ),
                id_="order-name",
            ),
            _actions(_("Save")),
            on_submit=OrderState.name_folder,
            key=OrderState.turn,
            class_name="stack",
        ),
    )


def _documents() -> rx.Component:
    return _dialog(
        "documents",
        rx.cond(rx.Var.create(OrderState.personas).length() > 0, _persona()),
        rx.el.div(
            _line(_("All documents"), OrderState.reads_all, lambda _on: OrderState.read_all()),
            rx.foreach(OrderState.collections, _collection),
            class_name="places",
            role="group",
            aria_label=_("Documents"),
        ),
        rx.el.p(_("Each chat can change them."), class_name="hint"),
        dialog_actions(
            rx.el.button(_("Done"), type="button", class_name="button primary", on_click=OrderState.close)
        ),
    )


def _persona() -> rx.Component:
    chosen = Ahead("folder_persona", OrderState.persona, of=OrderState.turn)
    return field(
        _("Persona"),
        rx.el.select(
            rx.el.option(_("The default one"), value=""),
            rx.foreach(OrderState.personas, lambda each: rx.el.option(each.name, value=each.id)),
            id="folder-persona",
            value=chosen.value,
            on_change=chosen.takes(OrderState.choose_persona),
            class_name="input",
        ),
        id_="folder-persona",
    )


def _collection(each: CollectionView) -> rx.Component:
    chosen = rx.Var.create(OrderState.chosen).contains(each.id)
    box = Ahead("folder_reads", chosen, of=OrderState.turn, each=each.id)
    return _line(
        f"{each.name} ({each.documents})",
        box.value,
        box.takes(lambda on: OrderState.read_collection(each.id, on)),
    )


def _line(label: Any, checked: Any, on_change: Any) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", checked=checked, on_change=on_change),
        rx.el.span(label),
        class_name="scope-line",
    )


def _delete() -> rx.Component:
    return confirmation(
        _("The conversations in it stay, outside of any folder."),
        action=_("Delete folder"),
        on_confirm=OrderState.delete_folder(OrderState.title),
        on_close=OrderState.close,
        open_=OrderState.asking == "delete",
        title=OrderState.title,
        testid="ask-delete",
    )


def _actions(submit: Text) -> rx.Component:
    return dialog_actions(submit_button(submit), on_cancel=OrderState.close)
