"""The OpenAPI document: every route says how to ask, what it answers, and how it may refuse."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, APIRouter

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.runtime import installed
from tests.parts.api_server import serving
from tests.parts.missing import missing
from tests.parts.stack import Stack

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "tests" / "openapi"
TOOLS = ROOT / "tests" / "islands" / "node_modules" / ".bin"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
PAGES = {"read_docs", "read_docs_file"}  # for people; everything else is described
MACHINES = {"/health", "/ready", "/metrics"}
EVENTS = {"follow_generation", "openai_chat", "openai_responses"}
FILES = {
    "download_document": {"application/octet-stream"},
    "read_shared_file": {"application/octet-stream"},
    "show_document": {"image/png", "image/jpeg"},
    "show_shared_file": {"image/png", "image/jpeg"},
    "export_conversation": {"application/json", "text/markdown", "text/html", "application/pdf"},
    "export_conversations": {"application/zip"},
    "metrics": {"text/plain"},
}
STORED = {"download_document", "read_shared_file", "show_document", "show_shared_file"}
DOCUMENT: dict[str, Any] = create_api().openapi()


def operations() -> Iterator[Any]:
    """Yield every operation of the document, with its address and method."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield pytest.param(path, method, operation, id=operation["operationId"])


def routes() -> Iterator[APIRoute]:
    """Yield every route that there is."""
    for each in create_api().routes:
        room = getattr(each, "original_router", None)
        if isinstance(room, APIRouter):
            yield from (route for route in room.routes if isinstance(route, APIRoute))


def test_every_route_is_described() -> None:
    """By an id that makes a good name of a function; only the pages for people are left out."""
    ids = [operation.values[2]["operationId"] for operation in operations()]
    assert len(set(ids)) == len(ids)
    assert {route.operation_id for route in routes()} == {*ids, *PAGES}
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", each) for each in ids)


def test_the_document_says_where_it_is_and_how_to_sign_in() -> None:
    """One server, both ways in, a description of every tag, and the one shape of problems."""
    assert [each["url"] for each in DOCUMENT["servers"]] == ["/"]
    ways = DOCUMENT["components"]["securitySchemes"]
    assert (ways["token"]["scheme"], ways["session"]["in"]) == ("bearer", "cookie")
    assert DOCUMENT["security"] == [{"token": []}, {"session": []}]
    used = {tag for operation in operations() for tag in operation.values[2]["tags"]}
    assert {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]} == used
    assert {"type", "title", "status", "detail"} == set(
        DOCUMENT["components"]["schemas"]["Problem"]["required"]
    )


@pytest.mark.parametrize(("path", "method", "operation"), list(operations()))
def test_a_route_declares_all_it_answers(path: str, method: str, operation: dict[str, Any]) -> None:
    """Its refusals by what it takes, each with its body; what it sends, by content type; no range of statuses."""
    answers = operation["responses"]
    assert operation["summary"]
    assert operation["description"]
    assert all(re.fullmatch(r"[2-5]\d\d", status) for status in answers)
    assert {*expected(path, method, operation)} <= {int(status) for status in answers}
    for status, answer in answers.items():
        assert answer["description"]
        if status == "206":
            assert {"200", "416"} <= set(answers)
            assert any(each["name"] == "Range" for each in operation["parameters"])
        if status >= "400":
            assert told_as_here(path, status, answer["content"]), status
        elif status not in {"202", "204"}:
            assert answer["content"]
    assert all(each["description"] for each in operation.get("parameters", ()))
    name = operation["operationId"]
    assert ("206" in answers) == (name in STORED)
    kinds = set(answers.get("200", {}).get("content", {}))
    assert ("text/event-stream" in kinds) == (name in EVENTS or path == "/mcp")
    assert kinds == FILES.get(name, kinds)


def test_links_lead_from_what_an_answer_has_to_what_a_path_takes() -> None:
    """Every operation that makes something is linked, and each value is where the link says."""
    schemas, linked = DOCUMENT["components"]["schemas"], 0
    by_name = {operation.values[2]["operationId"]: operation.values[2] for operation in operations()}
    for name, operation in by_name.items():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                taken = {
                    each["name"]
                    for each in by_name[link["operationId"]]["parameters"]
                    if each["in"] == "path"
                }
                assert set(link["parameters"]) == taken
                for value in link["parameters"].values():
                    schema = answer["content"]["application/json"]["schema"]
                    for part in value.removeprefix("$response.body#/").split("/"):
                        schema = schemas[schema["$ref"].rpartition("/")[2]]["properties"][part]
                    assert schema["type"] == "string", (name, value)
                    linked += 1
    assert linked > 50


def expected(path: str, method: str, operation: dict[str, Any]) -> Iterator[int]:
    """Yield the refusals that follow from what a route takes."""
    programs = path.startswith("/v1/") or path == "/mcp"
    ways = operation.get("security", DOCUMENT["security"])
    if path in MACHINES:
        return
    if path != "/api/v1/openapi.json":
        yield from (421, 503)
    if ways and {} not in ways:
        yield from (401, 403, 429)
    elif method != "get":
        yield 403
    if "requestBody" in operation:
        yield from (413, 400) if programs else (413, 415, 422)
    if operation.get("parameters") and not programs:
        yield 422
    if "{" in path:
        yield 404
    if method != "get" and not path.endswith("/search") and path != "/mcp":
        yield 409
    if path in {"/v1/chat/completions", "/v1/responses", "/v1/embeddings"}:
        yield from (404, 502, 504)


def told_as_here(path: str, status: str, content: dict[str, Any]) -> bool:
    """Whether a refusal has the shape of its room: OpenAI's, the protocol's, or ours."""
    if path.startswith("/v1/"):
        return content == {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}}}
    if path == "/ready" or (path == "/mcp" and status in {"400", "406"}):
        return set(content) == {"application/json"}
    return content == PROBLEM


def test_the_main_requests_and_answers_have_examples() -> None:
    """So that whoever reads the document sees what to send."""
    schemas = DOCUMENT["components"]["schemas"]
    for name in (
        "SignInRequest", "SessionTold", "TokenIn", "MadeToken", "NewConversation", "ConversationOut", "NewMessage",
        "Started", "SearchRequest", "PassagesOut", "DocumentOut", "ModelList", "FactIn", "Problem",
    ):  # fmt: skip
        assert schemas[name].get("examples"), name


@pytest.mark.parametrize(
    "command",
    [
        ["redocly", "lint", "--config", str(RULES / "redocly.yaml")],
        ["spectral", "lint", "--fail-severity", "hint", "--ruleset", str(RULES / "spectral.yaml")],
    ],
    ids=["redocly", "spectral"],
)
async def test_linters_find_nothing(tmp_path: Path, command: list[str]) -> None:
    """Neither mistakes nor anything that could be better."""
    if not (TOOLS / command[0]).exists():
        missing(command[0])
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "PATH": beside}
    running = await asyncio.create_subprocess_exec(
        str(TOOLS / command[0]), *command[1:], str(document),
        env=os.environ | quiet, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await running.communicate()
    assert running.returncode == 0, told.decode()


async def test_the_document_and_its_page_are_served(stack: Stack) -> None:
    """Packed, and not sent again to who has it; the page allows nothing from elsewhere."""
    with installed(stack.services):
        async with (
            serving(Guard(create_api(), page_policy="default-src 'self'")) as address,
            httpx.AsyncClient(base_url=f"{address}/api/v1") as client,
        ):
            document = await client.get("/openapi.json")
            assert document.json()["openapi"].startswith("3.1")
            assert document.headers["content-encoding"] == "gzip"
            again = {"if-none-match": document.headers["etag"]}
            assert (await client.get("/openapi.json", headers=again)).status_code == 304
            page = await client.get("/docs")
            assert page.headers["content-type"].startswith("text/html")
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert not re.search(r"https?://", page.text)
            for name in re.findall(r'"docs/([^"]+)"', page.text):
                assert (await client.get(f"/docs/{name}")).status_code == 200
            assert (await client.get("/docs/other.js")).status_code == 422
