"""Who acts, and the rules for accounts."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gantry.domain.errors import Invalid, NotAllowed
from gantry.domain.text import storable

MIN_PASSWORD_CHARACTERS = 10
MAX_PASSWORD_CHARACTERS = 256
MAX_NAME_CHARACTERS = 80
THEMES = ("system", "light", "dark")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in person on whose behalf a service acts. Every service method takes one first."""

    id: UUID
    email: str
    name: str
    role: Role
    session_id: UUID | None = None

    @property
    def is_admin(self) -> bool:
        """Whether this person administers the installation."""
        return self.role is Role.ADMIN

    def require_admin(self) -> None:
        """Raise NotAllowed unless the actor is an administrator."""
        if not self.is_admin:
            raise NotAllowed("Only an administrator may do this.")


SYSTEM = Actor(UUID(int=0), "system@localhost", "Gantry", Role.ADMIN)
"""Who acts when nobody is signed in: the command line and the start of the process. No session leads here."""


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, as shown in the list of sessions."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; *token* is told once and only its hash is stored."""

    token: str = field(repr=False)
    expires_at: datetime
    actor: Actor


def normal_email(raw: str) -> str:
    """Return *raw* in the one form stored: trimmed, NFKC, lower case.

    Raises:
        Invalid: Not shaped like an e-mail address.
    """
    email = unicodedata.normalize("NFKC", storable(raw)).strip().lower()
    if not _EMAIL.fullmatch(email):
        raise Invalid("That is not an e-mail address.", field="email")
    return email


def checked_password(password: str) -> str:
    """Return *password* unchanged.

    Raises:
        Invalid: Shorter or longer than we accept. Length is the only rule (NIST SP 800-63B, 3.1.1).
    """
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise Invalid(
            f"Choose a password of at least {MIN_PASSWORD_CHARACTERS} characters.", field="password"
        )
    if len(password) > MAX_PASSWORD_CHARACTERS:
        raise Invalid(f"Choose a password of at most {MAX_PASSWORD_CHARACTERS} characters.", field="password")
    return password


def checked_name(raw: str, email: str) -> str:
    """Return the display name, or the local part of *email* when *raw* is blank."""
    return " ".join(storable(raw).split())[:MAX_NAME_CHARACTERS] or email.split("@", maxsplit=1)[0]
