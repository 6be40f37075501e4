"""The frame around every page, mounted once: pages come and go in its ``main``."""

from functools import reduce
from operator import or_
from typing import Any

import reflex as rx

from gantry.state.admin import PeopleState
from gantry.state.archived import ArchivedState
from gantry.state.chat import ChatState
from gantry.state.importing import ImportingState
from gantry.state.leading import LeadingState
from gantry.state.memory import MemoryState
from gantry.state.personas import PersonasState
from gantry.state.preferences import PreferencesState
from gantry.state.prompts import PromptsState
from gantry.state.servers import ServersState
from gantry.state.session import SessionState
from gantry.state.sidebar import SidebarState
from gantry.state.vault import VaultState
from gantry.ui.account_menu import HELP
from gantry.ui.browser import (
    BROWSERS_ZONE,
    CONVERSATION,
    PATH,
    Kept,
    function,
    plain_link,
    set_look,
    set_theme,
)
from gantry.ui.components.exporting import export_dialog
from gantry.ui.components.local import Feed, link
from gantry.ui.components.order_dialogs import order_dialogs
from gantry.ui.components.search import search_dialog
from gantry.ui.components.sharing import share_dialog
from gantry.ui.components.shortcuts import shortcuts
from gantry.ui.dialogs import dialog
from gantry.ui.notices import notices
from gantry.ui.sidebar import sidebar
from gantry.ui.text import _

_SIDEBAR = Kept("sidebar", "open").value  # "open" or "closed"; on a phone "drawer" or "closed"
_CONNECTION = Kept("connection", {"state": "", "text": ""}).value  # "away", then "back" for a moment
_MET = Kept("met", False)  # whether this page has learned who is here since it was loaded
_TOGGLE = function("toggleSidebar", "frame.js").partial()
_CLOSE = function("closeDrawer", "frame.js").partial()
_IN_CHAT = (PATH == "/") | PATH.startswith("/c/")
_IN_PERSONAS = PATH.startswith("/personas")
_PAGES = ("personas", "vault", "settings", "archived", "admin")
_INSIDE = reduce(or_, (PATH.startswith(f"/{page}") for page in _PAGES), _IN_CHAT)


def frame() -> rx.Component:
    """Lay out what is beside and above every page; Reflex puts the rest into it as its last child.

    Pages for people who are not signed in (their content has the class ``alone``) hide the sidebar by style.
    """
    is_drawer = _SIDEBAR == "drawer"
    return rx.el.div(
        plain_link(
            _("Skip to content"), href="#main", class_name="skip-link", custom_attrs={"inert": is_drawer}
        ),
        _header(),
        rx.el.aside(
            sidebar(), id="sidebar", class_name="sidebar", aria_label=_("Sidebar"), data_testid="sidebar"
        ),
        rx.el.div(class_name="backdrop", aria_hidden="true", on_click=_CLOSE),
        _listening(),
        _connection(),
        rx.cond(SessionState.id != "", _known()),
        rx.fragment(_come(), key=PATH),
        rx.cond(
            LeadingState.turn != "",
            rx.fragment(_led(away_from=LeadingState.away_from, to=LeadingState.to), key=LeadingState.turn),
        ),
        rx.cond(rx.State.is_hydrated, _met()),
        rx.cond(_MET.value & SessionState.known, _as_preferred()),
        notices(),
        rx.cond(
            SessionState.id != "",
            rx.fragment(search_dialog(), order_dialogs(), share_dialog(), export_dialog()),
        ),
        _help(),
        class_name="shell",
        custom_attrs={"data-sidebar-state": _SIDEBAR},
    )


def page_area() -> rx.Component:
    """Lay out where pages stand."""
    return rx.el.main(
        id="main", class_name="main", tab_index=-1, custom_attrs={"inert": _SIDEBAR == "drawer"}
    )


def _header() -> rx.Component:
    return rx.el.header(
        rx.el.button(
            rx.icon("panel-left", size=18, aria_hidden="true"),
            type="button",
            class_name="icon-button sidebar-toggle",
            aria_label=_("Sidebar"),
            aria_expanded=rx.cond(_SIDEBAR == "closed", "false", "true"),
            title=rx.cond(_SIDEBAR == "closed", _("Open sidebar"), _("Close sidebar")),
            on_click=_TOGGLE,
            custom_attrs={"aria-controls": "sidebar", "data-shortcut": "toggleSidebar"},
        ),
        link(
            rx.icon("square-pen", size=18, aria_hidden="true"),
            to="/",
            class_name="icon-button phone-new-chat",
            aria_label=_("New chat"),
            title=_("New chat"),
        ),
        class_name="shell-header",
    )


@rx.memo
def _met() -> rx.Component:
    """Note that the account's preferences have been learned; shows nothing."""
    return rx.fragment(on_mount=_MET.put(True))


def _as_preferred() -> rx.Component:
    """Follow what the account prefers, wherever that was chosen.

    Not before it has been learned anew: what a tab was told before it was loaded again, or came back, may be out of date, and the
    page has what this browser was told last.
    """
    theme, look, language = SessionState.theme, SessionState.look, SessionState.language
    return rx.fragment(
        rx.fragment(_chosen(theme=theme), key=f"theme-{theme}"),
        rx.fragment(_dressed(look=look), key=f"look-{look}"),
        rx.fragment(_spoken(language=language), key=f"language-{language}"),
    )


@rx.memo
def _come() -> rx.Component:
    """Close the drawer on the way to another page."""
    return rx.fragment(on_mount=_CLOSE)


@rx.memo
def _led(away_from: rx.Var[str], to: rx.Var[str]) -> rx.Component:
    """Go where something that is done leads, unless the person has gone elsewhere."""
    return rx.fragment(on_mount=rx.cond(away_from == PATH, rx.redirect(to), rx.noop()))


@rx.memo
def _chosen(theme: rx.Var[str]) -> rx.Component:
    """Show the theme; a choice made here is shown already."""
    return rx.fragment(on_mount=set_theme.partial(theme))


@rx.memo
def _dressed(look: rx.Var[str]) -> rx.Component:
    """Give the page the density, size of text and details that are wanted."""
    return rx.fragment(on_mount=set_look.partial(look))


@rx.memo
def _spoken(language: rx.Var[str]) -> rx.Component:
    """Speak the language; the page loads anew for another."""
    return rx.fragment(on_mount=function("speak", "frame.js").partial(language))


def _known() -> rx.Component:
    """Tell the server the browser's zone, once it is known who is here; shows nothing."""
    return rx.fragment(
        on_mount=[SessionState.keep_zone(BROWSERS_ZONE), SidebarState.group_by_days_of(BROWSERS_ZONE)]
    )


def _listening() -> rx.Component:
    """Lay out what follows the account, on pages of people who are signed in."""

    def on_notice(kind: rx.Var[str], about: rx.Var[str]) -> list[Any]:
        def told(name: str) -> Any:
            return (kind == name) | (kind == "returned")

        conversation = rx.cond(kind == "returned", CONVERSATION, about).to(str)
        one = told("conversation") & (conversation != "")
        in_admin = told("catalog") & PATH.startswith("/admin")  # also when one's role has changed
        return [
            _when(one, SidebarState.refresh_one(conversation)),
            _when(one & _IN_CHAT, ChatState.refresh(conversation)),
            _when(told("conversations"), SidebarState.refresh()),
            _when(told("folders"), SidebarState.refresh_folders()),
            _when(told("conversations") & (PATH == "/archived"), ArchivedState.refresh()),
            _when(told("catalog") & _IN_CHAT, ChatState.refresh_models()),
            _when(in_admin, SessionState.load()),
            _when(in_admin, ServersState.load()),
            _when(in_admin, PeopleState.load()),
            _when(told("documents") & _IN_CHAT, ChatState.refresh_documents()),
            _when(told("documents") & (PATH == "/vault"), VaultState.refresh()),
            _when(told("personas") & (_IN_CHAT | _IN_PERSONAS), PersonasState.load()),
            _when(told("personas") & (_IN_CHAT | _IN_PERSONAS), PromptsState.load()),
            _when(kind == "looks", SessionState.dress()),
            _when((kind == "looks") & (PATH == "/settings"), PreferencesState.load()),
            _when(told("imports") & (PATH == "/settings"), ImportingState.refresh()),
            _when(told("memory") & (PATH == "/settings/memory"), MemoryState.refresh()),
        ]

    return rx.cond(_INSIDE, Feed.create(page=SessionState.page, on_notice=on_notice))


def _when(holds: Any, event: Any) -> Any:
    return rx.cond(holds, event, rx.noop())


def _connection() -> rx.Component:
    """Say that the server is away, and why a page stays empty that cannot reach it."""
    state, text = _CONNECTION["state"].to(str), _CONNECTION["text"].to(str)
    return rx.el.div(
        rx.cond(state == "away", rx.el.span(class_name="spinner", aria_hidden="true")),
        rx.cond(text != "", rx.el.span(text)),
        role="status",
        class_name="connection",
        custom_attrs={"data-state": state},
        data_testid="connection",
    )


def _help() -> rx.Component:
    return dialog(
        shortcuts(),
        open_=HELP.value,
        title=_("Keyboard shortcuts"),
        on_close=HELP.put(False),
        testid="shortcuts",
    )
