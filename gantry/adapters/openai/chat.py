"""Chat over HTTP with any OpenAI-compatible server."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

import httpx
import orjson

from gantry.adapters.http.calls import MovedAway, send
from gantry.adapters.http.server_words import Words, sentence_in, server_message
from gantry.adapters.openai.answers import AnswerReader
from gantry.adapters.openai.errors import FINAL, ServerFaults
from gantry.adapters.openai.interleaved import with_news
from gantry.adapters.openai.options import STATUSES, Change, Habits, change_for, changed, refused_values
from gantry.adapters.openai.pace import Pace
from gantry.adapters.openai.reported import BrokenAnswer, EndedEarly, ReportedError
from gantry.adapters.openai.requests import CONTINUING_KINDS, request_body
from gantry.adapters.openai.sse import EventCutter, Malformed
from gantry.adapters.openai.waiting import Lookout
from gantry.domain.catalog import (
    ChatRequest,
    ConnectionSpec,
    Delta,
    TextDelta,
    Waits,
    WithoutPictures,
)
from gantry.domain.connections import address_below
from gantry.domain.errors import ModelUnavailable

_USUAL = Waits()
_MAX_REFUSAL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a model server, in seconds.

    ``first_byte`` holds until the first word of the answer, whatever else comes before it (a slow machine reads for
    minutes); ``idle`` counts from the last sign of life after it. Signs of life alone stretch the time between two words to
    ``first_byte`` at most. ``ask``: after so long without a word, the server is asked what it does. ``notice``: one that
    does not tell is then probably loading the model. ``loading``: after which a server that says so is asked again.
    ``tail``: how long anything may come after the answer is complete.
    """

    connect: float = _USUAL.connect
    first_byte: float = _USUAL.first_word
    idle: float = _USUAL.between_words
    ask: float = 1.0
    notice: float = 2.0
    loading: float = 1.0
    tail: float = 2.0

    def with_waits(self, waits: Waits | None) -> Self:
        """Return these with what a connection has of its own."""
        if waits is None:
            return self
        return replace(self, connect=waits.connect, first_byte=waits.first_word, idle=waits.between_words)


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer that has begun, as far as HTTP goes."""

    response: httpx.Response
    pieces: AsyncIterator[bytes]
    first: bytes
    blind: bool = False  # the server was asked without pictures


class _Clock:
    """When the next bytes must be here."""

    def __init__(self, limits: Timeouts) -> None:
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        self._word_at = self._now()  # or the question's time, before the first word
        self._finished_at: float | None = None

    def heard_word(self) -> None:
        """Note that something of the answer itself has come."""
        self._word_at = self._now()

    def seconds(self, reader: AnswerReader) -> float:
        """Return how long to wait from now on."""
        now, limits = self._now(), self._limits
        since = now - self._word_at
        if reader.finished:
            self._finished_at = self._finished_at or now
            return max(0.0, max(self._finished_at, self._word_at) + limits.tail - now)
        if not reader.begun:
            return max(0.0, limits.first_byte - since)
        return max(0.0, min(limits.idle, max(limits.first_byte, limits.idle) - since))


@dataclass(frozen=True, slots=True)
class OpenAIChatModel:
    """One OpenAI-compatible server; implements ``domain.catalog.ChatModel``."""

    client: httpx.AsyncClient
    connection: ConnectionSpec
    timeouts: Timeouts = Timeouts()
    habits: Habits = field(default_factory=Habits)
    pace: Pace = field(default_factory=Pace)
    lookout: Lookout = field(default_factory=Lookout)

    @property
    def continues_prefix(self) -> bool:
        """Whether servers of this kind go on from an unfinished assistant turn."""
        return self.connection.kind in CONTINUING_KINDS

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        """Yield the answer piece by piece; see ``domain.catalog.ChatModel``."""
        limits = self.timeouts
        news = self.lookout.watch(
            self.client, self.connection, request.model, ask=limits.ask, guess=limits.notice
        )
        async for delta in with_news(self._answer(request), news):
            yield delta

    async def _answer(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        clock = _Clock(self._limits)
        opened = await self._open(request)
        try:
            if opened.blind and any(turn.pictures for turn in request.turns):
                yield WithoutPictures()
            reader = AnswerReader(prefix=request.turns[-1].content if request.continue_last else "")
            cutter = EventCutter()
            piece = opened.first
            with self.pace.reading():
                while piece:
                    for delta in self._deltas(reader, cutter, piece):
                        if reader.begun:
                            clock.heard_word()
                        yield delta
                    if reader.done:
                        break
                    if not reader.finished:
                        await asyncio.sleep(self.pace.seconds)
                    piece = await self._next_piece(opened, reader, clock)
            for delta in self._last_deltas(reader, cutter, opened):
                yield delta
        finally:
            with suppress(httpx.HTTPError):
                await opened.response.aclose()

    @property
    def _faults(self) -> ServerFaults:
        return ServerFaults(self.connection)

    @property
    def _limits(self) -> Timeouts:
        return self.timeouts.with_waits(self.connection.waits)

    def _deltas(self, reader: AnswerReader, cutter: EventCutter, piece: bytes) -> Iterator[Delta]:
        """Yield what *piece* says, text in one; what comes before a fault in the same piece stays valid."""
        words: list[str] = []
        try:
            for value in cutter.feed(piece):
                for delta in self._read(reader, value):
                    if isinstance(delta, TextDelta):
                        words.append(delta.text)
                        continue
                    if words:
                        yield TextDelta("".join(words))
                        words.clear()
                    yield delta
        except ValueError as error:  # a line without end
            if not reader.finished:
                raise self._faults.broken(str(error)) from error
            reader.done = True
        except ModelUnavailable:
            if words:
                yield TextDelta("".join(words))
            raise
        if words:
            yield TextDelta("".join(words))

    def _read(self, reader: AnswerReader, value: Any) -> Sequence[Delta]:
        try:
            return reader.read(value)
        except ReportedError as error:
            raise self._faults.reported(error.error) from error
        except EndedEarly as error:
            raise self._faults.ended_early(str(error)) from error
        except BrokenAnswer as error:
            raise self._faults.broken(str(error)) from error

    def _last_deltas(self, reader: AnswerReader, cutter: EventCutter, opened: _Opened) -> Iterator[Delta]:
        """Yield what the end of the stream makes certain; an answer without an end was cut off."""
        if not reader.done:
            for value in cutter.flush():
                if isinstance(value, Malformed) and not value.complete:
                    break  # half a value is no nonsense: the server died speaking
                yield from self._read(reader, value)
        if not reader.finished and not reader.hinted:
            raise self._without_end(reader, cutter, opened.response)
        if reader.wordless:
            raise self._not_an_answer(reader, reader.oddity)
        yield from reader.end()

    def _without_end(
        self, reader: AnswerReader, cutter: EventCutter, response: httpx.Response
    ) -> ModelUnavailable:
        """Return the fault of a stream that ended without a word about it: in mid-answer, or it never was one."""
        said = sentence_in(reader.remark) or server_message(cutter.words) or reader.oddity
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if reader.begun or (kind == "text/event-stream" and reader.remark is None):
            return self._faults.cut_off(said)
        return self._not_an_answer(reader, said or reader.oddity or f"Content type {kind or 'not given'}.")

    def _not_an_answer(self, reader: AnswerReader, said: str) -> ModelUnavailable:
        if reader.remark is not None:
            return self._faults.reported(reader.remark)
        return self._faults.broken(said)

    async def _next_piece(self, opened: _Opened, reader: AnswerReader, clock: _Clock) -> bytes:
        """Return the next bytes, none at the end. How far the answer is decides how long to wait."""
        try:
            async with asyncio.timeout(clock.seconds(reader)):
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
            async with asyncio.timeout(self._limits.first_byte):
                return await self._ask(request_body(request, self.connection.kind))
        except TimeoutError as error:
            raise self._faults.silent() from error
        except MovedAway as error:
            raise self._faults.moved(error.address) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._faults.transport(error) from error
        except UnicodeError as error:  # a host name that none can have
            raise self._faults.unreachable(str(error)) from error

    async def _ask(self, body: dict[str, Any]) -> _Opened:
        """Send *body*, changed as this model is known to want it, and again without what the server refuses."""
        server, model = f"{self.connection.slug} {self.connection.base_url}", body["model"]
        known = self.habits.of(server, model, body)
        changes: list[Change] = []
        values: dict[Change, Any] = {}
        for change in known:
            body = self._made(body, change, changes)
        while True:
            response = await self._send(body)
            try:
                if response.is_success:
                    if tuple(changes) != known:
                        self.habits.learn(server, model, changes, values)
                    return replace(await self._begin(response), blind=Change.NO_PICTURES in changes)
                refusal = await _read_up_to(_MAX_REFUSAL_BYTES, response)
            except BaseException:
                await response.aclose()
                raise
            await response.aclose()
            words = Words.in_body(refusal)
            if _is_loading(response.status_code, words):
                await asyncio.sleep(self.timeouts.loading)
                continue
            fault = self._faults.answered(response.status_code, response.headers, refusal)
            wanted = (
                change_for(body, words, response.status_code) if response.status_code in STATUSES else None
            )
            if wanted is None or wanted in changes or fault.fault in FINAL:
                raise fault
            values |= refused_values(body, wanted, words)
            body = self._made(body, wanted, changes)

    def _made(self, body: dict[str, Any], change: Change, changes: list[Change]) -> dict[str, Any]:
        changes.append(change)
        return changed(body, change)

    async def _send(self, body: dict[str, Any]) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if self.connection.api_key:
            headers["Authorization"] = f"Bearer {self.connection.api_key}"
        asking = self.client.build_request(
            "POST",
            address_below(self.connection.base_url, "chat/completions"),
            content=orjson.dumps(body),
            headers=headers,
            # Silence is timed here, not in httpx: its limit for reading is one and the same for a whole response.
            timeout=httpx.Timeout(None, connect=self._limits.connect),
        )
        return await send(self.client, asking)

    async def _begin(self, response: httpx.Response) -> _Opened:
        """Look whether what begins may be an answer; the bytes tell, content types are often wrong."""
        # Decoding costs a layer of generators for each token, and servers hardly ever compress a stream.
        encoded = "content-encoding" in response.headers
        pieces = response.aiter_bytes() if encoded else response.aiter_raw()
        first = await anext(pieces, b"")
        if first.lstrip()[:1] == b"<":  # a page: the address leads elsewhere, or to a sign-in form
            while len(first) < _MAX_REFUSAL_BYTES and (piece := await anext(pieces, b"")):
                first += piece
            raise self._faults.broken(server_message(first))
        return _Opened(response, pieces, first)


def _is_loading(status: int, words: Words) -> bool:
    """Whether a server refuses because it still loads its model, as llama.cpp says it."""
    return status == 503 and words.sentence.lower().startswith("loading model")


async def _read_up_to(limit: int, response: httpx.Response) -> bytes:
    """Return the beginning of a body: an error may be a page without end."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= limit:
            break
    return body[:limit]
