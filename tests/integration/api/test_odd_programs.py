"""Programs that ask nonsense: whatever it is, they are told so in OpenAI's shape, and never by an error of ours."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.api_tokens import Scope
from gantry.runtime import installed
from tests.factories import actor_of, make_account
from tests.parts.api_server import serving
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

MODEL = "openai/scripted"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]
CHAT, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
PICTURE = "data:image/png;base64,bm90IGEgcGljdHVyZQ=="


@pytest.fixture
async def program(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client with a token for everything, whose requests are written by hand."""
    made = await stack.services.api_tokens.create(stack.who, "Odd", list(Scope))
    with installed(stack.services):
        async with (
            serving(Guard(create_api(), page_policy="default-src 'self'")) as address,
            httpx.AsyncClient(
                base_url=address, headers={"Authorization": f"Bearer {made.secret}"}, timeout=30
            ) as client,
        ):
            yield client
    await stack.services.programs.exchanges.settle()
    await stack.services.api_tokens.settle()


def as_openai(answer: httpx.Response) -> dict[str, Any]:
    """Return an error of OpenAI's shape."""
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}, error
    assert isinstance(error["message"], str)
    assert error["message"]
    assert isinstance(error["type"], str)
    return error


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


REFUSED: dict[str, tuple[str, Any]] = {
    "many answers": (CHAT, {"n": 10**18}),
    "no answers": (CHAT, {"n": 0}),
    "half an answer": (CHAT, {"n": 1.5}),
    "a true number": (CHAT, {"n": True}),
    "messages that are an object": (CHAT, {"messages": {"role": "user"}}),
    "messages that are numbers": (CHAT, {"messages": [1, 2]}),
    "a message that is null": (CHAT, {"messages": [None]}),
    "a model that is a list": (CHAT, {"model": [MODEL]}),
    "a model of blanks": (CHAT, {"model": "   "}),
    "a model that is long": (CHAT, {"model": "x" * 10_000}),
    "a stream that is a word": (CHAT, {"stream": "yes"}),
    "storing that is a word": (CHAT, {"store": "yes"}),
    "our options as a list": (CHAT, {"gantry": []}),
    "our options of another name": (CHAT, {"gantry": {"x" * 100_000: 1}}),
    "a conversation that is no id": (CHAT, {"gantry": {"conversation_id": "../../etc/passwd"}}),
    "a conversation that is a list": (CHAT, {"gantry": {"conversation_id": [[]]}}),
    "collections that are an object": (CHAT, {"gantry": {"collections": {}}}),
    "collections beyond number": (CHAT, {"gantry": {"collections": [str(uuid4())] * 100_000}}),
    "a document that is nested": (CHAT, {"gantry": {"documents": [nested(500)]}}),
    "nobody's collection": (CHAT, {"gantry": {"collections": [str(uuid4())]}}),
    "nobody's document": (CHAT, {"gantry": {"documents": [str(uuid4())]}}),
    "nobody's conversation": (CHAT, {"gantry": {"conversation_id": str(uuid4())}}),
    "storing without a question": (CHAT, {"store": True, "messages": [{"role": "system", "content": "x"}]}),
    "storing an empty question": (CHAT, {"store": True, "messages": [{"role": "user", "content": ""}]}),
    "storing too long a question": (
        CHAT,
        {"store": True, "messages": [{"role": "user", "content": "x" * 5_000_000}]},
    ),
    "an unknown persona": (CHAT, {"model": "gantry/\u202eevil"}),
    "input that is a number": (RESPONSES, {"input": 5}),
    "input that is empty": (RESPONSES, {"input": []}),
    "an item that is null": (RESPONSES, {"input": [None]}),
    "an item of an unknown kind": (RESPONSES, {"input": [{"type": "x" * 100_000}]}),
    "a role that is unknown": (RESPONSES, {"input": [{"role": "oracle", "content": "x"}]}),
    "a role that is an object": (RESPONSES, {"input": [{"role": {}, "content": "x"}]}),
    "content that is a number": (RESPONSES, {"input": [{"role": "user", "content": 5}]}),
    "content of unknown parts": (
        RESPONSES,
        {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
    ),
    "a part that is null": (RESPONSES, {"input": [{"role": "user", "content": [None]}]}),
    "a picture without an address": (
        RESPONSES,
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
    ),
    "tools that are an object": (RESPONSES, {"input": "x", "tools": {"type": "function"}}),
    "tools of another kind": (RESPONSES, {"input": "x", "tools": [{"type": "web_search"}]}),
    "instructions that are a list": (RESPONSES, {"input": "x", "instructions": ["x"]}),
    "a previous answer that is a list": (RESPONSES, {"input": "x", "previous_response_id": [1]}),
    "a previous answer of nobody": (RESPONSES, {"input": "x", "previous_response_id": f"resp_{'0' * 32}"}),
    "in the background": (RESPONSES, {"input": "x", "background": True}),
    "no input": (EMBEDDINGS, {"input": None}),
    "an empty text": (EMBEDDINGS, {"input": ["x", ""]}),
    "texts that are nested": (EMBEDDINGS, {"input": nested(50)}),
    "an encoding that is unknown": (EMBEDDINGS, {"input": "x", "encoding_format": "hex"}),
    "dimensions below zero": (EMBEDDINGS, {"input": "x", "dimensions": -1}),
    "a role of texts that is a number": (EMBEDDINGS, {"input": "x", "input_type": 7}),
}


def usual(path: str, wrong: dict[str, Any]) -> dict[str, Any]:
    usual = {"model": "gantry/embeddings" if path == EMBEDDINGS else MODEL}
    return {**usual, **({"messages": HELLO} if path == CHAT else {}), **wrong}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("streams", [False, True])
async def test_nonsense_is_refused(
    program: httpx.AsyncClient, stack: Stack, what: str, streams: bool
) -> None:
    """With 400 or 404 before any model is asked, also where the answer was to be a stream; the words stay short."""
    path, wrong = REFUSED[what]
    body = {"stream": True, **usual(path, wrong)} if streams and path != EMBEDDINGS else usual(path, wrong)
    answer = await program.post(path, json=body)
    assert answer.status_code in {400, 404}, answer.text
    assert len(as_openai(answer)["message"]) < 500
    assert stack.llm.requests == []


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half": b'{"model": "openai/scr',
    "a word": b"hello",
    "a list": b"[1]",
    "a number": b"1e999",
    "not a number": b'{"model": "openai/scripted", "messages": NaN}',
    "latin": '{"model": "ü"}'.encode("latin-1"),
    "half a pair": rb'{"model": "openai/scripted", "messages": [{"role": "user", "content": "\ud800"}]}',
    "lists without end": b'{"model": "openai/scripted", "messages": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "objects without end": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a zero byte": b'{"model": "openai/scripted\x00", "messages": []}',
}


@pytest.mark.parametrize("path", [CHAT, RESPONSES, EMBEDDINGS])
@pytest.mark.parametrize("what", BODIES)
async def test_what_is_no_request_is_refused(program: httpx.AsyncClient, path: str, what: str) -> None:
    """With 400."""
    answer = await program.post(path, content=BODIES[what], headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    as_openai(answer)


PASSED: dict[str, dict[str, Any]] = {
    "tokens below zero": {"max_tokens": -5},
    "tokens beyond number": {"max_completion_tokens": 10**30},
    "heat": {"temperature": "hot"},
    "a role that is unknown": {"messages": [{"role": "oracle", "content": "x"}, *HELLO]},
    "a role that is a list": {"messages": [{"role": ["user"], "content": "x"}, *HELLO]},
    "a picture that is none": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}]
    },
    "parts of every kind": {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": 5}, None, "x", {"type": []}]},
            *HELLO,
        ]
    },
    "a tool that refers to itself": {
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "parameters": {
                        "$ref": "#/$defs/a",
                        "$defs": {"a": {"properties": {"a": {"$ref": "#/$defs/a"}}}},
                    },
                },
            }
        ]
    },
    "stream options without a stream": {"stream_options": {"include_usage": True}},
    "stream options that are a word": {"stream_options": "all"},
    "letters of every kind": {"messages": [{"role": "user", "content": "\u202e\u0000\ufffe\U0010ffff" * 50}]},
    "calls that are no list": {"messages": [*HELLO, {"role": "assistant", "tool_calls": {"a": 1}}, *HELLO]},
    "nothing at all": {"stream": None, "n": None, "store": None, "gantry": None, "tools": None},
}


@pytest.mark.parametrize("what", PASSED)
@pytest.mark.parametrize(
    "extras", [{}, {"store": True, "gantry": {"memory": True, "collections": "all"}}], ids=["plain", "stored"]
)
async def test_what_is_a_servers_business_is_passed_on(
    program: httpx.AsyncClient, stack: Stack, what: str, extras: dict[str, Any]
) -> None:
    """As it came, whether or not the exchange is stored; what a server refuses comes back as its own refusal."""
    body = {"model": MODEL, "messages": HELLO, **PASSED[what], **extras}
    answer = await program.post(CHAT, json=body)
    if answer.status_code == 400 and extras:  # a question without words cannot be stored
        assert "between 1 and" in as_openai(answer)["message"]
        return
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]
    stack.llm.enqueue(Script(status=400, body={"error": {"message": "I do not like that."}}))
    refused = await program.post(CHAT, json=body)
    assert refused.status_code == 400
    assert "I do not like that." in as_openai(refused)["message"]


async def test_the_built_in_answerer_takes_what_comes(program: httpx.AsyncClient) -> None:
    """It answers, or says that there is no question; with whatever a model server would have been sent."""
    for path in (CHAT, RESPONSES):
        for what, wrong in PASSED.items():
            body = {"model": "gantry/extractive", "messages": HELLO, "input": "hello", **wrong}
            answer = await program.post(path, json=body)
            assert answer.status_code in {200, 400}, (path, what, answer.text)
            if answer.status_code == 400:
                as_openai(answer)


async def test_the_last_of_two_equal_names_counts(program: httpx.AsyncClient, stack: Stack) -> None:
    """For what is looked at and for what is passed on alike: nobody is asked for one model and sent to another."""
    raw = b'{"model": "gantry/extractive", "store": true, "model": "openai/scripted", "messages": [], "messages": %s}'
    answer = await program.post(CHAT, content=raw % json.dumps(HELLO).encode())
    assert answer.status_code == 200, answer.text
    assert stack.llm.last.body["messages"] == HELLO


async def test_an_error_within_a_piece_fails_a_response(program: httpx.AsyncClient, stack: Stack) -> None:
    """Some servers tell it inside a choice; the answer is not called complete."""
    word = b'data: {"id": "c1", "choices": [{"index": 0, "delta": {"content": "It "}}]}\n\n'
    fault = (
        b'data: {"choices": [{"delta": {}, "finish_reason": "error", "error": {"message": "on fire"}}]}\n\n'
    )
    stack.llm.enqueue(Script(raw=[word, fault]))
    stream = await program.post(RESPONSES, json={"model": MODEL, "input": "hello", "stream": True})
    assert "response.failed" in stream.text
    assert "on fire" in stream.text
    assert "response.completed" not in stream.text


async def test_many_messages_and_parts(program: httpx.AsyncClient, stack: Stack) -> None:
    """Are passed on; stored with documents, the question is the last of them. A text may hold commas."""
    many: list[dict[str, Any]] = [
        {"role": ("assistant", "user")[number % 2], "content": "x"} for number in range(5_000)
    ]
    many[1]["content"] = [{"type": "text", "text": "x"}] * 1_000
    many[3]["content"] = "1,2,[3]," * 50_000
    for extras in ({}, {"store": True, "gantry": {"collections": "all"}}):
        answer = await program.post(CHAT, json={"model": MODEL, "messages": many, **extras})
        assert answer.status_code == 200, answer.text
        assert len(stack.llm.last.body["messages"]) == len(many)
    many[1]["content"] = "x"
    listed = {"model": MODEL, "input": many}
    assert (await program.post(RESPONSES, json=listed)).status_code == 200


TOO_MANY: dict[str, tuple[str, Any]] = {
    "messages": ("5,000 messages", HELLO * 5_001),
    "parts": ("1,000 parts", [{"role": "user", "content": [{"type": "text", "text": "x"}] * 1_001}]),
    "values": ("600,000 commas and opening brackets", [{}] * 300_000),
}


@pytest.mark.parametrize(("path", "name"), [(CHAT, "messages"), (RESPONSES, "input")])
@pytest.mark.parametrize("what", TOO_MANY)
async def test_too_much_is_refused_before_it_is_looked_at(
    program: httpx.AsyncClient, stack: Stack, what: str, path: str, name: str
) -> None:
    """It would hold up everybody for seconds."""
    said, many = TOO_MANY[what]
    answer = await program.post(path, json={"model": MODEL, name: many})
    assert answer.status_code == 400, answer.text
    assert said in as_openai(answer)["message"]
    assert stack.llm.requests == []


async def test_nothing_of_somebody_else(program: httpx.AsyncClient, stack: Stack) -> None:
    """Another's conversation, collection, document and persona are what does not exist, word for word."""
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    thread = await stack.services.conversations.create(ben, title="Ben's")
    collection = await stack.services.collections.create(ben, "Ben's")
    for name, own in (("conversation_id", thread.id), ("collections", [collection.id])):
        told = []
        for wanted in (own, [uuid4()] if isinstance(own, list) else uuid4()):
            value = [str(each) for each in wanted] if isinstance(wanted, list) else str(wanted)
            answer = await program.post(
                CHAT, json={"model": MODEL, "messages": HELLO, "gantry": {name: value}}
            )
            told.append((answer.status_code, as_openai(answer)))
        assert told[0] == told[1]
        assert told[0][0] == 404
    assert stack.llm.requests == []


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/nothing", "/v1/models/", "/v1/models/x/y/z", "/v1/models/%00"]
)
async def test_addresses_that_are_none(program: httpx.AsyncClient, path: str) -> None:
    """Under /v1 they are told as OpenAI does, for every method."""
    for method in ("GET", "POST", "DELETE", "PATCH"):
        answer = await program.request(method, path)
        assert answer.status_code in {404, 405}, (method, answer.status_code)
        if path != "/v1":
            as_openai(answer)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Basic eDp5",
        "Bearer a b",
        "Bearer gantry_" + "0" * 49,
        "Bearer " + "x" * 8000,
        "Bearer \u00fc",
    ],
)
async def test_tokens_that_are_none(program: httpx.AsyncClient, value: str) -> None:
    """401 as OpenAI's clients know it."""
    for path in (CHAT, RESPONSES, EMBEDDINGS):
        answer = await program.post(path, json={}, headers=[(b"Authorization", value.encode("latin-1"))])
        assert answer.status_code == 401, answer.text
        assert as_openai(answer)["code"] == "invalid_api_key"


async def test_a_zero_byte_finds_nothing(program: httpx.AsyncClient) -> None:
    """PostgreSQL has no place for it; whoever sends it is told so, or what is found without it."""
    for path in (
        "search?q=a%00b", "search?q=a&model=%00", "search?q=a&tag=%00", "conversations?tag=%00", "documents?q=%00",
        "memory?q=%00", "users?search=%00", "shared/%00", "personas/export?id=%00",
    ):  # fmt: skip
        answer = await program.get(f"/api/v1/{path}")
        assert answer.status_code in {200, 404, 422, 403}, (path, answer.status_code, answer.text)
    for memory in (False, True):
        answer = await program.post("/api/v1/search", json={"query": "a\0b", "memory": memory})
        assert answer.status_code == 200, answer.text
    for path, body in (
        ("conversations", {"title": "a\0b"}), ("folders", {"name": "a\0b"}), ("collections", {"name": "a\0b"}),
        ("me/tokens", {"name": "a\0b", "scopes": ["read"]}), ("prompts", {"name": "a\0b", "content": "a\0b"}),
        ("memory", {"content": "a\0b"}), ("session", {"email": "a\0b", "password": "\0"}),
        ("personas", {"name": "a\0b"}),
    ):  # fmt: skip
        answer = await program.post(f"/api/v1/{path}", json=body)
        assert answer.status_code in {200, 201, 401, 403, 409, 422}, (path, answer.status_code, answer.text)
