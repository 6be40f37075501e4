"""What a conversation can use: documents, and memory. Each has a button below the text, and a panel."""

from typing import Any, Literal

import reflex as rx

from gantry.state.chat import ChatState
from gantry.state.scope import ScopeState
from gantry.state.views.chat import DocumentChoiceView
from gantry.state.views.vault import CollectionView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import Kept
from gantry.ui.components.local import link
from gantry.ui.text import Text, _

# Ticks that the server has not confirmed yet, by id; "all" and "none" are the two above. They show at once, and until the panel
# opens again.
_AHEAD = Kept("ticked", {})


def documents_control() -> rx.Component:
    """Lay out the button that tells which documents are read, and the panel to choose them in."""
    label = rx.match(
        ChatState.scope,
        ("all", _("All documents")),
        ("none", _("No documents")),
        ChatState.scope_label,
    )
    return rx.fragment(
        _button(
            "library",
            label,
            opens="documents-panel",
            aria_label=rx.cond(ChatState.is_hydrated, _("Documents: {label}", label=label), _("Documents")),
            data_testid="scope",
            on_click=[_AHEAD.put({}), ScopeState.look],
        ),
        _panel(
            "documents-panel",
            _("Documents this chat can use"),
            _Line(_("All documents"), _whole("all"), _choose("all")).radio(),
            _Line(_("No documents"), _whole("none"), _choose("none")).radio(),
            rx.foreach(ChatState.collections, _collection),
            rx.el.input(
                type="search",
                class_name="input scope-search",
                placeholder=_("Find a document"),
                aria_label=_("Find a document"),
                on_change=ScopeState.find.debounce(250),  # pyright: ignore[reportAttributeAccessIssue]
            ),
            rx.foreach(ScopeState.documents, _document),
            link(_("Manage documents"), to="/vault", class_name="scope-link"),
        ),
    )


def memory_control() -> rx.Component:
    """Lay out the button for memory and for a chat that leaves no trace, and its panel."""
    is_new = ChatState.conversation_id == ""
    label = rx.cond(
        ChatState.temporary, _("Temporary"), rx.cond(ChatState.remembered, _("Memory"), _("No memory"))
    )
    remembers = Ahead("remembers", ChatState.remembered & ~ChatState.temporary, of=ChatState.conversation_id)
    return rx.fragment(
        _button(
            rx.cond(
                ChatState.temporary,
                rx.icon("ghost", size=17, aria_hidden="true"),
                rx.icon("brain", size=17, aria_hidden="true"),
            ),
            label,
            opens="memory-panel",
            aria_label=rx.cond(ChatState.is_hydrated, _("Memory: {label}", label=label), _("Memory")),
            data_testid="memory",
            custom_attrs={"data-off": rx.cond(ChatState.remembered, rx.Var("undefined"), "")},
        ),
        _panel(
            "memory-panel",
            _("Memory in this chat"),
            _Line(
                _("Use memory in this chat"),
                remembers.value,
                remembers.takes(lambda on: ScopeState.set_remembered(on, ChatState.conversation_id)),
                disabled=ChatState.temporary,
            ).checkbox(),
            rx.cond(
                is_new,
                _Line(
                    _("Temporary chat: deleted when you leave"),
                    ChatState.temporary,
                    # The address has it: it outlives what the server remembers of this tab.
                    lambda on: rx.redirect(rx.cond(on, "/?temporary=1", "/"), replace=True),
                ).checkbox(),
            ),
            link(_("Manage memory"), to="/settings/memory", class_name="scope-link"),
        ),
    )


class _Line:
    """Something to choose: its label, whether it is chosen, and what to do with its new state."""

    def __init__(self, label: Any, chosen: Any, on_change: Any, **props: Any) -> None:
        self.label = label
        self.props = {"checked": chosen, "on_change": on_change, **props}

    def radio(self) -> rx.Component:
        """Lay it out as the one of several."""
        return self._laid_out(type="radio", name="documents")

    def checkbox(self) -> rx.Component:
        """Lay it out as one of any number."""
        return self._laid_out(type="checkbox")

    def _laid_out(self, **kind: Any) -> rx.Component:
        return rx.el.label(rx.el.input(**kind, **self.props), rx.el.span(self.label), class_name="scope-line")


def _button(icon: Any, label: Any, *, opens: str, **props: Any) -> rx.Component:
    attributes = props.pop("custom_attrs", {})
    return rx.el.button(
        rx.icon(icon, size=17, aria_hidden="true") if isinstance(icon, str) else icon,
        rx.el.span(label, class_name="bar-label clip", dir="auto"),
        rx.icon("chevron-down", size=14, aria_hidden="true"),
        type="button",
        class_name="bar-button",
        title=label,
        aria_haspopup="dialog",
        custom_attrs={"popoverTarget": opens, **attributes},
        **props,
    )


def _panel(id_: str, label: Text, *lines: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.p(label, class_name="menu-heading"),
        *lines,
        id=id_,
        role="dialog",
        aria_label=label,
        class_name="menu scope-menu",
        custom_attrs={"popover": "auto"},
    )


def _ahead(key: Any, otherwise: Any) -> Any:
    """Return whether *key* was ticked a moment ago; else what the server says."""
    ahead = _AHEAD.value
    return rx.cond(ahead.contains(key), ahead[key], otherwise)


def _whole(kind: str) -> Any:
    return _ahead(kind, ChatState.scope == kind)


def _choose(kind: Literal["all", "none"]) -> Any:
    return lambda _on: [
        _AHEAD.put({"all": kind == "all", "none": kind == "none"}),
        ScopeState.choose_scope(kind, ChatState.conversation_id),
    ]


def _some(kind: Literal["collection", "document"], item: Any, label: Any, chosen: Any) -> rx.Component:
    ahead = _AHEAD.value
    is_whole = ahead.contains("all") & (ahead["all"] | ahead["none"])
    return _Line(
        label,
        _ahead(item, ~is_whole & chosen),
        lambda on: [
            _AHEAD.put(_AHEAD.now.merge({item: on, "all": False, "none": False})),
            ScopeState.tick(kind, item, on, ChatState.conversation_id),
        ],
    ).checkbox()


def _collection(each: CollectionView) -> rx.Component:
    chosen = rx.Var.create(ChatState.scope_collections).contains(each.id)
    return _some("collection", each.id, f"{each.name} ({each.documents})", chosen)


def _document(each: DocumentChoiceView) -> rx.Component:
    return _some("document", each.id, each.name, rx.Var.create(ChatState.scope_documents).contains(each.id))
