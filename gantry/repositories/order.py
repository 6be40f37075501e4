"""Lists of conversations, and the folders they stand in. Every query takes the owner."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from gantry.domain.chat import LIVE
from gantry.domain.errors import NotFound
from gantry.domain.messages import _
from gantry.domain.order import Listing
from gantry.models import Conversation, Folder, Generation
from gantry.repositories.tags import tagged, tags_of

_PINNED = 200  # of them in the sidebar, at most


class OrderRepository:
    """Where conversations stand."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def listed(
        self, listing: Listing, *, owner: UUID, before: datetime | None, limit: int
    ) -> list[tuple[Conversation, bool]]:
        """Return conversations, newest change first, each with whether it is being answered."""
        query = _with_live().where(_shown(owner, archived=listing.archived))
        if listing.pinned is not None:
            query = query.where(col(Conversation.pinned) == listing.pinned)
        if listing.folder is not None:
            query = query.where(col(Conversation.folder_id) == listing.folder)
        elif listing.loose:
            query = query.where(col(Conversation.folder_id).is_(None))
        if listing.tag:
            query = query.where(tagged(self._session, listing.tag))
        if before is not None:
            query = query.where(col(Conversation.updated_at) < before)
        return await self._rows(query.order_by(col(Conversation.updated_at).desc()).limit(limit))

    async def kept(
        self, *, owner: UUID, folders: Sequence[UUID], each: int
    ) -> list[tuple[Conversation, bool]]:
        """Return pinned conversations and the newest *each* of these folders, in one question, newest change first."""
        if not folders:
            return await self.listed(Listing(pinned=True), owner=owner, before=None, limit=_PINNED)
        row = col(Conversation.id), col(Conversation.pinned)
        place = func.row_number().over(
            partition_by=(col(Conversation.pinned), col(Conversation.folder_id)),
            order_by=col(Conversation.updated_at).desc(),
        )
        inside = or_(col(Conversation.pinned).is_(True), col(Conversation.folder_id).in_(folders))
        ranked = select(*row, place.label("place")).where(_shown(owner), inside).subquery()
        near = or_(and_(ranked.c.pinned.is_(True), ranked.c.place <= _PINNED), ranked.c.place <= each)
        query = _with_live().join(ranked, ranked.c.id == col(Conversation.id)).where(near)
        return await self._rows(query.order_by(col(Conversation.updated_at).desc()))

    async def _rows(self, query: Select[Conversation, bool]) -> list[tuple[Conversation, bool]]:
        return [(row, answering) for row, answering in await self._session.execute(query)]

    async def own(
        self, conversations: Iterable[UUID], *, owner: UUID, deleted: bool = False
    ) -> Sequence[Conversation]:
        """Return those of these conversations that are *owner*'s, in the order in which rows are taken.

        Raises:
            NotFound: None is.
        """
        there = (
            col(Conversation.deleted_at).is_not(None) if deleted else col(Conversation.deleted_at).is_(None)
        )
        query = (
            select(Conversation)
            .where(
                col(Conversation.id).in_(list(conversations)), col(Conversation.account_id) == owner, there
            )
            .order_by(col(Conversation.id))
        )
        rows = (await self._session.execute(query)).scalars().all()
        if not rows:
            raise NotFound(_("This conversation no longer exists."))
        return rows

    async def tags(self, *, owner: UUID) -> list[str]:
        """Return the tags of all conversations that are shown, archived or not, each once, by name."""
        tag = tags_of(self._session)
        query = (
            select(tag.c.value)
            .select_from(Conversation)
            .join(tag, true())
            .where(
                col(Conversation.account_id) == owner,
                col(Conversation.deleted_at).is_(None),
                col(Conversation.temporary).is_(False),
                col(Conversation.tags).is_not(None),
            )
            .distinct()
        )
        return sorted((await self._session.execute(query)).scalars(), key=str.casefold)

    async def folders(self, *, owner: UUID) -> Sequence[Folder]:
        """Return a person's folders, by name."""
        query = select(Folder).where(col(Folder.account_id) == owner)
        return (
            (await self._session.execute(query.order_by(func.lower(col(Folder.name)), col(Folder.id))))
            .scalars()
            .all()
        )

    async def get_folder(self, folder: UUID, *, owner: UUID) -> Folder:
        """Return a folder of *owner*."""
        row = await self._session.get(Folder, folder)
        if row is None or row.account_id != owner:
            raise NotFound(_("This folder no longer exists."))
        return row

    async def add_folder(self, folder: Folder) -> None:
        """Store a new folder."""
        self._session.add(folder)
        await self._session.flush()

    async def remove_folder(self, folder: Folder) -> None:
        """Remove a folder; the database lets go of what is in it."""
        await self._session.delete(folder)
        await self._session.flush()


def _shown(owner: UUID, *, archived: bool = False) -> ColumnElement[bool]:
    return and_(
        col(Conversation.account_id) == owner,
        col(Conversation.archived).is_(archived),
        col(Conversation.temporary).is_(False),
        col(Conversation.deleted_at).is_(None),
    )


def _with_live() -> Select[Conversation, bool]:
    live = exists().where(
        col(Generation.conversation_id) == col(Conversation.id), col(Generation.status).in_(LIVE)
    )
    return select(Conversation, live)
