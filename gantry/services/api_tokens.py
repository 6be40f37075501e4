"""Tokens of programs: made, listed, revoked, and believed."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.api_tokens import (
    HINT_CHARACTERS,
    MAX_TOKENS,
    REQUESTS_PER_MINUTE,
    ApiToken,
    NewApiToken,
    Scope,
    checked_scopes,
    checked_token_name,
    in_order,
    is_well_formed,
    new_api_token,
)
from gantry.domain.clock import utc_now
from gantry.domain.credentials import token_hash
from gantry.domain.errors import (
    Conflict,
    Invalid,
    InvalidToken,
    MissingScope,
    NotFound,
    TooManyAttempts,
    Unavailable,
)
from gantry.domain.limits import RateLimiter
from gantry.domain.messages import _
from gantry.domain.telemetry import UNMEASURED, Telemetry
from gantry.log import add_log_context
from gantry.models import ApiToken as Row
from gantry.repositories.database import Database

TOUCH_SECONDS = 60  # how often at most the last use is written
KEPT_DAYS = 30  # for which an expired token is still listed
_MINUTE = 60

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokenService:
    """What programs sign in with. The methods that change something want a session, or a token for ``admin``."""

    database: Database
    limiter: RateLimiter
    requests_per_minute: int = REQUESTS_PER_MINUTE
    telemetry: Telemetry = UNMEASURED
    now: Callable[[], datetime] = utc_now
    _touching: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def authenticate(self, secret: str) -> Actor:
        """Return who acts by this token.

        Raises:
            InvalidToken: It is none, has expired or was revoked, or the account is not active.
        """
        return (await self._find(secret))[0]

    async def use(self, secret: str, address: str) -> Actor:
        """Return who acts by this token in one more request from *address*; the last use is written afterwards.

        Raises:
            InvalidToken: As in ``authenticate``.
            TooManyAttempts: It is used more often than a token may be, on all replicas together.
        """
        actor, last_used_at = await self._find(secret)
        await self._count(actor)
        now = self.now()
        if last_used_at is None or last_used_at <= now - timedelta(seconds=TOUCH_SECONDS):
            self._touch_later(actor, address, now)
        return actor

    async def create(
        self, who: Actor, name: str, scopes: Collection[str], expires_at: datetime | None = None
    ) -> NewApiToken:
        """Make a token; a token makes none that may do more than itself, or that lives longer.

        Raises:
            Invalid: A blank name, no scope or an unknown one, or a time that has passed.
            MissingScope: *who* acts by a token that is not for this.
            Conflict: The account has as many as it may have.
        """
        who.require_any(Scope.ADMIN)
        name, wanted, now = checked_token_name(name), checked_scopes(scopes), self.now()
        if expires_at is not None and expires_at <= now:
            raise Invalid(_("Choose an expiry in the future."), field="expires_at")
        if not wanted <= who.scopes:
            raise MissingScope(*in_order(wanted - who.scopes))
        secret = new_api_token()
        async with self.database.begin() as tx:
            await tx.accounts.get_account(who.id, lock=True)  # so that two cannot both be the last one
            if await tx.api_tokens.count(who.id) >= MAX_TOKENS:
                raise Conflict(
                    _("You already have {most} tokens.", most=MAX_TOKENS),
                    advice=_("Revoke one that you no longer need."),
                )
            if who.token_id is not None:
                expires_at = await self._no_later_than(
                    await tx.api_tokens.find(who.token_id, owner=who.id), expires_at
                )
            token = await tx.api_tokens.add(
                Row(
                    account_id=who.id,
                    name=name,
                    scopes=" ".join(in_order(wanted)),
                    token_hash=token_hash(secret),
                    hint=secret[-HINT_CHARACTERS:],
                    created_at=now,
                    expires_at=expires_at,
                )
            )
            await tx.accounts.record(
                who, "token.created", token.id, at=now, name=name, scopes=list(token.scopes)
            )
        return NewApiToken(secret, token)

    async def list_tokens(self, who: Actor) -> list[ApiToken]:
        """Return the person's tokens, newest first; those that have expired for a while longer."""
        async with self.database.read() as tx:
            return await tx.api_tokens.list_tokens(who.id, limit=MAX_TOKENS)

    async def revoke(self, who: Actor, token: UUID) -> None:
        """Revoke one of the person's own tokens, at once everywhere. NotFound when there is none."""
        who.require_any(Scope.ADMIN)
        async with self.database.begin() as tx:
            name = await tx.api_tokens.remove(token, owner=who.id)
            if name is None:
                raise NotFound(_("There is no such token."))
            await tx.accounts.record(who, "token.revoked", token, at=self.now(), name=name)

    async def housekeeping(self, now: datetime) -> int:
        """Delete tokens that expired long ago; returns how many."""
        async with self.database.begin() as tx:
            return await tx.api_tokens.remove_expired(now - timedelta(days=KEPT_DAYS))

    async def settle(self) -> None:
        """Wait until the uses noted so far are written; call before the database is closed."""
        await asyncio.gather(*self._touching, return_exceptions=True)

    async def _find(self, secret: str) -> tuple[Actor, datetime | None]:
        if not is_well_formed(secret):
            raise InvalidToken
        async with self.database.read(brief=True) as tx:
            found = await tx.api_tokens.find_actor(token_hash(secret), self.now())
        if found is None:
            raise InvalidToken
        add_log_context(account=found[0].id)
        return found

    async def _count(self, actor: Actor) -> None:
        key = f"token:{actor.token_id}"
        wait = await self.limiter.hit(key, limit=self.requests_per_minute, window_seconds=_MINUTE)
        if wait:
            self.telemetry.refused("token")
            raise TooManyAttempts(
                _(
                    "This token has made more than {most} requests within a minute.",
                    most=self.requests_per_minute,
                ),
                retry_after_seconds=wait,
                until=self.now() + timedelta(seconds=wait),
            )

    async def _no_later_than(self, own: ApiToken | None, expires_at: datetime | None) -> datetime | None:
        if own is None:  # revoked a moment ago
            raise InvalidToken
        if own.expires_at is None:
            return expires_at
        return own.expires_at if expires_at is None else min(own.expires_at, expires_at)

    def _touch_later(self, actor: Actor, address: str, now: datetime) -> None:
        name = str(actor.token_id)
        if any(task.get_name() == name for task in self._touching):
            return
        task = asyncio.create_task(self._touch(actor, address, now), name=name)
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def _touch(self, actor: Actor, address: str, now: datetime) -> None:
        if actor.token_id is None:
            return
        before = now - timedelta(seconds=TOUCH_SECONDS)
        try:
            async with self.database.begin() as tx:
                await tx.api_tokens.touch(actor.token_id, used_before=before, now=now, address=address[:64])
        except Unavailable:  # the token is good either way; the next request tries again
            log.warning("token.touch_failed", exc_info=True)
