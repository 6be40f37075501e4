"""What OpenAI's clients ask: passed on to a model server, with what Gantry adds only where it is asked to."""

import logging
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from time import time
from typing import Any
from uuid import UUID

import orjson

from gantry.domain.accounts import Actor
from gantry.domain.catalog import ChatRequest, ReasoningDelta, TextDelta, UsageReport
from gantry.domain.chat import MessageStatus
from gantry.domain.completions import Heard, chunk, usage_of
from gantry.domain.errors import Conflict, GantryError, Invalid, ModelFault, ModelUnavailable
from gantry.domain.json_values import object_in
from gantry.domain.passing import MAX_LINE_BYTES, PassedAnswer, PassesOn
from gantry.domain.persona_models import wishes
from gantry.domain.programs import MAX_OPEN_REQUESTS, Question
from gantry.domain.prompt import turn_tokens
from gantry.domain.tokens import estimate_tokens
from gantry.models import new_id
from gantry.services.catalog import ResolvedModel
from gantry.services.exchanges import Exchange, Exchanges, Grounded
from gantry.services.open_calls import OpenCalls
from gantry.services.program_models import ProgramModels

MAX_COMPLETION_BYTES = 64_000_000
_DONE = b"data: [DONE]\n\n"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProgramAnswer:
    """An answer as it goes to the client: server-sent events when it *streams*, else JSON.

    Close it wherever it stands. Its place and its model server are freed by that also when nothing of it was read: a generator
    that has not begun would run no ``finally``.
    """

    id: UUID  # of the message that it becomes, if it is stored
    streams: bool
    pieces: AsyncGenerator[bytes]
    held: AsyncExitStack = field(repr=False)

    async def aclose(self) -> None:
        """Free what it holds; twice does no harm."""
        await self.held.aclose()


@dataclass(frozen=True, slots=True)
class ProgramService:
    """Chat for programs. Without ``gantry`` and ``store`` in a request nothing of the answer is read or kept."""

    models: ProgramModels
    servers: PassesOn
    exchanges: Exchanges
    calls: OpenCalls
    _open: Counter[Any] = field(default_factory=Counter[Any])  # by account, in this process

    @property
    def open_requests(self) -> int:
        """How many are being answered in this process."""
        return self._open.total()

    async def chat(
        self,
        who: Actor,
        body: Any,
        *,
        after: UUID | None = None,
        resumable: bool = False,
        origin: str = "",
    ) -> ProgramAnswer:
        """Ask a model; returns when it has begun to answer.

        Args:
            after: The stored answer that the question goes on from, or one that waits for a function.
            resumable: Keep an answer that calls a function until its output comes, if it is to be stored.
            origin: Where Gantry was asked, for the addresses of what is cited.

        Raises:
            Invalid: The request cannot be read, or there is no such model.
            NotFound: Documents or a conversation that are not *who*'s.
            Conflict: The account has as many requests open as it may have.
            ModelUnavailable: The model server refused, or does not answer.
        """
        answer_id = new_id()
        asked = replace(Question.parse(body), answer_id=answer_id, resumable=resumable, origin=origin)
        asked = await self.calls.resumed(who, asked, after)
        if self._open[who.id] >= MAX_OPEN_REQUESTS:
            raise Conflict(
                f"You already have {MAX_OPEN_REQUESTS} requests in progress.",
                advice="Wait for one of them to end.",
            )
        async with AsyncExitStack() as held:
            self._open[who.id] += 1
            held.callback(self._leave, who)
            pieces = await self._answer(who, asked, held)
            held.push_async_callback(pieces.aclose)
            return ProgramAnswer(answer_id, asked.streams, pieces, held.pop_all())

    async def _answer(self, who: Actor, asked: Question, held: AsyncExitStack) -> AsyncGenerator[bytes]:
        asked, model, persona = await self.models.asked(who, asked)
        grounded = await self.exchanges.ground(who, asked, model) if asked.extras.wanted else None
        if model.spec is None:
            return self._built_in(Exchange(who, asked, model, grounded or Grounded.plain(asked)))
        passed = dict(asked.passed, model=model.ref.name)
        if grounded is not None:
            passed["messages"] = list(grounded.messages)
        wanted = wishes(persona.parameters, passed) if persona else None
        answer = await self.servers.pass_on(model.spec, "chat/completions", passed, wanted)
        held.push_async_callback(answer.aclose)
        if grounded is None:
            return answer.pieces() if asked.streams else _in_one(answer)
        exchange = Exchange(who, asked, model, grounded)
        return self._retold(exchange, answer.pieces()) if asked.streams else self._completed(exchange, answer)

    # what the model server says, with what we know of it

    async def _retold(self, exchange: Exchange, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Pass a stream on line by line, and tell citations and the conversation before its end."""
        heard, rest, head, status = exchange.heard, b"", dict[str, Any](), MessageStatus.STOPPED
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    lines = (rest + piece).split(b"\n")
                    rest = lines.pop()
                    if len(rest) > MAX_LINE_BYTES:
                        raise _unreadable()
                    kept = [line for line in lines if _read(line, heard, head)]
                    if kept:
                        yield b"\n".join(kept) + b"\n"
            if rest and _read(rest, heard, head):
                yield rest + b"\n\n"
            status = MessageStatus.COMPLETE
        except ModelUnavailable:
            status = MessageStatus.FAILED
            raise
        finally:
            if status is not MessageStatus.COMPLETE:
                self.exchanges.keep_later(exchange, status)
        for told in await self._tail(exchange, head):
            yield _event(told)
        yield _DONE

    async def _completed(self, exchange: Exchange, answer: PassedAnswer) -> AsyncGenerator[bytes]:
        """Return a whole answer, with citations and the conversation in it."""
        raw = await answer.whole(MAX_COMPLETION_BYTES)
        try:
            value = orjson.loads(raw)
            message = value["choices"][0]["message"]
            message["annotations"] = []  # a message is an object
        except (ValueError, LookupError, TypeError) as error:
            raise _unreadable() from error
        exchange.heard.chunk(value)
        message["annotations"] = exchange.annotations
        value |= await self._kept(exchange)
        yield orjson.dumps(value)

    async def _tail(self, exchange: Exchange, head: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks that tell what a stream could not know before."""
        noted = exchange.annotations
        told = [chunk(head, {"annotations": noted})] if noted else []
        kept = await self._kept(exchange)
        return [*told, {**head, "choices": [], **kept}] if kept else told

    async def _kept(self, exchange: Exchange) -> dict[str, Any]:
        """Store the exchange if that is wanted; returns what the client is told of it.

        An answer that calls a tool is no answer yet. One that cannot be stored any more reaches the client all the same.
        """
        asked, heard, told = exchange.asked, exchange.heard, dict[str, Any](exchange.grounded.told)
        if asked.extras.kept and heard.calls:
            await self.calls.keep(exchange.who, asked, heard)
        elif asked.extras.kept:
            try:
                told |= await self.exchanges.keep(exchange, MessageStatus.COMPLETE)
            except GantryError as error:
                log.warning("exchange.not_kept", exc_info=True)
                told["not_stored"] = str(error)
        return {"gantry": told} if told else {}

    # the built-in answerer

    async def _built_in(self, exchange: Exchange) -> AsyncGenerator[bytes]:
        """Have the built-in answerer quote, in the shape of a completion."""
        asked, model, heard, status = exchange.asked, exchange.model, exchange.heard, MessageStatus.STOPPED
        head = {
            "id": f"chatcmpl-{new_id().hex}",
            "object": "chat.completion.chunk" if asked.streams else "chat.completion",
            "created": int(time()),
            "model": str(model.ref),
        }
        try:
            if asked.streams:
                yield _event(chunk(head, {"role": "assistant", "content": ""}))
            deltas = model.chat.stream(self._request(exchange.who, asked, model, exchange.grounded))
            async with aclosing(deltas):
                async for delta in deltas:
                    told = _delta(delta)
                    heard.chunk({"choices": [{"delta": told}]})
                    if told and asked.streams:
                        yield _event(chunk(head, told))
            status = MessageStatus.COMPLETE
        finally:
            if status is not MessageStatus.COMPLETE:
                self.exchanges.keep_later(exchange, status)
        heard.finish = "stop"
        heard.usage = UsageReport(
            sum(map(turn_tokens, exchange.grounded.turns)), estimate_tokens(heard.words)
        )
        usage = {"usage": usage_of(heard.usage)}
        if not asked.streams:
            message = {"role": "assistant", "content": heard.words, "refusal": None}
            message |= {"annotations": exchange.annotations}
            kept = await self._kept(exchange)
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            yield orjson.dumps({**head, "choices": [choice], **usage, **kept})
            return
        yield _event(chunk(head, {}, finish="stop"))
        for told in await self._tail(exchange, head):
            yield _event(told)
        options = object_in(asked.passed.get("stream_options")) or {}
        if options.get("include_usage"):
            yield _event({**head, "choices": [], **usage})
        yield _DONE

    def _request(self, who: Actor, asked: Question, model: ResolvedModel, grounded: Grounded) -> ChatRequest:
        if not asked.text.strip():
            raise Invalid("There is no question to answer.", field="messages")
        return ChatRequest(
            model.ref.name,
            grounded.turns,
            who.id,
            asked.extras.conversation_id or new_id(),
            question=asked.text,
            sources=grounded.given,
            retrieval=grounded.retrieval,
        )

    # how many at once

    def _leave(self, who: Actor) -> None:
        self._open[who.id] -= 1
        if self._open[who.id] <= 0:
            del self._open[who.id]


def _unreadable() -> ModelUnavailable:
    return ModelUnavailable(
        "The model server sent a response that Gantry cannot read.", fault=ModelFault.BROKEN
    )


async def _in_one(answer: PassedAnswer) -> AsyncGenerator[bytes]:
    yield await answer.whole(MAX_COMPLETION_BYTES)


def _read(line: bytes, heard: Heard, head: dict[str, Any]) -> bool:
    """Take what a line of a stream says; return whether it is passed on now. The end mark waits for what we add."""
    if not line.startswith(b"data:"):
        return True
    raw = line[5:].strip()
    if raw == b"[DONE]":
        return False
    try:
        value = object_in(orjson.loads(raw))
    except ValueError:
        return True
    if value is not None:
        if not head:
            head.update({name: value.get(name) for name in ("id", "object", "created", "model")})
        heard.chunk(value)
    return True


def _event(value: Mapping[str, Any]) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(value)


def _delta(delta: Any) -> dict[str, Any]:
    match delta:
        case TextDelta(text):
            return {"content": text}
        case ReasoningDelta(text):
            return {"reasoning_content": text}
        case _:
            return {}
