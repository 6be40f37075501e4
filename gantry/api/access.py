"""Who is asking: the session or the token of a request."""

import asyncio
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.requests import HTTPConnection

from gantry.api.described import SESSION, TOKEN
from gantry.api.origins import bearer_token
from gantry.domain.accounts import Actor, Client
from gantry.domain.api_tokens import Scope, is_api_token
from gantry.domain.cookies import SECURE_SESSION_COOKIE, SESSION_COOKIE, session_cookie
from gantry.domain.errors import GantryError, NotSignedIn
from gantry.domain.forwarding import netloc_of
from gantry.domain.hosts import is_loopback_name
from gantry.domain.messages import _
from gantry.runtime import services

COOKIE_SECONDS = (
    30 * 24 * 3600
)  # the database decides when a session ends, and its end slides; this never does

_PROXYS_WORDS = frozenset({"forwarded", "via", "x-real-ip"})

__all__ = [
    "Administers",
    "AnyScope",
    "Asks",
    "AsksOrReads",
    "AsksOrWrites",
    "Program",
    "ProgramLooks",
    "ProgramUses",
    "Reads",
    "ReadsAndWrites",
    "Writes",
    "authenticate",
    "came_through_a_proxy",
    "client_of",
    "cookie_token",
    "forget_session",
    "is_at_hand",
    "presented_token",
    "remember_session",
    "signed_in",
    "still_signed_in",
]

# They only describe the two ways in the OpenAPI document; reading is done below, for websockets too.
_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name=SESSION,
    auto_error=False,
    description=f"Set by `POST /api/v1/session`; over https its name is `{SECURE_SESSION_COOKIE}`.",
)
_bearer = HTTPBearer(scheme_name=TOKEN, auto_error=False, description="An API token, or a session's token.")


def presented_token(request: HTTPConnection) -> str | None:
    """Return the token a request came with: ``Authorization: Bearer``, else the cookie; never one for the other."""
    token = bearer_token(request.scope)
    return cookie_token(request) if token is None else token


def cookie_token(request: HTTPConnection) -> str | None:
    """Return the session token in the request's cookie."""
    return session_cookie("; ".join(request.headers.getlist("cookie")))


async def authenticate(token: str | None) -> Actor:
    """Return whose *token* is, of a session or of a program; NotSignedIn when it is nobody's."""
    if token and is_api_token(token):
        return await services().api_tokens.authenticate(token)
    return await services().accounts.authenticate(token)


async def signed_in(request: HTTPConnection) -> Actor:
    """Return who is asking; NotSignedIn when nobody is. A program's token is good as a bearer token only."""
    token = bearer_token(request.scope)
    if token is None:
        return await services().accounts.authenticate(cookie_token(request))
    if is_api_token(token):
        return await services().api_tokens.use(token, client_of(request).address)
    return await services().accounts.authenticate(token)


async def still_signed_in(token: str | None) -> bool:
    """Whether *token* is still somebody's, as far as can be told."""
    check = asyncio.ensure_future(authenticate(token))
    check.add_done_callback(
        lambda done: done.cancelled() or done.exception()
    )  # also when nobody waits any more
    try:  # shielded: it may write, and a page that leaves must not cut a transaction in two
        await asyncio.shield(check)
    except NotSignedIn:
        return False
    except GantryError:
        return True  # the database is away: that ends no session
    return True


async def _signed(
    request: Request,
    scopes: SecurityScopes,
    _in_cookie: Annotated[str | None, Depends(_cookie)],
    _in_header: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    actor = await signed_in(request)
    request.state.administrator = actor.is_admin  # an error's advice depends on it
    actor.require_any(*map(Scope, scopes.scopes))
    return actor


async def _signed_for_each(
    request: Request,
    scopes: SecurityScopes,
    in_cookie: Annotated[str | None, Depends(_cookie)],
    in_header: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    actor = await _signed(request, scopes, in_cookie, in_header)
    for scope in scopes.scopes:
        actor.require_any(Scope(scope))
    return actor


async def _program(
    request: Request,
    scopes: SecurityScopes,
    _in_header: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    if bearer_token(request.scope) is None:
        raise NotSignedIn(_("Send an API token: Authorization: Bearer gantry_…"), advice="")
    return await _signed(request, scopes, None, None)


# Who asks, by what a program's token must be for; a session is for everything. Of several scopes one will do, except
# for ReadsAndWrites, whose routes say so with ``described.EACH_SCOPE``.
AnyScope = Annotated[Actor, Security(_signed, scopes=list(Scope))]
Reads = Annotated[Actor, Security(_signed, scopes=[Scope.READ])]
Writes = Annotated[Actor, Security(_signed, scopes=[Scope.WRITE])]
Asks = Annotated[Actor, Security(_signed, scopes=[Scope.CHAT])]
AsksOrReads = Annotated[Actor, Security(_signed, scopes=[Scope.CHAT, Scope.READ])]
AsksOrWrites = Annotated[Actor, Security(_signed, scopes=[Scope.CHAT, Scope.WRITE])]
ReadsAndWrites = Annotated[Actor, Security(_signed_for_each, scopes=[Scope.READ, Scope.WRITE])]
Administers = Annotated[Actor, Security(_signed, scopes=[Scope.ADMIN])]
# For OpenAI's clients, which send a token and never a cookie.
Program = Annotated[Actor, Security(_program, scopes=[Scope.CHAT])]
ProgramLooks = Annotated[Actor, Security(_program, scopes=[Scope.CHAT, Scope.READ])]
# For clients of the Model Context Protocol; each of its tools asks for one of these scopes.
ProgramUses = Annotated[Actor, Security(_program, scopes=[Scope.CHAT, Scope.READ, Scope.WRITE])]


def client_of(request: HTTPConnection) -> Client:
    """Return where a request comes from; behind a proxy the server has put the right address there."""
    address = request.client.host if request.client else ""
    return Client(address, request.headers.get("user-agent", ""))


def is_at_hand(request: HTTPConnection) -> bool:
    """Whether whoever asks sits at this machine, and has asked it by a name that no foreign site can have.

    Behind a proxy that is trusted (the server then gives no port of the client's), as in the compose file with
    DOMAIN=localhost, this machine is seen from inside a private network.
    """
    hosts, origin = request.headers.getlist("host"), request.headers.get("origin", "")
    if len(hosts) != 1 or not is_loopback_name(hosts[0]) or request.client is None:
        return False
    if origin and not is_loopback_name(netloc_of(origin)):  # a proxy has replaced Host
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    if request.client.port == 0 and "x-forwarded-for" in request.headers:
        return address.is_loopback or address.is_private
    return address.is_loopback and not came_through_a_proxy(request)


def came_through_a_proxy(request: HTTPConnection) -> bool:
    """Whether a proxy has passed the request on: it says so, or speaks HTTP/1.0, as no browser does."""
    return request.scope.get("http_version") == "1.0" or any(
        name in _PROXYS_WORDS or name.startswith("x-forwarded-") for name, _value in request.headers.items()
    )


def remember_session(request: Request, response: Response, token: str) -> None:
    """Have the browser keep the session's token for as long as the session lives when it is not used."""
    secure = _is_secure(request)
    plain = request.cookies.get(SESSION_COOKIE)
    # From before the protected name. While it is of the same session it stays: a replica of the version before, in the
    # middle of an update, knows no other.
    if secure and plain is not None and plain.strip('"') != token:
        response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    response.set_cookie(
        SECURE_SESSION_COOKIE if secure else SESSION_COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"


def forget_session(request: Request, response: Response) -> None:
    """Have the browser forget the token."""
    secure = _is_secure(request)
    for name in (SESSION_COOKIE, SECURE_SESSION_COOKIE) if secure else (SESSION_COOKIE,):
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def _is_secure(request: Request) -> bool:
    """Whether the browser came by https: from the proxy in front, where that is trusted, or from the browser itself."""
    if request.url.scheme == "https" or SECURE_SESSION_COOKIE in request.cookies:
        return True
    # Some proxy has not said so, but the browser names the page's own scheme.
    return request.headers.get("origin", "").startswith("https://")
