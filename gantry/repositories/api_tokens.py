"""Tokens of programs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.accounts import Actor
from gantry.domain.api_tokens import ApiToken, Scope, in_order
from gantry.models.accounts import Account
from gantry.models.accounts import ApiToken as Row


class ApiTokenRepository:
    """Tokens of programs."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: Row) -> ApiToken:
        """Store a new token."""
        self._session.add(row)
        await self._session.flush()
        return _value(row)

    async def find_actor(self, hashed: str, now: datetime) -> tuple[Actor, datetime | None] | None:
        """Return who may act by a token now and when it was last used, or None."""
        query = (
            select(
                col(Row.id),
                col(Row.scopes),
                col(Row.last_used_at),
                col(Row.account_id),
                col(Account.email),
                col(Account.name),
                col(Account.role),
            )
            .join(Account, col(Account.id) == col(Row.account_id))
            .where(
                col(Row.token_hash) == hashed,
                or_(col(Row.expires_at).is_(None), col(Row.expires_at) > now),
                col(Account.active).is_(True),
            )
        )
        found = (await self._session.execute(query)).first()
        if found is None:
            return None
        token, scopes, last_used_at, account, email, name, role = found
        actor = Actor(account, email, name, role, token_id=token, scopes=frozenset(_scopes(scopes)))
        return actor, last_used_at

    async def touch(self, token: UUID, *, used_before: datetime, now: datetime, address: str) -> None:
        """Note a use, unless another request has just done so."""
        due = or_(col(Row.last_used_at).is_(None), col(Row.last_used_at) < used_before)
        await self._session.execute(
            update(Row).where(col(Row.id) == token, due).values(last_used_at=now, last_used_from=address)
        )

    async def find(self, token: UUID, *, owner: UUID) -> ApiToken | None:
        """Return one token of *owner*, or None."""
        query = select(Row).where(col(Row.id) == token, col(Row.account_id) == owner)
        row = await self._session.scalar(query)
        return _value(row) if row else None

    async def list_tokens(self, owner: UUID, *, limit: int) -> list[ApiToken]:
        """Return tokens, newest first, also those that have expired."""
        query = (
            select(Row)
            .where(col(Row.account_id) == owner)
            .order_by(col(Row.created_at).desc(), col(Row.id).desc())
            .limit(limit)
        )
        return [_value(row) for row in await self._session.scalars(query)]

    async def count(self, owner: UUID) -> int:
        """Return how many tokens an account has; lock its row first when one is to be added."""
        query = select(func.count()).select_from(Row).where(col(Row.account_id) == owner)
        return await self._session.scalar(query) or 0

    async def remove(self, token: UUID, *, owner: UUID) -> str | None:
        """Delete one token of *owner* and return its name; None when there is none."""
        gone = await self._session.scalars(
            delete(Row).where(col(Row.id) == token, col(Row.account_id) == owner).returning(col(Row.name))
        )
        return gone.first()

    async def remove_all(self, owner: UUID) -> int:
        """Delete every token of *owner*; returns how many."""
        gone = await self._session.scalars(
            delete(Row).where(col(Row.account_id) == owner).returning(col(Row.id))
        )
        return len(gone.all())

    async def remove_expired(self, before: datetime) -> int:
        """Delete tokens that expired before *before*; returns how many."""
        gone = await self._session.scalars(
            delete(Row).where(col(Row.expires_at) < before).returning(col(Row.id))
        )
        return len(gone.all())


def _value(row: Row) -> ApiToken:
    return ApiToken(
        id=row.id,
        name=row.name,
        scopes=in_order(_scopes(row.scopes)),
        hint=row.hint,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        last_used_from=row.last_used_from,
    )


def _scopes(stored: str) -> list[Scope]:
    return [Scope(each) for each in stored.split() if each in set(Scope)]
