"""Whether the process lives and is ready."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

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
