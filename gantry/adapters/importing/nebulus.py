"""Nebulus Gantry: its export of one conversation, and the files of its bulk export; the shapes of its own wiki too."""

from collections.abc import Iterator, Mapping
from typing import Any

from gantry.adapters.importing.parts import take_content
from gantry.adapters.importing.said import Said
from gantry.adapters.importing.turns import chained, is_instruction, role_of, titled
from gantry.adapters.importing.values import first_text, mapping, moment, objects, text
from gantry.domain.chat import MessageRole
from gantry.domain.importing import ForeignConversation, ForeignMessage, Skipped, Standing, Surroundings

Json = Mapping[str, Any]


class NebulusGantry:
    """Messages follow each other; times have no zone and are UTC. Ids count in one database: time and first words tell the rest."""

    name = "nebulus-gantry"
    gathers = False

    def claims(self, element: object) -> bool:
        """Whether an element is a conversation beside or around its messages."""
        record = mapping(element)
        about = mapping(record.get("conversation"))
        if about:
            lists = isinstance(record.get("messages"), list) or isinstance(about.get("messages"), list)
            return lists and _is_number(about.get("id")) and "format" not in record
        return (
            _is_number(record.get("id"))
            and "title" in record
            and "created_at" in record
            and any(_is_message(each) for each in objects(record.get("messages")))
        )

    def read(self, element: object, around: Surroundings) -> Iterator[ForeignConversation | Skipped]:
        """Read one conversation."""
        record = mapping(element)
        about = mapping(record.get("conversation")) or record
        given = record.get("messages") if isinstance(record.get("messages"), list) else about.get("messages")
        first = next(objects(given), {})
        yield ForeignConversation(
            key=" ".join(
                text(each) for each in (about.get("id"), about.get("created_at"), first.get("content"))
            ),
            title=titled(about.get("title")),
            messages=tuple(chained(_message(each) for each in objects(given))),
            created_at=moment(about.get("created_at")),
            updated_at=moment(about.get("updated_at")),
            pinned=about.get("pinned") is True,
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_message(message: Json) -> bool:
    return "role" in message and "content" in message and ("timestamp" in message or "created_at" in message)


def _message(message: Json) -> ForeignMessage:
    role, said = role_of(message.get("role")), Said()
    take_content(said, message.get("content"), own=role is MessageRole.USER)
    return ForeignMessage(
        key="",
        parent=None,
        role=role or MessageRole.ASSISTANT,
        content=said.content,
        reasoning=said.reasoning,
        model=text(message.get("model")),
        created_at=moment(first_text(message, "created_at", "timestamp")),
        files=tuple(said.files),
        standing=Standing.HIDDEN if is_instruction(message.get("role")) else Standing.SHOWN,
    )


READER = NebulusGantry()
