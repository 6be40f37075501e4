"""Whether the parts work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gantry.domain.errors import GantryError

_PATIENCE_SECONDS = 1.0


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
    """Readiness of the process."""

    parts: Mapping[str, Part] = field(default_factory=dict)

    async def readiness(self) -> dict[str, PartState]:
        """Ask all parts at once, within a second each; the database and the schema are required."""
        states = await asyncio.gather(*(_ask(part) for part in self.parts.values()))
        return dict(zip(self.parts, states, strict=True))


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
