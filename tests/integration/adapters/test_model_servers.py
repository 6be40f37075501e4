"""Listing and finding model servers on real ports."""

import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from gantry.adapters.openai.servers import HttpModelServers
from gantry.domain.catalog import (
    ChatRequest,
    ChatTurn,
    ConnectionKind,
    ConnectionOrigin,
    ConnectionSpec,
    ListedModel,
    TextDelta,
)
from gantry.domain.errors import ModelFault, ModelUnavailable
from tests.parts.llm_server import SILENCE, Script, ScriptedServer
from tests.parts.ports import free_port


@pytest.fixture
async def servers() -> AsyncIterator[HttpModelServers]:
    async with HttpModelServers() as servers:
        yield servers


def spec_of(url: str, kind: ConnectionKind = ConnectionKind.OPENAI, key: str | None = None) -> ConnectionSpec:
    return ConnectionSpec("rig", "Our rig", kind, url, ConnectionOrigin.STORED, key)


def entry(name: str, owner: str = "somebody", **more: Any) -> dict[str, Any]:
    return {"id": name, "object": "model", "owned_by": owner, **more}


OLLAMA_SHOWN = {
    "big:latest": {"model_info": {"llama.context_length": 131072}, "capabilities": ["completion", "tools"]},
    "set:latest": {
        "model_info": {"llama.context_length": 131072},
        "parameters": 'stop "<|x|>"\nnum_ctx    16384',
    },
    "tiny:latest": {"model_info": {"phi.context_length": 2048}},
    "minilm:latest": {"model_info": {"bert.context_length": 512}, "capabilities": ["embedding"]},
}
KINDS = [
    pytest.param(
        "openai", [entry("m"), entry("n", context_length=200_000)], {}, {"m": None, "n": 200_000}, id="openai"
    ),
    pytest.param("vllm", [entry("m", "vllm", max_model_len=32768)], {}, {"m": 32768}, id="vllm"),
    pytest.param(
        "llamacpp", [entry("m", "llamacpp", meta={"n_ctx": 8192})], {}, {"m": 8192}, id="llamacpp-meta"
    ),
    pytest.param(
        "llamacpp",
        [entry("m", "llamacpp", meta={"n_ctx_train": 131072})],
        {"GET /props": {"default_generation_settings": {"n_ctx": 4096}}},
        {"m": 4096},
        id="llamacpp-props",
    ),
    pytest.param(
        "tabby",
        [entry("other", "tabbyAPI"), entry("loaded", "tabbyAPI")],
        {"GET /v1/model": {"id": "loaded", "parameters": {"max_seq_len": 16384}}},
        {"loaded": 16384, "other": None},
        id="tabby",
    ),
    pytest.param(
        "ollama",
        [entry(name, "library") for name in OLLAMA_SHOWN],
        {"POST /api/show": lambda request: OLLAMA_SHOWN[request.body["model"]]},
        {"big:latest": 4096, "set:latest": 16384, "tiny:latest": 2048},
        id="ollama",
    ),
    pytest.param(
        "lmstudio",
        [entry(name, "organization_owner") for name in ("loaded", "cold", "vectors")],
        {
            "GET /api/v0/models": {
                "data": [
                    {
                        "id": "loaded",
                        "type": "llm",
                        "loaded_context_length": 12000,
                        "max_context_length": 32768,
                    },
                    {"id": "cold", "type": "vlm", "max_context_length": 32768},
                    {"id": "vectors", "type": "embeddings", "max_context_length": 512},
                ]
            }
        },
        {"cold": 4096, "loaded": 12000},
        id="lmstudio",
    ),
]


@pytest.mark.parametrize(("kind", "models", "routes", "expected"), KINDS)
async def test_listing_learns_kind_and_lengths(
    servers: HttpModelServers, kind: str, models: Any, routes: Any, expected: dict[str, int | None]
) -> None:
    """From a plain OpenAI address the kind is recognised, and lengths are asked where that kind keeps them."""
    async with ScriptedServer(models=models, routes=routes) as server:
        listing = await servers.list_models(spec_of(server.url))
    assert listing.kind == ConnectionKind(kind)
    assert list(listing.models) == [ListedModel(name, length) for name, length in expected.items()]


@pytest.mark.parametrize("owner", ["llamacpp", "tabbyAPI", "library", "organization_owner"])
async def test_failing_side_question_does_not_fail_the_listing(servers: HttpModelServers, owner: str) -> None:
    """A server that does not know the side question still lists its models."""
    async with ScriptedServer(models=[entry("m", owner)]) as server:
        listing = await servers.list_models(spec_of(server.url))
    assert listing.models == (ListedModel("m"),)


async def test_given_kind_is_kept(servers: HttpModelServers) -> None:
    """A kind that somebody chose is not guessed again."""
    async with ScriptedServer(models=[entry("m", "vllm")]) as server:
        listing = await servers.list_models(spec_of(server.url, ConnectionKind.TABBY))
    assert listing.kind is ConnectionKind.TABBY


async def test_models_are_sorted_and_those_not_for_chat_left_out(servers: HttpModelServers) -> None:
    """Names come in order whatever their case, each once, without embedding models."""
    names = ["zeta", "Alpha", "beta", "nomic-embed-text", "text-embedding-3-small", "beta", "whisper-1"]
    async with ScriptedServer(models=[*names, entry("vectors", type="embeddings")]) as server:
        listing = await servers.list_models(spec_of(server.url))
    assert [model.name for model in listing.models] == ["Alpha", "beta", "zeta"]


async def test_key_is_sent(servers: HttpModelServers) -> None:
    """A listing uses the connection's key; without it the server's refusal is NOT_AUTHORISED."""
    async with ScriptedServer(api_key="sk-right-key-1") as server:
        assert (await servers.list_models(spec_of(server.url, key="sk-right-key-1"))).models
        with pytest.raises(ModelUnavailable) as caught:
            await servers.list_models(spec_of(server.url, key="sk-wrong-key-1"))
    assert caught.value.fault is ModelFault.NOT_AUTHORISED
    assert "Our rig" in caught.value.public


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"data": "none"}, ModelFault.BROKEN),
        ([1], ModelFault.BROKEN),
        ({"data": [{"size": 1}]}, ModelFault.BROKEN),
        ((404, {"detail": "Not Found"}), ModelFault.BROKEN),
        ("<title>Welcome to nginx</title>", ModelFault.BROKEN),
        ((500, {"error": "down"}), ModelFault.SERVER_ERROR),
    ],
)
async def test_what_is_no_list(servers: HttpModelServers, answer: Any, fault: ModelFault) -> None:
    """A page or a value of another shape is BROKEN, an error status its own fault."""
    async with ScriptedServer(routes={"GET /v1/models": answer}) as server:
        with pytest.raises(ModelUnavailable) as caught:
            await servers.list_models(spec_of(server.url))
    assert caught.value.fault is fault


@pytest.mark.parametrize("answer", [(404, {"detail": "Not Found"}), "<p>chat only</p>", [1], (405, {})])
async def test_models_named_by_hand_need_no_list(servers: HttpModelServers, answer: Any) -> None:
    """A server that lists nothing can be used; without names the sentence says how."""
    async with ScriptedServer(routes={"GET /v1/models": answer}) as server:
        with pytest.raises(ModelUnavailable) as caught:
            await servers.list_models(spec_of(server.url))
        named = replace(spec_of(server.url), models=("house-model",))
        assert (await servers.list_models(named)).models == (ListedModel("house-model"),)
    assert "has no list of models" in caught.value.public or answer == (405, {})
    assert "name the models by hand" in caught.value.advice or answer == (405, {})


async def test_a_list_without_end_is_not_read_whole(servers: HttpModelServers) -> None:
    """Nor one that unpacks to more than it seems."""
    bomb = gzip.compress(b'{"data": [' + b" " * 40_000_000 + b"]}")
    answer = (200, bomb, {"Content-Encoding": "gzip"})
    async with ScriptedServer(routes={"GET /v1/models": answer}) as server:
        with pytest.raises(ModelUnavailable) as caught:
            await servers.list_models(spec_of(server.url))
    assert "larger than 16 MB" in caught.value.details


async def test_redirects_are_followed_at_home_only(servers: HttpModelServers) -> None:
    """A path or the end of a path may be wrong; another host gets neither question nor key, and is named."""
    question = ChatRequest("scripted", (ChatTurn("user", "hello"),), uuid4(), uuid4())
    async with ScriptedServer() as other, ScriptedServer(default=Script(text="Hello.")) as server:
        server.routes["GET /old/v1/models"] = (301, None, {"Location": "/v1/models"})
        server.routes["POST /old/v1/chat/completions"] = (
            307,
            None,
            {"Location": f"{server.url}/chat/completions"},
        )
        old = spec_of(f"{server.origin}/old/v1", key="sk-a-key-of-ours")
        assert (await servers.list_models(old)).models
        deltas = [delta async for delta in servers.open(old).stream(question)]
        assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == "Hello."
        assert server.last.headers["authorization"] == "Bearer sk-a-key-of-ours"
        away = f"http://localhost:{other.port}/v1"
        server.routes["GET /old/v1/models"] = (302, None, {"Location": f"{away}/models"})
        with pytest.raises(ModelUnavailable) as caught:
            await servers.list_models(old)
        assert away in caught.value.details
        assert not other.others


async def test_listing_gives_up_in_time() -> None:
    """A server that takes the question and says nothing is STALLED within the limit; a closed port UNREACHABLE."""
    faults = []
    async with (
        ScriptedServer(routes={"GET /v1/models": SILENCE}) as silent,
        HttpModelServers(listing_seconds=0.2) as servers,
    ):
        for url in (silent.url, f"http://127.0.0.1:{free_port()}/v1"):
            with pytest.raises(ModelUnavailable) as caught:
                await servers.list_models(spec_of(url))
            faults.append(caught.value.fault)
    assert faults == [ModelFault.STALLED, ModelFault.UNREACHABLE]


async def test_slow_side_question_costs_no_more_than_its_share() -> None:
    """A side question without an answer leaves the listing as it is, within the limit."""
    async with (
        ScriptedServer(models=[entry("m", "llamacpp")], routes={"GET /props": SILENCE}) as server,
        HttpModelServers(listing_seconds=1.5) as servers,
    ):
        began = time.monotonic()
        listing = await servers.list_models(spec_of(server.url))
    assert listing.models == (ListedModel("m"),)
    assert time.monotonic() - began < 5


async def test_probe_finds_what_answers() -> None:
    """Of the known ports those count that answer with a list of models without a key."""
    async with (
        ScriptedServer(models=[entry("llama3:latest", "mine")]) as ollama,
        ScriptedServer(models=[entry("m", "vllm")]) as vllm,
        ScriptedServer(api_key="wanted") as locked,
        ScriptedServer(routes={"GET /v1/models": "<html>A web site</html>"}) as page,
    ):
        ports = {
            ConnectionKind.OLLAMA: ollama.port,
            ConnectionKind.VLLM: vllm.port,
            ConnectionKind.TABBY: locked.port,
            ConnectionKind.LLAMACPP: page.port,
            ConnectionKind.LMSTUDIO: free_port(),
        }
        async with HttpModelServers(ports=ports) as servers:
            found = await servers.probe()
    assert [(spec.slug, spec.name, spec.kind, spec.base_url, spec.origin) for spec in found] == [
        ("ollama", "Ollama", ConnectionKind.OLLAMA, ollama.url, ConnectionOrigin.PROBED),
        ("vllm", "vLLM", ConnectionKind.VLLM, vllm.url, ConnectionOrigin.PROBED),
    ]


async def test_unknown_server_on_a_known_port_is_not_given_abilities() -> None:
    """What answers on vLLM's port without saying that it is vLLM is offered as any OpenAI-compatible server."""
    async with (
        ScriptedServer() as server,
        HttpModelServers(ports={ConnectionKind.VLLM: server.port}) as servers,
    ):
        (found,) = await servers.probe()
    assert (found.slug, found.kind) == (f"local-{server.port}", ConnectionKind.OPENAI)


async def test_probe_waits_less_than_a_second() -> None:
    """A port that takes the question and says nothing delays nobody."""
    async with (
        ScriptedServer(routes={"GET /v1/models": SILENCE}) as silent,
        HttpModelServers(ports={ConnectionKind.VLLM: silent.port}) as servers,
    ):
        began = time.monotonic()
        assert await servers.probe() == []
    assert time.monotonic() - began < 1.5


async def test_loopback_is_never_proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is for servers elsewhere."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with ScriptedServer() as server, HttpModelServers() as servers:
        assert (await servers.list_models(spec_of(server.url))).models
        assert (await servers.list_models(spec_of(server.url.replace("127.0.0.1", "localhost")))).models


async def test_one_client_for_all_and_no_io_to_open() -> None:
    """Opening connects to nothing, and all servers share the process's client until it is closed."""
    async with HttpModelServers() as servers:
        one, two = (servers.open(spec_of(f"http://127.0.0.1:{free_port()}/v1")) for _ in range(2))
        assert one.client is two.client
    assert one.client.is_closed
    await servers.aclose()
