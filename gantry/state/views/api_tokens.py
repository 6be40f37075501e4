"""What a person sees of their API tokens."""

from dataclasses import dataclass
from datetime import datetime

from gantry.domain.api_tokens import API_TOKEN_PREFIX, ApiToken, Scope

SCOPE_NAMES = {Scope.CHAT: "Chat", Scope.READ: "Read", Scope.WRITE: "Write", Scope.ADMIN: "Admin"}


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token; moments are in seconds since the epoch, 0 for none."""

    id: str
    name: str
    hint: str
    scopes: str
    used: int
    used_from: str
    expires: int
    expired: bool


def token_view(token: ApiToken, now: datetime) -> TokenView:
    """Return *token* as a line of the list."""
    return TokenView(
        id=str(token.id),
        name=token.name,
        hint=f"{API_TOKEN_PREFIX}…{token.hint}",
        scopes=", ".join(SCOPE_NAMES[scope] for scope in token.scopes),
        used=_seconds(token.last_used_at),
        used_from=token.last_used_from,
        expires=_seconds(token.expires_at),
        expired=token.expires_at is not None and token.expires_at <= now,
    )


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0
