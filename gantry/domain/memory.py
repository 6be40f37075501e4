"""What Gantry remembers of a person: values."""

from datetime import UTC, datetime
from enum import StrEnum

MAX_FACT_CHARACTERS = 1000
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
