"""Archive, folders and tags, on both databases."""

from uuid import UUID

import pytest

from gantry.domain.accounts import Actor
from gantry.domain.chat import GenerationStatus
from gantry.domain.errors import Invalid, NotFound
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.order import ARCHIVE, LOOSE, MAX_SELECTED, MAX_TAG_CHARACTERS, MAX_TAGS, Listing
from gantry.domain.personas import PersonaDraft
from gantry.models import new_id
from gantry.services.chat import Beginning
from tests.factories import actor_of, make_account
from tests.parts.llm_server import Script
from tests.parts.stack import Stack


async def made(stack: Stack, *titles: str, who: Actor | None = None) -> list[UUID]:
    """Make conversations, the last one being the newest."""
    conversations = stack.services.conversations
    return [(await conversations.create(who or stack.who, title=each)).id for each in titles]


async def titles(stack: Stack, listing: Listing) -> list[str]:
    listed = await stack.services.conversations.list_conversations(stack.who, listing=listing)
    return [each.conversation.title for each in listed]


async def somebody(stack: Stack) -> Actor:
    async with stack.database.begin() as tx:
        return actor_of(await make_account(tx, "eve@example.org"))


async def test_an_archived_conversation_is_in_the_archive_alone(stack: Stack) -> None:
    """It can be read as before, pinned or not, and comes back where it was."""
    order, conversations = stack.services.order, stack.services.conversations
    one, two, three = await made(stack, "one", "two", "three")
    await conversations.pin(stack.who, two, True)
    assert set(await order.archive(stack.who, [one, two], True)) == {one, two}
    assert await order.archive(stack.who, [one], True) == []
    assert await titles(stack, LOOSE) == ["three"]
    assert await conversations.list_pinned(stack.who) == []
    assert await titles(stack, ARCHIVE) == ["two", "one"]
    assert (await stack.services.chat.window(stack.who, one)).conversation.archived
    await order.archive(stack.who, [one, two, three], False)
    assert await titles(stack, LOOSE) == ["three", "one"]
    assert [each.conversation.title for each in await conversations.list_pinned(stack.who)] == ["two"]


async def test_what_is_said_in_an_archived_conversation_is_found(stack: Stack) -> None:
    """Archived is not forgotten: search finds it."""
    sent = await stack.ask("Where is the lighthouse?")
    await stack.read(sent)
    await stack.services.order.archive(stack.who, [sent.conversation_id], True)
    async with stack.database.read() as tx:
        rows = await tx.order.own([sent.conversation_id], owner=stack.who.id)
    assert rows[0].archived
    assert (await stack.services.chat.window(stack.who, sent.conversation_id)).bubbles


async def test_folders_hold_conversations_and_one_level_of_folders(stack: Stack) -> None:
    """A conversation in a folder is not among the loose ones; deleting the folder lets go of all that was in it."""
    folders, order = stack.services.folders, stack.services.order
    work = await folders.create(stack.who, "  Work ")
    inner = await folders.create(stack.who, "Inner", parent=work.id)
    with pytest.raises(Invalid):
        await folders.create(stack.who, "Too deep", parent=inner.id)
    one, two, _three = await made(stack, "one", "two", "three")
    await order.move(stack.who, [one], work.id)
    await order.move(stack.who, [two], inner.id)
    assert await titles(stack, LOOSE) == ["three"]
    assert await titles(stack, Listing(folder=work.id)) == ["one"]
    assert await titles(stack, Listing()) == ["three", "two", "one"]
    kept = await stack.services.conversations.list_pinned(stack.who, folders=[work.id, inner.id])
    assert {each.conversation.title: each.conversation.folder_id for each in kept} == {
        "one": work.id,
        "two": inner.id,
    }
    await folders.delete(stack.who, work.id)
    assert [(each.name, each.parent_id) for each in await folders.list_folders(stack.who)] == [
        ("Inner", None)
    ]
    assert await titles(stack, LOOSE) == ["three", "one"]


async def test_a_folder_is_not_put_where_it_would_be_too_deep(stack: Stack) -> None:
    """Not into itself, not into one that stands in another, nor when it holds one itself."""
    folders = stack.services.folders
    a, b, c = [await folders.create(stack.who, name) for name in "abc"]
    await folders.place(stack.who, b.id, a.id)
    for folder, parent in ((a, a), (a, c), (c, b)):
        with pytest.raises(Invalid):
            await folders.place(stack.who, folder.id, parent.id)
    await folders.place(stack.who, b.id, None)
    assert (await folders.place(stack.who, a.id, c.id)).parent_id == c.id


async def test_the_newest_of_open_folders_come_with_the_pinned_ones(stack: Stack) -> None:
    """One question gives both: of each folder as many as asked for, of pinned ones all."""
    work = await stack.services.folders.create(stack.who, "Work")
    ids = await made(stack, *(f"talk {n}" for n in range(6)))
    await stack.services.order.move(stack.who, ids[:5], work.id)
    for each in (ids[0], ids[5]):
        await stack.services.conversations.pin(stack.who, each, True)
    listed = await stack.services.conversations.list_pinned(stack.who, folders=[work.id], each=2)
    shown = [(each.conversation.title, each.conversation.pinned) for each in listed]
    assert shown == [("talk 5", True), ("talk 4", False), ("talk 3", False), ("talk 0", True)]


async def test_a_chat_begun_in_a_folder_starts_with_its_documents(stack: Stack) -> None:
    """Unless it is told otherwise; what was deleted since is passed over."""
    folders, conversations = stack.services.folders, stack.services.conversations
    folder = await folders.create(stack.who, "Garden")
    shelf = await stack.services.collections.create(stack.who, "Plants")
    other = await stack.services.collections.create(stack.who, "Trees")
    scope = DocumentScope(ScopeKind.SOME, collections=(shelf.id, other.id))
    await folders.set_scope(stack.who, folder.id, scope)
    begun = await conversations.create(stack.who, beginning=Beginning(folder=folder.id))
    assert (begun.folder_id, DocumentScope.parse(begun.scope)) == (folder.id, scope)
    plain = await conversations.create(stack.who, beginning=Beginning(DocumentScope(), folder=folder.id))
    assert DocumentScope.parse(plain.scope).kind is ScopeKind.ALL
    await stack.services.collections.delete(stack.who, other.id)
    assert (await folders.start(stack.who, folder.id)).scope == DocumentScope(
        ScopeKind.SOME, collections=(shelf.id,)
    )
    await stack.services.collections.delete(stack.who, shelf.id)
    begun = await conversations.create(stack.who, beginning=Beginning(folder=folder.id))
    assert DocumentScope.parse(begun.scope).kind is ScopeKind.NONE


async def test_a_chat_begun_in_a_folder_starts_with_its_persona(stack: Stack) -> None:
    """Unless it names another; one that was deleted since is none; nobody takes another person's."""
    folders, personas = stack.services.folders, stack.services.personas
    folder = await folders.create(stack.who, "Garden")
    gardener = await personas.create(stack.who, PersonaDraft("Gardener"))
    other = await personas.create(stack.who, PersonaDraft("Cook"))
    await folders.set_persona(stack.who, folder.id, gardener.id)
    create = stack.services.conversations.create
    assert (await create(stack.who, beginning=Beginning(folder=folder.id))).persona_id == gardener.id
    begun = await create(stack.who, beginning=Beginning(folder=folder.id, persona=other.id))
    assert begun.persona_id == other.id
    with pytest.raises(NotFound):
        await folders.set_persona(await somebody(stack), folder.id, gardener.id)
    await personas.delete(stack.who, gardener.id)
    assert (await folders.start(stack.who, folder.id)).persona_id is None
    assert (await create(stack.who, beginning=Beginning(folder=folder.id))).persona_id is None


async def test_tags_are_free_words_within_limits(stack: Stack) -> None:
    """Each once whatever the case of its letters, without its #, in the order given; lists are filtered by them."""
    order = stack.services.order
    one, two = await made(stack, "one", "two")
    assert await order.set_tags(stack.who, one, [" #Garden ", "garden", "日本", "", "work  place"]) == [
        "Garden",
        "日本",
        "work place",
    ]
    await order.tag(stack.who, [one, two], add=["Later"], remove=["GARDEN"])
    assert await order.tags(stack.who) == ["Later", "work place", "日本"]
    assert await titles(stack, Listing(tag="日本", pinned=None)) == ["one"]
    assert await titles(stack, Listing(tag="Later", pinned=None)) == ["two", "one"]
    for refused in (["x" * (MAX_TAG_CHARACTERS + 1)], [f"t{n}" for n in range(MAX_TAGS + 1)]):
        with pytest.raises(Invalid):
            await order.set_tags(stack.who, one, refused)
    await order.set_tags(stack.who, one, [])
    assert await order.tags(stack.who) == ["Later"]


async def test_answers_of_all_that_is_deleted_are_stopped(stack: Stack) -> None:
    """Nobody waits for them any more; what they had said comes back with the conversations."""
    stack.llm.default = Script(text="word " * 400, tokens_per_second=20)
    sent = [await stack.ask("Go on"), await stack.ask("And on")]
    await stack.services.order.delete(stack.who, [each.conversation_id for each in sent])
    await stack.services.order.undelete(stack.who, [each.conversation_id for each in sent])
    for each in sent:
        await stack.read(each)
        generation = await stack.services.answers.get(stack.who, each.generation_id)
        assert generation.status is GenerationStatus.STOPPED


async def test_many_are_deleted_and_brought_back_at_once(stack: Stack) -> None:
    """What is gone already is passed over."""
    order = stack.services.order
    one, two, three = await made(stack, "one", "two", "three")
    await stack.services.conversations.delete(stack.who, three)
    gone = await order.delete(stack.who, [one, two, three, new_id()])
    assert set(gone) == {one, two}
    assert await titles(stack, Listing()) == []
    await order.undelete(stack.who, gone)
    assert await titles(stack, Listing()) == ["two", "one"]
    with pytest.raises(Invalid):
        await order.delete(stack.who, [new_id() for _ in range(MAX_SELECTED + 1)])


async def test_nobody_changes_the_order_of_another_person(stack: Stack) -> None:
    """Neither conversations, nor folders, nor into another person's folder."""
    order, folders = stack.services.order, stack.services.folders
    eve = await somebody(stack)
    (mine,) = await made(stack, "mine")
    (theirs,) = await made(stack, "theirs", who=eve)
    folder, foreign = await folders.create(stack.who, "F"), await folders.create(eve, "E")
    refused = [
        lambda: order.archive(eve, [mine], True),
        lambda: order.move(eve, [mine], None),
        lambda: order.move(eve, [theirs], folder.id),
        lambda: order.tag(eve, [mine], add=["x"]),
        lambda: order.set_tags(eve, mine, ["x"]),
        lambda: order.delete(eve, [mine]),
        lambda: folders.rename(eve, folder.id, "x"),
        lambda: folders.fold(eve, folder.id, True),
        lambda: folders.place(eve, foreign.id, folder.id),
        lambda: folders.create(eve, "x", parent=folder.id),
        lambda: folders.set_scope(eve, folder.id, None),
        lambda: folders.delete(eve, folder.id),
        lambda: folders.start(eve, folder.id),
        lambda: stack.services.conversations.create(eve, beginning=Beginning(folder=folder.id)),
    ]
    for attempt in refused:
        with pytest.raises(NotFound):
            await attempt()
    assert await order.archive(eve, [mine, theirs], True) == [theirs]
    row = (await stack.services.chat.window(stack.who, mine)).conversation
    assert (row.archived, row.folder_id, row.tags) == (False, None, None)
