"""From nothing to the first answer, and in and out again."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tests.parts.app import PASSWORD, Person, RunningApp
from tests.parts.browser import PHONE, Tab, Visits

SIGN_IN_FOR_SETTINGS = re.compile(r"/login\?next=(/|%2F)settings$")


async def _fill_set_up(tab: Tab, email: str, password: str) -> None:
    await tab.page.get_by_test_id("setup-name").fill("Grace Hopper")
    await tab.page.get_by_test_id("setup-email").fill(email)
    await tab.page.get_by_test_id("setup-password").fill(password)
    await tab.page.get_by_test_id("setup-submit").click()


async def test_ux_55_from_nothing_to_an_answer(fresh_app: RunningApp, visits: Visits) -> None:
    """A new installation leads to set-up, then to a page that says no model is connected, and answers (UX 54, 55)."""
    tab = await visits.tab()
    await tab.page.goto(fresh_app.url)
    await tab.at("/setup")
    await _fill_set_up(tab, "grace@example.org", PASSWORD)
    await tab.at("/")
    await expect(tab.page.get_by_role("heading", level=1)).to_contain_text("Grace Hopper")
    note = tab.page.get_by_test_id("no-model")
    await expect(note).to_contain_text("No model is connected")
    await expect(note.get_by_role("link")).to_have_attribute("href", "/admin/models")
    await tab.ask("How does a garden keep water?")
    await tab.ends()
    await tab.shows("No model is connected")
    await expect(tab.rows).to_have_text(["How does a garden keep water?"])


async def test_ux_54_suggestions_fill_the_composer(fresh_app: RunningApp, visits: Visits) -> None:
    """An empty conversation offers three or four ways to begin; one press puts its text into the composer (UX 54)."""
    admin = await fresh_app.set_up()
    tab = await visits.tab(admin, "/")
    suggestions = tab.page.get_by_test_id("suggestion")
    assert 3 <= await suggestions.count() <= 4
    text = await suggestions.first.locator("span").inner_text()
    await suggestions.first.click()
    await expect(tab.composer).to_have_value(text)
    await expect(tab.composer).to_be_focused()
    await expect(tab.send_button).to_be_enabled()


@pytest.mark.parametrize(
    ("hour", "greeting"), [(8, "Good morning"), (14, "Good afternoon"), (21, "Good evening")]
)
async def test_ux_54_the_greeting_knows_the_name_and_the_hour(
    visits: Visits, person: Person, hour: int, greeting: str
) -> None:
    """An empty conversation greets the person by the hour of their own clock (UX 54)."""
    tab = await visits.tab(person, timezone_id="UTC")
    await tab.page.clock.set_fixed_time(datetime(2026, 3, 2, hour, tzinfo=UTC))
    await tab.open()
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text(f"{greeting}, {person.name}")


async def test_ux_54_a_suggestion_is_answered_on_a_phone(visits: Visits, person: Person) -> None:
    """One tap chooses it, another sends it (UX 54)."""
    tab = await visits.tab(person, "/", **PHONE)
    suggestion = tab.page.get_by_test_id("suggestion").first
    text = await suggestion.locator("span").inner_text()
    await suggestion.tap()
    await tab.send_button.tap()
    await tab.ends(answers=1)
    await expect(tab.questions.first).to_contain_text(text)


async def test_wrong_set_up_input_is_said_in_place(fresh_app: RunningApp, visits: Visits) -> None:
    """What is wrong with the first account is said beside the field, and what was typed stays (UX 50)."""
    visits.faults.allow_status(422)
    tab = await visits.tab()
    await tab.open("/setup")
    password = tab.page.get_by_test_id("setup-password")
    await password.evaluate("field => field.removeAttribute('minlength')")  # as an old browser would
    await _fill_set_up(tab, "grace@example.org", "short")
    await expect(password).to_have_attribute("aria-invalid", "true")
    await expect(tab.page.get_by_role("alert").filter(has_text="10 characters")).to_be_visible()
    await expect(password).to_be_focused()
    await expect(tab.page.get_by_test_id("setup-email")).to_have_value("grace@example.org")
    await _fill_set_up(tab, "grace@example.org", PASSWORD)
    await tab.at("/")


async def test_set_up_from_another_machine_asks_for_the_code(fresh_app: RunningApp, visits: Visits) -> None:
    """Who comes over a network is asked for the code in the log, in a field that nobody else sees."""
    visits.faults.allow_status(422)
    tab = await visits.tab(extra_http_headers={"X-Forwarded-For": "8.8.8.8"})
    await tab.open("/setup")
    code = tab.page.get_by_test_id("setup-code")
    await expect(code).to_have_count(0)
    await _fill_set_up(tab, "grace@example.org", PASSWORD)
    await expect(code).to_be_focused()
    await expect(tab.page.get_by_role("alert").filter(has_text="Enter the set-up code")).to_be_visible()
    written = re.search(r"setup_code=(\S+)", fresh_app.output())
    assert written is not None
    await code.fill(written[1])
    await tab.page.get_by_test_id("setup-submit").click()
    await tab.at("/")


async def test_set_up_is_closed_afterwards(app: RunningApp, visits: Visits, admin: Person) -> None:
    """Once there is an account, the set-up page leads to sign-in and its request is refused."""
    tab = await visits.tab()
    await tab.page.goto(f"{app.url}/setup")
    await tab.at("/login")
    intruder = {"email": "eve@example.org", "password": PASSWORD}
    async with Person(app, "", "").rest as stranger:
        assert (await stranger.post("/api/v1/setup", json=intruder)).status_code == 409


async def test_ux_52_signing_in_returns_to_the_page(visits: Visits, person: Person) -> None:
    """Who opens a page without a session signs in and lands on that page (UX 52)."""
    tab = await visits.tab()
    await tab.page.goto(f"{tab.url}/settings")
    await tab.at(SIGN_IN_FOR_SETTINGS)
    await tab.usable()
    await tab.sign_in(person)
    await tab.at("/settings")
    await expect(tab.page.get_by_role("heading", name="Settings")).to_be_visible()


@pytest.mark.parametrize(
    "foreign", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_signing_in_never_leads_elsewhere(visits: Visits, person: Person, foreign: str) -> None:
    """A link to the sign-in page cannot send people to another site."""
    tab = await visits.tab()
    await tab.page.goto(f"{tab.url}/login?next={foreign}")
    await tab.usable()
    await tab.sign_in(person)
    await tab.at("/")


async def test_wrong_password_is_said_in_place(visits: Visits, person: Person) -> None:
    """A wrong password is said in the form, in words that do not tell which part was wrong; then it works."""
    visits.faults.allow_status(401)
    tab = await visits.tab()
    await tab.open("/login")
    await tab.sign_in(person, "not the password")
    await expect(
        tab.page.get_by_role("alert").filter(has_text="Incorrect e-mail or password")
    ).to_be_visible()
    await expect(tab.page.get_by_test_id("login-email")).to_have_value(person.email)
    await tab.sign_in(person)
    await tab.at("/")


async def test_signing_out_ends_the_session(visits: Visits, person: Person) -> None:
    """After signing out, neither this tab, nor Back, nor the old cookie shows anything of the person."""
    context = await visits.context()
    tab = await visits.another_tab(context, "/login")
    await tab.sign_in(person)
    await tab.at("/")
    await tab.usable()
    cookie = next(each for each in await context.cookies() if each.get("name") == "gantry_session")
    assert cookie.get("httpOnly")
    assert cookie.get("sameSite") == "Lax"
    await tab.open("/settings")
    await tab.menu(tab.page.get_by_test_id("account-menu"), "Sign out")
    await tab.at("/login")
    await tab.page.go_back()
    await expect(tab.page.get_by_test_id("login-submit")).to_be_visible()
    assert person.name not in await tab.page.content()
    person.rest.cookies.set("gantry_session", cookie.get("value", ""))
    assert (await person.rest.get("/api/v1/session")).status_code == 401


async def test_signing_out_leads_other_tabs_to_sign_in(visits: Visits, person: Person) -> None:
    """Other tabs of the same browser go to sign-in by themselves."""
    visits.faults.allow_status(401)  # the other tab may be renewing the session at that very moment
    context = await visits.context(person)
    first = await visits.another_tab(context, "/")
    second = await visits.another_tab(context, "/settings")
    await first.menu(first.page.get_by_test_id("account-menu"), "Sign out")
    await second.at(SIGN_IN_FOR_SETTINGS)


async def test_next_person_in_the_same_tab_sees_nothing_of_the_last(
    visits: Visits, person: Person, other: Person
) -> None:
    """Another person who signs in in the same tab gets a page with nothing of the one before."""
    await person.conversation("A secret plan")
    tab = await visits.tab()
    await tab.open("/login")
    await tab.sign_in(person)
    await expect(tab.rows).to_have_text(["A secret plan"])
    await tab.menu(tab.page.get_by_test_id("account-menu"), "Sign out")
    await tab.at("/login")
    await tab.usable()
    await tab.sign_in(other)
    await tab.at("/")
    await tab.usable()
    await expect(tab.page.get_by_test_id("account-menu")).to_contain_text(other.name)
    await expect(tab.rows).to_have_count(0)
    assert "secret plan" not in await tab.page.content()


@pytest.mark.parametrize("path", ["/no/such/page", "/nothing", "/x/17", "/c"])
async def test_unknown_address_is_said(visits: Visits, path: str) -> None:
    """An address that is none of ours says so and offers a way on, with status 404."""
    visits.faults.allow_status(404)
    tab = await visits.tab()
    answer = await tab.page.goto(tab.url + path)
    assert answer is not None
    assert answer.status == 404
    await expect(tab.not_found).to_contain_text("doesn't exist")
    await tab.page.get_by_role("link", name="Start a new chat").click()
    await tab.at(re.compile(r"/login(\?next=(%2F|/))?$"))


async def test_ux_55_an_administrator_is_shown_what_is_left_to_set_up(
    fresh_app: RunningApp, visits: Visits
) -> None:
    """What is done is ticked; who hides the list sees it no more in this browser, and others never do (UX 55)."""
    admin = await fresh_app.set_up()
    tab = await visits.tab(admin, "/admin/users")
    steps = tab.page.get_by_test_id("first-steps")
    people = steps.get_by_role("listitem").filter(has_text="Add people")
    await expect(steps.get_by_role("listitem")).to_have_count(4)
    await expect(people).to_have_attribute("data-done", "false")
    await expect(steps.get_by_role("link", name="Connect a model server")).to_have_attribute(
        "href", "/admin/models"
    )
    for name in ("Serve it over HTTPS", "Make a backup"):
        await steps.get_by_role("link", name=name).click()
        await tab.at("/admin/installation")
    await expect(tab.page.get_by_text("There is no backup yet.")).to_be_visible()
    await expect(tab.page.locator(".told[data-good=true]")).to_contain_text("is safe to sign in to")
    await tab.open("/admin/users")
    other = await fresh_app.add_person(admin)
    await tab.reload()
    await expect(people).to_have_attribute("data-done", "true")
    await steps.get_by_role("button", name="Hide").click()
    await expect(steps).to_have_count(0)
    await tab.reload()
    await expect(tab.page.get_by_test_id("person")).to_have_count(2)
    await expect(steps).to_have_count(0)
    theirs = await visits.tab(other, "/")
    await expect(theirs.page.get_by_test_id("first-steps")).to_have_count(0)
