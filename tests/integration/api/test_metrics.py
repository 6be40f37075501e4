"""``/metrics``: what has happened is counted, in few series, and told only to neighbours."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import websockets

from gantry.api.app import create_api
from gantry.runtime import installed
from tests.parts.api_server import sign_in
from tests.parts.figures import Figures, observed_api
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.ports import free_port
from tests.parts.stack import PATIENCE, Reader, Stack, running_stack

LONG = "".join(markdown_answer(400))
MODEL = "openai/scripted"


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client signed in as Ben, whose requests are counted."""
    async with observed_api(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        yield client


async def ask(client: httpx.AsyncClient, model: str = MODEL) -> dict[str, str]:
    made = await client.post("/api/v1/conversations", json={"title": "T"})
    body = {"content": "hello", "model": model}
    sent = await client.post(f"/api/v1/conversations/{made.json()['id']}/messages", json=body)
    assert sent.status_code == 202, sent.text
    return sent.json()


async def answered(client: httpx.AsyncClient, model: str = MODEL) -> None:
    started = await ask(client, model)
    stream = await client.get(f"/api/v1/generations/{started['generation_id']}/events")
    assert '"status":' in stream.text


async def until(client: httpx.AsyncClient, holds: Callable[[Figures], bool]) -> Figures:
    async with asyncio.timeout(PATIENCE):
        while not holds(figures := await Figures.fetch(client)):
            await asyncio.sleep(0.02)
    return figures


async def test_a_complete_answer_is_counted(stack: Stack, client: httpx.AsyncClient) -> None:
    """An answer counts once, by its model, with its tokens, its first token and its whole time."""
    stack.llm.default = Script(text="Hello there", prompt_tokens=17, completion_tokens=5)
    await answered(client)
    figures = await until(client, lambda found: found.total("gantry_answers_total") == 1)
    assert figures.total("gantry_answers_total", state="complete", model=MODEL) == 1
    assert figures.total("gantry_tokens_total", kind="prompt", model=MODEL) == 17
    assert figures.total("gantry_tokens_total", kind="completion", model=MODEL) == 5
    assert figures.total("gantry_answer_first_token_seconds_count", model=MODEL) == 1
    assert figures.total("gantry_answer_duration_seconds_count", model=MODEL) == 1
    assert 0 < figures.total("gantry_answer_first_token_seconds_sum") < PATIENCE
    assert figures.total("gantry_answer_failures_total") == 0
    assert figures.total("gantry_answers_writing") == 0


async def test_a_failed_answer_is_counted_with_its_fault(stack: Stack, client: httpx.AsyncClient) -> None:
    """An answer that fails counts as failed, and says which kind of fault it was; it has no first token."""
    stack.llm.default = Script(status=500, body={"error": {"message": "boom"}})
    await answered(client)
    figures = await until(client, lambda found: found.total("gantry_answers_total") == 1)
    assert figures.total("gantry_answers_total", state="failed", model=MODEL) == 1
    assert figures.total("gantry_answer_failures_total", fault="server-error") == 1
    assert figures.total("gantry_answer_first_token_seconds_count") == 0


async def test_a_stopped_answer_is_counted(stack: Stack, client: httpx.AsyncClient) -> None:
    """While it is written an answer counts as being written; stopped, it counts as stopped."""
    stack.llm.default = Script(text=LONG, tokens_per_second=50)
    started = await ask(client)
    await until(client, lambda found: found.total("gantry_answers_writing") == 1)
    await client.post(f"/api/v1/generations/{started['generation_id']}/stop")
    figures = await until(client, lambda found: found.total("gantry_answers_writing") == 0)
    assert figures.total("gantry_answers_total", state="stopped", model=MODEL) == 1


async def test_an_answer_that_changes_hands_is_counted_on_both_sides(stack: Stack) -> None:
    """The process that leaves counts what it handed over, its successor what it took; the answer ends once."""
    stack.llm.default = Script(text=LONG, tokens_per_second=200)
    sent = await stack.ask()
    reader = await Reader().follow(
        stack.services, stack.who, sent.generation_id, until=lambda found: len(found.text) > 200
    )
    await stack.main.writers.drain()
    other = await stack.another()
    assert await other.writers.sweep() == 1
    await reader.follow(other.services, stack.who, sent.generation_id)
    left, taken = (
        await Figures.of(stack.services.operations),
        await Figures.of(other.services.operations),
    )
    assert left.total("gantry_answers_handed_over_total") == 1
    assert left.total("gantry_answers_total") == 0
    assert taken.total("gantry_answers_taken_over_total") == 1
    assert taken.total("gantry_answers_total", state="complete") == 1
    assert taken.total("gantry_answer_first_token_seconds_count") == 0  # nobody here saw it


async def test_open_connections_go_up_and_down(stack: Stack, client: httpx.AsyncClient) -> None:
    """Event streams and feeds count for as long as they are open, however they end."""

    def is_open(**wanted: int) -> Callable[[Figures], bool]:
        return lambda found: all(
            found.total("gantry_connections_open", kind=kind.replace("_", "-")) == number
            for kind, number in wanted.items()
        )

    stack.llm.default = Script(text=LONG, tokens_per_second=20)
    started = await ask(client)
    cookie = {"Cookie": f"gantry_session={client.cookies['gantry_session']}"}
    origin = client.headers["Origin"]
    address = f"{origin.replace('http', 'ws', 1)}/api/v1/feed"
    assert is_open(event_stream=0, feed=0, tab=0)(await Figures.fetch(client))
    url = f"/api/v1/generations/{started['generation_id']}/events"
    async with client.stream("GET", url), client.stream("GET", url):
        await until(client, is_open(event_stream=2))
        feed = websockets.connect(address, additional_headers=cookie, origin=origin)  # pyright: ignore[reportArgumentType]
        async with feed:
            await until(client, is_open(event_stream=2, feed=1))
        await until(client, is_open(event_stream=2, feed=0))
    figures = await until(client, is_open(event_stream=0))
    route = "/api/v1/generations/{generation_id}/events"
    assert figures.total("gantry_http_requests_total", route=route, status="200") == 2
    # Its reader decides how long it takes.
    assert route not in figures.labels("gantry_http_request_duration_seconds_count", "route")
    assert figures.total("gantry_http_requests_total", method="WEBSOCKET", route="/api/v1/feed") == 1
    await client.post(f"/api/v1/generations/{started['generation_id']}/stop")


async def test_strangers_cannot_make_series(stack: Stack, client: httpx.AsyncClient) -> None:
    """Whatever paths, methods and ids somebody invents, the number of series stays the same."""

    async def storm(salt: str) -> int:
        for number in range(20):
            await client.get(f"/api/v1/nothing/{salt}{number}?x={number}")
            await client.get(f"/{salt}{number}//..%2f%00")
            await client.get(f"/api/v1/generations/{salt}{number}")
            await client.get(f"/api/v1/conversations/00000000-0000-4000-8000-0000000000{number + 10}")
            await client.request(f"X{salt}{number}".upper(), "/api/v1/models")
            await client.post("/api/v1/setup", headers={"Origin": f"http://{salt}{number}.example"})
        return len((await Figures.fetch(client)).samples)

    first = await storm("a")
    assert await storm("b") == first
    figures = await Figures.fetch(client)
    assert figures.labels("gantry_http_requests_total", "method") <= {"GET", "POST", "other"}
    assert all(
        route in {"none", "pages"} or route.startswith("/api/v1/")
        for route in figures.labels("gantry_http_requests_total", "route")
    )
    assert not any("a1" in str(key) for key in figures.samples)


async def test_models_nobody_lists_share_a_label(database_url: str) -> None:
    """While a server is away any name is believed; none of them becomes a series."""
    away = f"http://127.0.0.1:{free_port()}"
    async with running_stack(database_url, ollama_host=away) as stack, observed_api(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        await stack.services.catalog.refresh()
        for number in range(3):
            await answered(client, f"ollama/made-up-{number}")
        figures = await until(client, lambda found: found.total("gantry_answers_total") == 3)
    assert figures.labels("gantry_answers_total", "model") == {"other"}
    assert figures.total("gantry_answer_failures_total", fault="unreachable") == 3


async def test_refused_sign_ins_are_counted(client: httpx.AsyncClient) -> None:
    """Attempts over the limit are counted, those below it are not."""
    body = {"email": "ada@example.org", "password": "wrong wrong wrong"}
    answers = [(await client.post("/api/v1/session", json=body)).status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2
    figures = await Figures.fetch(client)
    assert figures.total("gantry_attempts_refused_total", what="sign-in") == 2


async def test_the_parts_and_the_process_are_there(client: httpx.AsyncClient) -> None:
    """Readiness of each part, how long it took, the version, and the process."""
    await client.get("/ready")
    figures = await Figures.fetch(client)
    assert figures.total("gantry_ready") == 1
    assert figures.total("gantry_dependency_up", part="database", required="true") == 1
    assert 0 < figures.total("gantry_dependency_check_seconds", part="database") < 1
    assert figures.total("gantry_build_info") == 1
    assert figures.total("process_resident_memory_bytes") > 10_000_000
    assert figures.total("process_cpu_seconds_total") > 0
    assert figures.total("python_info") == 1
    assert "/ready" not in figures.labels("gantry_http_requests_total", "route")


async def test_nothing_is_told_through_a_proxy(client: httpx.AsyncClient) -> None:
    """A request that any proxy has passed on finds nothing, in the words of an address that does not exist."""
    nothing = await client.get("/nothing")
    forwarded = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP")
    for header in forwarded:
        answer = await client.get("/metrics", headers={header: "127.0.0.1"})
        assert (answer.status_code, answer.json()) == (404, nothing.json()), header


async def _status(peer: str, *, host: str = "127.0.0.1:3000", **headers: str) -> int:
    transport = httpx.ASGITransport(create_api(), client=(peer, 4711))
    async with httpx.AsyncClient(base_url=f"http://{host}", transport=transport) as client:
        return (await client.get("/metrics", headers=headers)).status_code


async def test_only_this_machine_is_told(stack: Stack) -> None:
    """Without a token: who asks directly from this machine, by one of its own names; anybody else finds nothing."""
    with installed(stack.services):
        for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            assert await _status(peer) == 200, peer
        for peer in ("172.18.0.5", "10.1.2.3", "fd00::7", "8.8.8.8", "2606:4700::1111", "", "somewhere"):
            assert await _status(peer) == 404, peer
        assert await _status("127.0.0.1", host="localhost") == 200
        assert await _status("127.0.0.1", host="evil.example") == 404, "a name that was given our address"


async def test_a_proxy_that_says_nothing_is_told_nothing(stack: Stack) -> None:
    """A proxy on this machine that adds no header still speaks HTTP/1.0, as it does when it is not told otherwise."""
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.0",
        "method": "GET",
        "path": "/metrics",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:3000"), (b"connection", b"close")],
        "client": ("127.0.0.1", 4711),
    }
    for version, status in (("1.0", 404), ("1.1", 200)):
        said: list[Any] = []

        async def send(message: Any, said: list[Any] = said) -> None:
            said.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        with installed(stack.services):
            await create_api()({**scope, "http_version": version}, receive, send)
        assert said[0]["status"] == status, version


async def test_with_a_token_who_knows_it_is_told(stack: Stack) -> None:
    """With METRICS_TOKEN it matters what is known and not whence it comes."""
    told = replace(stack.services, operations=replace(stack.services.operations, metrics_token="a token"))
    with installed(told):
        assert await _status("172.18.0.5", host="10.0.0.2:8000", authorization="Bearer a token") == 200
        for wrong in ("Bearer another", "Bearer ", "a token", "Basic a token"):
            assert await _status("127.0.0.1", authorization=wrong) == 404, wrong
        assert await _status("127.0.0.1") == 404


async def test_with_an_address_of_its_own_nobody_is_told_elsewhere(stack: Stack) -> None:
    """With METRICS_ADDRESS, but for who knows the token: a proxy that says nothing of itself learns nothing either."""
    elsewhere = replace(stack.services.operations, metrics_elsewhere=True)
    with installed(replace(stack.services, operations=elsewhere)):
        assert await _status("127.0.0.1") == 404
    known = replace(elsewhere, metrics_token="a token")
    with installed(replace(stack.services, operations=known)):
        assert await _status("172.18.0.5", authorization="Bearer a token") == 200
