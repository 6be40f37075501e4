"""Requests that are given up by a notification, as clients of the protocol before 2026 do: those after close their request."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Message, Receive

_MARK = b"notifications/cancelled"


def name_of(request: Request, number: Any) -> str:
    """Return what tells a client's request from those of other clients with the same token: numbers begin at 1 everywhere."""
    address = request.client.host if request.client else ""
    return f"{address} {request.headers.get('user-agent', '')[:200]} {orjson.dumps(number).decode()}"


async def peeked(receive: Receive) -> tuple[bytes, Receive]:
    """Return a request's body, and what gives it once more."""
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    body = b"".join(pieces)
    left = [message if message["type"] != "http.request" else _whole(body)]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return body, again


def given_up(body: bytes) -> Any:
    """Return the number of the request that a message gives up; None where it gives up nothing."""
    if _MARK not in body:
        return None
    try:
        told = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(told, dict) or told.get("method") != _MARK.decode():
        return None
    params = told.get("params")
    number = params.get("requestId") if isinstance(params, dict) else None
    return number if isinstance(number, int | str) else None


def _whole(body: bytes) -> Message:
    return {"type": "http.request", "body": body, "more_body": False}
