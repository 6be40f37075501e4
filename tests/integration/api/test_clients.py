"""Clients that nobody here wrote, each as its makers publish it, with Gantry as their server.

The programs are in tests/clients, each with what it needs in an environment of its own (`make clients`).
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.domain.api_tokens import Scope
from gantry.domain.hosts import HostNames
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.parameters import Parameters
from gantry.domain.personas import PersonaDraft
from gantry.runtime import installed
from tests.parts import documents
from tests.parts.api_server import serving
from tests.parts.app import ROOT
from tests.parts.knowledge import embedded, read, upload
from tests.parts.llm_server import Recorded, Script, markdown_answer
from tests.parts.missing import missing
from tests.parts.stack import Stack

PROGRAMS = ROOT / "tests" / "clients"
NODE = ROOT / ".venv" / "bin" / "node"
PYTHON = ROOT / ".cache" / "clients" / "bin" / "python"
PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = documents.pdf(["The harbour bridge was painted blue.", "The lighthouse keeper was called Amalia."])
CALL = {
    "index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"place":'},
}  # fmt: skip
SCRIPTS = {
    "hello": Script("Hello there."),
    "city": Script('{"city": "Oslo"}'),
    "busy": Script(status=429, body={"error": {"message": "slow down"}}),
    "endless": Script(markdown_answer(100_000), tokens_per_second=50),
}


def play(request: Recorded) -> Script:
    """Call a tool where there is one, and say something about its result; answer from what was found."""
    if any(turn["role"] == "tool" for turn in request.body["messages"]):
        return Script("It rains.")
    if request.body.get("tools"):
        more = {"index": 0, "function": {"arguments": ' "Oslo"}'}}
        return Script("", tool_deltas=(CALL, more), finish_reason="tool_calls")
    return Script("It was Amalia [1].")


async def seen_by(stack: Stack, *command: str | Path) -> dict[str, Any]:
    """Run a client's program against Gantry on a real port; returns what it printed."""
    made = await stack.services.api_tokens.create(stack.who, "Client", [Scope.CHAT])
    names = HostNames(["127.0.0.1"], [])
    with installed(stack.services):
        async with serving(Guard(create_api(), page_policy="default-src 'self'", names=names)) as address:
            given = {"GANTRY": address, "TOKEN": made.secret, "MODEL": "openai/scripted", "PICTURE": PICTURE}
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=PROGRAMS,
                env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp"), **given},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await asyncio.wait_for(process.communicate(), 120)
        await stack.services.programs.exchanges.settle()
        await stack.services.api_tokens.settle()
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def require(seen: dict[str, Any], stack: Stack) -> None:
    """Compare what every client is to see, and what the model server is to be sent."""
    assert {"openai/scripted", "gantry/extractive", "gantry/keeper"} <= set(seen["models"])
    assert seen["chat"] == "Hello there."
    assert seen["stream"] == {"text": "Hello there.", "counted": True}
    assert seen["tools"] == {"name": "weather", "arguments": {"place": "Oslo"}, "final": "It rains."}
    assert seen["picture"] == "Hello there."
    assert seen["json"] == {"city": "Oslo"}
    assert len(set(seen["embeddings"])) == 1
    assert len(seen["embeddings"]) == 2
    assert seen["errors"] == {
        "model": "NotFoundError", "token": "AuthenticationError", "rate": "RateLimitError",
    }  # fmt: skip
    bodies = [request.body for request in stack.llm.requests]
    shown = [body for body in bodies if PICTURE in json.dumps(body["messages"])]
    assert len(shown) == 1
    assert any("Oslo" in json.dumps(body["messages"]) and body.get("tools") for body in bodies)
    assert any(body.get("response_format", {}).get("type") == "json_schema" for body in bodies)
    endless = next(r for r in stack.llm.requests if "[[script:endless]]" in json.dumps(r.body["messages"]))
    assert endless.disconnected_at is not None, "the model server still writes for nobody"
    assert not stack.services.programs.open_requests


async def equipped(stack: Stack) -> UUID:
    """Give the person a document and a persona that reads it; returns the document."""
    stack.llm.scripts.update(SCRIPTS)
    stack.llm.respond = play
    document = await read(stack, (await upload(stack, "harbour.pdf", PDF)).id)
    await embedded(stack)
    keeper = PersonaDraft(
        "Keeper", parameters=Parameters("You keep the light."), model="openai/scripted",
        scope=DocumentScope(ScopeKind.ALL),
    )  # fmt: skip
    await stack.services.personas.create(stack.who, keeper)
    return document.id


@pytest.mark.timeout(180)
async def test_openais_client_for_node(library: Stack) -> None:
    """Everything, with citations, a stored conversation, a persona and the newer dialect."""
    if not (PROGRAMS / "node_modules" / "openai").exists():
        missing("OpenAI's client for Node (make clients)")
    document = await equipped(library)
    seen = await seen_by(library, NODE, "node_openai.mjs")
    require(seen, library)
    for cited in (seen["cited"], seen["citedInStream"]):
        assert cited["type"] == "url_citation"
        assert cited["url_citation"]["title"] == "harbour.pdf, page 2"
        assert cited["gantry"]["document_id"] == str(document)
    assert seen["persona"] == "It was Amalia [1]."
    assert seen["responses"] == {"whole": "Hello there.", "stream": "Hello there."}
    window = await library.services.chat.window(library.who, UUID(seen["conversation"]))
    assert window.bubbles[0].message.content == "Who kept the lighthouse?"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("program", ["langchain_openai_classes.py", "llama_index_classes.py"])
async def test_frameworks_for_python(library: Stack, program: str) -> None:
    """What they do with OpenAI they do with Gantry."""
    if not PYTHON.exists():
        missing("the environment of LangChain and LlamaIndex (make clients)")
    await equipped(library)
    require(await seen_by(library, PYTHON, program), library)
