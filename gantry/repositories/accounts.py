"""People, sessions, audit."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.accounts import SYSTEM, Actor, Person, Role, Session
from gantry.domain.errors import NotFound
from gantry.domain.messages import _
from gantry.models.accounts import Account, AuditEvent, AuthSession
from gantry.repositories.values import values_of

SIGNED_IN = "session.signed-in"  # as the audit calls it


class AccountRepository:
    """People, sessions, audit."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # people

    async def lock_setup(self) -> None:
        """Let one transaction at a time decide whether the installation has accounts.

        SQLite has one writer anyway; in PostgreSQL there is no row yet that could be locked.
        """
        if self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(text("SELECT pg_advisory_xact_lock(hashtext('gantry:setup'))"))

    async def has_any(self) -> bool:
        """Whether there is an account."""
        return await self._session.scalar(select(col(Account.id)).limit(1)) is not None

    async def add(self, row: Account | AuthSession) -> None:
        """Store a new row; a taken e-mail address ends the transaction as Conflict."""
        self._session.add(row)
        await self._session.flush()

    async def find_account(self, account: UUID) -> Account | None:
        """Return an account, or None."""
        return await self._session.get(Account, account)

    async def find_by_email(self, email: str) -> Account | None:
        """Return the account with this (normal) address, or None."""
        return await self._session.scalar(select(Account).where(col(Account.email) == email))

    async def get_account(self, account: UUID, *, lock: bool = False) -> Account:
        """Return an account, locked until the end of the transaction when asked.

        Raises:
            NotFound: There is none.
        """
        query = select(Account).where(col(Account.id) == account)
        row = await self._session.scalar(query.with_for_update() if lock else query)
        if row is None:
            raise NotFound(_("There is no such account."))
        return row

    async def zone_of(self, account: UUID) -> str | None:
        """Return the name of the time zone in which an account reads dates, if a browser has told it."""
        return await self._session.scalar(_zone_of(), {"account": account})

    async def list_people(self, *, search: str, limit: int) -> list[Person]:
        """Return people by name; *search* is looked for anywhere in name and address."""
        query = select(Account).order_by(func.lower(col(Account.name)), col(Account.email)).limit(limit)
        if search:
            query = query.where(
                or_(
                    col(Account.name).icontains(search, autoescape=True),
                    col(Account.email).icontains(search, autoescape=True),
                )
            )
        return values_of(Person, (await self._session.scalars(query)).all())

    async def lock_administrators(self) -> set[UUID]:
        """Return the active administrators, who stay what they are until this transaction ends.

        In order of key, so that two transactions cannot wait for each other.
        """
        query = (
            select(Account)
            .where(col(Account.role) == Role.ADMIN, col(Account.active).is_(True))
            .order_by(col(Account.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return {account.id for account in await self._session.scalars(query)}

    # sessions

    async def find_session(self, hashed: str, now: datetime) -> tuple[Actor, datetime] | None:
        """Return who may act in a session now and when it was last seen, or None.

        Columns rather than rows: this is asked for every event of every page.
        """
        found = (await self._session.execute(_session_of(), {"hashed": hashed, "now": now})).first()
        if found is None:
            return None
        session, last_seen_at, account, email, name, role, language = found
        return Actor(account, email, name, role, session, language=language), last_seen_at

    async def touch_session(
        self, session: UUID, *, seen_before: datetime, now: datetime, until: datetime
    ) -> None:
        """Let a session live on, unless another event has just done so."""
        await self._session.execute(
            update(AuthSession)
            .where(col(AuthSession.id) == session, col(AuthSession.last_seen_at) < seen_before)
            .values(last_seen_at=now, expires_at=until)
        )

    async def list_sessions(self, owner: UUID, *, now: datetime, limit: int) -> list[Session]:
        """Return sessions that have not ended, last seen first."""
        query = (
            select(AuthSession)
            .where(col(AuthSession.account_id) == owner, col(AuthSession.expires_at) > now)
            .order_by(col(AuthSession.last_seen_at).desc(), col(AuthSession.id).desc())
            .limit(limit)
        )
        return values_of(Session, (await self._session.scalars(query)).all())

    async def end_session(self, session: UUID, *, owner: UUID) -> bool:
        """Delete one session of *owner*; False when there is none."""
        ended = await self._session.scalars(
            delete(AuthSession)
            .where(col(AuthSession.id) == session, col(AuthSession.account_id) == owner)
            .returning(col(AuthSession.id))
        )
        return ended.first() is not None

    async def end_sessions(self, owner: UUID, *, keep: UUID | None = None) -> list[UUID]:
        """Delete the sessions of *owner*, all but *keep*; returns which."""
        query = delete(AuthSession).where(col(AuthSession.account_id) == owner)
        if keep is not None:
            query = query.where(col(AuthSession.id) != keep)
        return list(await self._session.scalars(query.returning(col(AuthSession.id))))

    async def delete_expired(self, now: datetime) -> int:
        """Delete sessions that have ended by themselves; returns how many."""
        gone = await self._session.scalars(
            delete(AuthSession).where(col(AuthSession.expires_at) <= now).returning(col(AuthSession.id))
        )
        return len(gone.all())

    # audit

    async def record(
        self,
        who: Actor,
        action: str,
        target: object = "",
        *,
        at: datetime,
        address: str | None = None,
        **details: Any,
    ) -> None:
        """Note in this transaction what *who* did; without *address* it is the one their session came from."""
        if address is None and who.session_id is not None:
            query = select(col(AuthSession.address)).where(col(AuthSession.id) == who.session_id)
            address = await self._session.scalar(query)
        self._session.add(
            AuditEvent(
                at=at,
                actor_id=None if who.id == SYSTEM.id else who.id,
                action=action,
                target=str(target)[:255],
                address=(address or "")[:64],
                details=details,
            )
        )

    async def list_sign_in_addresses(self, account: UUID, *, limit: int) -> list[str]:
        """Return from where an account's last sessions were opened."""
        newest = (
            select(col(AuditEvent.address))
            .where(col(AuditEvent.actor_id) == account, col(AuditEvent.action) == SIGNED_IN)
            .order_by(col(AuditEvent.at).desc())
            .limit(limit)
        )
        return list(dict.fromkeys(await self._session.scalars(newest)))

    async def list_events(self, *, limit: int) -> list[AuditEvent]:
        """Return what was done, newest first."""
        query = select(AuditEvent).order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc()).limit(limit)
        return list(await self._session.scalars(query))


@cache
def _session_of() -> "Select[UUID, datetime, UUID, str, str, Role, str]":
    """Return the query of ``find_session``, made once: making it costs more than asking it."""
    return (
        select(
            col(AuthSession.id),
            col(AuthSession.last_seen_at),
            col(AuthSession.account_id),
            col(Account.email),
            col(Account.name),
            col(Account.role),
            col(Account.language),
        )
        .join(Account, col(Account.id) == col(AuthSession.account_id))
        .where(
            col(AuthSession.token_hash) == bindparam("hashed"),
            col(AuthSession.expires_at) > bindparam("now"),
            col(Account.active).is_(True),
        )
    )


@cache
def _zone_of() -> "Select[str | None]":
    return select(col(Account.time_zone)).where(col(Account.id) == bindparam("account"))
