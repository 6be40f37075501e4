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
    reference,
    search,
    shares,
    tokens,
    vault,
)
from gantry.api.described import SERVERS, TAGS, describe
from gantry.api.mcp import routes as mcp
from gantry.api.openai import routes as openai
from gantry.api.openai.described import COMPONENTS
from gantry.api.problems import Problem

_DESCRIPTION = """Everything the pages can do, for programs. Sign in with `POST /api/v1/session` (a cookie), or send
`Authorization: Bearer <token>`. Errors are `application/problem+json` with a stable `type`. Answers are followed as
server-sent events."""


def create_api() -> FastAPI:
    """Build the API; its own lifespan is never run, Reflex's is."""
    api = FastAPI(
        title="Gantry",
        version=__version__,
        description=_DESCRIPTION,
        openapi_tags=TAGS,
        servers=SERVERS,
        license_info={"name": "MIT", "identifier": "MIT"},
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    describe(api, COMPONENTS, Problem)
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
        reference,
    ):
        api.include_router(room.router)
    return api
