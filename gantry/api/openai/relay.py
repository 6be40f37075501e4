"""Sending an answer on as it comes, for as long as somebody is there and may have it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Any, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gantry.api.access import still_signed_in
from gantry.api.openai.errors import told
from gantry.domain.errors import GantryError, Invalid, InvalidToken
from gantry.domain.programs import MAX_PROGRAM_BODY_BYTES, MAX_PROGRAM_MARKS
from gantry.services.programs import ProgramAnswer

RECHECK_SECONDS = 1.0  # how long a stream may outlive its token
_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
_JSON = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_Result = TypeVar("_Result")


async def json_of(request: Request) -> Any:
    """Return the JSON in a request's body; Invalid when it is none, or too much."""
    raw = b"".join([piece async for piece in _bounded(request)])
    # Before it is read: millions of small values are a gigabyte, and hold up everybody for seconds.
    if len(raw) > MAX_PROGRAM_MARKS and sum(map(raw.count, (b",", b"[", b"{"))) > MAX_PROGRAM_MARKS:
        raise Invalid(f"A request may hold at most {MAX_PROGRAM_MARKS:,} commas and opening brackets.")
    try:
        return orjson.loads(raw)
    except ValueError:
        raise Invalid("The body of this request is not JSON.") from None


async def _bounded(request: Request) -> AsyncGenerator[bytes]:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_PROGRAM_BODY_BYTES:
            raise Invalid(f"A request may carry at most {MAX_PROGRAM_BODY_BYTES:,} bytes.")
        yield piece


async def unless_gone(request: Request, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do *work*, and give it up when the client goes: a model server that nobody waits for is free at once.

    Raises:
        ClientDisconnect: The client has gone.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return await working
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Relay(Response):
    """An event stream. What goes wrong after its beginning is told in it, as OpenAI does; then it ends."""

    def __init__(self, pieces: AsyncGenerator[bytes], answer: ProgramAnswer, token: str | None) -> None:
        super().__init__()
        self._pieces = pieces
        self._answer = answer
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer until it ends, or the client goes."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                await sending
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._answer.aclose()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(_STREAM)})
        checked = monotonic()
        try:
            async with aclosing(self._pieces):
                async for piece in self._pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    if (now := monotonic()) - checked > RECHECK_SECONDS:
                        if not await still_signed_in(self._token):
                            raise InvalidToken
                        checked = now
        except GantryError as error:
            line = b"data: %b\n\n" % orjson.dumps(told(error)[1])
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def whole(body: bytes) -> Response:
    """Return an answer in one piece."""
    response = Response(body)
    response.raw_headers = [*_JSON, (b"content-length", str(len(body)).encode())]
    return response


def json_whole(value: Mapping[str, Any]) -> Response:
    """Return a JSON value."""
    return whole(orjson.dumps(value))
