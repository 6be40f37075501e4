"""What a person sees of their API tokens."""

from dataclasses import dataclass
from datetime import datetime

from gantry.domain.api_tokens import API_TOKEN_PREFIX, ApiToken, Scope

SCOPE_NAMES = {Scope.CHAT: "Chat", Scope.READ: "Read", Scope.WRITE: "Write", Scope.ADMIN: "Admin"}


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token; *used* is in seconds since the epoch, 0 for never, *expires* is a day in words, empty for never."""

    id: str
    name: str
    hint: str
    scopes: str
    used: int
    used_from: str
    expires: str
    expired: bool


def token_view(token: ApiToken, now: datetime) -> TokenView:
    """Return *token* as a line of the list."""
    return TokenView(
        id=str(token.id),
        name=token.name,
        hint=f"{API_TOKEN_PREFIX}…{token.hint}",
        scopes=", ".join(SCOPE_NAMES[scope] for scope in token.scopes),
        used=int(token.last_used_at.timestamp()) if token.last_used_at else 0,
        used_from=token.last_used_from,
        expires=f"{token.expires_at:%d %b %Y}".lstrip("0") if token.expires_at else "",
        expired=token.expires_at is not None and token.expires_at <= now,
    )
