"""Choosing what a conversation reads: each tick builds on what is stored, wherever the page's events come from."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.state.chat import ChatState
from gantry.state.scope import ScopeState
from tests.unit.state.stage import ADA, tab
from tests.unit.state.test_chat import ONE, FakeCatalog, Threads

HARBOUR, PLAN, NOTE, GONE = (UUID(int=number) for number in (201, 202, 203, 204))


@dataclass
class Collections:
    """One collection and two documents; ``asked`` notes the searches."""

    called: dict[UUID, str] = field(default_factory=lambda: {PLAN: "plan.txt", NOTE: "note.txt"})
    asked: list[str] = field(default_factory=list)

    async def list_collections(self, who: Actor) -> list[Any]:
        return [SimpleNamespace(id=HARBOUR, name="Harbour", is_default=False, documents=2)]

    async def names(self, who: Actor, documents: Sequence[UUID]) -> dict[UUID, str]:
        return {each: self.called[each] for each in documents if each in self.called}

    async def list_documents(self, who: Actor, *, words: str, limit: int) -> list[Any]:
        self.asked.append(words)
        return [SimpleNamespace(id=each, name=name) for each, name in self.called.items() if words in name]


@dataclass
class Scoped(Threads):
    """Conversations that keep what they may read."""

    async def set_scope(self, who: Actor, conversation: UUID, scope: DocumentScope) -> None:
        self.rows[conversation] = replace(self.rows[conversation], scope=scope.stored())


@asynccontextmanager
async def at(path: str, chat: Threads) -> AsyncIterator[tuple[Any, Any]]:
    """Open a tab whose state is as fresh as after a restart."""
    url = f"http://localhost{path}"
    async with tab(chat=chat, catalog=FakeCatalog(), vault=Collections(), url=url) as page:
        yield await page.of(ScopeState), await page.of(ChatState)


def read_by(chat: Threads) -> DocumentScope:
    """Return what is stored."""
    return DocumentScope.parse(chat.rows[ONE].scope)


async def test_a_fresh_state_builds_on_what_is_stored() -> None:
    """Ticks come from the page before this state knows of the conversation; none of them is lost."""
    chat = Scoped.of(ONE)
    await chat.set_scope(ADA, ONE, DocumentScope(ScopeKind.SOME, (HARBOUR,)))
    async with at(f"/c/{ONE}", chat) as (state, shown):
        await state.tick("document", str(PLAN), True, str(ONE))
        await state.tick("document", str(NOTE), True, str(ONE))
        await state.tick("collection", str(HARBOUR), False, str(ONE))
        assert read_by(chat) == DocumentScope(ScopeKind.SOME, (), (PLAN, NOTE))
        assert shown.scope == "all"  # of what is open, which is another one
        for each in (PLAN, NOTE):
            await state.tick("document", str(each), False, str(ONE))
        assert read_by(chat).kind is ScopeKind.NONE


async def test_a_new_conversation_keeps_its_choice_here() -> None:
    """What is chosen before the first message is the page's, and is said in a few words."""
    async with at("/", Scoped.of()) as (state, shown):
        await shown.open()
        assert shown.scope_label == "All documents"
        await state.tick("collection", str(HARBOUR), True, "")
        assert shown.scope_label == "Harbour"
        await state.tick("document", str(PLAN), True, "")
        assert shown.scope_label == "Harbour, 1 document"


async def test_what_was_deleted_is_said_and_goes_with_the_next_tick() -> None:
    """It is offered under the name of what is gone, and not stored again."""
    chat = Scoped.of(ONE)
    await chat.set_scope(ADA, ONE, DocumentScope(ScopeKind.SOME, (), (GONE,)))
    async with at(f"/c/{ONE}", chat) as (state, shown):
        await shown.open()
        await state.look()
        assert [each.name for each in state.documents] == ["Deleted document", "plan.txt", "note.txt"]
        await state.tick("document", str(NOTE), True, str(ONE))
        assert read_by(chat).documents == (NOTE,)
        assert [each.name for each in state.documents] == ["note.txt", "plan.txt"]


async def test_documents_are_found_by_their_names_beside_the_chosen_ones() -> None:
    """What is chosen stays in sight whatever is searched for."""
    async with at("/", Scoped.of()) as (state, _):
        await state.tick("document", str(PLAN), True, "")
        await state.find("note")
        assert [each.name for each in state.documents] == ["plan.txt", "note.txt"]
