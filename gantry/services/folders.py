"""A person's folders of conversations."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Invalid
from gantry.domain.knowledge import DocumentScope
from gantry.domain.live import Notice, NoticeKind, Notices
from gantry.domain.messages import _
from gantry.domain.order import MAX_FOLDERS, StoredFolder, folder_name
from gantry.models import Folder
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of

_TOO_DEEP = _("A folder inside a folder cannot hold another.")


@dataclass(frozen=True, slots=True)
class FolderService:
    """Folders. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    notices: Notices
    now: Callable[[], datetime] = utc_now

    async def list_folders(self, who: Actor) -> list[StoredFolder]:
        """Return all folders, by name."""
        async with self.database.read() as tx:
            return [_value(row) for row in await tx.order.folders(owner=who.id)]

    async def start(self, who: Actor, folder: UUID) -> StoredFolder:
        """Return the folder that a chat is about to begin in, with its persona and documents, if they are still there."""
        async with self.database.read() as tx:
            found = _value(await tx.order.get_folder(folder, owner=who.id))
            if found.persona_id and await tx.personas.find(found.persona_id, owner=who.id) is None:
                found = replace(found, persona_id=None)
            if found.scope is None:
                return found
            return replace(found, scope=await tx.attachments.still_there(found.scope, owner=who.id))

    async def create(self, who: Actor, name: str, *, parent: UUID | None = None) -> StoredFolder:
        """Make a folder, inside *parent* if given.

        Raises:
            Invalid: It has no name, there are too many, or *parent* stands in another itself.
        """
        row = Folder(account_id=who.id, name=folder_name(name), created_at=self.now())
        async with self.database.begin() as tx:
            if len(await tx.order.folders(owner=who.id)) >= MAX_FOLDERS:
                raise Invalid(_("There can be at most {most} folders.", most=MAX_FOLDERS))
            row.parent_id = await _parent(tx, who, parent)
            await tx.order.add_folder(row)
        self._tell(who, row.id)
        return _value(row)

    async def rename(self, who: Actor, folder: UUID, name: str) -> StoredFolder:
        """Give a folder another name."""
        return await self._change(who, folder, name=folder_name(name))

    async def fold(self, who: Actor, folder: UUID, folded: bool) -> StoredFolder:
        """Hide what is in a folder, or show it."""
        return await self._change(who, folder, folded=folded)

    async def place(self, who: Actor, folder: UUID, parent: UUID | None) -> StoredFolder:
        """Put a folder into another, or (None) at the top.

        Raises:
            Invalid: Either holds, or stands in, a third; or both are the same.
        """
        async with self.database.begin() as tx:
            row = await tx.order.get_folder(folder, owner=who.id)
            every = await tx.order.folders(owner=who.id)
            if parent == folder or (parent and any(each.parent_id == folder for each in every)):
                raise Invalid(_TOO_DEEP, field="parent_id")
            row.parent_id = await _parent(tx, who, parent)
        self._tell(who, folder)
        return _value(row)

    async def set_scope(self, who: Actor, folder: UUID, scope: DocumentScope | None) -> StoredFolder:
        """Choose the documents that a chat begun in the folder starts with; None: all of them.

        Raises:
            NotFound: A collection or document of *scope* is not *who*'s.
        """
        if scope is not None:
            async with self.database.read() as tx:
                await tx.attachments.require_scope(scope, owner=who.id)
        return await self._change(who, folder, scope=scope.stored() if scope else None)

    async def set_persona(self, who: Actor, folder: UUID, persona: UUID | None) -> StoredFolder:
        """Choose the persona that a chat begun in the folder starts with; None: the default one.

        Raises:
            NotFound: The persona is not *who*'s.
        """
        if persona is not None:
            async with self.database.read() as tx:
                await tx.personas.get(persona, owner=who.id)
        return await self._change(who, folder, persona_id=persona)

    async def delete(self, who: Actor, folder: UUID) -> None:
        """Delete a folder; conversations and folders in it stay, outside of any."""
        async with self.database.begin() as tx:
            await tx.order.remove_folder(await tx.order.get_folder(folder, owner=who.id))
        self._tell(who, folder)

    async def _change(self, who: Actor, folder: UUID, **values: object) -> StoredFolder:
        async with self.database.begin() as tx:
            row = await tx.order.get_folder(folder, owner=who.id)
            for name, value in values.items():
                setattr(row, name, value)
        self._tell(who, folder)
        return _value(row)

    def _tell(self, who: Actor, folder: UUID) -> None:
        self.notices.publish(who.id, Notice(NoticeKind.FOLDERS, str(folder), origin=who.page))


async def _parent(tx: UnitOfWork, who: Actor, parent: UUID | None) -> UUID | None:
    if parent is None:
        return None
    row = await tx.order.get_folder(parent, owner=who.id)
    if row.parent_id is not None:
        raise Invalid(_TOO_DEEP, field="parent_id")
    return row.id


def _value(row: Folder) -> StoredFolder:
    scope = DocumentScope.parse(row.scope) if row.scope is not None else None
    return value_of(StoredFolder, row, scope=scope)
