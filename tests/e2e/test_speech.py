"""Reading aloud and dictation, with stand-ins for the browser's own speech: a headless one has neither voices nor a microphone."""

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.e2e.scripts import Cues
from tests.parts.app import Person
from tests.parts.browser import Tab
from tests.parts.llm_server import Script

_VOICE = """(() => {
  class Voice extends EventTarget {
    said = [];
    waiting = [];
    getVoices() { return [{ lang: "de-DE", localService: false }, { lang: "de-AT", localService: true }]; }
    speak(words) { this.said.push({ text: words.text, lang: words.lang, voice: words.voice?.lang }); this.waiting.push(words); }
    cancel() {
      for (const words of this.waiting.splice(0)) words.dispatchEvent(Object.assign(new Event("error"), { error: "canceled" }));
    }
    finish() { for (const words of this.waiting.splice(0)) words.dispatchEvent(new Event("end")); }
    fail() { this.waiting[0].dispatchEvent(Object.assign(new Event("error"), { error: "synthesis-failed" })); }
  }
  Object.defineProperty(window, "speechSynthesis", { value: new Voice() });
  window.SpeechSynthesisUtterance = class extends EventTarget { constructor(text) { super(); this.text = text; } };
})()"""
_EAR = """(() => {
  window.SpeechRecognition = class extends EventTarget {
    start() { window.ear = this; this.isOn = true; }
    abort() { this.isOn = false; }
    hear(...words) {
      const results = words.map((transcript) => [{ transcript }]);
      this.dispatchEvent(Object.assign(new Event("result"), { results }));
    }
    fail(error) { this.dispatchEvent(Object.assign(new Event("error"), { error })); this.dispatchEvent(new Event("end")); }
  };
})()"""
_DEAF = "for (const name of ['SpeechRecognition', 'webkitSpeechRecognition', 'speechSynthesis']) delete window[name];"

_ANSWER = """## Regen

Der Regen ist **warm** und das ist die Antwort [1]. Er dauert $x^2$ Wochen.

```python
rain = {"warm": True}
```

| Ort | Menge |
|---|---|
| Wien | viel |
"""


async def _said(page: Page) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = await page.evaluate("speechSynthesis.said")
    return said


async def _read(tab: Tab, person: Person, cue: Cues, *answers: str) -> None:
    """Open a conversation with *answers* in a browser that has a voice."""
    conversation = ""
    for answer in answers:
        conversation = await person.ask(f"Say {cue(Script([answer]))}", conversation)
    await tab.page.add_init_script(_VOICE)
    await tab.open(f"/c/{conversation}")


async def test_an_answer_is_read_as_it_is_seen(tab: Tab, cue: Cues, person: Person) -> None:
    """Sentences and cells are said in the answer's language by a voice of this device; code and the signs of formulas are not."""
    await _read(tab, person, cue, _ANSWER)
    button = tab.answer.get_by_test_id("read-aloud")
    await expect(button).to_have_accessible_name("Read aloud")
    await button.click()
    await expect(button).to_have_accessible_name("Stop reading")
    said = await _said(tab.page)
    words = [re.sub(r"\s+", " ", each["text"]).strip() for each in said]
    assert words[:2] == ["Regen", "Der Regen ist warm und das ist die Antwort ."]
    assert re.fullmatch(r"Er dauert [^\\$^]+ Wochen\.", words[2])
    assert words[3:] == ["Ort", "Menge", "Wien", "viel"]
    assert {(each["lang"], each["voice"]) for each in said} == {("de", "de-AT")}
    await expect(tab.answer.locator(".answer")).to_have_attribute("lang", "de")
    await tab.page.evaluate("speechSynthesis.finish()")
    await expect(button).to_have_accessible_name("Read aloud")


async def test_reading_ends_when_it_is_no_longer_wanted(tab: Tab, cue: Cues, person: Person) -> None:
    """Stop, Esc, another answer, another page: each ends it, and only one is read at a time."""
    await _read(tab, person, cue, "The first answer.", "The second answer.")
    first, second = (answer.get_by_test_id("read-aloud") for answer in await tab.answers.all())
    for stop in (second.click, lambda: tab.page.keyboard.press("Escape")):
        await second.click()
        await expect(second).to_have_accessible_name("Stop reading")
        await stop()
        await expect(second).to_have_accessible_name("Read aloud")
        assert await tab.page.evaluate("speechSynthesis.waiting.length") == 0
    await second.click()
    await tab.answers.first.hover()
    await first.click()
    await expect(first).to_have_accessible_name("Stop reading")
    await expect(second).to_have_accessible_name("Read aloud")
    assert await tab.page.evaluate("speechSynthesis.waiting.map(({ text }) => text)") == ["The first answer."]
    await tab.page.get_by_test_id("new-chat").first.click()
    await tab.at("/")
    await tab.page.wait_for_function("speechSynthesis.waiting.length === 0")


async def test_a_voice_that_fails_says_so(tab: Tab, cue: Cues, person: Person) -> None:
    """The button is as before, and a sentence says what can be done."""
    await _read(tab, person, cue, "An answer.")
    button = tab.answer.get_by_test_id("read-aloud")
    await button.click()
    await tab.page.evaluate("speechSynthesis.fail()")
    await expect(button).to_have_accessible_name("Read aloud")
    await expect(tab.page.locator(".composer-note")).to_contain_text("Install a voice")


async def _listen(tab: Tab) -> None:
    await tab.page.add_init_script(_EAR)
    await tab.open()


async def test_what_is_said_is_written_at_the_cursor(tab: Tab, cue: Cues) -> None:
    """Words come while they are said and are mended in place; what is typed meanwhile stays, wherever it is typed."""
    await _listen(tab)
    dictate, page, field = tab.page.get_by_test_id("dictate"), tab.page, tab.composer
    await expect(dictate).to_have_accessible_name("Dictate")
    assert "send the sound to their maker" in (await dictate.get_attribute("title") or "")
    await field.fill("Dear Ada. Yours")
    await field.evaluate("field => field.setSelectionRange(9, 9)")
    await dictate.click()
    await expect(dictate).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_role("status").filter(has_text="Listening…")).to_be_visible()
    await page.evaluate("ear.hear('their')")
    await expect(field).to_have_value("Dear Ada. their Yours")
    await page.evaluate("ear.hear('there is')")
    await expect(field).to_have_value("Dear Ada. there is Yours")
    await field.evaluate("field => field.setSelectionRange(0, 0)")
    await field.press_sequentially("My ")
    await page.evaluate("ear.hear('there is news')")
    await expect(field).to_have_value("My Dear Ada. there is news Yours")
    assert await field.evaluate("field => field.selectionStart") == 3
    await field.evaluate("field => field.setSelectionRange(18, 18)")
    await field.press_sequentially("!")
    await page.evaluate("ear.hear('there is news today')")
    await expect(field).to_have_value("My Dear Ada. there! is news Yours")
    await page.evaluate("ear.hear('there is news today', ' Good')")
    await expect(field).to_have_value("My Dear Ada. there! Good is news Yours")
    await tab.reload()
    await expect(tab.composer).to_have_value("My Dear Ada. there! Good is news Yours")


async def test_listening_ends_when_it_is_no_longer_wanted(tab: Tab, cue: Cues) -> None:
    """A second press, Esc, sending and silence: each ends it; what was written stays."""
    await _listen(tab)
    dictate, page = tab.page.get_by_test_id("dictate"), tab.page
    for stop in (
        dictate.click,
        lambda: page.keyboard.press("Escape"),
        lambda: page.evaluate("ear.fail('no-speech')"),
    ):
        await dictate.focus()
        await page.keyboard.press("Enter")
        await expect(dictate).to_have_attribute("aria-pressed", "true")
        assert await page.evaluate("ear.isOn")
        await stop()
        await expect(dictate).to_have_attribute("aria-pressed", "false")
        await expect(page.locator(".composer-note")).to_have_text("")
    await dictate.click()
    await page.evaluate(f"ear.hear('Hello {cue(Script(['Hi.']))}')")
    await tab.composer.press("Enter")
    await expect(dictate).to_have_attribute("aria-pressed", "false")
    await tab.ends()
    await expect(tab.composer).to_have_value("")


async def test_silence_ends_listening(tab: Tab) -> None:
    """Nobody is listened to whom nothing is heard of for eight seconds."""
    await tab.page.clock.install()
    await _listen(tab)
    dictate = tab.page.get_by_test_id("dictate")
    await dictate.click()
    await tab.page.clock.run_for(5_000)
    await tab.page.evaluate("ear.hear('Still here')")
    await tab.page.clock.run_for(5_000)
    await expect(dictate).to_have_attribute("aria-pressed", "true")
    await tab.page.clock.run_for(4_000)
    await expect(dictate).to_have_attribute("aria-pressed", "false")
    await expect(tab.composer).to_have_value("Still here")


async def test_a_microphone_that_is_refused_says_what_to_do(phone: Tab) -> None:
    """Each refusal is said with a next step, on a phone too."""
    await _listen(phone)
    note = phone.page.get_by_role("status").and_(phone.page.locator(".composer-note"))
    for error, step in (
        ("not-allowed", "Allow the microphone"),
        ("audio-capture", "Connect one"),
        ("network", "or type"),
    ):
        await phone.page.get_by_test_id("dictate").tap()
        await phone.page.evaluate(f"ear.fail('{error}')")
        await expect(note).to_contain_text(step)
        await expect(phone.page.get_by_test_id("dictate")).to_have_attribute("aria-pressed", "false")


async def test_a_browser_without_speech_shows_no_buttons(tab: Tab, cue: Cues, person: Person) -> None:
    """What the browser cannot do is not offered."""
    conversation = await person.ask(f"Say {cue(Script(['Hi.']))}")
    await tab.page.add_init_script(_DEAF)
    await tab.open(f"/c/{conversation}")
    await expect(tab.answer).to_be_visible()
    await expect(tab.page.get_by_test_id("read-aloud")).to_have_count(0)
    await expect(tab.page.get_by_test_id("dictate")).to_have_count(0)
