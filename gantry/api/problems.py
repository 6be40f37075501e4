"""Errors as programs read them: ``application/problem+json`` (RFC 9457)."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from gantry.api.openai.errors import PROGRAMS, error_body, response_of
from gantry.domain.errors import (
    GantryError,
    Invalid,
    InvalidToken,
    MissingScope,
    ModelUnavailable,
    NotSignedIn,
    TooManyAttempts,
)
from gantry.domain.messages import _
from gantry.languages import chosen, translated

MEDIA_TYPE = "application/problem+json"
NO_ADDRESS = _("This address does not exist.")
_WENT_WRONG = _("Something went wrong in Gantry.")


class Problem(BaseModel):
    """What every error looks like; a program matches on ``type``, a person reads ``detail`` and ``advice``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/insufficient-scope",
                    "title": "Forbidden",
                    "status": 403,
                    "detail": "This token lacks the scope write.",
                    "advice": "Make a token with that scope under Settings → API tokens.",
                    "scopes": ["write"],
                }
            ]
        }
    )

    type: str = Field(description="Stable: what a program may match on.", examples=["/problems/not-found"])
    title: str
    status: int
    detail: str = Field(description="What is wrong, for people.")
    advice: str = Field(default="", description="The next step.")
    field: str = Field(default="", description="The part of the request that is at fault.")
    scopes: list[str] = Field(default_factory=list[str], description="Of these the token needs one (403).")
    until: datetime | None = Field(default=None, description="When to try again (429).")
    fault: str = Field(default="", description="What went wrong at the model server (503).")
    details: str = Field(default="", description="The model server's own words (503).")


def problem(
    status: int, kind: str, sentence: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Return an error response; *kind* is the stable name a program may match on.

    What is empty in *more* is left out.
    """
    body = {
        "type": f"/problems/{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        **{name: value for name, value in more.items() if value},
    }
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make *app* answer every error as a problem."""
    app.add_exception_handler(GantryError, _ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def of_error(error: GantryError, *, administrator: bool = False, accepted: str = "") -> JSONResponse:
    """Return the response that tells *error*, with the next step that fits the reader, in a language that is *accepted*."""
    language = chosen("", accepted)
    more: dict[str, Any] = {}
    if isinstance(error, TooManyAttempts):
        more["until"] = error.until.isoformat(timespec="seconds")
    elif isinstance(error, MissingScope):
        more["scopes"] = [*error.scopes]
    elif isinstance(error, Invalid):
        more["field"] = error.field
    elif isinstance(error, ModelUnavailable):
        more |= {"fault": error.fault.value, "details": error.details}
    advice = error.advice_for(administrator=administrator)
    sentence, advice = translated(error.public, language), translated(advice, language)
    return problem(error.status, error.kind, sentence, headers=headers_of(error), advice=advice, **more)


def headers_of(error: GantryError) -> dict[str, str]:
    """Return the headers that belong to *error*: when to come back, and how to sign in (RFC 6750, 3)."""
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, InvalidToken):
        return {"WWW-Authenticate": 'Bearer realm="gantry", error="invalid_token"'}
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="gantry"'}
    if isinstance(error, MissingScope):
        wanted = " ".join(error.scopes)
        return {"WWW-Authenticate": f'Bearer realm="gantry", error="insufficient_scope", scope="{wanted}"'}
    return {}


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GantryError)  # noqa: S101 - by registration
    if request.url.path.startswith(PROGRAMS):
        return response_of(error, headers_of(error))
    accepted = request.headers.get("accept-language", "")
    return of_error(error, administrator=getattr(request.state, "administrator", False), accepted=accepted)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    """Tell what is wrong with a request; never what was in it, which may be a password."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - by registration
    first = error.errors()[0]
    if first["loc"] == ("body",) and first["type"] != "missing" and not _is_json(request):
        return problem(415, "unsupported-media-type", "Send the body as application/json.")
    field = ".".join(str(part) for part in first["loc"][1:])
    sentence = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return problem(422, "invalid", f"{field}: {sentence}." if field else f"{sentence}.", field=field)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - by registration
    known = {404: NO_ADDRESS, 405: "This address does not support this method."}
    if error.status_code == 400:  # FastAPI could not read the body
        return problem(422, "invalid", "The body of this request cannot be read.")
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    sentence = known.get(error.status_code, error.detail)
    headers = error.headers
    if error.status_code == 405:
        headers = {"Allow": ", ".join(sorted(_methods_here(request)))}
    if request.url.path.startswith(PROGRAMS):
        body = error_body(error.status_code, sentence, code=kind.replace("-", "_"))
        return JSONResponse(body, error.status_code, headers=headers)
    language = chosen("", request.headers.get("accept-language", ""))
    return problem(error.status_code, kind, translated(sentence, language), headers=headers)


def _methods_here(request: Request) -> set[str]:
    """Return what this address takes; Starlette names the methods of one route of several."""
    found: set[str] = set()
    for each in request.app.routes:
        room = getattr(each, "original_router", None)
        for route in room.routes if isinstance(room, APIRouter) else (each,):
            if isinstance(route, Route) and route.path_regex.match(request.url.path):
                found |= route.methods or set()
    return found


async def _unforeseen(request: Request, _error: Exception) -> JSONResponse:
    """Say no more than that; Starlette raises the error again afterwards, so that it is logged."""
    if request.url.path.startswith(PROGRAMS):
        return JSONResponse(error_body(500, _WENT_WRONG, code="internal"), 500)
    language = chosen("", request.headers.get("accept-language", ""))
    advice = translated(_("Try again in a moment."), language)
    return problem(500, "internal", translated(_WENT_WRONG, language), advice=advice)
