"""Errors as programs read them: ``application/problem+json`` (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

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

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What every error looks like; a program matches on ``type``, a person reads ``detail`` and ``advice``."""

    type: str
    title: str
    status: int
    detail: str
    advice: str = ""
    field: str = ""


# Said once for each router instead of once for each error.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "The request cannot be done; `type` says why.", "content": {MEDIA_TYPE: {}}},
    "5XX": {"description": "Not now; `detail` says what is away.", "content": {MEDIA_TYPE: {}}},
}
for _answer in PROBLEMS.values():
    _answer["content"][MEDIA_TYPE]["schema"] = Problem.model_json_schema()


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


def of_error(error: GantryError, *, administrator: bool = False) -> JSONResponse:
    """Return the response that tells *error*, with the next step that fits the reader."""
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
    return problem(error.status, error.kind, error.public, headers=headers_of(error), advice=advice, **more)


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
    return of_error(error, administrator=getattr(request.state, "administrator", False))


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    """Tell what is wrong with a request; never what was in it, which may be a password."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - by registration
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    sentence = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return problem(422, "invalid", f"{field}: {sentence}." if field else f"{sentence}.", field=field)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - by registration
    known = {404: "This address does not exist.", 405: "This address does not support this method."}
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    sentence = known.get(error.status_code, error.detail)
    if request.url.path.startswith(PROGRAMS):
        body = error_body(error.status_code, sentence, code=kind.replace("-", "_"))
        return JSONResponse(body, error.status_code, headers=error.headers)
    return problem(error.status_code, kind, sentence, headers=error.headers)


async def _unforeseen(request: Request, _error: Exception) -> JSONResponse:
    """Say no more than that; Starlette raises the error again afterwards, so that it is logged."""
    if request.url.path.startswith(PROGRAMS):
        return JSONResponse(error_body(500, "Something went wrong in Gantry.", code="internal"), 500)
    return problem(500, "internal", "Something went wrong in Gantry.", advice="Try again in a moment.")
