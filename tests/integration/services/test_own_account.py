"""Another e-mail address, and leaving, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import insert

from gantry.domain.accounts import Actor, Role
from gantry.domain.chat import MessageRole
from gantry.domain.errors import Conflict, Invalid, NotSignedIn, TooManyAttempts
from gantry.domain.knowledge import DocumentScope
from gantry.domain.vectors import VectorKind
from gantry.models import Account, Folder, Message, Persona, Prompt, new_id
from tests.parts.accounts import HOME, PASSWORD, Accounts
from tests.parts.knowledge import read, upload
from tests.parts.llm_server import Script
from tests.parts.rich import add_rich
from tests.parts.stack import Stack


async def person(stack: Stack, email: str, role: Role = Role.USER) -> Actor:
    """Sign somebody in who has a password."""
    accounts = Accounts(stack.database)
    return await accounts.person(email, role)


async def test_an_address_is_changed_with_the_password(stack: Stack) -> None:
    """The new address signs in and the old one does not; a wrong password, a taken address and no address are refused."""
    service, ann = stack.services.own_account, await person(stack, "ann@example.org")
    for email, password, field in (
        ("new@example.org", "not her password", "password"),
        ("Ada@Example.org", PASSWORD, "email"),
        ("nonsense", PASSWORD, "email"),
    ):
        with pytest.raises(Invalid) as refused:
            await service.change_email(ann, email, password)
        assert refused.value.field == field
    changed = await service.change_email(ann, " New@Example.org ", PASSWORD)
    assert changed.email == "new@example.org"
    signing = Accounts(stack.database).service
    assert (await signing.sign_in("new@example.org", PASSWORD, HOME)).actor.id == ann.id
    with pytest.raises(NotSignedIn):
        await signing.sign_in("ann@example.org", PASSWORD, HOME)


async def test_a_stolen_session_cannot_guess_the_password(stack: Stack) -> None:
    """After a few wrong passwords even the right one is refused for a while."""
    service, ann = stack.services.own_account, await person(stack, "ann@example.org")
    for _each in range(5):
        with pytest.raises(Invalid):
            await service.delete(ann, "a guess")
    with pytest.raises(TooManyAttempts):
        await service.delete(ann, PASSWORD)


async def test_an_account_goes_with_everything_that_is_its_own(library: Stack) -> None:
    """Rows, files, vectors and sessions; the receipt says how much; nobody else loses anything."""
    stack, ann = library, await person(library, "ann@example.org")
    service = stack.services.own_account
    document = await read(
        stack, (await upload(stack, "tides.txt", b"High tide is at noon.", who=ann)).id, who=ann
    )
    await read(stack, (await upload(stack, "keys.txt", b"The keys hang by the door.")).id)
    async with stack.database.begin() as tx:
        await add_rich(tx, ann.id)
        kept = await add_rich(tx, stack.who.id)
        for row in (
            Folder(account_id=ann.id, name="Work", created_at=document.created_at),
            Persona(
                account_id=ann.id,
                name="Sailor",
                created_at=document.created_at,
                updated_at=document.created_at,
            ),
            Prompt(
                account_id=ann.id,
                name="p",
                content="c",
                created_at=document.created_at,
                updated_at=document.created_at,
            ),
        ):
            tx.session.add(row)
    file = Path((await stack.services.documents.original(ann, document.id)).path)
    before = await service.holdings(ann)
    assert {"1 conversation", "5 messages", "2 documents", "1 folder", "1 persona", "1 prompt"} <= set(
        before.lines
    )
    receipt = await service.delete(ann, PASSWORD)
    assert {**receipt.rows, "memory_item": 0} == {**before.rows, "memory_item": 0}  # it learns meanwhile
    assert receipt.file_bytes > 0
    async with stack.database.read() as tx:
        left = await tx.own_account.holdings(ann.id)
        assert not any(left.values()), left
        assert await tx.session.get(Account, ann.id) is None
        assert (await tx.exporting.conversation(kept.conversation, owner=stack.who.id)).title
        assert "account.deleted" in {event.action for event in await tx.accounts.list_events(limit=50)}
    assert not file.exists()
    knowledge = stack.main.knowledge
    for each in await knowledge.vector_sets.in_use():
        for kind in VectorKind:
            assert not await knowledge.index.rows(each.name, ann.id, kind)
    found = await stack.services.retriever.documents(
        stack.who, "Where do the keys hang?", scope=DocumentScope()
    )
    assert [each.title for each in found.passages] == ["keys.txt"]
    with pytest.raises(NotSignedIn):
        await Accounts(stack.database).service.sign_in("ann@example.org", PASSWORD, HOME)


async def test_an_account_with_a_very_long_conversation_goes(stack: Stack) -> None:
    """Databases end a removal that goes on by itself through a chain as long as that."""
    ann = await person(stack, "ann@example.org")
    thread = await stack.services.conversations.create(ann)
    chain = [new_id() for _each in range(2500)]
    shared = {"conversation_id": thread.id, "account_id": ann.id, "created_at": thread.created_at}
    rows = [
        {"id": each, "parent_id": chain[at - 1] if at else None, "depth": at, "role": MessageRole.USER}
        for at, each in enumerate(chain)
    ]
    async with stack.database.begin() as tx:
        await tx.session.execute(insert(Message), [row | shared for row in rows])
    receipt = await stack.services.own_account.delete(ann, PASSWORD)
    assert receipt.rows["message"] == len(chain)


async def test_the_last_administrator_stays(stack: Stack) -> None:
    """Until there is another one; then they may go."""
    service, root = stack.services.own_account, await person(stack, "root@example.org", Role.ADMIN)
    with pytest.raises(Conflict) as refused:
        await service.delete(root, PASSWORD)
    assert "administrator first" in refused.value.advice
    await person(stack, "second@example.org", Role.ADMIN)
    await service.delete(root, PASSWORD)


async def test_an_answer_that_is_being_written_ends_with_the_account(stack: Stack) -> None:
    """Its writer finds nothing to write to, and says nothing."""
    ann = await person(stack, "ann@example.org")
    stack.llm.enqueue(Script("on and on " * 60, tokens_per_second=40))
    await stack.services.chat.send(ann, None, "Tell me a long story.", model="openai/scripted")
    await stack.services.own_account.delete(ann, PASSWORD)
    await stack.main.writers.drain()
    async with stack.database.read() as tx:
        assert not any((await tx.own_account.holdings(ann.id)).values())
