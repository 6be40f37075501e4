"""``/metrics`` on an address of its own, where nothing else is served (METRICS_ADDRESS)."""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gantry.domain.hosts import HostNames
from gantry.runtime import services

_NOTHING = "There is nothing here but /metrics.\n"


class OwnAddress:
    """ASGI middleware; the outermost one. Who reaches that address is told the figures: it is for the network of whoever watches.

    Args:
        app: What is served everywhere else.
        port: The port of that address, which is no other's.
        names: The names it answers to: no page of another site reads it by a name that was given this address.
    """

    def __init__(self, app: ASGIApp, port: int, names: HostNames) -> None:
        self.app = app
        self._port = port
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        _host, port = scope.get("server") or ("", None)
        if scope["type"] == "lifespan" or port != self._port:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            answer = await figures() if self._is_asked(scope) else PlainTextResponse(_NOTHING, 404)
            await answer(scope, receive, send)

    def _is_asked(self, scope: Scope) -> bool:
        asked = scope["method"] in {"GET", "HEAD"} and scope["path"] == "/metrics"
        return asked and self._names.includes(Headers(scope=scope).get("host", ""))


async def figures() -> Response:
    """Return what is told."""
    told = await services().operations.figures()
    return Response(told.content, headers={"Content-Type": told.media_type, "Cache-Control": "no-store"})
