"""A process of its own that reads documents, to be killed in the middle of one."""

import asyncio
import json
import sys
from typing import Any

from gantry.bootstrap import background_of, build
from gantry.settings import Settings

LEASE_SECONDS = 2.0


class DoomedReader:
    """The process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, settings: Settings) -> "DoomedReader":
        """Start it over the same data; returns when its workers run."""
        order = settings.model_dump(mode="json") | {"secret_key": settings.secret_key.get_secret_value()}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.parts.doomed_reader",
            json.dumps(order),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"reading\n"
        return cls(process)

    async def kill(self) -> None:
        """End it as ``kill -9`` does, with whatever it has started left to itself."""
        self.process.kill()
        await self.process.wait()


async def _read(order: dict[str, Any]) -> None:
    settings = Settings(_env_file=None, **order)  # pyright: ignore[reportCallIssue]
    async with build(settings) as built:
        known = built.knowledge
        known.ingestion.lease_seconds, known.ingestion.heartbeat_seconds = LEASE_SECONDS, LEASE_SECONDS / 4
        async with background_of(known).running(sweep_seconds=0.2, alone=False):
            print("reading", flush=True)  # noqa: T201 - it is how it answers
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_read(json.loads(sys.argv[1])))
