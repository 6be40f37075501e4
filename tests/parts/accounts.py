"""The account service as tests use it: real parts, with a hash that costs next to nothing."""

import asyncio
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from gantry.adapters.in_process.live import InProcessNotices, InProcessRateLimiter
from gantry.adapters.secrets.passwords import Argon2Cost, Argon2Passwords
from gantry.domain.accounts import SYSTEM, Actor, Client, Role
from gantry.domain.live import Notice, NoticeKind
from gantry.repositories.database import Database
from gantry.runtime import Services
from gantry.services.accounts import AccountService
from gantry.services.people import PeopleService

CHEAP = Argon2Cost(passes=1, memory_kib=8)
PASSWORD = "a good long password"
HOME = Client("192.0.2.7", "Firefox on Linux")


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    moment: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Accounts:
    """An account service on *database* and what it was given."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    notices: InProcessNotices = field(default_factory=InProcessNotices)

    def __post_init__(self) -> None:
        self.service = AccountService(
            database=self.database,
            passwords=Argon2Passwords(CHEAP),
            notices=self.notices,
            limiter=InProcessRateLimiter(clock=lambda: self.clock().timestamp()),
            now=self.clock,
        )
        self.people = PeopleService(
            database=self.database, passwords=Argon2Passwords(CHEAP), notices=self.notices, now=self.clock
        )

    async def person(self, email: str, role: Role = Role.USER) -> Actor:
        """Add somebody with PASSWORD and sign them in."""
        await self.people.create_account(SYSTEM, email, "", role, PASSWORD)
        return (await self.service.sign_in(email, PASSWORD, HOME)).actor

    async def actions(self) -> list[str]:
        """Return what the audit tells, oldest first."""
        async with self.database.read() as tx:
            return [event.action for event in reversed(await tx.accounts.list_events(limit=100))]


async def ended_sessions(feed: object, count: int) -> set[str]:
    """Return the ids of the next *count* sessions that a feed tells the end of."""
    told: set[str] = set()
    async with asyncio.timeout(2):
        while len(told) < count:
            notice: Notice = await anext(feed)  # pyright: ignore[reportArgumentType, reportCallIssue]
            assert notice.kind is NoticeKind.SESSION
            told.add(notice.id)
    return told


def only(**given: Any) -> Services:
    """Return services of which a test uses only some."""
    names = [each.name for each in fields(Services)]
    return Services(**{name: given.get(name, cast(Any, None)) for name in names})
