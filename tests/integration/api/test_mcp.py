"""The Model Context Protocol as its own official client sees it, on a real port behind the guard."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from httpx2 import AsyncClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent, TextResourceContents

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.accounts import Actor
from gantry.domain.api_tokens import Scope
from gantry.domain.chat import MAX_MESSAGE_CHARACTERS, MessageStatus
from gantry.domain.hosts import HostNames
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.parameters import Parameters
from gantry.domain.personas import PersonaDraft
from gantry.domain.vault import DEFAULT_COLLECTION_NAME
from gantry.runtime import installed
from tests.factories import actor_of, make_account
from tests.parts import documents
from tests.parts.api_server import serving
from tests.parts.knowledge import embedded, read, until, upload
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

PDF = documents.pdf(["The harbour bridge was painted blue.", "The lighthouse keeper was called Amalia."])
READING = {"search_documents", "read_page", "search_memory", "list_conversations", "read_conversation"}
EVERYTHING = READING | {"add_memory", "ask"}


@pytest.fixture
async def address(library: Stack) -> AsyncIterator[str]:
    """Serve a deployment that reads; yields the protocol's address."""
    names = HostNames(["127.0.0.1"], [])
    guard = Guard(create_api(), page_policy="default-src 'self'", names=names)
    with installed(library.services):
        async with serving(guard) as address:
            yield f"{address}/mcp"
        await library.services.api_tokens.settle()


@asynccontextmanager
async def client_of(
    stack: Stack, address: str, *scopes: Scope, who: Actor | None = None, mode: Any = "auto"
) -> AsyncGenerator[Client]:
    """Yield the client with a new token."""
    made = await stack.services.api_tokens.create(who or stack.who, "MCP", scopes or tuple(Scope))
    async with (
        AsyncClient(headers={"authorization": f"Bearer {made.secret}"}, timeout=30) as web,
        Client(streamable_http_client(address, http_client=web), mode=mode) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return what a tool says, which is the same as data and as text."""
    told = await client.call_tool(tool, arguments)
    (block,) = told.content
    assert isinstance(block, TextContent)
    assert json.loads(block.text) == told.structured_content
    return {"failed": told.is_error, **told.structured_content}


def test_who_does_not_use_it_does_not_pay_for_it() -> None:
    """The library is not loaded with the rest: it takes half a second and 28 MB."""
    loaded = "import sys, gantry.api.app; sys.exit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_each_tool_does_what_it_says(library: Stack, address: str, mode: str) -> None:
    """Search, read, remember, list, ask: by clients of today's protocol and of the ones before."""
    document = await read(library, (await upload(library, "harbour.pdf", PDF)).id)
    await embedded(library)
    async with client_of(library, address, mode=mode) as client:
        assert {each.name for each in (await client.list_tools()).tools} == EVERYTHING
        found = await call(
            client,
            "search_documents",
            query="Who kept the lighthouse?",
            collection=DEFAULT_COLLECTION_NAME.upper(),
            limit=3,
        )
        best = found["passages"][0]
        assert (best["document"], best["page"], best["title"]) == (str(document.id), 2, "harbour.pdf")
        filled: Any = {"collection": None, "limit": 1.0}  # as models fill forms in
        assert len((await call(client, "search_documents", query="bridge", **filled))["passages"]) == 1
        page = await call(client, "read_page", document=best["document"], page=best["page"])
        assert ("Amalia" in page["text"], page["page"], page["pages"]) == (True, 2, 2)
        assert (await call(client, "add_memory", text="I drink green tea."))["text"] == "I drink green tea."
        assert "I drink green tea." in (await call(client, "search_memory", query="What tea?"))["facts"]
        asked = await call(client, "ask", question="Who kept the lighthouse?", model="gantry/extractive")
        assert ("Amalia" in asked["answer"], asked["status"]) == (True, "complete")
        assert {"document": str(document.id), "page": 2}.items() <= asked["citations"][0].items()
        thread = asked["conversation"]
        again = await call(client, "ask", question="And the bridge?", conversation=thread)
        assert again["conversation"] == thread
        for query in ("", "lighthouse"):
            listed = await call(client, "list_conversations", query=query)
            assert thread in {each["id"] for each in listed["conversations"]}
        told = await call(client, "read_conversation", id=thread)
        assert [each["role"] for each in told["messages"]] == ["user", "assistant"] * 2
        assert told["messages"][1]["text"] == asked["answer"]


async def test_a_persona_is_asked(library: Stack, address: str) -> None:
    """Its prompt, model, parameters and documents apply, in a new conversation and in one that goes on; another's is none."""
    await read(library, (await upload(library, "harbour.pdf", PDF)).id)
    await embedded(library)
    draft = PersonaDraft(
        "Light keeper", parameters=Parameters("You keep the light.", temperature=0.25), model="openai/scripted",
        scope=DocumentScope(ScopeKind.ALL),
    )  # fmt: skip
    persona = await library.services.personas.create(library.who, draft)
    silent = PersonaDraft("Silent", scope=DocumentScope(ScopeKind.NONE))
    await library.services.personas.create(library.who, silent)
    question = "Who kept the lighthouse?"
    async with client_of(library, address) as client:
        library.llm.enqueue(Script("It was Amalia [1]."), Script("Blue."), Script("Hm."))
        asked = await call(client, "ask", question=question, model="gantry/light-keeper")
        assert asked["citations"][0]["title"] == "harbour.pdf"
        sent = library.llm.last.body
        assert sent["messages"][0]["content"].startswith("You keep the light.")
        assert (sent["model"], sent["temperature"]) == ("scripted", 0.25)
        await call(client, "ask", question="And the bridge?", conversation=asked["conversation"])
        assert library.llm.last.body["messages"][0]["content"].startswith("You keep the light.")
        window = await library.services.chat.window(library.who, UUID(asked["conversation"]))
        assert window.persona is not None
        assert window.persona.id == persona.id
        quiet = await call(
            client, "ask", question=question, model="gantry/silent", conversation=asked["conversation"]
        )
        assert quiet["citations"] == []
        assert "Amalia" not in library.llm.last.body["messages"][-1]["content"]
        for wrong in ("gantry/nobody", "gantry/", "gantry/" + "x" * 250):
            refused = await call(client, "ask", question=question, model=wrong)
            assert (refused["failed"], refused["field"]) == (True, "model")
    async with library.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    async with client_of(library, address, who=ben) as bens:
        for name in ("light-keeper", str(persona.id)):
            refused = await call(bens, "ask", question=question, model=f"gantry/{name}")
            assert (refused["failed"], refused["field"]) == (True, "model")


async def test_a_refused_question_changes_nothing(library: Stack, address: str) -> None:
    """A conversation keeps its persona, its model and its documents until a question for another one is stored."""
    draft = PersonaDraft("Night", model="gantry/extractive", scope=DocumentScope(ScopeKind.NONE))
    persona = await library.services.personas.create(library.who, draft)
    chat = library.services.chat
    library.llm.enqueue(Script("Wait. " * 1000, tokens_per_second=20))
    sent = await chat.send(library.who, None, "Who kept the lighthouse?", model="openai/scripted")
    before = (await chat.window(library.who, sent.conversation_id)).conversation
    asked = {"model": "gantry/night", "conversation": str(sent.conversation_id)}
    async with client_of(library, address) as client:
        for question in ("And the bridge?", " ", "x" * (MAX_MESSAGE_CHARACTERS + 1)):
            assert (await call(client, "ask", question=question, **asked))["failed"]
            window = await chat.window(library.who, sent.conversation_id)
            after = window.conversation
            assert window.persona is None
            assert (after.model, after.scope) == (before.model, before.scope)
        await library.services.answers.stop(library.who, sent.generation_id)
        await library.read(sent)
        assert not (await call(client, "ask", question="And the bridge?", **asked))["failed"]
    window = await chat.window(library.who, sent.conversation_id)
    assert window.persona is not None
    assert (window.persona.id, window.conversation.model) == (persona.id, "gantry/extractive")


async def test_documents_are_resources(library: Stack, address: str) -> None:
    """Listed, and read whole or page by page; a text without pages has parts."""
    paged = await read(library, (await upload(library, "harbour.pdf", PDF)).id)
    words = "\n".join(f"Line {number} of a long text." for number in range(1000))
    plain = await read(library, (await upload(library, "words.txt", words.encode())).id)
    async with client_of(library, address, Scope.READ) as client:

        async def text(uri: str) -> str:
            (block,) = (await client.read_resource(uri)).contents
            assert isinstance(block, TextResourceContents)
            return block.text

        listed = (await client.list_resources()).resources
        assert {each.name: each.uri for each in listed} == {
            "harbour.pdf": f"gantry://documents/{paged.id}",
            "words.txt": f"gantry://documents/{plain.id}",
        }
        assert "blue" in await text(f"gantry://documents/{paged.id}")
        assert "blue" not in await text(f"gantry://documents/{paged.id}/pages/2")
        assert (await text(f"gantry://documents/{plain.id}")).split() == words.split()
        first = await call(client, "read_page", document=str(plain.id))
        parts = [
            (await call(client, "read_page", document=str(plain.id), page=number))["text"]
            for number in range(1, first["pages"] + 1)
        ]
        assert "".join("".join(parts).split()) == "".join(words.split())
        with pytest.raises(MCPError, match="cursor"):
            await client.list_resources(cursor="1")
        for uri in (
            f"gantry://documents/{uuid4()}",
            "gantry://else",
            f"gantry://documents/{plain.id}/pages/99",
        ):
            with pytest.raises(MCPError):
                await client.read_resource(uri)


async def test_a_long_list_of_documents_has_pages(
    library: Stack, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each leads to the next, and the last to none."""
    monkeypatch.setattr("gantry.api.mcp.resources._LISTED", 2)
    for number in range(3):
        await read(library, (await upload(library, f"{number}.txt", f"Lighthouse {number}".encode())).id)
    async with client_of(library, address, Scope.READ) as client:
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)
    assert [each.name for each in (*first.resources, *second.resources)] == ["2.txt", "1.txt", "0.txt"]
    assert second.next_cursor is None


async def test_a_token_reaches_its_owners_things_in_its_scope(library: Stack, address: str) -> None:
    """What is another's is not there, what the token is not for is refused; both in our sentences."""
    sent = await library.ask("My zebra")
    await library.read(sent)
    document = await read(library, (await upload(library, "harbour.pdf", PDF)).id)
    async with library.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    async with client_of(library, address, who=ben) as client:
        for tool, arguments in (
            ("read_conversation", {"id": str(sent.conversation_id)}),
            ("read_page", {"document": str(document.id)}),
            ("ask", {"question": "hello", "conversation": str(sent.conversation_id)}),
        ):
            told = await call(client, tool, **arguments)
            assert (told["failed"], told["type"]) == (True, "/problems/not-found")
        assert (await call(client, "search_documents", query="lighthouse"))["passages"] == []
        assert (await call(client, "list_conversations", query="zebra"))["conversations"] == []
        assert (await client.list_resources()).resources == []
        wrong = await call(client, "read_page", document="1")
        assert (wrong["type"], wrong["field"]) == ("/problems/invalid", "document")
        with pytest.raises(MCPError):
            await client.call_tool("forget_everything", {})
    async with client_of(library, address, Scope.READ) as client:
        assert {each.name for each in (await client.list_tools()).tools} == READING
        told = await call(client, "add_memory", text="I own a zebra.")
        assert (told["failed"], told["type"], told["status"]) == (True, "/problems/insufficient-scope", 403)
        assert "write" in told["detail"]
    async with client_of(library, address, Scope.WRITE) as client:
        with pytest.raises(MCPError, match="read"):
            await client.list_resources()


async def test_the_door_is_guarded_like_the_others(library: Stack, address: str) -> None:
    """No token, a revoked or unfit one, a cookie, another name for this host, too large a body: refused before the protocol."""
    services = library.services
    made = {
        scope: await services.api_tokens.create(library.who, "T", [scope])
        for scope in (Scope.READ, Scope.ADMIN)
    }
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    good = {
        "authorization": f"Bearer {made[Scope.READ].secret}",
        "accept": "application/json, text/event-stream",
    }
    async with httpx.AsyncClient() as web:

        async def status(headers: dict[str, str], body: Any = hello) -> int:
            return (await web.post(address, json=body, headers=headers)).status_code

        assert await status(good) == 200
        assert await status(good | {"host": "evil.example"}) == 421
        assert await status(good | {"authorization": "Bearer gantry_nobody"}) == 401
        assert await status({"accept": good["accept"]}) == 401
        assert await status({"cookie": "gantry_session=x"}) == 403
        assert await status(good | {"authorization": f"Bearer {made[Scope.ADMIN].secret}"}) == 403
        assert await status(good, {"padding": "x" * 1_100_000}) == 413
        assert (await web.get(address, headers=good)).status_code == 405
        await services.api_tokens.revoke(library.who, made[Scope.READ].token.id)
        assert await status(good) == 401


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_who_stops_waiting_stops_the_answer(library: Stack, address: str, mode: str) -> None:
    """The model server is free again, and what there was of the answer stays in the conversation."""
    services = library.services
    made = await services.api_tokens.create(library.who, "MCP", [Scope.CHAT])
    web = AsyncClient(headers={"authorization": f"Bearer {made.secret}"}, timeout=30)
    question = {"question": "slowly [[tokens:4000]] [[rate:50]]", "model": "openai/scripted"}

    async def asking() -> None:
        async with web, Client(streamable_http_client(address, http_client=web), mode=mode) as client:
            await client.call_tool("ask", question)

    async def ended(status: MessageStatus) -> bool:
        rows = await services.conversations.list_conversations(library.who)
        if not rows:
            return False
        window = await services.chat.window(library.who, rows[0].conversation.id)
        return window.bubbles[-1].message.status is status

    waiting = asyncio.create_task(asking())
    await until(lambda: ended(MessageStatus.STREAMING))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await until(lambda: ended(MessageStatus.STOPPED))
