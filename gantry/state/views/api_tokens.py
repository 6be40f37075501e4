"""What a person sees of their API tokens."""

from dataclasses import dataclass
from datetime import datetime

from gantry.domain.api_tokens import API_TOKEN_PREFIX, ApiToken
from gantry.languages import day
from gantry.state.language import spoken


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token; *used* is in seconds since the epoch, 0 for never, *expires* is a day in words, empty for never."""

    id: str
    name: str
    hint: str
    scopes: list[str]  # the values of Scope
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
        scopes=[scope.value for scope in token.scopes],
        used=int(token.last_used_at.timestamp()) if token.last_used_at else 0,
        used_from=token.last_used_from,
        expires=day(token.expires_at, spoken()) if token.expires_at else "",
        expired=token.expires_at is not None and token.expires_at <= now,
    )
