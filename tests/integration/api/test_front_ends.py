"""Front ends that are served elsewhere: exactly those the operator has named, and nobody who looks like them."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket

from gantry.api.guard import MAX_BODY_BYTES, Guard
from gantry.api.origins import OriginRule

CHAT = "https://chat.example.com"
LOCAL = "http://localhost:4000"
BACKEND = "https://api.example.com"
COOKIE = {"Cookie": "gantry_session=t"}
LOOK_ALIKES = [
    "null",
    "*",
    "",
    "http://chat.example.com",
    "https://chat.example.com:8443",
    "https://chat.example.com:443",
    "https://chat.example.com/",
    "https://chat.example.com.",
    "https://CHAT.example.com",
    "HTTPS://chat.example.com",
    "https://chat.example.com.evil.example",
    "https://evil.example/https://chat.example.com",
    "https://evilchat.example.com",
    "https://x.chat.example.com",
    "https://example.com",
    "https://chat.example.com@evil.example",
    "https://chat-example.com",
    "https://chat.example.com, https://evil.example",
    "http://localhost:4001",
    "http://localhost",
    "http://127.0.0.1:4000",
]


async def change(request: Request) -> Response:
    return JSONResponse({"bytes": len(await request.body())})


async def read(request: Request) -> Response:
    return JSONResponse({"secret": "garden"}, headers={"Vary": "Accept-Encoding"})


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


APP = Starlette(
    routes=[
        Route("/api/v1/change", change, methods=["POST", "DELETE"]),
        Route("/api/v1/read", read),
        WebSocketRoute("/api/v1/feed", echo),
    ],
    middleware=[Middleware(CORSMiddleware, allow_origins=[], allow_credentials=True)],  # as Reflex's is
)


def guard(*front_ends: str) -> Guard:
    rule = OriginRule(front_ends=frozenset(front_ends))
    return Guard(APP, page_policy="default-src 'self'", origins=rule)


def client_of(guard: Guard) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url=BACKEND)


async def handshake(app: Guard, origin: str) -> list[Message]:
    """Ask for a websocket and return what the server says."""
    heard: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        heard.append(message)

    scope = {
        "type": "websocket",
        "path": "/api/v1/feed",
        "query_string": b"",
        "headers": [(b"host", b"api.example.com"), (b"origin", origin.encode())],
        "subprotocols": [],
    }
    await app(scope, receive, send)
    return heard


@pytest.fixture
def client() -> httpx.AsyncClient:
    """A client of a backend that expects two front ends."""
    return client_of(guard(CHAT, LOCAL))


def is_open(answer: httpx.Response) -> bool:
    return any(name.startswith("access-control-allow-origin") for name in answer.headers)


@pytest.mark.parametrize("origin", [CHAT, LOCAL])
async def test_a_named_front_end_may_read_and_change(client: httpx.AsyncClient, origin: str) -> None:
    """A front end that was named reads answers with the session's cookie, and changes things with it."""
    for answer in (
        await client.get("/api/v1/read", headers={"Origin": origin, **COOKIE}),
        await client.post(
            "/api/v1/change", headers={"Origin": origin, "Sec-Fetch-Site": "same-site", **COOKIE}
        ),
        await client.get("/api/v1/nowhere", headers={"Origin": origin}),
        await client.post("/api/v1/change", content=b"x" * (MAX_BODY_BYTES + 1), headers={"Origin": origin}),
    ):
        assert answer.headers.get_list("access-control-allow-origin") == [origin]
        assert answer.headers.get_list("access-control-allow-credentials") == ["true"]
        assert "origin" in answer.headers["vary"].lower()
    assert "accept-encoding" in (await client.get("/api/v1/read")).headers["vary"].lower()


@pytest.mark.parametrize("origin", LOOK_ALIKES)
async def test_look_alikes_may_not(client: httpx.AsyncClient, origin: str) -> None:
    """Another scheme, port, spelling or neighbour of a named front end is a stranger."""
    refused = await client.post("/api/v1/change", headers={"Origin": origin, **COOKIE})
    assert refused.status_code == 403
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (
        refused,
        await client.get("/api/v1/read", headers={"Origin": origin, **COOKIE}),
        await client.options("/api/v1/change", headers=asked),
    ):
        assert not is_open(answer)
        assert answer.headers["cross-origin-resource-policy"] == "same-site"
        assert "origin" in answer.headers["vary"].lower()


async def test_two_origins_are_none(client: httpx.AsyncClient) -> None:
    """A request that names two origins, one of them known, comes from nobody."""
    answer = await client.post(
        "/api/v1/change", headers=[("Origin", CHAT), ("Origin", "https://evil.example")]
    )
    assert answer.status_code == 403
    assert not is_open(answer)


async def test_the_browser_is_told_what_it_may_ask(client: httpx.AsyncClient) -> None:
    """A preflight is answered at once, with the methods and headers our pages use, and never with a star."""
    asked = {
        "Origin": CHAT,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = await client.options("/api/v1/change", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == CHAT
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "DELETE" in answer.headers["access-control-allow-methods"].split(", ")
    assert "content-type" in answer.headers["access-control-allow-headers"].split(", ")
    assert "*" not in "".join(value for name, value in answer.headers.items() if name.startswith("access-"))


async def test_another_site_is_told_why_it_cannot_work(client: httpx.AsyncClient) -> None:
    """On another site the browser would drop the cookie: the page can read the reason and what to do."""
    answer = await client.post("/api/v1/change", headers={"Origin": CHAT, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("another-site")
    assert "chat.example.com and api.example.com" in answer.json()["detail"]
    assert is_open(answer)


@pytest.mark.parametrize(
    ("origin", "opens"), [(CHAT, True), (BACKEND, True), *((each, False) for each in LOOK_ALIKES)]
)
async def test_who_opens_a_websocket(origin: str, opens: bool) -> None:
    """Websockets are opened by this site's pages and by named front ends only."""
    heard = await handshake(guard(CHAT, LOCAL), origin)
    assert heard[0]["type"] == ("websocket.accept" if opens else "websocket.close")


async def test_without_the_setting_nothing_is_open() -> None:
    """A backend that expects no front end elsewhere answers as strictly as ever."""
    client = client_of(guard())
    asked = {"Origin": CHAT, "Access-Control-Request-Method": "POST"}
    assert (await client.post("/api/v1/change", headers={"Origin": CHAT})).status_code == 403
    for answer in (
        await client.get("/api/v1/read", headers={"Origin": CHAT}),
        await client.options("/api/v1/change", headers=asked),
    ):
        assert not is_open(answer)
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert (await client.options("/api/v1/change", headers=asked)).status_code != 204
