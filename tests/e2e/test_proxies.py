"""What people see behind a proxy that lets no websocket through."""

from playwright.async_api import expect

from tests.parts.app import PASSWORD, Person, RunningApp
from tests.parts.bare_proxy import bare_proxy
from tests.parts.browser import Visits


async def test_a_page_without_websockets_says_so(app: RunningApp, visits: Visits, person: Person) -> None:
    """Who is not signed in gets the form and can sign in; then the page names the cause instead of a lost network."""
    visits.faults.allow_network_away()
    async with bare_proxy(app.url) as address:
        page = await (await visits.context()).new_page()
        await page.goto(address)
        await page.get_by_test_id("login-email").fill(person.email)
        await page.get_by_test_id("login-password").fill(PASSWORD)
        await page.get_by_test_id("login-submit").click()
        banner = page.get_by_test_id("connection")
        await expect(banner).to_contain_text("(websocket) is blocked by a proxy")
        await expect(banner).to_contain_text("proxy_set_header Upgrade")
        await page.close()
