"""Every route with every scope and with a foreign token; and how tokens are made and told over REST."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute, APIRouter

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.api_tokens import Scope
from gantry.domain.clock import utc_now
from gantry.domain.personas import PersonaDraft
from gantry.runtime import installed
from tests.factories import actor_of, make_account
from tests.parts.api_server import api_of, serving, sign_in
from tests.parts.stack import Stack, all_messages

SECRET = "zebra-striped-umbrella"
SAYING: dict[str, Any] = {"model": "gantry/extractive", "messages": [{"role": "user", "content": "hello"}]}
CALLING: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "read_conversation", "arguments": {"id": "{conversation_id}"}},
}
NOBODY, ANY = "open", "any"
READ, WRITE, CHAT, ADMIN = (frozenset({scope}) for scope in ("read", "write", "chat", "admin"))
SHARE = "POST /api/v1/conversations/{conversation_id}/shares"

# What a token must be for (one of them; for SHARE all), and a body that would do something.
ROUTES: dict[str, tuple[Any, Any]] = {
    "GET /api/v1/setup": (NOBODY, None),
    "POST /api/v1/setup": (NOBODY, {"email": "x@example.org", "password": "long enough"}),
    "POST /api/v1/session": (NOBODY, {"email": "x@example.org", "password": "wrong"}),
    "GET /api/v1/websocket-check": (NOBODY, None),
    "GET /api/v1/openapi.json": (NOBODY, None),
    "GET /api/v1/docs": (NOBODY, None),
    "GET /api/v1/docs/{name}": (NOBODY, None),
    "GET /health": (NOBODY, None),
    "GET /ready": (NOBODY, None),
    "GET /metrics": (NOBODY, None),
    "DELETE /api/v1/session": (frozenset(), None),
    "GET /api/v1/session": (ANY, None),
    "GET /api/v1/me": (READ, None),
    "PATCH /api/v1/me": (WRITE, {"name": "Ben"}),
    "PUT /api/v1/me/password": (ADMIN, {"current": "wrong password", "new": "another password"}),
    "PUT /api/v1/me/email": (ADMIN, {"email": "else@example.org", "password": "wrong password"}),
    "POST /api/v1/me/deletion": (ADMIN, {"password": "wrong password"}),
    "GET /api/v1/me/sessions": (READ, None),
    "DELETE /api/v1/me/sessions": (ADMIN, None),
    "DELETE /api/v1/me/sessions/{session_id}": (ADMIN, None),
    "GET /api/v1/me/tokens": (READ, None),
    "POST /api/v1/me/tokens": (ADMIN, {"name": "Another", "scopes": ["admin"]}),
    "DELETE /api/v1/me/tokens/{token_id}": (ADMIN, None),
    "GET /api/v1/users": (ADMIN, None),
    "POST /api/v1/users": (ADMIN, {"email": "new@example.org"}),
    "PATCH /api/v1/users/{user_id}": (ADMIN, {"role": "admin"}),
    "POST /api/v1/users/{user_id}/password": (ADMIN, None),
    "GET /api/v1/conversations": (READ, None),
    "POST /api/v1/conversations": (CHAT | WRITE, {"title": "Mine"}),
    "GET /api/v1/conversations/{conversation_id}": (CHAT | READ, None),
    "PATCH /api/v1/conversations/{conversation_id}": (WRITE, {"title": "Taken"}),
    "DELETE /api/v1/conversations/{conversation_id}": (WRITE, None),
    "POST /api/v1/conversations/{conversation_id}/restore": (WRITE, None),
    "POST /api/v1/conversations/{conversation_id}/messages": (CHAT, {"content": "hello"}),
    "POST /api/v1/messages/{message_id}/edit": (CHAT, {"content": "hello"}),
    "POST /api/v1/messages/{message_id}/regenerate": (CHAT, {}),
    "POST /api/v1/messages/{message_id}/resume": (CHAT, None),
    "POST /api/v1/messages/{message_id}/select": (WRITE, None),
    "POST /api/v1/messages/{message_id}/keep": (CHAT, None),
    "GET /api/v1/messages/{message_id}/sources": (CHAT | READ, None),
    "GET /api/v1/messages/{message_id}/context": (READ, None),
    "PUT /api/v1/messages/{message_id}/rating": (WRITE, {"rating": "up"}),
    "GET /api/v1/generations/{generation_id}": (CHAT | READ, None),
    "POST /api/v1/generations/{generation_id}/stop": (CHAT, None),
    "GET /api/v1/generations/{generation_id}/events": (CHAT | READ, None),
    "GET /api/v1/models": (CHAT | READ, None),
    "GET /api/v1/connections": (ADMIN, None),
    "POST /api/v1/connections": (ADMIN, {"name": "N", "base_url": "http://192.0.2.1/v1"}),
    "POST /api/v1/connections/test": (ADMIN, {"name": "N", "base_url": "http://192.0.2.1/v1"}),
    "PUT /api/v1/connections/{connection_id}": (ADMIN, {"name": "N", "base_url": "http://192.0.2.1/v1"}),
    "DELETE /api/v1/connections/{connection_id}": (ADMIN, None),
    "GET /api/v1/collections": (READ, None),
    "POST /api/v1/collections": (WRITE, {"name": "Mine"}),
    "PATCH /api/v1/collections/{collection_id}": (WRITE, {"name": "Taken"}),
    "DELETE /api/v1/collections/{collection_id}": (WRITE, None),
    "GET /api/v1/documents": (READ, None),
    "POST /api/v1/documents": (WRITE, None),
    "GET /api/v1/documents/{document_id}": (READ, None),
    "PATCH /api/v1/documents/{document_id}": (WRITE, {"name": "Taken"}),
    "DELETE /api/v1/documents/{document_id}": (WRITE, None),
    "GET /api/v1/documents/{document_id}/content": (READ, None),
    "GET /api/v1/documents/{document_id}/image": (READ, None),
    "GET /api/v1/documents/{document_id}/text": (READ, None),
    "GET /api/v1/documents/{document_id}/chunks": (READ, None),
    "POST /api/v1/documents/{document_id}/retry": (WRITE, None),
    "POST /api/v1/documents/{document_id}/cancel": (WRITE, None),
    "GET /api/v1/search": (READ, None),
    "GET /api/v1/export": (READ, None),
    "GET /api/v1/conversations/{conversation_id}/export": (READ, None),
    "POST /api/v1/search": (READ, {"query": SECRET}),
    "GET /v1/models": (CHAT | READ, None),
    "GET /v1/models/{model}": (CHAT | READ, None),
    "POST /v1/chat/completions": (CHAT, SAYING | {"gantry": {"conversation_id": "{conversation_id}"}}),
    "POST /v1/embeddings": (CHAT, {"model": "gantry/embeddings", "input": "hello"}),
    "POST /v1/responses": (CHAT, {"model": "gantry/extractive", "input": SECRET}),
    "POST /mcp": (CHAT | READ | WRITE, CALLING),
    "GET /api/v1/folders": (READ, None),
    "POST /api/v1/folders": (WRITE, {"name": "Mine"}),
    "PATCH /api/v1/folders/{folder_id}": (WRITE, {"name": "Taken"}),
    "DELETE /api/v1/folders/{folder_id}": (WRITE, None),
    "GET /api/v1/tags": (READ, None),
    "POST /api/v1/conversations/bulk": (WRITE, {"conversations": ["{conversation_id}"], "action": "delete"}),
    "GET /api/v1/personas": (CHAT | READ, None),
    "POST /api/v1/personas": (WRITE, {"name": "Mine"}),
    "GET /api/v1/personas/export": (READ, None),
    "POST /api/v1/personas/import": (WRITE, None),
    "GET /api/v1/personas/{persona_id}": (READ, None),
    "PUT /api/v1/personas/{persona_id}": (WRITE, {"name": "Taken"}),
    "POST /api/v1/personas/{persona_id}/duplicate": (WRITE, None),
    "PUT /api/v1/personas/{persona_id}/default": (WRITE, {"default": True}),
    "DELETE /api/v1/personas/{persona_id}": (WRITE, None),
    "GET /api/v1/prompts": (READ, None),
    "POST /api/v1/prompts": (WRITE, {"name": "Mine", "content": "Hello"}),
    "PUT /api/v1/prompts/{prompt_id}": (WRITE, {"name": "Taken", "content": "Hello"}),
    "DELETE /api/v1/prompts/{prompt_id}": (WRITE, None),
    "GET /api/v1/imports": (READ, None),
    "POST /api/v1/imports": (WRITE, None),
    "GET /api/v1/imports/{import_id}": (READ, None),
    "POST /api/v1/imports/{import_id}/start": (WRITE, {}),
    "POST /api/v1/imports/{import_id}/undo": (WRITE, None),
    "DELETE /api/v1/imports/{import_id}": (WRITE, None),
    "GET /api/v1/shares": (READ, None),
    "DELETE /api/v1/shares/{share_id}": (WRITE, None),
    "GET /api/v1/conversations/{conversation_id}/shares": (READ, None),
    SHARE: (READ | WRITE, {}),
    "GET /api/v1/shared/{token}": (NOBODY, None),
    "GET /api/v1/shared/{token}/files/{document_id}": (NOBODY, None),
    "GET /api/v1/shared/{token}/files/{document_id}/image": (NOBODY, None),
    "GET /api/v1/memory": (READ, None),
    "POST /api/v1/memory": (WRITE, {"content": "I like tea."}),
    "DELETE /api/v1/memory": (WRITE, None),
    "GET /api/v1/memory/graph": (READ, None),
    "GET /api/v1/memory/settings": (READ, None),
    "PATCH /api/v1/memory/settings": (WRITE, {"enabled": True}),
    "PATCH /api/v1/memory/{fact_id}": (WRITE, {"content": "Taken."}),
    "DELETE /api/v1/memory/{fact_id}": (WRITE, None),
}


def all_routes() -> set[str]:
    """Return every route that there is."""
    rooms = (getattr(each, "original_router", None) for each in create_api().routes)
    return {
        f"{method} {route.path_format}"
        for room in rooms
        if isinstance(room, APIRouter)
        for route in room.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def test_every_route_says_what_a_token_must_be_for() -> None:
    """A route that is added has to be put into the table."""
    assert all_routes() == set(ROUTES)


@dataclass
class Place:
    """The API, what Ada has there, and tokens of Ben's."""

    client: httpx.AsyncClient
    ids: dict[str, str]
    tokens: dict[frozenset[str], str]

    async def ask(self, route: str, token: str) -> httpx.Response:
        """Ask for what is Ada's."""
        method, path = route.split()
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", self.ids[name])
        body = json.dumps(ROUTES[route][1])
        for name, value in self.ids.items():
            body = body.replace(f"{{{name}}}", value)
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return await self.client.request(
            method, path, headers=headers, content="" if body == "null" else body
        )


@pytest.fixture
async def place(stack: Stack) -> AsyncIterator[Place]:
    """Yield a place where Ada keeps things that hold SECRET, and where Ben administers nothing."""
    services, ada = stack.services, stack.who
    sent = await stack.ask(f"My {SECRET}")
    await stack.read(sent)
    collection = await services.collections.create(ada, f"{SECRET}")
    folder = await services.folders.create(ada, SECRET)
    fact = await services.memory.add_fact(ada, f"I own a {SECRET}.")
    persona = await services.personas.create(ada, PersonaDraft(SECRET))
    prompt = await services.prompts.create(ada, SECRET, SECRET)
    token = await services.api_tokens.create(ada, SECRET, ["read"])
    async with stack.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    scopes = [frozenset({each.value}) for each in Scope] + [frozenset(each.value for each in Scope)]
    made = {each: (await services.api_tokens.create(ben, "Ben's", each)).secret for each in scopes}
    ids = {
        "conversation_id": sent.conversation_id,
        "message_id": sent.message_id,
        "generation_id": sent.generation_id,
        "collection_id": collection.id,
        "fact_id": fact.id,
        "persona_id": persona.id,
        "prompt_id": prompt.id,
        "token_id": token.token.id,
        "user_id": ada.id,
        "folder_id": folder.id,
        "document_id": uuid4(),
        "import_id": uuid4(),
        "share_id": uuid4(),
        "token": "nobody-has-this",
        "name": "nothing.js",
        "model": "nowhere/nothing",
        "session_id": uuid4(),
        "connection_id": uuid4(),
    }
    async with api_of(stack) as client:
        client.cookies.clear()
        yield Place(client, {name: str(each) for name, each in ids.items()}, made)


async def test_every_route_with_every_scope_and_a_foreign_token(place: Place, stack: Stack) -> None:
    """A token opens what its scope says and nothing else, and nothing of anybody else's."""
    leaks: list[str] = []
    for route, (wanted, _body) in sorted(ROUTES.items()):
        for scopes, token in place.tokens.items():
            answer = await place.ask(route, token)
            refused = answer.status_code == 403 and "insufficient" in answer.text
            needed = wanted if route == SHARE else scopes & wanted if isinstance(wanted, frozenset) else ()
            allowed = wanted in (NOBODY, ANY) or bool(needed and scopes.issuperset(needed))
            if not wanted:  # a token has no session to end
                assert answer.status_code == 403, (route, scopes)
            elif refused == allowed:
                leaks.append(f"{route} {sorted(scopes)}: {answer.status_code}")
            if refused:
                assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
            if SECRET in answer.text and "{" in route:
                leaks.append(f"{route} {sorted(scopes)} tells Ada's words")
            if SECRET in answer.text.replace(f'"query":"{SECRET}"', "") and route != "POST /api/v1/search":
                leaks.append(f"{route} {sorted(scopes)} tells Ada's words")
            if "{" in route and answer.status_code < 400 and answer.text != "[]":
                leaks.append(f"{route} {sorted(scopes)}: {answer.status_code} for what is Ada's")
    assert leaks == []
    services, ada = stack.services, stack.who
    thread, messages = await all_messages(
        services, ada, (await services.conversations.list_conversations(ada))[0].conversation.id
    )
    assert (SECRET in thread.title, len(messages)) == (True, 2)
    assert [each.name for each in await services.api_tokens.list_tokens(ada)] == [SECRET]
    assert [each.name for each in await services.collections.list_collections(ada)][-1] == SECRET


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["write"], 403), (["read"], 403), (["chat", "write"], 403), (["read", "write"], 201)],
)
async def test_a_link_tells_what_may_be_read(stack: Stack, scopes: list[str], status: int) -> None:
    """A token that reads nothing makes no link, behind which everything would be told; the document says so."""
    sent = await stack.ask("hello")
    await stack.read(sent)
    made = await stack.services.api_tokens.create(stack.who, "Links", scopes)
    async with api_of(stack) as client:
        client.cookies.clear()
        answer = await client.post(
            f"/api/v1/conversations/{sent.conversation_id}/shares",
            json={},
            headers={"authorization": f"Bearer {made.secret}"},
        )
        described = (await client.get("/api/v1/openapi.json")).json()
    assert answer.status_code == status, answer.text
    operation = described["paths"]["/api/v1/conversations/{conversation_id}/shares"]["post"]
    assert operation["description"].endswith("A token needs the scope `read` and `write`.")
    assert not [name for name in operation if name.startswith("x-")]


async def test_a_token_is_no_cookie_and_a_cookie_no_token(place: Place) -> None:
    """Only the header carries a program's token; beside an invalid one a good cookie counts for nothing."""
    (token,) = (secret for scopes, secret in place.tokens.items() if len(scopes) == 4)
    as_cookie = await place.client.get("/api/v1/me", headers={"cookie": f"gantry_session={token}"})
    assert as_cookie.status_code == 401
    for bad in (token[:-1] + ("A" if token[-1] != "A" else "B"), "gantry_", "x"):
        answer = await place.client.get("/api/v1/me", headers={"authorization": f"Bearer {bad}"})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith('Bearer realm="gantry"')


async def test_tokens_are_made_listed_used_and_revoked(stack: Stack) -> None:
    """From the making to the revocation, as a program and its owner see it."""
    async with api_of(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        until = (utc_now() + timedelta(days=30)).isoformat()
        made = await client.post(
            "/api/v1/me/tokens", json={"name": "Notebook", "scopes": ["read"], "expires_at": until}
        )
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        token = made.json()["token"]
        async with httpx.AsyncClient(
            base_url=client.base_url, headers={"authorization": f"Bearer {token}"}
        ) as program:
            assert (await program.get("/api/v1/me")).json()["email"] == "ben@example.org"
            await stack.services.api_tokens.settle()
            listed = (await client.get("/api/v1/me/tokens")).json()["tokens"]
            assert "token" not in listed[0]
            assert (listed[0]["hint"], listed[0]["last_used_from"]) == (token[-4:], "127.0.0.1")
            gone = await client.delete(f"/api/v1/me/tokens/{made.json()['id']}")
            assert gone.status_code == 204
            answer = await program.get("/api/v1/me")
            assert answer.json()["type"] == "/problems/invalid-token"
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        for wrong in (
            {"name": "", "scopes": ["read"]},
            {"name": "N", "scopes": []},
            {"name": "N", "scopes": ["all"]},
            {"name": "N", "scopes": ["read"], "expires_at": "9999-12-31T23:59:59-12:00"},
        ):
            assert (await client.post("/api/v1/me/tokens", json=wrong)).status_code == 422


async def test_a_running_stream_ends_with_its_token(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows an answer with a token that is revoked is not told the rest of it."""
    monkeypatch.setattr("gantry.api.live.RECHECK_SECONDS", 0.1)
    sent = await stack.ask("slowly [[tokens:4000]] [[rate:100]]")
    made = await stack.services.api_tokens.create(stack.who, "Follower", ["chat"])
    async with api_of(stack) as client:
        headers = {"authorization": f"Bearer {made.secret}"}
        path = f"/api/v1/generations/{sent.generation_id}/events"
        async with asyncio.timeout(10), client.stream("GET", path, headers=headers) as answer:
            text = ""
            async for line in answer.aiter_lines():
                if not text:
                    await stack.services.api_tokens.revoke(stack.who, made.token.id)
                text += f"{line}\n"
    assert "event:end" not in text
    await stack.services.answers.stop(stack.who, sent.generation_id)


async def test_a_bearer_request_needs_no_origin_and_a_cookie_does(stack: Stack) -> None:
    """Through the guard: a token acts from wherever it is, and lends nothing to a cookie beside it."""
    made = await stack.services.api_tokens.create(stack.who, "Program", ["write"])
    guard = Guard(create_api(), page_policy="default-src 'self'")
    bearer, fact = {"authorization": f"Bearer {made.secret}"}, {"content": "I like tea."}
    cookie, foreign = {"cookie": "gantry_session=x"}, {"origin": "https://elsewhere.example"}
    with installed(stack.services):
        async with serving(guard) as address, httpx.AsyncClient(base_url=address) as client:

            async def add(headers: dict[str, str]) -> int:
                return (await client.post("/api/v1/memory", json=fact, headers=headers)).status_code

            assert await add(bearer) == 201
            assert await add(bearer | cookie) == 409  # the token acts: known already
            assert await add(bearer | foreign) == 409
            assert await add(cookie) == 403
            assert await add(foreign) == 403
            assert await add({"authorization": "Bearer"} | cookie) == 403
            assert await add({"authorization": f"Basic {made.secret}"} | cookie) == 403
            seen = await client.options(
                "/api/v1/memory", headers=foreign | {"access-control-request-method": "POST"}
            )
            assert "access-control-allow-origin" not in seen.headers


async def test_a_program_that_signs_in_gets_its_token_in_the_body(stack: Stack) -> None:
    """With ``"token": true`` there is no cookie; without it the body tells none."""
    async with api_of(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        client.cookies.clear()
        pair = {"email": "ben@example.org", "password": "correct horse battery"}
        told = await client.post("/api/v1/session", json=pair | {"token": True})
        assert "set-cookie" not in told.headers
        headers = {"authorization": f"Bearer {told.json()['token']}"}
        assert (await client.get("/api/v1/me", headers=headers)).json()["email"] == "ben@example.org"
        kept = await client.post("/api/v1/session", json=pair)
        assert ("token" in kept.json(), "gantry_session" in kept.cookies) == (False, True)
