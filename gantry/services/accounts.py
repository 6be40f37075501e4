"""Accounts, sign-in and sessions."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from gantry.domain.accounts import (
    MAX_PASSWORD_CHARACTERS,
    SYSTEM,
    THEMES,
    Actor,
    Client,
    Person,
    Role,
    Session,
    SignedIn,
    checked_name,
    checked_password,
    normal_email,
)
from gantry.domain.api_tokens import Scope
from gantry.domain.clock import utc_now
from gantry.domain.credentials import PasswordHasher, network_of, new_token, token_hash
from gantry.domain.errors import Conflict, Invalid, NotFound, NotSignedIn, TooManyAttempts, Unavailable
from gantry.domain.limits import RateLimiter
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import LANGUAGES, _
from gantry.domain.preferences import NO_WISHES, Wishes
from gantry.domain.telemetry import UNMEASURED, Telemetry
from gantry.log import add_log_context
from gantry.models import Account, AuthSession
from gantry.repositories.accounts import SIGNED_IN
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of
from gantry.services.people import new_account, tell_of_ends
from gantry.services.preferences import take_wishes

__all__ = ["AccountService", "Client", "SignedIn"]

SIGN_INS_REMEMBERED = 200  # of an account: from where its owner is let in although strangers try
_TOO_MANY = _("Too many attempts.")
_ACCOUNT_FULL = _("Too many attempts to sign in. For now even the right password is refused.")
TOUCH_SECONDS = 60  # how often at most a session that is in use is written
MAX_SESSIONS_LISTED = 100

# Five wrong passwords are more than a forgetful owner needs, and 480 guesses a day find no password of ten
# characters; a window rather than a lock, so that nobody can lock others out for longer than it lasts.
ATTEMPT_WINDOW_SECONDS = 15 * 60
ATTEMPTS_PER_ACCOUNT = 5  # from one network, so that nobody elsewhere can lock the owner out
ATTEMPTS_PER_ACCOUNT_ANYWHERE = 50
# Against one guess at each of many accounts. Successes count too (the limiter cannot take one back, and a
# counter that a success resets is one a guesser with an account resets), so an office behind one address
# must be able to sign in on a Monday morning.
ATTEMPTS_PER_ADDRESS = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    """Sessions, and what people do with their own account."""

    database: Database
    passwords: PasswordHasher
    notices: Notices
    limiter: RateLimiter
    session_hours: float = 24
    setup_code: str = field(default="", repr=False)
    telemetry: Telemetry = UNMEASURED
    now: Callable[[], datetime] = utc_now

    # the first administrator

    async def needs_setup(self) -> bool:
        """Whether there is no account yet."""
        async with self.database.read() as tx:
            return not await tx.accounts.has_any()

    async def set_up(
        self, email: str, password: str, name: str, client: Client, *, code: str | None = None
    ) -> SignedIn:
        """Make the first administrator. Conflict when there is an account already.

        Args:
            code: What somebody gave who asks over a network, where a stranger may be first; None for who sits here.

        Raises:
            Invalid: *code* is not the one in the log.
        """
        email, password = normal_email(email), checked_password(password)
        done = Conflict(_("This installation is already set up."), advice=_("Sign in."))
        if not await self.needs_setup():  # before the slow hash, which strangers must not get for free
            raise done
        self._check_setup_code(code)
        hashed = await self.passwords.hash(password)
        async with self.database.begin() as tx:
            account = await self._add_first(tx, email, checked_name(name, email), hashed)
            if account is None:
                raise done
            return await self._open_session(tx, account, client)

    def _check_setup_code(self, code: str | None) -> None:
        if code is None:
            return
        given = "".join(code.split()).lower().replace("-", "")
        wanted = self.setup_code.replace("-", "")
        if not wanted or not compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
            raise Invalid(
                _("Incorrect set-up code.")
                if given
                else _("Enter the set-up code: it is needed from another machine."),
                advice=_("Gantry writes it to its log when it starts: look for setup_code."),
                field="code",
            )

    async def ensure_admin(self, email: str, password: str) -> bool:
        """Make the first administrator of an unattended installation; False when there is an account already.

        Raises:
            Invalid: Not an e-mail address, or a password we do not accept.
        """
        if not await self.needs_setup():
            return False
        email, password = normal_email(email), checked_password(password)
        hashed = await self.passwords.hash(password)
        async with self.database.begin() as tx:
            return await self._add_first(tx, email, checked_name("", email), hashed) is not None

    async def _add_first(self, tx: UnitOfWork, email: str, name: str, hashed: str) -> Account | None:
        await tx.accounts.lock_setup()
        if await tx.accounts.has_any():
            return None
        account = new_account(email, name, hashed, Role.ADMIN, self.now())
        await tx.accounts.add(account)
        await tx.accounts.record(SYSTEM, "account.set-up", email, at=self.now())
        return account

    # sessions

    async def sign_in(self, email: str, password: str, client: Client) -> SignedIn:
        """Open a session. NotSignedIn for a wrong pair (same words and time for unknown), TooManyAttempts."""
        email = normal_email(email)
        network = network_of(client.address)
        await self._count(f"sign-in:address:{network}", ATTEMPTS_PER_ADDRESS)
        async with self.database.read() as tx:
            found = await tx.accounts.find_by_email(email)
        # A new password begins new counts: who runs the machine can let an owner in again at once.
        secret = f"{email}:{int(found.password_changed_at.timestamp()) if found else 0}"
        here = f"sign-in:account:{secret}:{network}"
        await self._count(here, ATTEMPTS_PER_ACCOUNT, _ACCOUNT_FULL)
        try:
            await self._count(f"sign-in:account:{secret}", ATTEMPTS_PER_ACCOUNT_ANYWHERE, _ACCOUNT_FULL)
        except TooManyAttempts:
            # Strangers with many addresses must not lock the owner out of where they have signed in before.
            if found is None or not await self._has_signed_in_from(found.id, network):
                raise
        known = found is not None and found.active and len(password) <= MAX_PASSWORD_CHARACTERS
        verdict = await self.passwords.verify(password, found.password_hash if found and known else None)
        if found is None or not verdict.right:
            log.info("sign_in.refused", extra={"address": client.address})
            raise _no_match()
        async with self.database.begin() as tx:
            account = await tx.accounts.get_account(found.id, lock=True)
            if not account.active or account.password_changed_at != found.password_changed_at:
                raise _no_match()  # it changed while we hashed: the session must not outlive that
            account.password_hash = verdict.rehashed or account.password_hash
            signed_in = await self._open_session(tx, account, client)
        await self.limiter.forget(here)
        return signed_in

    async def authenticate(self, token: str | None) -> Actor:
        """Return whose session *token* is; NotSignedIn when it is not, has ended, or the account is inactive."""
        if not token:
            raise NotSignedIn(_("You are not signed in."))
        now = self.now()
        async with self.database.read(brief=True) as tx:
            found = await tx.accounts.find_session(token_hash(token), now)
        if found is None:
            raise NotSignedIn
        actor, last_seen_at = found
        add_log_context(account=actor.id)
        if actor.session_id and last_seen_at <= now - timedelta(seconds=TOUCH_SECONDS):
            await self._touch(actor.session_id, now)
        return actor

    async def sign_out(self, who: Actor) -> None:
        """End the session *who* came with."""
        if who.session_id is not None:
            with suppress(NotFound):  # ended from elsewhere a moment ago
                await self._end(who, who.session_id, "session.signed-out")

    async def list_sessions(self, who: Actor) -> list[Session]:
        """Return the person's sessions that have not ended, last seen first."""
        async with self.database.read() as tx:
            return await tx.accounts.list_sessions(who.id, now=self.now(), limit=MAX_SESSIONS_LISTED)

    async def revoke_session(self, who: Actor, session: UUID) -> None:
        """End one of the person's own sessions, at once everywhere."""
        who.require_any(Scope.ADMIN)
        await self._end(who, session, "session.revoked")

    async def revoke_other_sessions(self, who: Actor) -> int:
        """End all but the session *who* came with; returns how many."""
        who.require_any(Scope.ADMIN)
        async with self.database.begin() as tx:
            ended = await tx.accounts.end_sessions(who.id, keep=who.session_id)
            await tx.accounts.record(who, "sessions.revoked", at=self.now(), sessions=len(ended))
        tell_of_ends(self.notices, who.id, ended)
        return len(ended)

    async def housekeeping(self, now: datetime) -> int:
        """Delete sessions that ended before *now*; returns how many."""
        async with self.database.begin() as tx:
            return await tx.accounts.delete_expired(now)

    # oneself

    async def profile(self, who: Actor) -> Person:
        """Return the person's own account."""
        async with self.database.read() as tx:
            return value_of(Person, await tx.accounts.get_account(who.id))

    async def update_profile(
        self,
        who: Actor,
        *,
        name: str | None = None,
        theme: str | None = None,
        language: str | None = None,
        default_model: str | None = None,
        wishes: Wishes = NO_WISHES,
    ) -> Person:
        """Change what is given (theme: system, light or dark; language: empty for the browser's; an empty default model forgets it).

        Invalid names the field that cannot be, and then nothing is changed.
        """
        if theme is not None and theme not in THEMES:
            raise Invalid(_("Choose the theme system, light or dark."), field="theme")
        if language is not None and language not in {"", *LANGUAGES}:
            raise Invalid(_("Gantry does not speak this language."), field="language")
        if default_model is not None and len(default_model) > 255:
            raise Invalid(_("No model has a name that long."), field="default_model")
        async with self.database.begin() as tx:
            account = await tx.accounts.get_account(who.id, lock=True)
            if name is not None:
                account.name = checked_name(name, account.email)
            if theme is not None:
                account.theme = theme
            if language is not None:
                account.language = language
            if default_model is not None:
                account.default_model = default_model or None
            take_wishes(account, wishes)
        if theme is not None or wishes != NO_WISHES:
            self.notices.publish(who.id, Notice(NoticeKind.LOOKS, origin=who.page))
        return value_of(Person, account)

    async def change_password(self, who: Actor, current: str, new: str) -> None:
        """Set a new password and end the person's other sessions. Invalid(field="current") for a wrong one."""
        who.require_any(Scope.ADMIN)
        checked_password(new)
        await self._count(f"password:{who.id}", ATTEMPTS_PER_ACCOUNT)  # a stolen session must not guess it
        async with self.database.read() as tx:
            before = await tx.accounts.get_account(who.id)
        if not (await self.passwords.verify(current, before.password_hash)).right:
            raise Invalid(_("This is not your current password."), field="current")
        hashed = await self.passwords.hash(new)
        async with self.database.begin() as tx:
            account = await tx.accounts.get_account(who.id, lock=True)
            if account.password_changed_at != before.password_changed_at:
                raise Conflict(_("Your password was changed at the same time."), advice=_("Sign in again."))
            await tx.accounts.record(who, "password.changed", account.email, at=self.now())
            account.password_hash, account.password_changed_at = hashed, self.now()
            ended = await tx.accounts.end_sessions(who.id, keep=who.session_id)
        await self.limiter.forget(f"password:{who.id}")
        tell_of_ends(self.notices, who.id, ended)

    # the pieces

    async def _count(self, key: str, limit: int, sentence: str = _TOO_MANY) -> None:
        wait = await self.limiter.hit(key, limit=limit, window_seconds=ATTEMPT_WINDOW_SECONDS)
        if wait:
            self.telemetry.refused(key.partition(":")[0])
            until = self.now() + timedelta(seconds=wait)
            raise TooManyAttempts(sentence, retry_after_seconds=wait, until=until)

    async def _has_signed_in_from(self, account: UUID, network: str) -> bool:
        async with self.database.read() as tx:
            addresses = await tx.accounts.list_sign_in_addresses(account, limit=SIGN_INS_REMEMBERED)
        return any(network_of(address) == network for address in addresses)

    async def _open_session(self, tx: UnitOfWork, account: Account, client: Client) -> SignedIn:
        token, now = new_token(), self.now()
        session = AuthSession(
            account_id=account.id,
            token_hash=token_hash(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=self.session_hours),
            agent=client.agent[:300],
            address=client.address[:64],
        )
        await tx.accounts.add(session)
        actor = Actor(account.id, account.email, account.name, account.role, session.id)
        await tx.accounts.record(actor, SIGNED_IN, session.id, at=now, address=client.address)
        look = value_of(Person, account).look
        return SignedIn(token, session.expires_at, actor, account.theme, look, account.language)

    async def _end(self, who: Actor, session: UUID, action: str) -> None:
        async with self.database.begin() as tx:
            await tx.accounts.record(who, action, session, at=self.now())
            if not await tx.accounts.end_session(session, owner=who.id):
                raise NotFound(_("There is no such session."))
        tell_of_ends(self.notices, who.id, [session])

    async def _touch(self, session: UUID, now: datetime) -> None:
        try:
            async with self.database.begin() as tx:
                await tx.accounts.touch_session(
                    session,
                    seen_before=now - timedelta(seconds=TOUCH_SECONDS),
                    now=now,
                    until=now + timedelta(hours=self.session_hours),
                )
        except Unavailable:  # the session is good either way; the next event tries again
            log.warning("session.touch_failed", exc_info=True)


def _no_match() -> NotSignedIn:
    return NotSignedIn(_("Incorrect e-mail or password."), advice="")
