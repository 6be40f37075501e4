"""Conversations and messages over REST."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from gantry.api.access import Asks, AsksOrReads, AsksOrWrites, Reads, Writes
from gantry.api.chat_schemas import (
    ContextOut,
    ContextPartOut,
    ConversationChange,
    ConversationList,
    ConversationOut,
    ConversationWithMessages,
    EditedMessage,
    ListedConversation,
    MessageOut,
    ModelChoiceIn,
    NewConversation,
    NewMessage,
    RatingIn,
    SourceOut,
    Started,
    StartedAnswer,
)
from gantry.api.moments import Moment
from gantry.api.refusals import BODY, CHANGE, NAMED, SIGNED_IN
from gantry.domain.accounts import Actor
from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.order import MAX_TAG_CHARACTERS, Listing
from gantry.runtime import services
from gantry.services.chat import Beginning, Listed, Sent
from gantry.services.conversations import ToldMessage

router = APIRouter(prefix="/api/v1", tags=["chat"], responses=SIGNED_IN)
# In UTC, databases hold the years 1 to 9999.


def _listed(item: Listed) -> ListedConversation:
    base = ConversationOut.model_validate(item.conversation).model_dump()
    return ListedConversation(**base, answering=item.answering, unseen=item.unseen)


def _started(sent: Sent) -> Started:
    return Started(
        conversation_id=sent.conversation_id,
        message_id=sent.message_id,
        generation_id=sent.generation_id,
        answers=[StartedAnswer.model_validate(each) for each in (sent, *sent.beside)],
    )


@router.get("/conversations", operation_id="list_conversations", responses=NAMED)
async def list_conversations(
    who: Reads,
    before: Moment | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    archived: bool = False,
    folder: UUID | None = None,
    tag: Annotated[str, Query(max_length=MAX_TAG_CHARACTERS)] = "",
) -> ConversationList:
    """List conversations, newest change first; the first page begins with the pinned ones.

    With `archived`, `folder` or `tag` only those are listed, pinned or not.
    """
    conversations, some = services().conversations, archived or folder is not None or tag != ""
    listing = Listing(archived=archived, pinned=None if some else False, folder=folder, tag=tag)
    pinned = await conversations.list_pinned(who) if before is None and not some else []
    rows = await conversations.list_conversations(who, before=before, limit=limit, listing=listing)
    return ConversationList(
        conversations=[_listed(row) for row in (*pinned, *rows)],
        next=rows[-1].conversation.updated_at if len(rows) == limit else None,
    )


@router.post(
    "/conversations", status_code=201, operation_id="create_conversation", responses=NAMED | BODY | CHANGE
)
async def create_conversation(who: AsksOrWrites, new: NewConversation) -> ConversationOut:
    """Make an empty conversation."""
    scope = new.scope.scope() if new.scope else None
    wanted = new.parameters.parameters()
    beginning = Beginning(scope, new.temporary, new.remembered, new.folder_id, wanted, new.persona)
    row = await services().conversations.create(who, title=new.title, model=new.model, beginning=beginning)
    return ConversationOut.model_validate(row)


@router.get(
    "/conversations/{conversation_id:uuid}",
    operation_id="get_conversation",
    response_model=ConversationWithMessages,
    responses=NAMED,
)
async def get_conversation(who: AsksOrReads, conversation_id: UUID) -> StreamingResponse:
    """Return a conversation with the messages of all its branches, oldest first: the newest 10,000."""
    row, messages = await services().conversations.told(who, conversation_id)
    pieces = _written(ConversationOut.model_validate(row), messages, administrator=who.is_admin)
    return StreamingResponse(pieces, media_type="application/json")


async def _written(
    conversation: ConversationOut, messages: AsyncIterator[ToldMessage], *, administrator: bool
) -> AsyncIterator[str]:
    """Write a ConversationWithMessages, of which there may be 64 MB, while it is sent."""
    yield conversation.model_dump_json().removesuffix("}") + ',"messages":['
    comma = ""
    async for each in messages:
        told = MessageOut.of(each.message, each.citations, each.files, administrator=administrator)
        yield comma + told.model_dump_json()
        comma = ","
    yield "]}"


@router.patch(
    "/conversations/{conversation_id:uuid}",
    operation_id="change_conversation",
    responses=NAMED | BODY | CHANGE,
)
async def change_conversation(
    who: Writes, conversation_id: UUID, change: ConversationChange
) -> ConversationOut:
    """Rename, pin, choose the persona, the model, its parameters or the documents to read, take it out of memory; archive it, move it, tag it."""
    conversations = services().conversations
    if change.title is not None:
        await conversations.rename(who, conversation_id, change.title)
    if change.pinned is not None:
        await conversations.pin(who, conversation_id, change.pinned)
    await _set_up(who, conversation_id, change)
    if change.remembered is not None:
        await services().memory.set_remembered(who, conversation_id, change.remembered)
    if change.archived is not None:
        await services().order.archive(who, [conversation_id], change.archived)
    if "folder_id" in change.model_fields_set:
        await services().order.move(who, [conversation_id], change.folder_id)
    if change.tags is not None:
        await services().order.set_tags(who, conversation_id, change.tags)
    row = (await services().chat.window(who, conversation_id, limit=1)).conversation
    return ConversationOut.model_validate(row)


async def _set_up(who: Actor, conversation: UUID, change: ConversationChange) -> None:
    """Change how the next questions are answered; a persona first, which brings what may be named besides."""
    conversations = services().conversations
    if "persona" in change.model_fields_set:
        await conversations.set_persona(who, conversation, change.persona)
    if change.model is not None:
        await conversations.set_model(who, conversation, change.model)
    if change.scope is not None:
        await conversations.set_scope(who, conversation, change.scope.scope())
    if change.parameters is not None:
        await conversations.set_parameters(who, conversation, change.parameters.parameters())


@router.delete(
    "/conversations/{conversation_id:uuid}",
    status_code=204,
    operation_id="delete_conversation",
    responses=NAMED | CHANGE,
)
async def delete_conversation(who: Writes, conversation_id: UUID) -> None:
    """Delete a conversation; it can be restored for half a minute."""
    await services().conversations.delete(who, conversation_id)


@router.post(
    "/conversations/{conversation_id}/restore",
    status_code=204,
    operation_id="restore_conversation",
    responses=NAMED | CHANGE,
)
async def restore_conversation(who: Writes, conversation_id: UUID) -> None:
    """Bring a conversation back that was deleted just now."""
    await services().conversations.undelete(who, conversation_id)


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=202,
    operation_id="send_message",
    responses=NAMED | BODY | CHANGE,
)
async def send_message(who: Asks, conversation_id: UUID, new: NewMessage) -> Started:
    """Send a message; its answer, or those of several `models`, is written whether or not anybody listens."""
    if new.model and new.models:
        raise Invalid(_("Name one model, or several to compare."), field="models")
    model = new.models or new.model
    sent = await services().chat.send(
        who, conversation_id, new.content, model=model, parent=new.parent_id, files=new.documents
    )
    return _started(sent)


@router.post(
    "/messages/{message_id}/edit",
    status_code=202,
    operation_id="edit_message",
    responses=NAMED | BODY | CHANGE,
)
async def edit_message(who: Asks, message_id: UUID, new: EditedMessage) -> Started:
    """Make a branch beside one of your messages, and answer it."""
    return _started(await services().chat.edit(who, message_id, new.content, model=new.model))


@router.post(
    "/messages/{message_id}/regenerate",
    status_code=202,
    operation_id="regenerate_answer",
    responses=NAMED | BODY | CHANGE,
)
async def regenerate_answer(who: Asks, message_id: UUID, choice: ModelChoiceIn) -> Started:
    """Write another answer beside this one."""
    return _started(await services().chat.regenerate(who, message_id, model=choice.model))


@router.post(
    "/messages/{message_id}/resume", status_code=202, operation_id="resume_answer", responses=NAMED | CHANGE
)
async def resume_answer(who: Asks, message_id: UUID) -> Started:
    """Go on writing an answer that was stopped, failed, or reached its length limit."""
    return _started(await services().chat.resume(who, message_id))


@router.post(
    "/messages/{message_id}/select", status_code=204, operation_id="select_branch", responses=NAMED | CHANGE
)
async def select_branch(who: Writes, message_id: UUID) -> None:
    """Show the branch through this message."""
    await services().chat.select(who, message_id)


@router.post(
    "/messages/{message_id}/keep", status_code=204, operation_id="keep_answer", responses=NAMED | CHANGE
)
async def keep_answer(who: Asks, message_id: UUID) -> None:
    """Go on with this one of the answers that stand side by side, and with its model; the others stay as branches."""
    await services().comparisons.keep(who, message_id)


@router.get("/messages/{message_id}/sources", operation_id="list_sources", responses=NAMED)
async def list_sources(who: AsksOrReads, message_id: UUID) -> list[SourceOut]:
    """Return the passages an answer was given, by number."""
    found = await services().answers.sources(who, message_id)
    return [
        SourceOut.model_validate(each.row).model_copy(
            update={
                "conversation_id": each.said.conversation_id if each.said else None,
                "said_at": each.said.created_at if each.said else None,
                "available": each.available,
                "passage": each.passage,
            }
        )
        for each in found
    ]


@router.get("/messages/{message_id}/context", operation_id="get_context", responses=NAMED)
async def get_context(who: Reads, message_id: UUID) -> ContextOut:
    """Return exactly what was sent to the model for an answer, part by part, and what was left out."""
    read = await services().answers.context(who, message_id)
    return ContextOut(
        tokens=read.tokens,
        budget_tokens=read.budget_tokens,
        parts=[
            ContextPartOut(
                kind=part.kind.value,
                title=part.title,
                tokens=part.tokens,
                text=part.text,
                number=part.number,
                left_out=part.left_out,
            )
            for part in read.parts
        ],
    )


@router.put(
    "/messages/{message_id}/rating",
    status_code=204,
    operation_id="rate_answer",
    responses=NAMED | BODY | CHANGE,
)
async def rate_answer(who: Writes, message_id: UUID, given: RatingIn) -> None:
    """Judge an answer, or take the judgement back."""
    await services().chat.rate(who, message_id, given.rating)
