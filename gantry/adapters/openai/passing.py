"""Passing a program's request on to a model server, and the answer back, looked at no closer than it has to be."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson

from gantry.adapters.http.calls import MovedAway, send
from gantry.adapters.http.server_words import Words
from gantry.adapters.openai.errors import FINAL, ServerFaults
from gantry.adapters.openai.options import STATUSES, change_for, changed
from gantry.adapters.openai.pace import Pace
from gantry.adapters.openai.whole import whole_of
from gantry.domain.catalog import ConnectionSpec, Waits
from gantry.domain.connections import address_below

_USUAL = Waits()
_MAX_REFUSAL_BYTES = 64 * 1024
_AT_ONCE = 4  # pieces: the head of an answer and its first words
# Between two looks at a stream that is passed on. A look costs wake-ups and writes of two sockets, hardly anything of it for
# each token; programs that show text are read along with at twenty changes a second as well as at forty.
_BETWEEN_LOOKS = 0.05
_PAGE = b"<"  # how an HTML page begins: the address leads elsewhere


class Passed:
    """Implements ``domain.passing.PassedAnswer`` over one HTTP response."""

    def __init__(self, response: httpx.Response, faults: ServerFaults, waits: Waits, pace: Pace) -> None:
        self._response = response
        self._pace = pace
        self._faults = faults
        self._waits = waits

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield the body at a pace, but for its beginning, which somebody waits for.

        Looking costs about the same for one token as for several (docs/adr/0014-model-servers-are-read-at-a-pace.md).
        """
        number = 0
        with self._pace.reading():
            async with aclosing(self._read()) as pieces:
                async for piece in pieces:
                    yield piece
                    number += 1
                    if number >= _AT_ONCE:
                        await asyncio.sleep(max(_BETWEEN_LOOKS, self._pace.seconds))

    async def _read(self) -> AsyncGenerator[bytes]:
        """Yield what comes, as soon as it does; the first piece tells whether it is an answer at all."""
        # Servers hardly ever compress a stream, and decoding costs a layer of generators for each token.
        encoded = "content-encoding" in self._response.headers
        source = self._response.aiter_bytes() if encoded else self._response.aiter_raw()
        seconds = self._waits.first_word
        try:
            while piece := await self._next(source, seconds):
                if seconds is self._waits.first_word and piece.lstrip()[:1] == _PAGE:
                    raise self._faults.broken("It answered with a page.")
                seconds = self._waits.between_words
                yield piece
        finally:
            await self.aclose()

    async def whole(self, max_bytes: int) -> bytes:
        """Return the whole body; one completion also where the server streamed it unasked."""
        pieces: list[bytes] = []
        size = 0
        async for piece in self._read():
            size += len(piece)
            if size > max_bytes:
                raise self._faults.broken(f"The answer is larger than {max_bytes:,} bytes.")
            pieces.append(piece)
        return whole_of(b"".join(pieces), self._faults)

    async def aclose(self) -> None:
        """Close the connection, or keep it for the next request when all of the body was read."""
        with suppress(httpx.HTTPError):
            await self._response.aclose()

    async def _next(self, source: AsyncIterator[bytes], seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await anext(source, b"")
        except TimeoutError as error:
            raise self._faults.stalled() from error
        except httpx.HTTPError as error:
            raise self._faults.transport(error) from error


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: where to, what for certain, and what as far as the server takes it."""

    path: str
    body: Mapping[str, Any]
    wishes: dict[str, Any]

    def without(self, response: httpx.Response, refusal: bytes) -> "Asked | None":
        """Return it without the wish that was refused; None when that was none of them."""
        if not self.wishes or response.status_code not in STATUSES:
            return None
        mine: dict[str, Any] = {"messages": [], **self.wishes}
        change = change_for(mine, Words.in_body(refusal), response.status_code)
        if change is None:
            return None
        kept = changed(mine, change)
        del kept["messages"]
        return replace(self, wishes=kept) if kept != self.wishes else None


async def pass_on(client: httpx.AsyncClient, pace: Pace, connection: ConnectionSpec, asked: Asked) -> Passed:
    """Send what is *asked*; see ``domain.passing.PassesOn``."""
    faults, waits = ServerFaults(connection), connection.waits or _USUAL
    while True:
        response = await _sent(client, connection, faults, asked)
        if response.is_success:
            return Passed(response, faults, waits, pace)
        refusal = await _refusal(response, waits)
        fault = faults.answered(response.status_code, response.headers, refusal)
        again = None if fault.fault in FINAL else asked.without(response, refusal)
        if again is None:
            raise fault
        asked = again


async def _sent(
    client: httpx.AsyncClient, connection: ConnectionSpec, faults: ServerFaults, asked: Asked
) -> httpx.Response:
    """Send a request; return when the server has begun to answer it."""
    waits = connection.waits or _USUAL
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
    if connection.api_key:
        headers["Authorization"] = f"Bearer {connection.api_key}"
    request = client.build_request(
        "POST",
        address_below(connection.base_url, asked.path),
        content=orjson.dumps({**asked.body, **asked.wishes}),
        headers=headers,
        timeout=httpx.Timeout(None, connect=waits.connect),
    )
    try:
        async with asyncio.timeout(waits.first_word):
            return await send(client, request)
    except TimeoutError as error:
        raise faults.silent() from error
    except MovedAway as error:
        raise faults.moved(error.address) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise faults.transport(error) from error
    except UnicodeError as error:
        raise faults.unreachable(str(error)) from error


async def _refusal(response: httpx.Response, waits: Waits) -> bytes:
    """Read why the server refused, as far as it says so within reason."""
    body = b""
    try:
        async with asyncio.timeout(waits.connect):
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) >= _MAX_REFUSAL_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass  # its status says enough
    finally:
        with suppress(httpx.HTTPError):
            await response.aclose()
    return body[:_MAX_REFUSAL_BYTES]
