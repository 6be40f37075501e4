"""Vectors from a server that speaks the OpenAI protocol, over a real port."""

import gzip
import json
from typing import Any

import pytest

from gantry.adapters.openai.embeddings import OpenAiEmbedder
from gantry.domain.embedding import EmbeddingUnavailable, TextRole
from tests.parts.llm_server import ScriptedServer
from tests.parts.ports import free_port
from tests.parts.vector_server import embeddings, vector_of

EMBEDDINGS = "POST /v1/embeddings"


def serving(route: Any, **options: Any) -> ScriptedServer:
    """Return a server that answers for embeddings with *route*."""
    return ScriptedServer(routes={EMBEDDINGS: route}, **options)


async def test_texts_go_in_batches_and_come_back_in_order() -> None:
    """However many there are, each text has its own vector, of length one; the server is never sent more than 32."""
    texts = [f"Bed {number} holds tulips." for number in range(70)]
    async with serving(embeddings({"small": 24})) as server:
        embedder = OpenAiEmbedder(server.url, "small", api_key="secret")
        vectors = await embedder.embed(texts, TextRole.PASSAGE)
        assert [len(each.body["input"]) for each in server.others] == [32, 32, 6]
        assert {each.headers["authorization"] for each in server.others} == {"Bearer secret"}
        await embedder.aclose()
    for text, vector in zip(texts, vectors, strict=True):
        raw = vector_of("small", text, 24)
        length = sum(value * value for value in raw) ** 0.5
        assert list(vector) == pytest.approx([value / length for value in raw])


async def test_the_dimension_is_learned_once_and_long_texts_are_cut() -> None:
    """The first answer says what the model is; a text longer than a model reads is shortened, an empty one is sent as a space."""
    async with serving(embeddings({"small": 24})) as server:
        embedder = OpenAiEmbedder(server.url, "small")
        models = [await embedder.model() for _ in range(3)]
        assert {(model.name, model.dimension, model.semantic) for model in models} == {("small", 24, True)}
        assert len(server.others) == 1
        await embedder.embed(["word " * 10_000, ""], TextRole.PASSAGE)
        long, empty = server.others[-1].body["input"]
        assert len(long) == 8000
        assert empty == " "
        await embedder.aclose()


def _one(vector: Any) -> dict[str, Any]:
    return {"data": [{"index": 0, "embedding": vector}]}


@pytest.mark.parametrize(
    "route",
    [
        pytest.param((500, {"error": {"message": "out of memory"}}), id="it fails"),
        pytest.param((404, {"error": {"message": "no such model"}}), id="no such model"),
        pytest.param("<h1>A proxy</h1>", id="a page"),
        pytest.param({"object": "list"}, id="no data"),
        pytest.param({"data": []}, id="too few"),
        pytest.param(_one([0.0, 0.0]), id="no direction"),
        pytest.param(_one(["a", "b"]), id="no numbers"),
    ],
)
async def test_a_server_that_does_not_answer_as_it_should_is_unavailable(route: Any) -> None:
    """Whatever it says instead of vectors is one error of ours, never a wrong vector."""
    async with serving(route) as server:
        embedder = OpenAiEmbedder(server.url, "small")
        with pytest.raises(EmbeddingUnavailable):
            await embedder.model()
        with pytest.raises(EmbeddingUnavailable):
            await embedder.embed(["a text"], TextRole.QUERY)
        await embedder.aclose()


async def test_a_server_that_is_away_is_unavailable_and_used_again_when_it_comes() -> None:
    """Nothing is remembered of the failure."""
    port = free_port()
    embedder = OpenAiEmbedder(f"http://127.0.0.1:{port}/v1", "small")
    with pytest.raises(EmbeddingUnavailable) as caught:
        await embedder.model()
    assert "EMBEDDING_BASE_URL" in caught.value.advice
    async with serving(embeddings({"small": 24}), port=port):
        assert (await embedder.model()).dimension == 24
    await embedder.aclose()


@pytest.mark.parametrize(
    ("listed", "usable"), [(["small", "other"], True), (["small:latest"], True), (["other"], False)]
)
async def test_an_earlier_model_is_used_only_where_it_is_listed(listed: list[str], usable: bool) -> None:
    """A server with one model answers with that one whatever it is asked for: its vectors do not belong to the other."""
    async with serving(embeddings({"small": 24}), models=listed) as server:
        embedder = OpenAiEmbedder(server.url, "small", must_be_listed=True)
        if usable:
            assert (await embedder.model()).name == "small"
        else:
            with pytest.raises(EmbeddingUnavailable):
                await embedder.model()
        await embedder.aclose()


def sparing(longest: int, status: int = 500) -> Any:
    """Return a route that refuses whatever is longer, as servers do whose model reads little."""
    made = embeddings({"small": 24})

    def answer(request: Any) -> Any:
        if any(len(text) > longest for text in request.body["input"]):
            return status, {"error": {"message": "input is too large to process"}}
        return made(request)

    return answer


@pytest.mark.parametrize("status", [400, 413, 422, 500])
async def test_one_text_that_is_too_long_keeps_no_other_waiting(status: int) -> None:
    """It counts as the mean of its parts; the others have the vectors they would have had alone."""
    texts = ["tulips", "roses and tulips " * 40, "asters"]
    async with serving(sparing(200, status)) as server:
        embedder = OpenAiEmbedder(server.url, "small")
        vectors = await embedder.embed(texts, TextRole.PASSAGE)
        alone = await embedder.embed(["asters"], TextRole.PASSAGE)
        about = await embedder.embed(["roses and tulips"], TextRole.QUERY)
        await embedder.aclose()
    assert list(vectors[2]) == pytest.approx(list(alone[0]))
    assert sum(a * b for a, b in zip(vectors[1], about[0], strict=True)) > 0.9


async def test_a_text_that_is_refused_at_any_length_is_left_to_its_words() -> None:
    """The queue goes on without its meaning."""

    def answer(request: Any) -> Any:
        if any("@@" in text for text in request.body["input"]):
            return 400, {"error": "unsupported input"}
        return embeddings({"small": 24})(request)

    async with serving(answer) as server:
        embedder = OpenAiEmbedder(server.url, "small")
        vectors = await embedder.embed(["tulips", "@@", "asters"], TextRole.PASSAGE)
        await embedder.aclose()
    assert len(vectors) == 3


@pytest.mark.parametrize("none", [None, [], [0.0] * 24, [None] * 24, [float("nan")] * 24])
async def test_a_text_without_a_vector_keeps_no_other_waiting(none: Any) -> None:
    """A server may answer well and have none for one of the texts: that one is left to its words."""

    def answer(request: Any) -> Any:
        made = embeddings({"small": 24})(request)
        for each in made["data"]:
            if "@@" in request.body["input"][each["index"]]:
                each["embedding"] = none
        return 200, json.dumps(made).encode(), {"Content-Type": "application/json"}

    async with serving(answer) as server:
        embedder = OpenAiEmbedder(server.url, "small")
        vectors = await embedder.embed(["tulips", "@@ " * 50, "asters"], TextRole.PASSAGE)
        alone = await embedder.embed(["asters"], TextRole.PASSAGE)
        await embedder.aclose()
    assert len(vectors) == 3
    assert list(vectors[2]) == pytest.approx(list(alone[0]))


async def test_what_the_server_says_is_told() -> None:
    """Whoever looks after it learns why it refuses, and a server that refuses everything is not asked for ever."""
    async with serving((500, {"error": {"message": "the card is on fire"}})) as server:
        embedder = OpenAiEmbedder(server.url, "small")
        with pytest.raises(EmbeddingUnavailable, match="the card is on fire"):
            await embedder.embed(["word " * 100] * 32, TextRole.PASSAGE)
        assert len(server.others) < 10
        await embedder.aclose()


async def test_an_answer_without_end_is_not_read_whole() -> None:
    """What a server of somebody else's sends has a limit."""
    bomb = gzip.compress(b"[" + b" " * 80_000_000 + b"]")
    async with serving((200, bomb, {"Content-Encoding": "gzip"})) as server:
        embedder = OpenAiEmbedder(server.url, "small")
        with pytest.raises(EmbeddingUnavailable, match="larger than 64 MB"):
            await embedder.embed(["tulips"], TextRole.PASSAGE)
        await embedder.aclose()
