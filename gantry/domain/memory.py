"""What Gantry remembers of a person: values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

MAX_FACT_CHARACTERS = 1000
MAX_FACTS = 10_000  # of one account
PASSED_OVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for when memory has read a message that came while it was off: read once it is on again, unlike what was forgotten."""


class MemoryKind(StrEnum):
    """What a memory is made of."""

    TURN = "turn"  # one message of a conversation, as it was said
    FACT = "fact"  # a sentence about the person, which they can see and change
    SUMMARY = "summary"  # the beginning of a long conversation in short, up to and with its message


class EntityKind(StrEnum):
    """What a name in a person's memory stands for."""

    PERSON = "person"
    PLACE = "place"
    ORGANISATION = "organisation"
    THING = "thing"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence that is remembered about a person.

    ``title`` is that of the conversation it came from, empty for one written by hand; ``context`` is the slot it fills, such as ``name``.
    """

    id: UUID
    content: str
    context: str
    pinned: bool
    by_hand: bool
    conversation_id: UUID | None
    message_id: UUID | None
    said_at: datetime
    title: str = ""


@dataclass(frozen=True, slots=True)
class RememberedName:
    """A name in a person's memory, and how often it is mentioned."""

    id: UUID
    name: str
    kind: EntityKind
    mentions: int


@dataclass(frozen=True, slots=True)
class Related:
    """What one name is to another."""

    subject_id: UUID
    predicate: str
    object_id: UUID


@dataclass(frozen=True, slots=True)
class Graph:
    """The names in a person's memory, most often mentioned first, and what is known between them."""

    names: Sequence[RememberedName]
    relations: Sequence[Related]
