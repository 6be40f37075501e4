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

from gantry.domain.accounts import SYSTEM, Person, Role, normal_email
from gantry.domain.errors import GantryError, NotFound
from gantry.places import typed
from gantry.settings import Settings, load_settings

if TYPE_CHECKING:
    from gantry.domain.live import Notices
    from gantry.services.people import PeopleService


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
    disable = acts.add_parser("disable", help="deactivate an account and end its sessions")
    disable.add_argument("email", metavar="EMAIL")
    disable.set_defaults(run=_running(_disable))
    enable = acts.add_parser("enable", help="activate an account again")
    enable.add_argument("email", metavar="EMAIL")
    enable.set_defaults(run=_running(_enable))


def _running(
    command: Callable[["PeopleService", argparse.Namespace], Awaitable[str]],
) -> Callable[[argparse.Namespace], None]:
    async def run(chosen: argparse.Namespace) -> str:
        async with opened_people(load_settings()) as people:
            return await command(people, chosen)

    def run_and_tell(chosen: argparse.Namespace) -> None:
        try:
            told = asyncio.run(run(chosen))
        except GantryError as error:
            raise SystemExit(f"{error.public} {error.advice}".rstrip()) from error
        sys.stdout.write(f"{told}\n")

    return run_and_tell


@asynccontextmanager
async def opened_people(settings: Settings) -> AsyncGenerator["PeopleService"]:
    """Open the database and yield the service for people.

    With Redis, pages that are open are told of ended sessions at once; else they learn of it with their next event.

    Raises:
        WrongSchema: The database has to be migrated first.
    """
    from gantry.adapters.secrets.passwords import Argon2Passwords  # noqa: PLC0415
    from gantry.repositories import migrations  # noqa: PLC0415
    from gantry.repositories.database import Database  # noqa: PLC0415
    from gantry.services.people import PeopleService  # noqa: PLC0415

    migrations.require_head(await asyncio.to_thread(migrations.current, settings.database_url))
    async with Database(settings.database_url) as database, _notices(settings) as notices:
        yield PeopleService(
            database=database,
            passwords=Argon2Passwords(),
            notices=notices,
        )


@asynccontextmanager
async def _notices(settings: Settings) -> AsyncGenerator["Notices"]:
    """Yield where to publish notices; what was published is sent at the end."""
    if settings.redis_url is None:
        from gantry.adapters.in_process.live import InProcessNotices  # noqa: PLC0415

        yield InProcessNotices()
        return
    from gantry.adapters.redis.live import RedisNotices, connect  # noqa: PLC0415

    async with connect(settings.redis_url) as redis:
        notices = RedisNotices(redis)
        yield notices
        await notices.aclose()


async def _create(people: "PeopleService", chosen: argparse.Namespace) -> str:
    given = sys.stdin.readline().rstrip("\r\n") if chosen.password_stdin else None
    first = not await people.list_accounts(
        SYSTEM, limit=1
    )  # an installation without an administrator could never get one
    role = Role.ADMIN if chosen.admin or first else Role.USER
    account, password = await people.create_account(SYSTEM, chosen.email, chosen.name, role, given)
    kind = "administrator" if role is Role.ADMIN else "account"
    made = f"The {kind} {account.email} has been created."
    return made if given is not None else f"{made}\nPassword: {password}"


async def _list(people: "PeopleService", chosen: argparse.Namespace) -> str:
    from gantry.services.people import MAX_LISTED  # noqa: PLC0415

    found = await people.list_accounts(SYSTEM, search=chosen.search)
    if not found:
        return "There is no such account." if chosen.search else "There is no account yet."
    width = max(len(person.email) for person in found)
    lines = [
        f"{person.email:<{width}}  {person.role.value:<5}  {'active' if person.active else 'inactive':<8}"
        f"  {person.name}"
        for person in found
    ]
    if len(found) == MAX_LISTED:
        lines.append(f"… the first {MAX_LISTED} by name; look for others with --search")
    return "\n".join(lines)


async def _reset_password(people: "PeopleService", chosen: argparse.Namespace) -> str:
    found = await _named(people, chosen)
    password = await people.reset_password(SYSTEM, found.id)
    return f"{found.email} can sign in with a new password; open sessions have ended.\nPassword: {password}"


async def _disable(people: "PeopleService", chosen: argparse.Namespace) -> str:
    found = await _named(people, chosen)
    await people.set_active(SYSTEM, found.id, active=False)
    return f"{found.email} cannot sign in any more; open sessions have ended."


async def _enable(people: "PeopleService", chosen: argparse.Namespace) -> str:
    found = await _named(people, chosen)
    await people.set_active(SYSTEM, found.id, active=True)
    return f"{found.email} can sign in."


async def _named(people: "PeopleService", chosen: argparse.Namespace) -> Person:
    email = normal_email(cast("str", chosen.email))
    found = await people.find_account(SYSTEM, email)
    if found is None:
        raise NotFound(f"There is no account {email}.", advice=f"List them with: {typed('user list')}")
    return found
