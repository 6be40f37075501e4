"""One answer to be written, and its text as it grows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from gantry.domain.accounts import Actor, Role
from gantry.domain.catalog import UsageReport
from gantry.domain.citations import cited_numbers, without_unknown
from gantry.domain.context import Retrieval, Source
from gantry.domain.prompt import Prompt
from gantry.domain.telemetry import AnswerReport
from gantry.domain.tokens import estimate_tokens
from gantry.models import Citation, ContextTrace, Generation, Message


@dataclass(frozen=True, slots=True)
class Job:
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
class Account:
    """What an attempt was given to read and what was sent to the model for it."""

    prompt: Prompt
    budget_tokens: int
    retrieval: Retrieval | None

    def citations(self, job: Job) -> list[Citation]:
        """Return the sources as rows; which of them are referred to is known at the end."""
        return [
            Citation(
                message_id=job.message_id,
                number=source.number,
                kind=source.kind,
                cited=False,
                document_id=source.document_id,
                source_message_id=source.message_id,
                title=source.title[:255],
                page=source.page,
                heading=source.heading[:500],
                start_offset=source.start,
                end_offset=source.end,
                passage=source.text,
            )
            for source in self.prompt.given
        ]

    def trace(self, job: Job, at: datetime) -> ContextTrace:
        """Return the account as a row."""
        return ContextTrace(
            message_id=job.message_id,
            account_id=job.account_id,
            parts=[part.stored() for part in self.prompt.parts],
            tokens=self.prompt.tokens,
            budget_tokens=self.budget_tokens,
            created_at=at,
        )


@dataclass(slots=True)
class Draft:
    """The text of one attempt as it grows; cheap to add to, joined only when stored."""

    job: Job
    text_pieces: list[str] = field(default_factory=list)
    reasoning_pieces: list[str] = field(default_factory=list)
    grew: bool = False
    characters: int = 0
    truncated: bool = False
    left_out: int = 0
    prompt_estimate: int = 0
    given: tuple[Source, ...] = ()
    account: Account | None = None  # what was given and sent, until it is stored
    usage: UsageReport | None = None
    first_reasoning_at: datetime | None = None
    first_text_at: datetime | None = None

    def begin(self, text: str, reasoning: str) -> None:
        """Start from a prefix; what an earlier try of this attempt left is dropped."""
        self.text_pieces = [text] if text else []
        self.reasoning_pieces = [reasoning] if reasoning else []
        self.characters = len(text) + len(reasoning)

    def add_text(self, text: str, at: datetime) -> None:
        """Add a piece of the answer."""
        if self.first_text_at is None:
            self.first_text_at = at
        self.grew = True
        self.characters += len(text)
        self.text_pieces.append(text)

    def add_reasoning(self, text: str, at: datetime) -> None:
        """Add a piece of the reasoning."""
        if self.first_reasoning_at is None:
            self.first_reasoning_at = at
        self.grew = True
        self.characters += len(text)
        self.reasoning_pieces.append(text)

    def columns(self) -> dict[str, Any]:
        """Return text and reasoning as columns; nothing while there is nothing new beside what is stored."""
        if not self.grew and (self.job.attempt > 1 or self.job.resumes_from is not None):
            return {}
        return {"content": "".join(self.text_pieces), "reasoning": "".join(self.reasoning_pieces)}

    def final_columns(self) -> tuple[dict[str, Any], list[int]]:
        """Return the columns at the end, without references to what was not given, and the numbers referred to."""
        columns = self.columns()
        if "content" not in columns:
            return columns, []
        known = [source.number for source in self.given]
        text = without_unknown(columns["content"], known)
        return columns | {"content": text}, sorted(cited_numbers(text, known))

    def take(self, prompt: Prompt, *, budget_tokens: int, retrieval: Retrieval | None) -> None:
        """Note what is sent to the model, to be stored with the next checkpoint."""
        self.left_out, self.prompt_estimate, self.given = prompt.left_out, prompt.tokens, prompt.given
        self.account = Account(prompt, budget_tokens, retrieval)

    def kept(self, account: Account | None) -> None:
        """Forget an account that has been stored, unless another has come since."""
        if self.account is account:
            self.account = None

    def report(self, model: str, status: str, fault: str, measures: dict[str, Any]) -> AnswerReport:
        """Return what is counted of the answer when it has ended with *measures*."""
        return AnswerReport(
            model=model,
            status=status,
            fault=fault,
            first_token_seconds=self._first_token_seconds,
            total_seconds=measures["total_ms"] / 1000,
            prompt_tokens=measures["prompt_tokens"],
            completion_tokens=measures["completion_tokens"],
        )

    @property
    def _first_token_seconds(self) -> float | None:
        """From the press of Send to the first piece; None when there is none, or another process may have had one."""
        pieces = [at for at in (self.first_reasoning_at, self.first_text_at) if at is not None]
        if not pieces or self.job.attempt > 1:
            return None
        return max(0.0, (min(pieces) - self.job.created_at).total_seconds())

    def measures(self, now: datetime) -> dict[str, Any]:
        """Return usage and timings as columns of the message; milliseconds from the press of Send."""
        completion = estimate_tokens("".join((*self.reasoning_pieces, *self.text_pieces)))
        reported = self.usage if self.usage and self.job.resumes_from is None else None
        thought_until = self.first_text_at or now
        return {
            "prompt_tokens": reported.prompt_tokens if reported else self.prompt_estimate,
            "completion_tokens": reported.completion_tokens if reported else completion,
            "tokens_estimated": reported is None,
            "first_token_ms": _milliseconds(self.job.created_at, self.first_text_at),
            "reasoning_ms": _milliseconds(self.first_reasoning_at, thought_until),
            "total_ms": _milliseconds(self.job.created_at, now),
            "left_out": self.left_out,
            "truncated": self.truncated,
        }


def _milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return max(0, round((end - start).total_seconds() * 1000))
