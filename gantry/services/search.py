"""Search over what a person has said and was answered, while they type."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import MessageRole
from gantry.domain.errors import Invalid
from gantry.domain.finding import (
    MAX_QUERY_CHARACTERS,
    Filters,
    Finder,
    Mark,
    Segment,
    Sought,
    excerpt,
    pattern,
    segments,
    sought,
)
from gantry.domain.messages import _
from gantry.domain.text import storable
from gantry.repositories.database import Database
from gantry.repositories.finding import SHOWN, FoundText

MOST = 50  # results
_MODELS = 100
_TITLE_WEIGHT = 0.5  # of each word in the title, beside those of the message
ANY = Filters()


@dataclass(frozen=True, slots=True)
class Hit:
    """A message, or (without one) a conversation by its title, that holds what is sought."""

    conversation_id: UUID
    message_id: UUID | None
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    role: MessageRole | None
    model: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Ranked:
    found: FoundText
    marks: Sequence[Mark]
    titled: Sequence[Mark]
    score: float


@dataclass(frozen=True, slots=True)
class SearchService:
    """Finds messages and titles by words; asks no model."""

    database: Database

    async def find(
        self, who: Actor, query: str, *, filters: Filters = ANY, limit: int = 20
    ) -> tuple[Hit, ...]:
        """Return what holds every word of *query*, best first, of equals the newest; else what holds any of them.

        Of a word that many messages hold the newest are compared. The last word may be the beginning of one, which is looked
        for among the newest 2,000 messages that hold the others.

        Raises:
            Invalid: *query* is longer than 200 characters.
        """
        wanted = sought(_checked(query))
        if not (wanted.words or wanted.typed):
            return ()
        limit = min(max(limit, 1), MOST)
        async with self.database.read() as tx:
            messages = await tx.finding.messages(wanted, filters, owner=who.id)
            titles = [] if filters.role else await tx.finding.titles(wanted, filters, owner=who.id)
            every = bool(messages or titles)
            if not every and len(wanted.words) + bool(wanted.typed) > 1:
                messages = await tx.finding.messages(wanted, filters, owner=who.id, every=False)
            ranked = await asyncio.to_thread(_ranked, wanted, messages, titles)
            best = ranked[: 2 * limit]  # some only seem to hold the words
            texts = await tx.finding.texts([one.found.message_id for one in best if one.found.message_id])
        return await asyncio.to_thread(_hits, wanted, best, texts, every, limit)

    async def models(self, who: Actor) -> list[str]:
        """Return the full names of the models that the person's conversations were held with."""
        async with self.database.read() as tx:
            return await tx.finding.models(owner=who.id, limit=_MODELS)

    async def pattern(self, who: Actor, query: str, message: UUID) -> str:
        """Return a regular expression of JavaScript for what *message* holds of *query*; empty where it holds nothing.

        Raises:
            NotFound: It is not *who*'s.
        """
        wanted = sought(_checked(query))
        async with self.database.read() as tx:
            row, _thread = await tx.chat.get_message(message, owner=who.id)
        return await asyncio.to_thread(lambda: pattern(row.content, Finder(wanted).marks(row.content)))


def _checked(query: str) -> str:
    query = storable(query).strip("\n\r\t")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise Invalid(_("A search has at most {most} characters.", most=MAX_QUERY_CHARACTERS), field="q")
    return query


def _ranked(wanted: Sought, messages: Iterable[FoundText], titles: Iterable[FoundText]) -> list[_Ranked]:
    """Return what was found, best first; a title only where no message of its conversation was found."""
    finder = Finder(wanted)
    ranked = [_judged(finder, found) for found in messages]
    told = {one.found.conversation_id for one in ranked}
    ranked += [_judged(finder, found) for found in titles if found.conversation_id not in told]
    return sorted(ranked, key=lambda one: (one.score, one.found.created_at), reverse=True)


def _judged(finder: Finder, found: FoundText) -> _Ranked:
    marks, titled = finder.marks(found.text), finder.marks(found.title)
    in_title = len({mark.number for mark in titled})
    # Nearly equal is equal: of those the newest comes first.
    return _Ranked(found, marks, titled, round(finder.score(found.text, marks) + _TITLE_WEIGHT * in_title, 1))


def _hits(
    wanted: Sought, ranked: Iterable[_Ranked], texts: dict[UUID, str], every: bool, limit: int
) -> tuple[Hit, ...]:
    finder = Finder(wanted)
    hits: list[Hit] = []
    for one in ranked:
        text = texts.get(one.found.message_id, "") if one.found.message_id else ""
        marks = one.marks if len(text) <= len(one.found.text) else finder.marks(text)
        held = {mark.number for mark in (marks if text else one.titled)}
        if every and finder.guessed is not None and finder.guessed not in held and len(text) < SHOWN:
            continue
        hits.append(
            Hit(
                one.found.conversation_id,
                one.found.message_id,
                segments(one.found.title, one.titled),
                excerpt(text, marks) if text else (),
                one.found.role,
                one.found.model,
                one.found.created_at,
            )
        )
    return tuple(hits[:limit])
