"""Forks and read-only links, on both databases."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col

from gantry.domain.accounts import Actor
from gantry.domain.chat import CitationKind, MessageStatus
from gantry.domain.clock import utc_now
from gantry.domain.errors import AlreadyAnswering, Conflict, Invalid, NotFound, TooManyAttempts
from gantry.domain.sharing import Included
from gantry.models import Account, Attachment, Citation, Message, Quotation, Share, new_id
from gantry.services.chat import Beginning
from gantry.services.conversations import Purged
from gantry.services.shares import MISSES
from tests.factories import actor_of, make_account
from tests.parts.api_server import api_of
from tests.parts.knowledge import until, upload
from tests.parts.pictures import picture
from tests.parts.stack import Stack, all_messages

HERE = "192.0.2.1"
ALL = Included(files=True, sources=True)


async def somebody(stack: Stack) -> Actor:
    async with stack.database.begin() as tx:
        return actor_of(await make_account(tx, "eve@example.org"))


async def talk(stack: Stack, *questions: str) -> list[UUID]:
    """Have questions answered in one conversation; returns it, then its answers."""
    conversation, answers = None, []
    for question in questions:
        sent = await stack.ask(question, conversation)
        await stack.read(sent)
        conversation = sent.conversation_id
        answers.append(sent.message_id)
    assert conversation
    return [conversation, *answers]


async def cite(stack: Stack, answer: UUID) -> UUID:
    """Give an answer a passage of a document and its question a file; returns the document."""
    document = (await upload(stack, "roses.txt", b"Roses need water.")).id
    async with stack.database.begin() as tx:
        row = await tx.chat.find_message(answer)
        assert row
        assert row.parent_id
        cited = Citation(message_id=answer, number=1, title="roses.txt", kind=CitationKind.DOCUMENT, page=3)
        tx.session.add(cited)
        remembered = Citation(message_id=answer, number=2, title="Another chat", kind=CitationKind.MESSAGE)
        tx.session.add(remembered)
        await tx.session.flush()
        tx.session.add(Quotation(citation_id=cited.id, document_id=document, passage="need water"))
        file = Attachment(
            message_id=row.parent_id, account_id=stack.who.id, document_id=document, name="roses.txt",
            media_type="text/plain", size_bytes=17, created_at=utc_now(),
        )  # fmt: skip
        tx.session.add(file)
    return document


async def test_a_fork_is_the_path_to_its_answer(stack: Stack) -> None:
    """Copied with sources and files; the original stays as it is, and both go on by themselves."""
    conversation, first, second = await talk(stack, "One?", "Two?")
    document = await cite(stack, first)
    fork = await stack.services.forks.fork(stack.who, first)
    window = await stack.services.chat.window(stack.who, fork)
    original = await stack.services.chat.window(stack.who, conversation)
    assert window.conversation.title == f"{original.conversation.title} (fork)"
    assert [each.message.content for each in window.bubbles] == [
        each.message.content for each in original.bubbles[:2]
    ]
    assert not {each.message.id for each in window.bubbles} & {each.message.id for each in original.bubbles}
    assert [(each.number, each.document_id) for each in window.bubbles[1].sources] == [
        (1, document),
        (2, None),
    ]
    assert [each.document_id for each in window.bubbles[0].attachments] == [document]
    assert window.conversation.active_leaf_id == window.bubbles[-1].message.id
    await stack.read(await stack.ask("Other?", fork))
    assert len((await stack.services.chat.window(stack.who, fork)).bubbles) == 4
    assert len((await stack.services.chat.window(stack.who, conversation)).bubbles) == 4
    again = await stack.services.forks.fork(stack.who, window.bubbles[1].message.id)
    title = (await stack.services.chat.window(stack.who, again)).conversation.title
    assert title.count("(fork)") == 1
    assert second


async def test_a_fork_takes_as_many_statements_however_long_it_is(stack: Stack) -> None:
    """A path of two thousand messages is copied in batches, in order."""
    conversation, _answer = await talk(stack, "Begin")
    async with stack.database.begin() as tx:
        row = await tx.chat.get_conversation(conversation, owner=stack.who.id)
        above = row.active_leaf_id
        rows = []
        for number in range(2000):
            made = {
                "id": new_id(), "conversation_id": conversation, "account_id": stack.who.id, "parent_id": above,
                "depth": number + 2, "role": "assistant" if number % 2 else "user", "content": str(number),
                "created_at": utc_now(),
            }  # fmt: skip
            above = made["id"]
            rows.append(made)
        await tx.session.execute(sa.insert(Message), rows)
        row.active_leaf_id = above
    assert above
    fork = await stack.services.forks.fork(stack.who, above)
    _row, messages = await all_messages(stack.services, stack.who, fork)
    assert [each.content for each in sorted(messages, key=lambda each: each.created_at)][2:] == [
        str(number) for number in range(2000)
    ]


async def test_what_cannot_be_forked(stack: Stack) -> None:
    """Questions, temporary chats, other people's answers."""
    conversation, answer = await talk(stack, "Mine?")
    question = (await stack.services.chat.window(stack.who, conversation)).bubbles[0].message.id
    sent = await stack.ask("Secret", beginning=Beginning(temporary=True))
    await stack.read(sent)
    with pytest.raises(Invalid):
        await stack.services.forks.fork(stack.who, question)
    with pytest.raises(Conflict):
        await stack.services.forks.fork(stack.who, sent.message_id)
    with pytest.raises(NotFound):
        await stack.services.forks.fork(await somebody(stack), answer)


async def test_a_link_shows_what_was_there_when_it_was_made(stack: Stack) -> None:
    """Not what came later, not what was not chosen, nothing of memory; what was deleted since is gone from it too."""
    conversation, answer = await talk(stack, "Roses?")
    document = await cite(stack, answer)
    shares = stack.services.shares
    _bare, plain = await shares.create(stack.who, conversation, included=Included())
    _full, token = await shares.create(stack.who, conversation, included=ALL)
    await stack.read(await stack.ask("Later?", conversation))
    shown = await shares.read(plain, HERE)
    assert [each.role for each in shown.messages] == ["user", "assistant"]
    assert all(not each.sources and not each.files for each in shown.messages)
    question, said = (await shares.read(token, HERE)).messages
    assert [(each.number, each.title, each.page, each.passage) for each in said.sources] == [
        (1, "roses.txt", 3, "need water")
    ]
    assert [each.id for each in question.files] == [document]
    assert (await shares.original(token, document, HERE)).name == "roses.txt"
    with pytest.raises(NotFound):
        await shares.original(plain, document, HERE)
    await stack.services.documents.delete(stack.who, [document])
    question, said = (await shares.read(token, HERE)).messages
    assert (said.sources[0].passage, question.files[0].id) == ("", None)
    with pytest.raises(NotFound):
        await shares.original(token, document, HERE)


async def test_a_link_is_not_called_after_another_branch(stack: Stack) -> None:
    """Our title comes from the first question ever asked; the link's from the one that is shared. One's own title stays."""
    conversation, _answer = await talk(stack, "My salary?")
    window = await stack.services.chat.window(stack.who, conversation)
    sent = await stack.services.chat.edit(stack.who, window.bubbles[0].message.id, "Roses?")
    await stack.read(sent)
    share, _token = await stack.services.shares.create(stack.who, conversation, included=Included())
    assert share.title == "Roses?"
    await stack.services.conversations.rename(stack.who, conversation, "Garden")
    share, _token = await stack.services.shares.create(stack.who, conversation, included=Included())
    assert share.title == "Garden"


async def test_only_the_hash_of_a_link_is_kept(stack: Stack) -> None:
    """Who reads the database cannot read the links; each is another 256 bits."""
    conversation, _answer = await talk(stack, "One?")
    shares = stack.services.shares
    tokens = {(await shares.create(stack.who, conversation, included=Included()))[1] for _ in range(2)}
    assert len(tokens) == 2
    assert all(len(token) == 43 for token in tokens)
    async with stack.database.read() as tx:
        kept = (await tx.session.execute(sa.select(Share.__table__))).all()  # pyright: ignore[reportAttributeAccessIssue]
    assert not any(token in str(row) for token in tokens for row in kept)


async def test_a_link_ends(stack: Stack) -> None:
    """When it is taken back, when its time is over, while its conversation is deleted, while its owner may not sign in."""
    conversation, _answer = await talk(stack, "One?")
    shares, conversations = stack.services.shares, stack.services.conversations
    share, token = await shares.create(stack.who, conversation, included=Included(), days=7)
    assert share.expires_at
    await conversations.delete(stack.who, conversation)
    await _is_gone(stack, token)
    assert await shares.list_shares(stack.who) == []
    await conversations.undelete(stack.who, conversation)
    assert (await shares.read(token, HERE)).messages
    for values in ({"active": False}, {"active": True}):
        async with stack.database.begin() as tx:
            await tx.session.execute(
                sa.update(Account).where(col(Account.id) == stack.who.id).values(**values)
            )
        if values["active"]:
            assert (await shares.read(token, HERE)).messages
        else:
            await _is_gone(stack, token)
    async with stack.database.begin() as tx:
        over = utc_now() - timedelta(seconds=1)
        await tx.session.execute(sa.update(Share).values(expires_at=over))
    await _is_gone(stack, token)
    share, token = await shares.create(stack.who, conversation, included=Included())
    with pytest.raises(NotFound):
        await shares.revoke(await somebody(stack), share.id)
    other = await stack.another()
    await other.services.shares.revoke(stack.who, share.id)
    await _is_gone(stack, token)


async def _is_gone(stack: Stack, token: str) -> None:
    with pytest.raises(NotFound):
        await stack.services.shares.read(token, f"2001:db8::{new_id().hex[-4:]}")


async def test_what_cannot_be_shared(stack: Stack) -> None:
    """Nothing, what is temporary, what is being written, what is another person's."""
    shares = stack.services.shares
    empty = await stack.services.conversations.create(stack.who)
    temporary = await stack.ask("Secret", beginning=Beginning(temporary=True))
    await stack.read(temporary)
    conversation, answer = await talk(stack, "Mine?")
    for refused in (empty.id, temporary.conversation_id):
        with pytest.raises(Conflict):
            await shares.create(stack.who, refused, included=Included())
    with pytest.raises(Invalid):
        await shares.create(stack.who, conversation, included=Included(), days=0)
    with pytest.raises(NotFound):
        await shares.create(await somebody(stack), conversation, included=Included())
    async with stack.database.begin() as tx:
        streaming = sa.update(Message).where(col(Message.id) == answer).values(status=MessageStatus.STREAMING)
        await tx.session.execute(streaming)
    with pytest.raises(AlreadyAnswering):
        await shares.create(stack.who, conversation, included=Included())


async def test_guessing_is_slowed_down(stack: Stack) -> None:
    """One address asks for so many unknown links in a quarter of an hour; those that are there it may read."""
    conversation, _answer = await talk(stack, "One?")
    shares = stack.services.shares
    _share, token = await shares.create(stack.who, conversation, included=Included())
    for number in range(MISSES):
        with pytest.raises(NotFound):
            await shares.read("x" * 43 if number % 2 else "../etc", HERE)
    with pytest.raises(TooManyAttempts):
        await shares.read("y" * 43, HERE)
    assert (await shares.read(token, HERE)).messages
    with pytest.raises(NotFound):
        await shares.read("y" * 43, "192.0.2.2")


async def test_links_over_rest(stack: Stack) -> None:
    """Anybody reads one, without a session; nothing of it may be kept or listed."""
    conversation, answer = await talk(stack, "Roses?")
    await cite(stack, answer)
    _share, token = await stack.services.shares.create(stack.who, conversation, included=ALL)
    async with api_of(stack) as client:
        read = await client.get(f"/api/v1/shared/{token}")
        assert read.status_code == 200
        assert read.headers["cache-control"] == "private, no-store"
        assert "noindex" in read.headers["x-robots-tag"]
        assert "ada@example.org" not in read.text
        told = read.json()
        assert set(told) == {"title", "created_at", "messages"}
        file = told["messages"][0]["files"][0]["id"]
        content = await client.get(f"/api/v1/shared/{token}/files/{file}")
        assert content.content == b"Roses need water."
        assert content.headers["content-disposition"].startswith("attachment")
        assert (await client.get(f"/api/v1/shared/{'z' * 43}")).status_code == 404
        assert (await client.get("/api/v1/shares")).status_code == 401


async def _purged(stack: Stack, count: int) -> list[Purged]:
    """Have what was deleted removed for good; what somebody holds at the moment, memory for one, is left for the next time."""
    later = replace(stack.services.conversations, now=lambda: utc_now() + timedelta(minutes=5))
    gone: list[Purged] = []

    async def all_gone() -> bool:
        gone.extend(await later.purge())
        return len(gone) >= count

    await until(all_gone)
    return gone


async def stored(stack: Stack) -> int:
    """Return how many bytes count for the quota."""
    async with stack.database.read() as tx:
        return await tx.vault.stored_bytes(stack.who.id)


@pytest.mark.parametrize("goes", ["original", "fork"])
async def test_a_fork_reads_the_files_of_its_original(library: Stack, goes: str) -> None:
    """By reference: they are kept once, and for as long as one of the two is there."""
    file = await upload(library, "note.txt", b"The code word is heliotrope.", attach=True)
    sent = await library.ask("Keep this.", files=[file.id])
    await library.read(sent)
    before = await stored(library)
    fork = await library.services.forks.fork(library.who, sent.message_id)
    assert await stored(library) == before
    gone, stays = (sent.conversation_id, fork) if goes == "original" else (fork, sent.conversation_id)
    await library.services.conversations.delete(library.who, gone)
    [first] = await _purged(library, 1)
    assert (first.conversation, first.documents) == (gone, ())
    await library.read(await library.ask("What is the code word?", stays))
    assert "heliotrope" in library.llm.requests[-1].body["messages"][-1]["content"]
    await library.services.conversations.delete(library.who, stays)
    assert [each.documents for each in await _purged(library, 1)] == [(file.id,)]


async def test_both_gone_at_once_leave_no_file(library: Stack) -> None:
    """An original and its fork that are removed together are no heirs of each other."""
    file = await upload(library, "note.txt", b"The code word is heliotrope.", attach=True)
    sent = await library.ask("Keep this.", files=[file.id])
    await library.read(sent)
    fork = await library.services.forks.fork(library.who, sent.message_id)
    for each in (sent.conversation_id, fork):
        await library.services.conversations.delete(library.who, each)
    assert sorted(each.documents for each in await _purged(library, 2)) == [(), (file.id,)]


async def test_a_link_shows_pictures_and_no_other_file(library: Stack) -> None:
    """A picture by the link's own address; a text, another's file, or a link without files show nothing."""
    red = await upload(library, "red.png", picture("PNG", (60, 40)), attach=True)
    text = await upload(library, "roses.txt", b"Roses need water.", attach=True)
    other = await upload(library, "other.png", picture("PNG", (50, 40)), attach=True)
    sent = await library.ask("What is this?", files=[red.id, text.id])
    await library.read(sent)
    _, token = await library.services.shares.create(library.who, sent.conversation_id, included=ALL)
    shared = await library.services.shares.read(token, HERE)
    assert [(file.name, file.is_image) for file in shared.messages[0].files] == [
        ("red.png", True),
        ("roses.txt", False),
    ]
    _, bare = await library.services.shares.create(library.who, sent.conversation_id, included=Included())
    async with api_of(library) as api:
        shown = await api.get(f"/api/v1/shared/{token}/files/{red.id}/image")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in shown.headers["content-security-policy"]
        for key, document in ((token, text.id), (token, other.id), (bare, red.id), ("x" * 43, red.id)):
            refused = await api.get(f"/api/v1/shared/{key}/files/{document}/image")
            assert refused.status_code == 404
