"""Collections, documents and search over REST."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from gantry.api.access import Reads, Writes
from gantry.api.described import file_body
from gantry.api.files import StoredFile, stored_file
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN, refusals
from gantry.api.uploads import Upload
from gantry.api.vault_schemas import (
    ChunkList,
    ChunkOut,
    CollectionIn,
    CollectionOut,
    DocumentChange,
    DocumentList,
    DocumentOut,
    PageTextOut,
    PassageOut,
    PassagesOut,
    SearchRequest,
)
from gantry.domain.errors import Invalid
from gantry.domain.knowledge import Passage
from gantry.domain.messages import _
from gantry.runtime import services

router = APIRouter(prefix="/api/v1", tags=["knowledge"], responses=SIGNED_IN)
UPLOAD_PATH = "/api/v1/documents"
MAX_PLACE = 2**31 - 1  # what the columns hold
_TRUTHS = {"": False, "true": True, "false": False}
_UPLOAD = file_body(
    collection_id={"type": "string", "description": "An id; empty: the default collection."},
    attach={"type": "boolean"},
)


@router.get("/collections", operation_id="list_collections")
async def list_collections(who: Reads) -> list[CollectionOut]:
    """List collections, the default one first."""
    found = await services().collections.list_collections(who)
    return [CollectionOut.model_validate(each) for each in found]


@router.post("/collections", status_code=201, operation_id="create_collection", responses=BODY | CHANGE)
async def create_collection(who: Writes, new: CollectionIn) -> CollectionOut:
    """Make a collection."""
    return CollectionOut.model_validate(await services().collections.create(who, new.name))


@router.patch(
    "/collections/{collection_id}",
    status_code=204,
    operation_id="rename_collection",
    responses=NAMED | BODY | CHANGE,
)
async def rename_collection(who: Writes, collection_id: UUID, change: CollectionIn) -> None:
    """Give a collection another name."""
    await services().collections.rename(who, collection_id, change.name)


@router.delete(
    "/collections/{collection_id}",
    status_code=204,
    operation_id="delete_collection",
    responses=NAMED | CHANGE,
)
async def delete_collection(who: Writes, collection_id: UUID) -> None:
    """Delete a collection with its documents."""
    await services().collections.delete(who, collection_id)


@router.get("/documents", operation_id="list_documents", responses=NAMED)
async def list_documents(
    who: Reads,
    collection_id: UUID | None = None,
    q: Annotated[str, Query(max_length=200)] = "",
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DocumentList:
    """List documents, newest first."""
    rows = await services().documents.list_documents(
        who, collection=collection_id, words=q, after=after, limit=limit
    )
    return DocumentList(
        documents=[DocumentOut.model_validate(row) for row in rows],
        next=rows[-1].id if len(rows) == limit else None,
    )


@router.post(
    "/documents",
    status_code=201,
    operation_id="upload_document",
    openapi_extra=_UPLOAD,
    responses=BODY
    | CHANGE
    | refusals(404)
    | {200: {"model": DocumentOut, "description": "The same file is there already"}},
)
async def upload_document(who: Writes, request: Request, response: Response) -> DocumentOut:
    """Upload one file, to be read at once; 200 instead of 201 when the same file is in the collection already.

    With ``attach`` it stands in no collection, and is sent with a message (``documents``).
    """
    upload = Upload(request)
    received = await services().uploads.receive(who, upload.body())
    try:
        await upload.finish()
        collection = _uuid(upload.fields.get("collection_id", ""))
        attach = _truth(upload.fields.get("attach", ""))
    except BaseException:
        await services().uploads.files.discard(received)
        raise
    accepted = await services().uploads.accept(
        who, received, name=upload.name, collection=collection, attach=attach
    )
    response.status_code = 200 if accepted.known else 201
    return DocumentOut.model_validate(accepted.document)


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw) if raw else None
    except ValueError:
        raise Invalid(_("collection_id is not an id."), field="collection_id") from None


def _truth(raw: str) -> bool:
    try:
        return _TRUTHS[raw.lower()]
    except KeyError:
        raise Invalid("attach is true or false.", field="attach") from None


@router.get("/documents/{document_id}", operation_id="get_document", responses=NAMED)
async def get_document(who: Reads, document_id: UUID) -> DocumentOut:
    """Return one document, with how far it has come."""
    return DocumentOut.model_validate(await services().documents.get(who, document_id))


@router.patch("/documents/{document_id}", operation_id="change_document", responses=NAMED | BODY | CHANGE)
async def change_document(who: Writes, document_id: UUID, change: DocumentChange) -> DocumentOut:
    """Rename a document, or put it into another collection."""
    if change.name is not None:
        await services().documents.rename(who, document_id, change.name)
    if change.collection_id is not None:
        await services().documents.move(who, document_id, change.collection_id)
    return DocumentOut.model_validate(await services().documents.get(who, document_id))


@router.delete(
    "/documents/{document_id}", status_code=204, operation_id="delete_document", responses=NAMED | CHANGE
)
async def delete_document(who: Writes, document_id: UUID) -> None:
    """Delete a document: its file, its text, its vectors, and its passages in answers."""
    await services().documents.delete(who, [document_id])


@router.get(
    "/documents/{document_id}/content",
    operation_id="download_document",
    responses=NAMED | stored_file("The file.", "application/octet-stream"),
    response_class=StoredFile,
)
async def download_document(who: Reads, document_id: UUID) -> StoredFile:
    """Return the file as it was uploaded; browsers save it, and never show it as a page of ours."""
    original = await services().documents.original(who, document_id)
    return StoredFile(
        original.path,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(original.name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )


@router.get(
    "/documents/{document_id}/image",
    operation_id="show_document",
    responses=NAMED | stored_file("The picture.", "image/png", "image/jpeg"),
    response_class=StoredFile,
)
async def show_document(who: Reads, document_id: UUID) -> StoredFile:
    """Return a PNG or JPEG to be shown in a page; 404 for every other file."""
    picture = await services().documents.picture(who, document_id)
    return StoredFile(
        picture.path,
        media_type=picture.media_type,
        headers={
            "Content-Disposition": "inline",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=300",
        },
    )


@router.get("/documents/{document_id}/text", operation_id="get_document_text", responses=NAMED)
async def get_document_text(
    who: Reads,
    document_id: UUID,
    start: Annotated[int, Query(ge=0, le=MAX_PLACE)] = 0,
    end: Annotated[int, Query(ge=0, le=MAX_PLACE)] = 0,
) -> PageTextOut:
    """Return the page on which a passage stands, with the place of the passage in it."""
    found = await services().documents.page_text(who, document_id, start=start, end=max(start, end))
    return PageTextOut(
        name=found.document.name,
        text=found.text,
        start=found.start,
        page=found.page,
        pages=found.document.pages,
        mark_start=found.mark[0],
        mark_end=found.mark[1],
    )


@router.get("/documents/{document_id}/chunks", operation_id="list_chunks", responses=NAMED)
async def list_chunks(
    who: Reads,
    document_id: UUID,
    first: Annotated[int, Query(ge=0, le=MAX_PLACE)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ChunkList:
    """Return what was extracted from a document, chunk by chunk."""
    chunks = (await services().documents.preview(who, document_id, first=first, limit=limit)).chunks
    return ChunkList(
        chunks=[ChunkOut.model_validate(chunk) for chunk in chunks],
        next=chunks[-1].ordinal + 1 if len(chunks) == limit else None,
    )


@router.post(
    "/documents/{document_id}/retry", status_code=204, operation_id="retry_document", responses=NAMED | CHANGE
)
async def retry_document(who: Writes, document_id: UUID) -> None:
    """Read a document again that could not be read."""
    await services().documents.retry(who, document_id)


@router.post(
    "/documents/{document_id}/cancel",
    status_code=204,
    operation_id="cancel_document",
    responses=NAMED | CHANGE,
)
async def cancel_document(who: Writes, document_id: UUID) -> None:
    """Stop reading a document."""
    await services().documents.cancel(who, document_id)


@router.post("/search", operation_id="search_knowledge", responses=BODY | refusals(404))
async def search_knowledge(who: Reads, asked: SearchRequest) -> PassagesOut:
    """Search documents, or with ``memory`` past conversations, by words and by meaning."""
    retriever = services().retriever
    if asked.memory:
        found = await retriever.memory(who, asked.query, limit=asked.limit)
    else:
        found = await retriever.documents(who, asked.query, scope=asked.scope.scope(), limit=asked.limit)
    status = await services().vector_sets.status()
    return PassagesOut(
        passages=[_passage(each, memory=asked.memory) for each in found.passages],
        left_out=list(found.left_out),
        searched=found.searched,
        index=status.model,
    )


def _passage(found: Passage, *, memory: bool) -> PassageOut:
    return PassageOut(
        kind="message" if memory else "document",
        text=found.text,
        score=round(found.score, 4),
        title=found.title,
        document_id=None if memory else found.source_id,
        page=found.page,
        heading=found.heading,
        start=found.start,
        end=found.end,
        conversation_id=found.source_id if memory else None,
        message_id=found.message_id,
        speaker=found.speaker,
        said_at=found.said_at,
    )
