"""What browsers must be told before pages of another origin may read our answers (CORS).

Only for origins that the operator has named, one by one, and only on the same site: the session's cookie is
``SameSite=Lax``, and stays so.
"""

from starlette.responses import Response
from starlette.types import Scope

from gantry.api.origins import header_values

REMEMBER_SECONDS = 7200  # as long as browsers keep a permission
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = "authorization, content-type, last-event-id"
_RESPONSE_HEADERS = b"content-disposition, retry-after, x-request-id"
_RESOURCE_POLICY = b"cross-origin-resource-policy"
_ALLOW_ORIGIN = b"access-control-allow-origin"
_ALLOW_CREDENTIALS = b"access-control-allow-credentials"
_EXPOSE_HEADERS = b"access-control-expose-headers"
# The framework inside has a word on some of these, which would make two of them, hence none.
_OURS = frozenset({_RESOURCE_POLICY, _ALLOW_ORIGIN, _ALLOW_CREDENTIALS, _EXPOSE_HEADERS})
_Headers = list[tuple[bytes, bytes]]


def is_preflight(scope: Scope) -> bool:
    """Whether the browser asks what it may ask."""
    return scope["method"] == "OPTIONS" and bool(header_values(scope, b"access-control-request-method"))


def permission() -> Response:
    """Return the answer to a preflight; whom it is for is added like everywhere (see ``opened``)."""
    headers = {
        "access-control-allow-methods": _METHODS,
        "access-control-allow-headers": _REQUEST_HEADERS,
        "access-control-max-age": str(REMEMBER_SECONDS),
    }
    return Response(status_code=204, headers=headers)


def opened(headers: _Headers, front_end: str | None) -> _Headers:
    """Return a response's *headers* with what lets *front_end* read it; for anybody else it stays closed.

    Caches are told that answers differ, whoever asks.
    """
    ours = [(b"vary", b"Origin"), (_RESOURCE_POLICY, b"same-site")]
    if front_end is not None:
        ours += [
            (_ALLOW_ORIGIN, front_end.encode("latin-1")),
            (_ALLOW_CREDENTIALS, b"true"),
            (_EXPOSE_HEADERS, _RESPONSE_HEADERS),
        ]
    return [*((name, value) for name, value in headers if name.lower() not in _OURS), *ours]
