"""Taking conversations out over REST, on a real port."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.parts.api_server import api_of, sign_in
from tests.parts.pdfs import text_of
from tests.parts.rich import add_rich
from tests.parts.stack import Stack

TITLE = 'Übung "a/b": 🐟?'


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client signed in as Ben."""
    async with api_of(stack) as client:
        await sign_in(stack, client, "ben@example.org")
        yield client


async def stored(stack: Stack, client: httpx.AsyncClient, **values: Any) -> UUID:
    me = (await client.get("/api/v1/me")).json()["id"]
    async with stack.database.begin() as tx:
        return (await add_rich(tx, UUID(me), **values)).conversation


async def test_a_conversation_in_each_form(stack: Stack, client: httpx.AsyncClient) -> None:
    """A download with a name that every system can have; browsers never show it as a page of ours."""
    conversation = await stored(stack, client, title=TITLE)
    kinds = {
        "json": "application/json",
        "markdown": "text/markdown",
        "html": "text/html",
        "pdf": "application/pdf",
    }
    made = dict[str, bytes]()
    for form, kind in kinds.items():
        response = await client.get(f"/api/v1/conversations/{conversation}/export", params={"format": form})
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith(kind)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in response.headers["content-security-policy"]
        name = response.headers["content-disposition"]
        suffix = {"markdown": "md"}.get(form, form)
        assert name == (
            f'attachment; filename="_bung _a b_ _.{suffix}"; '.replace("_bung _a b_ _", "_bung a b _")
            + f"filename*=UTF-8''%C3%9Cbung%20a%20b%20%F0%9F%90%9F.{suffix}"
        )
        made[form] = response.content
    assert json.loads(made["json"])["conversations"][0]["title"] == TITLE
    assert made["markdown"].startswith("# Übung".encode())
    assert made["html"].startswith(b"<!doctype html>")
    assert "herring" in "".join(text_of(made["pdf"]))


async def test_all_or_some_as_a_zip(stack: Stack, client: httpx.AsyncClient) -> None:
    """All without ids; with ids those."""
    first, _second = await stored(stack, client), await stored(stack, client)
    for params, count in (({}, 2), ({"ids": str(first)}, 1)):
        response = await client.get("/api/v1/export", params={"format": "markdown"} | params)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/zip"
        names = zipfile.ZipFile(io.BytesIO(response.content)).namelist()
        assert len(names) == count + 1


async def test_what_is_refused_is_refused_before_anything_is_sent(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    """Strangers, other people's conversations, unknown forms and too many ids."""
    conversation = await stored(stack, client)
    assert (await client.get("/api/v1/export", params={"format": "exe"})).status_code == 422
    assert (await client.get("/api/v1/export", params={"ids": [str(uuid4())]})).status_code == 404
    assert (await client.get(f"/api/v1/conversations/{uuid4()}/export")).status_code == 404
    client.cookies.clear()
    assert (await client.get(f"/api/v1/conversations/{conversation}/export")).status_code == 401
    await sign_in(stack, client, "eve@example.org")
    assert (await client.get(f"/api/v1/conversations/{conversation}/export")).status_code == 404
    assert (await client.get("/api/v1/export", params={"ids": [str(conversation)]})).status_code == 404
