"""The search over everything, and what can be done from anywhere, in one list: Ctrl+K."""

from typing import Any, cast

import reflex as rx

from gantry.domain.finding import MAX_QUERY_CHARACTERS
from gantry.state.search import FoundState, SearchState
from gantry.state.session import SessionState
from gantry.state.views.search import HitView, PieceView, RecentView
from gantry.ui.account_menu import HELP, THEMES
from gantry.ui.ahead import Ahead
from gantry.ui.browser import Kept, function, link, set_theme, whole_event
from gantry.ui.components.local import moment
from gantry.ui.dialogs import dialog
from gantry.ui.pickers import group
from gantry.ui.text import Text, _, plural

_OPEN = Kept("search", False)
_BOX, _LIST = "search-box", "search-list"
_PAUSE_MS = 120
_TIMES = (
    ("", _("Any time")),
    ("1", _("Past day")),
    ("7", _("Past week")),
    ("30", _("Past month")),
    ("365", _("Past year")),
)
_THEME_LABELS = {"system": _("System theme"), "light": _("Light theme"), "dark": _("Dark theme")}
_ROLES = (("", _("Everybody")), ("user", _("You")), ("assistant", _("Answers")))
_WAYS = (
    (_("New chat"), "square-pen", "/", _("start conversation")),
    (_("New temporary chat"), "ghost", "/?temporary=1", _("private incognito no trace")),
    (_("Documents"), "library", "/vault", _("files upload collections")),
    (_("Memory"), "brain", "/settings/memory", _("facts remembered")),
    (_("Personas"), "drama", "/personas", _("instructions roles")),
    (_("Prompts"), "text-quote", "/personas/prompts", _("library templates")),
    (_("Archived conversations"), "archive", "/archived", _("archive old")),
    (_("Settings"), "settings", "/settings", _("account password preferences")),
)


_FILTERS = {
    name: Ahead(f"search_{name}", getattr(SearchState, name))
    for name in ("role", "days", "model", "folder", "persona", "tag")
}


class _Box(rx.el.Div):
    """A search field and its list, whose keys and input islands/lists.js knows."""

    on_input: rx.EventHandler[whole_event]
    on_key_down: rx.EventHandler[whole_event]
    on_pointer_move: rx.EventHandler[whole_event]


def search_button() -> rx.Component:
    """Lay out the button in the sidebar that opens the search."""
    return rx.el.button(
        rx.icon("search", size=18, aria_hidden="true"),
        rx.el.span(_("Search"), class_name="sidebar-label"),
        type="button",
        class_name="sidebar-link search-button",
        title=_("Search"),
        aria_label=_("Search"),
        aria_haspopup="dialog",
        data_testid="search-open",
        custom_attrs={"data-shortcut": "search"},
        on_click=_OPEN.put(True),
    )


def search_dialog() -> rx.Component:
    """Lay out the search; once, in the frame."""
    return dialog(
        _box(),
        _filters(),
        rx.fragment(_renewed(), key=SearchState.turn),
        open_=_OPEN.value,
        title=_("Search"),
        on_close=_OPEN.put(False),
        testid="search",
        class_name="search",
    )


@rx.memo
def _renewed() -> rx.Component:
    """Have the first of what has come be active."""
    return rx.fragment(on_mount=function("renew", "lists.js").partial(_BOX))


def _box() -> rx.Component:
    return _Box.create(
        _field(),
        rx.el.div(
            _hits(),
            _recent(),
            _actions(),
            id=_LIST,
            role="listbox",
            aria_label=_("Results"),
            class_name="picker-list",
        ),
        rx.el.p(
            rx.cond(SearchState.query == "", _("Searching…"), _("Nothing found.")), class_name="picker-none"
        ),
        rx.el.p(_said(), class_name="sr-only", role="status"),
        id=_BOX,
        class_name="search-box",
        on_mount=[*(each.forgets() for each in _FILTERS.values()), SearchState.begin],
        on_input=function("search", "lists.js").partial(),
        on_key_down=function("pickerKeys", "lists.js").partial(),
        on_pointer_move=function("pointed", "lists.js").partial(),
    )


def _said() -> rx.Var[str]:
    count = rx.Var.create(SearchState.hits).length()
    found = plural("{count} result", "{count} results", count=count)
    return rx.cond(SearchState.query != "", rx.cond(count > 0, found, _("No messages found")), "").to(str)


def _field() -> rx.Component:
    return rx.el.label(
        rx.icon("search", size=18, aria_hidden="true"),
        rx.el.input(
            role="combobox",
            aria_label=_("Search messages and actions"),
            aria_expanded="true",
            aria_autocomplete="list",
            placeholder=_("Search messages and actions"),
            auto_complete="off",
            spell_check=False,
            max_length=MAX_QUERY_CHARACTERS,
            data_testid="search-input",
            custom_attrs={"aria-controls": _LIST, "enterKeyHint": "search"},
            on_change=SearchState.look.debounce(_PAUSE_MS),  # pyright: ignore[reportAttributeAccessIssue]
        ),
        class_name="picker-search",
    )


def _filters() -> rx.Component:
    state = SearchState
    return rx.el.div(
        _select(_("Who"), _FILTERS["role"], state.choose_role, *(_choice(*each) for each in _ROLES)),
        _select(_("When"), _FILTERS["days"], state.choose_days, *(_choice(*each) for each in _TIMES)),
        rx.cond(
            rx.Var.create(state.models).length() > 1,
            _select(
                _("Model"),
                _FILTERS["model"],
                state.choose_model,
                *_offered(_("Any model"), state.models),
            ),
        ),
        rx.cond(
            state.folders,
            _select(
                _("Folder"),
                _FILTERS["folder"],
                state.choose_folder,
                *_offered(_("Any folder"), state.folders),
            ),
        ),
        rx.cond(
            state.personas,
            _select(
                _("Persona"),
                _FILTERS["persona"],
                state.choose_persona,
                *_offered(_("Any persona"), state.personas),
            ),
        ),
        rx.cond(
            state.tags,
            _select(_("Tag"), _FILTERS["tag"], state.choose_tag, *_offered(_("Any tag"), state.tags)),
        ),
        class_name="search-filters",
        role="group",
        aria_label=_("Filters"),
    )


def _offered(every: Text, choices: Any) -> tuple[rx.Component, rx.Component]:
    return _choice("", every), rx.foreach(choices, lambda one: rx.el.option(one.name, value=one.id))


def _select(label: Text, filter_: Ahead, choose: Any, *choices: Any) -> rx.Component:
    return rx.el.select(
        *choices,
        value=filter_.value,
        on_change=filter_.takes(choose),
        aria_label=label,
        class_name="search-filter",
        custom_attrs={"data-chosen": filter_.value != ""},
    )


def _choice(value: str, label: Text) -> rx.Component:
    return rx.el.option(label, value=value)


def _hits() -> rx.Component:
    return group(
        _("Messages"), rx.foreach(SearchState.hits, lambda hit: rx.fragment(_hit(view=hit), key=hit.id))
    )


@rx.memo
def _hit(view: rx.Var[HitView]) -> rx.Component:
    hit = cast("HitView", view)
    return _option(
        link,
        rx.el.span(
            rx.el.span(rx.foreach(hit.title, _title_piece), class_name="search-title clip", dir="auto"),
            rx.el.span(
                rx.cond(hit.who != "", rx.el.span(hit.who, class_name="search-who")),
                moment(hit.at),
                class_name="search-about",
            ),
            class_name="search-head",
        ),
        rx.cond(
            hit.snippet, rx.el.span(rx.foreach(hit.snippet, _snippet_piece), class_name="search-snippet")
        ),
        id=hit.id,
        to=hit.address,
        class_name="picker-option search-hit",
        data_testid="search-hit",
        on_click=[_OPEN.put(False), FoundState.seek],
    )


# Two of a kind: Reflex names the variable of a loop after the argument.
def _title_piece(named: PieceView) -> rx.Component:
    return rx.cond(named.marked, rx.el.mark(named.text), rx.el.span(named.text))


def _snippet_piece(piece: PieceView) -> rx.Component:
    return rx.cond(piece.marked, rx.el.mark(piece.text), rx.el.span(piece.text))


def _recent() -> rx.Component:
    return rx.cond(SearchState.query == "", group(_("Recent"), rx.foreach(SearchState.recent, _conversation)))


def _conversation(conversation: RecentView) -> rx.Component:
    return _option(
        link,
        rx.icon("message-square", size=16, aria_hidden="true"),
        rx.el.span(conversation.title, class_name="picker-name clip", dir="auto"),
        rx.el.span(moment(conversation.at), class_name="search-about"),
        id=conversation.id,
        to=conversation.address,
        key=conversation.id,
        on_click=_OPEN.put(False),
        custom_attrs={"data-words": conversation.title},
    )


def _actions() -> rx.Component:
    toggle = function("toggleSidebar", "frame.js").partial()
    return group(
        _("Actions"),
        *(_way(*each) for each in _WAYS),
        rx.cond(
            SessionState.is_admin,
            _way(_("Administration"), "shield", "/admin/users", _("people models servers")),
        ),
        *(
            _act(
                _THEME_LABELS[theme],
                icon,
                [set_theme.partial(theme), SessionState.choose_theme(theme)],
                _("theme appearance colours mode"),
            )
            for theme, _label, icon in THEMES
        ),
        _act(_("Open or close the sidebar"), "panel-left", [toggle], _("toggle show hide")),
        _act(_("Keyboard shortcuts"), "keyboard", [HELP.put(True)], _("keys help")),
    )


def _way(label: Text, icon: str, to: str, words: Text) -> rx.Component:
    return _option(
        link, *_labelled(label, icon), to=to, on_click=_OPEN.put(False), **_named(label, icon, words)
    )


def _act(label: Text, icon: str, does: list[Any], words: Text) -> rx.Component:
    return _option(
        rx.el.div, *_labelled(label, icon), on_click=[_OPEN.put(False), *does], **_named(label, icon, words)
    )


def _labelled(label: Text, icon: str) -> tuple[rx.Component, rx.Component]:
    return rx.icon(icon, size=16, aria_hidden="true"), rx.el.span(label, class_name="picker-name")


def _named(label: Text, icon: str, words: Text) -> dict[str, Any]:
    return {"id": f"action-{icon}", "custom_attrs": {"data-words": f"{label} {words}"}}


def _option(make: Any, *children: Any, **props: Any) -> rx.Component:
    """Lay out one of the list: it is chosen by a click, or by Enter while it is active."""
    props = {"class_name": "picker-option", **props}
    return make(*children, role="option", aria_selected="false", tab_index=-1, **props)
