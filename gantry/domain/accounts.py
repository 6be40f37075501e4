"""Who acts, and the rules for accounts."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, get_args
from uuid import UUID

from gantry.domain.api_tokens import Scope
from gantry.domain.errors import Invalid, MissingScope, NotAllowed
from gantry.domain.messages import _
from gantry.domain.names import is_plain, on_one_line
from gantry.domain.preferences import Density, TextSize, look_of
from gantry.domain.text import storable

MIN_PASSWORD_CHARACTERS = 10
MAX_PASSWORD_CHARACTERS = 256
MAX_NAME_CHARACTERS = 80
Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
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
    page: str = ""  # the open page that acts, if one does: what is changed for it is shown there already
    token_id: UUID | None = None  # of the program's token that acts, if one does
    scopes: frozenset[Scope] = frozenset(Scope)
    language: str = ""  # of the account; empty: the browser's

    @property
    def is_admin(self) -> bool:
        """Whether this person administers the installation, and acts by what may be used for that."""
        return self.role is Role.ADMIN and Scope.ADMIN in self.scopes

    def require_admin(self) -> None:
        """Raise NotAllowed unless the actor is an administrator."""
        if not self.is_admin:
            raise NotAllowed(_("Only an administrator may do this."))

    def require_any(self, *scopes: Scope) -> None:
        """Raise MissingScope unless the actor may act in one of *scopes*; a session may in all."""
        if self.scopes.isdisjoint(scopes):
            raise MissingScope(*scopes)


@dataclass(frozen=True, slots=True)
class Person:
    """An account as pages and programs see it: nothing secret is in it.

    ``theme`` is one of THEMES, ``language`` one of LANGUAGES or empty for the browser's; ``time_zone`` is the name of the zone in which the person reads dates, None until a browser has told it,
    and ``zone_chosen`` whether the person has chosen it. See ``domain.preferences`` for the rest.
    """

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    theme: str
    language: str
    default_model: str | None
    time_zone: str | None
    created_at: datetime
    zone_chosen: bool = False
    density: str = Density.COMFORTABLE
    text_size: str = TextSize.NORMAL
    show_model: bool = True
    show_time: bool = True
    show_usage: bool = True

    @property
    def look(self) -> str:
        """The words that styles know the person's preferences by."""
        shown = (("model", self.show_model), ("time", self.show_time), ("usage", self.show_usage))
        return look_of(self.density, self.text_size, shown)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser or program, as its owner sees it."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    agent: str
    address: str


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
    theme: str  # of the account
    look: str = ""
    language: str = ""


def normal_email(raw: str) -> str:
    """Return *raw* in the one form stored: trimmed, NFKC, lower case.

    Raises:
        Invalid: Not shaped like an e-mail address.
    """
    email = unicodedata.normalize("NFKC", storable(raw)).strip().lower()
    if not (_EMAIL.fullmatch(email) and is_plain(email)):
        raise Invalid(_("Enter a valid e-mail address."), field="email")
    return email


def checked_password(password: str) -> str:
    """Return *password* unchanged.

    Raises:
        Invalid: Shorter or longer than we accept. Length is the only rule (NIST SP 800-63B, 3.1.1).
    """
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise Invalid(
            _(
                "Choose a password with at least {least} characters.",
                least=MIN_PASSWORD_CHARACTERS,
            ),
            field="password",
        )
    if len(password) > MAX_PASSWORD_CHARACTERS:
        raise Invalid(
            _("Choose a password with at most {most} characters.", most=MAX_PASSWORD_CHARACTERS),
            field="password",
        )
    return password


def checked_name(raw: str, email: str) -> str:
    """Return the display name, or the local part of *email* when *raw* is blank."""
    return on_one_line(raw)[:MAX_NAME_CHARACTERS] or email.split("@", maxsplit=1)[0]
