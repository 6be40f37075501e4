"""Conversations as files, over REST. The static front end is ``api/export.py``."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from gantry.api.access import Reads
from gantry.api.described import file_answer
from gantry.api.refusals import CHANGE, NAMED, SIGNED_IN
from gantry.domain.exporting import MAX_CHOSEN, ExportForm
from gantry.runtime import services
from gantry.services.exporting import Export

_Accepted = Annotated[str, Header(description="The language of an account that has chosen none.")]

router = APIRouter(prefix="/api/v1", tags=["export"], responses=SIGNED_IN)


@router.get(
    "/conversations/{conversation_id}/export",
    operation_id="export_conversation",
    response_class=StreamingResponse,
    responses=NAMED
    | CHANGE
    | file_answer("The conversation.", *(each.media_type.partition(";")[0] for each in ExportForm)),
)
async def export_conversation(
    who: Reads,
    conversation_id: UUID,
    format: ExportForm = ExportForm.JSON,  # noqa: A002 - as it is asked for
    accept_language: _Accepted = "",
) -> StreamingResponse:
    """Return a conversation as a file: JSON has all of it, the others the branch that is shown, with labels in the language of the account."""
    return await _sent(await services().exports.one(who, conversation_id, format, accepted=accept_language))


@router.get(
    "/export",
    operation_id="export_conversations",
    response_class=StreamingResponse,
    responses=NAMED | CHANGE | file_answer("The conversations.", "application/zip"),
)
async def export_conversations(
    who: Reads,
    format: ExportForm = ExportForm.JSON,  # noqa: A002
    everything: bool = False,
    ids: Annotated[list[UUID] | None, Query(max_length=MAX_CHOSEN)] = None,
    accept_language: _Accepted = "",
) -> StreamingResponse:
    """Return conversations as a ZIP that is written while it is sent; all of them without `ids`. `everything` adds account, memory and documents."""
    exports = services().exports
    return await _sent(
        await exports.several(who, format, ids, everything=everything, accepted=accept_language)
    )


async def _sent(export: Export) -> StreamingResponse:
    """Answer with a file; what is refused is refused before anything is sent."""
    first = await anext(export.content, b"")
    plain = export.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    return StreamingResponse(
        _with_first(first, export.content),
        media_type=export.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(export.name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
