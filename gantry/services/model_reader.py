"""Having a person's own model write for their memory: facts of quiet conversations, and summaries of long ones.

Only for those who allow it, and only while nobody waits for an answer here: it is their model server's time.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, takewhile

from gantry.domain.accounts import Actor
from gantry.domain.catalog import (
    EXTRACTIVE,
    ChatModel,
    ChatRequest,
    ChatTurn,
    ReasoningDelta,
    Recast,
    TextDelta,
)
from gantry.domain.chat import MessageRole
from gantry.domain.clock import utc_now
from gantry.domain.english.own_words import own_words
from gantry.domain.errors import GantryError, ModelFault, ModelUnavailable
from gantry.domain.extraction import FACTS_WANTED, SUMMARY_WANTED, Line, believed, transcript
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.prompt import prompt_budget
from gantry.domain.text import storable
from gantry.models import Account, Conversation, Message
from gantry.repositories.database import Database
from gantry.services.catalog import CatalogService
from gantry.services.facts import make_names, names_told, store_fact

QUIET_SECONDS = 60  # in which nothing was said, before a conversation is read
PATIENCE_SECONDS = 180  # for the model
AGAIN_MINUTES = 15  # after which it is asked again when it failed
_READ_CHARACTERS = 12_000  # of a conversation in one request
_OTHER_CHARACTERS = 400  # of each of the assistant's messages
_ANSWER_CHARACTERS = 40_000  # that a model may say, its thoughts included
_SUMMARY_WORDS = 250
_SUMMARY_CHARACTERS = 3000
_CHARACTERS_A_TOKEN = 3
_KNOWN_TOLD = 40  # facts
_MESSAGES = 100
_POLL_SECONDS = 0.2  # between two looks whether somebody waits for an answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelReader:
    """Asks models on behalf of memory; what they cannot do is left to the rules."""

    database: Database
    catalog: CatalogService
    notices: Notices
    busy: Callable[[], int]  # answers being written here
    now: Callable[[], datetime] = utc_now
    quiet_seconds: float = QUIET_SECONDS

    async def study(self) -> int:
        """Have one quiet conversation read for facts; returns 1 when there was one."""
        if self.busy():
            return 0
        now = self.now()
        async with self.database.begin(news=False) as tx:
            taken = await tx.study.to_study(
                quiet_since=now - timedelta(seconds=self.quiet_seconds),
                now=now,
                until=now + timedelta(seconds=2 * PATIENCE_SECONDS),
            )
        if taken is None:
            return 0
        thread, account = taken
        try:
            await self._read(thread, account)
        except _MakeWay:
            await self._later(thread, timedelta(seconds=QUIET_SECONDS))
        except (GantryError, TimeoutError) as error:
            log.info("memory.model_failed", extra={"conversation": thread.id, "reason": type(error).__name__})
            # All of that person's: a model that does not end must not hold up everybody else's memory once for each of them.
            async with self.database.begin() as tx:
                await tx.study.study_nothing_of(account.id, self.now() + timedelta(minutes=AGAIN_MINUTES))
        return 1

    async def _later(self, thread: Conversation, wait: timedelta) -> None:
        async with self.database.begin() as tx:
            await tx.study.study_later(thread.id, self.now() + wait)

    async def _read(self, thread: Conversation, account: Account) -> None:
        async with self.database.read() as tx:
            messages = await tx.study.unstudied(thread, limit=_MESSAGES)
            facts = [fact.content for fact in await tx.memory.facts(account.id, limit=400)]
        lines = [Line(row.role is MessageRole.USER, row.content) for row in messages]
        text, count = transcript(lines, max_characters=_READ_CHARACTERS, other_characters=_OTHER_CHARACTERS)
        known = "\n".join(f"- {fact}" for fact in facts[:_KNOWN_TOLD])
        prompt = f"{FACTS_WANTED}\n\nKnown already:\n{known or '-'}\n\nThe conversation:\n\n{text}"
        answer = await self._ask(thread, account, prompt, max_tokens=1200)
        if not answer:
            raise ModelUnavailable(
                _("No model can read this conversation now."), fault=ModelFault.UNREACHABLE
            )
        read = messages[:count]
        mine = [row for row in read if row.role is MessageRole.USER]
        found = believed(answer, [own_words(row.content, longest=_READ_CHARACTERS) for row in mine], facts)
        async with self.database.begin() as tx:
            # Between question and answer the person may have switched it off, or forgotten.
            fresh = await tx.study.may_study(thread.id, since=thread.studied_id)
            if fresh:
                told = [name for fact, _at in found for name in names_told(fact, account)]
                await make_names(tx, account.id, told, self.now())
            stored = [
                await store_fact(tx, mine[at], fact, account, self.now()) for fact, at in found if fresh
            ]
            if fresh and read:
                await tx.study.studied(thread.id, read[-1].id)
        log.info("memory.studied", extra={"conversation": thread.id, "facts": len(stored)})
        if stored:
            self.notices.publish(account.id, Notice(NoticeKind.MEMORY))

    async def summary(self, thread: Conversation, account: Account, told: Sequence[Message]) -> str:
        """Return *told* in short, as the person's model puts it; empty where none may or can."""
        if not account.memory_by_model or self.busy():
            return ""
        lines = [Line(row.role is MessageRole.USER, row.content) for row in told]
        half = _READ_CHARACTERS // 2
        first, count = transcript(lines, max_characters=half, other_characters=half)
        sizes = accumulate(min(len(line.text), half) + 12 for line in reversed(lines[count:]))
        last = lines[len(lines) - sum(1 for _ in takewhile(lambda size: size <= half, sizes)) :]
        rest = transcript(last, max_characters=half, other_characters=half)[0]
        prompt = f"{SUMMARY_WANTED.format(words=_SUMMARY_WORDS)}\n\n{first}\n\n{rest}".strip()
        try:
            text = await self._ask(thread, account, prompt, max_tokens=2 * _SUMMARY_WORDS)
        except (GantryError, TimeoutError, _MakeWay):
            return ""
        return storable(text).strip()[:_SUMMARY_CHARACTERS]

    async def _ask(self, thread: Conversation, account: Account, prompt: str, *, max_tokens: int) -> str:
        """Return what the conversation's own model answers; empty when it has none.

        Raises:
            GantryError: The model does not answer, or is not known any more.
            _MakeWay: Somebody asks meanwhile.
            TimeoutError: It takes too long.
        """
        who = Actor(account.id, account.email, account.name, account.role)
        name = thread.model or await self.catalog.default_model(who)
        model = await self.catalog.resolve(who, name)
        if str(model.ref) == EXTRACTIVE:
            return ""
        room = _CHARACTERS_A_TOKEN * (prompt_budget(model.context_tokens) - 100)
        request = ChatRequest(
            model=model.ref.name,
            turns=(ChatTurn("user", prompt[:room]),),
            owner=account.id,
            conversation=thread.id,
            temperature=0.0,
            max_tokens=max_tokens,
        )
        asking = asyncio.create_task(_whole(model.chat, request))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not asking.done():
                    await asyncio.wait({asking}, timeout=_POLL_SECONDS)
                    if self.busy() and not asking.done():
                        raise _MakeWay
                return await asking
        finally:
            asking.cancel()
            await asyncio.wait({asking})


class _MakeWay(Exception):
    """Somebody waits for an answer: many model servers do one thing at a time."""


async def _whole(chat: ChatModel, request: ChatRequest) -> str:
    """Return an answer, cut where it is longer than anybody asked for: some models never end."""
    pieces: list[str] = []
    left = _ANSWER_CHARACTERS
    async with aclosing(chat.stream(request)) as deltas:
        async for delta in deltas:
            if isinstance(delta, Recast):
                pieces = [delta.text]
            elif isinstance(delta, TextDelta):
                pieces.append(delta.text)
            if isinstance(delta, TextDelta | ReasoningDelta):
                left -= len(delta.text)
            if left < 0:
                break
    return "".join(pieces)
