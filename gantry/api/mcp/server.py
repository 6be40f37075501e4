"""The protocol by its official library. Only the first request for it imports this module: that takes half a second."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from gantry import __version__
from gantry.api.access import presented_token
from gantry.api.guard import MAX_BODY_BYTES
from gantry.api.mcp import resources, tools
from gantry.api.mcp.caller import Caller
from gantry.api.mcp.cancelling import given_up, name_of, peeked
from gantry.api.mcp.results import schema_of
from gantry.domain.errors import GantryError, Invalid, NotFound
from gantry.runtime import services

_INSTRUCTIONS = (
    "Gantry keeps one person's documents, conversations and memory. Search before you read; name the document and the page of "
    "what you use. `ask` has a model of Gantry's answer from all of it."
)
_WENT_WRONG = "Something went wrong in Gantry."
# Guarded already: names, origins and bodies of every request (gantry/api/guard.py).
_UNGUARDED = TransportSecuritySettings(enable_dns_rebinding_protection=False)

log = logging.getLogger(__name__)
logging.getLogger("mcp.server.streamable_http_manager").setLevel(
    logging.WARNING
)  # it tells of every beginning


async def exchange(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request; all that it has started ends with it, also when the client goes."""
    body, receive = await peeked(receive)
    if (number := given_up(body)) is not None:
        request = Request(scope)
        services().calls.give_up(request.state.who, name_of(request, number))
    manager = StreamableHTTPSessionManager(
        _server(), stateless=True, security_settings=_UNGUARDED, max_request_body_size=MAX_BODY_BYTES
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


@cache
def _server() -> Server[Any]:
    return Server(
        "gantry",
        title="Gantry",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
        on_list_resources=_list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=_read_resource,
    )


async def _list_tools(context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
    """List what the token may be used for."""
    caller = _caller(context)
    return ListToolsResult(
        tools=[_described(each) for each in tools.TOOLS.values() if caller.may(each.scope)]
    )


@cache
def _described(tool: tools.Tool) -> Tool:
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=schema_of(tool.result),
        annotations=ToolAnnotations(
            read_only_hint=not tool.changes, destructive_hint=False, open_world_hint=False
        ),
    )


async def _call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
    tool = tools.TOOLS.get(params.name)
    if tool is None:
        raise MCPError(INVALID_PARAMS, "There is no such tool.")
    try:
        caller = _caller(context)
        caller.who.require_any(tool.scope)
        return _result(await tool.run(caller, tool.arguments.model_validate(params.arguments or {})))
    except ValidationError as error:
        return _refused(_invalid(error))
    except GantryError as error:
        return _refused(error)
    except Exception:
        log.exception("mcp.tool_failed", extra={"tool": tool.name})
        return _refused(GantryError(_WENT_WRONG, advice="Try again in a moment."))


def _result(told: dict[str, Any], *, failed: bool = False) -> CallToolResult:
    """Return *told* as data, and as text for clients that pass only text on to their model."""
    raw = orjson.dumps(told)
    text = TextContent(type="text", text=raw.decode())
    return CallToolResult(content=[text], structured_content=orjson.loads(raw), is_error=failed)


def _refused(error: GantryError) -> CallToolResult:
    """Tell what went wrong as the REST routes do."""
    told = {
        "type": f"/problems/{error.kind}",
        "status": error.status,
        "detail": error.public,
        "advice": error.advice_for(administrator=False),
    }
    if isinstance(error, Invalid):
        told["field"] = error.field
    return _result({name: value for name, value in told.items() if value}, failed=True)


def _invalid(error: ValidationError) -> Invalid:
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    sentence = first["msg"].removeprefix("Value error, ").rstrip(".")
    return Invalid(f"{field}: {sentence}." if field else f"{sentence}.", field=field)


async def _list_resources(context: Any, params: PaginatedRequestParams | None) -> ListResourcesResult:
    """List documents, newest first."""
    with _faults():
        found, following = await resources.documents(_caller(context), _cursor(params))
    listed = [
        Resource(uri=each.uri, name=each.name, description=each.description, mime_type="text/plain")
        for each in found
    ]
    return ListResourcesResult(resources=listed, next_cursor=str(following) if following else None)


async def _list_templates(
    _context: Any, _params: PaginatedRequestParams | None
) -> ListResourceTemplatesResult:
    described = [
        ResourceTemplate(uri_template=uri, name=name, description=description, mime_type="text/plain")
        for uri, name, description in resources.TEMPLATES
    ]
    return ListResourceTemplatesResult(resource_templates=described)


async def _read_resource(context: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
    uri = str(params.uri)
    with _faults():
        text = await resources.read(_caller(context), uri)
    return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type="text/plain", text=text)])


def _cursor(params: PaginatedRequestParams | None) -> UUID | None:
    try:
        return UUID(params.cursor) if params and params.cursor else None
    except ValueError:
        raise Invalid("This cursor is none of ours.", field="cursor") from None


@contextmanager
def _faults() -> Generator[None]:
    """Tell our errors in the protocol's shape, and of others nothing: the library would tell their words."""
    try:
        yield
    except GantryError as error:
        raise _fault(error) from error
    except Exception:
        log.exception("mcp.request_failed")
        raise MCPError(INTERNAL_ERROR, _WENT_WRONG) from None


def _fault(error: GantryError) -> MCPError:
    code = INVALID_PARAMS if isinstance(error, NotFound | Invalid) else INTERNAL_ERROR
    sentence = f"{error.public} {error.advice_for(administrator=False)}".strip()
    return MCPError(code, sentence, {"type": f"/problems/{error.kind}", "status": error.status})


def _caller(context: Any) -> Caller:
    request = context.request
    return Caller(request.state.who, presented_token(request), name_of(request, context.request_id))
