"""What our build makes of Reflex's: a bundle that is at home on any address."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from gantry.ui.build import keep_port, on_own_origin

ROOT = Path(__file__).parents[3]
NODE = ROOT / ".venv" / "bin" / "node"
BAKED = 'export var e={PING:"http://localhost:8000/ping",EVENT:`ws://localhost:8000/_event`,T:`websocket`};'
PROGRAM = """
const [source, origin, named] = process.argv.slice(1);
globalThis.location = { origin };
globalThis.document = { querySelector: (one) => (named && one === 'meta[name="gantry-backend"]' ? { content: named } : null) };
const { e } = await import("data:text/javascript," + encodeURIComponent(source));
console.log(JSON.stringify(e));
"""


def addresses(origin: str, named: str = "") -> dict[str, str]:
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", PROGRAM, on_own_origin(BAKED), origin, named],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("origin", "named", "event"),
    [
        ("https://chat.example.com:8443", "", "wss://chat.example.com:8443/_event"),
        ("http://localhost:3000", "", "ws://localhost:3000/_event"),
        ("https://chat.example.com", "https://api.example.com", "wss://api.example.com/_event"),
        ("http://localhost:4000", "http://localhost:3000", "ws://localhost:3000/_event"),
    ],
)
def test_one_bundle_serves_every_address(origin: str, named: str, event: str) -> None:
    """The addresses that were baked in become the page's own, or those the page names."""
    found = addresses(origin, named)
    assert found == {"PING": f"{named or origin}/ping", "EVENT": event, "T": "websocket"}


def test_the_port_of_the_backend_is_kept() -> None:
    """Reflex's client no longer moves a backend on https to another port, however often it is compiled."""
    state_js = "{\n" + 'endpoint.port = ""; // Assume websocket is on https port via load balancer.' + "\n}"
    once = keep_port(state_js)
    assert "endpoint.port =" not in once
    assert keep_port(once) == once
    with pytest.raises(ValueError, match=r"state\.js has changed"):
        keep_port("something new")


def test_only_one_file_knows_where_the_backend_is() -> None:
    """Components reach the backend through ``backend.js``, which names it and sends the session's cookie."""
    direct = re.compile(r"\bfetch\(|new (WebSocket|EventSource)\(|sendBeacon|XMLHttpRequest")
    files = [file for pattern in ("*.js", "*.jsx") for file in (ROOT / "gantry/ui/islands").glob(pattern)]
    assert [file.name for file in files if direct.search(file.read_text(encoding="utf-8"))] == ["backend.js"]
