"""People, as administrators manage them. The services refuse everybody else; the page merely hides."""

from uuid import UUID

import reflex as rx
from typing_extensions import TypedDict

from gantry.domain.accounts import Role
from gantry.domain.errors import GantryError
from gantry.domain.messages import _
from gantry.runtime import services
from gantry.state.finding import FindingState
from gantry.state.language import told
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.views.admin import PersonView, person

_PAGE = 50


class PersonForm(TypedDict):
    """The fields of the form that adds a person."""

    email: str
    name: str
    role: Role


class PeopleState(FindingState, rx.State):
    """The table of people, and the dialogs above it.

    ``handed_password`` is on screen once, to be handed over, and forgotten when the dialog closes.
    """

    people: list[PersonView] = []
    adding: bool = False
    fault: str = ""
    resetting_id: str = ""
    resetting_name: str = ""
    handed_email: str = ""
    handed_password: str = ""

    @rx.event
    @guarded
    async def load(self):
        """Show the people there are; to who administers nothing any more, not even those that were shown."""
        who = await acting(self)
        if who.is_admin:
            await self._show()
        else:
            self.reset()

    @rx.event
    @guarded
    async def open_form(self):
        """Begin to add a person."""
        self.adding, self.fault = True, ""

    @rx.event
    @guarded
    async def close(self):
        """Close whichever dialog is open."""
        self.adding = False
        self.resetting_id = self.resetting_name = self.handed_email = self.handed_password = ""

    @rx.event
    @guarded
    async def add(self, form: PersonForm):
        """Add a person and show their password; what is wrong is said in the form."""
        who = await acting(self)
        try:
            account, password = await services().people.create_account(
                who, form["email"], form["name"], form["role"]
            )
        except GantryError as error:
            self.fault = told(error)
            return
        self.adding = False
        self.handed_email, self.handed_password = account.email, password
        await self._show()

    @rx.event
    @guarded
    async def choose(self, person: str, action: str):
        """Do what a row's menu says."""
        who, account, people = await acting(self), uuid_of(person), services().people
        match action:
            case "promote" | "demote":
                await people.set_role(who, account, Role.ADMIN if action == "promote" else Role.USER)
            case "activate" | "deactivate":
                await people.set_active(who, account, action == "activate")
            case "reset":
                self.resetting_id, self.resetting_name = str(account), self._name_of(account)
                return
            case _:
                return
        await self._show()

    @rx.event
    @guarded
    async def reset_password(self, person: str):
        """Give the person in the open dialog a new password, and show it, if that is *person*, whom the dialog names."""
        if not person or person != self.resetting_id:
            return
        account = uuid_of(self.resetting_id)
        email = next((each.email for each in self.people if each.id == self.resetting_id), "")
        password = await services().people.reset_password(await acting(self), account)
        self.resetting_id = self.resetting_name = ""
        self.handed_email, self.handed_password = email, password
        await notify(self, _("The old password no longer works, and their sessions have ended."))

    async def _show(self) -> None:
        who = await acting(self)
        most = self._pages * _PAGE
        rows = await services().people.list_accounts(who, search=self.search, limit=most + 1)
        self.people = [person(row, you=row.id == who.id) for row in rows[:most]]
        self.has_more = len(rows) > most
        self.loaded = True

    def _name_of(self, account: UUID) -> str:
        return next((each.name for each in self.people if each.id == str(account)), "")
