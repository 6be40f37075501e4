"""The products that are compared: how each is installed, started, and opened by somebody who wants to ask.

How their pages are driven was found out by trying; nothing of theirs is copied. All are asked through the same model
server and none may reach for the internet. What a peer does beside answering (titles, tags, proposals for a next
question) is switched off where it has a switch, because each of those is one more request to the model.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext

from bench import app
from bench.app import EMAIL, PASSWORD, SECRET, BenchError, Product, started
from bench.browser import Tab, sign_in
from bench.processes import ROOT
from gantry import __version__
from tests.parts.ports import free_port

CACHE = ROOT / ".cache" / "peers"
_COMPOSER = "#chat-input"
# Open WebUI takes any torch, and the newest may be one of several GB. This release has a build for the CPU, which pip
# takes where it is told where that is: docs/benchmarks.md.
_TORCH = "torch==2.13.0"
_CHAINLIT_APP = '''\
"""The smallest chat that streams from an OpenAI-compatible server."""

import chainlit as cl
from openai import AsyncOpenAI

client = AsyncOpenAI()


@cl.on_message
async def on_message(message: cl.Message):
    answer = cl.Message(content="")
    stream = await client.chat.completions.create(
        model="scripted", messages=cl.chat_context.to_openai(), stream=True
    )
    async for part in stream:
        if part.choices and (token := part.choices[0].delta.content):
            await answer.stream_token(token)
    await answer.update()
'''


@dataclass(frozen=True, slots=True)
class Contender:
    """One product.

    Attributes:
        name: As it calls itself.
        install: Makes it ready to be started; returns its version.
        running: Starts it with a folder for its data and the model server's URL.
        open: Opens it at an origin, so that one can write.
    """

    name: str
    install: Callable[[], str]
    running: Callable[[Path, str], AbstractContextManager[Product]]
    open: Callable[[BrowserContext, str], Tab]


def _build() -> str:
    app.build()
    return __version__


@contextmanager
def _gantry(data: Path, model_url: str) -> Generator[Product]:
    with app.running(app.environment(data, model_url)) as product:
        app.wait_listed(product.origin)
        yield product


def _open_gantry(context: BrowserContext, origin: str) -> Tab:
    sign_in(context, origin)
    tab = Tab(context, origin)
    tab.open("/")
    return tab


def _install_chainlit() -> str:
    return _installed("chainlit", "openai")


@contextmanager
def _chainlit(data: Path, model_url: str) -> Generator[Product]:
    program = data / "app.py"
    program.write_text(_CHAINLIT_APP, encoding="utf-8")
    port = free_port()
    command = [_program("chainlit", "chainlit"), "run", str(program), "--headless"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    settings = _settings() | {
        "OPENAI_BASE_URL": model_url,
        "OPENAI_API_KEY": "none",
        "CHAINLIT_APP_ROOT": str(data),
    }
    with started(command, settings, port, "/", data, folder=data) as product:
        yield product


def _open_chainlit(context: BrowserContext, origin: str) -> Tab:
    tab = Tab(context, origin, _COMPOSER)
    tab.page.goto(origin)
    tab.page.wait_for_selector(_COMPOSER)
    tab.page.wait_for_timeout(2000)  # until its socket is there
    return tab


def _install_open_webui() -> str:
    return _installed("open-webui", before=_TORCH)


@contextmanager
def open_webui(data: Path, model_url: str, key: str = "none", **more: str) -> Generator[Product]:
    """Run Open WebUI over the model server at *model_url*; *more* are settings of its own."""
    off = (
        "ENABLE_OLLAMA_API",
        "ENABLE_TITLE_GENERATION",
        "ENABLE_TAGS_GENERATION",
        "ENABLE_FOLLOW_UP_GENERATION",
        "ENABLE_AUTOCOMPLETE_GENERATION",
        "ENABLE_SEARCH_QUERY_GENERATION",
        "ENABLE_RETRIEVAL_QUERY_GENERATION",
        "ENABLE_VERSION_UPDATE_CHECK",
        "ANONYMIZED_TELEMETRY",
    )
    settings = _settings() | dict.fromkeys(off, "False")
    settings |= {
        "DATA_DIR": str(data),
        "HF_HOME": str(data / "hub"),
        "HF_HUB_OFFLINE": "1",
        "OFFLINE_MODE": "True",
        "RAG_EMBEDDING_ENGINE": "openai",  # else it looks for an embedding model of its own
        "OPENAI_API_BASE_URL": model_url,
        "OPENAI_API_KEY": key,
        "DEFAULT_MODELS": "scripted",
        "WEBUI_SECRET_KEY": SECRET,
        "GLOBAL_LOG_LEVEL": "WARNING",
        "DO_NOT_TRACK": "true",
        "SCARF_NO_ANALYTICS": "true",
    } | more
    port = free_port()
    command = [_program("open-webui", "open-webui"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with started(command, settings, port, "/health", data, folder=data, patience=300) as product:
        yield product


def _open_open_webui(context: BrowserContext, origin: str) -> Tab:
    """Sign up as the first person and close what greets newcomers; the model is chosen by DEFAULT_MODELS."""
    tab = Tab(context, origin, _COMPOSER)
    page = tab.page
    page.goto(origin)
    page.get_by_role("button", name="Get started").click()
    page.fill("#name", "Bench")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Create Admin Account").click()
    page.get_by_role("button", name="Okay, Let's Go!").click()
    page.get_by_role("button", name="scripted").first.wait_for()
    return tab


GANTRY = Contender("Gantry", _build, _gantry, _open_gantry)
OPEN_WEBUI = Contender("Open WebUI", _install_open_webui, open_webui, _open_open_webui)
CHAINLIT = Contender("Chainlit", _install_chainlit, _chainlit, _open_chainlit)


def _settings() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def _program(environment: str, name: str) -> str:
    return str(CACHE / environment / "bin" / name)


def _installed(package: str, *others: str, before: str = "") -> str:
    """Install the newest *package* into an environment of its own, unless it is there; return its version.

    Args:
        package: Its name in the index, and the environment's.
        others: What it is installed with.
        before: What must be there first, so that nothing larger is taken in its place.
    """
    folder, python = CACHE / package, _program(package, "python")
    stamp = folder / ".installed"
    if not stamp.exists():
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        for wanted in filter(None, [(before,) if before else (), (package, *others)]):
            _run(python, "-m", "pip", "install", "--quiet", *wanted)
        stamp.touch()
    return _run(python, "-c", f"from importlib.metadata import version; print(version({package!r}))").strip()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{(done.stderr or done.stdout)[-1500:]}")
    return done.stdout
