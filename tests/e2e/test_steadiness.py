"""While an answer is written nothing that is on screen jumps, and what is selected stays selected."""

import asyncio

from tests.e2e.scripts import Cues, counted
from tests.parts.browser import Tab
from tests.parts.llm_server import Script

_WRITTEN = """Here is a formula:

$$
\\int_0^1 x^2\\,dx = \\frac{1}{3}
$$

> [!TIP]
> Water at dawn.

| Soil | What is known of it | Days |
| --- | --- | --- |
| sand | **little** `water` stays in it, so that it has to be watered again and again | 3 |
| loam | 150 | 11 |

1. Dig the bed.
2. Water it:
   - in the **evening**
   - with a can

```python
def days(litres: float) -> int:
    return int(litres // 13.5)
```

```mermaid
flowchart LR
  A[Rain] -->|fills| B[Butt]
```

That is all of it.
"""
_WATCH = """() => {
    window.shrunk = [];
    let before = 0;
    const look = () => {
        const answer = [...document.querySelectorAll("[data-role=assistant]")].at(-1);
        const height = answer ? answer.getBoundingClientRect().height : 0;
        if (height < before - 2) window.shrunk.push([before, height, answer.innerText.slice(-60)]);
        before = height;
        requestAnimationFrame(look);
    };
    look();
}"""


async def test_ux_35_an_answer_never_shrinks(tab: Tab, cue: Cues) -> None:
    """Formulas, alerts, tables, lists, code, diagrams and the end of the answer: it only grows (UX 35)."""
    await tab.open()
    await tab.page.evaluate(_WATCH)
    await tab.ask(f"Show {cue(Script(_WRITTEN, tokens_per_second=60))}")
    await tab.ends()
    await tab.answer.locator(".diagram img").wait_for()
    assert await tab.page.evaluate("window.shrunk") == []


async def test_ux_34_a_selection_in_what_is_being_written_stays(tab: Tab, cue: Cues) -> None:
    """Words that are selected in the paragraph that grows stay selected, also when the answer ends (UX 34)."""
    await tab.open()
    await tab.ask(
        f"First {cue(Script('ok'))}"
    )  # the page moves to the conversation's address, and draws itself anew
    await tab.ends()
    one_paragraph = counted(80, paragraph=100)
    await tab.ask(f"Count {cue(Script(one_paragraph, tokens_per_second=40))}")
    await tab.shows("w0012")
    await tab.page.evaluate("""() => {
        const text = [...document.querySelectorAll(".answer .markdown p")].at(-1).firstChild;
        getSelection().setBaseAndExtent(text, 6, text, 23);
    }""")
    selected = await tab.page.evaluate("getSelection().toString()")
    assert selected == "w0001 w0002 w0003"
    await tab.shows("w0050")
    assert await tab.page.evaluate("getSelection().toString()") == selected
    await tab.ends()
    await asyncio.sleep(0.2)  # the stored answer takes the place of the streamed one
    assert await tab.page.evaluate("getSelection().toString()") == selected
