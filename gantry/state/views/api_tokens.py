"""What a person sees of their API tokens."""

from dataclasses import dataclass
from datetime import datetime

from gantry.domain.api_tokens import API_TOKEN_PREFIX, ApiToken, Scope
from gantry.domain.messages import _
from gantry.languages import day
from gantry.state.language import said, spoken

SCOPE_NAMES = {
    Scope.CHAT: _("Chat"),
    Scope.READ: _("Read"),
    Scope.WRITE: _("Write"),
    Scope.ADMIN: _("Admin"),
}


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
        scopes=", ".join(said(SCOPE_NAMES[scope]) for scope in token.scopes),
        used=int(token.last_used_at.timestamp()) if token.last_used_at else 0,
        used_from=token.last_used_from,
        expires=day(token.expires_at, spoken()) if token.expires_at else "",
        expired=token.expires_at is not None and token.expires_at <= now,
    )
