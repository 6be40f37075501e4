"""Storing what was learned about a person: the fact, and the names and relations it brings."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from gantry.domain.english.learning import Learned, Link, entity_key
from gantry.domain.memory import MAX_FACTS, EntityKind, MemoryKind
from gantry.models import Account, Entity, MemoryItem, Mention, Message, Relation
from gantry.repositories.unit import UnitOfWork

Named = tuple[str, EntityKind | None]  # a name, and what it is the name of where that is known


def fingerprint(text: str) -> str:
    """Return what two facts that say the same have in common."""
    return hashlib.sha256(" ".join(text.lower().split()).rstrip(".").encode()).hexdigest()


async def store_fact(
    tx: UnitOfWork, message: Message, fact: Learned, account: Account, at: datetime
) -> MemoryItem | None:
    """Remember a fact that *message* tells; it takes the place of what was learned for the same slot.

    Returns None when it is known already, or when memory holds as many facts as it may.
    """
    mark = fingerprint(fact.text)
    owner, thread = message.account_id, message.conversation_id
    if await tx.memory.find_fact(owner, mark, conversation=thread):
        return None
    if fact.slot:
        older = await tx.memory.in_slot(owner, fact.slot, conversation=thread)
        await tx.memory.remove([row.id for row in older], owner=owner)
    if not await has_room(tx, owner):
        return None
    item = MemoryItem(
        account_id=owner,
        kind=MemoryKind.FACT,
        conversation_id=thread,
        message_id=message.id,
        fingerprint=mark,
        speaker="user",
        content=fact.text,
        context=fact.slot,
        said_at=message.created_at,
        created_at=at,
        updated_at=at,
    )
    await tx.memory.add(item)
    entities = await make_names(tx, item.account_id, names_told(fact, account), at)
    for link in fact.links:
        await _relate(tx, item, link, account, entities)
    return item


async def has_room(tx: UnitOfWork, owner: UUID) -> bool:
    """Whether one more fact about *owner* may be remembered."""
    return await tx.memory.count_facts(owner) < MAX_FACTS


async def name_entities(tx: UnitOfWork, item: MemoryItem, names: Sequence[str], at: datetime) -> None:
    """Note which names a memory mentions."""
    noted: set[UUID] = set()
    wanted: list[Named] = [(name, None) for name in names if entity_key(name)]
    for entity in (await make_names(tx, item.account_id, wanted, at)).values():
        await _mention(tx, item, entity, noted)


async def make_names(tx: UnitOfWork, owner: UUID, names: Iterable[Named], at: datetime) -> dict[str, Entity]:
    """Have the graph hold names; returns them by their keys.

    Who stores several memories in one transaction makes all their names first, in one go: else two who make
    the same names might wait for each other.
    """
    wanted: dict[str, Entity] = {}
    kinds: dict[str, EntityKind] = {}
    for name, kind in names:
        key = entity_key(name)
        row = wanted.setdefault(key, Entity(account_id=owner, key=key, name=name[:120], created_at=at))
        if kind is not None:
            row.kind = kinds[key] = kind
    entities = await tx.graph.keep_entities(owner, wanted.values())
    for key, kind in kinds.items():
        entities[key].kind = kind
    return entities


def names_told(fact: Learned, account: Account) -> list[Named]:
    """Return the names between which a fact tells relations."""
    told: list[Named] = []
    for link in fact.links:
        told += [(link.subject or _name_of(account), EntityKind.PERSON), (link.name, link.kind)]
    return told


def key_of(account: Account) -> str:
    """Return the key of the person themselves, to whom nearly everything in their memory is related."""
    return entity_key(_name_of(account))


def _name_of(account: Account) -> str:
    return account.name or "You"


async def _relate(
    tx: UnitOfWork, item: MemoryItem, link: Link, account: Account, entities: Mapping[str, Entity]
) -> None:
    subject = entities[entity_key(link.subject or _name_of(account))]
    target = entities[entity_key(link.name)]
    noted = await tx.graph.named_in(item.id)
    for entity in (subject, target):
        await _mention(tx, item, entity, noted)
    ends = (subject.id, link.predicate, target.id)
    if subject.id != target.id and not await tx.graph.related(item.id, *ends):
        await tx.memory.add(
            Relation(
                account_id=item.account_id,
                memory_item_id=item.id,
                subject_id=subject.id,
                predicate=link.predicate,
                object_id=target.id,
            )
        )


async def _mention(tx: UnitOfWork, item: MemoryItem, entity: Entity, noted: set[UUID]) -> None:
    if entity.id not in noted:
        noted.add(entity.id)
        await tx.memory.add(Mention(account_id=item.account_id, memory_item_id=item.id, entity_id=entity.id))
