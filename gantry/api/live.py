"""Answers as they are written: server-sent events; and the feed of what changed, over a websocket."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from time import monotonic
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request, WebSocket
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocketDisconnect

from gantry.api.access import Asks, AsksOrReads, cookie_token, presented_token, still_signed_in
from gantry.api.chat_schemas import GenerationOut
from gantry.api.described import events
from gantry.api.refusals import CHANGE, NAMED, SIGNED_IN
from gantry.domain.accounts import Actor
from gantry.domain.errors import NotSignedIn
from gantry.domain.live import LiveEvent, LiveKind, Notice, NoticeKind, Position
from gantry.languages import chosen
from gantry.languages.stored import recalled
from gantry.log import add_log_context
from gantry.runtime import services

KEEP_ALIVE_SECONDS = 10.0  # of silence; looked at whenever the log's idle time is over
RECHECK_SECONDS = 5.0  # how long a stream may outlive its session
FEED_RECHECK_SECONDS = 60.0
NOT_SIGNED_IN = 4401  # websocket close code; the page goes to sign-in

_SENTENCES = {
    LiveKind.STATUS: ("detail",),
    LiveKind.SOURCES: ("note",),
    LiveKind.ERROR: ("title", "advice"),
}  # of an event, for people
_END_MARK = ".end"  # of the last event's id
_ALIVE = b":\n"  # no blank line: some readers take that for an event without data

_EVENT = {"id": "1.5", "event": "text", "data": '{"text":"Hello"}'}
_ONLY_CHECK = Notice(NoticeKind.SESSION)

router = APIRouter(prefix="/api/v1", tags=["answers"], responses=SIGNED_IN)


@router.get("/generations/{generation_id}", operation_id="get_generation", responses=NAMED)
async def get_generation(who: AsksOrReads, generation_id: UUID) -> GenerationOut:
    """Return how far an answer is."""
    return GenerationOut.model_validate(await services().answers.get(who, generation_id))


@router.post(
    "/generations/{generation_id}/stop",
    status_code=202,
    operation_id="stop_generation",
    responses=NAMED | CHANGE,
)
async def stop_generation(who: Asks, generation_id: UUID) -> dict[str, str]:
    """Stop an answer, wherever it is written; what there is of it stays."""
    add_log_context(generation=generation_id)
    await services().answers.stop(who, generation_id)
    return {"status": "stopping"}


@router.get(
    "/generations/{generation_id}/events",
    operation_id="follow_generation",
    response_class=StreamingResponse,
    responses=NAMED
    | {
        200: {
            "content": events("One event of an answer; `data` is JSON.", _EVENT),
            "description": "Server-sent events, `end` being the last",
        },
        204: {"description": "The reader has had the `end` already: there is nothing to come back for"},
    },
)
async def follow_generation(
    who: AsksOrReads,
    request: Request,
    generation_id: UUID,
    last_event_id: Annotated[str, Header()] = "",
    after: Annotated[str, Query(alias="last_event_id")] = "",
) -> Response:
    """Stream an answer: ``text``, ``reasoning``, ``status``, ``sources``, ``restarted``, ``error``, ``end``.

    Each event's id says how much the reader has; ``Last-Event-ID`` goes on from there, on any replica. Close the stream
    when ``end`` has come: an ``EventSource`` reconnects by itself, and who comes back with the id of ``end`` gets 204,
    which makes it stop.
    """
    add_log_context(generation=generation_id)
    answers = services().answers
    stored = await answers.stored(who, generation_id)  # not found is an answer, not a broken stream
    place = last_event_id or after
    if place.endswith(_END_MARK) and not stored.live:
        return Response(status_code=204)
    position = Position.parse(place.removesuffix(_END_MARK))
    token = presented_token(request)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept-Encoding"}
    pack = _Gzip() if "gzip" in request.headers.get("accept-encoding", "") else bytes
    if isinstance(pack, _Gzip):
        headers["Content-Encoding"] = "gzip"
    language = chosen("", request.headers.get("accept-language", ""))
    frames = _frames(answers.follow(who, generation_id, position, stored), token, pack, language)
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


class _Gzip:
    """Compresses a stream frame by frame: frames are much alike, so it halves what a token costs on the wire."""

    def __init__(self) -> None:
        # A small window (4 KB) and little memory: there is one of these for each open stream.
        self._stream = zlib.compressobj(6, zlib.DEFLATED, 16 + 12, 5)

    def __call__(self, frame: bytes) -> bytes:
        """Return *frame* compressed and complete, so that the reader has all of it at once."""
        return self._stream.compress(frame) + self._stream.flush(zlib.Z_SYNC_FLUSH)


def _frame(event: LiveEvent) -> bytes:
    mark = _END_MARK if event.kind is LiveKind.END else ""
    return b"id:%b\nevent:%b\ndata:%b\n\n" % (
        f"{event.position}{mark}".encode(),
        event.kind.encode(),
        orjson.dumps(event.data),
    )


def _said(event: LiveEvent, language: str) -> LiveEvent:
    """Return *event* as it is told in *language*: whoever writes an answer does not know who reads it."""
    said = {
        key: recalled(event.data[key], language)
        for key in _SENTENCES.get(event.kind, ())
        if event.data.get(key)
    }
    return replace(event, data={**event.data, **said}) if said else event


async def _frames(
    events: AsyncGenerator[LiveEvent | None], token: str | None, pack: Callable[[bytes], bytes], language: str
) -> AsyncIterator[bytes]:
    """Render events; a comment now and then keeps proxies from hanging up."""
    checked = said = monotonic()
    yield pack(_ALIVE)
    first = b"retry:500\n"  # with the first event: alone it is an event without data to some readers
    async with aclosing(events):
        async for event in events:
            now = monotonic()
            if event is not None:
                yield pack(first + _frame(_said(event, language)))
                first, said = b"", now
            elif now - said > KEEP_ALIVE_SECONDS:
                yield pack(_ALIVE)
                said = now
            if now - checked > RECHECK_SECONDS:
                if not await still_signed_in(token):
                    return
                checked = now


@router.websocket("/feed")
async def feed(websocket: WebSocket) -> None:
    """Send what changed for the signed-in account: ``{"kind", "id", "data", "origin"}``, one message a change.

    A page passes over what names itself as the origin: the handler that made the change has shown it.
    """
    await websocket.accept()
    token = cookie_token(websocket)
    try:
        who = await services().accounts.authenticate(token)
    except NotSignedIn:
        await websocket.close(NOT_SIGNED_IN)
        return
    leaving = asyncio.ensure_future(_until_left(websocket))
    sending = asyncio.ensure_future(_send_notices(websocket, token, who))
    try:
        await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (leaving, sending):
            task.cancel()
        await asyncio.gather(leaving, sending, return_exceptions=True)


async def _until_left(websocket: WebSocket) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()


async def _send_notices(websocket: WebSocket, token: str | None, who: Actor) -> None:
    async with aclosing(services().feed.follow(who)) as notices:
        while True:
            try:
                notice = await asyncio.wait_for(anext(notices), FEED_RECHECK_SECONDS)
            except TimeoutError:
                notice = _ONLY_CHECK
            if notice.kind is NoticeKind.SESSION:
                if not await still_signed_in(token):
                    await websocket.close(NOT_SIGNED_IN)
                    return
                continue
            line = {
                "kind": notice.kind.value,
                "id": notice.id,
                "data": dict(notice.data),
                "origin": notice.origin,
            }
            await websocket.send_text(orjson.dumps(line).decode())
