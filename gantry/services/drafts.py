"""One answer to be written, and its text as it grows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from gantry.domain.accounts import Actor, Role
from gantry.domain.catalog import UsageReport
from gantry.domain.chat import Ending, Timings
from gantry.domain.citations import cited_numbers
from gantry.domain.context import ContextPart, PartKind, Retrieval, Source
from gantry.domain.parameters import NOTHING_SET, Parameters
from gantry.domain.prompt import Prompt
from gantry.domain.telemetry import AnswerReport
from gantry.domain.tokens import estimate_tokens
from gantry.models import Citation, ContextTrace, Generation, Message, Quotation, SentPart

_NOTHING_BEFORE = Timings(None, 0)
_SPARED = (PartKind.HISTORY, PartKind.SOURCE, PartKind.FACT, PartKind.SUMMARY)  # what a prompt can do without


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a writer needs to know to write one attempt of an answer."""

    generation_id: UUID
    attempt: int
    conversation_id: UUID
    message_id: UUID
    question_id: UUID
    account_id: UUID
    model: str
    resumes_from: int | None
    created_at: datetime
    stored_text: str
    stored_reasoning: str
    before: Timings = _NOTHING_BEFORE  # of the part that this one goes on from
    parameters: Parameters = NOTHING_SET
    compared: bool = False  # with others that this process begins at the same time

    @classmethod
    def of(cls, generation: Generation, answer: Message) -> Self:
        """Take from the rows what the writer needs, and nothing that belongs to their session."""
        if answer.parent_id is None:
            raise ValueError("an answer has a question above it")
        return cls(
            generation.id,
            generation.attempt,
            generation.conversation_id,
            generation.message_id,
            answer.parent_id,
            generation.account_id,
            generation.model,
            generation.resumes_from,
            generation.created_at,
            answer.content,
            answer.reasoning,
            Timings(answer.first_token_ms, answer.total_ms or 0, answer.reasoning_ms)
            if generation.resumes_from is not None
            else _NOTHING_BEFORE,
            Parameters.parse(generation.parameters),
        )

    @property
    def actor(self) -> Actor:
        """The owner, as whom the writer acts."""
        return Actor(self.account_id, "", "", Role.USER)

    def prefix(self, *, server_continues: bool) -> tuple[str, str]:
        """Return the text and reasoning this attempt goes on from.

        A person's "continue" goes on from all there was. A takeover goes on from the checkpoint where the
        server can continue a text, and else from where its first attempt began.
        """
        asked_to_resume = self.attempt == 1 and self.resumes_from is not None
        if asked_to_resume or (server_continues and self.stored_text):
            return self.stored_text, self.stored_reasoning
        kept = self.resumes_from or 0
        return self.stored_text[:kept], self.stored_reasoning if kept else ""


@dataclass(frozen=True, slots=True)
class SentContext:
    """What an attempt was given to read and what was sent to the model for it."""

    prompt: Prompt
    budget_tokens: int
    retrieval: Retrieval | None
    continued: bool = False  # what it goes on from refers to what was given before

    def rows(
        self, assignment: Assignment, at: datetime
    ) -> tuple[ContextTrace, list[SentPart], list[Citation], list[Quotation]]:
        """Return it as rows; which of the sources are referred to is known at the end."""
        trace = ContextTrace(
            message_id=assignment.message_id,
            tokens=self.prompt.tokens,
            budget_tokens=self.budget_tokens,
            created_at=at,
        )
        given = {source.number: (source, _citation(source, assignment)) for source in self.prompt.given}
        parts: list[SentPart] = []
        quotations: list[Quotation] = []
        for ordinal, part in enumerate(self.prompt.parts):
            source, citation = given.get(part.number, (None, None))
            quoted = source is not None or part.kind is PartKind.FACT
            row = _part(part, trace, ordinal, text="" if quoted else part.text)
            parts.append(row)
            if quoted:
                quotations.append(
                    Quotation(
                        citation_id=citation.id if citation else None,
                        part_id=row.id,
                        document_id=source.document_id if source else None,
                        memory_item_id=source.memory_item_id if source else part.memory_item_id,
                        passage=source.text if source else "",
                        sent=part.text,
                    )
                )
        return trace, parts, [citation for _source, citation in given.values()], quotations


@dataclass(slots=True)
class Draft:
    """The text of one attempt as it grows; cheap to add to, joined only when stored."""

    assignment: Assignment
    text_pieces: list[str] = field(default_factory=list[str])
    reasoning_pieces: list[str] = field(default_factory=list[str])
    grew: bool = False
    said: bool = False  # text, not only thought
    characters: int = 0
    truncated: bool = False
    ending: Ending | None = None
    prefix: tuple[str, str] = ("", "")
    left_out: int = 0
    prompt_estimate: int = 0
    can_be_shorter: bool = False  # the prompt holds more than the question
    given: tuple[Source, ...] = ()
    note: str = ""  # what is said beside the sources
    sent: SentContext | None = None  # until it is stored
    stored_before: bool = False  # the database may hold what an earlier try was sent
    usage: UsageReport | None = None
    first_reasoning_at: datetime | None = None
    first_text_at: datetime | None = None

    def begin(self, text: str, reasoning: str) -> None:
        """Start from a prefix; what an earlier try of this attempt left is dropped."""
        self.prefix = (text, reasoning)
        self.text_pieces = [text] if text else []
        self.reasoning_pieces = [reasoning] if reasoning else []
        self.characters = len(text) + len(reasoning)

    def add_text(self, text: str, at: datetime) -> None:
        """Add a piece of the answer."""
        if self.first_text_at is None:
            self.first_text_at = at
        self.grew = self.said = True
        self.characters += len(text)
        self.text_pieces.append(text)

    def add_reasoning(self, text: str, at: datetime) -> None:
        """Add a piece of the reasoning."""
        if self.first_reasoning_at is None:
            self.first_reasoning_at = at
        self.grew = True
        self.characters += len(text)
        self.reasoning_pieces.append(text)

    def recast(self, text: str, reasoning: str, at: datetime) -> None:
        """Put these in place of all that has come after the prefix: it was told apart wrongly."""
        self.begin(*self.prefix)
        self.first_reasoning_at = self.first_reasoning_at or self.first_text_at
        self.first_text_at = None
        self.said = False
        if reasoning:
            self.add_reasoning(reasoning, at)
        if text:
            self.add_text(text, at)

    @property
    def text(self) -> str:
        """The answer so far, with what it goes on from."""
        return "".join(self.text_pieces)

    @property
    def reasoning(self) -> str:
        """The thought so far, with what it goes on from."""
        return "".join(self.reasoning_pieces)

    @property
    def answers(self) -> bool:
        """Whether there is any text, apart from thought."""
        return any(piece.strip() for piece in self.text_pieces)

    def columns(self) -> dict[str, Any]:
        """Return text and reasoning as columns; nothing while there is nothing new beside what is stored."""
        if not self.grew and (self.assignment.attempt > 1 or self.assignment.resumes_from is not None):
            return {}
        return {"content": self.text, "reasoning": self.reasoning}

    def final_columns(self) -> tuple[dict[str, Any], list[int]]:
        """Return the columns at the end, the text as the model wrote it, and the numbers of sources it refers to."""
        columns = self.columns()
        known = [source.number for source in self.given]
        return columns, sorted(cited_numbers(columns.get("content", ""), known))

    def take(
        self,
        prompt: Prompt,
        *,
        budget_tokens: int,
        retrieval: Retrieval | None,
        known: Sequence[Source] = (),
    ) -> None:
        """Note what is sent to the model, to be stored with the next checkpoint.

        Args:
            known: What was found for the question. A text that is continued keeps all of it: it may refer also to what finds no
                room beside it.
        """
        continued = bool(self.prefix[0])
        self.left_out, self.prompt_estimate = prompt.left_out, prompt.tokens
        self.given = tuple(known) if continued else prompt.given
        self.can_be_shorter = any(part.kind in _SPARED and not part.left_out for part in prompt.parts)
        self.sent = SentContext(prompt, budget_tokens, retrieval, continued)

    def give_sent(self) -> tuple[SentContext | None, bool]:
        """Return what is to be stored of what was sent, and whether the database may hold some of it already."""
        again = self.stored_before or self.assignment.attempt > 1 or self.assignment.resumes_from is not None
        self.stored_before = self.stored_before or self.sent is not None  # also if nobody learns that it was
        return self.sent, again

    def kept(self, sent: SentContext | None) -> None:
        """Forget what has been stored, unless something else was sent since."""
        if self.sent is sent:
            self.sent = None

    def report(self, model: str, status: str, fault: str, measures: dict[str, Any]) -> AnswerReport:
        """Return what is counted of the answer when it has ended with *measures*."""
        return AnswerReport(
            model=model,
            status=status,
            fault=fault,
            first_token_seconds=self._first_token_seconds,
            total_seconds=(measures["total_ms"] - self.assignment.before.total_ms) / 1000,
            prompt_tokens=measures["prompt_tokens"],
            completion_tokens=measures["completion_tokens"],
        )

    @property
    def _first_token_seconds(self) -> float | None:
        """From the press of Send to the first piece; None when there is none, or another process may have had one."""
        pieces = [at for at in (self.first_reasoning_at, self.first_text_at) if at is not None]
        if not pieces or self.assignment.attempt > 1:
            return None
        return max(0.0, (min(pieces) - self.assignment.created_at).total_seconds())

    def measures(self, now: datetime) -> dict[str, Any]:
        """Return usage and timings as columns of the message; milliseconds from the press of Send, of all parts together."""
        completion = estimate_tokens("".join((*self.reasoning_pieces, *self.text_pieces)))
        reported = self.usage if self.usage and self.assignment.resumes_from is None else None
        thought_until = self.first_text_at or now
        before = self.assignment.before
        return {
            "prompt_tokens": reported.prompt_tokens if reported else self.prompt_estimate,
            "completion_tokens": reported.completion_tokens if reported else completion,
            "tokens_estimated": reported is None,
            "first_token_ms": _sum(
                before.first_token_ms, _milliseconds(self.assignment.created_at, self.first_text_at)
            ),
            "reasoning_ms": _sum(before.reasoning_ms, _milliseconds(self.first_reasoning_at, thought_until)),
            "total_ms": _sum(before.total_ms, _milliseconds(self.assignment.created_at, now)),
            "left_out": self.left_out,
            "truncated": self.truncated,
            "ending": self.ending.value if self.ending else None,
        }


def _part(part: ContextPart, trace: ContextTrace, ordinal: int, *, text: str) -> SentPart:
    return SentPart(
        trace_id=trace.id,
        ordinal=ordinal,
        kind=part.kind,
        title=part.title,
        tokens=part.tokens,
        text=text,
        number=part.number,
        messages=part.messages,
        upto=part.upto,
        left_out=part.left_out,
    )


def _citation(source: Source, assignment: Assignment) -> Citation:
    return Citation(
        message_id=assignment.message_id,
        number=source.number,
        kind=source.kind,
        cited=False,
        title=source.title[:255],
        page=source.page,
        heading=source.heading[:500],
        start_offset=source.start,
        end_offset=source.end,
    )


def _sum(before: int | None, this: int | None) -> int | None:
    return this if before is None else before + (this or 0)


def _milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return max(0, round((end - start).total_seconds() * 1000))
