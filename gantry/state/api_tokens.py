"""A person's API tokens. The services check everything again; this only shows."""

from datetime import timedelta
from typing import Any, Literal, NotRequired
from uuid import UUID

import reflex as rx
from typing_extensions import TypedDict

from gantry.domain.api_tokens import Scope
from gantry.domain.clock import utc_now
from gantry.domain.errors import GantryError
from gantry.domain.messages import Message, _
from gantry.runtime import services
from gantry.state.keeping import KeepingState
from gantry.state.language import told
from gantry.state.session import acting, guarded
from gantry.state.views.api_tokens import TokenView, token_view


class TokenForm(TypedDict):
    """The fields of the form that makes a token; a scope that is not chosen is not there."""

    name: str
    days: Literal["30", "90", "365", "0"]
    chat: NotRequired[Any]
    read: NotRequired[Any]
    write: NotRequired[Any]
    admin: NotRequired[Any]


class ApiTokensState(KeepingState, rx.State):
    """The list of tokens, and the dialogs above it.

    ``secret`` is on screen once, to be copied, and forgotten when the dialog closes.
    """

    tokens: list[TokenView] = []
    secret: str = ""
    secret_name: str = ""

    @rx.event
    @guarded
    async def open_form(self):
        """Begin to make a token."""
        self._edit()

    @rx.event
    @guarded
    async def make(self, form: TokenForm):
        """Make a token and show it; what is wrong is said in the form."""
        days = int(form["days"])
        until = utc_now() + timedelta(days=days) if days else None
        chosen = [scope for scope in Scope if form.get(scope.value)]
        if self._is_kept:
            return
        try:
            made = await services().api_tokens.create(await acting(self), form["name"], chosen, until)
        except GantryError as error:
            self.fault = told(error)
            return
        self.editing, self._is_kept = False, True
        self.secret, self.secret_name = made.secret, made.token.name
        await self._show()

    @rx.event
    @guarded
    async def ask(self, token: str):
        """Ask before a token is revoked."""
        found = next((each for each in self.tokens if each.id == token), None)
        if found is not None:
            self._ask_to_remove(found.id, found.name)

    def _close(self) -> None:
        super()._close()
        self.secret = self.secret_name = ""

    def _gone(self, name: str) -> Message:
        return _("{name} was revoked.", name=name)

    async def _delete(self, chosen: UUID) -> None:
        await services().api_tokens.revoke(await acting(self), chosen)

    async def _show(self) -> None:
        rows = await services().api_tokens.list_tokens(await acting(self))
        now = utc_now()
        self.tokens = [token_view(row, now) for row in rows]
        self.loaded = True
