"""Answers of several models to one question, side by side until one of them is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.catalog import EXTRACTIVE
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict
from gantry.domain.live import NoticeKind
from gantry.domain.messages import _
from gantry.models import Conversation, Message, is_held_back
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.conversations import ConversationService
from gantry.services.writing import Writers


@dataclass(frozen=True, slots=True)
class ComparisonService:
    """Ends comparisons; ``ChatService.send`` begins them."""

    database: Database
    writers: Writers
    conversations: ConversationService
    now: Callable[[], datetime] = utc_now

    async def keep(self, who: Actor, message: UUID) -> UUID:
        """Go on with one of the answers side by side, and with its model; returns the conversation.

        The others stay beside it as alternatives; those that are still being written are stopped.

        Raises:
            NotFound: It is not *who*'s.
            Conflict: It does not stand side by side with others, or no longer.
        """
        async with self.database.begin() as tx:
            row, thread = await tx.chat.get_message(message, owner=who.id)
            if thread.active_leaf_id == row.id and not columns_of(thread):
                return thread.id  # kept before
            _require_column(thread, row.id)
            live = await tx.generations.live(thread.id)
            others = sorted(each.id for each in live if each.message_id != row.id)
            # Answers first, then messages, then the conversation: in the order of writers, so that nobody waits in a ring.
            for other in others:
                await tx.generations.request_stop(other, at=self.now())
            await tx.reading.take_up(row.id)
            await tx.chat.lock(thread)
            _require_column(thread, row.id)
            lead_to(thread, row, row.model)
        for other in others:
            self.writers.stop(other)
        self.conversations.tell(who, NoticeKind.CONVERSATION, thread.id)
        return thread.id


def _require_column(thread: Conversation, message: UUID) -> None:
    if message not in columns_of(thread):
        raise Conflict(
            _("This answer is not compared with others any more."),
            advice=_("The arrows below an answer lead to the others."),
        )


def columns_of(thread: Conversation) -> tuple[UUID, ...]:
    """Return the answers that stand side by side, in order; none when the conversation has gone on."""
    ids = tuple(UUID(each) for each in thread.compared or ())
    return ids if thread.active_leaf_id in ids else ()


async def place_of(tx: UnitOfWork, thread: Conversation, message: UUID) -> int | None:
    """Return the place of an answer among those side by side, which nobody else changes then; None: it is not one of them."""
    if message not in columns_of(thread):
        return None
    await tx.chat.lock(thread)
    columns = columns_of(thread)
    return columns.index(message) if message in columns else None


def take_place(thread: Conversation, place: int, message: UUID) -> None:
    """Put another answer in a place among those side by side."""
    columns = list(columns_of(thread))
    if thread.active_leaf_id == columns[place]:
        thread.active_leaf_id = message
    columns[place] = message
    thread.compared = [str(each) for each in columns]


async def go_on_from(tx: UnitOfWork, answer: Message | None) -> None:
    """Have memory read an answer that stood beside others, now that something follows it: the rest it need not know."""
    if answer is not None and is_held_back(answer):
        await tx.reading.take_up(answer.id)


def lead_to(thread: Conversation, answer: Message, model: str | None) -> None:
    """Have a conversation go on with *answer* alone, and with its model."""
    thread.active_leaf_id, thread.compared = answer.id, None
    if model and (thread.model is not None or model != EXTRACTIVE):
        thread.model = model  # nobody chose the built-in answerer: once there is a model, it takes over
