"""Errors in OpenAI's shape, with the statuses by which its clients choose their exceptions."""

from typing import Any

from starlette.responses import JSONResponse

from gantry.domain.errors import (
    Conflict,
    GantryError,
    Invalid,
    ModelFault,
    ModelUnavailable,
    NotSignedIn,
    TooManyAttempts,
)

PROGRAMS = "/v1/"  # paths whose errors have this shape
_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    409: "conflict_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
# What a model server's refusal means for the client. That it refuses *our* key is none of the client's keys' fault.
_FAULTS: dict[ModelFault, tuple[int, str]] = {
    ModelFault.UNREACHABLE: (503, "model_server_unreachable"),
    ModelFault.NOT_AUTHORISED: (502, "model_server_refused"),
    ModelFault.RATE_LIMITED: (429, "rate_limit_exceeded"),
    ModelFault.QUOTA: (429, "insufficient_quota"),
    ModelFault.FILTERED: (400, "content_filter"),
    ModelFault.NOT_FOUND: (404, "model_not_found"),
    ModelFault.REJECTED: (400, "request_rejected"),
    ModelFault.SERVER_ERROR: (502, "model_server_error"),
    ModelFault.CUT_OFF: (502, "answer_cut_off"),
    ModelFault.STALLED: (504, "model_server_silent"),
    ModelFault.BROKEN: (502, "model_server_error"),
    ModelFault.TOO_LONG: (400, "context_length_exceeded"),
}


def error_body(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """Return an error as OpenAI's clients read it."""
    kind = "insufficient_quota" if code == "insufficient_quota" else _TYPES.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": param or None, "code": code}}


def told(error: GantryError) -> tuple[int, dict[str, Any]]:
    """Return the status and the body that tell *error*."""
    status, code, param = error.status, error.kind.replace("-", "_"), None
    message = f"{error.public} {error.advice_for(administrator=False)}".strip()
    if isinstance(error, ModelUnavailable):
        status, code = _FAULTS[error.fault]
        message = f"{error.public} {error.details}".strip()
    elif isinstance(error, Invalid):
        status, code, param = (
            (404, "model_not_found", "model")
            if _is_no_model(error)
            else (400, "invalid_request", error.field)
        )
    elif isinstance(error, NotSignedIn):
        code = "invalid_api_key"
    elif isinstance(error, TooManyAttempts):
        code = "rate_limit_exceeded"
    elif isinstance(error, Conflict):
        status, code = 429, "too_many_requests" if "in progress" in error.public else code
    return status, error_body(status, message, code=code, param=param)


def response_of(error: GantryError, headers: dict[str, str]) -> JSONResponse:
    """Return the response that tells *error*."""
    status, body = told(error)
    return JSONResponse(body, status, headers=headers)


def _is_no_model(error: Invalid) -> bool:
    return error.field == "model" and "There is no model" in error.public
