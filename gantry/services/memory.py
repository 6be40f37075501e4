"""What Gantry remembers of a person, and what of it is told for a question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid
from gantry.domain.knowledge import Found, Recalled
from gantry.domain.learning import entity_key, names_in, names_of
from gantry.domain.live import Notice, NoticeBoard, NoticeKind
from gantry.domain.memory import MAX_FACT_CHARACTERS, MemoryKind
from gantry.domain.passages import search_words, stem
from gantry.domain.text import storable
from gantry.domain.vectors import Shelf
from gantry.models import Entity, MemoryItem, Relation
from gantry.repositories.database import Database
from gantry.services.facts import fingerprint, key_of, make_names, name_entities
from gantry.services.indexing import Indexer
from gantry.services.retrieval import Retriever

TURNS = 5  # past turns told for one question
FACTS = 8
_LOOKED_THROUGH = 400  # facts of one person, of which the best are told
_GRAPH_NODES = 60


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """What a person allows."""

    enabled: bool
    by_model: bool
    turns: int  # messages remembered


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact with the title of the conversation it came from; empty for one written by hand."""

    item: MemoryItem
    title: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The names in a person's memory, with how often they are mentioned, and what is known between them."""

    entities: Sequence[tuple[Entity, int]]
    relations: Sequence[Relation]


@dataclass(frozen=True, slots=True)
class MemoryService:
    """Memory of one person at a time. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    retriever: Retriever
    indexer: Indexer
    board: NoticeBoard
    now: Callable[[], datetime] = utc_now

    async def settings(self, who: Actor) -> MemorySettings:
        """Return what the person allows."""
        async with self.database.read() as tx:
            account = await tx.memory.account(who.id)
            return MemorySettings(
                account.memory_enabled, account.memory_by_model, await tx.memory.count_turns(who.id)
            )

    async def change_settings(
        self, who: Actor, *, enabled: bool | None = None, by_model: bool | None = None
    ) -> None:
        """Switch memory on or off. Switched on again it also reads what was said meanwhile, and nothing that was forgotten."""
        async with self.database.begin() as tx:
            account = await tx.memory.account(who.id)
            if enabled and not account.memory_enabled:
                await tx.memory.mark_unread(who.id)
            account.memory_enabled = account.memory_enabled if enabled is None else enabled
            account.memory_by_model = account.memory_by_model if by_model is None else by_model
        self._tell(who)

    async def facts(
        self, who: Actor, *, words: str = "", after: UUID | None = None, limit: int = 100
    ) -> list[Fact]:
        """Return facts, pinned ones first, then newest first; NotFound when there is no fact *after* any more."""
        wanted = words.lower().split()[:8]
        async with self.database.read() as tx:
            rows = await tx.memory.facts(who.id, words=wanted, after=after, limit=min(max(limit, 1), 500))
        return [Fact(*row) for row in rows]

    async def add_fact(self, who: Actor, text: str) -> MemoryItem:
        """Remember a sentence the person has written."""
        text = _checked(text)
        now = self.now()
        async with self.database.begin() as tx:
            if await tx.memory.find_fact(who.id, fingerprint(text)):
                raise Conflict("This is remembered already.")
            row = MemoryItem(
                account_id=who.id,
                kind=MemoryKind.FACT,
                fingerprint=fingerprint(text),
                speaker="user",
                content=text,
                said_at=now,
                by_hand=True,
                created_at=now,
                updated_at=now,
            )
            await tx.memory.add(row)
            await name_entities(tx, row, names_of(text), now)
        self._tell(who)
        return row

    async def change_fact(self, who: Actor, fact: UUID, text: str) -> None:
        """Put a fact into other words; what was extracted becomes the person's own, and the graph has the names of the new words."""
        text = _checked(text)
        now = self.now()
        names = [name for name in names_of(text) if entity_key(name)]
        async with self.database.begin() as tx:
            # Before the fact, as a learner does: else each might wait for the other.
            await make_names(tx, who.id, [(name, None) for name in names], now)
            row = await tx.memory.get(fact, owner=who.id)
            before, row.content, row.by_hand = row.content, text, True
            row.fingerprint, row.context, row.updated_at = fingerprint(text), "", now
            await tx.memory.unname(row.id)
            await name_entities(tx, row, names, now)
            await tx.memory.remove_unmentioned()
            await tx.sources.empty_of_facts(who.id, {before} - {text})  # forgetting it later means this too
        self._tell(who)

    async def pin(self, who: Actor, fact: UUID, pinned: bool) -> None:
        """Have a fact told for every question, or not."""
        async with self.database.begin() as tx:
            row = await tx.memory.get(fact, owner=who.id)
            row.pinned = pinned
        self._tell(who)

    async def forget(self, who: Actor, facts: Sequence[UUID]) -> None:
        """Delete facts, with what the graph has from them."""
        async with self.database.begin() as tx:
            rows = [await tx.memory.get(fact, owner=who.id) for fact in facts]
            for conversation in sorted({row.conversation_id for row in rows if row.conversation_id}):
                # A model that has not read it yet would learn the same again.
                await tx.memory.count_as_studied(who.id, conversation)
            texts = {row.content for row in rows}
            await tx.memory.remove(facts, owner=who.id)
            await tx.memory.remove_unmentioned()
            await tx.sources.empty_of_facts(who.id, texts)
        self._tell(who)

    async def forget_everything(self, who: Actor) -> None:
        """Delete everything that is remembered; conversations stay, and are not learned again."""
        async with self.database.begin() as tx:
            await tx.memory.count_as_studied(who.id)  # conversations before messages, as everybody does
            # It waits for who is just reading one of the messages, so that what was learned is there to be removed.
            await tx.memory.mark_all_read(who.id, at=self.now())
            await tx.memory.remove_all(who.id)
            await tx.sources.empty_of_memory(who.id)
        await self.indexer.forget(who.id, Shelf.MEMORY)
        self._tell(who)

    async def set_remembered(self, who: Actor, conversation: UUID, remembered: bool) -> None:
        """Let memory learn from a conversation and recall into it, or not.

        Off also forgets what was learned from it; on again memory reads it anew, but nothing that "forget everything" has covered.
        """
        forgotten: list[UUID] = []
        async with self.database.begin() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            if remembered and not row.remembered:
                await tx.memory.mark_unread(who.id, conversation)
                row.studied_id = None
            row.remembered = remembered
            if not remembered:
                # It waits for who is just reading one of the messages, so that what was learned is there to be removed.
                await tx.memory.pass_over_unread(conversation)
                await tx.memory.pass_over(conversation)
                facts = {fact.content for fact in await tx.memory.learned_from([conversation])}
                forgotten = await tx.memory.forget_conversation(conversation)
                await tx.memory.remove_unmentioned()
                await tx.sources.empty_of_conversations([conversation])
                await tx.sources.empty_of_facts(who.id, facts)
        if forgotten:
            await self.indexer.forget(who.id, Shelf.MEMORY, rows=forgotten)
        self.board.publish(who.id, Notice(NoticeKind.CONVERSATION, str(conversation)))
        self._tell(who)

    async def graph(self, who: Actor) -> Graph:
        """Return the names in the person's memory and what is known between them."""
        async with self.database.read() as tx:
            entities = await tx.memory.entities(who.id, limit=_GRAPH_NODES)
            relations = await tx.memory.relations(who.id)
        shown = {entity.id for entity, _count in entities}
        return Graph(entities, [each for each in relations if {each.subject_id, each.object_id} <= shown])

    async def recall(self, who: Actor, question: str, *, conversation: UUID) -> Recalled:
        """Return what may be told in *conversation* for a question; nothing when memory is off for it."""
        async with self.database.read() as tx:
            account = await tx.memory.account(who.id)
            thread = await tx.chat.get_conversation(conversation, owner=who.id)
            if not account.memory_enabled or not thread.remembered or thread.temporary:
                return Recalled()
            facts = [item for item, _title in await tx.memory.facts(who.id, limit=_LOOKED_THROUGH)]
            keys = [entity_key(name) for name in (*names_in(f"It {question}"), *question.split())]
            named = {item.id for item in await tx.memory.facts_naming(who.id, keys, limit=FACTS)}
            beside = await tx.memory.facts_near(who.id, keys, apart_from=key_of(account), limit=FACTS)
            near = {item.id for item in beside}
        found = await self.retriever.memory(who, question, exclude=conversation, limit=TURNS)
        return Recalled(_best(facts, question, named, near), found)

    async def found(self, who: Actor, question: str, *, limit: int) -> Found:
        """Search past turns, for the person or a program of theirs."""
        return await self.retriever.memory(who, question, limit=limit)

    def _tell(self, who: Actor) -> None:
        self.board.publish(who.id, Notice(NoticeKind.MEMORY))


def _checked(text: str) -> str:
    text = " ".join(storable(text).split())
    if not text:
        raise Invalid("Write what is to be remembered.", field="content")
    if len(text) > MAX_FACT_CHARACTERS:
        raise Invalid(f"A memory may have at most {MAX_FACT_CHARACTERS:,} characters.", field="content")
    return text


def _best(facts: Sequence[MemoryItem], question: str, named: set[UUID], near: set[UUID]) -> list[str]:
    """Return the facts worth telling: pinned ones, those about what is named and what is related to that, those with words of the question, who the person is."""
    words = {stem(word) for word in search_words(question)}

    def worth(item: MemoryItem) -> float:
        shared = len(words & {stem(word) for word in search_words(item.content)})
        about = 3.0 * (item.id in named) + 1.5 * (item.id in near)
        return 10.0 * item.pinned + about + shared + 0.5 * (item.context == "name")

    best = sorted((item for item in facts if worth(item) > 0), key=worth, reverse=True)
    return [item.content for item in best[:FACTS]]
