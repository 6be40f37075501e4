"""OpenAI's routes in the OpenAPI document. Requests are passed on as they are, so only what Gantry itself looks at is told."""

from typing import Any

from gantry.api.described import events
from gantry.domain.embedding import TOKEN_NUMBERS
from gantry.domain.knowledge import MAX_CHOSEN
from gantry.domain.programs import MAX_EMBEDDING_INPUTS, MAX_EMBEDDING_TOKENS, MAX_MODEL_CHARACTERS

Json = dict[str, Any]
_ERROR = "OpenAIError"
_MEANINGS = {
    400: "Something in the request is wrong; `param` names it.",
    401: "There is no token, or it is not valid.",
    403: "The token lacks the scope.",
    404: "There is no such model, or something that is named is not yours.",
    409: "It cannot be done as things are.",
    413: "The request is too large.",
    421: "Gantry may not be used under this host name.",
    429: "Too often, or too much at once.",
    502: "The model server refused, or answered nonsense.",
    503: "The model server, or a part that is needed, does not answer.",
    504: "The model server said nothing for too long.",
}


def _object(description: str, required: str, *, more: bool = True, **properties: Json) -> Json:
    told: Json = {
        "type": "object",
        "description": description,
        "required": required.split(),
        "properties": properties,
    }
    return told if more else told | {"additionalProperties": False}


def _or_null(kind: str, **more: Any) -> Json:
    return {"type": [kind, "null"], **more}


_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}
_THINGS: Json = {"type": "array", "items": {"type": "object"}}
_IDS: Json = {"type": "array", "maxItems": MAX_CHOSEN, "items": {"type": "string", "format": "uuid"}}
_MODEL: Json = {"type": "string", "minLength": 1, "maxLength": MAX_MODEL_CHARACTERS, "pattern": r"\S"}
_ROLE: Json = {"enum": ["user", "assistant", "system", "developer"]}
_CONTENT: Json = {"anyOf": [_TEXT, _THINGS]}
_TOKENS: Json = {
    "type": "array",
    "description": "Token numbers of cl100k_base in place of a text.",
    "minItems": 1,
    "maxItems": MAX_EMBEDDING_TOKENS,
    "items": {"type": "integer", "minimum": 0, "maximum": TOKEN_NUMBERS - 1},
}
_EXTRAS: Json = {"$ref": "#/components/schemas/GantryOptions"}

COMPONENTS: dict[str, Json] = {
    _ERROR: _object(
        "What went wrong, as OpenAI's clients read it.",
        "error",
        error=_object(
            "", "message type param code", message=_TEXT, type=_TEXT, param=_or_null("string"), code=_or_null("string")
        ),
    ),
    "GantryOptions": _object(
        "What Gantry does beside passing the question on.",
        "",
        more=False,
        collections={"anyOf": [{"const": "all"}, _IDS, {"type": "null"}]},
        documents={"anyOf": [_IDS, {"type": "null"}]},
        memory={"type": "boolean"},
        conversation_id=_or_null("string", format="uuid"),
    ),
    "OpenAIModel": _object(
        "One model.",
        "id object created owned_by",
        id=_TEXT,
        object={"const": "model"},
        created=_NUMBER,
        owned_by=_TEXT,
        name=_TEXT,
        context_length=_NUMBER,
    ),
    "OpenAIModelList": _object(
        "The models that you may ask.",
        "object data",
        object={"const": "list"},
        data={"type": "array", "items": {"$ref": "#/components/schemas/OpenAIModel"}},
    ),
    "ChatRequest": _object(
        "A question. What is not named here goes to the model's server as it is.",
        "model messages",
        model=_MODEL,
        messages={
            "type": "array",
            "minItems": 1,
            "items": _object("One turn.", "role", role=_TEXT, content={"anyOf": [*_CONTENT["anyOf"], {"type": "null"}]}),
        },
        stream=_or_null("boolean"),
        n={"enum": [1, None]},
        store=_or_null("boolean"),
        gantry={"anyOf": [_EXTRAS, {"type": "null"}]},
    ),
    "ChatAnswer": _object(
        "The model server's answer, with what Gantry adds.",
        "choices",
        id=_TEXT,
        object=_TEXT,
        model=_TEXT,
        choices=_THINGS,
        gantry={"type": "object"},
    ),
    "EmbeddingRequest": _object(
        "Texts to be turned into vectors.",
        "model input",
        model=_MODEL,
        input={
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_EMBEDDING_INPUTS,
                    "items": {"type": "string", "minLength": 1},
                },
                _TOKENS,
                {"type": "array", "minItems": 1, "maxItems": MAX_EMBEDDING_INPUTS, "items": _TOKENS},
            ]
        },
        encoding_format={"enum": ["float", "base64", None]},
        dimensions=_or_null("integer"),
        input_type=_TEXT,
    ),
    "EmbeddingAnswer": _object("Vectors, in the order of the texts.", "data", object=_TEXT, model=_TEXT, data=_THINGS),
    "ResponseRequest": _object(
        "A question in the newer dialect; the whole conversation is the `input`.",
        "model input",
        model=_MODEL,
        input={
            "anyOf": [
                _TEXT,
                {
                    "type": "array",
                    "minItems": 1,
                    "items": _object("One turn, or a call of a function and its output.", "", type=_TEXT, role=_ROLE, content=_CONTENT),
                },
            ]
        },
        instructions=_or_null("string"),
        stream=_or_null("boolean"),
        store=_or_null("boolean"),
        gantry={"anyOf": [_EXTRAS, {"type": "null"}]},
    ),
    "ResponseAnswer": _object(
        "An answer in the newer dialect.", "id object status output", id=_TEXT, object={"const": "response"}, status=_TEXT, model=_or_null("string"), output=_THINGS
    ),
}  # fmt: skip


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _refusals(*statuses: int) -> dict[int | str, Json]:
    content = {"application/json": {"schema": _schema(_ERROR)}}
    return {status: {"description": _MEANINGS[status], "content": content} for status in statuses}


def lists(answer: str, *more: int) -> dict[int | str, Json]:
    """Return the answers of a route that only looks."""
    told = {"description": "As OpenAI says it.", "content": {"application/json": {"schema": _schema(answer)}}}
    return {200: told} | _refusals(401, 403, 421, 429, 503, *more)


def asks(answer: str, *, streams: bool = True) -> dict[int | str, Json]:
    """Return the answers of a route that asks a model."""
    told = lists(answer, *_MEANINGS)
    if streams:
        told[200]["content"] |= events(
            "One event; `data` is JSON, or `[DONE]` at the end.", {"data": "[DONE]"}
        )
    return told


def takes(name: str, **example: Any) -> Json:
    """Return, as ``openapi_extra``, what a route takes."""
    content = {"application/json": {"schema": _schema(name), "example": example}}
    return {"requestBody": {"required": True, "content": content}}
