"""Personas as the models that programs ask."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import openai
import pytest
from openai import AsyncOpenAI

from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.parameters import Parameters
from gantry.domain.personas import PersonaDraft
from tests.factories import actor_of, make_account
from tests.parts import documents
from tests.parts.knowledge import embedded, read, upload
from tests.parts.llm_server import Script
from tests.parts.programs import openai_client
from tests.parts.stack import Stack

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
PIRATE = PersonaDraft(
    "Pirate of the Seas",
    "Speaks of the sea.",
    Parameters(system_prompt="Answer as a pirate would.", temperature=0.4, max_tokens=90, stop=("Arr",)),
    model="openai/scripted",
)
PDF = documents.pdf(["The harbour bridge was painted blue.", "The lighthouse keeper was called Amalia."])


@pytest.fixture
async def client(library: Stack) -> AsyncIterator[AsyncOpenAI]:
    """Yield the client of somebody who has asked for nothing yet."""
    async with openai_client(library) as client:
        yield client


async def test_a_persona_is_asked_by_its_name(client: AsyncOpenAI, library: Stack) -> None:
    """Its prompt, parameters and model; what the request says itself goes before them."""
    await library.services.personas.create(library.who, PIRATE)
    name = "gantry/pirate-of-the-seas"
    assert name in [model.id async for model in client.models.list()]
    assert (await client.models.retrieve(name)).owned_by == "gantry"
    for asked in (name, "gantry/Pirate of the Seas"):
        await client.chat.completions.create(model=asked, messages=HELLO)
        assert library.llm.last.body == {
            "model": "scripted",
            "messages": [{"role": "system", "content": "Answer as a pirate would."}, *HELLO],
            "temperature": 0.4, "max_tokens": 90, "stop": ["Arr"],
        }  # fmt: skip
    system: list[Any] = [{"role": "system", "content": "Be brief."}, *HELLO]
    await client.chat.completions.create(
        model=name, messages=system, temperature=1.0, max_completion_tokens=5
    )
    sent = library.llm.last.body
    assert sent["messages"][0]["content"] == "Answer as a pirate would.\n\nBe brief."
    assert (sent["temperature"], sent["max_completion_tokens"]) == (1.0, 5)
    assert "max_tokens" not in sent
    answer = await client.responses.create(model=name, input="hello")
    assert answer.output_text
    assert library.llm.last.body["messages"][0]["content"] == "Answer as a pirate would."


async def test_what_a_server_refuses_of_a_persona_is_left_out(client: AsyncOpenAI, library: Stack) -> None:
    """As in the pages; what a request asks for itself is refused to it."""
    await library.services.personas.create(library.who, PIRATE)
    library.llm.default = Script("Arr.", rejects=("temperature", "stop"))
    answer = await client.chat.completions.create(model="gantry/pirate-of-the-seas", messages=HELLO)
    assert answer.choices[0].message.content == "Arr."
    assert library.llm.last.body["max_tokens"] == 90
    assert not {"temperature", "stop"} & set(library.llm.last.body)
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(
            model="gantry/pirate-of-the-seas", messages=HELLO, temperature=0.1
        )


async def test_a_persona_reads_its_documents(client: AsyncOpenAI, library: Stack) -> None:
    """Its citations are in the answer and at the end of a stream; a request may choose none."""
    document = await read(library, (await upload(library, "harbour.pdf", PDF)).id)
    await embedded(library)
    keeper = PersonaDraft("Keeper", model="openai/scripted", scope=DocumentScope(ScopeKind.ALL))
    persona = await library.services.personas.create(library.who, keeper)
    library.llm.default = Script("It was Amalia [1].")
    question: list[Any] = [{"role": "user", "content": "Who kept the lighthouse?"}]
    answer = await client.chat.completions.create(model="gantry/keeper", messages=question, store=True)
    cited = answer.choices[0].message.annotations
    assert cited
    assert cited[0].url_citation.title == "harbour.pdf, page 2"
    where = f"{str(client.base_url).removesuffix('/v1/')}/api/v1/documents/{document.id}/text?"
    assert cited[0].url_citation.url.startswith(where)
    assert cited[0].model_extra["gantry"]["document_id"] == str(document.id)  # type: ignore[index]
    stream = await client.chat.completions.create(model="gantry/keeper", messages=question, stream=True)
    chunks = [chunk async for chunk in stream]
    noted = [note for chunk in chunks if chunk.choices
             for note in (chunk.choices[0].delta.model_extra or {}).get("annotations", ())]  # fmt: skip
    assert noted[0]["url_citation"]["title"] == "harbour.pdf, page 2"
    kept = UUID(answer.model_extra["gantry"]["conversation_id"])  # type: ignore[index]
    window = await library.services.chat.window(library.who, kept)
    assert window.persona is not None
    assert window.persona.id == persona.id
    assert window.conversation.model == "openai/scripted"
    await client.chat.completions.create(
        model="gantry/keeper", messages=question, extra_body={"gantry": {"collections": []}}
    )
    assert library.llm.last.body["messages"] == question


async def test_names_that_are_alike(client: AsyncOpenAI, library: Stack) -> None:
    """The oldest has the name; each has one of its own, and none that is ours."""
    first = await library.services.personas.create(library.who, PersonaDraft("Cook"))
    second = await library.services.personas.create(library.who, PersonaDraft("cook!"))
    ours = await library.services.personas.create(library.who, PersonaDraft("Extractive"))
    ids = [model.id async for model in client.models.list() if model.id.startswith("gantry/")]
    assert sorted(ids) == sorted([
        "gantry/extractive", "gantry/cook", f"gantry/cook-{second.id.hex[-8:]}", f"gantry/extractive-{ours.id.hex[-8:]}",
    ])  # fmt: skip
    await library.services.personas.delete(library.who, first.id)
    for name in ("gantry/cook", f"gantry/cook-{second.id.hex[-8:]}", f"gantry/{second.id}"):
        assert (await client.chat.completions.create(model=name, messages=HELLO)).choices


async def test_nobody_elses_persona(client: AsyncOpenAI, library: Stack) -> None:
    """It is in no list, and asking it is asking for nothing."""
    async with library.database.begin() as tx:
        ben = actor_of(await make_account(tx, "ben@example.org"))
    theirs = await library.services.personas.create(ben, PIRATE)
    assert "gantry/pirate-of-the-seas" not in [model.id async for model in client.models.list()]
    for name in ("gantry/pirate-of-the-seas", f"gantry/{theirs.id}"):
        with pytest.raises(openai.NotFoundError) as unknown:
            await client.chat.completions.create(model=name, messages=HELLO)
        assert unknown.value.code == "model_not_found"
    assert library.llm.requests == []
