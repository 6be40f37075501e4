"""What a model server does while it says nothing yet, asked of it in the words of its kind.

A place that a server does not have is not asked again for an hour; answers that wait for the same server share what it told.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from gantry.adapters.http.calls import MovedAway, TooLarge, body_of, sent
from gantry.adapters.http.server_words import Words
from gantry.adapters.openai import occupation
from gantry.adapters.openai.sse import EventCutter
from gantry.domain.catalog import ConnectionKind, ConnectionSpec, Progress
from gantry.domain.connections import address_below, root_of
from gantry.domain.live import Stage

_PATIENCE_SECONDS = 2.0
_FRESH_SECONDS = 1.0  # in which what one answer was told holds for another
_REFUSED_SECONDS = 3600.0
_SLOWER = 1.2  # each pause is so much longer than the one before
_LONGEST_SECONDS = 10.0
_MAX_BYTES = 1024 * 1024
_MOST_KEPT = 500
_NOT_NOW = frozenset({408, 429, 502, 503, 504})  # no word about whether there is such a place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where servers of a kind tell what they do.

    Attributes:
        read: Makes something of the model's name and the body; None when this is not where it is told.
        below: Whether it is below ``/v1`` and not beside it.
        query: With ``{model}`` where the model's name goes.
        events: Where a server that loads tells how far it is.
    """

    path: str
    read: Callable[[str, bytes], Progress | None]
    below: bool = False
    query: str = ""
    events: str = ""

    def address(self, base_url: str, model: str) -> str:
        """Return where to ask about *model*."""
        url = address_below(base_url if self.below else root_of(base_url), self.path)
        if not self.query:
            return url
        return f"{url}{'&' if '?' in url else '?'}{self.query.format(model=quote(model, safe=''))}"


# Of several places of a kind the first that a server has.
_PLACES: Mapping[ConnectionKind, tuple[_Place, ...]] = {
    ConnectionKind.LMSTUDIO: (
        _Place("api/v1/models", occupation.lmstudio),
        _Place("api/v0/models", occupation.lmstudio),
    ),
    ConnectionKind.OLLAMA: (_Place("api/ps", occupation.ollama),),
    ConnectionKind.TABBY: (_Place("model", occupation.tabby, below=True),),
    ConnectionKind.VLLM: (_Place("metrics", occupation.vllm),),
    ConnectionKind.LLAMACPP: (
        # A server of several models would load what it is asked about, and answer when it has.
        _Place("slots", occupation.llamacpp, query="model={model}&autoload=false", events="models/sse"),
    ),
}


@dataclass(slots=True)
class _Told:
    at: float = float("-inf")
    progress: Progress | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Lookout:
    """Asks servers what they do; one for the process."""

    _refused: dict[str, float] = field(default_factory=dict[str, float])  # until when
    _told: dict[str, _Told] = field(default_factory=dict[str, _Told])

    async def watch(
        self, client: httpx.AsyncClient, connection: ConnectionSpec, model: str, *, ask: float, guess: float
    ) -> AsyncGenerator[Progress]:
        """Yield what the server does with a question, each time that changes.

        Args:
            ask: Seconds until it is asked for the first time, and half of those until the second.
            guess: Seconds after which a server that has no place for it is thought to load the model.
        """
        last = Progress(Stage.THINKING)
        pause = 2 * ask
        if any(self._places(connection)):
            await asyncio.sleep(ask)
            guess -= ask
        while found := await self._place(client, connection, model):
            place, told = found
            if told is not None and told.stage is Stage.LOADING and place.events:
                told = await self._how_far(client, connection, place, model) or told
            if told is not None and told != last and not _is_no_news(connection.kind, last, told):
                last = told
                yield told
            await asyncio.sleep(pause)
            pause = min(pause * _SLOWER, _LONGEST_SECONDS)
        await asyncio.sleep(max(0.0, guess))
        yield Progress(Stage.LOADING)

    def _places(self, connection: ConnectionSpec) -> Iterator[_Place]:
        """Yield where *connection* may tell something."""
        now = asyncio.get_running_loop().time()
        for place in _PLACES.get(connection.kind, ()):
            if self._refused.get(_key(connection, place.path), 0.0) <= now:
                yield place

    async def _place(
        self, client: httpx.AsyncClient, connection: ConnectionSpec, model: str
    ) -> tuple[_Place, Progress | None] | None:
        """Return the first place that is there, with what is told at it."""
        for place in self._places(connection):
            told = await self._ask(client, connection, place, model)
            if place in self._places(connection):
                return place, told
        return None

    async def _ask(
        self, client: httpx.AsyncClient, connection: ConnectionSpec, place: _Place, model: str
    ) -> Progress | None:
        """Return what is told at *place*, at most a second old; None when nothing is told now."""
        url = place.address(connection.base_url, model)
        if len(self._told) > _MOST_KEPT:
            self._told.clear()
        told = self._told.setdefault(f"{connection.slug} {url}", _Told())
        async with told.turn:
            now = asyncio.get_running_loop().time()
            if now - told.at > _FRESH_SECONDS:
                told.progress = await self._fetch(client, connection, place, model, url)
                told.at = asyncio.get_running_loop().time()
            return told.progress

    async def _fetch(
        self, client: httpx.AsyncClient, connection: ConnectionSpec, place: _Place, model: str, url: str
    ) -> Progress | None:
        try:
            async with (
                asyncio.timeout(_PATIENCE_SECONDS),
                sent(client, _request(client, connection, url)) as answer,
            ):
                body = await body_of(answer, _MAX_BYTES)
        except (TimeoutError, httpx.HTTPError):
            return None
        except (MovedAway, TooLarge, ValueError):
            self._refuse(connection, place.path)
            return None
        told: Progress | None = None
        try:
            if answer.is_success:
                told = place.read(model, body)
            elif occupation.is_not_loaded(Words.in_body(body).sentence):
                return Progress(Stage.LOADING)
            elif answer.status_code in _NOT_NOW:
                return None
        except Exception:  # whatever a server says here, its answer goes on
            log.exception("lookout.unreadable", extra={"connection": connection.slug, "place": place.path})
        if told is None:
            self._refuse(connection, place.path)
        return told

    async def _how_far(
        self, client: httpx.AsyncClient, connection: ConnectionSpec, place: _Place, model: str
    ) -> Progress | None:
        """Return how far a model is loaded, as soon as the server tells it, within two seconds."""
        if self._refused.get(_key(connection, place.events), 0.0) > asyncio.get_running_loop().time():
            return None
        url = address_below(root_of(connection.base_url), place.events)
        try:
            async with (
                asyncio.timeout(_PATIENCE_SECONDS),
                sent(client, _request(client, connection, url)) as answer,
            ):
                if not answer.is_success:
                    self._refuse(connection, place.events)
                    return None
                cutter = EventCutter()
                async for piece in answer.aiter_bytes():
                    for value in cutter.feed(piece):
                        if (percent := occupation.llamacpp_percent(model, value)) is not None:
                            return Progress(Stage.LOADING, percent)
        except (TimeoutError, httpx.HTTPError, ValueError):
            pass
        return None

    def _refuse(self, connection: ConnectionSpec, path: str) -> None:
        if len(self._refused) > _MOST_KEPT:
            self._refused.clear()
        self._refused[_key(connection, path)] = asyncio.get_running_loop().time() + _REFUSED_SECONDS


def _key(connection: ConnectionSpec, path: str) -> str:
    return f"{connection.slug} {connection.base_url} {path}"


def _request(client: httpx.AsyncClient, connection: ConnectionSpec, url: str) -> httpx.Request:
    key = connection.api_key
    return client.build_request("GET", url, headers={"Authorization": f"Bearer {key}"} if key else None)


def _is_no_news(kind: ConnectionKind, last: Progress, told: Progress) -> bool:
    """Whether what is told now says less than before: Ollama lists a model from the moment it begins to load it."""
    return kind is ConnectionKind.OLLAMA and last.stage is Stage.LOADING and told.stage is Stage.THINKING
