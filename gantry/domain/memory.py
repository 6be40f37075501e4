"""What Gantry remembers of a person: values."""

from enum import StrEnum

MAX_FACT_CHARACTERS = 1000


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
