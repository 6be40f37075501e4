"""From a conversation to what is sent to the model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from gantry.domain.catalog import ChatRequest, ChatTurn
from gantry.domain.chat import MessageRole, StoredAttachment
from gantry.domain.clock import utc_now, zone_named
from gantry.domain.context import Knowledge
from gantry.domain.errors import NotFound
from gantry.domain.files import FileStore
from gantry.domain.pictures import AT_ONCE, HISTORY_SHARE, MAX_BYTES, Picture, is_shown, picture_of
from gantry.domain.prompt import Dialogue, Prompt, answer_limit, assemble, prompt_budget, turn_tokens
from gantry.models import Message
from gantry.repositories.database import Database
from gantry.services.catalog import ResolvedModel
from gantry.services.drafts import Assignment

_LOOKED_AT = 200  # messages whose pictures may be sent
_PAGE = 40  # messages read at a time, from the end upwards, until the budget is full
_USUAL = "You are a helpful assistant. Answer in the language of the question; use Markdown where it helps."
_GO_ON = "Go on exactly where your last message stopped. Repeat nothing and add no remark."


class Summaries(Protocol):
    """Knows long conversations in short; ``services.learning.Learner`` is the one there is."""

    async def summary_of(self, conversation: UUID, leaf: UUID) -> str:
        """Return the newest summary of what leads to message *leaf*; empty when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """A conversation as a prompt needs it, and what was asked before."""

    talk: Dialogue
    before: str  # the question before this one
    zone: tzinfo = UTC  # in which the person reads dates


@dataclass(frozen=True, slots=True)
class Prompter:
    """Assembles prompts within the model's context, reading no more of a conversation than fits."""

    database: Database
    summaries: Summaries | None = None
    files: FileStore | None = None  # where pictures are
    now: Callable[[], datetime] = utc_now

    async def conversation(self, assignment: Assignment, model: ResolvedModel, *, prefix: str) -> Told:
        """Return the turns around *assignment*'s question; *prefix* is text of the answer that is there already."""
        budget = prompt_budget(model.context_tokens, assignment.parameters.max_tokens)
        read = await self._read(assignment, budget)
        rows, earlier = read.rows, read.rows[0].depth if read.rows else 0
        turns, counts = _turns(rows, await self._pictures(assignment, read, budget))
        question = turns.pop() if turns else ChatTurn("user", "")
        counts = counts[: len(turns)]
        tail = [ChatTurn("assistant", prefix)] if prefix else []
        if prefix and not model.chat.continues_prefix:
            tail.append(ChatTurn("user", _GO_ON))
        asked = sum(counts)
        summary = ""
        if self.summaries and (earlier or sum(map(turn_tokens, turns)) > budget):
            summary = await self.summaries.summary_of(assignment.conversation_id, assignment.question_id)
        talk = Dialogue(
            question=question,
            history=turns,
            earlier=earlier,
            upto=rows[asked - 1].id if asked else None,
            messages=counts,
            tail=tail,
            summary=summary,
        )
        before = next((turn.content for turn in reversed(turns) if turn.role == "user"), "")
        return Told(talk, before, read.zone)

    def request(
        self, assignment: Assignment, model: ResolvedModel, told: Told, knowledge: Knowledge | None = None
    ) -> tuple[ChatRequest, Prompt]:
        """Return what to send for *assignment*, with the account of it."""
        wanted = assignment.parameters
        prompt = assemble(
            told.talk,
            system=self._system(told.zone, alone=not wanted.system_prompt),
            instructions=wanted.system_prompt,
            budget_tokens=prompt_budget(model.context_tokens, wanted.max_tokens),
            knowledge=_dated(knowledge, told.zone) if knowledge else None,
            fence=_fence(assignment.question_id),
        )
        request = ChatRequest(
            model=model.ref.name,
            turns=prompt.turns,
            owner=assignment.account_id,
            conversation=assignment.conversation_id,
            temperature=wanted.temperature,
            top_p=wanted.top_p,
            seed=wanted.seed,
            max_tokens=answer_limit(wanted.max_tokens, model.context_tokens, prompt.tokens),
            reasoning_effort=wanted.reasoning_effort,
            stop=wanted.stop,
            continue_last=bool(told.talk.tail) and model.chat.continues_prefix,
            question=told.talk.question.content,
            sources=prompt.given,
            retrieval=knowledge.retrieval if knowledge else None,
        )
        return request, prompt

    def _system(self, zone: tzinfo, *, alone: bool) -> str:
        """Return what we tell every model; who has instructions of their own is not told how to be."""
        today = f"Today is {self.now().astimezone(zone):%A, %d %B %Y}."
        return f"{_USUAL} {today}" if alone else today

    async def _pictures(
        self, assignment: Assignment, read: "_Read", budget_tokens: int
    ) -> dict[UUID, tuple[Picture, ...]]:
        """Return the pictures of the question, and of those before it the newest, within their share of the prompt."""
        found: dict[UUID, tuple[Picture, ...]] = {}
        room, places = int(budget_tokens * HISTORY_SHARE), AT_ONCE
        for row in reversed(read.rows if read.attached else ()):
            files = read.attached.get(row.id, ())
            shown = [file for file in files if file.document_id and is_shown(file.media_type)]
            pictures = [
                await self._picture(assignment.account_id, file.document_id)
                for file in shown[:places]
                if file.document_id and file.size_bytes <= MAX_BYTES
            ]
            kept = tuple(picture for picture in pictures if picture)
            if row is not read.rows[-1]:
                room -= sum(picture.tokens for picture in kept)
                if room < 0:
                    break
            found[row.id] = kept
            places -= len(kept)
        return found

    async def _picture(self, owner: UUID, document: UUID) -> Picture | None:
        if self.files is None:
            return None
        try:
            data = b"".join([piece async for piece in self.files.read(account=owner, document=document)])
        except NotFound:
            return None
        return picture_of(data)

    async def _read(self, assignment: Assignment, budget_tokens: int) -> "_Read":
        """Read what of the conversation the prompt may need."""
        rows: list[Message] = []
        spent = 0
        leaf = assignment.question_id
        attached: dict[UUID, list[StoredAttachment]] = {}
        async with self.database.read() as tx:
            zone = await tx.accounts.zone_of(assignment.account_id)
            while True:
                page = await tx.chat.path(leaf, limit=_PAGE)
                rows[:0] = page
                spent += sum(turn_tokens(ChatTurn("user", row.content)) for row in page)
                above = page[0].parent_id if page else None
                if above is None or spent > budget_tokens:
                    break
                leaf = above
            if self.files is not None and rows:
                attached = await tx.attachments.attachments([row.id for row in rows[-_LOOKED_AT:]])
        return _Read(rows, attached, zone_named(zone))


@dataclass(frozen=True, slots=True)
class _Read:
    """What is stored of a conversation."""

    rows: Sequence[Message]  # up to the question, oldest first
    attached: Mapping[UUID, Sequence[StoredAttachment]]  # by message
    zone: tzinfo  # its owner's


def _dated(knowledge: Knowledge, zone: tzinfo) -> Knowledge:
    """Return *knowledge* with the days of past messages as the person knows them."""
    return replace(
        knowledge,
        sources=tuple(
            replace(source, said_at=source.said_at.astimezone(zone)) if source.said_at else source
            for source in knowledge.sources
        ),
    )


def turns_of(rows: Sequence[Message]) -> list[ChatTurn]:
    """Return messages as the turns a model reads."""
    return _turns(rows, {})[0]


def _turns(
    rows: Sequence[Message], pictures: Mapping[UUID, tuple[Picture, ...]]
) -> tuple[list[ChatTurn], list[int]]:
    """Make turns that alternate, as many chat templates require, and count the messages in each.

    Answers that failed empty leave two questions, which become one turn.
    """
    turns: list[ChatTurn] = []
    counts: list[int] = []
    for row in rows:
        role = "user" if row.role is MessageRole.USER else "assistant"
        if turns and (not row.content or turns[-1].role == role):
            joined = "\n\n".join(part for part in (turns[-1].content, row.content) if part)
            shown = (*turns[-1].pictures, *pictures.get(row.id, ()))
            turns[-1] = ChatTurn(turns[-1].role, joined, shown)
            counts[-1] += 1
        elif row.content:
            turns.append(ChatTurn(role, row.content, pictures.get(row.id, ())))
            counts.append(1)
    return turns, counts


def _fence(question: UUID) -> str:
    """Return the word around quotations: an answer that is taken over or retried is sent what it was sent before."""
    return sha256(f"fence {question}".encode()).hexdigest()[:12]
