"""The guard: who may speak to the server, and with what words it answers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any, Self

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from gantry.api.guard import MAX_BODY_BYTES, Guard
from gantry.api.origins import OriginRule
from gantry.domain.crowd import Crowd
from tests.parts.ports import free_port

POLICY = "default-src 'self'"
OWN = "http://gantry.test"


async def change(request: Request) -> Response:
    return JSONResponse({"bytes": len(await request.body())})


async def page(request: Request) -> Response:
    if request.headers.get("if-none-match"):
        return Response(status_code=304)
    return HTMLResponse("<p>page</p>")


async def file(request: Request) -> Response:
    return Response(b"%PDF", media_type="application/pdf", headers={"Content-Security-Policy": "sandbox"})


async def stream(request: Request) -> Response:
    async def events() -> AsyncIterator[str]:
        while True:
            yield "data: tick\n\n"
            await asyncio.sleep(0.05)

    return StreamingResponse(events(), media_type="text/event-stream")


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(socket.scope["query_string"].decode())
    await socket.close()


APP = Starlette(
    routes=[
        Route("/change", change, methods=["POST", "DELETE"]),
        Route("/page", page),
        Route("/file", file),
        Route("/stream", stream),
        Mount("/_event", routes=[WebSocketRoute("/", echo)]),
        WebSocketRoute("/api/v1/feed", echo),
        WebSocketRoute("/other", echo),
    ]
)


def client_of(app: Callable) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN)


@pytest.fixture
def client() -> httpx.AsyncClient:
    """A client of the guarded application."""
    return client_of(Guard(APP, page_policy=POLICY))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": OWN}, 200),
        ({"Origin": "https://gantry.test", "Host": "gantry.test"}, 200),
        ({"Origin": "https://gantry.test", "Host": "gantry.test:443"}, 200),
        ({"Origin": "http://GANTRY.test:80"}, 200),
        ({"Origin": "http://gantry.test:8080"}, 403),
        ({"Origin": "http://gantry.test.evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://gantry.test:port"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Cookie": "gantry_session=t"}, 200),
        ({"Sec-Fetch-Site": "none", "Cookie": "gantry_session=t"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Cookie": "theme=dark; gantry_session=t"}, 403),
        ({"Cookie": "theme=dark"}, 200),
        ({"Authorization": "Bearer t"}, 200),
    ],
)
async def test_who_may_change_something(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    """An unsafe request comes from a page of this site, or from a program without a session cookie."""
    answer = await client.post("/change", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["type"].endswith("foreign-origin")


async def test_two_origins_are_none(client: httpx.AsyncClient) -> None:
    """A request with two Origin headers is refused: which one the browser meant cannot be known."""
    answer = await client.post("/change", headers=[("Origin", OWN), ("Origin", OWN)])
    assert answer.status_code == 403


async def test_reading_needs_no_origin(client: httpx.AsyncClient) -> None:
    """Links from elsewhere still open our pages."""
    answer = await client.get("/page", headers={"Sec-Fetch-Site": "cross-site", "Cookie": "gantry_session=t"})
    assert answer.status_code == 200


async def test_a_trusted_proxy_names_the_host() -> None:
    """X-Forwarded-Host counts only where the operator says that a proxy sets it."""
    headers = {"Origin": "https://chat.example", "X-Forwarded-Host": "chat.example"}
    trusting = Guard(APP, page_policy=POLICY, origins=OriginRule(trust_forwarded_host=True))
    assert (await client_of(trusting).post("/change", headers=headers)).status_code == 200
    assert (
        await client_of(Guard(APP, page_policy=POLICY)).post("/change", headers=headers)
    ).status_code == 403


async def test_the_development_server_has_two_ports() -> None:
    """While developing, pages come from another port of this machine; from another name they never do."""
    rule = OriginRule(any_loopback_port=True)
    client = client_of(Guard(APP, page_policy=POLICY, origins=rule))
    local = {"Host": "localhost:8000"}
    assert (
        await client.post("/change", headers={**local, "Origin": "http://localhost:3000"})
    ).status_code == 200
    assert (await client.post("/change", headers={**local, "Origin": "http://evil:3000"})).status_code == 403
    elsewhere = {"Host": "chat.example:8000", "Origin": "http://chat.example:3000"}
    assert (await client.post("/change", headers=elsewhere)).status_code == 403


async def test_every_response_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    """Pages get the page policy, everything else one that allows nothing; refusals are no exception."""
    shown = await client.get("/page")
    refused = await client.post("/change", headers={"Origin": "http://evil.example"})
    assert shown.headers["content-security-policy"] == POLICY
    assert refused.headers["content-security-policy"].startswith("default-src 'none'")
    for answer in (shown, refused, await client.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]


async def test_a_route_may_have_its_own_policy(client: httpx.AsyncClient) -> None:
    """A response that brings a policy keeps it."""
    assert (await client.get("/file")).headers.get_list("content-security-policy") == ["sandbox"]


async def test_not_modified_leaves_the_policy_alone(client: httpx.AsyncClient) -> None:
    """A 304 carries no policy: browsers would put it in the place of the stored page's own."""
    answer = await client.get("/page", headers={"If-None-Match": '"1"'})
    assert answer.status_code == 304
    assert "content-security-policy" not in answer.headers


async def test_large_bodies_are_refused_unread(client: httpx.AsyncClient) -> None:
    """A body announced as larger than the limit is refused before it is read."""
    answer = await client.post("/change", content=b"x" * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert "1,000,000 bytes" in answer.json()["detail"]
    assert (await client.post("/change", content=b"x" * MAX_BODY_BYTES)).status_code == 200


async def test_large_bodies_are_refused_without_announcement(client: httpx.AsyncClient) -> None:
    """A body sent in chunks is counted, and refused with the same words."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * 100_000

    answer = await client.post("/change", content=chunks())
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("too-large")


async def test_a_form_may_not_be_larger(client: httpx.AsyncClient) -> None:
    """Nothing is read into memory only because it calls itself an upload."""
    answer = await client.post("/change", files={"file": b"x" * (MAX_BODY_BYTES + 1)})
    assert answer.status_code == 413


async def test_odd_paths_do_not_exist(client: httpx.AsyncClient) -> None:
    """A path with an empty segment is nobody's: proxies and routers read it differently."""
    assert (await client.get("http://gantry.test//evil.example/page")).status_code == 404


class Server(uvicorn.Server):
    """A real server in this event loop."""

    def __init__(self, app: Callable) -> None:
        self.port = free_port()
        config = uvicorn.Config(
            app, port=self.port, log_level="info", log_config=None, timeout_graceful_shutdown=2
        )
        super().__init__(config)
        self._running: asyncio.Task | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._serve())
        while not self.started:
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.should_exit = True
        if self._running:
            await self._running

    async def handshake(self, path: str, origin: str | None) -> int:
        """Ask for a websocket; returns the HTTP status."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: localhost:{self.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            *([f"Origin: {origin}"] if origin else []),
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = int((await reader.readline()).split()[1])
        writer.close()
        await writer.wait_closed()
        return status


async def test_who_may_open_a_websocket() -> None:
    """Only a page of this site opens a websocket, only at Reflex's address and in the API, and never by polling."""
    event = "/_event/?token=hush&EIO=4&transport=websocket"
    async with Server(Guard(APP, page_policy=POLICY)) as server:
        own = f"http://localhost:{server.port}"
        assert await server.handshake(event, own) == 101
        assert await server.handshake(event, "http://evil.example") == 403
        assert await server.handshake(event, "http://localhost:1") == 403
        assert await server.handshake(event, None) == 403
        assert await server.handshake("/api/v1/feed", own) == 101
        assert await server.handshake("/api/v1/feed", "http://evil.example") == 403
        assert await server.handshake("/api/v1/feed", None) == 403
        assert await server.handshake("/other?transport=websocket", own) == 403
        assert await server.handshake("//_event/?transport=websocket", own) == 403
        assert await server.handshake("/_event/?token=hush&EIO=4&transport=polling", own) == 403


async def test_tab_tokens_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The query of an accepted websocket, which names the tab, is in no log line."""
    caplog.set_level(logging.INFO)
    async with Server(Guard(APP, page_policy=POLICY)) as server:
        own = f"http://localhost:{server.port}"
        assert await server.handshake("/_event/?token=hush&EIO=4&transport=websocket", own) == 101
    assert "/_event" in caplog.text
    assert "hush" not in caplog.text


async def test_streams_end_when_the_server_stops(caplog: pytest.LogCaptureFixture) -> None:
    """Told to stop, the server ends open event streams whole, at once, and without an error in the log."""
    guard = Guard(APP, page_policy=POLICY)
    async with (
        Server(guard) as server,
        httpx.AsyncClient(base_url=f"http://localhost:{server.port}") as client,
    ):
        async with client.stream("GET", "/stream") as answer:
            pieces = answer.aiter_text()
            assert "tick" in await anext(pieces)
            guard.drain()
            async with asyncio.timeout(1):
                assert not [piece async for piece in pieces if not piece.startswith("data: ")]
        async with asyncio.timeout(1):
            assert (await client.get("/stream")).status_code == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_websockets_of_one_address_are_counted() -> None:
    """One address may hold so many open, wherever the proxy in front connects from; one that closes makes room."""
    guard = Guard(APP, page_policy=POLICY, sockets=Crowd(100, each=1, proxies="10.0.0.1"))
    said: dict[str, list[str]] = {}

    async def dial(name: str, address: str, leaves: asyncio.Event) -> None:
        said[name] = []

        async def receive() -> dict[str, str]:
            if not said[name]:
                return {"type": "websocket.connect"}
            await leaves.wait()
            return {"type": "websocket.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            said[name].append(message["type"])
            if message["type"] == "websocket.send":
                await leaves.wait()

        scope = {
            "type": "websocket",
            "path": "/api/v1/feed",
            "raw_path": b"/api/v1/feed",
            "query_string": b"",
            "headers": [(b"origin", OWN.encode()), (b"host", b"gantry.test")],
            "client": (address, 1),
            "scheme": "ws",
            "subprotocols": [],
        }
        await guard(scope, receive, send)

    leaves, never = asyncio.Event(), asyncio.Event()
    never.set()
    first = asyncio.create_task(dial("first", "203.0.113.1", leaves))
    while "websocket.send" not in said.get("first", []):
        await asyncio.sleep(0)
    await dial("second", "203.0.113.1", never)
    await dial("elsewhere", "203.0.113.2", never)
    await dial("proxy", "10.0.0.1", never)
    leaves.set()
    await first
    await dial("third", "203.0.113.1", never)
    accepted = {name for name, messages in said.items() if "websocket.accept" in messages}
    assert accepted == {"first", "elsewhere", "proxy", "third"}
    assert said["second"] == ["websocket.close"]
