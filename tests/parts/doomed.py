"""A process of its own that sends one message and writes the answer, to be killed in the middle of it."""

import asyncio
import json
import sys
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
    async def start(cls, settings: Settings, who: Actor, text: str = "hello") -> "DoomedWriter":
        """Start the process; returns when its answer is being written."""
        order = {
            "settings": settings.model_dump(mode="json")
            | {"secret_key": settings.secret_key.get_secret_value()},
            "account": str(who.id),
            "text": text,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.parts.doomed", json.dumps(order), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        line = json.loads(await process.stdout.readline())
        return cls(process, Sent(*(UUID(value) for value in line)))

    async def kill(self) -> None:
        """End it as ``kill -9`` does: no checkpoint, no release, no goodbye."""
        self.process.kill()
        await self.process.wait()


async def _write(order: dict[str, Any]) -> None:
    settings = Settings(_env_file=None, **order["settings"])  # pyright: ignore[reportCallIssue]
    who = Actor(UUID(order["account"]), "", "", Role.USER)
    async with build(settings) as built:
        sent = await built.services.chat.send(who, None, order["text"], model="openai/scripted")
        ids = (sent.conversation_id, sent.message_id, sent.generation_id)
        print(json.dumps([str(value) for value in ids]), flush=True)  # noqa: T201 - it is how it answers
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_write(json.loads(sys.argv[1])))
