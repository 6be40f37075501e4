"""Personas: one's own, followed by the chats that have them, and movable between accounts."""

import json
from typing import Any

import pytest

from gantry.domain.accounts import Actor
from gantry.domain.errors import Invalid, NotFound
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.parameters import Parameters
from gantry.domain.personas import MAX_PERSONAS, PersonaDraft
from gantry.models import new_id
from gantry.services.chat import Beginning
from tests.factories import actor_of, make_account
from tests.parts.llm_server import Script
from tests.parts.stack import Stack

PIRATE = PersonaDraft(
    "Pirate",
    "Speaks of the sea.",
    Parameters(system_prompt="Answer as a pirate would.", temperature=0.4),
    model="openai/scripted",
    scope=DocumentScope(ScopeKind.NONE),
    questions=("Where is the treasure?",),
)


async def somebody(stack: Stack) -> Actor:
    async with stack.database.begin() as tx:
        return actor_of(await make_account(tx))


def told(stack: Stack) -> str:
    """Return the system turn of the newest request."""
    return stack.llm.last.body["messages"][0]["content"]


async def test_a_chat_follows_its_persona(stack: Stack) -> None:
    """A change of the persona holds from the next question; the chat's own parameters go before it; none takes it away."""
    stack.llm.default = Script(text="Arr.")
    personas, conversations = stack.services.personas, stack.services.conversations
    pirate = await personas.create(stack.who, PIRATE)
    sent = await stack.ask(beginning=Beginning(persona=pirate.id))
    await stack.read(sent)
    assert told(stack).startswith("Answer as a pirate would.")
    assert stack.llm.last.body["temperature"] == 0.4
    await personas.change(
        stack.who, pirate.id, PersonaDraft("Cook", parameters=Parameters(system_prompt="Cook."))
    )
    await stack.read(await stack.ask("again", sent.conversation_id))
    assert told(stack).startswith("Cook.")
    await conversations.set_parameters(stack.who, sent.conversation_id, Parameters(temperature=1.0))
    await stack.read(await stack.ask("and again", sent.conversation_id))
    assert told(stack).startswith("Cook.")
    assert stack.llm.last.body["temperature"] == 1.0
    await conversations.set_persona(stack.who, sent.conversation_id, None)
    await stack.read(await stack.ask("plainly", sent.conversation_id))
    assert told(stack).startswith("You are a helpful assistant.")


async def test_model_and_documents_come_with_the_choice(stack: Stack) -> None:
    """They are the chat's from then on, and stay when the persona changes."""
    personas, conversations = stack.services.personas, stack.services.conversations
    pirate = await personas.create(stack.who, PIRATE)
    thread = await conversations.create(stack.who)
    await conversations.set_persona(stack.who, thread.id, pirate.id)
    await personas.change(stack.who, pirate.id, PersonaDraft("Pirate"))
    window = await stack.services.chat.window(stack.who, thread.id)
    assert (window.conversation.model, window.conversation.scope["kind"]) == ("openai/scripted", "none")
    assert window.persona is not None
    assert window.persona.name == "Pirate"


async def test_deleting_one_leaves_its_chats_as_they_are(stack: Stack) -> None:
    """They are asked as before: what it set is their own now, below what they set themselves."""
    stack.llm.default = Script(text="Arr.")
    personas = stack.services.personas
    pirate = await personas.create(stack.who, PIRATE)
    plain = await stack.ask(beginning=Beginning(persona=pirate.id))
    await stack.read(plain)
    warm = Beginning(persona=pirate.id, parameters=Parameters(temperature=1.5))
    own = await stack.ask(beginning=warm)
    await stack.read(own)
    await personas.delete(stack.who, pirate.id)
    for sent, temperature in ((plain, 0.4), (own, 1.5)):
        await stack.read(await stack.ask("again", sent.conversation_id))
        assert told(stack).startswith("Answer as a pirate would.")
        assert stack.llm.last.body["temperature"] == temperature
        window = await stack.services.chat.window(stack.who, sent.conversation_id)
        assert (window.persona, window.conversation.persona_id) == (None, None)


async def test_there_is_one_default(stack: Stack) -> None:
    """Another takes its place; it can be none."""
    personas = stack.services.personas
    first = await personas.create(stack.who, PIRATE)
    second = await personas.duplicate(stack.who, first.id)
    assert second.name == "Pirate (copy)"
    assert await personas.default(stack.who) is None
    for chosen in (first, second):
        await personas.set_default(stack.who, chosen.id, True)
        default = await personas.default(stack.who)
        assert default is not None
        assert default.id == chosen.id
    assert [each.is_default for each in await personas.list_personas(stack.who)] == [True, False]
    await personas.set_default(stack.who, second.id, False)
    assert await personas.default(stack.who) is None


async def test_personas_are_ones_own(stack: Stack) -> None:
    """To anybody else they do not exist: not to read, change, choose or begin with."""
    personas, conversations = stack.services.personas, stack.services.conversations
    pirate = await personas.create(stack.who, PIRATE)
    eve = await somebody(stack)
    theirs = await conversations.create(eve)
    mine = await conversations.create(stack.who)
    shelf = await stack.services.collections.create(stack.who, "Work")
    foreign = DocumentScope(ScopeKind.SOME, (shelf.id,))
    for attempt in (
        personas.get(eve, pirate.id),
        personas.change(eve, pirate.id, PIRATE),
        personas.duplicate(eve, pirate.id),
        personas.set_default(eve, pirate.id, True),
        personas.delete(eve, pirate.id),
        personas.export(eve, [pirate.id]),
        personas.create(eve, PersonaDraft("Thief", scope=foreign)),
        conversations.set_persona(eve, theirs.id, pirate.id),
        conversations.set_persona(eve, mine.id, None),
        conversations.create(eve, beginning=Beginning(persona=pirate.id)),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await personas.list_personas(eve) == []
    stack.llm.default = Script(text="Hello.")
    sent = await stack.services.chat.send(
        eve, None, "hi", model="openai/scripted", beginning=Beginning(persona=pirate.id)
    )
    assert (await stack.services.chat.window(eve, sent.conversation_id)).persona is None


async def test_a_file_brings_personas_to_another_account(stack: Stack) -> None:
    """All of it is there but the documents chosen one by one; collections are found by name; a second time adds nothing."""
    personas = stack.services.personas
    shelf = await stack.services.collections.create(stack.who, "Work")
    await personas.create(stack.who, PIRATE)
    more = await stack.services.collections.create(stack.who, "Home")
    both = DocumentScope(ScopeKind.SOME, (shelf.id, more.id))
    await personas.create(stack.who, PersonaDraft("Clerk", scope=both))
    file = await personas.export(stack.who)
    eve = await somebody(stack)
    assert await personas.take_file(eve, file) == (2, 0)
    assert await personas.take_file(eve, file) == (0, 2)
    clerk, pirate = await personas.list_personas(eve)
    assert pirate.draft == PIRATE
    assert clerk.scope == DocumentScope(ScopeKind.NONE)
    assert await personas.export(eve, [pirate.id]) != file
    await personas.delete(eve, clerk.id)
    theirs = await stack.services.collections.create(eve, "Home")
    assert await personas.take_file(eve, file) == (1, 1)
    clerk, _ = await personas.list_personas(eve)
    assert clerk.scope == DocumentScope(ScopeKind.SOME, (theirs.id,))
    await personas.delete(
        stack.who, next(each.id for each in await personas.list_personas(stack.who) if each.name == "Clerk")
    )
    assert await personas.take_file(stack.who, file) == (1, 1)
    assert (await personas.list_personas(stack.who))[0].scope == both


def _file(*personas: Any, **more: Any) -> bytes:
    return json.dumps({"format": "gantry.personas", "version": 1, "personas": personas} | more).encode()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "not a file of personas"),
        (b"[" * 100_000, "not a file of personas"),
        (b'{"format": "else"}', "not a file of personas"),
        (_file(version=2), "version 2"),
        (_file(personas="x"), "up to 200"),
        (_file(*({"name": "x"},) * 201), "up to 200"),
        (_file({"name": "x"}, {"name": " "}), "Persona 2"),
        (_file(["x"]), "Persona 1"),
        (_file({"name": 5}), "not written as one"),
        (_file({"name": "x", "parameters": {"temperature": 9}}), "Temperature"),
        (_file({"name": "x", "parameters": {"magic": 1}}), "magic"),
        (_file({"name": "x", "parameters": [1]}), "not written as one"),
        (_file({"name": "x", "questions": ["q"] * 5}), "first questions"),
        (_file({"name": "x", "questions": {"a": 1}}), "not a list"),
        (_file({"name": "x", "documents": "some"}), "documents"),
        (_file({"name": "x" * 81}), "longer than 80"),
        (b" " * (8 * 1024 * 1024 + 1), "larger than 8 MB"),
    ],
)
async def test_a_bad_file_adds_nothing(stack: Stack, file: bytes, said: str) -> None:
    """What is wrong is said, with the place; nothing of the rest is taken either."""
    with pytest.raises(Invalid) as refusal:
        await stack.services.personas.take_file(stack.who, file)
    assert said in refusal.value.public
    assert await stack.services.personas.list_personas(stack.who) == []


async def test_there_is_a_limit(stack: Stack) -> None:
    """Neither by hand nor by file can there be more."""
    personas = stack.services.personas
    many = _file(*({"name": f"Number {n}"} for n in range(MAX_PERSONAS)))
    assert await personas.take_file(stack.who, many) == (MAX_PERSONAS, 0)
    with pytest.raises(Invalid):
        await personas.create(stack.who, PIRATE)
    with pytest.raises(Invalid):
        await personas.take_file(stack.who, _file({"name": "One more"}))


async def test_what_is_wrong_is_refused(stack: Stack) -> None:
    """With the name of the field."""
    for draft, field in (
        (PersonaDraft(" "), "name"),
        (PersonaDraft("x", description="y" * 301), "description"),
        (PersonaDraft("x", model="nowhere/nothing"), "model"),
        (PersonaDraft("x", questions=("q" * 501,)), "questions"),
        (PersonaDraft("x", parameters=Parameters(seed=-1)), "seed"),
    ):
        with pytest.raises(Invalid) as refusal:
            await stack.services.personas.create(stack.who, draft)
        assert refusal.value.field == field
    with pytest.raises(NotFound):
        await stack.services.personas.create(
            stack.who, PersonaDraft("x", scope=DocumentScope(ScopeKind.SOME, (new_id(),)))
        )
