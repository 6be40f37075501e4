"""What our build does beyond Reflex's own."""

import re
from pathlib import Path
from typing import Any

from reflex.config import get_config
from reflex.plugins import Plugin

# A JavaScript expression, as in assets/backend.js: one bundle for any host, port and scheme. Exported pages may name
# another origin in their head.
BACKEND_ORIGIN = """(document.querySelector('meta[name="gantry-backend"]')?.content||location.origin)"""
_BAKED = re.compile(r"""(?P<quote>[`"'])(?P<scheme>https?|wss?)://[^/`"']+(?P<path>/[^`"']*)(?P=quote)""")
_PORT_ON_HTTPS = 'endpoint.port = ""; // Assume websocket is on https port via load balancer.'
_PORT_KEPT = "// The port is the backend's own."
_PROXIED = ("/api", "/v1", "/health", "/ready")


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


def proxy_api(vite_config: str) -> str:
    """Return the development server's configuration with our API on its own port."""
    backend = f"http://localhost:{get_config().backend_port}"
    rules = ", ".join(f'"{path}": {{ target: "{backend}", ws: true }}' for path in _PROXIED)
    return vite_config.replace("server: {\n", f"server: {{\n    proxy: {{ {rules} }},\n", 1)


class GantryBuild(Plugin):
    """Makes the static front end independent of where it is served."""

    def pre_compile(self, **context: Any) -> None:
        """Adapt the generated project."""
        context["add_modify_task"]("utils/state.js", keep_port)
        context["add_modify_task"]("vite.config.js", proxy_api)

    def post_build(self, **context: Any) -> None:
        """Adapt the built files; Reflex compresses them afterwards."""
        assets = Path(context["static_dir"]) / "assets"
        found = list(assets.glob("reflex-env-*.js"))
        if not found:
            raise FileNotFoundError("the build has no reflex-env-*.js: see gantry/ui/build.py")
        for script in found:
            script.write_text(on_own_origin(script.read_text(encoding="utf-8")), encoding="utf-8")
