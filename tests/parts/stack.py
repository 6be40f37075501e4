"""The product's own services over real parts; several at once are replicas of one deployment."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gantry.bootstrap import Built, build
from gantry.domain.accounts import Actor
from gantry.domain.chat import StoredConversation, StoredMessage
from gantry.domain.live import LiveEvent, LiveKind, Position
from gantry.models import Message
from gantry.repositories.database import Database
from gantry.runtime import Services
from gantry.services.chat import Sent
from gantry.settings import Settings
from tests.factories import actor_of, make_account
from tests.parts.llm_server import ScriptedServer

SECRET = "zK3vQ9xW7mB1nT5rY8uP2sD6fG4hJ0kLaEcRiO"
PATIENCE = 15.0  # seconds a test waits for what must come


def test_settings(database_url: str, **values: Any) -> Settings:
    """Return settings that read neither the environment nor ``.env``."""
    defaults: dict[str, Any] = {
        "database_url": database_url,
        "secret_key": SECRET,
        "probe_local_models": False,
        "embedding_model": "lexical",
        "data_dir": Path(tempfile.mkdtemp(prefix="gantry-test-")),
        "generation_lease_seconds": 1.5,
        "generation_heartbeat_seconds": 0.1,
        "sweep_seconds": 0.2,
    }
    return Settings(_env_file=None, **(defaults | values))  # pyright: ignore[reportCallIssue]


test_settings.__test__ = False  # pyright: ignore[reportFunctionMemberAccess]


@dataclass(slots=True)
class Reader:
    """Follows an answer as a browser does: keeps the text, starts over when told, remembers its place."""

    text: str = ""
    reasoning: str = ""
    position: Position = field(default_factory=Position)
    kinds: list[LiveKind] = field(default_factory=list)
    status: str = ""
    error: dict[str, Any] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)

    def take(self, event: LiveEvent) -> None:
        """Apply one event."""
        self.kinds.append(event.kind)
        self.position = event.position
        match event.kind:
            case LiveKind.TEXT:
                self.text += event.data["text"]
            case LiveKind.REASONING:
                self.reasoning += event.data["text"]
            case LiveKind.RESTARTED:
                self.text = self.reasoning = ""
            case LiveKind.STATUS:
                self.stages.append(event.data["state"])
            case LiveKind.ERROR:
                self.error = dict(event.data)
            case LiveKind.END:
                self.status = event.data["status"]

    async def follow(
        self,
        services: Services,
        who: Actor,
        generation: UUID,
        *,
        until: Callable[["Reader"], bool] | None = None,
    ) -> "Reader":
        """Read from where it stands to the end, or until *until* holds."""
        async with asyncio.timeout(PATIENCE):
            async with aclosing(services.answers.follow(who, generation, self.position)) as events:
                async for event in events:
                    if event is not None:
                        self.take(event)
                    if until is not None and until(self):
                        break
        return self


@dataclass(slots=True)
class Stack:
    """One deployment: a database, a scripted model server, and as many processes as a test starts."""

    settings: Settings
    database: Database
    llm: ScriptedServer
    who: Actor
    main: Built
    exits: AsyncExitStack

    @property
    def services(self) -> Services:
        """The first process's services."""
        return self.main.services

    async def another(self) -> Built:
        """Start another process of the same deployment."""
        return await self.exits.enter_async_context(build(self.settings))

    async def ask(self, text: str = "hello", conversation: UUID | None = None, **values: Any) -> Sent:
        """Send a message to the scripted model."""
        options: dict[str, Any] = {"model": "openai/scripted"} | values
        return await self.services.chat.send(self.who, conversation, text, **options)

    async def read(self, sent: Sent) -> Reader:
        """Follow an answer from its beginning to its end."""
        return await Reader().follow(self.services, self.who, sent.generation_id)

    async def message(self, message: UUID) -> Message:
        """Return a message as stored."""
        async with self.database.read() as tx:
            found = await tx.chat.find_message(message)
        assert found is not None
        return found


async def all_messages(
    services: Services, who: Actor, conversation: UUID
) -> tuple[StoredConversation, list[StoredMessage]]:
    """Return a conversation of *who* with the messages of all its branches, oldest first."""
    row, messages = await services.conversations.told(who, conversation)
    return row, [each.message async for each in messages]


@asynccontextmanager
async def running_stack(database_url: str, **values: Any) -> AsyncGenerator[Stack]:
    """Start one process over *database_url* and a scripted model server."""
    async with AsyncExitStack() as exits:
        llm = await exits.enter_async_context(ScriptedServer())
        settings = test_settings(database_url, openai_base_url=llm.url, **values)
        database = await exits.enter_async_context(Database(database_url))
        async with database.begin() as tx:
            who = actor_of(await make_account(tx, "ada@example.org"))
        main = await exits.enter_async_context(build(settings))
        stack = Stack(settings, database, llm, who, main, exits)
        yield stack
        await stack.main.writers.drain()


@pytest.fixture
async def stack(database_url: str) -> AsyncIterator[Stack]:
    """Yield a deployment of one process, on both kinds of database."""
    async with running_stack(database_url) as stack:
        yield stack
