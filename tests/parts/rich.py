"""A conversation that has one of everything: branches, reasoning, an error, sources, a judgement, a file."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gantry.domain.chat import AnswerError, CitationKind, Ending, MessageRole, MessageStatus, Rating
from gantry.domain.context import Retrieval
from gantry.models import Attachment, Citation, Conversation, Document, Feedback, Message, Quotation, new_id
from gantry.repositories.unit import UnitOfWork

BEGUN = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
MARKDOWN = """Here is **all of it**, with `code` & <b>tags</b>.

| fish | weight |
|---|---:|
| cod | 12 |
| herring | 3 |

```python
def area(radius: float) -> float:
    return 3.14 * radius**2  # <script>alert(1)</script>
```

The area is $A = \\pi r^2$, and

$$\\int_0^1 x^2\\,dx = \\frac{1}{3}$$

- one
- two
  1. inner

> quoted [1]

日本語のテキスト。 שלום עולם. مرحبا بالعالم.
"""


@dataclass(frozen=True)
class Rich:
    """What was stored, by id."""

    conversation: UUID
    first_answer: UUID
    second_answer: UUID
    failed: UUID
    document: UUID


async def add_rich(tx: UnitOfWork, owner: UUID, title: str = "Fish & <chips>", **values: Any) -> Rich:
    """Store one for *owner*; the second of two answers to the first question is on screen, with a failed one after it."""
    row = Conversation(
        account_id=owner,
        title=title,
        title_by_hand=True,
        pinned=True,
        model="openai/scripted",
        created_at=BEGUN,
        updated_at=BEGUN + timedelta(minutes=9),
        **values,
    )
    document = Document(
        account_id=owner,
        conversation_id=row.id,
        name="catch.txt",
        media_type="text/plain",
        size_bytes=9,
        sha256="5" * 64,
        created_at=BEGUN,
        updated_at=BEGUN,
    )
    question = _message(row, None, 0, MessageRole.USER, content="How heavy is the catch?")
    first = _message(row, question, 1, MessageRole.ASSISTANT, content="Fifteen.", model="openai/scripted")
    second = _message(
        row,
        question,
        2,
        MessageRole.ASSISTANT,
        content=MARKDOWN,
        reasoning="Cod and herring.",
        model="openai/scripted",
        prompt_tokens=120,
        completion_tokens=80,
        tokens_estimated=True,
        first_token_ms=310,
        reasoning_ms=900,
        total_ms=4200,
        left_out=2,
        truncated=True,
        ending=Ending.FILTERED,
        finished_at=BEGUN + timedelta(minutes=3),
        retrieval=Retrieval(documents=1, passages=1).stored(),
    )
    again = _message(row, second, 3, MessageRole.USER, content="And the salmon?")
    failed = _message(
        row,
        again,
        4,
        MessageRole.ASSISTANT,
        content="The sal",
        status=MessageStatus.FAILED,
        error=asdict(AnswerError("model-unavailable", "The model stopped.", "Retry.")),
    )
    row.active_leaf_id = failed.id
    for each in (row, document):
        tx.session.add(each)
        await tx.session.flush()
    for message in (question, first, second, again, failed):
        await tx.chat.add_messages([message])
    citation = Citation(
        message_id=second.id, number=1, title="catch.txt", page=1, start_offset=3, end_offset=8
    )
    remembered = Citation(
        message_id=second.id, number=2, kind=CitationKind.MESSAGE, title="Old chat", cited=False
    )
    for rows in (
        [citation, remembered, _attachment(question, document), Feedback(**_judged(second))],
        [Quotation(citation_id=citation.id, document_id=document.id, passage="12 kg of cod", sent="12 kg")],
    ):
        tx.session.add_all(rows)
        await tx.session.flush()
    return Rich(row.id, first.id, second.id, failed.id, document.id)


def _message(
    row: Conversation, parent: Message | None, minute: int, role: MessageRole, **values: Any
) -> Message:
    return Message(
        id=new_id(),
        conversation_id=row.id,
        account_id=row.account_id,
        parent_id=parent.id if parent else None,
        depth=parent.depth + 1 if parent else 0,
        role=role,
        created_at=BEGUN + timedelta(minutes=minute),
        **values,
    )


def _attachment(message: Message, file: Document) -> Attachment:
    return Attachment(
        message_id=message.id,
        account_id=message.account_id,
        document_id=file.id,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        created_at=BEGUN,
    )


def _judged(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "account_id": message.account_id,
        "rating": Rating.UP,
        "created_at": BEGUN + timedelta(minutes=5),
    }
