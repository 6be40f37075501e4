"""Search with an embeddings server and a reranker: another model is set, a server is away, a server is late."""

import asyncio
from typing import Any

import pytest

from gantry.bootstrap import Built
from gantry.domain.knowledge import DocumentScope, Found
from tests.parts.knowledge import background, read, until, upload
from tests.parts.llm_server import SILENCE, ScriptedServer
from tests.parts.ports import free_port
from tests.parts.stack import Stack, running_stack
from tests.parts.vector_server import embeddings, reranking

EMBEDDINGS, RERANK = "POST /v1/embeddings", "POST /v1/rerank"
MODELS = {"first": 64, "second": 96}
KEEPER = b"The lighthouse keeper was called Amalia Brandt."
MEANT = "guardian beacon"  # no word of the document, and the same meaning


async def found(stack: Stack, question: str, by: Built | None = None) -> Found:
    """Search all documents."""
    retriever = (by or stack.main).services.retriever
    return await retriever.documents(stack.who, question, scope=DocumentScope())


def titles(result: Found) -> list[str]:
    """Return the documents that were found, best first."""
    return [each.title for each in result.passages]


async def fill(stack: Stack, **notes: bytes) -> None:
    """Upload notes and wait until they are ready and each has its vector."""

    async def indexed() -> bool:
        done, waiting, _held = await stack.main.knowledge.sweep.compared()
        return done == len(notes) and not waiting

    async with background(stack.main):
        rows = [await upload(stack, f"{name}.txt", note) for name, note in notes.items()]
        await asyncio.gather(*(read(stack, row.id) for row in rows))
        await until(indexed)


@pytest.mark.parametrize(
    "kept", [True, False], ids=["the server keeps the old model", "it has the new one only"]
)
async def test_another_model_of_the_server_takes_over(database_url: str, kept: bool) -> None:
    """Until its set is complete the old model answers where the server still has it; otherwise words do, and the page says so."""
    routes: dict[str, Any] = {EMBEDDINGS: embeddings(MODELS)}
    async with (
        ScriptedServer(models=list(MODELS), routes=routes) as server,
        running_stack(database_url, embedding_base_url=server.url, embedding_model="first") as stack,
    ):
        await fill(stack, keeper=KEEPER, garden=b"The garden holds tulips.")
        assert titles(await found(stack, MEANT))[0] == "keeper.txt"
        stack.settings = stack.settings.model_copy(update={"embedding_model": "second"})
        if not kept:
            server.models = ["second"]
        changed = await stack.another()
        sets = changed.services.vector_sets
        await sets.settle()
        meanwhile = await found(stack, MEANT, changed)
        sentence = (await sets.status()).sentence()
        assert sentence.startswith("Indexing with second: 0 %.")
        if kept:
            assert (titles(meanwhile)[0], meanwhile.left_out) == ("keeper.txt", ())
            assert "Search uses first" in sentence
        else:
            assert "vectors" in meanwhile.left_out
            assert "only keyword search" in sentence
            assert titles(await found(stack, "lighthouse", changed)) == ["keeper.txt"]
        while await changed.knowledge.indexer.work():
            pass
        assert (await sets.status()).sentence() == ""
        assert titles(await found(stack, MEANT, changed))[0] == "keeper.txt"


async def test_while_the_embeddings_server_is_away_words_answer_alone(database_url: str) -> None:
    """What was left out is named, the page of a process that starts then says so, and later all is as before."""
    routes = {EMBEDDINGS: embeddings(MODELS)}
    server = ScriptedServer(routes=routes, port=free_port())
    base = {"embedding_base_url": server.url, "embedding_model": "first"}
    async with running_stack(database_url, **base) as stack:
        async with server:
            await fill(stack, keeper=KEEPER)
        started_late = await stack.another()
        for process in (stack.main, started_late):
            result = await found(stack, "lighthouse", process)
            assert (titles(result), result.left_out) == (["keeper.txt"], ("vectors",))
            assert titles(await found(stack, MEANT, process)) == []
        assert (
            (await started_late.services.vector_sets.status()).sentence().startswith("first does not answer")
        )
        async with ScriptedServer(routes=routes, port=server.port):
            for process in (stack.main, started_late):
                assert titles(await found(stack, MEANT, process)) == ["keeper.txt"]
            assert (await started_late.services.vector_sets.status()).sentence() == ""


async def test_a_question_is_embedded_once(database_url: str) -> None:
    """Searches for the same question share its vector; one that could not be made is asked for again."""
    routes: dict[str, Any] = {EMBEDDINGS: embeddings(MODELS)}
    async with (
        ScriptedServer(routes=routes) as server,
        running_stack(database_url, embedding_base_url=server.url, embedding_model="first") as stack,
    ):
        await fill(stack, keeper=KEEPER)
        server.routes = {EMBEDDINGS: (500, {})}
        assert (await found(stack, MEANT)).left_out == ("vectors",)
        server.routes = routes
        results = await asyncio.gather(*(found(stack, MEANT) for _ in range(3)))
        assert [titles(result) for result in results] == [["keeper.txt"]] * 3
        requests = [each.body["input"] for each in server.others if each.path.endswith("/embeddings")]
        assert requests.count([MEANT]) == 2


@pytest.mark.parametrize(
    ("route", "first", "left_out"),
    [
        pytest.param(reranking("tulips"), "tulips.txt", (), id="its order is used"),
        pytest.param((500, {}), "roses.txt", ("reranker",), id="it fails"),
        pytest.param({"results": [{"index": "x"}]}, "roses.txt", ("reranker",), id="it talks nonsense"),
        pytest.param(SILENCE, "roses.txt", ("reranker",), id="it is late"),
    ],
)
async def test_a_reranker_orders_what_was_found(
    database_url: str, route: Any, first: str, left_out: tuple[str, ...]
) -> None:
    """Its order is used as far as it goes; a reranker that fails or is late is left out, and named."""
    async with (
        ScriptedServer(routes={RERANK: route}) as server,
        running_stack(database_url, rerank_base_url=server.url, rerank_model="judge") as stack,
    ):
        await fill(
            stack,
            roses=b"The garden holds roses, roses and more roses.",
            tulips=b"The garden holds tulips.",
            moss=b"The garden holds moss.",
        )
        result = await found(stack, "Which roses does the garden hold?")
        assert titles(result)[0] == first
        assert sorted(titles(result)) == ["moss.txt", "roses.txt", "tulips.txt"]
        assert tuple(result.left_out) == left_out
        asked = server.others[-1]
        assert (asked.body["model"], asked.body["query"]) == ("judge", "Which roses does the garden hold?")
