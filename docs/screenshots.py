"""Take the pictures in docs/screenshots: `make screenshots`. The product runs as a person starts it, against a scripted model."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.parts.app import Person, RunningApp, build_front_end
from tests.parts.browser import running_chromium
from tests.parts.documents import pdf
from tests.parts.llm_server import Script, ScriptedServer, ServerThread

OUT = Path(__file__).resolve().parent / "screenshots"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
QUESTION = "How do I keep my raised beds watered while I am away for a week in July?"
ANSWER = """A week is fine for most beds if they start out wet and lose little. In order of effect:

1. **Soak deeply** the evening before you leave: 25 litres for each square metre, in two rounds.
2. **Mulch** with 5 cm of straw or grass; it halves what the sun takes.
3. **Shade** young plants with a sheet on the south side.

| Soil | Holds, litres per m² | Days until dry |
| --- | ---: | ---: |
| Sand | 40 | 3 |
| Loam | 150 | 11 |
| Clay | 190 | 14 |

If you have a tap timer, this is enough to plan it:

```python
def minutes_a_day(area_m2: float, litres_per_minute: float, loss_mm: float = 4.5) -> float:
    \"\"\"One millimetre is one litre for each square metre.\"\"\"
    return area_m2 * loss_mm / litres_per_minute
```

For 6 m² and a drip line of 3 litres a minute that makes **nine minutes**, best at five in the morning.
"""
GUIDE = [
    "Rainwater for small gardens\n\nA roof of forty square metres gives about one thousand litres in\na day of steady rain.",
    (
        "Choosing a water butt\n\nReckon with five litres a day for each square metre of raised bed in July.\n"
        "A bed of six square metres needs two hundred and ten litres a week,\nso a butt of 300 litres sees it through a dry week."
    ),
]
CITED = (
    "A **300-litre** butt sees your beds through a dry week: in July they take about five litres a day for each square "
    "metre, which makes 210 litres for six of them [1].\n\nOne day of steady rain on a roof of forty square metres fills it three times over [2]."
)
#: What is asked and answered in each language, for the pictures side by side.
LANGUAGES = {
    "en": (
        "Ada",
        "How often should I water tomatoes?",
        "Deeply, **every two to three days**, early in the morning:\n\n1. 5 litres for each plant.\n2. On the soil, not on the leaves.\n3. Mulch keeps it moist.",
        "And basil?",
    ),
    "de": (
        "Ada",
        "Wie oft soll ich Tomaten gießen?",
        "Gründlich, **alle zwei bis drei Tage**, am frühen Morgen:\n\n1. 5 Liter für jede Pflanze.\n2. Auf die Erde, nicht auf die Blätter.\n3. Mulch hält sie feucht.",
        "Und Basilikum?",
    ),
    "ar": (
        "ليلى",
        "كم مرة أسقي الطماطم؟",
        "بغزارة، **كل يومين إلى ثلاثة أيام**، في الصباح الباكر:\n\n1. خمسة لترات لكل نبتة.\n2. على التربة لا على الأوراق.\n3. القش يحفظ رطوبتها.",
        "والريحان؟",
    ),
}
SMALL: dict[str, Any] = {"viewport": {"width": 960, "height": 820}}
EARLIER = (
    "Plan a weekend in the Jura",
    "Explain write-ahead logging",
    "Sourdough, but with rye",
    "Letter to the landlord",
)


async def main() -> None:
    """Start everything, take every picture, end everything."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ServerThread(Script(text="Done.")) as llm:
        build_front_end(Path(folder) / "build.lock")
        async with (
            RunningApp(Path(folder), openai_base_url=llm.url) as app,
            running_chromium() as browser,
        ):
            await _before_sign_in(app, browser)
            admin = await app.set_up("Ada")
            for title in EARLIER:
                await admin.ask(title)
            for scheme in ("dark", "light"):
                await _signed_in(app, browser, llm, await admin.new_session(), scheme)
            await admin.rest.post("/api/v1/documents", files={"file": ("Rainwater guide.pdf", pdf(GUIDE))})
            for scheme in ("dark", "light"):
                await _documents(app, browser, llm, await admin.new_session(), scheme)
            for language in LANGUAGES:
                await _in_language(app, browser, llm, await app.add_person(admin), language)


async def _before_sign_in(app: RunningApp, browser: Browser) -> None:
    async with await browser.new_context(**DESKTOP, color_scheme="dark") as context:
        page = await context.new_page()
        await page.goto(f"{app.url}/setup")
        await page.get_by_test_id("setup-submit").wait_for()
        await _take(page, "setup-dark")


async def _signed_in(
    app: RunningApp, browser: Browser, llm: ScriptedServer, token: str, scheme: Literal["dark", "light"]
) -> None:
    async with await _context(browser, app, token, DESKTOP, scheme) as context:
        page = await context.new_page()
        await page.goto(app.url)
        await page.get_by_test_id("suggestion").first.wait_for()
        await _take(page, f"empty-{scheme}")
        await _send(page, llm, Script(text=ANSWER, tokens_per_second=60), QUESTION)
        await page.get_by_text("Shade").wait_for()
        await _take(page, f"streaming-{scheme}")
        await page.locator("[data-role=assistant][data-status=complete]").wait_for(timeout=30_000)
        await page.wait_for_timeout(500)
        await _take(page, f"chat-{scheme}")
        conversation = page.url
        refusal = {"error": {"message": "CUDA out of memory"}}
        await _send(page, llm, Script(status=500, body=refusal), "And the greenhouse?")
        await page.locator("[data-status=failed]").wait_for()
        await _take(page, f"error-{scheme}")
        for name in ("settings", "admin/models", "admin/users"):
            await page.goto(f"{app.url}/{name}")
            await page.wait_for_timeout(1200)
            await _take(page, f"{name.replace('/', '-')}-{scheme}")
    async with await _context(browser, app, token, PHONE, scheme) as context:
        page = await context.new_page()
        await page.goto(conversation)
        await page.get_by_test_id("message").first.wait_for()
        await page.wait_for_timeout(800)
        await _take(page, f"phone-{scheme}")
    async with await browser.new_context(**DESKTOP, color_scheme=scheme) as context:
        page = await context.new_page()
        await page.goto(f"{app.url}/login")
        await page.get_by_test_id("login-submit").wait_for()
        await _take(page, f"login-{scheme}")


async def _documents(
    app: RunningApp, browser: Browser, llm: ScriptedServer, token: str, scheme: Literal["dark", "light"]
) -> None:
    async with await _context(browser, app, token, DESKTOP, scheme) as context:
        page = await context.new_page()
        await page.goto(f"{app.url}/vault")
        unread = page.locator("[data-testid=document]:not([data-state=ready])")
        await page.locator("[data-testid=document]").first.wait_for()
        await expect(unread).to_have_count(0, timeout=30_000)
        await _take(page, f"vault-{scheme}")
        await page.goto(app.url)
        await page.get_by_test_id("suggestion").first.wait_for()
        await _send(page, llm, Script(text=CITED), "How large must a water butt be for my six square metres?")
        await page.locator("[data-role=assistant][data-status=complete]").wait_for(timeout=30_000)
        await page.get_by_test_id("citation").first.click()
        await page.get_by_test_id("passage").wait_for()
        await page.wait_for_timeout(500)
        await _take(page, f"sources-{scheme}")


async def _in_language(
    app: RunningApp, browser: Browser, llm: ScriptedServer, person: Person, language: str
) -> None:
    """Take the same pictures in each language: an answer and one that failed, the settings; an answer on a phone."""
    name, question, answer, another = LANGUAGES[language]
    await person.rest.patch("/api/v1/me", json={"name": name, "language": language})
    async with await _context(browser, app, person.session, SMALL, "light") as context:
        page = await context.new_page()
        await page.goto(app.url)
        await page.get_by_test_id("suggestion").first.wait_for()
        await _send(page, llm, Script(text=answer), question)
        await page.locator("[data-role=assistant][data-status=complete]").wait_for(timeout=30_000)
        conversation = page.url
        await _send(page, llm, Script(status=429, body={"error": {"message": "slow down"}}), another)
        await page.locator("[data-status=failed]").wait_for()
        await page.wait_for_timeout(500)
        await _take(page, f"chat-{language}", colours=64)
        await page.goto(f"{app.url}/settings")
        await page.wait_for_timeout(1200)
        await _take(page, f"settings-{language}", colours=64)
    async with await _context(browser, app, person.session, PHONE, "light") as context:
        page = await context.new_page()
        await page.goto(conversation)
        await page.get_by_test_id("failure").wait_for()
        await page.wait_for_timeout(800)
        await _take(page, f"phone-{language}", colours=32)


async def _context(
    browser: Browser, app: RunningApp, token: str, size: dict[str, Any], scheme: Literal["dark", "light"]
) -> BrowserContext:
    context = await browser.new_context(**size, color_scheme=scheme)
    await context.add_cookies([{"name": "gantry_session", "value": token, "url": app.url}])
    return context


async def _send(page: Page, llm: ScriptedServer, script: Script, text: str) -> None:
    llm.enqueue(script)
    await page.get_by_test_id("composer").fill(text)
    await page.keyboard.press("Enter")


async def _take(page: Page, name: str, *, colours: int = 0) -> None:
    """Keep what the page shows; with few *colours* the file is a quarter as large."""
    path = OUT / f"{name}.png"
    await page.screenshot(path=path)
    if colours:
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(colours).save(path, optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
