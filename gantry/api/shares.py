"""Read-only links over REST: made, listed and taken back by their owner, read by whoever has one."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from annotated_types import Ge, Le
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StrictBool

from gantry.api.access import Reads, ReadsAndWrites, Writes, client_of
from gantry.api.described import EACH_SCOPE, OPEN
from gantry.api.files import StoredFile, stored_file
from gantry.api.refusals import ANYBODY, BODY, CHANGE, LIMITED, NAMED, SIGNED_IN
from gantry.domain.sharing import MAX_SHARE_DAYS, Included, StoredShare
from gantry.runtime import services

router = APIRouter(prefix="/api/v1", tags=["shares"])
# A link that is taken back must be gone at once; nobody keeps what it has shown, nor lists it.
_PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
}


class ShareIn(BaseModel):
    """What a link shows beside the texts, and after how many days it ends (null: it does not)."""

    files: StrictBool = False
    sources: StrictBool = False
    days: Annotated[int, Ge(1), Le(MAX_SHARE_DAYS)] | None = None


class ShareOut(BaseModel):
    """A link as its owner sees it, without its address."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: UUID
    conversation_id: UUID
    title: str
    with_files: bool
    with_sources: bool
    created_at: datetime
    expires_at: datetime | None


class NewShareOut(ShareOut):
    """A new link; ``path`` is the only time that its address is told."""

    token: str
    path: str


class SharedSourceOut(BaseModel):
    """A passage that an answer cites, of a form that the interface shows."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    title: str
    page: int | None
    passage: str
    kind: str = "document"
    cited: bool = True


class SharedFileOut(BaseModel):
    """A file that was sent with a question; no ``id``: it was deleted."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID | None
    name: str
    media_type: str
    size_bytes: int
    is_image: bool


class SharedMessageOut(BaseModel):
    """One message."""

    model_config = ConfigDict(from_attributes=True)

    role: str
    text: str
    sources: list[SharedSourceOut]
    files: list[SharedFileOut]


class SharedOut(BaseModel):
    """What a link shows."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    created_at: datetime
    messages: list[SharedMessageOut]


@router.post(
    "/conversations/{conversation_id}/shares",
    status_code=201,
    operation_id="share_conversation",
    openapi_extra=EACH_SCOPE,
    responses=SIGNED_IN | NAMED | BODY | CHANGE,
)
async def share_conversation(
    who: ReadsAndWrites, conversation_id: UUID, new: ShareIn, response: Response
) -> NewShareOut:
    """Make a link to the branch on screen, as it is now, for anybody who has it: it tells what is written there."""
    response.headers["Cache-Control"] = "no-store"
    included = Included(new.files, new.sources)
    share, token = await services().shares.create(who, conversation_id, included=included, days=new.days)
    return NewShareOut(**_told(share), token=token, path=f"/s/{token}")


@router.get(
    "/conversations/{conversation_id}/shares",
    operation_id="list_conversation_shares",
    responses=SIGNED_IN | NAMED,
)
async def list_conversation_shares(who: Reads, conversation_id: UUID) -> list[ShareOut]:
    """List the links to a conversation."""
    found = await services().shares.list_shares(who, conversation_id)
    return [ShareOut.model_validate(each) for each in found]


@router.get("/shares", operation_id="list_shares", responses=SIGNED_IN)
async def list_shares(who: Reads) -> list[ShareOut]:
    """List your links, the newest first."""
    return [ShareOut.model_validate(each) for each in await services().shares.list_shares(who)]


@router.delete(
    "/shares/{share_id}", status_code=204, operation_id="revoke_share", responses=SIGNED_IN | NAMED | CHANGE
)
async def revoke_share(who: Writes, share_id: UUID) -> None:
    """Take a link back, at once everywhere."""
    await services().shares.revoke(who, share_id)


@router.get(
    "/shared/{token}", operation_id="read_shared", openapi_extra=OPEN, responses=ANYBODY | NAMED | LIMITED
)
async def read_shared(request: Request, response: Response, token: str) -> SharedOut:
    """Read what a link shows; needs no account."""
    shared = await services().shares.read(token, client_of(request).address)
    response.headers.update(_PRIVATE)
    return SharedOut.model_validate(shared)


@router.get(
    "/shared/{token}/files/{document_id}",
    operation_id="read_shared_file",
    openapi_extra=OPEN,
    responses=ANYBODY | NAMED | LIMITED | stored_file("The file.", "application/octet-stream"),
    response_class=StoredFile,
)
async def read_shared_file(request: Request, token: str, document_id: UUID) -> StoredFile:
    """Read a file that a link shows; browsers save it, and never show it as a page of ours."""
    original = await services().shares.original(token, document_id, client_of(request).address)
    disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(original.name, safe='')}"}
    policy = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return StoredFile(
        original.path, media_type="application/octet-stream", headers={**_PRIVATE, **disposition, **policy}
    )


@router.get(
    "/shared/{token}/files/{document_id}/image",
    operation_id="show_shared_file",
    openapi_extra=OPEN,
    responses=ANYBODY | NAMED | LIMITED | stored_file("The picture.", "image/png", "image/jpeg"),
    response_class=StoredFile,
)
async def show_shared_file(request: Request, token: str, document_id: UUID) -> StoredFile:
    """Return a picture that a link shows, to be shown in a page; 404 for every other file."""
    picture = await services().shares.picture(token, document_id, client_of(request).address)
    policy = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
    headers = {**_PRIVATE, **policy, "Content-Disposition": "inline"}
    return StoredFile(picture.path, media_type=picture.media_type, headers=headers)


def _told(share: StoredShare) -> dict[str, Any]:
    return ShareOut.model_validate(share).model_dump()
