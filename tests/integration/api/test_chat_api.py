"""Conversations and answers over REST and server-sent events, on a real port."""

import asyncio
import re
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
import websockets

from gantry.api.chat import get_conversation
from gantry.domain.chat import MessageRole
from gantry.domain.clock import utc_now
from gantry.models import Message
from gantry.runtime import installed
from tests.parts.api_server import api_of, sign_in
from tests.parts.llm_server import Script, markdown_answer
from tests.parts.stack import Stack

LONG = "".join(markdown_answer(300))


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client signed in as Ben."""
    async with api_of(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        yield client


async def ask(client: httpx.AsyncClient, content: str = "hello") -> dict[str, str]:
    made = await client.post("/api/v1/conversations", json={"title": "T"})
    assert made.status_code == 201
    body = {"content": content, "model": "openai/scripted"}
    sent = await client.post(f"/api/v1/conversations/{made.json()['id']}/messages", json=body)
    assert sent.status_code == 202, sent.text
    return sent.json()


async def events(
    client: httpx.AsyncClient,
    generation: str,
    *,
    last: str = "",
    stop_after: int = 10_000,
    opened: asyncio.Event | None = None,
    accepts: str = "",
) -> list[dict[str, Any]]:
    """Read an event stream as a browser does; each event as {id, event, data}."""
    found: list[dict[str, Any]] = []
    headers = {"Last-Event-ID": last} if last else {}
    headers |= {"Accept-Language": accepts} if accepts else {}
    url = f"/api/v1/generations/{generation}/events"
    async with client.stream("GET", url, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        if opened:
            opened.set()
        fields: dict[str, Any] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(":")
                fields[name] = orjson.loads(value) if name == "data" else value
            elif "event" in fields:
                found.append(fields)
                fields = {}
                if len(found) >= stop_after:
                    break
            else:
                fields = {}
    return found


def text_of(found: list[dict[str, Any]]) -> str:
    return "".join(event["data"]["text"] for event in found if event["event"] == "text")


async def test_the_rest_path_of_one_answer(stack: Stack, client: httpx.AsyncClient) -> None:
    """Create, send, follow, read back: the path that outside programs rely on."""
    stack.llm.default = Script(text=LONG, tokens_per_second=2000)
    started = await ask(client, "Tell me about gardens")
    found = await events(client, started["generation_id"])
    assert text_of(found) == LONG
    assert found[-1]["event"] == "end"
    assert found[-1]["data"] == {"status": "complete"}
    conversation = (await client.get(f"/api/v1/conversations/{started['conversation_id']}")).json()
    assert conversation["title"] == "T"
    question, answer = conversation["messages"]
    assert (question["role"], question["content"], question["status"]) == (
        "user",
        "Tell me about gardens",
        "complete",
    )
    assert (answer["role"], answer["content"], answer["status"]) == ("assistant", LONG, "complete")
    assert answer["parent_id"] == question["id"]
    assert answer["model"] == "openai/scripted"
    assert answer["usage"]["completion_tokens"] > 0


async def test_a_message_keeps_its_indentation(client: httpx.AsyncClient) -> None:
    """Blank lines around it go; how its first line is indented is part of the code that somebody pastes."""
    started = await ask(client, "\n \n\tif ready:\n\t\tgo()  \n\n")
    conversation = (await client.get(f"/api/v1/conversations/{started['conversation_id']}")).json()
    assert conversation["messages"][0]["content"] == "\tif ready:\n\t\tgo()"


async def test_a_dropped_stream_goes_on_from_the_last_event(stack: Stack, client: httpx.AsyncClient) -> None:
    """With Last-Event-ID the text goes on where it stopped: nothing missing, nothing twice."""
    stack.llm.default = Script(text=LONG, tokens_per_second=400)
    started = await ask(client)
    first = await events(client, started["generation_id"], stop_after=6)
    rest = await events(client, started["generation_id"], last=first[-1]["id"])
    assert text_of(first) + text_of(rest) == LONG
    assert text_of(first)
    assert text_of(rest)
    without_end = await events(client, started["generation_id"], last=rest[-1]["id"].removesuffix(".end"))
    assert [event["event"] for event in without_end] == ["end"]


async def test_who_has_had_the_end_need_not_come_back(stack: Stack, client: httpx.AsyncClient) -> None:
    """The id of the end is answered with 204, which stops a browser's EventSource from reconnecting."""
    started = await ask(client)
    last = (await events(client, started["generation_id"]))[-1]["id"]
    url = f"/api/v1/generations/{started['generation_id']}/events"
    assert (await client.get(url, headers={"Last-Event-ID": last})).status_code == 204
    assert (await client.get(url, params={"last_event_id": last})).status_code == 204


async def test_readers_to_the_letter_get_no_event_without_data(
    stack: Stack, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every blank line ends an event that has data: some readers deliver anything else as an empty one."""
    monkeypatch.setattr("gantry.api.live.KEEP_ALIVE_SECONDS", 0.02)
    monkeypatch.setattr(stack.main.writers.events, "idle_seconds", 0.05)
    stack.llm.default = Script(text="Hello there", first_byte_delay=0.2)
    started = await ask(client)
    answer = await client.get(f"/api/v1/generations/{started['generation_id']}/events")
    blocks = answer.text.removesuffix("\n\n").split("\n\n")
    assert all("\ndata:" in block for block in blocks)
    assert "retry:500\n" in blocks[0]
    assert answer.text.startswith(":\n")
    assert any(line == ":" for block in blocks[1:] for line in block.split("\n"))


async def test_text_that_comes_together_is_one_event(stack: Stack, client: httpx.AsyncClient) -> None:
    """A fast model's tokens are merged by the clock, so the wire carries far fewer events than tokens."""
    stack.llm.default = Script(text=LONG, tokens_per_second=600)
    started = await ask(client)
    found = await events(client, started["generation_id"])
    assert sum(event["event"] == "text" for event in found) < 60


async def test_stop_over_rest(stack: Stack, client: httpx.AsyncClient) -> None:
    """Stopping ends the stream with status stopped and frees the model server."""
    stack.llm.default = Script(text=LONG, tokens_per_second=30)
    started = await ask(client)
    following = asyncio.create_task(events(client, started["generation_id"]))
    await stack.llm.wait_requests(1)
    stopped = await client.post(f"/api/v1/generations/{started['generation_id']}/stop")
    assert stopped.status_code == 202
    assert (await following)[-1]["data"] == {"status": "stopped"}
    assert await stack.llm.last.wait_disconnected(2)


async def test_a_second_message_is_a_conflict(stack: Stack, client: httpx.AsyncClient) -> None:
    """While an answer is written another message gets 409 with a stable type."""
    stack.llm.default = Script(text=LONG, tokens_per_second=30)
    started = await ask(client)
    url = f"/api/v1/conversations/{started['conversation_id']}/messages"
    answer = await client.post(url, json={"content": "again"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("already-answering")


async def test_a_failed_answer_says_why(stack: Stack, client: httpx.AsyncClient) -> None:
    """A model server's refusal comes as an error event and stands beside the message, not in it."""
    stack.llm.default = Script(status=401, body={"error": {"message": "no such key"}})
    started = await ask(client)
    found = await events(client, started["generation_id"])
    assert [event["event"] for event in found[-2:]] == ["error", "end"]
    assert found[-2]["data"]["kind"] == "not-authorised"
    conversation = (await client.get(f"/api/v1/conversations/{started['conversation_id']}")).json()
    assert conversation["messages"][-1]["status"] == "failed"
    assert conversation["messages"][-1]["content"] == ""
    assert conversation["messages"][-1]["error"]["details"] == "no such key"


async def test_each_reader_is_told_in_its_own_language(stack: Stack, client: httpx.AsyncClient) -> None:
    """Stages and errors are stored and sent on in English; a program without a language reads that."""
    stack.llm.default = Script(status=401, body={"error": {"message": "no such key"}}, first_byte_delay=0.5)
    started = await ask(client)
    told = {
        language: {event["event"]: event["data"] for event in found}
        for language, found in zip(
            ("", "de-AT,de", "ar"),
            await asyncio.gather(
                *(events(client, started["generation_id"], accepts=each) for each in ("", "de-AT,de", "ar"))
            ),
            strict=True,
        )
    }
    assert {language: each["status"]["detail"] for language, each in told.items()} == {
        "": "Waiting for scripted",
        "de-AT,de": "Warten auf scripted",
        "ar": "في انتظار scripted",
    }
    server = stack.llm.url.partition("://")[2].partition("/")[0]
    rejected = f"The model server {server} rejected the API key."
    assert {language: each["error"]["title"] for language, each in told.items()} == {
        "": rejected,
        "de-AT,de": f"Der Modellserver {server} hat den API-Schlüssel abgelehnt.",
        "ar": f"رفض خادم النماذج {server} مفتاح API.",
    }
    conversation = (await client.get(f"/api/v1/conversations/{started['conversation_id']}")).json()
    assert conversation["messages"][-1]["error"]["title"] == rejected


async def test_nobody_gets_anything_without_a_session(stack: Stack) -> None:
    """Every route but health, readiness, sign-in, set-up and what a link shows asks for a session."""
    async with api_of(stack) as client:
        paths = (await client.get("/api/v1/openapi.json")).json()["paths"]
        open_to_all = {"/health", "/ready", "/api/v1/session", "/api/v1/setup", "/api/v1/websocket-check"}
        open_to_all |= {"/api/v1/openapi.json", "/metrics"}
        open_to_all |= {"/api/v1/shared/{token}", "/api/v1/shared/{token}/files/{document_id}"}
        open_to_all |= {"/api/v1/shared/{token}/files/{document_id}/image"}
        some = str(uuid4())
        for path, methods in paths.items():
            for method in methods:
                if path in open_to_all:
                    continue
                url = re.sub(r"{\w+_id}", some, path).replace("{", "").replace("}", "")
                answer = await client.request(method.upper(), url, json={})
                assert answer.status_code == 401, (method, path, answer.status_code)


async def test_another_persons_ids_are_not_found_on_any_route(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    """Routes answer 404 for what belongs to somebody else, as for what does not exist."""
    stack.llm.default = Script(text="ok")
    started = await ask(client)
    await events(client, started["generation_id"])
    async with httpx.AsyncClient(base_url=client.base_url) as eve:
        await sign_in(stack, eve, "eve@example.org")
        conversation, message, generation = (
            started[name] for name in ("conversation_id", "message_id", "generation_id")
        )
        attempts = [
            ("GET", f"conversations/{conversation}", None),
            ("PATCH", f"conversations/{conversation}", {"title": "mine"}),
            ("DELETE", f"conversations/{conversation}", None),
            ("POST", f"conversations/{conversation}/restore", None),
            ("POST", f"conversations/{conversation}/messages", {"content": "hi"}),
            ("POST", f"messages/{message}/edit", {"content": "hi"}),
            ("POST", f"messages/{message}/regenerate", {}),
            ("POST", f"messages/{message}/resume", None),
            ("POST", f"messages/{message}/select", None),
            ("PUT", f"messages/{message}/rating", {"rating": "up"}),
            ("GET", f"generations/{generation}", None),
            ("GET", f"generations/{generation}/events", None),
            ("POST", f"generations/{generation}/stop", None),
        ]
        for method, path, body in attempts:
            answer = await eve.request(method, f"/api/v1/{path}", json=body)
            assert answer.status_code == 404, (method, path, answer.text)


async def test_the_feed_tells_what_changed_and_ends_with_the_session(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    """A page's feed hears of new conversations, and closes when its session is revoked."""
    stack.llm.default = Script(text="ok")
    address = str(client.base_url).replace("http", "ws").rstrip("/")
    cookie = {"Cookie": f"gantry_session={client.cookies['gantry_session']}"}
    async with websockets.connect(f"{address}/api/v1/feed", additional_headers=cookie) as feed:
        started = await ask(client)
        seen: list[str] = []
        while len(seen) < 2:
            line = orjson.loads(await asyncio.wait_for(feed.recv(), 5))
            if line["kind"] != "catalog":  # models are learnt meanwhile
                seen.append(line["id"])
        assert set(seen) == {started["conversation_id"]}
        await client.delete("/api/v1/session")
        await asyncio.wait_for(feed.wait_closed(), 5)
        assert feed.close_code == 4401


async def test_the_feed_refuses_a_stranger(stack: Stack) -> None:
    """Without a session the feed closes at once with the code that sends the page to sign-in."""
    async with api_of(stack) as client:
        address = str(client.base_url).replace("http", "ws").rstrip("/")
        async with websockets.connect(f"{address}/api/v1/feed") as feed:
            await asyncio.wait_for(feed.wait_closed(), 5)
        assert feed.close_code == 4401


async def test_an_event_stream_ends_soon_after_its_session(stack: Stack, client: httpx.AsyncClient) -> None:
    """A revoked session loses its streams too, while the answer itself goes on."""
    stack.llm.default = Script(text=LONG, tokens_per_second=20)
    started = await ask(client)
    opened = asyncio.Event()
    following = asyncio.create_task(events(client, started["generation_id"], opened=opened))
    await opened.wait()
    async with httpx.AsyncClient(base_url=client.base_url, cookies=client.cookies) as other:
        await other.delete("/api/v1/session")
    found = await asyncio.wait_for(following, 10)
    assert found[-1]["event"] != "end"
    row = await stack.message(UUID(started["message_id"]))
    assert row.status == "streaming"


async def test_health_and_readiness(stack: Stack) -> None:
    """Health needs nothing; readiness names each part."""
    async with api_of(stack) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        ready = await client.get("/ready")
        assert ready.status_code == 200
        assert ready.json()["parts"]["database"]["ok"]


async def test_parameters_over_rest(stack: Stack, client: httpx.AsyncClient) -> None:
    """Set with a new conversation, read back, replaced as a whole, taken away; what is out of range names its field."""
    wanted = {"system_prompt": "Be brief.", "temperature": 0.2, "stop": ["END"]}
    made = await client.post("/api/v1/conversations", json={"parameters": wanted, "model": "openai/scripted"})
    assert made.status_code == 201, made.text
    path = f"/api/v1/conversations/{made.json()['id']}"
    nothing = {"top_p": None, "seed": None, "max_tokens": None, "reasoning_effort": None}
    assert (await client.get(path)).json()["parameters"] == nothing | wanted
    sent = await client.post(f"{path}/messages", json={"content": "hello"})
    await events(client, sent.json()["generation_id"])
    assert stack.llm.last.body["temperature"] == 0.2
    changed = await client.patch(path, json={"parameters": {"seed": 4}})
    assert changed.json()["parameters"] == nothing | {
        "system_prompt": "", "temperature": None, "stop": [], "seed": 4
    }  # fmt: skip
    assert (await client.patch(path, json={"title": "Still"})).json()["parameters"]["seed"] == 4
    assert (await client.patch(path, json={"parameters": {}})).json()["parameters"]["seed"] is None
    for wrong in ({"temperature": 3}, {"seed": 1.5}, {"stop": ["x"] * 5}, {"unknown": 1}, {"stop": [""]}):
        refused = await client.patch(path, json={"parameters": wrong})
        assert refused.status_code == 422, wrong


async def test_several_models_are_compared_over_rest(stack: Stack, client: httpx.AsyncClient) -> None:
    """The answer to `models` names every answer; one is kept, and the conversation tells how it stands."""
    stack.llm.models = ["scripted", "second"]
    await stack.services.catalog.refresh()
    talk = f"/api/v1/conversations/{(await client.post('/api/v1/conversations', json={})).json()['id']}"
    both = {"content": "Which soil?", "models": ["openai/scripted", "openai/second"]}
    sent = (await client.post(f"{talk}/messages", json=both)).json()
    answers = sent["answers"]
    assert [answer["model"] for answer in answers] == both["models"]
    assert (answers[0]["message_id"], answers[0]["generation_id"]) == (
        sent["message_id"],
        sent["generation_id"],
    )
    for answer in answers:
        assert (await events(client, answer["generation_id"]))[-1]["data"] == {"status": "complete"}
    ids = [answer["message_id"] for answer in answers]
    assert (await client.get(talk)).json()["compared"] == ids
    assert (await client.post(f"/api/v1/messages/{ids[1]}/keep")).status_code == 204
    after = (await client.get(talk)).json()
    assert (after["compared"], after["active_leaf_id"], after["model"]) == ([], ids[1], "openai/second")
    assert (await client.post(f"/api/v1/messages/{ids[0]}/keep")).status_code == 409
    for refused in (
        {"model": "scripted"},
        {"models": ["scripted"]},
        {"models": ["scripted"] * 2},
        {"models": 3},
    ):
        answer = await client.post(f"{talk}/messages", json=both | refused)
        assert answer.status_code == 422, answer.text


async def test_a_long_conversation_is_told_as_it_is_read(stack: Stack) -> None:
    """All of it, oldest first, and never the whole at once: an import may bring 64 MB."""
    thread, now = await stack.services.conversations.create(stack.who, title="Long"), utc_now()
    rows = [
        Message(
            conversation_id=thread.id,
            account_id=stack.who.id,
            depth=at,
            role=MessageRole.USER,
            content=f"{at} {'word ' * 10_000}",
            created_at=now + timedelta(seconds=at),
        )
        for at in range(300)
    ]
    for at in range(1, 300):
        rows[at].parent_id = rows[at - 1].id
    async with stack.database.begin() as tx:
        tx.session.add_all(rows)
    with installed(stack.services):
        answer = await get_conversation(stack.who, thread.id)
        told = orjson.loads("".join([str(piece) async for piece in answer.body_iterator]))
    assert told["title"] == "Long"
    assert [each["content"].partition(" ")[0] for each in told["messages"]] == [str(at) for at in range(300)]
    whole = sum(len(row.content) for row in rows)
    del rows, told
    with installed(stack.services):
        answer = await get_conversation(stack.who, thread.id)
        tracemalloc.start()
        try:
            written = 0
            async for piece in answer.body_iterator:
                written += len(piece)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert written > whole > 15_000_000
    assert most < whole / 3
