"""API tokens in the settings."""

import re

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.parts.app import Person
from tests.parts.browser import PHONE, Tab, Visits


async def test_a_token_is_made_copied_used_and_revoked(tab: Tab, person: Person) -> None:
    """The token is shown once and works at once; its last use is listed; revoked, it stops working."""
    await tab.open("/settings")
    section = tab.page.get_by_role("region", name="API tokens")
    await expect(section).to_contain_text("No tokens yet.")
    opener = tab.page.get_by_test_id("create-token")
    await opener.click()
    dialog = tab.page.get_by_test_id("token-dialog")
    await dialog.get_by_label("Name").fill("My notebook")
    await expect(dialog.get_by_role("checkbox", name=re.compile("^Chat"))).to_be_checked()
    await dialog.get_by_role("checkbox", name=re.compile("^Chat")).uncheck()
    await dialog.get_by_label("Expires").select_option("30")
    await dialog.get_by_role("button", name="Create token").click()
    told = tab.page.get_by_test_id("secret-dialog")
    secret = await told.get_by_label("token", exact=True).input_value()
    assert secret.startswith("gantry_")
    await told.get_by_role("button", name="Copy token").click()
    await expect(told.get_by_role("status")).to_have_text("Copied")
    await told.get_by_role("button", name="Done").click()
    await expect(tab.page.get_by_text(secret)).to_have_count(0)
    row = tab.page.get_by_test_id("token")
    await expect(row).to_contain_text("My notebook")
    await expect(row).to_contain_text(secret[-4:])
    await expect(row).to_contain_text("Read")
    await expect(row).to_contain_text("never used")
    headers = {"authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=person.app.url, headers=headers) as program:
        assert (await program.get("/api/v1/me")).json()["email"] == person.email
        assert (await program.post("/api/v1/memory", json={"content": "I like tea."})).status_code == 403
        await tab.reload()
        await expect(row).to_contain_text("last used")
        asked = tab.page.get_by_test_id("revoke-token-dialog")
        await row.get_by_role("button", name="Revoke").click()
        await expect(asked).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await expect(asked).to_be_hidden()
        await row.get_by_role("button", name="Revoke").click()
        await asked.get_by_role("button", name="Revoke").click()
        await expect(tab.notices).to_contain_text("My notebook was revoked.")
        await expect(section).to_contain_text("No tokens yet.")
        assert (await program.get("/api/v1/me")).status_code == 401


async def test_a_token_is_not_shown_again_after_coming_back(tab: Tab) -> None:
    """Who leaves while it is shown finds the list, and not the token."""
    await tab.open("/settings")
    await tab.page.get_by_test_id("create-token").click()
    dialog = tab.page.get_by_test_id("token-dialog")
    await dialog.get_by_label("Name").fill("My notebook")
    await dialog.get_by_role("button", name="Create token").click()
    told = tab.page.get_by_test_id("secret-dialog")
    await expect(told).to_be_visible()
    await tab.reload()
    await expect(tab.page.get_by_test_id("token")).to_contain_text("My notebook")
    await expect(told).to_be_hidden()


async def test_a_token_without_a_scope_is_refused_in_the_form(tab: Tab) -> None:
    """What is wrong stands in the dialog, and what was typed stays."""
    await tab.open("/settings")
    await tab.page.get_by_test_id("create-token").click()
    dialog = tab.page.get_by_test_id("token-dialog")
    await dialog.get_by_label("Name").fill("Nothing")
    for scope in ("^Chat", "^Read"):
        await dialog.get_by_role("checkbox", name=re.compile(scope)).uncheck()
    await dialog.get_by_role("button", name="Create token").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("at least one scope")
    await expect(dialog.get_by_label("Name")).to_have_value("Nothing")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True])
async def test_the_dialogs_are_usable_by_everybody(
    visits: Visits, person: Person, theme: str, phone: bool
) -> None:
    """Axe finds nothing, nothing is cut off on a phone, and Esc gives the focus back (UX 62, 64, 65, 67)."""
    tab = await visits.tab(person, "/settings", color_scheme=theme, **(PHONE if phone else {}))
    opener = tab.page.get_by_test_id("create-token")
    await opener.scroll_into_view_if_needed()
    await opener.click()
    dialog = tab.page.get_by_test_id("token-dialog")
    await expect(dialog).to_be_visible()
    await tab.page.screenshot(path=f"test-results/tokens-{theme}-{'phone' if phone else 'desktop'}-form.png")
    assert await _faults(tab) == ""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await tab.page.evaluate(wide) <= 0
    await dialog.get_by_label("Name").fill("A program with a name that is rather long for a small screen")
    await dialog.get_by_role("button", name="Create token").click()
    told = tab.page.get_by_test_id("secret-dialog")
    await expect(told).to_be_visible()
    await tab.page.screenshot(
        path=f"test-results/tokens-{theme}-{'phone' if phone else 'desktop'}-secret.png"
    )
    assert await _faults(tab) == ""
    await tab.page.keyboard.press("Escape")
    await expect(told).to_be_hidden()
    await tab.page.get_by_test_id("token").first.scroll_into_view_if_needed()
    await tab.page.screenshot(path=f"test-results/tokens-{theme}-{'phone' if phone else 'desktop'}-list.png")
    assert await _faults(tab) == ""
    assert await tab.page.evaluate(wide) <= 0


async def _faults(tab: Tab) -> str:
    """Return what axe finds; empty when it finds nothing."""
    found = await Axe().run(tab.page, options={"resultTypes": ["violations"]})
    return found.generate_report() if found.violations_count else ""
