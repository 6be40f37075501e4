"""The one address of the Model Context Protocol: streamable HTTP without sessions, so that any replica answers."""

import asyncio
from importlib import import_module

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gantry.api.access import ProgramUses

router = APIRouter(tags=["mcp"])
_SERVER = "gantry.api.mcp.server"


@router.post("/mcp", operation_id="mcp", include_in_schema=False)  # the protocol describes itself
async def mcp(who: ProgramUses, request: Request) -> Response:
    """Answer one message of the protocol."""
    request.state.who = who
    return _Exchange()


class _Exchange(Response):
    """Leaves the response to the protocol's own library, which is loaded when somebody first needs it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        server = await asyncio.to_thread(import_module, _SERVER)
        await server.exchange(scope, receive, send)
