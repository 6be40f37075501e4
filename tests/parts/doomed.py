"""A process of its own that sends one message and writes the answer, to be killed in the middle of it."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from gantry.bootstrap import build
from gantry.domain.accounts import Actor, Role
from gantry.services.chat import Sent
from gantry.settings import Settings


class DoomedWriter:
    """The process, and the answer it writes."""

    def __init__(self, process: asyncio.subprocess.Process, sent: Sent) -> None:
        self.process = process
        self.sent = sent

    @classmethod
    async def start(
        cls,
        settings: Settings,
        who: Actor,
        text: str = "hello",
        model: str | Sequence[str] = "openai/scripted",
    ) -> "DoomedWriter":
        """Start the process; returns when its answer is being written, or its answers."""
        order = {
            "settings": settings.model_dump(mode="json")
            | {"secret_key": settings.secret_key.get_secret_value()},
            "account": str(who.id),
            "text": text,
            "model": model,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.parts.doomed", json.dumps(order), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        line = json.loads(await process.stdout.readline())
        first, *beside = [Sent(UUID(thread), UUID(message), UUID(answer)) for thread, message, answer in line]
        return cls(process, replace(first, beside=tuple(beside)))

    async def kill(self) -> None:
        """End it as ``kill -9`` does: no checkpoint, no release, no goodbye."""
        self.process.kill()
        await self.process.wait()


async def _write(order: dict[str, Any]) -> None:
    settings = Settings(_env_file=None, **order["settings"])  # pyright: ignore[reportCallIssue]
    who = Actor(UUID(order["account"]), "", "", Role.USER)
    async with build(settings) as built:
        sent = await built.services.chat.send(who, None, order["text"], model=order["model"])
        ids = [
            [str(value) for value in (each.conversation_id, each.message_id, each.generation_id)]
            for each in (sent, *sent.beside)
        ]
        print(json.dumps(ids), flush=True)  # noqa: T201 - it is how it answers
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_write(json.loads(sys.argv[1])))
