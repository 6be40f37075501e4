"""Menus on the browser's own popover: it opens, places and closes them; islands/lists.js knows their keys."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from gantry.state.views.admin import ActionView
from gantry.ui.browser import function, link, on_backend, plain_link, whole_event
from gantry.ui.text import Text


class _Panel(rx.el.Div):
    """A popover that is a menu."""

    on_key_down: rx.EventHandler[whole_event]
    on_toggle: rx.EventHandler[whole_event]
    on_click: rx.EventHandler[whole_event]


def menu(id_: str | rx.Var[str], label: Text, *entries: rx.Component, class_name: str = "") -> rx.Component:
    """Lay out the panel of a menu; buttons made with ``menu_button`` and the same id open it."""
    return _Panel.create(
        *entries,
        id=id_,
        role="menu",
        aria_label=label,
        class_name=f"menu {class_name}".strip(),
        custom_attrs={"popover": "auto"},
        on_key_down=function("menuKeys", "lists.js").partial(),
        on_toggle=function("menuToggled", "lists.js").partial(),
        on_click=function("chosen", "lists.js").partial(),
    )


def menu_button(
    *children: rx.Component | rx.Var[Any] | str,
    opens: str | rx.Var[str],
    label: Text,
    **props: Any,
) -> rx.Component:
    """Lay out a button that opens the menu with the id *opens*, placed beside it.

    Where one menu serves many buttons, ``on_click`` puts whom it is about before it opens.
    """
    attributes = props.pop("custom_attrs", {})
    return rx.el.button(
        *children,
        type="button",
        aria_label=label,
        aria_haspopup="menu",
        custom_attrs={"popoverTarget": opens, **attributes},
        **props,
    )


def entry(
    label: Text, icon: str | rx.Component, on_click: Any, *, danger: bool = False, **props: Any
) -> rx.Component:
    """Lay out something to do; the menu closes."""
    return _entry(label, icon, "menuitem", on_click, class_name="danger" if danger else "", **props)


def way(label: Text, icon: str, to: str, **props: Any) -> rx.Component:
    """Lay out a way to another page of ours."""
    picture = rx.icon(icon, size=16, aria_hidden="true")
    return link(picture, rx.el.span(label), to=to, role="menuitem", tab_index=-1, **props)


def choice(
    label: Text,
    icon: str | rx.Component,
    on_click: Any,
    *,
    checked: bool | rx.Var[bool],
    **props: Any,
) -> rx.Component:
    """Lay out one of several, of which one is chosen; the menu stays open."""
    return _entry(label, icon, "menuitemradio", on_click, aria_checked=checked, **props)


def actions(
    owner: str | rx.Var[str],
    label: Text,
    items: rx.Var[list[ActionView]] | list[ActionView],
    choose: Callable[[Any], Any],
    *,
    download: str | rx.Var[str] = "",
) -> rx.Component:
    """Lay out what can be done with one row of a list, behind one button.

    Args:
        owner: The row's id.
        choose: Returns the handler for an item's key.
        download: The path of our REST interface that the item with the key "download" leads to.
    """

    # Named apart from what rows are called: Reflex names a loop's variable after the argument.
    def item(action: ActionView) -> rx.Component:
        props: dict[str, Any] = {
            "role": "menuitem",
            "tab_index": -1,
            "class_name": rx.cond(action.danger, "danger", ""),
        }
        button = rx.el.button(action.label, type="button", on_click=choose(action.key), **props)
        if not download:
            return button
        return rx.cond(
            action.key == "download",
            plain_link(action.label, href=on_backend(download), download="", **props),
            button,
        )

    return row_menu(owner, label, rx.foreach(items, item))


def row_menu(owner: str | rx.Var[str], label: Text, *entries: rx.Component) -> rx.Component:
    """Lay out a menu of one row of a list, whose id is *owner*, behind one button."""
    opens = f"actions-{owner}"
    return rx.fragment(
        menu_button(
            rx.icon("ellipsis", size=18, aria_hidden="true"),
            opens=opens,
            label=label,
            class_name="icon-button",
        ),
        menu(opens, label, *entries),
    )


def heading(text: Text, **props: Any) -> rx.Component:
    """Lay out what stands above entries."""
    return rx.el.p(text, class_name="menu-heading", **props)


def rule() -> rx.Component:
    """Lay out a line between entries."""
    return rx.el.hr(role="separator")


def _entry(label: Text, icon: str | rx.Component, role: Any, on_click: Any, **props: Any) -> rx.Component:
    picture = rx.icon(icon, size=16, aria_hidden="true") if isinstance(icon, str) else icon
    return rx.el.button(
        picture, rx.el.span(label), type="button", role=role, tab_index=-1, on_click=on_click, **props
    )
