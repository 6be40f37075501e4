"""Changing where conversations stand: archive, folder, tags; one of them or many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.errors import Invalid
from gantry.domain.live import NoticeKind
from gantry.domain.messages import _
from gantry.domain.order import MAX_SELECTED, cleaned_tags, with_tags
from gantry.repositories.database import Database
from gantry.services.conversations import ConversationService


@dataclass(frozen=True, slots=True)
class OrderService:
    """The order of conversations. Of those named, what is not *who*'s own is passed over; NotFound when none is.

    Every method returns which conversations it has changed.
    """

    database: Database
    conversations: ConversationService

    async def archive(self, who: Actor, conversations: Sequence[UUID], archived: bool) -> list[UUID]:
        """Take conversations out of the lists, or (*archived* False) bring them back."""
        async with self.database.begin() as tx:
            rows = await tx.order.own(_bounded(conversations), owner=who.id)
            changed = [row for row in rows if row.archived != archived]
            for row in changed:
                row.archived = archived
        return self._told(who, [row.id for row in changed])

    async def move(self, who: Actor, conversations: Sequence[UUID], folder: UUID | None) -> list[UUID]:
        """Put conversations into *folder*, or (None) outside of any."""
        async with self.database.begin() as tx:
            if folder is not None:
                await tx.order.get_folder(folder, owner=who.id)
            rows = await tx.order.own(_bounded(conversations), owner=who.id)
            changed = [row for row in rows if row.folder_id != folder]
            for row in changed:
                row.folder_id = folder
        return self._told(who, [row.id for row in changed])

    async def tag(
        self,
        who: Actor,
        conversations: Sequence[UUID],
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> list[UUID]:
        """Give conversations some tags, and take others from them.

        Raises:
            Invalid: A tag is too long, or one of them would have too many.
        """
        async with self.database.begin() as tx:
            rows = await tx.order.own(_bounded(conversations), owner=who.id)
            for row in rows:
                row.tags = with_tags(row.tags or [], add, remove) or None
        return self._told(who, [row.id for row in rows])

    async def set_tags(self, who: Actor, conversation: UUID, tags: Sequence[str]) -> list[str]:
        """Give a conversation these tags in place of those it has; returns them as stored."""
        kept = cleaned_tags(tags)
        async with self.database.begin() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            row.tags = kept or None
        self._told(who, [conversation])
        return kept

    async def tags_of(self, who: Actor, conversation: UUID) -> list[str]:
        """Return the tags that a conversation has."""
        async with self.database.read() as tx:
            return (await tx.chat.get_conversation(conversation, owner=who.id)).tags or []

    async def tags(self, who: Actor) -> list[str]:
        """Return all tags that conversations have, by name."""
        async with self.database.read() as tx:
            return await tx.order.tags(owner=who.id)

    async def delete(self, who: Actor, conversations: Sequence[UUID]) -> list[UUID]:
        """Delete conversations as ``ConversationService.delete`` does one."""
        async with self.database.begin() as tx:
            rows = await tx.order.own(_bounded(conversations), owner=who.id)
            stopped = await self.conversations.mark_deleted(tx, rows)
        for live in stopped:
            self.conversations.writers.stop(live)
        return self._told(who, [row.id for row in rows])

    async def undelete(self, who: Actor, conversations: Sequence[UUID]) -> list[UUID]:
        """Undo a deletion."""
        async with self.database.begin() as tx:
            rows = await tx.order.own(_bounded(conversations), owner=who.id, deleted=True)
            for row in rows:
                row.deleted_at = None
        return self._told(who, [row.id for row in rows])

    def _told(self, who: Actor, changed: list[UUID]) -> list[UUID]:
        if changed:  # a page that is told of one asks for all of its list
            self.conversations.tell(who, NoticeKind.CONVERSATIONS, changed[0])
        return changed


def _bounded(conversations: Sequence[UUID]) -> set[UUID]:
    if len(conversations) > MAX_SELECTED:
        raise Invalid(_("Up to {most} conversations can be changed at once.", most=MAX_SELECTED))
    return set(conversations)
