"""Who is asking: the session of a request."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from gantry.api.origins import SESSION_COOKIE
from gantry.domain.accounts import Actor, Client
from gantry.runtime import services

COOKIE_SECONDS = (
    30 * 24 * 3600
)  # the database decides when a session ends, and its end slides; this never does

__all__ = [
    "SESSION_COOKIE",
    "Signed",
    "client_of",
    "forget_session",
    "presented_token",
    "remember_session",
    "signed_in",
]

# They only describe the two ways in the OpenAPI document; reading is done below, for websockets too.
_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="Set by `POST /api/v1/session`.")
_bearer = HTTPBearer(auto_error=False, description="A session token.")


def presented_token(request: HTTPConnection) -> str | None:
    """Return the session token a request came with: ``Authorization: Bearer``, else the cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.cookies.get(SESSION_COOKIE)


async def signed_in(request: HTTPConnection) -> Actor:
    """Return who is asking; NotSignedIn when nobody is."""
    return await services().accounts.authenticate(presented_token(request))


async def _signed(
    request: Request,
    _in_cookie: Annotated[str | None, Depends(_cookie)],
    _in_header: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    return await signed_in(request)


Signed = Annotated[Actor, Depends(_signed)]


def client_of(request: HTTPConnection) -> Client:
    """Return where a request comes from; behind a proxy the server has put the right address there."""
    address = request.client.host if request.client else ""
    return Client(address, request.headers.get("user-agent", ""))


def remember_session(request: Request, response: Response, token: str) -> None:
    """Have the browser keep the session's token for as long as the session lives when it is not used."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"


def forget_session(request: Request, response: Response) -> None:
    """Have the browser forget the token."""
    response.delete_cookie(
        SESSION_COOKIE, path="/", secure=_is_secure(request), httponly=True, samesite="lax"
    )


def _is_secure(request: Request) -> bool:
    """Whether the browser came by https: the server has it from the proxy in front, where that is trusted."""
    return request.url.scheme == "https"
