"""``python -m gantry user …``: accounts from the command line, for installations nobody can sign in to.

It needs the database and nothing else that runs. The services are imported by the command that is run:
``--help`` and mistakes answer at once.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from gantry.domain.accounts import SYSTEM, Role, normal_email
from gantry.domain.errors import GantryError, NotFound
from gantry.settings import Settings, load_settings

if TYPE_CHECKING:
    from gantry.domain.live import NoticeBoard
    from gantry.models import Account
    from gantry.services.accounts import AccountService


def add_user_commands(commands: Any) -> None:
    """Add ``user`` to the parser's commands; each sets ``run``, which ends the process with 1 on an error."""
    user = commands.add_parser("user", help="create people, list them, reset a password")
    acts = user.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = acts.add_parser("create", help="add a person")
    new.add_argument("email", metavar="EMAIL")
    new.add_argument("--name", default="", help="as shown; by default the part of the address before the @")
    new.add_argument("--admin", action="store_true", help="let them administer the installation")
    new.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input, do not make one"
    )
    new.set_defaults(run=_running(_create))
    everybody = acts.add_parser("list", help="list people")
    everybody.add_argument("--search", default="", help="only those with this in name or address")
    everybody.set_defaults(run=_running(_list))
    reset = acts.add_parser("reset-password", help="set a new password and end the person's sessions")
    reset.add_argument("email", metavar="EMAIL")
    reset.set_defaults(run=_running(_reset_password))
    disable = acts.add_parser("disable", help="keep a person out, and end their sessions")
    disable.add_argument("email", metavar="EMAIL")
    disable.set_defaults(run=_running(_disable))
    enable = acts.add_parser("enable", help="let a person in again")
    enable.add_argument("email", metavar="EMAIL")
    enable.set_defaults(run=_running(_enable))


def _running(
    command: Callable[["AccountService", argparse.Namespace], Awaitable[str]],
) -> Callable[[argparse.Namespace], None]:
    async def run(chosen: argparse.Namespace) -> str:
        async with opened_accounts(load_settings()) as accounts:
            return await command(accounts, chosen)

    def run_and_tell(chosen: argparse.Namespace) -> None:
        try:
            told = asyncio.run(run(chosen))
        except GantryError as error:
            raise SystemExit(f"{error.public} {error.advice}".rstrip()) from error
        sys.stdout.write(f"{told}\n")

    return run_and_tell


@asynccontextmanager
async def opened_accounts(settings: Settings) -> AsyncGenerator["AccountService"]:
    """Open the database and yield the service for accounts.

    With Redis, pages that are open are told of ended sessions at once; else they learn of it with their next event.

    Raises:
        WrongSchema: The database has to be migrated first.
    """
    from gantry.adapters.memory_live import MemoryRateLimiter  # noqa: PLC0415
    from gantry.adapters.passwords import Argon2Passwords  # noqa: PLC0415
    from gantry.repositories import migrations  # noqa: PLC0415
    from gantry.repositories.database import Database  # noqa: PLC0415
    from gantry.services.accounts import AccountService  # noqa: PLC0415

    migrations.require_head(await asyncio.to_thread(migrations.current, settings.database_url))
    async with Database(settings.database_url) as database, _board(settings) as board:
        yield AccountService(
            database=database,
            passwords=Argon2Passwords(),
            board=board,
            limiter=MemoryRateLimiter(),
            session_hours=settings.session_expire_hours,
        )


@asynccontextmanager
async def _board(settings: Settings) -> AsyncGenerator["NoticeBoard"]:
    """Yield a board to publish on; what was published is sent at the end."""
    if settings.redis_url is None:
        from gantry.adapters.memory_live import MemoryNoticeBoard  # noqa: PLC0415

        yield MemoryNoticeBoard()
        return
    from gantry.adapters.redis_live import RedisNoticeBoard, connect  # noqa: PLC0415

    async with connect(settings.redis_url) as redis:
        board = RedisNoticeBoard(redis)
        yield board
        await board.aclose()


async def _create(accounts: "AccountService", chosen: argparse.Namespace) -> str:
    given = sys.stdin.readline().rstrip("\r\n") if chosen.password_stdin else None
    first = await accounts.needs_setup()  # an installation without an administrator could never get one
    role = Role.ADMIN if chosen.admin or first else Role.USER
    account, password = await accounts.create_account(SYSTEM, chosen.email, chosen.name, role, given)
    kind = "administrator" if role is Role.ADMIN else "account"
    made = f"The {kind} {account.email} has been created."
    return made if given is not None else f"{made}\nPassword: {password}"


async def _list(accounts: "AccountService", chosen: argparse.Namespace) -> str:
    from gantry.services.people import MAX_LISTED  # noqa: PLC0415

    people = await accounts.list_accounts(SYSTEM, search=chosen.search)
    if not people:
        return "There is no such account." if chosen.search else "There is no account yet."
    width = max(len(person.email) for person in people)
    lines = [
        f"{person.email:<{width}}  {person.role.value:<5}  {'active' if person.active else 'inactive':<8}"
        f"  {person.name}"
        for person in people
    ]
    if len(people) == MAX_LISTED:
        lines.append(f"… the first {MAX_LISTED} by name; look for others with --search")
    return "\n".join(lines)


async def _reset_password(accounts: "AccountService", chosen: argparse.Namespace) -> str:
    found = await _named(accounts, chosen)
    password = await accounts.reset_password(SYSTEM, found.id)
    return f"{found.email} can sign in with a new password; open sessions have ended.\nPassword: {password}"


async def _disable(accounts: "AccountService", chosen: argparse.Namespace) -> str:
    found = await _named(accounts, chosen)
    await accounts.set_active(SYSTEM, found.id, active=False)
    return f"{found.email} cannot sign in any more; open sessions have ended."


async def _enable(accounts: "AccountService", chosen: argparse.Namespace) -> str:
    found = await _named(accounts, chosen)
    await accounts.set_active(SYSTEM, found.id, active=True)
    return f"{found.email} can sign in."


async def _named(accounts: "AccountService", chosen: argparse.Namespace) -> "Account":
    email = normal_email(cast("str", chosen.email))
    found = await accounts.find_account(SYSTEM, email)
    if found is None:
        raise NotFound(f"There is no account {email}.", advice="List them with: python -m gantry user list")
    return found
