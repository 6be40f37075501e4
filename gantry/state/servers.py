"""Model servers, as administrators manage them.

Asking a server takes as long as the server likes, so whatever asks one is a background handler.
"""

from typing import Literal, NotRequired
from uuid import UUID

import reflex as rx
from typing_extensions import TypedDict

from gantry.domain.catalog import ConnectionKind
from gantry.domain.errors import GantryError, Invalid
from gantry.domain.messages import Message, _
from gantry.domain.text import counted
from gantry.runtime import services
from gantry.services.catalog import ConnectionDraft
from gantry.state.keeping import KeepingState
from gantry.state.language import said
from gantry.state.session import acting, guarded, guarded_background, uuid_of
from gantry.state.views.admin import OutcomeView, ServerDraftView, ServerView, draft, server


class ServerFields(TypedDict):
    """The fields of the form for a connection; an empty key keeps the stored one."""

    kind: ConnectionKind
    name: str
    base_url: str
    api_key: str
    models: NotRequired[str]  # one a line
    first_word_seconds: NotRequired[str]
    between_words_seconds: NotRequired[str]
    forget_key: NotRequired[Literal["yes"]]


class ServersState(KeepingState, rx.State):
    """The list of connections, and the dialogs above it."""

    servers: list[ServerView] = []
    checking: bool = False
    form: ServerDraftView = ServerDraftView()
    turn: int = 0  # counts the times it was opened: each has fields of its own
    busy: bool = False
    outcome: OutcomeView = OutcomeView()

    @rx.event
    @guarded
    async def load(self):
        """Show the connections there are; to who administers nothing any more, not even those that were shown."""
        who = await acting(self)
        if who.is_admin:
            await self._show()
        else:
            self.reset()

    @rx.event(background=True)
    @guarded_background
    async def check(self):
        """Ask every server now."""
        async with self:
            (await acting(self)).require_admin()
            self.checking = True
        try:
            await services().catalog.refresh()
        finally:
            async with self:
                self.checking = False
                await self._show()

    @rx.event
    @guarded
    async def open_form(self, connection: str):
        """Open the form for a stored connection, or for a new one when *connection* is empty."""
        who = await acting(self)
        who.require_admin()
        form = ServerDraftView()
        if connection:
            wanted = uuid_of(connection)
            found = [each for each in await services().connections.connections(who) if each.id == wanted]
            form = draft(found[0]) if found else form
        self.form, self.outcome, self.busy, self.turn = form, OutcomeView(), False, self.turn + 1
        self._edit()

    @rx.event(background=True)
    @guarded_background
    async def test(self, fields: ServerFields):
        """Ask the server in the form for its models, and say in the form what it answered."""
        async with self:
            who, connection, turn = await acting(self), self._edited(), self.turn
            self.busy, self.outcome = True, OutcomeView()
        outcome = OutcomeView()
        try:
            listing = await services().connections.test_connection(who, _draft_of(fields), connection)
            outcome = OutcomeView(
                ok=True, text=said(_("Connected: {models}.", models=counted(len(listing.models), "model")))
            )
        except GantryError as error:
            outcome = OutcomeView(text=said(error.public), advice=said(error.advice))
        finally:
            async with self:
                if turn == self.turn:  # another form may be open by now
                    self.busy, self.outcome = False, outcome

    @rx.event
    @guarded
    async def save(self, fields: ServerFields):
        """Keep what is in the form; what is wrong is said there."""
        who, connection, servers = await acting(self), self._edited(), services().connections
        if self._is_kept:
            return None
        try:
            if connection:
                await servers.edit_connection(who, connection, _draft_of(fields))
            else:
                await servers.add_connection(who, _draft_of(fields))
        except GantryError as error:
            self.outcome = OutcomeView(text=said(error.public), advice=said(error.advice))
            return None
        self.editing, self._is_kept = False, True
        await self._show()
        return ServersState.check

    @rx.event
    @guarded
    async def ask_to_remove(self, connection: str):
        """Ask whether a connection should go, by its name."""
        found = [each for each in self.servers if each.id == connection and each.editable]
        if found:
            self._ask_to_remove(found[0].id, found[0].name)

    def _gone(self, name: str) -> Message:
        return _("Removed {name}.", name=name)

    async def _delete(self, chosen: UUID) -> None:
        await services().connections.remove_connection(await acting(self), chosen)

    async def _show(self) -> None:
        found = await services().connections.connections(await acting(self))
        self.servers = [server(each) for each in found]
        self.loaded = True

    def _edited(self) -> UUID | None:
        return uuid_of(self.form.id) if self.form.id else None


def _draft_of(fields: ServerFields) -> ConnectionDraft:
    key = "" if "forget_key" in fields else fields["api_key"].strip() or None
    return ConnectionDraft(
        name=fields["name"].strip(),
        base_url=fields["base_url"].strip(),
        kind=fields["kind"],
        api_key=key,
        models=fields.get("models", "").splitlines(),
        first_word_seconds=_seconds(fields.get("first_word_seconds", ""), "first_word_seconds"),
        between_words_seconds=_seconds(fields.get("between_words_seconds", ""), "between_words_seconds"),
    )


def _seconds(text: str, field: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise Invalid(_("Enter a number of seconds from 1 to 86,400."), field=field) from None
