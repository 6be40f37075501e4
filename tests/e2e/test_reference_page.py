"""The page that shows the OpenAPI document, in a browser."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from gantry.api.app import create_api
from gantry.api.guard import Guard
from tests.parts.api_server import serving

# Faults of Swagger UI's own; nothing else may be added to them.
RENDERERS = {"color-contrast", "nested-interactive", "select-name"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_api_can_be_read_without_another_host(browser: Browser, scheme: str) -> None:
    """In the reader's colours, under our policy, with nothing fetched from elsewhere and nothing refused."""
    async with serving(Guard(create_api(), page_policy="default-src 'self'")) as address:
        page = await browser.new_page(color_scheme=scheme)  # pyright: ignore[reportArgumentType]
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{address}/api/v1/docs")
        sign_in = page.locator("#operations-accounts-sign_in")
        await sign_in.locator(".opblock-summary-control").click()
        await expect(sign_in.get_by_text("ada@example.org").first).to_be_visible()
        dark = await page.evaluate("document.documentElement.classList.contains('dark-mode')")
        found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        await page.close()
    assert dark == (scheme == "dark")
    assert said == []
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert {each["id"] for each in found.response["violations"]} <= RENDERERS
