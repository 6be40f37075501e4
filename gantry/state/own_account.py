"""Another e-mail address, and leaving, on the settings page."""

import json
from typing import Any
from urllib.parse import quote

import reflex as rx
from typing_extensions import TypedDict

from gantry.domain.errors import GantryError
from gantry.domain.leaving import Receipt
from gantry.domain.messages import _
from gantry.runtime import services
from gantry.state.language import said, told
from gantry.state.session import SessionState, acting, guarded, notify


class EmailForm(TypedDict):
    """The fields of the form for another address."""

    email: str
    password: str


class DeletionForm(TypedDict):
    """The field of the form that deletes the account."""

    password: str


class OwnAccountState(rx.State):
    """What the two forms ask and say."""

    asks: bool = False  # whether the dialog for deleting is open
    holdings: list[str] = []
    fault: str = ""
    receipt: list[str] = []  # what has been deleted; the dialog shows it
    receipt_file: str = ""
    email_fault: str = ""
    _changed: tuple[str, str] = ("", "")  # the address that was typed last, and as it is kept

    @rx.event
    @guarded
    async def change_email(self, form: EmailForm):
        """Sign in with another address from now on."""
        self.email_fault = ""
        who = await acting(self)
        if (form["email"], who.email) == self._changed:  # sent twice in one breath
            return None
        try:
            person = await services().own_account.change_email(who, form["email"], form["password"])
        except GantryError as error:
            self.email_fault = told(error)
            return None
        self._changed = form["email"], person.email
        await notify(
            self, _("Saved. You sign in as {email} from now on.", email=person.email), kind="success"
        )
        return SessionState.load

    @rx.event
    @guarded
    async def ask(self):
        """Open the dialog, with what would go."""
        found = await services().own_account.holdings(await acting(self))
        self.holdings, self.fault, self.receipt = [said(line) for line in found.lines], "", []
        self.asks = True

    @rx.event
    @guarded
    async def close(self):
        """Close the dialog; the account stays."""
        self.asks, self.holdings, self.fault = False, [], ""

    @rx.event
    @guarded
    async def delete(self, form: DeletionForm):
        """Delete the account and show the receipt."""
        try:
            receipt = await services().own_account.delete(await acting(self), form["password"])
        except GantryError as error:
            self.fault = told(error)
            return
        self.fault, self.receipt, self.receipt_file = (
            "",
            [said(line) for line in receipt.lines],
            _file(receipt),
        )


def _file(receipt: Receipt) -> str:
    told: dict[str, Any] = receipt.to_json()
    return f"data:application/json,{quote(json.dumps(told, indent=1))}"
