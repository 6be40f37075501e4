"""The one fake of the project: a model server that plays scripts, over real HTTP on a real port.

In a test that runs in a loop: ``async with ScriptedServer() as server``. In a browser test:
``with ServerThread() as server``. For the benchmark: ``python -m tests.parts.llm_server --tokens 1000 --rate 100``.

Which script answers a request: the one named by ``[[script:name]]`` in the last user message; else the next of
the queue; else the one with the model's name; else what ``respond`` returns; else ``default``. The markers
``[[tokens:500]]`` and ``[[rate:50]]`` in the message change length and speed of whatever was chosen.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.parts.llm_play import Play
from tests.parts.llm_script import Script, markdown_answer, split_tokens
from tests.parts.llm_wire import Recorded, read_request, reply, watch

__all__ = [
    "SILENCE",
    "Recorded",
    "Script",
    "ScriptedServer",
    "ServerThread",
    "markdown_answer",
    "split_tokens",
]

_MARKERS = re.compile(r"\[\[(script|tokens|rate):([\w.-]+)\]\]")
SILENCE = object()  # as a route: take the request and never answer
T = TypeVar("T")


class ScriptedServer:
    """Plays ``Script`` values to whoever asks ``/v1/chat/completions``, and records what it was asked.

    Attributes:
        default, scripts, respond: Where scripts come from; see the module's docstring.
        models: What ``GET /v1/models`` lists: names, or dictionaries with whatever fields.
        routes: Further answers by ``"GET /props"``: a JSON value, (status, JSON value), a function of
            the request, or ``SILENCE``.
        requests: All chat requests, oldest first; ``others`` are all the rest.
    """

    def __init__(
        self,
        default: Script | None = None,
        *,
        scripts: Mapping[str, Script] | None = None,
        respond: Callable[[Recorded], Script | None] | None = None,
        models: Sequence[str | Mapping[str, Any]] = ("scripted",),
        routes: Mapping[str, Any] | None = None,
        api_key: str | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self.host = host
        self.default = default or Script()
        self.scripts = dict(scripts or {})
        self.respond = respond
        self.models = models
        self.routes = dict(routes or {})
        self.api_key = api_key
        self.port = port
        self.requests: list[Recorded] = []
        self.others: list[Recorded] = []
        self._queue: deque[Script] = deque()
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()
        self._came = asyncio.Condition()

    @property
    def origin(self) -> str:
        """Address without a path."""
        return f"http://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Base URL for clients, with ``/v1``."""
        return f"{self.origin}/v1"

    @property
    def last(self) -> Recorded:
        """The newest chat request."""
        return self.requests[-1]

    def enqueue(self, *scripts: Script) -> None:
        """Play *scripts* next, one for each request without a marker."""
        self._queue.extend(scripts)

    async def wait_requests(self, count: int, timeout: float = 5.0) -> Recorded:
        """Wait until *count* chat requests have come in all; return the newest."""
        async with asyncio.timeout(timeout), self._came:
            await self._came.wait_for(lambda: len(self.requests) >= count)
        return self.last

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            while (request := await read_request(reader)) and await self._answer(request, reader, writer):
                pass
        except (ConnectionError, asyncio.CancelledError):
            pass  # a client that hangs up is what half of the tests are about
        finally:
            self._busy.discard(task)
            writer.close()

    async def _answer(
        self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; return whether the connection may serve another."""
        path = request.path.partition("?")[0]
        if path == "/_record":
            return reply(writer, 200, [recorded.as_json() for recorded in self.requests])
        if path != "/v1/chat/completions":
            self.others.append(request)
            if self.routes.get(f"{request.method} {path}") is SILENCE:
                await watch(reader, request)
                return False
            return self._reply_aside(request, path, writer)
        self.requests.append(request)
        async with self._came:
            self._came.notify_all()
        if not self._authorised(request):
            return reply(writer, 401, {"error": {"message": "Incorrect API key provided."}})
        play = Play(self._choose(request), request, writer)
        watching = asyncio.create_task(watch(reader, request))
        playing = asyncio.create_task(play.run())
        try:
            await asyncio.wait({watching, playing}, return_when=asyncio.FIRST_COMPLETED)
            return playing.done() and await playing
        finally:
            for task in (watching, playing):
                task.cancel()
            await asyncio.gather(watching, playing, return_exceptions=True)

    def _authorised(self, request: Recorded) -> bool:
        return self.api_key is None or request.headers.get("authorization") == f"Bearer {self.api_key}"

    def _reply_aside(self, request: Recorded, path: str, writer: asyncio.StreamWriter) -> bool:
        answer = self.routes.get(f"{request.method} {path}")
        if callable(answer):
            answer = answer(request)
        if answer is None and path == "/v1/models":
            if not self._authorised(request):
                return reply(writer, 401, {"detail": "Invalid API key"})
            listed = [
                {"id": m, "object": "model", "owned_by": "gantry"} if isinstance(m, str) else m
                for m in self.models
            ]
            answer = {"object": "list", "data": listed}
        if answer is None and path == "/health":
            answer = {"status": "ok"}
        if answer is None:
            return reply(writer, 404, {"error": {"message": f"No route {path}"}})
        status, value, *more = answer if isinstance(answer, tuple) else (200, answer)
        return reply(writer, status, value, *more)

    def _choose(self, request: Recorded) -> Script:
        users = [turn for turn in request.body.get("messages", ()) if turn.get("role") == "user"]
        asked = str(users[-1].get("content")) if users else ""
        marks = dict(_MARKERS.findall(asked))
        script = self.scripts.get(marks.get("script", ""))
        if script is None and self._queue:
            script = self._queue.popleft()
        script = script or self.scripts.get(request.body.get("model", ""))
        script = script or (self.respond(request) if self.respond else None) or self.default
        if "tokens" in marks:
            script = dataclasses.replace(script, text=markdown_answer(int(marks["tokens"])))
        if "rate" in marks:
            script = dataclasses.replace(script, tokens_per_second=float(marks["rate"]))
        return script


class ServerThread:
    """A ``ScriptedServer`` in a thread with a loop of its own, for tests that block."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._make = lambda: ScriptedServer(*args, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted-llm", daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        self.server = self.run(self._start())
        return self.server

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.run(self.server.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 10.0) -> T:
        """Run a coroutine of the server, for example ``server.wait_requests(1)``, and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    async def _start(self) -> ScriptedServer:
        return await self._make().__aenter__()


async def _stand_alone(arguments: argparse.Namespace) -> None:
    script = Script(
        text=markdown_answer(arguments.tokens),
        tokens_per_second=arguments.rate or None,
        first_byte_delay=arguments.first_byte_delay,
    )
    async with ScriptedServer(script, models=arguments.model or ("scripted",), port=arguments.port) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible server.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--tokens", type=int, default=1000, help="length of the default answer")
    parser.add_argument(
        "--rate", type=float, default=100.0, help="tokens per second; 0 is as fast as possible"
    )
    parser.add_argument("--first-byte-delay", type=float, default=0.0, help="seconds")
    parser.add_argument("--model", action="append", help="a model to list; may be repeated")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_stand_alone(parser.parse_args()))


if __name__ == "__main__":
    main()
