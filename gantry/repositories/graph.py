"""The graph of names in a person's memory; every query takes the owner, except housekeeping."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    delete,
    exists,
    func,
    select,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.memory import MemoryKind, Related, RememberedName
from gantry.models import Entity, MemoryItem, Mention, Relation
from gantry.repositories.inserting import insert_of
from gantry.repositories.values import value_of, values_of

_ENTITY_UNIQUE = ("account_id", "key")
_REMOVED_AT_ONCE = 1000  # names: both databases have a limit


class GraphRepository:
    """Names, where they are mentioned, and how they stand to each other."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def names(self, owner: UUID, *, limit: int) -> list[RememberedName]:
        """Return names with how often they are mentioned, most often first."""
        count = func.count(col(Mention.id))
        query = (
            select(Entity, count)
            .join(Mention, col(Mention.entity_id) == col(Entity.id))
            .where(col(Entity.account_id) == owner)
            .group_by(col(Entity.id))
            .order_by(count.desc(), col(Entity.name))
            .limit(limit)
        )
        return [
            value_of(RememberedName, row, mentions=times) for row, times in await self._session.execute(query)
        ]

    async def relations(self, owner: UUID) -> list[Related]:
        """Return what is known between names."""
        query = select(Relation).where(col(Relation.account_id) == owner).limit(500)
        return values_of(Related, (await self._session.execute(query)).scalars().all())

    async def keep_entities(self, owner: UUID, rows: Collection[Entity]) -> dict[str, Entity]:
        """Store those names of *owner* that are not there; returns all by their keys, there to the transaction's end.

        In order of key, so that two who make the same names cannot wait for each other.
        """
        kept: dict[str, Entity] = {}
        ordered = sorted(rows, key=lambda row: row.key)
        while missing := [row for row in ordered if row.key not in kept]:  # again where one was being removed
            insert = insert_of(self._session, Entity, [row.model_dump() for row in missing])
            await self._session.execute(insert.on_conflict_do_nothing(index_elements=_ENTITY_UNIQUE))
            query = (
                select(Entity)
                .where(col(Entity.account_id) == owner, col(Entity.key).in_([row.key for row in missing]))
                .order_by(col(Entity.key))
                .with_for_update(read=True, key_share=True)
            )
            kept |= {row.key: row for row in (await self._session.execute(query)).scalars()}
        return kept

    async def facts_naming(self, owner: UUID, keys: Collection[str], *, limit: int) -> Sequence[MemoryItem]:
        """Return facts that name any of these entities."""
        query = _facts_with(owner, col(Entity.key).in_(keys)).limit(limit)
        return (await self._session.execute(query)).scalars().all()

    async def facts_near(
        self, owner: UUID, keys: Collection[str], *, apart_from: str, limit: int
    ) -> Sequence[MemoryItem]:
        """Return facts that name what is related to any of these entities, newest first; not across the one *apart_from*."""
        named = select(col(Entity.id)).where(
            col(Entity.account_id) == owner, col(Entity.key).in_(keys), col(Entity.key) != apart_from
        )
        beside = union(
            select(col(Relation.object_id)).where(col(Relation.subject_id).in_(named)),
            select(col(Relation.subject_id)).where(col(Relation.object_id).in_(named)),
        )
        query = _facts_with(owner, col(Entity.id).in_(beside), col(Entity.key) != apart_from)
        query = query.order_by(col(MemoryItem.id).desc()).limit(limit)
        return (await self._session.execute(query)).scalars().all()

    async def unname(self, item: UUID) -> None:
        """Remove the names a memory mentions, and what it says of how they stand to each other."""
        for table in (Mention, Relation):
            await self._session.execute(
                delete(table)
                .where(col(table.memory_item_id) == item)
                .execution_options(synchronize_session=False)
            )

    async def named_in(self, item: UUID) -> set[UUID]:
        """Return the names a memory mentions."""
        query = select(col(Mention.entity_id)).where(col(Mention.memory_item_id) == item)
        return set((await self._session.execute(query)).scalars())

    async def related(self, item: UUID, subject: UUID, predicate: str, target: UUID) -> bool:
        """Whether a memory says already how two names stand to each other."""
        query = select(col(Relation.id)).where(
            col(Relation.memory_item_id) == item,
            col(Relation.subject_id) == subject,
            col(Relation.predicate) == predicate,
            col(Relation.object_id) == target,
        )
        return (await self._session.execute(query)).first() is not None

    async def remove_unmentioned(self, owner: UUID | None) -> None:
        """Remove names of *owner* (None: of everybody) that no memory mentions any more, but for those that somebody is about to mention."""
        named = exists().where(col(Mention.entity_id) == col(Entity.id))
        query = select(col(Entity.id)).where(~named)
        if owner is not None:
            query = query.where(col(Entity.account_id) == owner)
        query = query.limit(_REMOVED_AT_ONCE).with_for_update(skip_locked=True)
        while unnamed := (await self._session.execute(query)).scalars().all():
            # A statement of its own sees what was mentioned just before it was locked.
            gone = delete(Entity).where(col(Entity.id).in_(unnamed), ~named)
            await self._session.execute(gone.execution_options(synchronize_session=False))


def _facts_with(owner: UUID, *entity: ColumnElement[bool]) -> Select[MemoryItem]:
    """Return a query for the facts that name such an entity."""
    return (
        select(MemoryItem)
        .join(Mention, col(Mention.memory_item_id) == col(MemoryItem.id))
        .join(Entity, col(Entity.id) == col(Mention.entity_id))
        .where(col(Entity.account_id) == owner, col(MemoryItem.kind) == MemoryKind.FACT, *entity)
        .distinct()
    )
