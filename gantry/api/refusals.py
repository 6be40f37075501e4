"""How routes may refuse, for the OpenAPI document: values that are put together in ``responses=``."""

from typing import Any

from gantry.api.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]

PROBLEM = {"$ref": "#/components/schemas/Problem"}
_MEANINGS = {
    401: "Nobody is signed in, or the token is not valid.",
    403: "You may not do this, the token lacks the scope, or the request came from another site.",
    404: "There is no such thing, or it is not yours.",
    409: "It cannot be done as things are, or somebody else changed them at the same time.",
    413: "The request is too large.",
    415: "The body is of another kind than this address takes.",
    416: "There is no such part of the file.",
    421: "Gantry may not be used under this host name.",
    422: "Something in the request is wrong; `field` names it.",
    429: "Too often, or too much at once; `Retry-After` says when to come back.",
    503: "A part that is needed does not work just now.",
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "How to sign in (RFC 6750).", "schema": {"type": "string"}}},
    403: {"WWW-Authenticate": {"description": "The scopes that are missing.", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}},
}


def refusals(*statuses: int) -> Responses:
    """Return what a route says of the problems with these *statuses*."""
    return {status: _refusal(status) for status in statuses}


def _refusal(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": _MEANINGS[status],
        "content": {MEDIA_TYPE: {"schema": PROBLEM}},
    }
    if status in _HEADERS:
        told["headers"] = _HEADERS[status]
    return told


# Of every route of a room.
ANYBODY = refusals(421, 503)  # needs no account
SIGNED_IN = ANYBODY | refusals(401, 403, 429)
# Of one route, by what it takes and does.
ASKED = refusals(422)  # has parameters
NAMED = refusals(404, 422)  # names something in its path
BODY = refusals(413, 415, 422)
CHANGE = refusals(403, 409)
LIMITED = refusals(429)  # of strangers, by their address
