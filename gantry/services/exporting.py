"""Taking conversations out: one as a file, several or all as a ZIP, read and sent piece by piece."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry import __version__
from gantry.domain import exporting
from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.exporting import ExportedConversation, ExportedMessage, FileList
from gantry.repositories.database import Database

_MESSAGES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Contents:
    """A conversation to be written: what it is, and which messages it has."""

    conversation: ExportedConversation
    messages: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class ExportService:
    """What a person takes out. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    now: Callable[[], datetime] = utc_now

    async def open(self, who: Actor, conversation: UUID) -> Contents:
        """Look up a conversation with all its branches."""
        async with self.database.read() as tx:
            found = await tx.exporting.conversation(conversation, owner=who.id)
            return Contents(found, await tx.exporting.message_ids(conversation))

    async def as_json(self, contents: Contents, files: FileList) -> AsyncIterator[str]:
        """Yield a conversation as a document of its own; *files* takes in what was sent with it."""
        yield exporting.opening(f"Gantry {__version__}", self.now())
        yield exporting.conversation_opening(contents.conversation)
        comma = ""
        async for message in self._messages(contents.messages):
            files.add(message.files)
            yield comma + exporting.message_line(message)
            comma = ","
        yield exporting.CONVERSATION_END
        yield exporting.ending(files)

    async def _messages(self, ids: Sequence[UUID]) -> AsyncIterator[ExportedMessage]:
        for first in range(0, len(ids), _MESSAGES_AT_ONCE):
            async with self.database.read() as tx:
                messages = await tx.exporting.messages(ids[first : first + _MESSAGES_AT_ONCE])
            for message in messages:
                yield message
