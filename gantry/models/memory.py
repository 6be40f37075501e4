"""What is remembered of a person: turns, facts, summaries, and the graph of names in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from gantry.domain.memory import EntityKind, MemoryKind
from gantry.models.base import Row, UtcDateTime, text_enum

WAITING = text(
    "vectors_in = '' AND kind = 'turn'"
)  # turns without vectors: as text, so that queries meet the index


class MemoryItem(Row, table=True):
    """One memory. It goes with the conversation and message it came from; a fact written by hand has neither.

    ``context`` (who spoke and when) and ``around`` (the turns before and after) are searched with ``content``;
    ``lead``, the end of a short turn right before, has a part in its vectors.
    A summary stands for its conversation up to and with ``message_id``. ``vectors_in`` as in ``Chunk``; only turns have vectors.
    """

    __table_args__ = (
        Index("uq_memory_item_message_id_kind_fingerprint", "message_id", "kind", "fingerprint", unique=True),
        Index("ix_memory_item_account_id_kind", "account_id", "kind"),
        Index("ix_memory_item_vectors_in_id", "vectors_in", "id"),
        Index("ix_memory_item_waiting", "id", postgresql_where=WAITING, sqlite_where=WAITING),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    kind: MemoryKind = Field(sa_type=text_enum(MemoryKind))
    conversation_id: UUID | None = Field(
        default=None, foreign_key="conversation.id", ondelete="CASCADE", index=True
    )
    message_id: UUID | None = Field(default=None, foreign_key="message.id", ondelete="CASCADE")
    fingerprint: str = Field(
        default="", max_length=64
    )  # of a fact's text, so that one message teaches it once
    speaker: str = Field(default="", max_length=16)
    content: str = Field(sa_type=Text)
    context: str = Field(default="", sa_type=Text)
    around: str = Field(default="", sa_type=Text)
    lead: str = Field(default="", max_length=300)
    said_at: datetime = Field(sa_type=UtcDateTime)
    pinned: bool = False
    by_hand: bool = False  # written or changed by the person: never replaced by what is extracted
    vectors_in: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Entity(Row, table=True):
    """A name in a person's memory; ``key`` is its name in the form that is compared."""

    __table_args__ = (Index("uq_entity_account_id_key", "account_id", "key", unique=True),)

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE")
    key: str = Field(max_length=120)
    name: str = Field(max_length=120)
    kind: EntityKind = Field(default=EntityKind.THING, sa_type=text_enum(EntityKind))
    created_at: datetime = Field(sa_type=UtcDateTime)


class Mention(Row, table=True):
    """A memory that names an entity; an entity without mentions is removed."""

    __table_args__ = (
        Index("uq_mention_memory_item_id_entity_id", "memory_item_id", "entity_id", unique=True),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    memory_item_id: UUID = Field(foreign_key="memory_item.id", ondelete="CASCADE")
    entity_id: UUID = Field(foreign_key="entity.id", ondelete="CASCADE", index=True)


class Relation(Row, table=True):
    """What one entity is to another, as a memory says it."""

    __table_args__ = (
        Index(
            "uq_relation_memory_item_id_ends",
            "memory_item_id",
            "subject_id",
            "predicate",
            "object_id",
            unique=True,
        ),
    )

    account_id: UUID = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    memory_item_id: UUID = Field(foreign_key="memory_item.id", ondelete="CASCADE")
    subject_id: UUID = Field(foreign_key="entity.id", ondelete="CASCADE", index=True)
    predicate: str = Field(max_length=80)
    object_id: UUID = Field(foreign_key="entity.id", ondelete="CASCADE", index=True)
