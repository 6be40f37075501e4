"""Personas and prompts over REST."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.parts.api_server import api_of, sign_in
from tests.parts.stack import Stack

PIRATE = {
    "name": "Pirate",
    "description": "Speaks of the sea.",
    "parameters": {"system_prompt": "Answer as a pirate would."},
    "model": "openai/scripted",
    "scope": {"kind": "none"},
    "questions": ["Where is the treasure?"],
}


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client signed in as Ben."""
    async with api_of(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        yield client


async def test_a_persona_from_its_making_to_its_end(stack: Stack, client: httpx.AsyncClient) -> None:
    """Made, read, changed, chosen, copied, made the default, exported, imported, deleted."""
    made = await client.post("/api/v1/personas", json=PIRATE)
    assert made.status_code == 201, made.text
    path = f"/api/v1/personas/{made.json()['id']}"
    read = (await client.get(path)).json()
    assert read["parameters"]["system_prompt"] == "Answer as a pirate would."
    assert (read["scope"]["kind"], read["default"]) == ("none", False)
    conversation = await client.post("/api/v1/conversations", json={"persona": made.json()["id"]})
    assert conversation.status_code == 201, conversation.text
    told = conversation.json()
    assert (told["persona_id"], told["model"], told["scope"]["kind"]) == (
        made.json()["id"],
        "openai/scripted",
        "none",
    )
    here = f"/api/v1/conversations/{told['id']}"
    assert (await client.patch(here, json={"title": "x"})).json()["persona_id"] == told["persona_id"]
    assert (await client.patch(here, json={"persona": None})).json()["persona_id"] is None
    changed = await client.put(path, json=PIRATE | {"name": "Captain"})
    assert changed.json()["name"] == "Captain"
    assert (await client.post(f"{path}/duplicate")).json()["name"] == "Captain (copy)"
    assert (await client.put(f"{path}/default", json={"default": True})).status_code == 204
    listed = (await client.get("/api/v1/personas")).json()["personas"]
    assert [(each["name"], each["default"]) for each in listed] == [
        ("Captain", True),
        ("Captain (copy)", False),
    ]
    file = await client.get("/api/v1/personas/export", params={"id": [made.json()["id"]]})
    assert file.headers["content-disposition"].startswith("attachment")
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    for status, added in ((201, 1), (200, 0)):
        answer = await client.post("/api/v1/personas/import", files={"file": ("p.json", file.content)})
        assert (answer.status_code, answer.json()) == (status, {"added": added, "known": 1 - added})
    refused = await client.post("/api/v1/personas/import", files={"file": ("p.json", b"{}")})
    assert refused.status_code == 422
    assert (await client.post("/api/v1/personas/import", json={})).status_code == 415


async def test_prompts_over_rest(stack: Stack, client: httpx.AsyncClient) -> None:
    """Made, listed, changed, deleted; a taken name is a conflict."""
    made = await client.post("/api/v1/prompts", json={"name": "sum", "content": "Sum up {{text}}."})
    assert made.status_code == 201
    path = f"/api/v1/prompts/{made.json()['id']}"
    again = await client.post("/api/v1/prompts", json={"name": "sum", "content": "x"})
    assert again.status_code == 409
    assert (await client.put(path, json={"name": "total", "content": "y"})).json()["name"] == "total"
    assert [each["name"] for each in (await client.get("/api/v1/prompts")).json()["prompts"]] == ["total"]
    assert (await client.delete(path)).status_code == 204
    assert (await client.get("/api/v1/prompts")).json() == {"prompts": []}


async def test_an_account_takes_its_personas_and_prompts_with_it(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    """Nothing of them is left when the account is gone."""
    await client.post("/api/v1/personas", json=PIRATE)
    await client.post("/api/v1/prompts", json={"name": "sum", "content": "x"})
    async with stack.database.begin() as tx:
        account = await tx.accounts.find_by_email("ben@example.org")
        assert account is not None
        owner = account.id
        await tx.session.delete(account)
    async with stack.database.read() as tx:
        assert await tx.personas.list_personas(owner) == []
        assert await tx.prompts.list_prompts(owner) == []
