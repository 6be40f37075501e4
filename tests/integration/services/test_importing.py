"""Bringing conversations in, on both databases: what is there afterwards, once and not twice, and gone when undone."""

import asyncio
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from gantry.domain.chat import MessageRole
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid, NotFound
from gantry.domain.exporting import ExportForm
from gantry.domain.imports import ImportState, Receipt
from gantry.domain.memory import MemoryKind
from gantry.models import Conversation, MemoryItem, Message
from gantry.services.chat import Beginning
from gantry.services.import_rows import Choice
from tests.factories import actor_of, make_account
from tests.parts.knowledge import once, until, upload
from tests.parts.live import eventually
from tests.parts.locks import waits_for_a_lock
from tests.parts.pictures import picture
from tests.parts.rich import add_rich
from tests.parts.stack import Stack, all_messages

KEPT, LOOK = Choice(), Choice(dry_run=True)


def node(key: str, parent: str | None, role: str, said: str, **message: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [said]}
    return {
        "id": key,
        "parent": parent,
        "message": {"id": key, "author": {"role": role}, "content": content} | message,
    }


def chat(key: str, *nodes: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"id": key, "title": f"Tides {key}", "mapping": {each["id"]: each for each in nodes}} | values


QUESTION = node("q", None, "user", "Why are there tides in Saltburn?", create_time=1767261600.25)
ANSWER = node("a", "q", "assistant", "The **moon** pulls.", metadata={"model_slug": "gpt-9"})
OTHER = node("b", "q", "assistant", "Wind, mostly.")


def written(folder: Path, content: Any, name: str = "export.json") -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


async def brought(stack: Stack, path: str, choice: Choice = KEPT) -> tuple[UUID | None, Receipt]:
    return await stack.services.imports.import_file(stack.who, path, Path(path).name, choice)


async def count(stack: Stack, table: Any) -> int:
    async with stack.main.services.imports.database.read() as tx:
        query = select(func.count()).select_from(table).where(table.account_id == stack.who.id)
        return (await tx.session.execute(query)).scalar_one()


async def titles(stack: Stack) -> list[str]:
    listed = await stack.services.conversations.list_conversations(stack.who)
    return sorted(each.conversation.title for each in listed)


async def test_an_import_is_usable_like_any_other_conversation(stack: Stack, tmp_path: Path) -> None:
    """Title, branch on screen, dates, models; found by words; continued and branched."""
    path = written(tmp_path, [chat("one", QUESTION, ANSWER, OTHER, current_node="a")])
    _, receipt = await brought(stack, path)
    told = receipt.to_json()
    assert (told["format"], told["conversations"], told["messages"], told["branches"]) == ("chatgpt", 1, 3, 1)
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    window = await stack.services.chat.window(stack.who, listed.conversation.id)
    question, answer = (bubble.message for bubble in window.bubbles)
    assert (question.content, answer.content) == ("Why are there tides in Saltburn?", "The **moon** pulls.")
    assert (answer.model, question.created_at.timestamp()) == ("chatgpt/gpt-9", 1767261600.25)
    assert len(window.bubbles[1].siblings) == 2
    async with stack.services.imports.database.read() as tx:
        assert not await tx.words.stale()


async def test_the_dry_run_says_what_the_import_does(stack: Stack, tmp_path: Path) -> None:
    """The counts are the same, and nothing is there before it."""
    path = written(tmp_path, [chat("one", QUESTION, ANSWER), chat("two", QUESTION), {"title": "Shell"}])
    run, would = await brought(stack, path, LOOK)
    assert run is None
    assert await titles(stack) == []
    _, did = await brought(stack, path)
    assert would.to_json() == did.to_json()
    assert await titles(stack) == ["Tides one", "Tides two"]


async def test_a_second_import_adds_nothing_and_a_later_export_only_what_is_new(
    stack: Stack, tmp_path: Path
) -> None:
    """Also of conversations without an id, and of the same one in two shards."""
    anonymous = chat("", QUESTION, ANSWER, title="No id")
    path = written(tmp_path, [chat("one", QUESTION, ANSWER), anonymous, chat("one", QUESTION, ANSWER)])
    _, first = await brought(stack, path)
    assert (first.conversations, first.messages, first.already) == (2, 4, 1)
    _, second = await brought(stack, path)
    assert (second.conversations, second.messages, second.already) == (0, 0, 3)
    more = node("q2", "a", "user", "And neap tides?")
    _, third = await brought(
        stack, written(tmp_path, [chat("one", QUESTION, ANSWER, OTHER, more, current_node="q2")])
    )
    assert (third.conversations, third.messages, third.branches) == (0, 2, 1)
    (listed,) = [
        each
        for each in await stack.services.conversations.list_conversations(stack.who)
        if each.conversation.title == "Tides one"
    ]
    window = await stack.services.chat.window(stack.who, listed.conversation.id)
    assert [bubble.message.content for bubble in window.bubbles][-1] == "And neap tides?"


async def test_what_was_deleted_a_moment_ago_is_brought_back_and_the_rest_comes(
    stack: Stack, tmp_path: Path
) -> None:
    """Its deletion can still be undone, so it is: it is not counted as here, and what is new of it comes too."""
    await brought(stack, written(tmp_path, [chat("one", QUESTION)]))
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    await stack.services.conversations.delete(stack.who, listed.conversation.id)
    path = written(tmp_path, [chat("one", QUESTION, ANSWER), chat("two", QUESTION)])
    _, receipt = await brought(stack, path)
    assert (receipt.conversations, receipt.messages, receipt.already, receipt.restored) == (1, 2, 0, 1)
    assert await titles(stack) == ["Tides one", "Tides two"]


async def test_an_own_export_brings_back_what_was_just_deleted(stack: Stack, tmp_path: Path) -> None:
    """A dry run says so and changes nothing; the import does it; a second one finds it here."""
    sent = await stack.ask("When is high water?")
    await stack.read(sent)
    export = await stack.services.exports.one(stack.who, sent.conversation_id, ExportForm.JSON)
    path = written(tmp_path, b"".join([piece async for piece in export.content]).decode())
    await stack.services.conversations.delete(stack.who, sent.conversation_id)
    _, looked = await brought(stack, path, Choice(dry_run=True))
    assert (looked.restored, looked.conversations, looked.already) == (1, 0, 0)
    assert await titles(stack) == []
    _, receipt = await brought(stack, path)
    assert (receipt.restored, receipt.conversations, receipt.already) == (1, 0, 0)
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    assert listed.conversation.id == sent.conversation_id
    _, again = await brought(stack, path)
    assert (again.restored, again.already) == (0, 1)


@pytest.mark.parametrize("change", ["move", "tag", "pin", "archive", "continue"])
async def test_undo_leaves_what_was_moved_tagged_or_continued(
    stack: Stack, tmp_path: Path, change: str
) -> None:
    """Whatever its owner has done with a conversation since, it stays and is named."""
    run, _ = await brought(stack, written(tmp_path, [chat("one", QUESTION, ANSWER), chat("two", QUESTION)]))
    assert run is not None
    listed = await stack.services.conversations.list_conversations(stack.who)
    one = next(each.conversation.id for each in listed if each.conversation.title == "Tides one")
    order = stack.services.order
    match change:
        case "move":
            folder = await stack.services.folders.create(stack.who, "Sea")
            await order.move(stack.who, [one], folder.id)
        case "tag":
            await order.set_tags(stack.who, one, ["sea"])
        case "pin":
            await stack.services.conversations.pin(stack.who, one, pinned=True)
        case "archive":
            await order.archive(stack.who, [one], archived=True)
        case _:
            await stack.read(await stack.ask("And neap tides?", conversation=one))
    undone = await stack.services.imports.undo(stack.who, run)
    assert (undone.conversations, undone.left) == (1, ("Tides one",))


async def test_bug_26_an_import_is_undone_as_a_whole_and_leaves_what_was_changed(
    stack: Stack, tmp_path: Path
) -> None:
    """What was there before stays, and so does what its owner has renamed; everything else goes."""
    mine = await stack.services.conversations.create(stack.who, title="Mine")
    path = written(tmp_path, [chat("one", QUESTION, ANSWER), chat("two", QUESTION, ANSWER, OTHER)])
    run, _ = await brought(stack, path)
    assert run is not None
    listed = await stack.services.conversations.list_conversations(stack.who)
    renamed = next(each.conversation for each in listed if each.conversation.title == "Tides one")
    await stack.services.conversations.rename(stack.who, renamed.id, "My tides")
    undone = await stack.services.imports.undo(stack.who, run)
    assert (undone.conversations, undone.messages, undone.left) == (1, 3, ("My tides",))
    assert await titles(stack) == ["Mine", "My tides"]
    assert mine.title == "Mine"
    with pytest.raises(NotFound):
        await stack.services.imports.get(stack.who, run)
    _, again = await brought(stack, path)
    assert (again.conversations, again.already) == (1, 1)


async def test_a_conversation_of_thousands_of_messages_is_undone_too(stack: Stack, tmp_path: Path) -> None:
    """Databases end a removal that goes on by itself through a chain as long as that."""
    chain = [node("0", None, "user", "And then?")]
    chain += [
        node(str(at), str(at - 1), "assistant" if at % 2 else "user", "And then?") for at in range(1, 2500)
    ]
    run, receipt = await brought(stack, written(tmp_path, [chat("long", *chain)]))
    assert run is not None
    assert receipt.messages == len(chain)
    undone = await stack.services.imports.undo(stack.who, run)
    assert (undone.conversations, undone.messages, await titles(stack)) == (1, len(chain), [])


async def test_what_is_being_sent_while_an_import_is_undone_stays(stack: Stack, tmp_path: Path) -> None:
    """Undo waits until it is stored, and leaves its conversation."""
    run, _ = await brought(stack, written(tmp_path, [chat("one", QUESTION, ANSWER)]))
    assert run is not None
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    async with stack.database.begin() as tx:
        thread = await tx.chat.get_conversation(listed.conversation.id, owner=stack.who.id)
        thread.updated_at = utc_now()
        added = Message(
            conversation_id=thread.id,
            account_id=stack.who.id,
            parent_id=thread.active_leaf_id,
            depth=2,
            role=MessageRole.USER,
            content="Here too?",
            created_at=thread.updated_at,
        )
        await tx.chat.add_messages([added])
        undoing = asyncio.create_task(stack.services.imports.undo(stack.who, run))
        done, _ = await asyncio.wait({undoing}, timeout=0.5)
        assert not done
    assert (await undoing).left == ("Tides one",)
    _, messages = await all_messages(stack.services, stack.who, thread.id)
    assert [each.content for each in messages][-1] == "Here too?"


@pytest.mark.parametrize("is_known", [False, True])
async def test_learning_from_what_is_undone_meanwhile(
    stack: Stack, tmp_path: Path, *, is_known: bool
) -> None:
    """Undo of a conversation, or of what was added to one, waits for who learns, and takes what was learned with it."""
    if is_known:
        await brought(stack, written(tmp_path, [chat("one", QUESTION)]))
    path = written(tmp_path, [chat("one", QUESTION, ANSWER)])
    run, receipt = await brought(stack, path, Choice(remember=True))
    assert run is not None
    async with stack.database.begin() as tx:
        unread = await tx.reading.unread(limit=5)
        undoing = asyncio.create_task(stack.services.imports.undo(stack.who, run))
        if not stack.database.is_sqlite:  # where undo cannot begin before this has ended
            await eventually(lambda: waits_for_a_lock(stack.database))
        for message, thread, account in unread:
            now = utc_now()
            item = MemoryItem(
                account_id=account.id,
                kind=MemoryKind.TURN,
                conversation_id=thread.id,
                message_id=message.id,
                content=message.content,
                said_at=now,
                created_at=now,
                updated_at=now,
            )
            tx.session.add(item)
        await tx.session.flush()
    undone = await undoing
    assert undone.messages == receipt.messages == len(unread)
    assert await count(stack, MemoryItem) == 0


async def test_pressing_import_twice_imports_once(stack: Stack, tmp_path: Path) -> None:
    """The second press is told that it was."""
    imports = stack.services.imports
    content = json.dumps([chat("one", QUESTION, ANSWER)]).encode()
    run = await imports.look(stack.who, await imports.receive(stack.who, once(content)), "chats.json")

    async def is_at(state: ImportState) -> bool:
        return (await imports.get(stack.who, run.id)).state is state

    await until(lambda: is_at(ImportState.LOOKED))
    presses = await asyncio.gather(
        *(imports.start(stack.who, run.id) for _press in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, Conflict) for each in presses) == 3
    await until(lambda: is_at(ImportState.DONE))
    assert await titles(stack) == ["Tides one"]


async def test_undoing_a_later_export_takes_only_its_messages(stack: Stack, tmp_path: Path) -> None:
    """The conversation shows what it showed before."""
    await brought(stack, written(tmp_path, [chat("one", QUESTION, ANSWER)]))
    more = node("q2", "a", "user", "And neap tides?")
    run, _ = await brought(stack, written(tmp_path, [chat("one", QUESTION, ANSWER, more)]))
    assert run is not None
    undone = await stack.services.imports.undo(stack.who, run)
    assert (undone.conversations, undone.messages) == (0, 1)
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    window = await stack.services.chat.window(stack.who, listed.conversation.id)
    assert [bubble.message.content for bubble in window.bubbles][-1] == "The **moon** pulls."


@pytest.mark.parametrize("content", ['{"a": 1}', "[]", "Dear diary", "", '[{"title": "Shell"}]'])
async def test_bug_27_a_file_in_which_nothing_is_known_is_refused(
    stack: Stack, tmp_path: Path, content: str
) -> None:
    """With what was expected, never as a success without anything."""
    for choice in (LOOK, KEPT):
        with pytest.raises(Invalid, match="no conversation") as refused:
            await brought(stack, written(tmp_path, content), choice)
        assert "ChatGPT" in refused.value.advice
    assert await count(stack, Conversation) == 0


async def test_files_of_a_zip_are_attached_and_missing_ones_are_named(stack: Stack, tmp_path: Path) -> None:
    """In the text and in the receipt; nothing vanishes."""
    about = {"attachments": [{"id": "file-1", "name": "notes.txt"}, {"id": "file-2", "name": "gone.pdf"}]}
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "conversations.json", json.dumps([chat("one", node("q", None, "user", "Read.", metadata=about))])
        )
        archive.writestr("file-1-notes.txt", "High water at nine.")
    _, receipt = await brought(stack, str(path))
    assert receipt.files == 1
    assert [(each.what, each.why) for each in receipt.skipped] == [
        ("file “gone.pdf” of “Tides one”", "the export does not hold it")
    ]
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    window = await stack.services.chat.window(stack.who, listed.conversation.id)
    assert window.bubbles[0].message.content == "Read.\n\n[File not in the export: gone.pdf]"
    _row, messages = await stack.services.conversations.told(stack.who, listed.conversation.id)
    assert [file.name async for each in messages for file in each.files] == ["notes.txt"]


async def test_a_message_beyond_our_limit_is_cut_and_kept_as_a_file(stack: Stack, tmp_path: Path) -> None:
    """Nothing of it is lost."""
    long = "word " * 50_000
    _, receipt = await brought(stack, written(tmp_path, [chat("one", node("q", None, "user", long))]))
    assert receipt.files == 1
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    window = await stack.services.chat.window(stack.who, listed.conversation.id)
    assert "the whole text is in the attached file" in window.bubbles[0].message.content


async def test_looking_then_importing_in_the_background(stack: Stack, tmp_path: Path) -> None:
    """As the page does it: upload, look, start, done; another person sees none of it."""
    imports = stack.services.imports
    content = json.dumps([chat("one", QUESTION, ANSWER)]).encode()
    run = await imports.look(stack.who, await imports.receive(stack.who, once(content)), "../chats.json")
    assert run.name == "chats.json"

    async def is_at(state: ImportState) -> bool:
        return (await imports.get(stack.who, run.id)).state is state

    await until(lambda: is_at(ImportState.LOOKED))
    assert await titles(stack) == []
    async with imports.database.begin() as tx:
        stranger = actor_of(await make_account(tx))
    for act in (imports.get, imports.start, imports.undo, imports.discard):
        with pytest.raises(NotFound):
            await act(stranger, run.id)
    assert await imports.list_imports(stranger) == []
    await imports.start(stack.who, run.id)
    await until(lambda: is_at(ImportState.DONE))
    assert await titles(stack) == ["Tides one"]
    with pytest.raises(Conflict):
        await imports.start(stack.who, run.id)


async def test_what_is_exported_comes_back_the_same(stack: Stack, tmp_path: Path) -> None:
    """Apart from ids: branches, reasoning, usage, errors, sources with passages, judgements, files by name."""
    async with stack.services.imports.database.begin() as tx:
        rich = await add_rich(tx, stack.who.id)
        stranger = actor_of(await make_account(tx))
    exports = stack.services.exports

    async def exported(who: Any, conversation: UUID) -> dict[str, Any]:
        export = await exports.one(who, conversation, ExportForm.JSON)
        return json.loads(b"".join([piece async for piece in export.content]))

    before = await exported(stack.who, rich.conversation)
    path = written(tmp_path, before)
    _, again = await brought(stack, path)
    assert (again.conversations, again.already) == (0, 1)
    _, receipt = await stack.services.imports.import_file(stranger, path, "own.json", KEPT)
    assert (receipt.format, receipt.conversations, receipt.messages) == ("gantry", 1, 5)
    (listed,) = await stack.services.conversations.list_pinned(stranger)
    after = await exported(stranger, listed.conversation.id)
    assert plain(after)["messages"][2] == plain(before)["messages"][2]
    assert plain(after) == plain(before)


async def test_a_zip_of_everything_comes_back_with_its_files(library: Stack, tmp_path: Path) -> None:
    """Exported, imported by somebody else and exported again it is the same: texts, pictures and other files byte by byte."""
    sent_files = {
        "note.txt": b"The code word is heliotrope.",
        "red.png": picture("PNG", (60, 40)),
        "holiday.jpg": picture("JPEG", (80, 50)),
        "odd name (1) \u00fc.csv": b"a,b\n1,2\n",
    }
    ids = [(await upload(library, name, data, attach=True)).id for name, data in sent_files.items()]
    await library.read(await library.ask("What is in these?", files=ids))
    async with library.services.imports.database.begin() as tx:
        stranger = actor_of(await make_account(tx))

    async def exported(who: Any, name: str) -> Path:
        export = await library.services.exports.several(who, ExportForm.JSON)
        path = tmp_path / name
        path.write_bytes(b"".join([piece async for piece in export.content]))
        return path

    first = await exported(library.who, "first.zip")
    _, receipt = await library.services.imports.import_file(stranger, str(first), first.name, KEPT)
    assert (receipt.conversations, receipt.files, receipt.skipped) == (1, len(sent_files), [])
    second = await exported(stranger, "second.zip")
    assert _files_in(second) == _files_in(first)
    assert len(_files_in(first)) == len(sent_files)
    assert plain(_conversation_in(second)) == plain(_conversation_in(first))


def _files_in(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("files/")]
        return {name.rpartition("/")[2]: archive.read(name) for name in names}


def _conversation_in(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        (name,) = [name for name in archive.namelist() if name.startswith("conversations/")]
        return json.loads(archive.read(name))


PROJECT = {
    "uuid": "p1", "name": "Tide tables", "description": "For the boat club", "is_private": True, "is_starter_project": False,
    "prompt_template": "You know the tides of the North Sea.", "creator": {"uuid": "u", "full_name": "Ada"},
    "docs": [
        {"uuid": "d1", "filename": "whitby.md", "content": "# Whitby\n\nHigh water at six."},
        {"uuid": "d2", "filename": "lost.pdf", "content": None},
    ],
}  # fmt: skip


async def test_a_project_of_claude_becomes_a_persona_with_its_documents(stack: Stack, tmp_path: Path) -> None:
    """Instructions and documents come, once; what does not is named; undo takes them away unless somebody uses them."""
    talk = {
        "uuid": "c1",
        "name": "Whitby",
        "chat_messages": [{"uuid": "m", "sender": "human", "text": "When?"}],
    }
    path = tmp_path / "claude.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([talk]))
        archive.writestr(
            "projects.json", json.dumps([PROJECT, {"uuid": "p2", "name": "Empty", "prompt_template": ""}])
        )
    _, looked = await brought(stack, str(path), Choice(dry_run=True))
    assert (looked.conversations, looked.personas, looked.files) == (1, 1, 1)
    assert await stack.services.personas.list_personas(stack.who) == []
    run, receipt = await brought(stack, str(path))
    assert run is not None
    assert (receipt.conversations, receipt.personas, receipt.files) == (1, 1, 1)
    named = {each.what for each in receipt.skipped}
    assert named == {
        "document “lost.pdf” of project “Tide tables”",
        "which chats belong to project “Tide tables”",
        "project “Empty”",
    }
    (persona,) = await stack.services.personas.list_personas(stack.who)
    assert (persona.name, persona.description) == ("Tide tables", "For the boat club")
    assert persona.parameters.system_prompt == "You know the tides of the North Sea."
    assert persona.scope is not None
    (collection,) = persona.scope.collections
    there = await stack.services.collections.list_collections(stack.who)
    assert [(each.id, each.documents) for each in there if each.name == "Tide tables"] == [(collection, 1)]
    _, again = await brought(stack, str(path))
    assert (again.personas, again.files, again.already, again.already_personas) == (0, 0, 1, 1)
    undone = await stack.services.imports.undo(stack.who, run)
    assert (undone.conversations, undone.left) == (1, ())
    assert await stack.services.personas.list_personas(stack.who) == []
    assert "Tide tables" not in {
        each.name for each in await stack.services.collections.list_collections(stack.who)
    }


async def test_undoing_a_project_leaves_what_was_here_before(stack: Stack, tmp_path: Path) -> None:
    """A collection of the same name and a document of the same content are the person's own, and stay."""
    collection = (await stack.services.collections.create(stack.who, "Tide tables")).id
    (given, _lost) = PROJECT["docs"]
    own = (await upload(stack, "own.md", given["content"].encode(), collection=collection)).id
    run, receipt = await brought(stack, written(tmp_path, [PROJECT], "projects.json"))
    assert run is not None
    assert (receipt.personas, receipt.files) == (1, 0)
    await stack.services.imports.undo(stack.who, run)
    there = await stack.services.collections.list_collections(stack.who)
    assert [each.documents for each in there if each.id == collection] == [1]
    assert (await stack.services.documents.get(stack.who, own)).name == "own.md"


async def test_a_persona_of_a_project_that_is_used_stays_when_its_import_is_undone(
    stack: Stack, tmp_path: Path
) -> None:
    """A chat that was begun with it keeps it, and its documents."""
    run, _ = await brought(stack, written(tmp_path, [PROJECT], "projects.json"))
    assert run is not None
    (persona,) = await stack.services.personas.list_personas(stack.who)
    await stack.read(await stack.ask("When?", beginning=Beginning(persona=persona.id)))
    assert (await stack.services.imports.undo(stack.who, run)).left == ("Tide tables",)
    assert await stack.services.personas.get(stack.who, persona.id) == persona


def plain(document: dict[str, Any]) -> Any:
    """Return an export with its ids by the order in which they come, without what belongs to the moment of the export."""
    (conversation,) = document["conversations"]
    names = {message["id"]: f"#{at}" for at, message in enumerate(conversation["messages"])}
    conversation = conversation | {"id": "", "active_leaf": names[conversation["active_leaf"]]}
    conversation["messages"] = [
        message
        | {"id": names[message["id"]], "parent": names.get(message["parent"])}
        | {"files": [file | {"id": None} for file in message["files"]]}
        | {"citations": [each | {"document": None, "message": None} for each in message["citations"]]}
        for message in conversation["messages"]
    ]
    return conversation


async def test_a_question_without_an_answer_can_be_followed_by_another(stack: Stack, tmp_path: Path) -> None:
    """Real exports end with a question, or have two in a row."""
    await brought(stack, written(tmp_path, [chat("one", QUESTION)]))
    (listed,) = await stack.services.conversations.list_conversations(stack.who)
    sent = await stack.ask("And in Whitby?", conversation=listed.conversation.id)
    assert sent.conversation_id == listed.conversation.id
