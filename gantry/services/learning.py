"""Reading finished messages into memory: turns as they were said, facts and names by rules, long conversations in short."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.catalog import EXTRACTIVE
from gantry.domain.chat import MessageRole
from gantry.domain.clock import day_in_words, utc_now, zone_named
from gantry.domain.embedding import lead_of
from gantry.domain.english.learning import Learned, facts_in, names_in
from gantry.domain.english.own_words import sets_a_role
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.memory import PASSED_OVER, MemoryKind
from gantry.domain.summaries import summarised
from gantry.models import Account, Conversation, MemoryItem, Message
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.facts import Named, make_names, name_entities, names_told, store_fact
from gantry.services.model_reader import ModelReader

BATCH = 20
LONG_CONVERSATION = 24  # messages between two summaries
KEPT_WHOLE = 8  # of its newest messages, which a summary leaves out
_CONTENT = 20_000  # characters of one message that are kept
_AROUND = 300  # of each message beside it
_ROLE_HOLDS = 60  # messages for which a role that the person sets is taken to hold

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A message of somebody's with the names in it, and the facts where they said it themselves."""

    message: Message
    account: Account
    names: Sequence[str]
    facts: Sequence[Learned]


@dataclass(frozen=True, slots=True)
class Learner:
    """Works for everybody, in the background, a few messages at a time."""

    database: Database
    notices: Notices
    model_reader: ModelReader | None = None  # a model that writes summaries, for those who allow it
    now: Callable[[], datetime] = utc_now

    async def learn(self) -> int:
        """Read messages that memory has not read; returns how many."""
        async with self.database.read(brief=True) as tx:
            if not await tx.reading.unread(limit=1):
                return 0
        async with self.database.begin(brief=True) as tx:
            count, told = await self._learn(tx)
        for account in told:
            self.notices.publish(account, Notice(NoticeKind.MEMORY))
        return count

    async def _learn(self, tx: UnitOfWork) -> tuple[int, set[UUID]]:
        """Read some messages; returns how many, and whose memory has more now."""
        unread = await tx.reading.unread(limit=BATCH)
        readings = [
            await _read(tx, message, account)
            for message, thread, account in unread
            if _is_remembered(message, thread, account)
        ]
        await self._make_names(tx, readings)
        turns = await self._turns(tx, readings)
        for reading in readings:
            if (item := turns.get(reading.message.id)) is not None:
                await name_entities(tx, item, reading.names, self.now())
            for fact in reading.facts:
                await store_fact(tx, reading.message, fact, reading.account, self.now())
        await tx.reading.mark_read([message.id for message, _thread, _account in unread], at=PASSED_OVER)
        await tx.reading.mark_read([reading.message.id for reading in readings], at=self.now())
        return len(unread), {reading.account.id for reading in readings}

    async def _make_names(self, tx: UnitOfWork, readings: Sequence[_Reading]) -> None:
        named: dict[UUID, list[Named]] = {}
        for reading in readings:
            names = named.setdefault(reading.account.id, [])
            names += [(name, None) for name in reading.names]
            for fact in reading.facts:
                names += names_told(fact, reading.account)
        for owner in sorted(named):
            await make_names(tx, owner, named[owner], self.now())

    async def _turns(self, tx: UnitOfWork, readings: Sequence[_Reading]) -> dict[UUID, MemoryItem]:
        """Remember messages as they are, those that are not yet or have grown; returns the new memories by their messages."""
        above = {each.message.id: await tx.reading.above(each.message, 2) for each in readings}
        beside = {rows[-1].id for rows in above.values() if rows}
        known = await tx.memory.turns_of([*above, *beside])
        made: dict[UUID, MemoryItem] = {}
        changed: dict[UUID, MemoryItem] = {}
        for reading in readings:
            message, before = reading.message, above[reading.message.id]
            item = self._turn(message, reading.account, before)
            if (there := known.get(message.id)) is not None:
                if there.content != item.content:  # it was continued
                    there.content, there.lead = item.content, item.lead
                    there.vectors_in, there.updated_at = "", self.now()
                    changed[message.id] = there
                continue
            known[message.id] = made[message.id] = changed[message.id] = item
            if before and (earlier := known.get(before[-1].id)):
                earlier.around = f"{earlier.around} {message.content[:_AROUND]}"[: 4 * _AROUND]
                changed[before[-1].id] = earlier
        await tx.memory.keep_turns(list(changed.values()))
        return made

    def _turn(self, message: Message, account: Account, above: Sequence[Message]) -> MemoryItem:
        mine = message.role is MessageRole.USER
        said_at = message.created_at.astimezone(zone_named(account.time_zone))
        return MemoryItem(
            account_id=message.account_id,
            kind=MemoryKind.TURN,
            conversation_id=message.conversation_id,
            message_id=message.id,
            speaker=message.role.value,
            content=message.content[:_CONTENT],
            context=f"{account.name if mine else 'Assistant'} {day_in_words(said_at)}",
            around=" ".join(row.content[:_AROUND] for row in above),
            lead=lead_of(above[-1].role.value, above[-1].content, message.content) if above else "",
            said_at=message.created_at,
            created_at=self.now(),
            updated_at=self.now(),
        )

    async def summarise(self) -> int:
        """Tell the beginning of long conversations in short, so that nothing silently falls out of a model's context."""
        async with self.database.read() as tx:
            threads = await tx.memory.long_conversations(least_depth=LONG_CONVERSATION, limit=3)
        for thread in threads:
            await self._summary(thread)
        return len(threads)

    async def _summary(self, thread: Conversation) -> None:
        if thread.active_leaf_id is None:
            return
        async with self.database.read() as tx:
            path = await tx.chat.path(thread.active_leaf_id, limit=2000)
            account = await tx.memory.account(thread.account_id)
        told = path[:-KEPT_WHOLE]
        if not told:
            return
        text = await self.model_reader.summary(thread, account, told) if self.model_reader else ""
        if not text:
            lines = [(row.role is MessageRole.USER, row.content) for row in told]
            text = await asyncio.to_thread(summarised, lines)
        now = self.now()
        row = MemoryItem(
            account_id=thread.account_id,
            kind=MemoryKind.SUMMARY,
            conversation_id=thread.id,
            message_id=told[-1].id,
            content=text,
            said_at=now,
            created_at=now,
            updated_at=now,
        )
        async with self.database.begin() as tx:
            # Held before it is named together with its conversation: in the order of removals.
            is_here = await tx.chat.find_message(told[-1].id, hold=True)
            there = await tx.memory.summaries(thread.id)
            if is_here and not any(item.message_id == row.message_id for item, _ in there):
                await tx.memory.add(row)
        log.info("conversation.summarised", extra={"conversation": thread.id, "messages": len(told)})

    async def summary_of(self, conversation: UUID, leaf: UUID) -> str:
        """Return the newest summary of what leads to message *leaf*; empty when there is none."""
        async with self.database.read() as tx:
            summaries = await tx.memory.summaries(conversation)
            if not summaries:
                return ""
            path = {row.id for row in await tx.chat.path(leaf, limit=2000)}
        return next((item.content for item, _depth in summaries if item.message_id in path), "")

    async def housekeeping(self) -> None:
        """Remove names that no memory mentions any more."""
        async with self.database.begin() as tx:
            await tx.graph.remove_unmentioned(None)


async def _read(tx: UnitOfWork, message: Message, account: Account) -> _Reading:
    """Take facts and names from what the person says of themselves: not from answers, and not in a role they play."""
    nothing = _Reading(message, account, (), ())
    if message.role is not MessageRole.USER:
        return nothing
    names, facts = names_in(message.content), facts_in(message.content)
    if not names and not facts:
        return nothing
    before = await tx.chat.path(message.parent_id, limit=_ROLE_HOLDS) if message.parent_id else []
    if any(sets_a_role(row.content) for row in before if row.role is MessageRole.USER):
        return nothing
    return _Reading(message, account, names, facts)


def _is_remembered(message: Message, thread: Conversation, account: Account) -> bool:
    return (
        account.memory_enabled
        and thread.remembered
        and not thread.temporary
        and bool(message.content.strip())
        and message.model != EXTRACTIVE  # it only quotes what is remembered already
    )
