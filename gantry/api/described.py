"""What the OpenAPI document says beyond what signatures tell: files, tags, where the API is, how to sign in."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from gantry.api.links import tell_links
from gantry.api.parameters import tell_parameters

OPEN: dict[str, Any] = {"security": []}  # as ``openapi_extra``: needs no account
EACH_SCOPE: dict[str, Any] = {"x-each-scope": True}  # the same: a token needs all the scopes, not one of them
# Both ways in: their names in the document.
SESSION, TOKEN = "session", "token"
SERVERS = [{"url": "/", "description": "This installation."}]
_BINARY = {"type": "string", "format": "binary"}

_FILES: dict[str, Any] = {"application/json": {"type": "object"}, "text": {"type": "string"}}
_FASTAPIS = frozenset({"HTTPValidationError", "ValidationError"})

TAGS = [
    {"name": "accounts", "description": "Set-up, sessions, your account and its tokens; people, for administrators."},
    {"name": "chat", "description": "Conversations and their messages."},
    {"name": "answers", "description": "Answers while they are written."},
    {"name": "order", "description": "Folders, tags, and many conversations at once."},
    {"name": "shares", "description": "Read-only links to conversations."},
    {"name": "catalog", "description": "Models, and the servers they come from."},
    {"name": "personas", "description": "Personas, and prompts that are kept."},
    {"name": "knowledge", "description": "Collections, documents, and search in them."},
    {"name": "memory", "description": "What is remembered about you."},
    {"name": "search", "description": "Search over what was said."},
    {"name": "export", "description": "Conversations as files."},
    {"name": "imports", "description": "Conversations of other products."},
    {"name": "openai", "description": "The interface of OpenAI's clients; its errors have OpenAI's shape."},
    {"name": "mcp", "description": "The Model Context Protocol."},
    {"name": "operations", "description": "For whoever runs the machines."},
]  # fmt: skip


def example(values: dict[str, Any]) -> dict[str, Any]:
    """Return, as ``json_schema_extra``, what an object may look like."""
    return {"examples": [values]}


def file_body(**fields: dict[str, Any]) -> dict[str, Any]:
    """Return, as ``openapi_extra``, that a route takes one file as ``multipart/form-data``, and *fields* beside it."""
    schema = {"type": "object", "required": ["file"], "properties": {"file": _BINARY, **fields}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def file_answer(description: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    """Return, for ``responses``, that a route answers with a file of one of *media_types*."""
    content = {
        each: {"schema": _FILES.get(each.partition("/")[0], _FILES.get(each, _BINARY))}
        for each in media_types
    }
    return {200: {"description": description, "content": content}}


def events(description: str, example: dict[str, str]) -> dict[str, Any]:
    """Return, for ``content``, a stream of events: each is told as an object of its fields."""
    text = {"type": "string"}
    schema = {
        "type": "object",
        "description": description,
        "required": ["data"],
        "properties": {"id": text, "event": text, "data": text, "retry": {"type": "integer"}},
    }
    return {"text/event-stream": {"schema": schema, "example": example}}


def describe(api: FastAPI, schemas: dict[str, Any], *models: type[BaseModel]) -> None:
    """Have *api* describe itself with *schemas* and *models*, which routes refer to by name, and both ways to sign in."""
    of_routes: Callable[[], dict[str, Any]] = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            document = of_routes()
            components = document["components"]["schemas"]
            for each in models:
                told = each.model_json_schema(ref_template="#/components/schemas/{model}")
                components |= told.pop("$defs", {}) | {each.__name__: told}
            components |= schemas
            document["components"]["schemas"] = {
                name: schema for name, schema in components.items() if name not in _FASTAPIS
            }
            document["security"] = [{TOKEN: []}, {SESSION: []}]
            operations = [each for path in document["paths"].values() for each in path.values()]
            for operation in operations:
                _tell_scopes(operation)
                tell_parameters(operation)
                if operation["responses"].get("422", {}).get("description") == "Validation Error":
                    del operation["responses"]["422"]  # FastAPI's own: nothing there can be wrong
            tell_links(operations)
        return of_routes()

    api.openapi = openapi


def _tell_scopes(operation: dict[str, Any]) -> None:
    """Say which scopes a token needs in words: the lists in ``security`` mean all of them, ours mostly any, and for tokens only."""
    together = " and " if operation.pop("x-each-scope", False) else " or "
    ways: list[dict[str, list[str]]] = operation.get("security", [])
    scopes = dict.fromkeys(scope for way in ways for scope in way.get(TOKEN, ()))
    if scopes:
        named = together.join(f"`{scope}`" for scope in scopes)
        operation["description"] = f"{operation['description']}\n\nA token needs the scope {named}."
        operation["security"] = [{name: [] for name in way} for way in ways]
