"""Importing much at once, on both databases: interrupted, gone on with, done by an earlier version, found by its words."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from gantry.adapters.importing.opening import ExportFiles
from gantry.domain.errors import Invalid
from gantry.domain.imports import Receipt
from gantry.models import Conversation, Message
from gantry.services.import_rows import Choice
from tests.parts.knowledge import until
from tests.parts.stack import Stack


def chat(key: str, length: int, said: str = "And the tide") -> dict[str, Any]:
    """A conversation of so many messages, in a row."""
    nodes = {
        f"n{at}": {
            "id": f"n{at}",
            "parent": f"n{at - 1}" if at else None,
            "message": {
                "author": {"role": "assistant" if at % 2 else "user"},
                "content": {"content_type": "text", "parts": [f"{said} {at} of {key}"]},
            },
        }
        for at in range(length)
    }
    return {"id": key, "title": f"Tides {key}", "mapping": nodes, "current_node": f"n{length - 1}"}


async def brought(stack: Stack, folder: Path, *chats: dict[str, Any]) -> Receipt:
    path = folder / "export.json"
    path.write_text(json.dumps(chats))
    _, receipt = await stack.services.imports.import_file(stack.who, str(path), path.name, Choice())
    return receipt


async def held(stack: Stack) -> int:
    async with stack.services.imports.database.read() as tx:
        query = select(func.count()).select_from(Message).where(col(Message.account_id) == stack.who.id)
        return (await tx.session.execute(query)).scalar_one()


async def test_many_small_conversations_are_all_there_and_found(stack: Stack, tmp_path: Path) -> None:
    """Each with its messages, its last one on screen, its title and its words."""
    receipt = await brought(stack, tmp_path, *(chat(f"k{n}", 4, f"pebble{n}") for n in range(150)))
    assert (receipt.conversations, receipt.messages, await held(stack)) == (150, 600, 600)
    (hit, *others) = await stack.services.search.find(stack.who, "pebble77 3")
    window = await stack.services.chat.window(stack.who, hit.conversation_id)
    assert [bubble.message.content for bubble in window.bubbles] == [
        f"pebble77 {at} of k77" for at in range(4)
    ]
    assert {one.conversation_id for one in others} <= {hit.conversation_id}
    assert await stack.services.search.find(stack.who, "Tides k149 ")
    async with stack.services.imports.database.read() as tx:
        assert not await tx.words.stale()


async def test_an_import_that_was_broken_off_is_gone_on_with(stack: Stack, tmp_path: Path) -> None:
    """What was stored of a long conversation is not stored twice, and the rest comes."""
    long = chat("long", 4000)
    first = asyncio.create_task(brought(stack, tmp_path, chat("short", 2), long))

    async def has_begun() -> bool:
        return await held(stack) > 2 or first.done()

    await until(has_begun)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    before = await held(stack)
    receipt = await brought(stack, tmp_path, chat("short", 2), long)
    assert (before + receipt.messages, await held(stack)) == (4002, 4002)
    listed = await stack.services.conversations.list_conversations(stack.who)
    assert len(listed) == 2
    found = next(one.conversation for one in listed if one.conversation.title == "Tides long")
    window = await stack.services.chat.window(stack.who, found.id)
    assert window.bubbles[-1].message.content == "And the tide 3999 of long"


async def test_the_same_conversation_many_times_in_one_file_comes_once(stack: Stack, tmp_path: Path) -> None:
    """Also where the copies stand beside each other, and a later one is longer."""
    receipt = await brought(stack, tmp_path, chat("a", 2), chat("a", 2), chat("b", 2), chat("a", 6))
    assert (receipt.conversations, receipt.messages, receipt.already) == (2, 8, 2)
    assert await held(stack) == 8


async def test_one_copy_does_not_slow_the_others(stack: Stack, tmp_path: Path) -> None:
    """What comes after it is still stored together."""
    before = stack.services.imports.database.commits
    receipt = await brought(stack, tmp_path, chat("k0", 2), *(chat(f"k{n}", 2) for n in range(99)))
    assert (receipt.conversations, receipt.already, await held(stack)) == (99, 1, 198)
    assert stack.services.imports.database.commits - before < 50


async def test_what_was_read_before_a_fault_stays(stack: Stack, tmp_path: Path) -> None:
    """The rest is refused; what came in pieces before is stored, also what was just being stored."""
    path = tmp_path / "export.json"
    path.write_text(json.dumps([chat(f"k{n}", 2, "tide " * 300) for n in range(300)]))
    size = path.stat().st_size
    imports = replace(stack.services.imports, exports=ExportFiles(size * 5 // 6))
    with pytest.raises(Invalid, match="larger than is read here"):
        await imports.import_file(stack.who, str(path), path.name, Choice())
    assert await held(stack) == 400


async def test_what_an_earlier_version_has_imported_is_known(stack: Stack, tmp_path: Path) -> None:
    """It wrote the names of messages in another way."""
    await brought(stack, tmp_path, chat("a", 4))
    async with stack.services.imports.database.begin() as tx:
        (place,) = (await tx.session.execute(select(Conversation))).scalars()
        for row in (await tx.session.execute(select(Message))).scalars():
            told = hashlib.sha256(f"{place.id.hex}\0n{row.depth}".encode()).hexdigest()[:24]
            key = f"{(row.client_key or '').rpartition(':')[0]}:{told}"
            await tx.session.execute(update(Message).where(col(Message.id) == row.id).values(client_key=key))
    receipt = await brought(stack, tmp_path, chat("a", 6))
    assert (receipt.conversations, receipt.messages, await held(stack)) == (0, 2, 6)
    first, second = reversed(await stack.services.imports.list_imports(stack.who))
    assert (await stack.services.imports.undo(stack.who, second.id)).messages == 2
    assert (await stack.services.imports.undo(stack.who, first.id)).messages == 4
    assert await held(stack) == 0
