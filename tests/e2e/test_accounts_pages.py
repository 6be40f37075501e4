"""Settings and administration."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.scripts import Cues
from tests.parts.app import PASSWORD, Person, RunningApp
from tests.parts.browser import Tab, Visits, becomes
from tests.parts.llm_server import Script, ScriptedServer

NEW_PASSWORD = "another good long password"
KEY = "sk-very-secret-key-0123456789"


# Looks at every paint of the next load, from the first on.
_WATCH_THEMES = """
    window.themes = new Set();
    const look = () => {
        const dark = document.documentElement?.classList.contains("dark");
        if (document.body) window.themes.add(dark ? "dark" : "light");
        if (performance.now() < 4000) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""


async def _theme(tab: Tab) -> str:
    return await tab.page.evaluate(
        "document.documentElement.classList.contains('dark') ? 'dark' : "
        "document.documentElement.classList.contains('light') ? 'light' : ''"
    )


@pytest.mark.parametrize(("theme", "system"), [("Dark", "light"), ("Light", "dark")])
async def test_ux_69_theme_is_kept_without_a_flash(
    visits: Visits, person: Person, theme: str, system: str
) -> None:
    """A chosen theme survives a reload and is there before the first paint, whatever the system says (UX 69)."""
    tab = await visits.tab(person, "/settings", color_scheme=system)
    assert await _theme(tab) == system
    await tab.page.get_by_role("radio", name=theme).click()
    await becomes(lambda: _theme(tab), theme.lower())
    await expect(tab.page.get_by_role("radio", name=theme)).to_be_checked()

    async def stored() -> str:
        return (await person.rest.get("/api/v1/me")).json()["theme"]

    await becomes(stored, theme.lower())
    await tab.page.add_init_script(_WATCH_THEMES)
    await tab.reload()
    await tab.open("/")
    assert await tab.page.evaluate("[...window.themes]") == [theme.lower()]


async def test_ux_69_theme_follows_to_another_browser(visits: Visits, person: Person) -> None:
    """The theme belongs to the account: a browser signed in anew gets it."""
    await person.rest.patch("/api/v1/me", json={"theme": "dark"})
    tab = await visits.tab(person, "/", color_scheme="light")
    await becomes(lambda: _theme(tab), "dark")


async def test_ux_69_theme_is_there_on_a_new_device(visits: Visits, person: Person) -> None:
    """The first page after sign-in has the account's theme from its first paint, whatever the system says (UX 69)."""
    await person.rest.patch("/api/v1/me", json={"theme": "dark"})
    tab = await visits.tab(color_scheme="light")
    await tab.page.add_init_script(_WATCH_THEMES)
    await tab.open("/login")
    assert await tab.page.evaluate("[...window.themes]") == ["light"]
    await tab.sign_in(person)
    await tab.at("/")
    await tab.usable()
    assert await tab.page.evaluate("[...window.themes]") == ["dark"]


async def test_name_is_kept(tab: Tab, person: Person) -> None:
    """A changed name shows at once in the corner, and after a reload."""
    await tab.open("/settings")
    await tab.page.get_by_label("Name", exact=True).fill("Grace Hopper")
    await tab.page.get_by_role("button", name="Save", exact=True).click()
    await expect(tab.page.get_by_test_id("account-menu")).to_contain_text("Grace Hopper")
    await tab.open("/")
    await expect(tab.page.get_by_role("heading", level=1)).to_contain_text("Grace Hopper")


async def test_default_model_is_used(tab: Tab) -> None:
    """New conversations begin with the model chosen in the settings."""
    await tab.open("/settings")
    await tab.page.get_by_role("combobox", name="Default model").select_option("openai/variant")
    await expect(tab.notices).to_contain_text("Saved")
    await tab.open("/")
    await expect(tab.page.get_by_test_id("model-picker")).to_have_attribute("data-model", "openai/variant")


async def test_changing_the_password_ends_other_sessions(visits: Visits, person: Person, cue: Cues) -> None:
    """A new password signs the other browser out, which keeps its draft; only the new one opens a session."""
    visits.faults.allow_status(401, 422)
    conversation = await person.ask(f"Hello {cue(Script('Hello.'))}")
    other = await visits.context()
    await other.add_cookies(
        [{"name": "gantry_session", "value": await person.new_session(), "url": person.app.url}]
    )
    away = await visits.another_tab(other, f"/c/{conversation}")
    await away.composer.fill("half a thought")
    tab = await visits.tab(person, "/settings")
    current, new = tab.page.locator("input[name=current]"), tab.page.locator("input[name=new]")
    await current.fill("not the password")
    await new.fill(NEW_PASSWORD)
    await tab.page.get_by_role("button", name="Change password").click()
    await expect(tab.page.get_by_role("alert").filter(has_text="not your current password")).to_be_visible()
    await current.fill(PASSWORD)
    await new.fill(NEW_PASSWORD)
    await tab.page.get_by_role("button", name="Change password").click()
    await away.at(re.compile(rf"/login\?next=.*{conversation}$"))
    await away.usable()
    await away.sign_in(person)
    await expect(
        away.page.get_by_role("alert").filter(has_text="Incorrect e-mail or password")
    ).to_be_visible()
    await away.sign_in(person, NEW_PASSWORD)
    await away.at(f"/c/{conversation}")
    await expect(away.composer).to_have_value("half a thought")
    await tab.open("/")  # the session that changed it goes on
    await expect(tab.composer).to_be_visible()


async def test_changed_password_is_confirmed(visits: Visits, person: Person) -> None:
    """The page says that the password is changed and that the other sessions have ended."""
    await person.new_session()
    tab = await visits.tab(person, "/settings")
    await tab.page.locator("input[name=current]").fill(PASSWORD)
    await tab.page.locator("input[name=new]").fill(NEW_PASSWORD)
    await tab.page.get_by_role("button", name="Change password").click()
    said = tab.page.get_by_text("Your other sessions have ended")
    await expect(said).to_be_visible()
    sessions = tab.page.get_by_role("region", name="Active sessions").get_by_role("listitem")
    await expect(sessions).to_have_count(1)
    await tab.page.wait_for_timeout(1000)  # that it is still there is the requirement
    await expect(said).to_be_visible(timeout=1000)


async def test_sessions_are_listed_and_revoked(visits: Visits, person: Person) -> None:
    """The settings list where one is signed in; ending one sends that browser to sign-in at once (UX 52)."""
    other = await visits.context()
    await other.add_cookies(
        [{"name": "gantry_session", "value": await person.new_session(), "url": person.app.url}]
    )
    away = await visits.another_tab(other, "/")
    tab = await visits.tab(person, "/settings")
    sessions = tab.page.get_by_role("region", name="Active sessions").get_by_role("listitem")
    await expect(sessions).to_have_count(2)
    await expect(sessions.filter(has_text="This device")).to_have_count(1)
    await sessions.filter(has_not_text="This device").get_by_role("button").click()
    await expect(sessions).to_have_count(1)
    await away.at(re.compile(r"/login"))
    await expect(tab.page.get_by_role("heading", name="Settings")).to_be_visible()


async def _choose(tab: Tab, email: str, entry: str) -> None:
    await tab.menu((await tab.person(email)).get_by_role("button"), entry)


async def test_adding_a_person(visits: Visits, admin: Person) -> None:
    """An administrator adds somebody, is shown a password once, and with it they sign in as an ordinary user."""
    tab = await visits.tab(admin, "/admin/users")
    await tab.page.get_by_test_id("add-person").click()
    dialog = tab.page.get_by_test_id("add-person-dialog")
    await dialog.get_by_label("E-mail").fill("new.person@example.org")
    await dialog.get_by_label("Name").fill("New Person")
    await dialog.get_by_role("button", name="Add person").click()
    handed = tab.page.get_by_test_id("handed-dialog").get_by_role("textbox", name="password")
    password = await handed.input_value()
    assert len(password) >= 10
    await tab.page.get_by_test_id("handed-dialog").get_by_role("button", name="Done").click()
    await expect(await tab.person("new.person@example.org")).to_contain_text("User")
    await tab.reload()
    assert password not in await tab.page.content()
    theirs = await visits.tab()
    await theirs.open("/login")
    await theirs.sign_in(Person(admin.app, "new.person@example.org", ""), password)
    await theirs.at("/")
    await theirs.usable()
    await expect(theirs.page.get_by_test_id("account-menu")).to_contain_text("New Person")


async def test_address_that_is_taken(visits: Visits, admin: Person, other: Person) -> None:
    """A second account for one address is refused in the dialog, and what was typed stays."""
    tab = await visits.tab(admin, "/admin/users")
    await tab.page.get_by_test_id("add-person").click()
    dialog = tab.page.get_by_test_id("add-person-dialog")
    await dialog.get_by_label("E-mail").fill(other.email.upper())
    await dialog.get_by_role("button", name="Add person").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("already")
    await expect(dialog.get_by_label("E-mail")).to_have_value(other.email.upper())


async def test_deactivated_people_are_out(visits: Visits, admin: Person, person: Person) -> None:
    """Deactivating somebody takes their open page to sign-in at once, where they are not let in; activating does."""
    visits.faults.allow_status(401)
    theirs = await visits.tab(person, "/")
    tab = await visits.tab(admin, "/admin/users")
    await _choose(tab, person.email, "Deactivate")
    await expect(await tab.person(person.email)).to_contain_text("Deactivated")
    await theirs.at(re.compile(r"/login"))
    await theirs.usable()
    await theirs.sign_in(person)
    await expect(
        theirs.page.get_by_role("alert").filter(has_text="Incorrect e-mail or password")
    ).to_be_visible()
    await _choose(tab, person.email, "Activate")
    await expect(await tab.person(person.email)).not_to_contain_text("Deactivated")
    await theirs.sign_in(person)
    await theirs.at("/")


async def test_last_administrator_stays(own_app: RunningApp, visits: Visits) -> None:
    """The last administrator can be neither deactivated nor made an ordinary user; the page says why."""
    admin = await own_app.set_up()
    tab = await visits.tab(admin, "/admin/users")
    for entry in ("Deactivate", "Remove administrator role"):
        await _choose(tab, admin.email, entry)
        await expect(tab.notices.last).to_contain_text("administrator")
        await expect(await tab.person(admin.email)).to_contain_text("Administrator")
        await expect(await tab.person(admin.email)).to_contain_text("Active")


async def test_resetting_a_password(visits: Visits, admin: Person, person: Person) -> None:
    """After a reset the person is out, the old password is refused and the one that was shown works."""
    visits.faults.allow_status(401)
    theirs = await visits.tab(person, "/")
    tab = await visits.tab(admin, "/admin/users")
    await _choose(tab, person.email, "Reset password")
    await tab.page.get_by_test_id("reset-dialog").get_by_role("button", name="Reset password").click()
    handed = tab.page.get_by_test_id("handed-dialog").get_by_role("textbox", name="password")
    password = await handed.input_value()
    await theirs.at(re.compile(r"/login"))
    await theirs.usable()
    await theirs.sign_in(person)
    await expect(
        theirs.page.get_by_role("alert").filter(has_text="Incorrect e-mail or password")
    ).to_be_visible()
    await theirs.sign_in(person, password)
    await theirs.at("/")


async def test_administration_is_for_administrators(tab: Tab) -> None:
    """Others see at its address what they would see at an unknown one, and no way that leads there."""
    for path in ("/admin/users", "/admin/models", "/admin/installation"):
        await tab.page.goto(tab.url + path)
        await expect(tab.not_found).to_be_visible()
        await expect(tab.page.get_by_test_id("person")).to_have_count(0)
    await tab.page.get_by_test_id("account-menu").click()
    await expect(tab.page.get_by_role("menuitem", name="Settings")).to_be_visible()
    await expect(tab.page.get_by_role("menuitem", name="Administration")).to_have_count(0)


async def _fill_server(tab: Tab, address: str, key: str, name: str) -> Locator:
    dialog = tab.page.get_by_test_id("server-dialog")
    await dialog.get_by_label("Name", exact=True).fill(name)
    await dialog.get_by_label("Address").fill(address)
    await dialog.get_by_label("API key", exact=True).fill(key)
    return dialog


async def test_adding_a_model_server(fresh_app: RunningApp, visits: Visits, cue: Cues) -> None:
    """A model server is added in the browser, where a test tells what it has; its key is never shown again."""
    frames: list[str] = []
    async with ScriptedServer(
        Script("From the new server."), models=("one", "two", "three"), api_key=KEY
    ) as server:
        admin = await fresh_app.set_up()
        tab = await visits.tab(admin)
        tab.page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data)))
        )
        await tab.open("/admin/models")
        await tab.page.get_by_test_id("add-server").click()
        dialog = await _fill_server(tab, server.url, "sk-wrong", "Rented")
        await dialog.get_by_role("button", name="Test").click()
        await expect(dialog.get_by_role("status")).to_contain_text("rejected the API key")
        await _fill_server(tab, "http://127.0.0.1:9/v1", KEY, "Rented")
        await dialog.get_by_role("button", name="Test").click()
        await expect(dialog.get_by_role("status")).to_contain_text("is offline")
        await _fill_server(tab, server.url, KEY, "Rented")
        await dialog.get_by_role("button", name="Test").click()
        await expect(dialog.get_by_role("status")).to_contain_text("3 models")
        await dialog.get_by_role("button", name="Save").click()
        card = tab.page.get_by_test_id("server").filter(has_text="Rented")
        await expect(card).to_contain_text("3 models")
        await expect(card).to_contain_text("API key stored")
        await tab.menu(card.get_by_role("button"), "Edit")
        await expect(dialog.get_by_label("API key", exact=True)).to_have_value("")
        assert KEY not in await tab.page.content()
        assert not [frame for frame in frames if KEY in frame], "the key came back to the browser"
        await tab.open("/")
        await expect(tab.page.get_by_test_id("no-model")).to_have_count(0)
        await tab.ask("Who are you?")
        await tab.ends()
        await tab.shows("From the new server.")
    assert KEY not in fresh_app.output()
    assert KEY.encode() not in (fresh_app.log.parent / "gantry.db").read_bytes()


async def test_removing_a_model_server(fresh_app: RunningApp, visits: Visits) -> None:
    """Removing asks by name; the models go from the list, the conversations stay readable."""
    async with ScriptedServer(Script("Remember me."), models=("one",)) as server:
        admin = await fresh_app.set_up()
        new = {"name": "Rented", "base_url": server.url, "kind": "openai"}
        assert (await admin.rest.post("/api/v1/connections", json=new)).status_code == 201
        tab = await visits.tab(admin, "/")
        await expect(tab.page.get_by_test_id("model-picker")).to_have_attribute("data-model", "rented/one")
        await tab.ask("Hello")
        await tab.ends()
        conversation = await tab.conversation()
        await tab.open("/admin/models")
        card = tab.page.get_by_test_id("server").filter(has_text="Rented")
        await tab.menu(card.get_by_role("button"), "Remove")
        dialog = tab.page.get_by_test_id("remove-dialog")
        await expect(dialog).to_contain_text("Remove Rented?")
        await dialog.get_by_role("button", name="Remove").click()
        await expect(card).to_have_count(0)
    await tab.open(f"/c/{conversation}")
    await tab.shows("Remember me.")


async def test_bad_address_is_said(visits: Visits, admin: Person) -> None:
    """An address that cannot be one is refused before anything is stored."""
    tab = await visits.tab(admin, "/admin/models")
    await expect(tab.page.get_by_test_id("server").first).to_be_visible()
    count = await tab.page.get_by_test_id("server").count()
    await tab.page.get_by_test_id("add-server").click()
    dialog = await _fill_server(tab, "ftp://127.0.0.1/v1", "", "Wrong")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("status")).to_contain_text("http")
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(tab.page.get_by_test_id("server")).to_have_count(count)
