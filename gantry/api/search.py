"""Search over REST."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gantry.api.access import Reads
from gantry.api.moments import Moment
from gantry.api.refusals import NAMED, SIGNED_IN
from gantry.domain.chat import MessageRole
from gantry.domain.finding import MAX_QUERY_CHARACTERS, Filters
from gantry.domain.order import MAX_TAG_CHARACTERS
from gantry.runtime import services
from gantry.services.search import MOST

router = APIRouter(prefix="/api/v1", tags=["search"], responses=SIGNED_IN)


class SearchQuery(BaseModel):
    """What to search, and among what; ``folder`` is with those in it."""

    q: str = Field(max_length=MAX_QUERY_CHARACTERS)
    role: MessageRole | None = None
    before: Moment | None = None
    after: Moment | None = None
    model: str | None = Field(default=None, max_length=255)
    folder: UUID | None = None
    persona: UUID | None = None
    tag: str | None = Field(default=None, max_length=MAX_TAG_CHARACTERS)
    limit: int = Field(default=20, ge=1, le=MOST)

    def filters(self) -> Filters:
        """Return the value."""
        return Filters(self.role, self.after, self.before, self.model, self.folder, self.persona, self.tag)


class SegmentOut(BaseModel):
    """A piece of a text; ``marked`` where it is what was searched."""

    model_config = ConfigDict(from_attributes=True)

    text: str
    marked: bool


class HitOut(BaseModel):
    """A message, or (``message_id`` is null) a conversation by its title."""

    model_config = ConfigDict(from_attributes=True)

    conversation_id: UUID
    message_id: UUID | None
    title: list[SegmentOut]
    snippet: list[SegmentOut]
    role: MessageRole | None
    model: str | None
    created_at: datetime


class SearchOut(BaseModel):
    """Best first; of equals the newest."""

    hits: list[HitOut]


@router.get("/search", operation_id="search", responses=NAMED)
async def search(who: Reads, asked: Annotated[SearchQuery, Query()]) -> SearchOut:
    """Find messages and titles that hold every word of ``q``, or any where none holds all; the last may be the beginning of a word."""
    found = await services().search.find(who, asked.q, filters=asked.filters(), limit=asked.limit)
    return SearchOut(hits=[HitOut.model_validate(hit) for hit in found])
