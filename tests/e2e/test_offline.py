"""The page that is shown where none can be loaded, and that nothing else is changed by what shows it."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.test_accessibility import axe_faults
from tests.parts.app import Person, RunningApp
from tests.parts.browser import PHONE, Tab, Visits

_READY = (
    "async () => { await navigator.serviceWorker.ready; return navigator.serviceWorker.controller !== null }"
)


async def _open(visits: Visits, person: Person, **options: Any) -> Tab:
    """Open a tab whose browser keeps the page for times offline."""
    visits.faults.allow_network_away()
    visits.faults.allow_status(503)
    tab = await visits.tab(person, "/settings", service_workers="allow", **options)
    await tab.page.wait_for_function(_READY)
    return tab


@pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark", **PHONE}])
async def test_offline_a_page_says_so_and_comes_by_itself(
    visits: Visits, person: Person, options: dict[str, Any]
) -> None:
    """Instead of the browser's own page ours is shown, in the theme that was chosen here; back online the page comes."""
    tab = await _open(visits, person, **options)
    page = tab.page
    await page.evaluate("localStorage.theme = 'dark'")
    await page.context.set_offline(True)
    await page.goto(f"{tab.url}/vault")
    await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    await expect(page).to_have_title("You are offline")
    await expect(page.get_by_role("button", name="Try again")).to_be_focused()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(38, 38, 36)"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not await axe_faults(page)
    await page.context.set_offline(False)
    await expect(page.get_by_role("heading", name="Documents", level=1)).to_be_visible()
    await tab.at("/vault")


async def test_offline_the_language_is_the_chosen_one(visits: Visits, person: Person) -> None:
    """Not the browser's."""
    await person.rest.patch("/api/v1/me", json={"language": "de"})
    tab = await _open(visits, person)
    await expect(tab.page.locator("html")).to_have_attribute("lang", "de")
    await tab.page.context.set_offline(True)
    await tab.page.goto(f"{tab.url}/vault")
    await expect(tab.page.get_by_role("heading", name="Sie sind offline")).to_be_visible()
    await tab.page.context.set_offline(False)


async def test_a_server_that_is_away_is_tried_again(own_app: RunningApp, visits: Visits) -> None:
    """While the server does not answer a press tries again in vain; when it is back the press leads to the page."""
    person = await own_app.set_up()
    tab = await _open(visits, person)
    await own_app.stop()
    await tab.page.goto(f"{tab.url}/vault")
    again = tab.page.get_by_role("button", name="Try again")
    await again.press("Enter")
    await expect(again).to_be_focused()
    await own_app.start()
    await again.click()
    await expect(tab.page.get_by_role("heading", name="Documents", level=1)).to_be_visible()


async def test_whatever_the_server_answers_is_passed_on(visits: Visits, person: Person) -> None:
    """Refusals are the server's own; of pages, files and data nothing is kept by the worker."""
    visits.faults.allow_status(404)
    tab = await _open(visits, person)
    answer = await tab.page.goto(f"{tab.url}/nowhere/at-all")
    assert answer
    assert answer.status == 404
    assert answer.from_service_worker
    assert await tab.page.evaluate("caches.keys()") == []
    file = await tab.page.request.get(f"{tab.url}/sw.js")
    assert file.headers["cache-control"] == "no-cache"
    assert "connect-src 'self'" in file.headers["content-security-policy"]
    assert "You are offline" in await file.text()


async def test_signing_out_is_not_held_back(visits: Visits, person: Person) -> None:
    """After signing out no page of the person comes, with the worker as without it."""
    tab = await _open(visits, person)
    await tab.menu(tab.page.get_by_test_id("account-menu"), "Sign out")
    await tab.at("/login")
    await tab.page.goto(f"{tab.url}/settings")
    await expect(tab.page.get_by_role("heading", level=1)).to_contain_text("Sign in")


async def test_a_new_worker_takes_over_at_once(visits: Visits, person: Person) -> None:
    """A page that is open is served by the new version as soon as that is there."""
    tab = await _open(visits, person)
    await tab.page.evaluate(
        """async () => {
          const changed = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
          await navigator.serviceWorker.register("/sw.js?next");
          await changed;
        }"""
    )
    assert (await tab.page.evaluate("navigator.serviceWorker.controller.scriptURL")).endswith("/sw.js?next")
