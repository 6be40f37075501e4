"""Answers being written: who writes, until when, and how far the text has come."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, func, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import LIVE, GenerationStatus
from gantry.domain.errors import AlreadyAnswering, LeaseLost, NotFound
from gantry.domain.messages import _
from gantry.models import Conversation, Generation, Message
from gantry.repositories.values import table_of


class GenerationRepository:
    """Generations. Every write by a writer is guarded by its attempt."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, generation: Generation) -> None:
        """Store a new answer. AlreadyAnswering: its conversation has a live one in its place (the unique index decides)."""
        self._session.add(generation)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise AlreadyAnswering from error

    async def get(self, generation: UUID, *, owner: UUID) -> Generation:
        """Return an answer of *owner*."""
        row = await self._session.get(Generation, generation)
        if row is None or row.account_id != owner:
            raise NotFound(_("This answer no longer exists."))
        return row

    async def get_with_message(self, generation: UUID, *, owner: UUID) -> tuple[Generation, Message]:
        """Return an answer of *owner* with its message; not of a deleted conversation."""
        values = {"generation": generation, "owner": owner}
        found = (await self._session.execute(_with_message(), values)).one_or_none()
        if found is None:
            raise NotFound(_("This answer no longer exists."))
        return found[0], found[1]

    async def live(self, conversation: UUID) -> Sequence[Generation]:
        """Return the answers being written in a conversation."""
        query = select(Generation).where(
            col(Generation.conversation_id) == conversation, col(Generation.status).in_(LIVE)
        )
        return (await self._session.execute(query)).scalars().all()

    async def count_live(self, account: UUID, conversation: UUID) -> tuple[int, int]:
        """Return how many answers are being written for an account, and how many of them in *conversation*."""
        values = {"account": account, "conversation": conversation}
        row = (await self._session.execute(_live_of(), values)).one()
        return row[0], row[1]

    async def are_silent(self, *, now: datetime, apart_from: Collection[UUID] = ()) -> bool:
        """Whether ``take_over`` would find any: looking locks nothing."""
        silent = _silent(now, apart_from).limit(1)
        return (await self._session.execute(silent)).first() is not None

    async def take_over(
        self,
        *,
        now: datetime,
        lease_until: datetime,
        writer: str,
        limit: int,
        apart_from: Collection[UUID] = (),
    ) -> Sequence[Generation]:
        """Claim answers whose lease has run out, oldest first, each for exactly one caller."""
        silent = (
            _silent(now, apart_from)
            .order_by(col(Generation.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claim = (
            update(Generation)
            .where(col(Generation.id).in_(silent), col(Generation.lease_until) < now)
            .values(
                status=GenerationStatus.RUNNING,
                attempt=col(Generation.attempt) + 1,
                lease_until=lease_until,
                writer=writer,
            )
            .returning(Generation)
        )
        return (await self._session.execute(claim)).scalars().all()

    async def checkpoint(
        self, places: Collection[tuple[UUID, int]], *, lease_until: datetime, stored: bool
    ) -> dict[UUID, bool]:
        """Renew the leases of answers, given with their attempts; *stored* says that their messages hold these attempts' text.

        Returns:
            Whether somebody asked for the answer to be stopped, for each that is still the caller's to write.
        """
        if not places:
            return {}
        ids = [generation for generation, _attempt in places]
        values = {"ids": ids, "places": list(places), "until": lease_until}
        rows = (await self._session.execute(_renewing(stored=stored), values)).all()
        return {row.id: row.stop_requested_at is not None for row in rows}

    async def finish(
        self, generation: UUID, attempt: int, *, status: GenerationStatus, at: datetime, stored: bool
    ) -> None:
        """End an answer (*stored* as in checkpoint); LeaseLost when it is not the caller's to end, so that it ends once."""
        values = {"generation": generation, "attempt_made": attempt, "became": status, "at": at}
        if (await self._session.execute(_ending(stored=stored), values)).one_or_none() is None:
            raise LeaseLost

    async def ended_at(self, generation: UUID, attempt: int, *, status: GenerationStatus) -> datetime | None:
        """Return when *attempt* ended an answer as *status*; None when it did not."""
        row = col(Generation.id) == generation, col(Generation.attempt) == attempt
        query = select(col(Generation.finished_at)).where(*row, col(Generation.status) == status)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def release(self, *, writer: str, now: datetime) -> None:
        """Let go of all that *writer* still writes, for others to take over at once."""
        await self._session.execute(
            update(Generation)
            .where(col(Generation.writer) == writer, col(Generation.status).in_(LIVE))
            .values(lease_until=now)
        )

    async def release_silent(
        self, writers: Collection[str], *, leased_before: datetime, now: datetime
    ) -> None:
        """Let go of what *writers* write, as far as no lease was renewed to beyond *leased_before*."""
        await self._session.execute(
            update(Generation)
            .where(
                col(Generation.writer).in_(writers),
                col(Generation.status).in_(LIVE),
                col(Generation.lease_until) < leased_before,
            )
            .values(lease_until=now - timedelta(milliseconds=1))
        )

    async def expire_all(self, *, now: datetime) -> None:
        """Let every lease run out: for a process that knows it is the only one."""
        await self._session.execute(
            update(Generation).where(col(Generation.status).in_(LIVE)).values(lease_until=now)
        )

    async def request_stop(self, generation: UUID, *, at: datetime) -> None:
        """Leave word for the writer, wherever it is."""
        await self._session.execute(
            update(Generation)
            .where(col(Generation.id) == generation, col(Generation.status).in_(LIVE))
            .values(stop_requested_at=func.coalesce(col(Generation.stop_requested_at), at))
        )


# Made once: making them costs more than asking, and they are asked for each answer.
@cache
def _renewing(*, stored: bool) -> Any:
    """Return what renews leases, and notes with *stored* that the messages hold these attempts' text."""
    answers = table_of(Generation).c
    values: dict[str, Any] = {"lease_until": bindparam("until", type_=answers.lease_until.type)}
    return (
        update(table_of(Generation))
        .where(
            # Without the ids by themselves SQLite looks through every answer there ever was.
            answers.id.in_(bindparam("ids", expanding=True)),
            tuple_(answers.id, answers.attempt).in_(bindparam("places", expanding=True)),
            answers.status == GenerationStatus.RUNNING,
        )
        .values(values | ({"stored_attempt": answers.attempt} if stored else {}))
        .returning(answers.id, answers.stop_requested_at)
    )


@cache
def _ending(*, stored: bool) -> Any:
    """Return what ends an answer, and notes with *stored* that its message holds this attempt's text."""
    answers = table_of(Generation).c
    attempt = bindparam("attempt_made", type_=Integer)
    values: dict[str, Any] = {
        "status": bindparam("became", type_=answers.status.type),
        "finished_at": bindparam("at", type_=answers.finished_at.type),
        "lease_until": None,
    }
    return (
        update(table_of(Generation))
        .where(
            answers.id == bindparam("generation", type_=answers.id.type),
            answers.attempt == attempt,
            answers.status == GenerationStatus.RUNNING,
        )
        .values(values | ({"stored_attempt": attempt} if stored else {}))
        .returning(answers.id)
    )


@cache
def _with_message() -> Select[Generation, Message]:
    return (
        select(Generation, Message)
        .join(Message, col(Message.id) == col(Generation.message_id))
        .join(Conversation, col(Conversation.id) == col(Generation.conversation_id))
        .where(
            col(Generation.id) == bindparam("generation"),
            col(Generation.account_id) == bindparam("owner"),
            col(Conversation.deleted_at).is_(None),
        )
    )


@cache
def _live_of() -> Select[int, int]:
    here = col(Generation.conversation_id) == bindparam("conversation")
    return select(func.count(), func.count().filter(here)).where(
        col(Generation.account_id) == bindparam("account"), col(Generation.status).in_(LIVE)
    )


def _silent(now: datetime, apart_from: Collection[UUID]) -> Select[UUID]:
    return select(col(Generation.id)).where(
        col(Generation.status).in_(LIVE),
        col(Generation.lease_until) < now,
        col(Generation.id).not_in(apart_from),
    )
