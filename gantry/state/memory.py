"""What is remembered, as its page shows it."""

from collections.abc import Awaitable, Sequence
from typing import Literal
from uuid import UUID

import reflex as rx
from typing_extensions import TypedDict

from gantry.domain.memory import Fact
from gantry.domain.messages import _
from gantry.runtime import services
from gantry.state.finding import FindingState
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.views.graph import EdgeView, NodeView, graph_view
from gantry.state.views.memory import FactView, fact_view

FACT_FIELD = "new-fact"  # id of the field for a new fact
_PAGE = 200


class FactForm(TypedDict):
    """The field of a form that holds a fact."""

    content: str


class NewFactForm(FactForm):
    """The form for a new one; ``added`` says how many there had been when it was filled in."""

    added: str


class MemoryState(FindingState, rx.State):
    """Facts, the graph, and what is allowed."""

    enabled: bool = True
    by_model: bool = False
    turns: int = 0
    facts: list[FactView] = []
    added: int = 0  # by this form,
    _last: str = ""  # and what was added last
    nodes: list[NodeView] = []
    edges: list[EdgeView] = []
    others: list[NodeView] = []  # names that nothing else is known about
    dialog: str = ""  # "edit" or "forget-all"
    chosen_id: str = ""
    chosen_text: str = ""

    @rx.event
    @guarded
    async def load(self):
        """Show what is remembered. Also runs whenever the tab reconnects."""
        await self._show()

    @rx.event
    @guarded
    async def arrive(self):
        """Show no dialog of an earlier visit."""
        self.dialog = ""

    @rx.event
    @guarded
    async def switch(self, on: bool):
        """Switch memory on or off."""
        await services().memory.change_settings(await acting(self), enabled=on)
        await self._show()

    @rx.event
    @guarded
    async def switch_model(self, on: bool):
        """Let the model find facts in idle chats, or not."""
        await services().memory.change_settings(await acting(self), by_model=on)
        await self._show()

    @rx.event
    @guarded
    async def add(self, form: NewFactForm):
        """Remember a sentence; the same one, sent twice in one breath, is passed over the second time."""
        if form["added"] != str(self.added) and form["content"] == self._last:
            return None
        await services().memory.add_fact(await acting(self), form["content"])
        self.added, self._last = self.added + 1, form["content"]
        await notify(self, _("Remembered."), kind="success")
        await self._show()
        return rx.set_value(FACT_FIELD, "")  # only now: what was refused stays to be changed

    @rx.event
    @guarded
    async def choose(self, fact: str, action: Literal["edit", "pin", "unpin", "forget"]):
        """Do what a row's menu says."""
        who, memory, chosen = await acting(self), services().memory, uuid_of(fact)
        match action:
            case "pin" | "unpin":
                await memory.pin(who, chosen, action == "pin")
            case "forget":
                await memory.forget(who, [chosen])
            case _:
                self.chosen_id = fact
                self.chosen_text = next((each.text for each in self.facts if each.id == fact), "")
                self.dialog = "edit"
                return
        await self._show()

    @rx.event
    @guarded
    async def change(self, form: FactForm):
        """Put the chosen fact into other words."""
        await services().memory.change_fact(await acting(self), uuid_of(self.chosen_id), form["content"])
        self.dialog = ""
        await self._show()

    @rx.event
    @guarded
    async def ask_forget_all(self):
        """Ask before everything is forgotten."""
        self.dialog = "forget-all"

    @rx.event
    @guarded
    async def close(self):
        """Close the dialog."""
        self.dialog = ""

    @rx.event
    @guarded
    async def forget_all(self):
        """Forget everything."""
        await services().memory.forget_everything(await acting(self))
        self.dialog = ""
        await notify(self, _("Memory cleared. Your conversations are still there."), kind="success")
        await self._show()

    async def _show(self) -> None:
        who, memory = await acting(self), services().memory
        allowed = await memory.settings(who)
        self.enabled, self.by_model, self.turns = allowed.enabled, allowed.by_model, allowed.turns

        def facts(after: UUID | None) -> Awaitable[Sequence[Fact]]:
            return memory.facts(who, words=self.search, after=after, limit=_PAGE)

        self.facts = [fact_view(each) for each in await self._read(facts, _PAGE)]
        graph = graph_view(await memory.graph(who))
        self.nodes, self.edges, self.others = graph.nodes, graph.edges, graph.others
        self.loaded = True
