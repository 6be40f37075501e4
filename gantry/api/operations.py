"""Whether the process lives and is ready, and its figures."""

from hmac import compare_digest
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gantry.api.access import came_through_a_proxy, signed_in
from gantry.api.described import OPEN, TOKEN
from gantry.api.figures import figures
from gantry.api.forwarding import gaps_of
from gantry.api.refusals import ANYBODY, ASKED, refusals
from gantry.domain.errors import NotSignedIn
from gantry.domain.forwarding import UPGRADE, gap_in_host
from gantry.domain.hosts import is_loopback_name
from gantry.languages import chosen, translated
from gantry.runtime import services

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class PartState(BaseModel):
    """How one part is."""

    ok: bool
    required: bool
    detail: str


class Readiness(BaseModel):
    """Whether requests can be served, part by part."""

    status: Literal["ready", "not ready"]
    parts: dict[str, PartState]
    notices: list[str] = Field(
        default_factory=list[str], description="What a proxy in front does not pass on."
    )


@router.get("/health", operation_id="health", openapi_extra=OPEN)
async def health() -> Alive:
    """Liveness: the process answers. Touches no dependency."""
    return Alive()


@router.get(
    "/ready",
    operation_id="ready",
    openapi_extra=OPEN,
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "A required part does not work; the same words."}},
)
async def ready(request: Request) -> JSONResponse:
    """Readiness: 200 when the database answers and its schema is right, with the state of each part.

    ``notices`` tells what a proxy in front does not pass on, once that has been noticed.
    """
    states = await services().operations.readiness()
    fit = all(state.ok for state in states.values() if state.required)
    parts = {
        name: {"ok": state.ok, "required": state.required, "detail": state.detail}
        for name, state in states.items()
    }
    gaps = gaps_of(request.scope)
    told = {"notices": [f"{gap.sentence} {gap.advice}" for gap in gaps.noticed]} if gaps.noticed else {}
    return JSONResponse(
        {"status": "ready" if fit else "not ready", "parts": parts, **told}, status_code=200 if fit else 503
    )


class WebsocketCheck(BaseModel):
    """Why a page's websockets do not open, and where the page should go instead."""

    signed_in: bool
    needs_setup: bool
    detail: str
    advice: str


@router.get(
    "/api/v1/websocket-check", operation_id="check_websocket", openapi_extra=OPEN, responses=ANYBODY | ASKED
)
async def check_websocket(
    request: Request, origin: Annotated[str, Query(max_length=300)] = ""
) -> WebsocketCheck:
    """Tell a page of *origin* that reaches the server, but never by websocket, what is in between.

    A browser tells a page nothing about a websocket that does not open.
    """
    gaps = gaps_of(request.scope)
    wrong = gap_in_host(origin, request.headers.get("host", "")) if origin else None
    gaps.note(wrong or UPGRADE, request.scope, origin=origin, certain=False)
    lost = UPGRADE in gaps.noticed or wrong is None
    found = [*([UPGRADE] if lost else []), *([wrong] if wrong else [])]
    try:
        await signed_in(request)
    except NotSignedIn:
        known = False
    else:
        known = True
    waiting = not known and await services().accounts.needs_setup()
    language = chosen("", request.headers.get("accept-language", ""))
    sentences = dict.fromkeys((UPGRADE.sentence, *(gap.sentence for gap in found)))
    return WebsocketCheck(
        signed_in=known,
        needs_setup=waiting,
        detail=" ".join(translated(each, language) for each in sentences),
        advice=" ".join(translated(gap.advice, language) for gap in found),
    )


@router.get(
    "/metrics",
    operation_id="metrics",
    openapi_extra={"security": [{}, {TOKEN: []}]},
    response_class=PlainTextResponse,
    responses=refusals(404, 421, 503),
)
async def metrics(request: Request) -> Response:
    """Figures as Prometheus reads them; to everybody else there is nothing here.

    They are for whoever runs the machines. With METRICS_TOKEN that is who knows it. Without, it is who asks directly
    from this machine; a proxy that says nothing of itself cannot be told from that, so it wants a token or METRICS_ADDRESS:
    then nobody is told here without a token.
    """
    operations = services().operations
    wanted = operations.metrics_token
    may_look = _knows(request, wanted) if wanted else not operations.metrics_elsewhere and _is_here(request)
    if not may_look:
        raise HTTPException(404)
    return await figures()


def _knows(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(given.strip().encode(), token.encode())


def _is_here(request: Request) -> bool:
    """Whether a program on this machine asks."""
    hosts, client = request.headers.getlist("host"), request.client
    if came_through_a_proxy(request):
        return False
    if client is None or len(hosts) != 1 or not is_loopback_name(hosts[0]):
        return False
    try:
        address = ip_address(client.host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
