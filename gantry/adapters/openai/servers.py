"""The model servers this process talks to: one HTTP client, their models, and those on this machine."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.request import getproxies

import httpx
import orjson

from gantry.adapters.http.calls import MovedAway, TooLarge, body_of, sent
from gantry.adapters.http.transport import PacedTransport
from gantry.adapters.openai import model_listing
from gantry.adapters.openai.chat import OpenAIChatModel, Timeouts
from gantry.adapters.openai.errors import ServerFaults, server_message
from gantry.adapters.openai.options import Habits
from gantry.adapters.openai.pace import Pace
from gantry.adapters.openai.passing import Asked, Passed, pass_on
from gantry.adapters.openai.waiting import Lookout
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec, ListedModel, Listing
from gantry.domain.connections import address_below, root_of
from gantry.domain.errors import ModelFault, ModelUnavailable

LOCAL_PORTS: Mapping[ConnectionKind, int] = {
    ConnectionKind.OLLAMA: 11434,
    ConnectionKind.LMSTUDIO: 1234,
    ConnectionKind.LLAMACPP: 8080,
    ConnectionKind.TABBY: 5000,
    ConnectionKind.VLLM: 8000,
}
NAMES: Mapping[ConnectionKind, str] = {
    ConnectionKind.OLLAMA: "Ollama",
    ConnectionKind.LMSTUDIO: "LM Studio",
    ConnectionKind.LLAMACPP: "llama.cpp",
    ConnectionKind.TABBY: "TabbyAPI",
    ConnectionKind.VLLM: "vLLM",
}
# Ports that nothing else uses: there a list that names no owner still tells the kind.
_TELLING_PORTS = (ConnectionKind.OLLAMA, ConnectionKind.LMSTUDIO)
_LISTING_SECONDS = 5.0
_ASIDE_SECONDS = 2.0
_PROBE_SECONDS = 0.8
_MOST_SHOWN = 100  # models of one Ollama that are asked about one by one
_MAX_LIST_BYTES = 16 * 1024 * 1024
_NO_LIST = frozenset({ModelFault.BROKEN, ModelFault.NOT_FOUND, ModelFault.REJECTED, ModelFault.SERVER_ERROR})
# uvicorn, under most model servers, closes idle connections after five seconds: never race it.
_KEEPALIVE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class _Told:
    """What a side question told about one model."""

    length: int | None
    chats: bool = True


class HttpModelServers:
    """Opens OpenAI-compatible servers; implements ``domain.catalog.ModelServers``.

    The client is made on first use and serves the whole process: close it with ``aclose()`` or ``async with``.
    """

    def __init__(
        self,
        *,
        timeouts: Timeouts | None = None,
        ports: Mapping[ConnectionKind, int] = LOCAL_PORTS,
        listing_seconds: float = _LISTING_SECONDS,
    ) -> None:
        self._timeouts = timeouts or Timeouts()
        self._ports = ports
        self._listing_seconds = listing_seconds
        self._habits = Habits()
        self._pace = Pace()
        self._lookout = Lookout()
        self._opened: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client and every connection it holds."""
        client, self._opened = self._opened, None
        if client is not None:
            await client.aclose()

    def open(self, connection: ConnectionSpec) -> OpenAIChatModel:
        """Return the server behind *connection*; does no I/O."""
        return OpenAIChatModel(
            self._client, connection, self._timeouts, self._habits, self._pace, self._lookout
        )

    async def list_models(self, connection: ConnectionSpec) -> Listing:
        """Ask a server which models it has, and how long their contexts are, within five seconds.

        Raises:
            ModelUnavailable: With the server's own message where it gave one.
        """
        faults = ServerFaults(connection)
        deadline = asyncio.get_running_loop().time() + self._listing_seconds
        try:
            async with asyncio.timeout_at(deadline):
                entries = await self._entries_or_named(connection, faults)
        except TimeoutError as error:
            raise faults.silent() from error
        except MovedAway as error:
            raise faults.moved(error.address) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise faults.transport(error) from error
        except UnicodeError as error:
            raise faults.unreachable(str(error)) from error
        kind = connection.kind
        if kind is ConnectionKind.OPENAI:
            kind = model_listing.kind_of(entries) or kind
        models = model_listing.listed(entries, connection.models)
        told: dict[str, _Told] = {}
        # What is learned aside makes the list better; without it the list is still a list.
        with suppress(TimeoutError, httpx.HTTPError, ModelUnavailable, ValueError):
            async with asyncio.timeout_at(min(deadline, asyncio.get_running_loop().time() + _ASIDE_SECONDS)):
                await self._ask_aside(replace(connection, kind=kind), models, told)
        return Listing(kind, tuple(_improved(models, told)))

    async def pass_on(
        self,
        connection: ConnectionSpec,
        path: str,
        body: Mapping[str, Any],
        wishes: Mapping[str, Any] | None = None,
    ) -> Passed:
        """Send a program's request on; see ``domain.passing.PassesOn``."""
        asked = Asked(path, body, dict(wishes or {}))
        return await pass_on(self._client, self._pace, connection, asked)

    async def probe(self) -> list[ConnectionSpec]:
        """Return the model servers that answer on well-known local ports, within a second."""
        found = await asyncio.gather(*(self._probe_port(kind, port) for kind, port in self._ports.items()))
        return [connection for connection in found if connection is not None]

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._opened is None:
            ours = PacedTransport(keepalive_seconds=_KEEPALIVE_SECONDS)
            # The environment's proxy is for servers elsewhere, and httpx's own transport speaks to it: loopback is never proxied.
            direct = ("all://127.0.0.1", "all://localhost", "all://[::1]")
            self._opened = httpx.AsyncClient(
                transport=None if getproxies().keys() & {"http", "https", "all"} else ours,
                mounts=dict.fromkeys(direct, ours),
                timeout=httpx.Timeout(self._timeouts.connect),
                limits=httpx.Limits(
                    max_connections=None,  # an answer holds one for minutes; how many there may be is not ours to say
                    max_keepalive_connections=20,
                    keepalive_expiry=_KEEPALIVE_SECONDS,
                ),
            )
        return self._opened

    async def _entries_or_named(
        self, connection: ConnectionSpec, faults: ServerFaults
    ) -> list[dict[str, Any]]:
        """Return the server's list; an empty one where it has none and models were named by hand."""
        try:
            return await self._entries(connection, faults)
        except ModelUnavailable as error:
            if connection.models and error.fault in _NO_LIST:
                return []
            raise

    async def _entries(self, connection: ConnectionSpec, faults: ServerFaults) -> list[dict[str, Any]]:
        try:
            value = await self._ask(connection, address_below(connection.base_url, "models"), faults=faults)
        except ModelUnavailable as error:
            if error.fault in {ModelFault.NOT_FOUND, ModelFault.BROKEN}:
                raise faults.unlisted(error.details) from error
            raise
        entries = model_listing.entries_of(value)
        if entries is None:
            raise faults.unlisted("The address answers, but not with a list of models.")
        return entries

    async def _ask(
        self,
        connection: ConnectionSpec,
        url: str,
        *,
        faults: ServerFaults,
        post: dict[str, Any] | None = None,
    ) -> Any:
        """Return the JSON value at *url*; ``ModelUnavailable`` when there is none."""
        key = connection.api_key
        request = self._client.build_request(
            "GET" if post is None else "POST",
            url,
            json=post,
            headers={"Authorization": f"Bearer {key}"} if key else None,
        )
        async with sent(self._client, request) as response:
            try:
                body = await body_of(response, _MAX_LIST_BYTES)
            except TooLarge as error:
                raise faults.broken(str(error)) from error
        if not response.is_success:
            raise faults.answered(response.status_code, response.headers, body)
        try:
            return orjson.loads(body)
        except ValueError as error:
            raise faults.broken(server_message(body)) from error

    async def _ask_aside(
        self, connection: ConnectionSpec, models: list[ListedModel], told: dict[str, _Told]
    ) -> None:
        """Ask in the words of the kind what the list does not tell, and note it in *told* as it comes."""
        faults = ServerFaults(connection)
        root = root_of(connection.base_url)

        def ask(url: str, post: dict[str, Any] | None = None) -> Awaitable[Any]:
            return self._ask(connection, url, faults=faults, post=post)

        unknown = [model for model in models if model.context_tokens is None]
        if connection.kind is ConnectionKind.LMSTUDIO:
            shown = model_listing.lmstudio_models(await ask(address_below(root, "api/v0/models")))
            told.update({name: _Told(length, chats) for name, (chats, length) in shown.items()})
        elif connection.kind is ConnectionKind.OLLAMA:
            await _show_each(models, lambda name: ask(address_below(root, "api/show"), {"model": name}), told)
        elif connection.kind is ConnectionKind.TABBY:
            if loaded := model_listing.tabby_loaded(await ask(address_below(connection.base_url, "model"))):
                told[loaded[0]] = _Told(loaded[1])
        elif connection.kind is ConnectionKind.LLAMACPP and len(unknown) == 1:
            told[unknown[0].name] = _Told(
                model_listing.llamacpp_length(await ask(address_below(root, "props")))
            )

    async def _probe_port(self, expected: ConnectionKind, port: int) -> ConnectionSpec | None:
        """Return the server on *port*; one that wants a key is none of ours to offer."""
        connection = ConnectionSpec(
            slug=expected.value,
            name=NAMES[expected],
            kind=expected,
            base_url=f"http://127.0.0.1:{port}/v1",
            origin=ConnectionOrigin.PROBED,
        )
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                entries = await self._entries(connection, ServerFaults(connection))
        except (TimeoutError, httpx.HTTPError, MovedAway, ModelUnavailable):
            return None
        kind = model_listing.kind_of(entries)
        if kind is None:
            kind = expected if expected in _TELLING_PORTS else ConnectionKind.OPENAI
        if kind is ConnectionKind.OPENAI:
            return replace(connection, kind=kind, name=f"localhost:{port}", slug=f"local-{port}")
        return replace(connection, kind=kind, name=NAMES[kind])


async def _show_each(
    models: list[ListedModel], show: Callable[[str], Awaitable[Any]], told: dict[str, _Told]
) -> None:
    """Ask Ollama about each model, eight at a time."""
    turns = asyncio.Semaphore(8)

    async def one(name: str) -> None:
        async with turns:
            with suppress(httpx.HTTPError, ModelUnavailable):
                shown = await show(name)
                told[name] = _Told(model_listing.ollama_length(shown), model_listing.ollama_chats(shown))

    async with asyncio.TaskGroup() as group:
        for model in models[:_MOST_SHOWN]:
            group.create_task(one(model.name))


def _improved(models: list[ListedModel], told: Mapping[str, _Told]) -> list[ListedModel]:
    """Return *models* with what was told of them, without those that cannot chat."""
    better: list[ListedModel] = []
    for model in models:
        news = told.get(model.name)
        if news is None:
            better.append(model)
        elif news.chats:
            better.append(ListedModel(model.name, news.length or model.context_tokens))
    return better
