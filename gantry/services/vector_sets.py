"""Which set of vectors is searched, which one is being built, and who makes their vectors.

One set is searched. When another model is configured its set is filled beside it, and takes over once it is complete.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from gantry.domain.clock import utc_now
from gantry.domain.embedding import Embedder, EmbeddingUnavailable, SetState, VectorSet
from gantry.domain.errors import Unavailable
from gantry.domain.messages import _
from gantry.domain.vectors import VectorIndex
from gantry.repositories.database import Database

_KNOWN_SECONDS = 5.0  # for which the sets are remembered
_PAGE_SECONDS = 1.0  # for which a page waits to hear whether a model is there

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What the page says about search by meaning."""

    model: str = ""
    semantic: bool = False
    building: str = ""  # the model whose set is being filled
    done: int = 0
    total: int = 0
    answers: bool = True  # whether the model can be asked now

    def sentence(self, *, administrator: bool = False) -> str:
        """One sentence for an administrator or for others; empty when all is as it should be."""
        if self.building and self.model:
            percent = 100 * self.done // self.total if self.total else 100
            if self.answers:
                return _(
                    "Indexing with {building}: {percent} %. Search uses {model} until then.",
                    building=self.building,
                    percent=percent,
                    model=self.model,
                )
            return _(
                "Indexing with {building}: {percent} %. {model} is no longer available: until then only keyword search is used.",
                building=self.building,
                percent=percent,
                model=self.model,
            )
        if not self.model:
            return _("Search by meaning is not ready yet: only keyword search is used.")
        if not self.answers:
            return _("{model} does not answer: only keyword search is used for now.", model=self.model)
        if not self.semantic:
            if administrator:
                return _(
                    "No embedding model is installed: search compares words, not meaning. "
                    "Add one with EMBEDDING_MODEL: minilm, or a model of EMBEDDING_BASE_URL."
                )
            return _(
                "No embedding model is installed: search compares words, not meaning. An administrator can add one."
            )
        return ""


class KnownEmbedders(Protocol):
    """The models this process can use, by name; one may come while it runs."""

    async def named(self, name: str) -> Embedder | None:
        """Return one, or None when there is none of that name."""
        ...


@dataclass(frozen=True, slots=True)
class KnownSets:
    """The set that is searched and the one being built, as last read; ``at`` is by the loop's clock."""

    active: VectorSet | None = None
    building: VectorSet | None = None
    at: float = -1e9


@dataclass(slots=True)
class VectorSets:
    """The vector sets of a deployment. ``wanted`` is the configured model; ``embedders`` are all there are."""

    database: Database
    index: VectorIndex
    wanted: Callable[[], Awaitable[Embedder]]
    embedders: KnownEmbedders
    now: Callable[[], datetime] = utc_now
    _known: KnownSets = field(default_factory=KnownSets)

    async def known(self) -> KnownSets:
        """Return the sets as they were a few seconds ago at most."""
        clock = asyncio.get_running_loop().time()
        if clock - self._known.at > _KNOWN_SECONDS:
            async with self.database.read(brief=True) as tx:
                every = await tx.indexing.sets()
            active = next((each for each in every if each.state is SetState.ACTIVE), None)
            building = next((each for each in every if each.state is SetState.BUILDING), None)
            self._known = KnownSets(active, building, clock)
        return self._known

    async def in_use(self) -> list[VectorSet]:
        """Return the sets that hold vectors of today's rows: what is searched, and what is being built."""
        sets = await self.known()
        return [each for each in (sets.active, sets.building) if each is not None]

    async def embedder(self, vectors: VectorSet) -> Embedder:
        """Return who makes the vectors of a set: its own model, or nobody.

        Raises:
            EmbeddingUnavailable: That model is not there now.
        """
        for find in (self.wanted, partial(self.embedders.named, vectors.model)):
            with suppress(EmbeddingUnavailable):
                embedder = await find()
                if embedder is not None and (await embedder.model()).set_name == vectors.name:
                    return embedder
        raise EmbeddingUnavailable(
            f"The model {vectors.model}, which the index was made with, does not answer."
        )

    async def status(self) -> IndexStatus:
        """Return what the page says about search by meaning."""
        sets = await self.known()
        if sets.active is None:
            return IndexStatus()
        answers = await self._answers(sets.active)
        if sets.building is None:
            return IndexStatus(sets.active.model, sets.active.semantic, answers=answers)
        async with self.database.read() as tx:
            done, total = await tx.indexing.counts(sets.building.name)
        return IndexStatus(
            sets.active.model, sets.active.semantic, sets.building.model, done, total, answers=answers
        )

    async def settle(self) -> None:
        """Make the set of the configured model, and forget what was being built for another."""
        try:
            model = await (await self.wanted()).model()
        except Unavailable:
            return  # the active set serves on, and words alone where there is none
        known = await self.known()
        if known.building is None and known.active and known.active.name == model.set_name:
            return
        async with self.database.read() as tx:
            states = {each.name: each.state for each in await tx.indexing.sets()}
        others = [
            name for name, state in states.items() if state is SetState.BUILDING and name != model.set_name
        ]
        if states.get(model.set_name) in {SetState.ACTIVE, SetState.BUILDING} and not others:
            return
        async with self.database.begin() as tx:
            sets = {each.name: each for each in await tx.indexing.sets()}
            active = next((each for each in sets.values() if each.state is SetState.ACTIVE), None)
            for each in sets.values():
                if each.state is SetState.BUILDING and each.name != model.set_name:
                    await tx.indexing.set_state(each.name, SetState.RETIRED)
                    await tx.indexing.unmark(each.name)
            mine, state = sets.get(model.set_name), SetState.BUILDING if active else SetState.ACTIVE
            if mine is None:
                await tx.indexing.add_set(model, state, at=self.now())
            elif mine.state is SetState.RETIRED:
                await tx.indexing.set_state(mine.name, state)
        self._known = KnownSets()

    async def switch(self, active: VectorSet, building: VectorSet) -> None:
        """Search the set that was built from now on; the one before it is retired."""
        async with self.database.begin() as tx:
            await tx.indexing.set_state(active.name, SetState.RETIRED)
            await tx.indexing.set_state(building.name, SetState.ACTIVE)
        self._known = KnownSets()
        log.info("index.switched", extra={"from": active.name, "to": building.name})

    async def drop_retired(self) -> int:
        """Remove the sets that are no longer searched; returns how many."""
        async with self.database.read() as tx:
            retired = [each for each in await tx.indexing.sets() if each.state is SetState.RETIRED]
        for each in retired:
            await self.index.drop(each.name)
            async with self.database.begin() as tx:
                await tx.indexing.remove_set(each.name)
        return len(retired)

    async def _answers(self, vectors: VectorSet) -> bool:
        """Whether the model of a set is there; one that does not say so at once is not."""
        try:
            async with asyncio.timeout(_PAGE_SECONDS):
                await self.embedder(vectors)
        except (TimeoutError, EmbeddingUnavailable):
            return False
        return True
