"""Serving the built front end: which file, which status, which headers."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from gantry.api.app import create_api
from gantry.api.frontend import Frontend, Rest
from gantry.api.policy import inline_script_hashes, page_policy

ASSETS = Path(__file__).resolve().parents[3] / "assets"
PAGES = {"/", "/login", "/vault", "/c/17"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build as Reflex leaves it, small."""
    root = tmp_path / "client"
    (root / "assets").mkdir(parents=True)
    (root / "vault").mkdir()
    for name, text in {
        "index.html": "<p>index</p><script>go()</script>",
        "login.html": "<p>login</p>",
        "vault/index.html": "<p>vault</p>",
        "404.html": "<p>unknown</p>",
        "__spa-fallback.html": "<p>fallback</p>",
        "favicon.svg": "<svg/>",
        "assets/entry-CAFE.js": "console.log(1)",
    }.items():
        (root / name).write_text(text, encoding="utf-8")
    (root / "assets/entry-CAFE.js.gz").write_bytes(gzip.compress(b"console.log(1)"))
    (tmp_path / "env.json").write_text("private", encoding="utf-8")
    return root


@pytest.fixture
def client(built: Path) -> httpx.AsyncClient:
    """A client of that build."""
    return client_of(Frontend(built, lambda path: path in PAGES))


def client_of(app: Callable) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gantry.test")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/", 200, "index"),
        ("/login", 200, "login"),
        ("/vault", 200, "vault"),
        ("/c/17", 200, "fallback"),
        ("/nowhere", 404, "unknown"),
        ("/login.html", 404, "unknown"),
        ("/__spa-fallback.html", 404, "unknown"),
        ("/favicon.svg", 200, "<svg/>"),
    ],
)
async def test_pages(client: httpx.AsyncClient, path: str, status: int, text: str) -> None:
    """Known routes get their page or the fallback, everything else the 404 page with its status."""
    answer = await client.get(path)
    assert answer.status_code == status
    assert text in answer.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("manifest.webmanifest", "application/manifest+json"),
        ("robots.txt", "text/plain"),
        ("favicon.ico", "image/x-icon"),
        ("icon-192.png", "image/png"),
    ],
)
async def test_files_that_browsers_and_crawlers_ask_for(built: Path, name: str, kind: str) -> None:
    """Each has its type, and is asked for again when it may have changed."""
    shutil.copy(ASSETS / name, built / name)
    answer = await client_of(Frontend(built, lambda path: path in PAGES)).get(f"/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_missing_chunk_is_not_a_page(client: httpx.AsyncClient) -> None:
    """A file missing under /assets/ is a plain 404: a page in its place would be run as a script."""
    answer = await client.get("/assets/gone-BEEF.js")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")


async def test_hashed_files_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    """Files with a hash in their name are cached for a year and never asked for again."""
    answer = await client.get("/assets/entry-CAFE.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_pages_are_asked_for_again(client: httpx.AsyncClient) -> None:
    """Pages are revalidated each time, and not sent again while they are the same."""
    first = await client.get("/login")
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get("/login", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert (await client.get("/login", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_the_packed_twin_is_sent(client: httpx.AsyncClient) -> None:
    """A browser that reads gzip gets the file as the build packed it, under an etag of its own."""
    packed = await client.get("/assets/entry-CAFE.js", headers={"Accept-Encoding": "br, gzip"})
    plain = await client.get("/assets/entry-CAFE.js", headers={"Accept-Encoding": "gzip;q=0, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == "console.log(1)"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/../env.json",
        "/assets/../../env.json",
        "/assets/..%2f..%2fenv.json",
        "/assets/%2e%2e/%2e%2e/env.json",
    ],
)
async def test_no_path_leads_outside(built: Path, path: str) -> None:
    """Nothing outside the build can be named, however it is written."""
    frontend = Frontend(built, lambda path: path in PAGES)
    sent: list[dict] = []

    async def send(message) -> None:
        sent.append(message)

    async def receive() -> dict:
        return {"type": "http.request", "body": b""}

    raw = httpx.URL(f"http://x{path}").raw_path
    for spelled in (path, raw.decode(), path.replace("%2f", "/").replace("%2e", ".")):
        await frontend({"type": "http", "method": "GET", "path": spelled, "headers": []}, receive, send)
    assert {message["status"] for message in sent if "status" in message} == {404}
    assert not any(b"private" in message.get("body", b"") for message in sent)


async def test_head_and_other_methods(client: httpx.AsyncClient) -> None:
    """HEAD answers without a body, anything that would change a page is refused."""
    head = await client.head("/login")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert (await client.post("/login")).status_code == 405
    assert (await client.post("/_upload")).status_code == 404


async def test_programs_get_problems(client: httpx.AsyncClient) -> None:
    """A path of the API that does not exist is answered for programs, not with a page."""
    answer = await client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_no_build(tmp_path: Path) -> None:
    """Behind Caddy there is no build to serve: the backend still starts, and says 404."""
    client = client_of(Frontend(tmp_path / "missing", lambda path: True))
    assert (await client.get("/")).status_code == 404


def test_the_policy_names_inline_scripts_by_hash(built: Path) -> None:
    """The policy lets run what the build wrote into its pages, and nothing else that is inline."""
    policy = page_policy(built)
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert inline_script_hashes("<script>go()</script>") <= set(scripts.split())
    assert "unsafe" not in scripts
    assert "manifest-src 'self'" in policy
    assert inline_script_hashes('<script type="module" src="/a.js"></script>') == set()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("TRACE", "/api/v1/models", 405),
        ("PATCH", "/api/v1/session", 405),
        ("TRACE", "/health", 405),
        ("GET", "/api/v1/nothing", 404),
        ("TRACE", "/api/v1/nothing", 404),
        ("GET", "/login", 200),
    ],
)
async def test_programs_are_answered_by_the_api(built: Path, method: str, path: str, status: int) -> None:
    """An address of the API with another method is said to be that, and no page is sent for one it does not have."""
    api = create_api()
    api.router.routes.append(Rest("/", app=Frontend(built, lambda path: path in PAGES)))
    answer = await client_of(api).request(method, path)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert ("allow" in answer.headers) == (status == 405)
