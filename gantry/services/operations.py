"""Whether the parts work, and the figures of the process."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter

from gantry.domain.errors import GantryError
from gantry.domain.telemetry import UNMEASURED, Exposition, Telemetry

WATCH_SECONDS = 15
_PATIENCE_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PartState:
    """One part as ``/ready`` shows it."""

    ok: bool
    required: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """How to ask one part whether it works; ``ask`` raises when it does not, and may return a detail."""

    ask: Callable[[], Awaitable[str]]
    required: bool = False


@dataclass(frozen=True, slots=True)
class OperationsService:
    """Readiness and figures of the process.

    Attributes:
        metrics_token: What a program must know to be told the figures; "" when only this machine is told.
        metrics_elsewhere: Whether they have an address of their own.
        newest_backup: Returns the age of the newest backup that this process knows of, in seconds; None without one.
        backups_elsewhere: Whether something else makes them, whose folder this process does not see.
    """

    parts: Mapping[str, Part] = field(default_factory=dict[str, Part])
    telemetry: Telemetry = UNMEASURED
    metrics_token: str = field(default="", repr=False)
    metrics_elsewhere: bool = False
    newest_backup: Callable[[], float | None] = lambda: None
    backups_elsewhere: bool = False

    async def readiness(self) -> dict[str, PartState]:
        """Ask all parts at once, within a second each; the database and the schema are required."""
        states = await asyncio.gather(*(self._measured(name, part) for name, part in self.parts.items()))
        self.telemetry.ready(fit=all(state.ok for state in states if state.required))
        return dict(zip(self.parts, states, strict=True))

    async def figures(self) -> Exposition:
        """Return what the process and its fellow workers have counted, for a monitoring system."""
        return await asyncio.to_thread(self.telemetry.exposition)  # it takes longer than a token may wait

    @asynccontextmanager
    async def watching(self, every_seconds: float = WATCH_SECONDS) -> AsyncGenerator[None]:
        """Keep the figures about parts and process fresh for the duration of the block, whoever asks or not."""
        task = asyncio.create_task(self._watch(every_seconds))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self, every_seconds: float) -> None:
        while True:
            try:
                self.telemetry.refresh()
                await self.readiness()
            except Exception:
                log.exception("worker.failed", extra={"worker": "watch"})
            await asyncio.sleep(every_seconds)

    async def _measured(self, name: str, part: Part) -> PartState:
        begun = perf_counter()
        state = await _ask(part)
        self.telemetry.part(name, ok=state.ok, required=state.required, seconds=perf_counter() - begun)
        return state


async def _ask(part: Part) -> PartState:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return PartState(ok=True, required=part.required, detail=await part.ask())
    except TimeoutError:
        return PartState(ok=False, required=part.required, detail="did not answer within a second")
    except GantryError as error:
        return PartState(ok=False, required=part.required, detail=f"{error.public} {error.advice}".strip())
    except OSError as error:
        return PartState(ok=False, required=part.required, detail=type(error).__name__)
