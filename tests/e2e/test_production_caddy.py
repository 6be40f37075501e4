"""Pages behind the Caddyfile of production: what only Caddy sends, and what it must not change."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.e2e.test_offline import _READY
from tests.parts.app import Person, RunningApp
from tests.parts.browser import Visits
from tests.parts.production_caddy import production_caddy

pytestmark = pytest.mark.xdist_group("proxies")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(
    shared_app: tuple[RunningApp, Person], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """Yield where Caddy serves."""
    async with production_caddy(shared_app[0], tmp_path_factory.mktemp("caddy")) as address:
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_api_can_be_read(address: str, visits: Visits, scheme: str) -> None:
    """Swagger UI draws, opens a route and tries it, from files of this place alone and with nothing in the console."""
    page = await (await visits.context(color_scheme=scheme)).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = await page.goto(f"{address}/api/v1/docs")
    assert answer is not None
    assert "default-src 'none'" in (answer.headers["content-security-policy"])
    await expect(page.get_by_role("heading", name="Gantry", exact=False).first).to_be_visible()
    health = page.locator("#operations-operations-health")
    await health.locator(".opblock-summary-control").click()
    await health.get_by_role("button", name="Try it out").click()
    await health.get_by_role("button", name="Execute").click()
    await expect(health.locator(".live-responses-table tbody .response-col_status").first).to_contain_text(
        "200"
    )
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


async def test_files_of_the_reference_are_packed_and_kept(address: str) -> None:
    """Once, not twice; and who has them is not sent them again."""
    async with httpx.AsyncClient(base_url=address) as client:
        for path in ("openapi.json", "docs/swagger-ui-bundle.js", "docs/swagger-ui.css"):
            first = await client.get(f"/api/v1/{path}")
            assert (first.status_code, first.headers["content-encoding"]) == (200, "gzip"), path
            again = {"If-None-Match": first.headers["etag"]}
            assert (await client.get(f"/api/v1/{path}", headers=again)).status_code == 304, path


async def test_the_worker_shows_its_page(address: str, visits: Visits) -> None:
    """It is registered under the policy of the worker, keeps nothing, and shows that there is no connection."""
    visits.faults.allow_network_away()
    visits.faults.allow_status(503)
    async with httpx.AsyncClient(base_url=address) as client:
        file = await client.get("/sw.js")
    assert (file.status_code, file.headers["cache-control"]) == (200, "no-cache")
    assert "You are offline" in file.text
    assert "connect-src 'self'" in file.headers["content-security-policy"]
    context = await visits.context(service_workers="allow")
    page = await context.new_page()
    await page.goto(f"{address}/login")
    await page.wait_for_function(_READY)
    await context.set_offline(True)
    await page.goto(f"{address}/login?again")
    await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    await context.set_offline(False)
    await expect(page.get_by_test_id("login-email")).to_be_visible()
    assert await page.evaluate("caches.keys()") == []
