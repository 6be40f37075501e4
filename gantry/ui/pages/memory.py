"""What Gantry remembers of a person, to be seen, changed and forgotten."""

from typing import Any

import reflex as rx

from gantry.state.memory import FACT_FIELD, MemoryState
from gantry.state.views.graph import EdgeView, NodeView
from gantry.state.views.memory import FactView
from gantry.ui.ahead import Ahead
from gantry.ui.browser import leave_row
from gantry.ui.components.local import link, moment
from gantry.ui.components.page import page, section
from gantry.ui.components.placeholders import empty, skeleton
from gantry.ui.dialogs import confirmation, dialog, dialog_actions
from gantry.ui.forms import search_field
from gantry.ui.menus import actions
from gantry.ui.text import _, plural


def memory_page() -> rx.Component:
    """Lay out the switch, the facts and the picture."""
    return rx.fragment(
        page(
            _("Memory"),
            rx.cond(
                MemoryState.loaded,
                rx.fragment(
                    section(_("Earlier conversations"), _switch(), note=_NOTE),
                    rx.cond(
                        MemoryState.enabled,
                        section(_("Facts found by the model"), _model(), note=_MODEL_NOTE),
                    ),
                    section(_("Facts about you"), _add(), _facts()),
                    rx.cond(
                        rx.Var.create(MemoryState.nodes).bool() | rx.Var.create(MemoryState.others).bool(),
                        section(_("Names"), _graph(), note=_("Names found in what you wrote.")),
                    ),
                    section(_("Forget"), _forget()),
                ),
                skeleton(4),
            ),
            _dialogs(),
        ),
    )


_ENABLED = Ahead("memory", MemoryState.enabled)
_BY_MODEL = Ahead("memory_model", MemoryState.by_model)
_NOTE = _(
    "Gantry can use what you write in later chats, with its date. No other account can see it; excerpts go to the model you "
    "use. To leave a chat out of memory, or to start a temporary chat, press “Memory” below the message field."
)


def _switched(control: Ahead, switch: Any) -> list[Any]:
    other = rx.cond(control.value, False, True)
    return control.chosen(other, switch(other))


def _switch() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            _("Remember what I write"),
            type="button",
            role="switch",
            aria_checked=rx.cond(_ENABLED.value, "true", "false"),
            on_click=_switched(_ENABLED, MemoryState.switch),
            class_name="switch",
            data_testid="memory-switch",
        ),
        rx.el.span(
            plural("{count} message remembered", "{count} messages remembered", count=MemoryState.turns),
            class_name="soft",
            data_testid="memory-count",
        ),
        class_name="row",
    )


_MODEL_NOTE = _(
    "Gantry finds facts by simple rules, in English only. When a chat has been idle for a minute, its model can find more, "
    "in any language, and write summaries of long conversations. This uses model time. A fact is kept only if it quotes what you wrote."
)


def _model() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            _("Let the model find facts in idle chats"),
            type="button",
            role="switch",
            aria_checked=rx.cond(_BY_MODEL.value, "true", "false"),
            on_click=_switched(_BY_MODEL, MemoryState.switch_model),
            class_name="switch",
            data_testid="memory-model",
        ),
        class_name="row",
    )


def _add() -> rx.Component:
    return rx.fragment(
        rx.el.form(
            rx.el.input(
                id=FACT_FIELD,
                name="content",
                aria_label=_("Something to remember"),
                placeholder=_("For example: Is allergic to peanuts."),
                required=True,
                max_length=1000,
                auto_complete="off",
                class_name="input",
            ),
            rx.el.input(type="hidden", name="added", value=MemoryState.added),
            rx.el.button(_("Remember"), type="submit", class_name="button"),
            on_submit=MemoryState.add,
            class_name="row memory-add",
        ),
        search_field(_("Search facts"), _("Search facts"), MemoryState.search, MemoryState.find),
    )


def _facts() -> rx.Component:
    return rx.fragment(
        rx.cond(
            MemoryState.facts,
            rx.el.ul(rx.foreach(MemoryState.facts, _fact), class_name="facts-list"),
            rx.cond(
                MemoryState.search != "",
                rx.el.p(
                    _("No facts match “{search}”.", search=MemoryState.search),
                    class_name="soft anywhere",
                    role="status",
                ),
                empty("brain", _("Nothing yet. Facts appear when you share something about yourself.")),
            ),
        ),
        rx.cond(
            MemoryState.has_more,
            rx.el.button(_("Show older"), type="button", on_click=MemoryState.more, class_name="button"),
        ),
    )


def _fact(view: FactView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.cond(view.pinned, rx.el.span(_("Pinned"), class_name="badge accent")),
                " ",
                rx.el.span(view.text, dir="auto"),
                class_name="anywhere",
            ),
            rx.el.p(
                moment(view.said_at),
                rx.cond(view.link != "", link(view.source, to=view.link), rx.el.span(view.source)),
                class_name="meta-line",
            ),
        ),
        actions(
            view.id,
            _("Actions for {what}", what=view.text),
            view.actions,
            lambda key: [leave_row(key == "forget"), MemoryState.choose(view.id, key)],
        ),
        key=view.id,
        class_name="memory-fact",
        data_testid="fact",
    )


def _graph() -> rx.Component:
    nodes, edges, others = MemoryState.nodes, MemoryState.edges, MemoryState.others
    return rx.el.figure(
        rx.cond(
            nodes,
            rx.el.div(
                rx.el.svg(
                    rx.foreach(edges, _line),
                    view_box="0 0 100 100",
                    custom_attrs={"preserveAspectRatio": "none"},
                ),
                rx.foreach(edges, _relation),
                rx.foreach(nodes, _dot),
                class_name="memory-graph",
                aria_hidden="true",
                custom_attrs={"style": rx.Var.create({"--names": rx.Var.create(nodes).length()})},
            ),
        ),
        rx.cond(
            others,
            rx.el.ul(
                rx.foreach(others, lambda node: rx.el.li(node.name, key=node.id)),
                class_name="names",
                aria_hidden="true",
            ),
        ),
        rx.el.figcaption(
            rx.el.ul(
                rx.foreach(nodes, lambda node: rx.el.li(node.said)),
                rx.foreach(others, lambda node: rx.el.li(node.said)),
                rx.foreach(edges, lambda edge: rx.el.li(edge.said)),
            ),
            class_name="sr-only",
        ),
        data_testid="memory-graph",
        class_name="stack",
    )


def _line(edge: EdgeView) -> rx.Component:
    return rx.el.svg.line(x1=edge.x1, y1=edge.y1, x2=edge.x2, y2=edge.y2)


def _relation(edge: EdgeView) -> rx.Component:
    return rx.el.span(
        edge.label, class_name="relation", custom_attrs={"style": {"left": edge.left, "top": edge.top}}
    )


def _dot(node: NodeView) -> rx.Component:
    place = {"left": node.left, "top": node.top, "--size": node.size}
    return rx.el.span(
        node.name, class_name="name", custom_attrs={"data-kind": node.kind, "style": place}, key=node.id
    )


def _forget() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            _("Forget everything"),
            type="button",
            on_click=MemoryState.ask_forget_all,
            class_name="button danger",
            data_testid="forget-all",
        ),
        class_name="row",
    )


def _dialogs() -> rx.Component:
    return rx.fragment(
        dialog(
            rx.el.form(
                rx.el.textarea(
                    name="content",
                    aria_label=_("Fact"),
                    default_value=MemoryState.chosen_text,
                    key=MemoryState.chosen_id,
                    rows=4,
                    required=True,
                    max_length=1000,
                    class_name="input",
                ),
                dialog_actions(
                    rx.el.button(_("Save"), type="submit", class_name="button primary"),
                    on_cancel=MemoryState.close,
                ),
                on_submit=MemoryState.change,
                class_name="stack",
            ),
            open_=MemoryState.dialog == "edit",
            title=_("Edit fact"),
            testid="dialog-fact",
            on_close=MemoryState.close,
        ),
        confirmation(
            _("Facts, names and remembered messages will be deleted. Your conversations stay."),
            action=_("Forget everything"),
            on_confirm=MemoryState.forget_all,
            open_=MemoryState.dialog == "forget-all",
            title=_("Forget everything?"),
            testid="dialog-forget",
            on_close=MemoryState.close,
        ),
        on_mount=MemoryState.arrive,
    )
