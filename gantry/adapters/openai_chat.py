"""Chat over HTTP with any OpenAI-compatible server."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from gantry.adapters.openai_errors import ServerFaults, server_message
from gantry.adapters.openai_wire import (
    CONTINUING_KINDS,
    AnswerReader,
    BrokenAnswer,
    ReportedError,
    request_body,
    without_rejected,
)
from gantry.adapters.sse import DataLines
from gantry.domain.catalog import ChatRequest, ConnectionSpec, Delta, LoadProgress
from gantry.domain.errors import ModelFault, ModelUnavailable

_MAX_BODY_BYTES = 8 * 1024 * 1024
_MAX_REFUSAL_BYTES = 64 * 1024
_MAX_ATTEMPTS = 4  # a question is asked again only without an option that the server refused by name
_STREAM_STARTS = (b"data:", b"event:", b"id:", b":")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a model server, in seconds, each counted from the last sign of life.

    ``first_byte`` holds until the first word of the answer (a model may be loading), ``idle`` between any two
    after it. ``notice``: with no sign of life for so long, the server is probably loading the model.
    ``tail``: how long the usage may come after the answer is complete.
    """

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 60.0
    notice: float = 2.0
    tail: float = 2.0


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer whose first bytes are here."""

    response: httpx.Response
    pieces: AsyncIterator[bytes]
    first: bytes


@dataclass(frozen=True, slots=True)
class OpenAIChatModel:
    """One OpenAI-compatible server; implements ``domain.catalog.ChatModel``."""

    client: httpx.AsyncClient
    connection: ConnectionSpec
    timeouts: Timeouts = Timeouts()

    @property
    def continues_prefix(self) -> bool:
        """Whether servers of this kind go on from an unfinished assistant turn."""
        return self.connection.kind in CONTINUING_KINDS

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        """Yield the answer piece by piece; see ``domain.catalog.ChatModel``.

        Yields ``LoadProgress()`` once when the server shows no sign of life for ``Timeouts.notice`` seconds.
        """
        # A task, so that the wait can be told of without giving it up; it never outlives this generator.
        opening = asyncio.create_task(self._open(request))
        try:
            done, _ = await asyncio.wait({opening}, timeout=self.timeouts.notice)
            if not done:
                yield LoadProgress()
            opened = await opening
            reader = AnswerReader(prefix=request.turns[-1].content if request.continue_last else "")
            lines = DataLines()
            piece = opened.first
            while piece:
                for delta in self._deltas(reader, lines, piece):
                    yield delta
                piece = b"" if reader.done else await self._next_piece(opened, reader)
            for delta in self._last_deltas(reader, lines):
                yield delta
        finally:
            await _hang_up(opening)

    @property
    def _faults(self) -> ServerFaults:
        return ServerFaults(self.connection)

    def _deltas(self, reader: AnswerReader, lines: DataLines, piece: bytes) -> Iterator[Delta]:
        """Yield what *piece* says; what comes before a fault in the same piece stays valid."""
        try:
            for payload in lines.feed(piece):
                yield from reader.read(payload)
        except ReportedError as error:
            raise self._faults.reported(error.error) from error
        except (BrokenAnswer, ValueError) as error:
            raise self._faults.broken(str(error)) from error

    def _last_deltas(self, reader: AnswerReader, lines: DataLines) -> Iterator[Delta]:
        """Yield what the end of the stream makes certain; an answer without an end was cut off."""
        if not reader.done:
            try:
                yield from self._deltas(reader, lines, b"\n")
            except ModelUnavailable as error:
                if (
                    error.fault is not ModelFault.BROKEN
                ):  # half a line is no nonsense: the server died speaking
                    raise
        if not reader.finished:
            raise self._faults.cut_off()
        yield from reader.end()

    async def _next_piece(self, opened: _Opened, reader: AnswerReader) -> bytes:
        """Return the next bytes, none at the end. How far the answer is decides how long to wait."""
        limits = self.timeouts
        limit = limits.tail if reader.finished else limits.idle if reader.begun else limits.first_byte
        try:
            async with asyncio.timeout(limit):
                return await anext(opened.pieces, b"")
        except TimeoutError as error:
            fault = self._faults.stalled() if reader.begun else self._faults.silent()
            cause: Exception = error
        except httpx.HTTPError as error:
            fault = self._faults.transport(error)
            cause = error
        if reader.finished:  # the answer is complete, whatever the server does now
            return b""
        raise fault from cause

    async def _open(self, request: ChatRequest) -> _Opened:
        """Ask, and wait for the first bytes of the answer."""
        try:
            async with asyncio.timeout(self.timeouts.first_byte):
                return await self._ask(request_body(request, self.connection.kind))
        except TimeoutError as error:
            raise self._faults.silent() from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._faults.transport(error) from error

    async def _ask(self, body: dict[str, Any]) -> _Opened:
        """Send *body*, and again without what the server refuses by name."""
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            response = await self._send(body)
            try:
                if response.is_success:
                    return await self._begin(response)
                refusal = await _read_up_to(_MAX_REFUSAL_BYTES, response)
            except BaseException:
                await response.aclose()
                raise
            await response.aclose()
            changed = None
            if response.status_code in (400, 422) and attempt < _MAX_ATTEMPTS:
                changed = without_rejected(body, server_message(refusal))
            if changed is None:
                raise self._faults.answered(response.status_code, response.headers, refusal)
            body = changed
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _send(self, body: dict[str, Any]) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if self.connection.api_key:
            headers["Authorization"] = f"Bearer {self.connection.api_key}"
        asking = self.client.build_request(
            "POST",
            f"{self.connection.base_url}/chat/completions",
            content=orjson.dumps(body),
            headers=headers,
            # Silence is timed here, not in httpx: its limit for reading is one and the same for a whole response.
            timeout=httpx.Timeout(None, connect=self.timeouts.connect),
        )
        return await self.client.send(asking, stream=True)

    async def _begin(self, response: httpx.Response) -> _Opened:
        """Look whether what begins is an answer."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            return _Opened(
                response, _nothing(), self._as_stream(await _read_up_to(_MAX_BODY_BYTES, response))
            )
        # Decoding costs a layer of generators for each token, and servers hardly ever compress a stream.
        encoded = "content-encoding" in response.headers
        pieces = response.aiter_bytes() if encoded else response.aiter_raw()
        first = await anext(pieces, b"")
        if kind == "text/event-stream" or first.lstrip().startswith(_STREAM_STARTS):
            return _Opened(response, pieces, first)
        raise self._faults.broken(server_message(first) or f"Content type {kind or 'not given'}.")

    def _as_stream(self, body: bytes) -> bytes:
        """Return a whole completion as the stream it would have been; some servers do not stream."""
        try:
            value = orjson.loads(body)
        except ValueError as error:
            raise self._faults.broken(server_message(body)) from error
        if not isinstance(value, dict) or not (value.get("choices") or value.get("error")):
            raise self._faults.broken(server_message(body))
        return b"data: " + orjson.dumps(value) + b"\ndata: [DONE]\n"


async def _nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


async def _read_up_to(limit: int, response: httpx.Response) -> bytes:
    """Return the beginning of a body: an error may be a page without end."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= limit:
            break
    return body[:limit]


async def _hang_up(opening: asyncio.Task[_Opened]) -> None:
    """Give up the connection, wherever the answer stands."""
    if not opening.done():
        opening.cancel()
        await asyncio.wait({opening})
    if opening.cancelled() or opening.exception() is not None:
        return
    opened = opening.result()
    with suppress(httpx.HTTPError):
        await opened.response.aclose()
