"""What a person takes out of Gantry, on both databases."""

import json
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.accounts import Actor
from gantry.domain.chat import MessageStatus
from gantry.domain.errors import NotFound
from gantry.domain.exporting import FileList
from gantry.models import Conversation, Message
from gantry.repositories.database import Database
from gantry.services.exporting import ExportService
from tests.factories import actor_of, make_account
from tests.parts.rich import MARKDOWN, Rich, add_rich

# The sentences of docs/export-format.md, as keys.
MESSAGE_KEYS = {
    *("id", "parent", "role", "created_at", "finished_at", "status", "model", "content", "reasoning"),
    *("usage", "timings", "left_out", "truncated", "ending", "error", "retrieval", "feedback"),
    *("files", "citations"),
}


@pytest.fixture
async def ann(database: Database) -> Actor:
    async with database.begin() as tx:
        account = await make_account(tx, "ann@example.org")
    return actor_of(account)


async def stored(database: Database, who: Actor, **values: Any) -> Rich:
    async with database.begin() as tx:
        return await add_rich(tx, who.id, **values)


async def as_json(database: Database, who: Actor, conversation: UUID) -> dict[str, Any]:
    service = ExportService(database)
    contents = await service.open(who, conversation)
    return json.loads("".join([piece async for piece in service.as_json(contents, FileList())]))


async def test_json_holds_everything_of_a_conversation(database: Database, ann: Actor) -> None:
    """All branches with reasoning, usage, timings, errors, sources with passages, judgements and files."""
    rich = await stored(database, ann)
    document = await as_json(database, ann, rich.conversation)
    assert (document["format"], document["version"]) == ("gantry", 1)
    (conversation,) = document["conversations"]
    assert (conversation["title"], conversation["pinned"], conversation["title_by_hand"]) == (
        "Fish & <chips>",
        True,
        True,
    )
    assert conversation["created_at"] == "2026-03-01T09:30:00.123456Z"
    assert conversation["active_leaf"] == str(rich.failed)
    question, first, second, again, failed = conversation["messages"]
    assert [each["parent"] for each in conversation["messages"]] == [
        None,
        question["id"],
        question["id"],
        second["id"],
        again["id"],
    ]
    assert all(set(each) == MESSAGE_KEYS for each in conversation["messages"])
    assert (first["content"], second["content"], second["reasoning"]) == (
        "Fifteen.",
        MARKDOWN,
        "Cod and herring.",
    )
    assert second["usage"] == {"prompt_tokens": 120, "completion_tokens": 80, "estimated": True}
    assert second["timings"] == {"first_token_ms": 310, "reasoning_ms": 900, "total_ms": 4200}
    assert second["feedback"] == {"rating": "up", "at": "2026-03-01T09:35:00.123456Z"}
    assert [(each["number"], each["cited"], each["passage"]) for each in second["citations"]] == [
        (1, True, "12 kg of cod"),
        (2, False, ""),
    ]
    assert second["citations"][0]["document"] == str(rich.document)
    assert failed["error"]["title"] == "The model stopped."
    assert question["files"] == [
        {"id": str(rich.document), "name": "catch.txt", "media_type": "text/plain", "size_bytes": 9}
    ]
    (file,) = document["files"]
    assert (file["id"], file["sha256"], file["path"]) == (str(rich.document), "5" * 64, None)


async def test_an_answer_that_is_being_written_is_exported_as_stopped(database: Database, ann: Actor) -> None:
    """What there is of it is taken out; a file can say nothing of an answer that goes on."""
    rich = await stored(database, ann)
    async with database.begin() as tx:
        message = await tx.session.get(Message, rich.first_answer)
        assert message is not None
        message.status = MessageStatus.STREAMING
    document = await as_json(database, ann, rich.conversation)
    assert document["conversations"][0]["messages"][1]["status"] == "stopped"


async def test_only_its_owner_takes_a_conversation_out(database: Database, ann: Actor) -> None:
    """Another person's conversation does not exist, nor does a deleted one."""
    rich = await stored(database, ann)
    service = ExportService(database)
    async with database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    with pytest.raises(NotFound):
        await service.open(ben, rich.conversation)
    async with database.begin() as tx:
        row = await tx.session.get(Conversation, rich.conversation)
        assert row is not None
        row.deleted_at = row.updated_at
    with pytest.raises(NotFound):
        await service.open(ann, rich.conversation)


async def test_a_long_conversation_comes_in_order(database: Database, ann: Actor) -> None:
    """Parents stand before their children, whatever clocks said, and nothing is missing between two batches."""
    async with database.begin() as tx:
        rich = await add_rich(tx, ann.id)
        parent = await tx.session.get(Message, rich.first_answer)
        assert parent is not None
        for number in range(120):
            parent = Message(
                conversation_id=rich.conversation,
                account_id=ann.id,
                parent_id=parent.id,
                depth=parent.depth + 1,
                role=parent.role,
                content=f"turn {number}",
                created_at=parent.created_at,
            )
            await tx.chat.add_messages([parent])
    messages = (await as_json(database, ann, rich.conversation))["conversations"][0]["messages"]
    assert [each["content"] for each in messages if each["content"].startswith("turn")] == [
        f"turn {number}" for number in range(120)
    ]
    seen = {None}
    for each in messages:
        assert each["parent"] in seen
        seen.add(each["id"])
