"""Why a database failed, in words: for people in the browser, and for who runs the installation."""

import errno
import sqlite3
from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, NotSupportedError, ProgrammingError

from gantry.domain.errors import DatabaseAway, DatabaseFull, Unavailable
from gantry.domain.messages import _
from gantry.places import typed

_SQLITE = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_PERM: "read-only",
    sqlite3.SQLITE_CANTOPEN: "read-only",
}
_POSTGRES = {
    "53100": "full",
    "25006": "read-only",
    "28P01": "refused",
    "28000": "refused",
    "3D000": "missing",
    "53300": "busy",
    "XX001": "damaged",
    "XX002": "damaged",
}
_TOO_SLOW = "57014"  # the operator's statement_timeout
_SYSTEM = {errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EACCES: "read-only", errno.EROFS: "read-only"}


class DatabaseFault(StrEnum):
    """What is wrong; AWAY where nothing more is known."""

    AWAY = "away"
    FULL = "full"
    DAMAGED = "damaged"
    READ_ONLY = "read-only"
    REFUSED = "refused"
    MISSING = "missing"
    BUSY = "busy"


def fault_of(error: BaseException) -> DatabaseFault:
    """Return what *error*, of SQLAlchemy, a driver or the system, says about the database."""
    for each in _causes(error):
        known = (
            _SQLITE.get(getattr(each, "sqlite_errorcode", -1) & 0xFF)
            or _POSTGRES.get(getattr(each, "sqlstate", None) or "")
            or _SYSTEM.get(getattr(each, "errno", None) or 0)
            or _said(str(each))
        )
        if known:
            return DatabaseFault(known)
    return DatabaseFault.AWAY


def cannot_be_stored(error: BaseException) -> bool:
    """Whether a text was refused for a character that PostgreSQL has no place for."""
    return any("cannot contain NUL" in str(each) for each in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = getattr(error, "orig", None) or error.__cause__


def _said(text: str) -> str:
    """Return the fault in a text: when it refuses a connection, PostgreSQL's client passes on no code."""
    if "password authentication failed" in text or "no pg_hba.conf entry" in text:
        return "refused"
    return "missing" if "database" in text and "does not exist" in text else ""


def for_people(error: BaseException) -> Unavailable:
    """Return what somebody who uses Gantry is told."""
    match fault_of(error):
        case DatabaseFault.FULL:
            return DatabaseFull(
                _("The server's disk is full."),
                advice=_("Nothing new can be saved until an administrator frees space."),
            )
        case DatabaseFault.DAMAGED:
            return Unavailable(
                _("The database is damaged."), advice=_("Ask an administrator to restore a backup.")
            )
        case DatabaseFault.READ_ONLY:
            return DatabaseFull(
                _("The database cannot be written."),
                advice=_("Ask an administrator to check its permissions."),
            )
        case _:
            kind = Unavailable if _stays(error) else DatabaseAway
            return kind(_("The database does not answer."), advice=_("Try again in a moment."))


def _stays(error: BaseException) -> bool:
    """Whether it would be said again, however often one asks: of the statement, or of how long it may take."""
    wrong = isinstance(error, (DataError, ProgrammingError, NotSupportedError))
    return wrong or any(getattr(each, "sqlstate", None) == _TOO_SLOW for each in _causes(error))


def for_operators(error: BaseException, url: URL) -> Unavailable:
    """Return what the command line says of the database at *url*; its password is never told."""
    name = url.database or ""
    if url.get_backend_name() != "sqlite":
        name = f"{name} at {url.host}" + (f":{url.port}" if url.port else "")
    match fault_of(error):
        case DatabaseFault.FULL:
            told = (f"The disk of the database {name} is full.", "Free some space, then try again.")
        case DatabaseFault.DAMAGED:
            told = (
                f"The database {name} is damaged, or the file is something else.",
                f"Restore a backup: {typed('restore FILE --replace')}. Or correct DATABASE_URL.",
            )
        case DatabaseFault.READ_ONLY:
            told = (
                f"The database {name} cannot be opened for writing.",
                "Give the file and its folder to the account that runs Gantry, or correct DATABASE_URL.",
            )
        case DatabaseFault.REFUSED:
            told = (
                f"The database {name} refused user {url.username}.",
                "Correct user and password in DATABASE_URL.",
            )
        case DatabaseFault.MISSING:
            told = (f"The database {name} does not exist.", "Create it, or correct DATABASE_URL.")
        case DatabaseFault.BUSY:
            told = (f"The database {name} takes no more connections.", "Raise max_connections of PostgreSQL.")
        case DatabaseFault.AWAY:
            told = (f"The database {name} does not answer.", "Start it, or correct DATABASE_URL.")
    return Unavailable(told[0], advice=told[1])
