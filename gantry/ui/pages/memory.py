"""What Gantry remembers of a person, to be seen, changed and forgotten."""

import reflex as rx

from gantry.state.memory import FACT_FIELD, MemoryState
from gantry.state.views.memory import EdgeView, FactView, NodeView
from gantry.ui.components.local import Actions, Dialog, Local, Moment, link
from gantry.ui.components.placeholders import empty, skeleton
from gantry.ui.components.shell import page, section, shell


class MemoryGraph(Local):
    """The names in memory and what is known between them, as a picture."""

    library = "$/public/memory-graph.jsx"
    tag = "MemoryGraph"

    nodes: rx.Var[list[NodeView]]
    edges: rx.Var[list[EdgeView]]


def memory_page() -> rx.Component:
    """Lay out the switch, the facts and the picture."""
    return shell(
        page(
            "Memory",
            rx.cond(
                MemoryState.loaded,
                rx.fragment(
                    section("What is remembered", _switch(), note=_NOTE),
                    rx.cond(MemoryState.enabled, section("Read by the model", _model(), note=_MODEL_NOTE)),
                    section("Facts about you", _add(), _facts()),
                    rx.cond(
                        MemoryState.nodes, section("Names", _graph(), note="Learned from what you wrote.")
                    ),
                    section("Forget", _forget()),
                ),
                skeleton(4),
            ),
            _dialogs(),
        ),
        on_memory=MemoryState.refresh,
    )


_NOTE = (
    "What you write is recalled in later conversations, with its date. No other account sees it; passages of it are sent to "
    "the model that answers. To take a conversation out of memory, or to begin a temporary one, open the list of documents "
    "below its message field."
)


def _switch() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            "Remember what I write",
            type="button",
            role="switch",
            aria_checked=rx.cond(MemoryState.enabled, "true", "false"),
            on_click=MemoryState.toggle,
            class_name="switch",
            data_testid="memory-switch",
        ),
        rx.el.span(
            rx.cond(
                MemoryState.turns == 1, "1 message remembered", f"{MemoryState.turns} messages remembered"
            ),
            class_name="soft",
            data_testid="memory-count",
        ),
        class_name="row",
    )


_MODEL_NOTE = (
    "Facts are found by simple rules. When a conversation has been quiet for a minute, its model can read it too: it finds "
    "more, and it writes the summaries of long conversations. That is time of your model server. A fact is kept only if it "
    "quotes what you wrote."
)


def _model() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            "Let the model read quiet conversations",
            type="button",
            role="switch",
            aria_checked=rx.cond(MemoryState.by_model, "true", "false"),
            on_click=MemoryState.toggle_model,
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
                aria_label="Something to remember",
                placeholder="Such as “Is allergic to peanuts.”",
                required=True,
                max_length=1000,
                auto_complete="off",
                class_name="input",
            ),
            rx.el.button("Remember", type="submit", class_name="button"),
            on_submit=MemoryState.add,
            class_name="row memory-add",
        ),
        rx.el.input(
            type="search",
            placeholder="Search facts",
            aria_label="Search facts",
            default_value=MemoryState.search,
            on_change=MemoryState.find.debounce(250),
            class_name="input search",
        ),
    )


def _facts() -> rx.Component:
    return rx.fragment(
        rx.cond(
            MemoryState.facts,
            rx.el.ul(rx.foreach(MemoryState.facts, _fact), class_name="stack", style={"list-style": "none"}),
            rx.cond(
                MemoryState.search != "",
                rx.el.p(f"No fact holds “{MemoryState.search}”.", class_name="soft anywhere", role="status"),
                empty("brain", "Nothing yet. Facts appear when you tell something about yourself."),
            ),
        ),
        rx.cond(
            MemoryState.has_more,
            rx.el.button("Show older", type="button", on_click=MemoryState.more, class_name="button"),
        ),
    )


def _fact(view: FactView) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.cond(view.pinned, rx.el.span("Pinned", class_name="badge accent")),
                " ",
                view.text,
                class_name="anywhere",
            ),
            rx.el.p(
                rx.cond(view.link != "", link(view.source, to=view.link), rx.el.span(view.source)),
                Moment.create(at=view.said_at),
                class_name="vault-facts",
            ),
        ),
        Actions.create(
            label=f"Actions for {view.text}",
            items=view.actions,
            on_select=lambda key: MemoryState.choose(view.id, key),
        ),
        key=view.id,
        class_name="memory-fact",
        data_testid="fact",
    )


def _graph() -> rx.Component:
    return MemoryGraph.create(nodes=MemoryState.nodes, edges=MemoryState.edges)


def _forget() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            "Forget everything",
            type="button",
            on_click=MemoryState.ask_forget_all,
            class_name="button danger",
            data_testid="forget-all",
        ),
        class_name="row",
    )


def _dialogs() -> rx.Component:
    return rx.fragment(
        Dialog.create(
            rx.el.form(
                rx.el.textarea(
                    name="content",
                    aria_label="The fact",
                    default_value=MemoryState.chosen_text,
                    key=MemoryState.chosen_id,
                    rows=4,
                    required=True,
                    max_length=1000,
                    class_name="input",
                ),
                rx.el.div(rx.el.button("Save", type="submit", class_name="button primary"), class_name="row"),
                on_submit=MemoryState.change,
                class_name="stack",
            ),
            open=MemoryState.dialog == "edit",
            title="Edit the fact",
            testid="dialog-fact",
            on_close=MemoryState.close,
        ),
        Dialog.create(
            rx.el.p("Facts, names and remembered messages are deleted. Your conversations stay."),
            rx.el.div(
                rx.el.button(
                    "Forget everything",
                    type="button",
                    on_click=MemoryState.forget_all,
                    class_name="button danger",
                ),
                rx.el.button("Keep", type="button", on_click=MemoryState.close, class_name="button"),
                class_name="row",
            ),
            open=MemoryState.dialog == "forget-all",
            title="Forget everything?",
            testid="dialog-forget",
            on_close=MemoryState.close,
        ),
        on_mount=MemoryState.arrive,
    )
