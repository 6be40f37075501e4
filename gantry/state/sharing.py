"""The owner's side of read-only links."""

from typing import Annotated, NotRequired

import reflex as rx
from pydantic import StringConstraints
from typing_extensions import TypedDict

from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.domain.sharing import Included
from gantry.runtime import services
from gantry.state.language import said
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.views.sharing import ShareView, share_view

Word = Annotated[str, StringConstraints(max_length=10)]


class ShareForm(TypedDict):
    """What the dialog's form sends; a box that is not ticked may be left out."""

    conversation: Annotated[str, StringConstraints(max_length=64)]
    days: Word
    files: NotRequired[bool | Word | None]
    sources: NotRequired[bool | Word | None]


class SharingState(rx.State):
    """The dialog about a conversation's links, and the list of all links."""

    asking: bool = False
    title: str = ""  # of the conversation that it is about
    conversation: str = ""  # empty: the links to all of them are listed
    address: str = ""  # of the link that was just made; it is told once
    shares: list[ShareView] = []

    @rx.event
    @guarded
    async def load(self):
        """List all links, as the settings do."""
        self.conversation, self.asking, self.address = "", False, ""
        await self._list()

    @rx.event
    @guarded
    async def ask(self, conversation: str):
        """Ask what a link to *conversation* is to show."""
        about = uuid_of(conversation, "conversation")
        window = await services().chat.window(await acting(self), about, limit=1)
        self.conversation, self.title = str(about), window.conversation.title or said(_("Untitled"))
        self.address = ""
        await self._list()
        self.asking = True

    @rx.event
    @guarded
    async def share(self, form: ShareForm):
        """Make a link, and show its address: one, however often it is asked for while the address is shown."""
        if self.address:
            return
        days = form["days"]
        if days and not days.isdecimal():
            raise Invalid(_("Choose how long the link lasts."))
        _made, token = await services().shares.create(
            await acting(self),
            uuid_of(form["conversation"], "conversation"),
            included=Included(bool(form.get("files")), bool(form.get("sources"))),
            days=int(days) if days else None,
        )
        self.address = f"{self.router.headers.origin}/s/{token}"
        await self._list()

    @rx.event
    @guarded
    async def revoke(self, share: str):
        """Take a link back."""
        if self.shares and all(each.id != share for each in self.shares):  # pressed twice
            return
        await services().shares.revoke(await acting(self), uuid_of(share, "link"))
        self.address = ""
        await self._list()
        await notify(self, _("The link no longer works."), kind="success")

    @rx.event
    @guarded
    async def close(self):
        """Close the dialog; the address is not shown again."""
        self.asking, self.address = False, ""
        if self.router.url.path == "/settings":  # which lists all of them, below the dialog
            self.conversation = ""
            await self._list()

    async def _list(self) -> None:
        about = uuid_of(self.conversation) if self.conversation else None
        shares = await services().shares.list_shares(await acting(self), about)
        self.shares = [share_view(each) for each in shares]
