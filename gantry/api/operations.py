"""Whether the process lives and is ready, and its figures."""

from ipaddress import IPv6Address, ip_address

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from gantry.runtime import services

router = APIRouter(tags=["operations"])


@router.get("/health", operation_id="health")
async def health() -> dict[str, str]:
    """Liveness: the process answers. Touches no dependency."""
    return {"status": "ok"}


@router.get("/ready", operation_id="ready")
async def ready() -> JSONResponse:
    """Readiness: 200 when the database answers and its schema is right, with the state of each part."""
    states = await services().operations.readiness()
    fit = all(state.ok for state in states.values() if state.required)
    parts = {
        name: {"ok": state.ok, "required": state.required, "detail": state.detail}
        for name, state in states.items()
    }
    return JSONResponse(
        {"status": "ready" if fit else "not ready", "parts": parts}, status_code=200 if fit else 503
    )


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Figures as Prometheus reads them; to everybody else there is nothing here.

    They are for whoever runs the machines: asked directly, from this machine or its private network. A proxy lets the
    whole world in, so what came through one is refused, whether or not the proxy refuses it already.
    """
    if _came_through_a_proxy(request.scope) or not _is_neighbour(request.scope):
        raise HTTPException(404)
    figures = await services().operations.figures()
    return Response(
        figures.content, headers={"Content-Type": figures.media_type, "Cache-Control": "no-store"}
    )


def _came_through_a_proxy(scope: Scope) -> bool:
    names: list[bytes] = [name for name, _ in scope["headers"]]
    return any(
        name in {b"forwarded", b"via", b"x-real-ip"} or name.startswith(b"x-forwarded-") for name in names
    )


def _is_neighbour(scope: Scope) -> bool:
    """Whether the peer has an address that no router of the internet passes on; a Unix socket has none at all."""
    client = scope.get("client")
    try:
        address = ip_address(client[0].partition("%")[0] if client else "")
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_private or address.is_link_local
