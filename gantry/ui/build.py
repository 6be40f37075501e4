"""What our build does beyond Reflex's own."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from reflex.config import get_config
from reflex.plugins import Plugin
from reflex.utils.prerequisites import get_web_dir

from gantry.domain.messages import LANGUAGES
from gantry.languages import ENGLISH
from gantry.languages.browser import script
from gantry.ui import offline

# A JavaScript expression, as in assets/backend.js: one bundle for any host, port and scheme. Exported pages may name
# another origin in their head.
BACKEND_ORIGIN = """(document.querySelector('meta[name="gantry-backend"]')?.content||location.origin)"""
_BAKED = re.compile(r"""(?P<quote>[`"'])(?P<scheme>https?|wss?)://[^/`"']+(?P<path>/[^`"']*)(?P=quote)""")
_PORT_ON_HTTPS = 'endpoint.port = ""; // Assume websocket is on https port via load balancer.'
_PORT_KEPT = "// The port is the backend's own."
_FILES = re.compile(r"const files = \{.*\};")
ISLANDS = Path(__file__).parent / "islands"
FONTS = Path(__file__).parent / "fonts"
_VIEWPORT = "width=device-width, initial-scale=1"
_PROXIED = ("/api", "/v1", "/mcp", "/health", "/ready")


def on_own_origin(script: str) -> str:
    """Return *script* with the addresses that the build baked in replaced by ones relative to the page."""

    def address(match: re.Match[str]) -> str:
        origin = BACKEND_ORIGIN
        if match["scheme"].startswith("ws"):
            origin = f'{BACKEND_ORIGIN}.replace(/^http/,"ws")'
        return f'{origin}+"{match["path"]}"'

    return _BAKED.sub(address, script)


def keep_port(state_js: str) -> str:
    """Return Reflex's client without its assumption that https is always on port 443."""
    if _PORT_ON_HTTPS not in state_js:
        if _PORT_KEPT in state_js:  # modified by an earlier compile
            return state_js
        raise ValueError("Reflex's state.js has changed: see gantry/ui/build.py")
    return state_js.replace(_PORT_ON_HTTPS, _PORT_KEPT)


def shrink_for_keyboard(document: str) -> str:
    """Return the page's frame such that a keyboard on the screen makes the page smaller, and covers nothing of it."""
    if _VIEWPORT not in document:
        raise ValueError("Reflex's _document.js has changed: see gantry/ui/build.py")
    return document.replace(_VIEWPORT, f"{_VIEWPORT}, interactive-widget=resizes-content", 1)


def message_files() -> dict[str, tuple[str, str]]:
    """Return the address and the content of each language's messages; the name changes with the content."""
    made: dict[str, tuple[str, str]] = {}
    for language in LANGUAGES:
        if language != ENGLISH:
            content = script(language)
            digest = hashlib.sha256(content.encode()).hexdigest()[:8]
            made[language] = f"/assets/messages-{language}-{digest}.js", content
    return made


def name_messages(first_paint: str) -> str:
    """Return the script that runs first with the addresses of messages in it."""
    addresses = {language: address for language, (address, _content) in message_files().items()}
    named, count = _FILES.subn(f"const files = {json.dumps(addresses)};", first_paint)
    if count != 1:
        raise ValueError("assets/first-paint.js has changed: see gantry/ui/build.py")
    return named


def proxy_api(vite_config: str) -> str:
    """Return the development server's configuration with our API on its own port."""
    backend = f"http://localhost:{get_config().backend_port}"
    rules = ", ".join(f'"{path}": {{ target: "{backend}", ws: true }}' for path in _PROXIED)
    return vite_config.replace("server: {\n", f"server: {{\n    proxy: {{ {rules} }},\n", 1)


class GantryBuild(Plugin):
    """Brings our islands of JavaScript and our fonts into the build, and makes the front end independent of where it is served."""

    def get_static_assets(self, **context: Any) -> list[tuple[Path, str | bytes]]:
        """Return the islands' files, as the components' ``library`` names them (``$/islands/…``), and the messages."""
        islands = [
            (Path("islands") / file.name, file.read_text(encoding="utf-8"))
            for file in sorted(ISLANDS.iterdir())
            if file.suffix in {".js", ".jsx"}
        ]
        messages = [
            (Path("public") / address.removeprefix("/"), content)
            for address, content in message_files().values()
        ]
        return [*islands, *messages]

    def pre_compile(self, **context: Any) -> None:
        """Adapt the generated project; the fonts go beside the styles that name them, which gives them names with a hash."""
        shutil.copytree(FONTS, get_web_dir() / "styles" / "fonts", dirs_exist_ok=True)
        shutil.rmtree(get_web_dir() / "public" / "assets", ignore_errors=True)  # messages of earlier builds
        context["add_modify_task"]("utils/state.js", keep_port)
        context["add_modify_task"]("vite.config.js", proxy_api)
        context["add_modify_task"]("app/_document.js", shrink_for_keyboard)
        context["add_modify_task"]("public/first-paint.js", name_messages)

    def post_build(self, **context: Any) -> None:
        """Adapt the built files; Reflex compresses them afterwards."""
        assets = Path(context["static_dir"]) / "assets"
        found = list(assets.glob("reflex-env-*.js"))
        if not found:
            raise FileNotFoundError("the build has no reflex-env-*.js: see gantry/ui/build.py")
        for file in found:
            file.write_text(on_own_origin(file.read_text(encoding="utf-8")), encoding="utf-8")
        worker = assets.parent / "sw.js"
        worker.write_text(
            offline.worker(worker.read_text(encoding="utf-8"), offline.every_language()), encoding="utf-8"
        )
