"""What administrators do with other people's accounts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import SYSTEM, Actor, Person, Role, checked_name, checked_password, normal_email
from gantry.domain.clock import utc_now
from gantry.domain.credentials import PasswordHasher, generated_password
from gantry.domain.errors import Conflict, NotAllowed
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.text import storable
from gantry.models import Account
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of

MAX_LISTED = 200  # where nobody asks for more
_MOST = 5_000
MAX_SEARCH_CHARACTERS = 200  # SQLite refuses patterns of more than 50,000


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleService:
    """What administrators do with accounts.

    Everything that changes something reads the actor's rights again inside its transaction: what a page
    believes about them may be as old as the page.
    """

    database: Database
    passwords: PasswordHasher
    notices: Notices
    now: Callable[[], datetime] = utc_now

    async def list_accounts(self, who: Actor, *, search: str = "", limit: int = MAX_LISTED) -> list[Person]:
        """Administrators: people by name."""
        who.require_admin()
        search = storable(search)[:MAX_SEARCH_CHARACTERS]
        async with self.database.read() as tx:
            return await tx.accounts.list_people(search=search.strip(), limit=min(limit, _MOST))

    async def find_account(self, who: Actor, email: str) -> Person | None:
        """Administrators: the person with exactly this address, if there is one."""
        who.require_admin()
        async with self.database.read() as tx:
            found = await tx.accounts.find_by_email(normal_email(email))
        return value_of(Person, found) if found else None

    async def create_account(
        self, who: Actor, email: str, name: str, role: Role, password: str | None = None
    ) -> tuple[Person, str]:
        """Administrators: add a person; returns the password to hand over (generated when None). Conflict: taken."""
        who.require_admin()
        email = normal_email(email)
        password = generated_password() if password is None else checked_password(password)
        hashed = await self.passwords.hash(password)
        async with self.database.begin() as tx:
            await self._administrators(tx, who)
            if await tx.accounts.find_by_email(email) is not None:
                raise Conflict(_("There is already an account with this e-mail address."))
            account = new_account(email, checked_name(name, email), hashed, role, self.now())
            await tx.accounts.add(account)
            await tx.accounts.record(who, "account.created", email, at=self.now(), role=role.value)
        return value_of(Person, account), password

    async def set_active(self, who: Actor, account: UUID, active: bool) -> None:
        """Administrators: deactivate (ends all sessions) or activate; Conflict for the last administrator."""
        who.require_admin()
        ended: list[UUID] = []
        async with self.database.begin() as tx:
            administrators = await self._administrators(tx, who)
            row = await tx.accounts.get_account(account, lock=True)
            if row.active == active:
                return
            if not active:
                _keep_one(administrators, without=row.id)
            action = "account.activated" if active else "account.deactivated"
            await tx.accounts.record(who, action, row.email, at=self.now())
            row.active = active
            if not active:
                ended = await tx.accounts.end_sessions(row.id)
        tell_of_ends(self.notices, account, ended)

    async def set_role(self, who: Actor, account: UUID, role: Role) -> None:
        """Administrators: promote or demote; Conflict for the last active administrator."""
        who.require_admin()
        async with self.database.begin() as tx:
            administrators = await self._administrators(tx, who)
            row = await tx.accounts.get_account(account, lock=True)
            if row.role is role:
                return
            if role is not Role.ADMIN:
                _keep_one(administrators, without=row.id)
            row.role = role
            await tx.accounts.record(who, "account.role-changed", row.email, at=self.now(), role=role.value)
        self.notices.publish(account, Notice(NoticeKind.CATALOG))  # open pages show what the new role may see

    async def reset_password(self, who: Actor, account: UUID) -> str:
        """Administrators: set a generated password, end the person's sessions and tokens, return it to hand over."""
        who.require_admin()
        password = generated_password()
        hashed = await self.passwords.hash(password)
        async with self.database.begin() as tx:
            await self._administrators(tx, who)
            row = await tx.accounts.get_account(account, lock=True)
            await tx.accounts.record(who, "password.reset", row.email, at=self.now())
            row.password_hash, row.password_changed_at = hashed, self.now()
            ended = await tx.accounts.end_sessions(row.id)
            await tx.api_tokens.remove_all(row.id)
        tell_of_ends(self.notices, account, ended)
        return password

    async def _administrators(self, tx: UnitOfWork, who: Actor) -> set[UUID]:
        """Lock and return the active administrators; NotAllowed when *who* is none of them any more."""
        administrators = await tx.accounts.lock_administrators()
        if who.id != SYSTEM.id and who.id not in administrators:
            raise NotAllowed(_("Only an administrator may do this."))
        return administrators


def new_account(email: str, name: str, hashed: str, role: Role, at: datetime) -> Account:
    """Return a row that is not stored yet."""
    return Account(
        email=email, name=name, password_hash=hashed, role=role, created_at=at, password_changed_at=at
    )


def tell_of_ends(notices: Notices, account: UUID, ended: Iterable[UUID]) -> None:
    """Tell open pages which of their sessions have ended; call after the commit."""
    for session in ended:
        notices.publish(account, Notice(NoticeKind.SESSION, str(session)))


def _keep_one(administrators: set[UUID], *, without: UUID) -> None:
    if administrators == {without}:
        raise Conflict(
            _("This is the last active administrator."), advice=_("Make someone else an administrator first.")
        )
