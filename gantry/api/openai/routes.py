"""OpenAI's routes: models, chat, embeddings and responses."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from time import time
from typing import Annotated, Any
from uuid import uuid4

import orjson
from fastapi import APIRouter, Path, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gantry.api.access import Program, ProgramLooks, presented_token
from gantry.api.openai.described import asks, lists, takes
from gantry.api.openai.errors import told
from gantry.api.openai.relay import Relay, json_of, json_whole, unless_gone, whole
from gantry.domain.completions import error_in
from gantry.domain.errors import GantryError
from gantry.domain.json_values import object_in
from gantry.domain.programs import require_few
from gantry.domain.responses import ResponseTeller, chat_request, previous_answer
from gantry.runtime import services
from gantry.services.program_models import ProgramModel
from gantry.services.programs import ProgramAnswer

router = APIRouter(prefix="/v1", tags=["openai"])
_HELLO = [{"role": "user", "content": "What did I say about tea?"}]
_GONE = 499  # nobody reads it; the access log tells it


@router.get("/models", operation_id="openai_list_models", responses=lists("OpenAIModelList"))
async def list_models(who: ProgramLooks) -> Response:
    """List the models that you may ask: those of the servers, the built-in answerer, and your personas."""
    found = await services().programs.models.list_models(who)
    return json_whole({"object": "list", "data": [_model(each) for each in found]})


@router.get("/models/{model:path}", operation_id="openai_get_model", responses=lists("OpenAIModel", 404))
async def get_model(
    who: ProgramLooks, model: Annotated[str, Path(description="Id of a model, as the list has it.")]
) -> Response:
    """Return one model."""
    return json_whole(_model(await services().programs.models.get(who, model)))


@router.post(
    "/chat/completions",
    operation_id="openai_chat",
    responses=asks("ChatAnswer"),
    openapi_extra=takes("ChatRequest", model="gantry/extractive", messages=_HELLO),
)
async def chat(who: Program, request: Request) -> Response:
    """Ask a model. The request goes to its server as it is, but for `gantry` and `store`.

    `gantry`: `collections` (ids, or `"all"`) and `documents` to read, `memory` to use, `conversation_id` to continue; `store`
    makes the exchange a conversation. Citations are in the answer's `annotations`.
    """
    body = await json_of(request)
    try:
        answer = await unless_gone(request, services().programs.chat(who, body, origin=_origin(request)))
        if answer.streams:
            return Relay(answer.pieces, answer, presented_token(request))
        return whole(await unless_gone(request, _joined(answer)))
    except ClientDisconnect:
        return Response(status_code=_GONE)


@router.post(
    "/embeddings",
    operation_id="openai_embeddings",
    responses=asks("EmbeddingAnswer", streams=False),
    openapi_extra=takes("EmbeddingRequest", model="gantry/embeddings", input=["A cup of tea"]),
)
async def embeddings(who: Program, request: Request) -> Response:
    """Turn texts into vectors: with a server's model, or as `gantry/embeddings` with the installation's own.

    `input_type` (`query` or `passage`) tells the latter what the texts are.
    """
    body = await json_of(request)
    try:
        return whole(await unless_gone(request, services().program_embeddings.embed(who, body)))
    except ClientDisconnect:
        return Response(status_code=_GONE)


@router.post(
    "/responses",
    operation_id="openai_responses",
    responses=asks("ResponseAnswer"),
    openapi_extra=takes("ResponseRequest", model="gantry/extractive", input="What did I say about tea?"),
)
async def responses(who: Program, request: Request) -> Response:
    """Ask a model in the newer dialect: text, pictures, functions and streaming.

    `previous_response_id` goes on from an answer that was asked for with `store: true`, and is stored too. An answer that calls
    functions waits an hour for their output.
    """
    body = await json_of(request)
    require_few((object_in(body) or {}).get("input"), "input")
    asked = chat_request(body)
    try:
        previous, origin = previous_answer(body), _origin(request)
        asking = services().programs.chat(who, asked, after=previous, resumable=True, origin=origin)
        answer = await unless_gone(request, asking)
        teller = ResponseTeller(body, answer.id, lambda: uuid4().hex, int(time()))
        if answer.streams:
            return Relay(_events(answer, teller), answer, presented_token(request))
        value = orjson.loads(await unless_gone(request, _joined(answer)))
    except ClientDisconnect:
        return Response(status_code=_GONE)
    for _event in teller.take(value):
        pass  # the object at the end says it all
    teller.finish_items()
    return json_whole(teller.whole())


def _origin(request: Request) -> str:
    """Return where Gantry was asked: a name of ours, as the guard has seen to."""
    return str(request.base_url).rstrip("/")


async def _joined(answer: ProgramAnswer) -> bytes:
    async with aclosing(answer):
        return b"".join([piece async for piece in answer.pieces])


async def _events(answer: ProgramAnswer, teller: ResponseTeller) -> AsyncGenerator[bytes]:
    """Tell the chunks of a chat stream as events of the newer dialect."""
    for event in teller.begin():
        yield _line(event)
    try:
        async for value in _values(answer.pieces):
            if (error := error_in(value)) is not None:
                for event in teller.failed(error):
                    yield _line(event)
                return
            lines = [_line(event) for event in teller.take(value)]
            if lines:
                yield b"".join(lines)
    except GantryError as error:
        for event in teller.failed(told(error)[1]["error"]):
            yield _line(event)
        return
    for event in teller.end():
        yield _line(event)


async def _values(pieces: AsyncGenerator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON values of a stream; what is none is passed over."""
    rest = b""
    async with aclosing(pieces):
        async for piece in pieces:
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            for value in map(_value, lines):
                if value is not None:
                    yield value
    if (value := _value(rest)) is not None:
        yield value


def _value(line: bytes) -> dict[str, Any] | None:
    if not line.startswith(b"data:"):
        return None
    try:
        value = orjson.loads(line[5:])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _line(event: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event))


def _model(model: ProgramModel) -> dict[str, Any]:
    told = {"context_length": model.context_tokens, "description": model.description}
    return {
        "id": model.id,
        "object": "model",
        "created": int(model.created_at.timestamp()),
        "owned_by": model.owner,
        "name": model.name,
        **{name: value for name, value in told.items() if value},
    }
