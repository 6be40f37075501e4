"""Code of pages is shown without being run."""

from playwright.async_api import expect

from tests.e2e.scripts import Cues
from tests.parts.browser import Tab, Visits
from tests.parts.llm_server import Script

_PAGE = """Here it is:

```html
<title>Evil</title><h1 style="color: teal">Shown</h1>
<script>document.body.append("RAN"); parent.postMessage("ran", "*")</script>
<img src="https://outside.example/spy.png"><meta http-equiv="refresh" content="0;url=https://outside.example/">
```

```svg
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4" fill="tomato"/></svg>
```

```python
print("nothing to show")
```
"""


async def test_pages_in_code_are_shown_and_not_run(tab: Tab, cue: Cues, visits: Visits) -> None:
    """HTML and SVG have a preview, off until it is asked for: no script runs, nothing is fetched, its origin is nobody's."""
    for refused in ("Blocked script execution", "Refused to execute the redirect", "Loading the image"):
        visits.faults.allow(refused)  # what the browser says of what it has stopped
    stopped: list[tuple[str, str | None]] = []
    tab.page.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
    await tab.open("/")
    await tab.ask(f"Make a page. {cue(Script(text=_PAGE))}")
    await tab.ends()
    buttons = tab.answer.get_by_test_id("preview-code")
    await expect(buttons).to_have_count(2)
    frames = tab.answer.locator("iframe")
    await expect(frames).to_have_count(0)
    await buttons.first.focus()
    await tab.page.keyboard.press("Enter")
    await expect(buttons.first).to_have_attribute("aria-pressed", "true")
    inside = tab.answer.frame_locator("iframe")
    await expect(inside.locator("h1")).to_have_css("color", "rgb(0, 128, 128)")
    assert "RAN" not in await inside.locator("body").inner_text()
    frame = tab.page.frames[-1]
    assert await frame.evaluate("self.origin") == "null"
    await buttons.last.click()
    await expect(tab.answer.frame_locator("iframe").nth(1).locator("circle")).to_be_visible()
    outside = {(url, why) for url, why in stopped if "outside.example" in url}
    assert outside == {("https://outside.example/spy.png", "csp")}
    await buttons.first.click()
    await expect(frames).to_have_count(1)
