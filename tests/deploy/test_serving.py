"""What an administrator and a visitor get from ``docker compose up``."""

import asyncio
import gzip
import re
import socket
import subprocess
import time

import httpx
from playwright.async_api import expect

from tests.deploy.conftest import Figures
from tests.e2e.scripts import Cues, counted, words_of
from tests.parts.app import Person
from tests.parts.browser import PHONE, Visits
from tests.parts.compose import Stack
from tests.parts.live_reader import LiveReader
from tests.parts.llm_server import Script, ScriptedServer

MAX_BACKEND_MB = 300  # 79 of them are the stand-in of the base image, which is 45 elsewhere
MAX_ASSET_BYTES = 450_000


def test_a_second_up_changes_nothing(stack: Stack, figures: Figures) -> None:
    """``up -d`` again leaves every container as it is."""
    before = {one["Id"]: one["State"]["StartedAt"] for one in stack.containers() if one["State"]["Running"]}
    figures.add("second up", f"{stack.up():.1f} s")
    after = {one["Id"]: one["State"]["StartedAt"] for one in stack.containers() if one["State"]["Running"]}
    assert after == before


def test_the_backend_image_is_small_and_bare(stack: Stack, figures: Figures) -> None:
    """The image has no Node, compiler or build cache, and weighs little when it is moved."""
    image = stack.containers("backend")[0]["Config"]["Image"]
    with subprocess.Popen([stack.docker, "save", image], stdout=subprocess.PIPE) as saved:
        packed = subprocess.run(["gzip", "-1"], stdin=saved.stdout, capture_output=True, check=True).stdout
    figures.add("backend image, compressed", f"{len(packed) / 1e6:.0f} MB")
    assert len(packed) / 1e6 <= MAX_BACKEND_MB
    search = (
        "command -v node npm gcc cc make; ls -d .web/node_modules /root/.npm /root/.cache 2>/dev/null; true"
    )
    assert stack.compose("exec", "-T", "backend", "sh", "-c", search).strip() == ""


def test_containers_are_confined(stack: Stack) -> None:
    """Every container drops its capabilities, has a read-only root, limits, a health check and rotated logs."""
    for one in stack.containers():
        name, host = one["Name"], one["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"]["Config"]["max-size"], name
        assert "migrate" in name or one["State"]["Health"]["Status"] == "healthy", name
        secrets = [each for each in one["Config"]["Env"] if re.search(r"(KEY|PASSWORD)=.", each)]
        assert not secrets, name
    backend = stack.containers("backend")[0]
    assert backend["Config"]["User"] == "1000:1000"
    refused = stack.compose("exec", "-T", "backend", "touch", "/app/new", check=False)
    assert "Read-only file system" in refused


def test_only_caddy_can_be_reached(stack: Stack) -> None:
    """Ports other than Caddy's are published nowhere, and data services cannot reach out."""
    published = {
        port
        for one in stack.containers()
        for port, hosts in (one["NetworkSettings"]["Ports"] or {}).items()
        if hosts
    }
    assert published == {"80/tcp", "443/tcp", "443/udp"}
    networks = stack.script(stack.docker, "network", "inspect", "gantry_data", "--format", "{{.Internal}}")
    assert networks.stdout.strip() == "true"
    for port in (8000, 6379, 5432):
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex(("127.0.0.1", port)) != 0, port


async def test_addresses_and_headers(stack: Stack, admin: Person) -> None:
    """HTTP leads to HTTPS; pages, files and programs get the right status, caching, compression and headers."""
    async with httpx.AsyncClient(http2=False, headers={"accept-encoding": "gzip"}) as client:
        moved = await client.get("http://localhost/c/1?a=b")
        assert (moved.status_code, moved.headers["location"]) == (308, "https://localhost/c/1?a=b")

        page = await client.get(f"{stack.url}/login")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-cache"
        assert page.headers["content-encoding"] == "gzip"
        policy = page.headers["content-security-policy"]
        assert "script-src 'self' 'sha256-" in policy
        assert "unsafe-eval" not in policy
        assert "h3=" in page.headers["alt-svc"]
        for name in ("x-content-type-options", "referrer-policy", "permissions-policy"):
            assert page.headers[name]
        assert "server" not in page.headers
        again = await client.get(f"{stack.url}/login", headers={"if-none-match": page.headers["etag"]})
        assert again.status_code == 304

        script = re.search(r'"(/assets/[^"]+\.js)"', page.text)
        assert script
        asset = await client.get(f"{stack.url}{script[1]}")
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["content-encoding"] == "gzip"
        assert len(gzip.compress(asset.content)) < MAX_ASSET_BYTES

        worker = await client.get(f"{stack.url}/sw.js")
        assert worker.headers["cache-control"] == "no-cache"
        assert "connect-src 'self'" in worker.headers["content-security-policy"]

        for path, status in {
            "/": 200,
            "/c/00000000-0000-0000-0000-000000000000": 200,
            "/no/such/page": 404,
            "/assets/gone.js": 404,
            "/metrics": 404,
            "/metrics/": 404,
            "/api/v1/nothing": 404,
            "/_upload": 404,
            "/ping": 404,
            "/health": 200,
            "/ready": 200,
            "/../etc/passwd": 404,
        }.items():
            answer = await client.get(f"{stack.url}{path}")
            assert answer.status_code == status, path
        answer = await client.get(f"{stack.url}/api/v1/conversations")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"

        large = await client.post(f"{stack.url}/api/v1/session", content=b"x" * 3_000_000)
        assert large.status_code == 413
        foreign = await client.post(
            f"{stack.url}/api/v1/session", json={}, headers={"origin": "https://evil.example"}
        )
        assert foreign.status_code == 403
    cookie = next(one for one in admin.rest.cookies.jar if one.name == "__Host-gantry_session")
    assert cookie.secure
    assert cookie.has_nonstandard_attr("HttpOnly")


async def test_http_versions(stack: Stack) -> None:
    """Caddy offers HTTP/2 to whoever can speak it."""
    asked = stack.script("curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version}", stack.url)
    assert asked.stdout == "2"


async def test_an_answer_streams_through_caddy(
    admin: Person, visits: Visits, deploy_llm: ScriptedServer
) -> None:
    """In the browser, over HTTPS, words appear while the model is still writing; nothing breaks the policy."""
    tokens = counted(60)
    mark = Cues(deploy_llm)(Script(tokens, tokens_per_second=30))
    tab = await visits.tab(admin, "/", ignore_https_errors=True)
    await tab.ask(f"How does a garden keep water? {mark}")
    await tab.shows("w0005")
    assert len(await tab.words()) < len(tokens)
    await tab.ends()
    assert await tab.words() == words_of(tokens)
    await tab.reload()
    await tab.shows("w0059")
    assert await tab.words() == words_of(tokens)
    phone = await visits.tab(admin, tab.path, ignore_https_errors=True, **PHONE)
    await expect(phone.answer).to_contain_text("w0059")


async def test_event_streams_are_not_held_back(
    stack: Stack, admin: Person, deploy_llm: ScriptedServer, figures: Figures
) -> None:
    """Text reaches a reader behind Caddy while the model writes, not when it has ended."""
    mark = Cues(deploy_llm)(Script(counted(40), tokens_per_second=20))
    started = await admin.send(await admin.conversation(), f"Stream {mark}")
    begun = time.monotonic()
    arrivals: list[float] = []
    url = f"/api/v1/generations/{started['generation_id']}/events"
    async with admin.rest.stream("GET", url) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith(('data: {"text"', 'data:{"text"')):
                arrivals.append(time.monotonic() - begun)
            if "event: end" in line or "event:end" in line:
                break
    assert len(arrivals) > 10
    assert arrivals[0] < 1.0
    figures.add("first text through Caddy", f"{arrivals[0] * 1000:.0f} ms")


async def test_logs_have_no_secrets(stack: Stack, admin: Person) -> None:
    """What containers print contains neither the session nor a tab's token nor a query."""
    printed = stack.logs()
    assert admin.session not in printed
    assert "token=" not in printed
    for secret in ("secret_key", "redis_password", "postgres_password"):
        assert (stack.folder / "deploy" / "secrets" / secret).read_text() not in printed, secret


async def test_what_streaming_costs(
    stack: Stack, admin: Person, deploy_llm: ScriptedServer, figures: Figures
) -> None:
    """Twenty answers at once stay inside the limits of the containers; the cost per token is printed."""
    tokens = counted(200)
    mark = Cues(deploy_llm)(Script(tokens, tokens_per_second=50))
    replicas = stack.containers("backend")
    before = sum(_cpu_seconds(stack, one["Id"]) for one in replicas)
    started = [await admin.send(await admin.conversation(), f"Cost {mark}") for _ in range(20)]
    readers = [LiveReader(admin.session, one["generation_id"]) for one in started]
    async with asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.follow([stack]))
    spent = sum(_cpu_seconds(stack, one["Id"]) for one in replicas) - before
    assert all(reader.text == "".join(tokens) for reader in readers)
    figures.add("backend CPU per 1,000 tokens streamed", f"{spent / (20 * len(tokens)) * 1e6:.0f} ms")
    form = "{{.MemUsage}}"
    used = stack.script(
        stack.docker, "stats", "--no-stream", "--format", form, *(one["Id"] for one in replicas)
    )
    figures.add(
        "memory of each backend", ", ".join(line.split(" / ")[0] for line in used.stdout.splitlines())
    )
    for one in stack.containers("backend"):
        assert not one["State"]["OOMKilled"]
        assert one["RestartCount"] == 0


def _cpu_seconds(stack: Stack, container: str) -> float:
    """Return the CPU time a container has used, from whichever version of control groups there is."""
    read = "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || grep usage_usec /sys/fs/cgroup/cpu.stat"
    *name, number = stack.script(stack.docker, "exec", container, "sh", "-c", read).stdout.split()
    return int(number) / (1e6 if name else 1e9)
