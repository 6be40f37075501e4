"""How full the model's context is."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.scripts import Cues
from tests.parts.app import RunningApp
from tests.parts.browser import PHONE, Visits
from tests.parts.llm_server import Script, ScriptedServer

MODELS = ({"id": "scripted", "max_model_len": 4000}, {"id": "variant", "max_model_len": 40_000})


@pytest.mark.parametrize("place", ["desktop", "phone"])
async def test_ux_24_a_gauge_of_the_context(
    browser: Browser, built: None, tmp_path: Path, place: str
) -> None:
    """It counts what was said and what is being written, of the model that is chosen, and says so in words (UX 24)."""
    async with AsyncExitStack() as exits:
        llm = await exits.enter_async_context(ScriptedServer(models=MODELS))
        app = await exits.enter_async_context(RunningApp(tmp_path, openai_base_url=llm.url))
        person = await app.set_up()
        visits = Visits(browser, app)
        exits.push_async_callback(visits.close)
        cue = Cues(llm)
        conversation = await person.ask(
            f"Hello {cue(Script('Hello.', prompt_tokens=900, completion_tokens=100))}"
        )
        tab = await visits.tab(person, f"/c/{conversation}", **(PHONE if place == "phone" else {}))
        gauge = tab.page.get_by_role("img", name=re.compile("of the context used"))
        await expect(gauge).to_be_in_viewport(ratio=1)
        await expect(gauge).to_have_accessible_name("25 % of the context used: 1,000 of 4,000 tokens")
        await tab.composer.fill("word " * 1400)
        await expect(gauge).to_have_accessible_name("75 % of the context used: 3,000 of 4,000 tokens")
        await tab.composer.fill("word " * 1680)
        await expect(gauge).to_have_attribute("data-full", "")
        await tab.page.get_by_test_id("model-picker").click()
        await tab.page.get_by_role("option", name="variant").click()
        await expect(gauge).to_have_accessible_name("9 % of the context used: 3,400 of 40,000 tokens")
        await expect(gauge).not_to_have_attribute("data-full", "")
        await tab.composer.fill(
            f"Again {cue(Script('Hello again.', prompt_tokens=1900, completion_tokens=100))}"
        )
        await tab.send_button.click()
        await tab.ends(answers=2)
        await expect(gauge).to_have_accessible_name("5 % of the context used: 2,000 of 40,000 tokens")
        assert not visits.faults.left()
