"""Tokens of programs over REST."""

from datetime import datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from gantry.api.access import Administers, Reads
from gantry.api.described import example
from gantry.api.moments import Moment
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN
from gantry.domain.api_tokens import MAX_TOKEN_NAME_CHARACTERS, NewApiToken, Scope
from gantry.runtime import services

router = APIRouter(prefix="/api/v1/me/tokens", tags=["accounts"], responses=SIGNED_IN)


class TokenIn(BaseModel):
    """A token to make. It may do what its scopes say and nothing else; without an expiry it lives until it is revoked."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"name": "Notebook", "scopes": ["chat", "read"], "expires_at": "2027-11-27T09:30:00Z"}
        )
    )

    name: str = Field(min_length=1, max_length=MAX_TOKEN_NAME_CHARACTERS, examples=["Open WebUI"])
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope), examples=[["chat", "read"]])
    expires_at: Moment | None = None


class TokenOut(BaseModel):
    """A token as its owner sees it; ``hint`` is how it ends."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    scopes: list[Scope]
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str


class MadeToken(TokenOut):
    """A new token; ``token`` is told this once."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "id": "0199d5c4-8a3e-7c1b-9f52-3b1d6e0a4c71",
                "name": "Notebook",
                "scopes": ["chat", "read"],
                "hint": "x9Kq",
                "created_at": "2026-11-27T09:30:00Z",
                "expires_at": "2027-11-27T09:30:00Z",
                "last_used_at": "2026-11-27T09:30:00Z",
                "last_used_from": "",
                "token": "gantry_…",
            }
        )
    )

    token: str

    @classmethod
    def of(cls, made: NewApiToken) -> Self:
        """Make one from what the service has made."""
        told = TokenOut.model_validate(made.token).model_dump()
        return cls(token=made.secret, **told)


class TokenList(BaseModel):
    """Newest first, also those that have expired within the last month."""

    tokens: list[TokenOut]


@router.get("", operation_id="list_tokens", summary="List your tokens")
async def list_tokens(who: Reads) -> TokenList:
    """List your tokens, with when and from where each was last used."""
    found = await services().api_tokens.list_tokens(who)
    return TokenList(tokens=[TokenOut.model_validate(each) for each in found])


@router.post(
    "", status_code=201, operation_id="create_token", responses=BODY | CHANGE, summary="Make a token"
)
async def create_token(who: Administers, response: Response, new: TokenIn) -> MadeToken:
    """Make a token for a program; it is told this once.

    A token with the scope `admin` may make others, none of which may do more than itself or live longer.
    """
    response.headers["Cache-Control"] = "no-store"
    made = await services().api_tokens.create(who, new.name, new.scopes, new.expires_at)
    return MadeToken.of(made)


@router.delete(
    "/{token_id}",
    status_code=204,
    operation_id="revoke_token",
    responses=NAMED | CHANGE,
    summary="Revoke a token",
)
async def revoke_token(who: Administers, token_id: UUID) -> None:
    """Revoke one of your tokens, at once everywhere."""
    await services().api_tokens.revoke(who, token_id)
