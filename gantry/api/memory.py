"""What is remembered, over REST."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from gantry.api.access import Reads, Writes
from gantry.api.described import example
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN
from gantry.domain.memory import MAX_FACT_CHARACTERS
from gantry.runtime import services

router = APIRouter(prefix="/api/v1/memory", tags=["memory"], responses=SIGNED_IN)


class FactIn(BaseModel):
    """A sentence to be remembered."""

    model_config = ConfigDict(json_schema_extra=example({"content": "I drink green tea in the morning."}))

    content: str = Field(min_length=1, max_length=MAX_FACT_CHARACTERS)


class FactChange(BaseModel):
    """What to change; what is left out stays."""

    content: str | None = Field(default=None, min_length=1, max_length=MAX_FACT_CHARACTERS)
    pinned: StrictBool | None = None


class FactOut(BaseModel):
    """A fact, and the conversation it came from."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    content: str
    pinned: bool
    by_hand: bool
    conversation_id: UUID | None
    message_id: UUID | None
    said_at: datetime


class FactList(BaseModel):
    """Pinned ones first, then newest first; ``next`` goes into ``after``."""

    facts: list[FactOut]
    next: UUID | None


class MemorySettingsIn(BaseModel):
    """What to change; what is left out stays."""

    enabled: StrictBool | None = None
    by_model: StrictBool | None = None


class MemorySettingsOut(BaseModel):
    """What the person allows, and how many messages are remembered."""

    model_config = ConfigDict(from_attributes=True)

    enabled: bool
    by_model: bool
    turns: int


class NodeOut(BaseModel):
    """A name."""

    id: UUID
    name: str
    kind: str
    mentions: int


class EdgeOut(BaseModel):
    """What one name is to another."""

    subject_id: UUID
    predicate: str
    object_id: UUID


class GraphOut(BaseModel):
    """The names in a person's memory, and what is known between them."""

    nodes: list[NodeOut]
    edges: list[EdgeOut]


@router.get("", operation_id="list_memory", responses=NAMED)
async def list_memory(
    who: Reads,
    q: Annotated[str, Query(max_length=200)] = "",
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> FactList:
    """List the facts that are remembered."""
    found = await services().memory.facts(who, words=q, after=after, limit=limit)
    return FactList(
        facts=[FactOut.model_validate(each) for each in found],
        next=found[-1].id if len(found) == limit else None,
    )


@router.post("", status_code=201, operation_id="add_memory", responses=BODY | CHANGE)
async def add_memory(who: Writes, new: FactIn) -> FactOut:
    """Remember a sentence."""
    return FactOut.model_validate(await services().memory.add_fact(who, new.content))


@router.delete("", status_code=204, operation_id="forget_everything", responses=CHANGE)
async def forget_everything(who: Writes) -> None:
    """Forget everything; conversations stay."""
    await services().memory.forget_everything(who)


@router.get("/graph", operation_id="get_memory_graph")
async def get_memory_graph(who: Reads) -> GraphOut:
    """Return the names in memory and what is known between them."""
    graph = await services().memory.graph(who)
    return GraphOut(
        nodes=[
            NodeOut(id=name.id, name=name.name, kind=name.kind.value, mentions=name.mentions)
            for name in graph.names
        ],
        edges=[
            EdgeOut(subject_id=each.subject_id, predicate=each.predicate, object_id=each.object_id)
            for each in graph.relations
        ],
    )


@router.get("/settings", operation_id="get_memory_settings")
async def get_memory_settings(who: Reads) -> MemorySettingsOut:
    """Return what the person allows."""
    return MemorySettingsOut.model_validate(await services().memory.settings(who))


@router.patch("/settings", operation_id="change_memory_settings", responses=BODY | CHANGE)
async def change_memory_settings(who: Writes, change: MemorySettingsIn) -> MemorySettingsOut:
    """Switch memory on or off."""
    await services().memory.change_settings(who, enabled=change.enabled, by_model=change.by_model)
    return MemorySettingsOut.model_validate(await services().memory.settings(who))


@router.patch(
    "/{fact_id:uuid}", status_code=204, operation_id="change_memory", responses=NAMED | BODY | CHANGE
)
async def change_memory(who: Writes, fact_id: UUID, change: FactChange) -> None:
    """Put a fact into other words, or pin it."""
    if change.content is not None:
        await services().memory.change_fact(who, fact_id, change.content)
    if change.pinned is not None:
        await services().memory.pin(who, fact_id, change.pinned)


@router.delete("/{fact_id:uuid}", status_code=204, operation_id="forget_memory", responses=NAMED | CHANGE)
async def forget_memory(who: Writes, fact_id: UUID) -> None:
    """Forget one fact."""
    await services().memory.forget(who, [fact_id])
