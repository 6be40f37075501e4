"""A question that waits for its answer."""

import asyncio
from contextlib import aclosing
from time import monotonic
from typing import Any
from uuid import UUID

from gantry.api.access import still_signed_in
from gantry.api.mcp.caller import Caller
from gantry.domain.context import CitationKind
from gantry.domain.errors import Conflict, GantryError, InvalidToken, Unavailable
from gantry.domain.live import LiveKind, Position
from gantry.runtime import services
from gantry.services.answers import SourceRead
from gantry.services.chat import Beginning, Sent

ANSWER_SECONDS = 300  # for which an answer is waited
RECHECK_SECONDS = 1.0  # how long it may outlive its token
_PASSAGE = 2000  # characters of a passage that are told
_stopping: set[asyncio.Task[None]] = set()


async def answered(
    caller: Caller, question: str, *, conversation: UUID | None, model: str | None
) -> dict[str, Any]:
    """Ask as in the pages, and return the whole answer with what it refers to; who gives up stops it.

    Args:
        model: Of a server, or a persona: then its conversation has that persona from here on.

    Raises:
        Invalid: There is no such model.
        Unavailable: There is no answer, or it took too long.
        InvalidToken: The token was revoked meanwhile.
        Conflict: The call was given up.
    """
    sent = await _sent(caller, question, conversation, model)
    ended = False
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await _unless_given_up(caller, sent)
        ended = True
    except TimeoutError:
        raise Unavailable(
            f"The answer took longer than {ANSWER_SECONDS // 60} minutes and was stopped."
        ) from None
    finally:
        if not ended:
            _stop_later(caller, sent)
    stored = await services().answers.stored(caller.who, sent.generation_id)
    sources = await services().answers.sources(caller.who, sent.message_id)
    return {
        "answer": stored.text,
        "status": stored.status.value,
        "conversation": str(sent.conversation_id),
        "citations": [_citation(each) for each in sources if each.row.cited],
    }


async def _sent(caller: Caller, question: str, conversation: UUID | None, model: str | None) -> Sent:
    who, models = caller.who, services().programs.models
    persona = await models.persona(who, model) if model else None
    if persona is None:
        return await services().chat.send(who, conversation, question, model=model)
    if conversation is not None:
        return await services().chat.send_to(
            who, conversation, question, persona=persona.id, model=models.model_of(persona)
        )
    beginning = Beginning(persona.scope, persona=persona.id)
    return await services().chat.send(
        who, None, question, model=models.model_of(persona), beginning=beginning
    )


async def _unless_given_up(caller: Caller, sent: Sent) -> None:
    async with services().calls.watched(caller.who, caller.call) as given_up:
        waiting = asyncio.ensure_future(_wait(caller, sent))
        leaving = asyncio.ensure_future(given_up.wait())
        try:
            await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise Conflict("This call was given up.")
            await waiting
        finally:
            for task in (waiting, leaving):
                task.cancel()
            await asyncio.gather(waiting, leaving, return_exceptions=True)


async def _wait(caller: Caller, sent: Sent) -> None:
    checked = monotonic()
    events = services().answers.follow(caller.who, sent.generation_id, Position())
    async with aclosing(events):
        async for event in events:
            if event is not None and event.kind is LiveKind.ERROR:
                told = event.data
                raise Unavailable(str(told.get("title", "")), advice=str(told.get("advice", "")))
            if (now := monotonic()) - checked > RECHECK_SECONDS:
                if not await still_signed_in(caller.token):
                    raise InvalidToken
                checked = now


def _stop_later(caller: Caller, sent: Sent) -> None:
    """Stop an answer that nobody waits for any more, while its request goes away."""
    task = asyncio.create_task(_stop(caller, sent))
    _stopping.add(task)
    task.add_done_callback(_stopping.discard)


async def _stop(caller: Caller, sent: Sent) -> None:
    try:
        await services().answers.stop(caller.who, sent.generation_id)
    except GantryError:  # it ends by itself
        return


def _citation(source: SourceRead) -> dict[str, Any]:
    row = source.row
    told: dict[str, Any] = {"number": row.number, "title": row.title, "passage": source.passage[:_PASSAGE]}
    if row.kind is CitationKind.DOCUMENT and row.document_id:
        told |= {"document": str(row.document_id), "page": row.page}
    elif source.said is not None:
        told |= {"conversation": str(source.said.conversation_id)}
    return told
