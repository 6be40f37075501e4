"""Bringing conversations in from other products, over REST: upload, look at what it would add, import, undo."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from gantry.api.access import Reads, Writes
from gantry.api.described import file_body
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN
from gantry.api.uploads import Upload
from gantry.domain.imports import ImportState, StoredImport
from gantry.runtime import services

router = APIRouter(prefix="/api/v1/imports", tags=["imports"], responses=SIGNED_IN)


class SkippedOut(BaseModel):
    """Something that does not come along, and why."""

    what: str
    why: str


class ImportReceiptOut(BaseModel):
    """What an import added; of one that was only looked at, what it would add.

    ``already`` was there before, ``restored`` was deleted a moment ago and is back.
    """

    format: str = ""
    conversations: int = 0
    messages: int = 0
    branches: int = 0
    files: int = 0
    already: int = 0
    restored: int = 0
    personas: int = 0
    skipped: list[SkippedOut] = Field(default_factory=list[SkippedOut])


class ImportOut(BaseModel):
    """An import: ``looking`` becomes ``looked``, then ``running`` becomes ``done``; ``problem`` says why it ``failed``."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    state: ImportState
    progress: int = Field(description="Percent of the file.")
    problem: str
    created_at: datetime
    finished_at: datetime | None
    receipt: ImportReceiptOut


class Start(BaseModel):
    """How to import; with ``remember``, memory reads what came in."""

    remember: StrictBool = False


class UndoneOut(BaseModel):
    """What an undo removed, and the titles of conversations that were changed since and stay."""

    model_config = ConfigDict(from_attributes=True)

    conversations: int
    messages: int
    left: list[str]


@router.post(
    "", status_code=201, operation_id="upload_import", responses=BODY | CHANGE, openapi_extra=file_body()
)
async def upload_import(who: Writes, request: Request) -> ImportOut:
    """Upload an export; what it would add is looked at in the background, and nothing is added yet."""
    upload = Upload(request)
    received = await services().imports.receive(who, upload.body())
    try:
        await upload.finish()
    except BaseException:
        await services().imports.files.discard(received)
        raise
    return _out(await services().imports.look(who, received, upload.name))


@router.get("", operation_id="list_imports")
async def list_imports(who: Reads) -> list[ImportOut]:
    """List the newest imports."""
    return [_out(each) for each in await services().imports.list_imports(who)]


@router.get("/{import_id}", operation_id="get_import", responses=NAMED)
async def get_import(who: Reads, import_id: UUID) -> ImportOut:
    """Return one import, with how far it is."""
    return _out(await services().imports.get(who, import_id))


@router.post(
    "/{import_id}/start", status_code=202, operation_id="start_import", responses=NAMED | BODY | CHANGE
)
async def start_import(who: Writes, import_id: UUID, how: Start) -> ImportOut:
    """Begin to import what was looked at."""
    return _out(await services().imports.start(who, import_id, remember=how.remember))


@router.post("/{import_id}/undo", operation_id="undo_import", responses=NAMED | CHANGE)
async def undo_import(who: Writes, import_id: UUID) -> UndoneOut:
    """Remove what an import added; what was changed or continued since stays."""
    return UndoneOut.model_validate(await services().imports.undo(who, import_id))


@router.delete("/{import_id}", status_code=204, operation_id="discard_import", responses=NAMED | CHANGE)
async def discard_import(who: Writes, import_id: UUID) -> None:
    """Forget an upload that was not imported."""
    await services().imports.discard(who, import_id)


def _out(stored: StoredImport) -> ImportOut:
    return ImportOut.model_validate(stored)
