"""Tokens of programs: what one looks like, and what it may be used for."""

import re
import secrets
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.names import on_one_line

MAX_TOKENS = 50  # of one account
MAX_TOKEN_NAME_CHARACTERS = 80
REQUESTS_PER_MINUTE = 600  # with one token
API_TOKEN_PREFIX = "gantry_"  # noqa: S105 - what secret scanners look for
HINT_CHARACTERS = 4

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_CHARACTERS = 43  # 256 bits
_CHECK_CHARACTERS = 6  # a CRC-32
_SHAPE = re.compile(rf"{API_TOKEN_PREFIX}[0-9A-Za-z]{{{_RANDOM_CHARACTERS + _CHECK_CHARACTERS}}}")


class Scope(StrEnum):
    """What a token may be used for; none of them includes another."""

    CHAT = "chat"  # asking models, and following their answers
    READ = "read"  # everything that only looks
    WRITE = "write"  # changes to conversations, documents, memory and the profile
    ADMIN = "admin"  # password, sessions and tokens; what administrators do, where the account is one


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as its owner sees it; ``hint`` is how it ends."""

    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str


@dataclass(frozen=True, slots=True)
class NewApiToken:
    """A token that was just made: *secret* is told once, and only its hash is stored."""

    secret: str = field(repr=False)
    token: ApiToken


def new_api_token() -> str:
    """Return a token of 256 random bits that ends with a checksum, so that scanners find it and typing errors show."""
    body = "".join(secrets.choice(_DIGITS) for _place in range(_RANDOM_CHARACTERS))
    return f"{API_TOKEN_PREFIX}{body}{_check(body)}"


def is_api_token(raw: str) -> bool:
    """Whether *raw* is meant to be a program's token rather than a session's."""
    return raw.startswith(API_TOKEN_PREFIX)


def is_well_formed(raw: str) -> bool:
    """Whether *raw* may be a token that we have made: nobody needs to look for others."""
    if not _SHAPE.fullmatch(raw):
        return False
    body = raw.removeprefix(API_TOKEN_PREFIX)
    return body[_RANDOM_CHARACTERS:] == _check(body[:_RANDOM_CHARACTERS])


def checked_token_name(raw: str) -> str:
    """Return the name on one line; Invalid when nothing is left of it."""
    name = on_one_line(raw)[:MAX_TOKEN_NAME_CHARACTERS]
    if not name:
        raise Invalid(_("Enter a name for this token."), field="name")
    return name


def checked_scopes(raw: Collection[str]) -> frozenset[Scope]:
    """Return the scopes; Invalid when there is none, or one that we do not have."""
    try:
        scopes = frozenset(Scope(each) for each in raw)
    except ValueError:
        known = ", ".join(Scope)
        raise Invalid(_("A token's scopes are {known}.", known=known), field="scopes") from None
    if not scopes:
        raise Invalid(_("Choose at least one scope."), field="scopes")
    return scopes


def in_order(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return *scopes* as they are listed everywhere."""
    chosen = set(scopes)
    return tuple(scope for scope in Scope if scope in chosen)


def _check(body: str) -> str:
    number = zlib.crc32(body.encode("ascii"))
    letters = ""
    for _place in range(_CHECK_CHARACTERS):
        number, digit = divmod(number, len(_DIGITS))
        letters = _DIGITS[digit] + letters
    return letters
