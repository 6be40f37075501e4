"""The one address of the Model Context Protocol: streamable HTTP without sessions, so that any replica answers."""

import asyncio
from importlib import import_module
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gantry.api.access import ProgramUses
from gantry.api.described import events
from gantry.api.refusals import SIGNED_IN, refusals

router = APIRouter(tags=["mcp"])
_SERVER = "gantry.api.mcp.server"
_RPC = {"type": "object", "required": ["jsonrpc"], "properties": {"jsonrpc": {"const": "2.0"}}}
# The protocol describes itself: https://modelcontextprotocol.io/specification
_MESSAGE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["jsonrpc", "method"],
                    "properties": {
                        "jsonrpc": {"const": "2.0"},
                        "method": {"type": "string"},
                        "id": {"description": "A text or a number; a notification has none."},
                        "params": {"description": "What the method takes."},
                    },
                },
                "example": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            }
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer.",
        "content": {
            "application/json": {"schema": _RPC},
            **events("One message of the protocol.", {"event": "message", "data": "{}"}),
        },
    },
    202: {"description": "A notification was taken."},
    **{
        status: {"description": description, "content": {"application/json": {"schema": _RPC}}}
        for status, description in (
            (400, "This is no message of the protocol."),
            (406, "`Accept` must allow both `application/json` and `text/event-stream`."),
        )
    },
}


@router.post(
    "/mcp",
    operation_id="mcp",
    openapi_extra=_MESSAGE,
    responses=SIGNED_IN | refusals(413, 415) | _ANSWERS,
)
async def mcp(who: ProgramUses, request: Request) -> Response:
    """Answer one message of the protocol."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send application/json.")
    request.state.who = who
    return _Exchange()


class _Exchange(Response):
    """Leaves the response to the protocol's own library, which is loaded when somebody first needs it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        server = await asyncio.to_thread(import_module, _SERVER)
        await server.exchange(scope, receive, send)
