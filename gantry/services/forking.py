"""Going on from a message in a conversation of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import MAX_TITLE_CHARACTERS, MessageRole, MessageStatus
from gantry.domain.clock import utc_now
from gantry.domain.errors import AlreadyAnswering, Conflict, Invalid
from gantry.domain.live import NoticeKind
from gantry.domain.messages import _
from gantry.models import Conversation
from gantry.repositories.database import Database
from gantry.services.conversations import ConversationService, new_conversation

MAX_MESSAGES = 20_000  # of the path that is copied
_MARK = " (fork)"


@dataclass(frozen=True, slots=True)
class ForkService:
    """Copies of a branch up to one message."""

    database: Database
    conversations: ConversationService
    now: Callable[[], datetime] = utc_now

    async def fork(self, who: Actor, message: UUID) -> UUID:
        """Make a conversation of what leads to an answer, and of the answer; returns its id.

        Texts are copied; files are those of the original, kept and counted once, for as long as either needs them. Passages
        of sources go when their documents do. Memory has read the original, and reads no copy.

        Raises:
            NotFound: The message is not *who*'s.
            Invalid: It is a question: what follows one is its answer.
            AlreadyAnswering: It is still being written.
            Conflict: The conversation is temporary, or too long.
        """
        async with self.database.begin() as tx:
            row, source = await tx.chat.get_message(message, owner=who.id)
            if row.role is not MessageRole.ASSISTANT:
                raise Invalid(_("Only an answer can be forked from."))
            if source.temporary:
                raise Conflict(_("A temporary chat cannot be forked: it leaves no trace."))
            path = await tx.chat.path(message, limit=MAX_MESSAGES)
            if any(each.status is MessageStatus.STREAMING for each in path):
                raise AlreadyAnswering
            if path[0].parent_id is not None:
                raise Conflict(_("More than {most} messages lead here: too many to copy.", most=MAX_MESSAGES))
            copy = _beside(who, source, self.now())
            await tx.chat.add_conversation(copy)
            ids = [each.id for each in path]
            copy.active_leaf_id = await tx.copying.messages(ids, copy.id, at=self.now())
            copy.studied_id = copy.active_leaf_id
        self.conversations.tell(who, NoticeKind.CONVERSATIONS, copy.id)
        return copy.id


def _beside(who: Actor, source: Conversation, at: datetime) -> Conversation:
    copy = new_conversation(who, source.model, at)
    title = source.title.removesuffix(_MARK)
    copy.title = f"{title[: MAX_TITLE_CHARACTERS - len(_MARK)]}{_MARK}"
    copy.scope, copy.remembered = dict(source.scope), source.remembered
    copy.folder_id, copy.tags = source.folder_id, source.tags
    copy.persona_id, copy.parameters = source.persona_id, source.parameters
    return copy
