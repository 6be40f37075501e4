"""The API as one FastAPI application."""

from fastapi import FastAPI

from gantry import __version__
from gantry.api import (
    accounts,
    catalog,
    chat,
    exporting,
    importing,
    live,
    memory,
    operations,
    order,
    personas,
    problems,
    search,
    shares,
    tokens,
    vault,
)
from gantry.api.mcp import routes as mcp
from gantry.api.openai import routes as openai

_DESCRIPTION = """Everything the pages can do, for programs. Sign in with `POST /api/v1/session` (a cookie), or send
`Authorization: Bearer <token>`. Errors are `application/problem+json` with a stable `type`. Answers are followed as
server-sent events."""


def create_api() -> FastAPI:
    """Build the API; its own lifespan is never run, Reflex's is."""
    api = FastAPI(
        title="Gantry",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    problems.install(api)
    for room in (
        accounts,
        tokens,
        chat,
        order,
        shares,
        live,
        catalog,
        personas,
        vault,
        memory,
        search,
        operations,
        exporting,
        openai,
        mcp,
        importing,
    ):
        api.include_router(room.router)
    return api
