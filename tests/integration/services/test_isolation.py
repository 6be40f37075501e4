"""Whatever is asked for, nobody gets another person's words: scopes at random, of one's own and of others."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.accounts import Actor
from gantry.domain.errors import GantryError
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.models import new_id
from tests.factories import actor_of, make_account
from tests.parts.chroma import ChromaServer
from tests.parts.knowledge import read, reading_stack, upload
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

PEOPLE, FILES, ROUNDS = 4, 3, 60


@pytest.fixture(params=["embedded", "server"])
async def crowd(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stack]:
    """Yield a deployment that reads, with vectors in this process or in a ChromaDB server."""
    if request.param == "embedded":
        async with reading_stack(database_url) as stack:
            yield stack
        return
    server = ChromaServer(tmp_path / "chroma")
    await server.start()
    async with reading_stack(database_url, chroma_host=server.url) as stack:
        yield stack
    await server.kill()


async def furnish(stack: Stack, number: int) -> tuple[Actor, list[UUID], list[UUID]]:
    """Make somebody with two collections and the same words as everybody else's; returns their ids."""
    async with stack.database.begin() as tx:
        who = actor_of(await make_account(tx, f"person{number}@example.org"))
    other = await stack.services.collections.create(who, "Work")
    texts = [
        f"The lighthouse of person {number}, file {n}, stands by the harbour.".encode() for n in range(FILES)
    ]
    rows = [
        await upload(stack, f"p{number} {n}.txt", text, who=who, collection=other.id if n % 2 else None)
        for n, text in enumerate(texts)
    ]
    done = await asyncio.gather(*(read(stack, row.id, who=who) for row in rows))
    return who, [row.id for row in done], [row.collection_id for row in done if row.collection_id]


async def test_nobody_elses_document_is_found_by_any_scope(crowd: Stack) -> None:
    """Search, answers and stored scopes; the ids are drawn from everybody's."""
    people = [await furnish(crowd, number) for number in range(PEOPLE)]
    documents = [one for _who, files, _shelves in people for one in files]
    kinds = [one for _who, _files, ids in people for one in ids]
    dice = random.Random(4)
    refused = 0
    for _ in range(ROUNDS):
        who, own, own_shelves = dice.choice(people)
        scope = DocumentScope(
            dice.choice(list(ScopeKind)),
            collections=tuple(dice.sample([*kinds, new_id()], dice.randint(0, 3))),
            documents=tuple(dice.sample([*documents, new_id()], dice.randint(0, 4))),
            attached=dice.choice([None, new_id()]),
        )
        found = await crowd.services.retriever.documents(who, "lighthouse harbour", scope=scope)
        assert {each.source_id for each in found.passages} <= set(own)
        thread = await crowd.services.conversations.create(who)
        try:
            await crowd.services.conversations.set_scope(who, thread.id, scope)
        except GantryError:
            refused += 1
            foreign = set(scope.documents) - set(own) | set(scope.collections) - set(own_shelves)
            assert foreign
    assert refused


async def test_nobody_elses_words_reach_the_model(crowd: Stack) -> None:
    """Documents and memory of one person are in no prompt of another."""
    people = [await furnish(crowd, number) for number in range(2)]
    crowd.llm.default = Script(text="It stands by the harbour [1].")
    for (who, _own, _shelves), secret in zip(people, ("heliotrope", "vermilion"), strict=True):
        options: dict[str, Any] = {"model": "openai/scripted"}
        sent = await crowd.services.chat.send(
            who, None, f"My code word is {secret}. Where is the lighthouse?", **options
        )
        async with asyncio.timeout(20):
            while (await crowd.message(sent.message_id)).finished_at is None:
                await asyncio.sleep(0.05)
    asked = [request.body["messages"][-1]["content"] for request in crowd.llm.requests]
    assert "person 0" in asked[0]
    assert "person 1" not in asked[0]
    assert "person 1" in asked[1]
    assert "person 0" not in asked[1]
    assert "heliotrope" not in asked[1]
