"""What Gantry remembers of a person, and what of it is told for a question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.english.learning import entity_key, names_in, names_of
from gantry.domain.errors import Conflict, Invalid
from gantry.domain.knowledge import Found, KnownFact, Recalled
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.memory import MAX_FACT_CHARACTERS, MAX_FACTS, Fact, Graph, MemoryKind
from gantry.domain.messages import _
from gantry.domain.retrieval import MAX_SOUGHT_CHARACTERS
from gantry.domain.text import storable
from gantry.domain.vectors import VectorKind
from gantry.domain.words import counting, stem
from gantry.models import MemoryItem
from gantry.repositories.database import Database
from gantry.repositories.values import value_of
from gantry.services.facts import fingerprint, has_room, key_of, make_names, name_entities
from gantry.services.retrieval import Retriever
from gantry.services.vector_changes import VectorChanges

TURNS = 5  # past turns told for one question
FACTS = 8
_LOOKED_THROUGH = 400  # facts of one person, of which the best are told
_GRAPH_NODES = 60
MAX_SEARCH_CHARACTERS = 200  # SQLite refuses patterns of more than 50,000


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """What a person allows."""

    enabled: bool
    by_model: bool
    turns: int  # messages remembered


@dataclass(frozen=True, slots=True)
class MemoryService:
    """Memory of one person at a time. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    retriever: Retriever
    vectors: VectorChanges
    notices: Notices
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
                await tx.reading.mark_unread(who.id)
            account.memory_enabled = account.memory_enabled if enabled is None else enabled
            account.memory_by_model = account.memory_by_model if by_model is None else by_model
        self._tell(who)

    async def facts(
        self, who: Actor, *, words: str = "", after: UUID | None = None, limit: int = 100
    ) -> list[Fact]:
        """Return facts, pinned ones first, then newest first; NotFound when there is no fact *after* any more."""
        wanted = storable(words)[:MAX_SEARCH_CHARACTERS].lower().split()[:8]
        async with self.database.read() as tx:
            return await tx.memory.facts(who.id, words=wanted, after=after, limit=min(max(limit, 1), 500))

    async def add_fact(self, who: Actor, text: str) -> Fact:
        """Remember a sentence the person has written."""
        text = _checked(text)
        now = self.now()
        async with self.database.begin() as tx:
            if await tx.memory.find_fact(who.id, fingerprint(text)):
                raise Conflict(_("This is already remembered."))
            if not await has_room(tx, who.id):
                raise Conflict(
                    _("Memory holds {most} facts already.", most=MAX_FACTS),
                    advice=_("Forget some of them first."),
                )
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
        return value_of(Fact, row, title="")

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
            await tx.memory.index([row])
            await tx.graph.unname(row.id)
            await name_entities(tx, row, names, now)
            await tx.graph.remove_unmentioned(who.id)
            if before != text:
                await tx.sent.unquote(row.id)  # forgetting it later means this too
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
                await tx.study.count_as_studied(who.id, conversation)
            await tx.memory.remove(facts, owner=who.id)
            await tx.graph.remove_unmentioned(who.id)
        self._tell(who)

    async def forget_everything(self, who: Actor) -> None:
        """Delete everything that is remembered; conversations stay, and are not learned again."""
        async with self.database.begin() as tx:
            await tx.study.count_as_studied(who.id)  # conversations before messages, as everybody does
            # It waits for who is just reading one of the messages, so that what was learned is there to be removed.
            await tx.reading.mark_all_read(who.id, at=self.now())
            await tx.memory.remove_all(who.id)
        await self.vectors.forget(who.id, VectorKind.MEMORY)
        self._tell(who)

    async def set_remembered(self, who: Actor, conversation: UUID, remembered: bool) -> None:
        """Let memory learn from a conversation and recall into it, or not.

        Off also forgets what was learned from it; on again memory reads it anew, but nothing that "forget everything" has covered.
        """
        forgotten: list[UUID] = []
        async with self.database.begin() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            if remembered and not row.remembered:
                await tx.reading.mark_unread(who.id, conversation)
                row.studied_id = None
            row.remembered = remembered
            if not remembered:
                # It waits for who is just reading one of the messages, so that what was learned is there to be removed.
                await tx.reading.pass_over_unread(conversation)
                await tx.reading.pass_over(conversation)
                forgotten = await tx.memory.forget_conversation(conversation)
                await tx.graph.remove_unmentioned(who.id)
        if forgotten:
            await self.vectors.forget(who.id, VectorKind.MEMORY, rows=forgotten)
        self.notices.publish(who.id, Notice(NoticeKind.CONVERSATION, str(conversation), origin=who.page))
        self._tell(who)

    async def graph(self, who: Actor) -> Graph:
        """Return the names in the person's memory and what is known between them."""
        async with self.database.read() as tx:
            names = await tx.graph.names(who.id, limit=_GRAPH_NODES)
            relations = await tx.graph.relations(who.id)
        shown = {name.id for name in names}
        return Graph(names, [each for each in relations if {each.subject_id, each.object_id} <= shown])

    async def recall(self, who: Actor, question: str, *, conversation: UUID | None) -> Recalled:
        """Return what may be told in *conversation* (None: outside of any) for a question; nothing when memory is off for it."""
        question = storable(question)[:MAX_SOUGHT_CHARACTERS]
        async with self.database.read() as tx:
            account = await tx.memory.account(who.id)
            if not account.memory_enabled:
                return Recalled()
            if conversation is not None:
                thread = await tx.chat.get_conversation(conversation, owner=who.id)
                if not thread.remembered or thread.temporary:
                    return Recalled()
            facts = await tx.memory.facts(who.id, limit=_LOOKED_THROUGH)
            counted = await tx.knowledge.count_memories(owner=who.id, conversation=conversation)
            named, near = set[UUID](), set[UUID]()
            if facts:
                keys = list({entity_key(name) for name in (*names_in(f"It {question}"), *question.split())})
                named = {item.id for item in await tx.graph.facts_naming(who.id, keys, limit=FACTS)}
                beside = await tx.graph.facts_near(who.id, keys, apart_from=key_of(account), limit=FACTS)
                near = {item.id for item in beside}
        found = await self.retriever.memory(who, question, exclude=conversation, limit=TURNS, counted=counted)
        return Recalled(_best(facts, question, named, near), found)

    async def found(self, who: Actor, question: str, *, limit: int) -> Found:
        """Search past turns, for the person or a program of theirs."""
        return await self.retriever.memory(who, question, limit=limit)

    def _tell(self, who: Actor) -> None:
        self.notices.publish(who.id, Notice(NoticeKind.MEMORY, origin=who.page))


def _checked(text: str) -> str:
    text = " ".join(storable(text).split())
    if not text:
        raise Invalid(_("Enter something to remember."), field="content")
    if len(text) > MAX_FACT_CHARACTERS:
        raise Invalid(
            _("A memory may have at most {most} characters.", most=MAX_FACT_CHARACTERS), field="content"
        )
    return text


def _best(facts: Sequence[Fact], question: str, named: set[UUID], near: set[UUID]) -> list[KnownFact]:
    """Return the facts worth telling: pinned ones, those about what is named and what is related to that, those with words of the question, who the person is."""
    words = counting(question, stem)

    def worth(fact: Fact) -> float:
        shared = len(words.count(fact.content))
        about = 3.0 * (fact.id in named) + 1.5 * (fact.id in near)
        return 10.0 * fact.pinned + about + shared + 0.5 * (fact.context == "name")

    best = sorted((fact for fact in facts if worth(fact) > 0), key=worth, reverse=True)
    return [KnownFact(fact.content, fact.id) for fact in best[:FACTS]]
