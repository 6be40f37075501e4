"""Folders, tags, and changes of many conversations at once, over REST."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from uuid import UUID

from annotated_types import Len
from fastapi import APIRouter
from pydantic import BaseModel, Field, StrictBool, model_validator

from gantry.api.access import Reads, Writes
from gantry.api.chat_schemas import ScopeIn, Tags
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN
from gantry.domain.knowledge import DocumentScope
from gantry.domain.order import MAX_FOLDER_NAME_CHARACTERS, MAX_SELECTED, StoredFolder
from gantry.runtime import services

router = APIRouter(prefix="/api/v1", tags=["order"], responses=SIGNED_IN)


class FolderIn(BaseModel):
    """A new folder; with ``parent_id`` it stands inside another, which stands in none itself."""

    name: str = Field(min_length=1, max_length=MAX_FOLDER_NAME_CHARACTERS)
    parent_id: UUID | None = None


class FolderChange(BaseModel):
    """What to change; what is left out stays. Null is the top, all documents, the default persona."""

    name: str | None = Field(default=None, min_length=1, max_length=MAX_FOLDER_NAME_CHARACTERS)
    parent_id: UUID | None = None
    folded: StrictBool | None = None
    scope: ScopeIn | None = None
    persona_id: UUID | None = None


class FolderOut(BaseModel):
    """A folder; a chat begun in it starts with ``scope`` (null: all documents) and the persona (null: the default one)."""

    id: UUID
    parent_id: UUID | None
    name: str
    folded: bool
    scope: ScopeIn | None
    persona_id: UUID | None

    @classmethod
    def of(cls, folder: StoredFolder) -> Self:
        """Make one of what the service gives."""
        return cls(
            id=folder.id,
            parent_id=folder.parent_id,
            name=folder.name,
            folded=folder.folded,
            scope=_scope(folder.scope) if folder.scope else None,
            persona_id=folder.persona_id,
        )


class BulkChange(BaseModel):
    """One change of many conversations. ``folder_id`` goes with ``move`` (null: no folder), the tags with ``tag``."""

    conversations: Annotated[list[UUID], Len(1, MAX_SELECTED)]
    action: Literal["archive", "unarchive", "move", "tag", "delete", "restore"]
    folder_id: UUID | None = None
    add_tags: Tags = []
    remove_tags: Tags = []

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.action == "move" and "folder_id" not in self.model_fields_set:
            raise ValueError("move needs a folder_id, which may be null")
        return self


class BulkChanged(BaseModel):
    """The conversations that are another way now."""

    changed: Sequence[UUID]


def _scope(scope: DocumentScope) -> ScopeIn:
    return ScopeIn(kind=scope.kind, collections=list(scope.collections), documents=list(scope.documents))


@router.get("/folders", operation_id="list_folders")
async def list_folders(who: Reads) -> list[FolderOut]:
    """List your folders, by name."""
    return [FolderOut.of(each) for each in await services().folders.list_folders(who)]


@router.post("/folders", status_code=201, operation_id="create_folder", responses=NAMED | BODY | CHANGE)
async def create_folder(who: Writes, new: FolderIn) -> FolderOut:
    """Make a folder."""
    return FolderOut.of(await services().folders.create(who, new.name, parent=new.parent_id))


@router.patch("/folders/{folder_id}", operation_id="change_folder", responses=NAMED | BODY | CHANGE)
async def change_folder(who: Writes, folder_id: UUID, change: FolderChange) -> FolderOut:
    """Rename, move, fold a folder, or choose the documents of chats begun in it."""
    folders = services().folders
    if change.name is not None:
        await folders.rename(who, folder_id, change.name)
    if "parent_id" in change.model_fields_set:
        await folders.place(who, folder_id, change.parent_id)
    if change.folded is not None:
        await folders.fold(who, folder_id, change.folded)
    if "scope" in change.model_fields_set:
        await folders.set_scope(who, folder_id, change.scope.scope() if change.scope else None)
    if "persona_id" in change.model_fields_set:
        await folders.set_persona(who, folder_id, change.persona_id)
    return FolderOut.of(await folders.start(who, folder_id))


@router.delete(
    "/folders/{folder_id}", status_code=204, operation_id="delete_folder", responses=NAMED | CHANGE
)
async def delete_folder(who: Writes, folder_id: UUID) -> None:
    """Delete a folder; what is in it stays, outside of any."""
    await services().folders.delete(who, folder_id)


@router.get("/tags", operation_id="list_tags")
async def list_tags(who: Reads) -> list[str]:
    """List the tags that your conversations have."""
    return await services().order.tags(who)


@router.post("/conversations/bulk", operation_id="change_conversations", responses=NAMED | BODY | CHANGE)
async def change_conversations(who: Writes, change: BulkChange) -> BulkChanged:
    """Archive, move, tag or delete many conversations; those that are not yours are passed over."""
    order, ids = services().order, change.conversations
    match change.action:
        case "archive" | "unarchive":
            changed = await order.archive(who, ids, change.action == "archive")
        case "move":
            changed = await order.move(who, ids, change.folder_id)
        case "tag":
            changed = await order.tag(who, ids, add=change.add_tags, remove=change.remove_tags)
        case "delete":
            changed = await order.delete(who, ids)
        case "restore":
            changed = await order.undelete(who, ids)
    return BulkChanged(changed=changed)
