"""What changes who a person is here: another e-mail address, and leaving."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gantry.domain.accounts import SYSTEM, Actor, Person, normal_email
from gantry.domain.clock import utc_now
from gantry.domain.credentials import PasswordHasher
from gantry.domain.errors import Conflict, Invalid, TooManyAttempts
from gantry.domain.leaving import Receipt
from gantry.domain.limits import RateLimiter
from gantry.domain.live import Notices
from gantry.domain.messages import _
from gantry.domain.vectors import VectorKind
from gantry.models import Account
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of
from gantry.services.accounts import ATTEMPT_WINDOW_SECONDS, ATTEMPTS_PER_ACCOUNT
from gantry.services.cleaning import Cleaner
from gantry.services.people import tell_of_ends
from gantry.services.writing import Writers


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccountService:
    """Each method asks for the password again: a session that was left open, or stolen, is not enough."""

    database: Database
    passwords: PasswordHasher
    limiter: RateLimiter
    notices: Notices
    cleaner: Cleaner
    writers: Writers
    now: Callable[[], datetime] = utc_now

    async def change_email(self, who: Actor, email: str, password: str) -> Person:
        """Sign in with another address from now on.

        Raises:
            Invalid: Not an address, or not the password.
            Conflict: Somebody has it.
        """
        email = normal_email(email)
        before = await self._known(who, password)
        async with self.database.begin() as tx:
            account = await self._unchanged(tx, before)
            other = await tx.accounts.find_by_email(email)
            if other is not None and other.id != who.id:
                raise Invalid(_("There is already an account with this e-mail address."), field="email")
            await tx.accounts.record(who, "email.changed", email, at=self.now(), before=account.email)
            account.email = email
        return value_of(Person, account)

    async def holdings(self, who: Actor) -> Receipt:
        """Return what would go with the account."""
        async with self.database.read() as tx:
            return await self._counted(tx, who)

    async def delete(self, who: Actor, password: str) -> Receipt:
        """Remove the account with everything that is its own, at once and for good; returns what that was.

        Raises:
            Invalid: Not the password.
            Conflict: It is the last active administrator's.
        """
        before = await self._known(who, password)
        async with self.database.begin() as tx:
            administrators = await tx.accounts.lock_administrators()
            await self._unchanged(tx, before)
            if administrators == {who.id}:
                raise Conflict(
                    _("You are the last active administrator."),
                    advice=_("Make someone else an administrator first: Administration → People."),
                )
            receipt = await self._counted(tx, who)
            documents, live = await tx.own_account.documents(who.id), await tx.own_account.live(who.id)
            ended = await tx.accounts.end_sessions(who.id)
            await tx.own_account.remove(who.id)
            await tx.accounts.record(SYSTEM, "account.deleted", who.id, at=self.now())
        for generation in live:
            self.writers.stop(generation)
        # The page that asked shows the receipt; the others go to the page for signing in.
        tell_of_ends(self.notices, who.id, [each for each in ended if each != who.session_id])
        await self.cleaner.forget(who.id, documents)
        for kind in VectorKind:
            await self.cleaner.vectors.forget(who.id, kind)
        return receipt

    async def _counted(self, tx: UnitOfWork, who: Actor) -> Receipt:
        rows = await tx.own_account.holdings(who.id)
        return Receipt(who.email, self.now(), rows, await tx.vault.stored_bytes(who.id))

    async def _known(self, who: Actor, password: str) -> Account:
        """Return the account whose password this is; a stolen session must not guess it."""
        key = f"password:{who.id}"
        wait = await self.limiter.hit(key, limit=ATTEMPTS_PER_ACCOUNT, window_seconds=ATTEMPT_WINDOW_SECONDS)
        if wait:
            until = self.now() + timedelta(seconds=wait)
            raise TooManyAttempts(_("Too many attempts."), retry_after_seconds=wait, until=until)
        async with self.database.read() as tx:
            account = await tx.accounts.get_account(who.id)
        if not (await self.passwords.verify(password, account.password_hash)).right:
            raise Invalid(_("This is not your password."), field="password")
        await self.limiter.forget(key)
        return account

    async def _unchanged(self, tx: UnitOfWork, before: Account) -> Account:
        account = await tx.accounts.get_account(before.id, lock=True)
        if account.password_changed_at != before.password_changed_at:
            raise Conflict(_("Your password was changed at the same time."), advice=_("Sign in again."))
        return account
