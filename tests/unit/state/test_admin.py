"""What administrators do to people, and what others get."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from gantry.domain.accounts import Actor, Person, Role
from gantry.domain.errors import Conflict
from gantry.state.admin import PeopleState
from tests.unit.state.stage import ADA, FakeAccounts, account, tab

BOB = UUID(int=2)


@dataclass
class People(FakeAccounts):
    """Ada, the last administrator, and Bob."""

    rows: list[Person] = field(
        default_factory=lambda: [
            account(),
            account(id=BOB, email="bob@example.org", name="Bob", role=Role.USER),
        ]
    )

    async def list_accounts(self, who: Actor, *, search: str = "", limit: int = 200) -> list[Person]:
        who.require_admin()
        return [row for row in self.rows if search.lower() in row.name.lower()][:limit]

    async def create_account(self, who: Actor, email: str, name: str, role: Role) -> tuple[Person, str]:
        who.require_admin()
        if any(row.email == email for row in self.rows):
            raise Conflict("There is an account with this address.")
        self.rows.append(account(id=UUID(int=3), email=email, name=name, role=role))
        return self.rows[-1], "five plain words made up"

    async def set_active(self, who: Actor, account: UUID, active: bool) -> None:
        if account == ADA.id:
            raise Conflict("This is the last active administrator.")
        self.change(account, active=active)

    async def set_role(self, who: Actor, account: UUID, role: Role) -> None:
        self.change(account, role=role)

    async def reset_password(self, who: Actor, account: UUID) -> str:
        return "another one"

    def change(self, wanted: UUID, **values: Any) -> None:
        self.rows = [replace(row, **values) if row.id == wanted else row for row in self.rows]


async def test_people_are_listed_with_what_can_be_done() -> None:
    """Each row says who it is and offers what fits its role and state."""
    async with tab(accounts=People()) as page:
        state = await page.of(PeopleState)
        await state.load()
        ada, bob = state.people
        assert (ada.you, bob.you) == (True, False)
        assert [each.key for each in bob.actions] == ["reset", "promote", "deactivate"]


async def test_others_see_nobody() -> None:
    """Somebody who is no administrator gets an empty page, and a notice when they try all the same."""
    async with tab(accounts=People(who=replace(ADA, role=Role.USER))) as page:
        state = await page.of(PeopleState)
        await state.load()
        await state.find("")
        assert state.people == []
        assert (await page.notices())[0].text == "Only an administrator may do this."


async def test_a_new_persons_password_is_shown_once() -> None:
    """Adding a person shows the password to hand over until the dialog is closed."""
    async with tab(accounts=People()) as page:
        state = await page.of(PeopleState)
        await state.open_form()
        await state.add({"email": "eve@example.org", "name": "Eve", "role": "user"})
        assert (state.adding, state.handed_password) == (False, "five plain words made up")
        assert len(state.people) == 3
        await state.close()
        assert state.handed_password == ""


async def test_a_taken_address_is_said_in_the_form() -> None:
    """What is wrong with a new person is said where it was typed, and the form stays open."""
    async with tab(accounts=People()) as page:
        state = await page.of(PeopleState)
        await state.open_form()
        await state.add({"email": "bob@example.org", "name": "", "role": "user"})
        assert state.adding
        assert state.fault == "There is an account with this address."
        assert await page.notices() == []


async def test_the_last_administrator_is_protected() -> None:
    """The service's refusal is shown in its own words, and the table stays as it was."""
    async with tab(accounts=People()) as page:
        state = await page.of(PeopleState)
        await state.load()
        await state.choose(str(ADA.id), "deactivate")
        assert (await page.notices())[0].text == "This is the last active administrator."
        assert state.people[0].active


@pytest.mark.parametrize(("action", "shows"), [("promote", "admin"), ("deactivate", "active")])
async def test_a_choice_shows_at_once(action: str, shows: str) -> None:
    """After a choice the row shows its outcome."""
    async with tab(accounts=People()) as page:
        state = await page.of(PeopleState)
        await state.load()
        before = getattr(state.people[1], shows)
        await state.choose(str(BOB), action)
        assert getattr(state.people[1], shows) is not before


async def test_a_password_is_reset_only_after_asking() -> None:
    """Resetting asks by name first; only saying yes makes a new password."""
    async with tab(accounts=People()) as page:
        state = await page.of(PeopleState)
        await state.load()
        await state.choose(str(BOB), "reset")
        assert (state.resetting_name, state.handed_password) == ("Bob", "")
        await state.reset_password(str(BOB))
        assert (state.handed_email, state.handed_password) == ("bob@example.org", "another one")


async def test_an_unknown_action_does_nothing() -> None:
    """A choice that no menu offers changes nothing."""
    async with tab(accounts=People()) as page:
        state = await page.of(PeopleState)
        await state.load()
        people = list(state.people)
        await state.choose(str(BOB), "explode")
        assert state.people == people


async def test_a_tab_forgets_people_with_the_role() -> None:
    """Who has ceased to be an administrator keeps no list of people in a tab that is open, nor a password to hand over."""
    people = People()
    async with tab(accounts=people) as page:
        state = await page.of(PeopleState)
        await state.load()
        await state.add({"email": "cy@example.org", "name": "Cy", "role": "user"})
        assert state.people
        assert state.handed_password
        people.who = replace(ADA, role=Role.USER)
        await state.load()
        assert (state.people, state.handed_password, state.loaded) == ([], "", False)


async def test_a_long_list_is_shown_page_by_page() -> None:
    """Each press shows a page more, until there is none; who searches, or refreshes, begins at the first or stays."""
    rows = [account(id=UUID(int=number), name=f"Person {number}") for number in range(10, 130)]
    async with tab(accounts=People(rows=[account(), *rows])) as page:
        state = await page.of(PeopleState)
        await state.refresh()
        assert state.people == []  # nobody has opened it
        await state.load()
        shown = [(len(state.people), state.has_more)]
        for _press in range(3):
            await state.more()
            shown.append((len(state.people), state.has_more))
        assert shown == [(50, True), (100, True), (121, False), (121, False)]
        await state.refresh()
        assert len(state.people) == 121
        await state.find("person")
        assert (len(state.people), state.has_more) == (50, True)
        await state.find("person 99")
        assert ([each.name for each in state.people], state.has_more) == (["Person 99"], False)
