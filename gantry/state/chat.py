"""The open conversation.

Reflex sends a variable whole each time it changes, so what is on screen is kept in two: ``earlier`` is sent
when a conversation is opened or more of it is loaded, ``latest`` (what this tab has sent since) whenever an
answer begins or ends. The text of an answer comes over its own event stream and, having come that way, is
not sent again: its view is *held*, with an empty ``markdown``.

What a handler acts on comes in its arguments, never from here: after a restart this state is empty while the
page still shows a conversation, and the page's events may come before ``open``.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Literal
from uuid import uuid4

import reflex as rx
from annotated_types import Len
from pydantic import StringConstraints

from gantry.domain.accounts import Actor
from gantry.domain.chat import MAX_MESSAGE_CHARACTERS, MessageStatus, Rating
from gantry.domain.errors import NotFound
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.runtime import services
from gantry.services.chat import Beginning, Sent, Window
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.sidebar import SidebarState
from gantry.state.views.chat import (
    CollectionView,
    MessageView,
    ModelChoiceView,
    collection_views,
    message_views,
    model_views,
    only_built_in,
    parent_ids,
)

EARLIER_LIMIT = 120  # messages of ``earlier``; loading more drops as many from its other end
LATEST_LIMIT = 40  # messages of ``latest``; beyond it all but the last exchange move to ``earlier``

Ids = Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Len(max_length=100)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Model = Annotated[str, StringConstraints(max_length=255)]
# The service says in its own words what is too long; far beyond that, somebody else than our page is speaking.
Text = Annotated[str, StringConstraints(max_length=2 * MAX_MESSAGE_CHARACTERS)]


class ChatState(rx.State):
    """What is on screen of one conversation. The truth is in the database."""

    conversation_id: str = ""
    title: str = ""
    found: bool = True
    ready: bool = False  # False until the page's first answer from us, so that it greets nobody by mistake
    earlier: list[MessageView] = []
    latest: list[MessageView] = []
    has_earlier: bool = False
    gap: bool = False  # messages between ``earlier`` and ``latest`` were dropped
    generation_id: str = ""  # the answer being written
    model: str = ""
    models: list[ModelChoiceView] = []
    offline: bool = False  # there is only the built-in answerer
    accepted: str = ""  # the key of the last text stored,
    refused: str = ""  # and of the last one that was not, a space, and what tells two refusals of it apart
    _chosen: bool = False  # ``model`` was chosen, and is not just what there was
    _above: str = ""  # id of the message above the first of ``latest``
    _held: list[str] = []
    _left: str = ""  # id of a temporary conversation that the page has left
    collections: list[CollectionView] = []
    scope: str = "all"
    scope_collections: list[str] = []
    scope_documents: list[str] = []
    remembered: bool = True
    temporary: bool = False

    @rx.event
    @guarded
    async def open(self):
        """Show the conversation in the address, or a new one. Also runs whenever the tab reconnects."""
        who = await acting(self)
        wanted = self._address()
        self.ready = True
        self._held = []
        try:
            if wanted and wanted == self.conversation_id and self.latest:
                await self._show_tail(who)
            else:
                await self._show(who, wanted)
        except NotFound:
            self._blank(wanted)
            self.found = False
        await self._learn_models(who)
        self.temporary = self.temporary or self._asks_for_temporary()
        self.collections = collection_views(await services().vault.collections(who))

    @rx.event
    @guarded
    async def load_earlier(self):
        """Show more of what came before."""
        if not (self.has_earlier and self.earlier):
            return
        who = await acting(self)
        above = uuid_of(self.earlier[0].id)
        window = await services().chat.window(who, uuid_of(self.conversation_id), before=above)
        longer = [*message_views(window), *self.earlier]
        self.gap = self.gap or len(longer) > EARLIER_LIMIT
        self.earlier = longer[:EARLIER_LIMIT]
        self.has_earlier = window.has_earlier

    @rx.event
    @guarded
    async def show_newest(self):
        """Go back to the end of the conversation after reading far up."""
        await self._show(await acting(self), self.conversation_id)

    @rx.event
    @guarded
    async def send(self, text: Text, key: Key, conversation: str, files: Ids | None = None):
        """Store a message and start its answer; an empty *conversation* is a new one.

        Args:
            key: The page's name for this text; sent again, the text is shown and not stored twice.
            files: Attached files; pages from before there were any send none.
        """
        with self._refusing(key):
            who = await acting(self)
            thread = uuid_of(conversation) if conversation else None
            model = self.model if self._chosen and conversation == self.conversation_id else ""
            sent = await services().chat.send(
                who,
                thread,
                text,
                model=model or None,
                client_key=key,
                files=[uuid_of(each) for each in files or []],
                beginning=self._beginning(),
            )
        self.accepted = key
        return [SidebarState.refresh, *await self._follow(who, sent)]

    @rx.event
    @guarded
    async def stop(self, generation: str):
        """Stop an answer being written; its end arrives over its event stream."""
        await services().answers.stop(await acting(self), uuid_of(generation))

    @rx.event
    @guarded
    async def regenerate(self, message: str, model: Model):
        """Have a question answered again, by the same model or (*model* not empty) by another."""
        who = await acting(self)
        sent = await services().chat.regenerate(who, uuid_of(message), model=model or None)
        return await self._follow(who, sent)

    @rx.event
    @guarded
    async def edit(self, message: str, text: Text, key: Key):
        """Ask in other words: the new question becomes a branch beside the old one. *key* is as in ``send``."""
        with self._refusing(key):
            who = await acting(self)
            shown = any(view.id == message for view in (*self.earlier, *self.latest))
            model = self.model if self._chosen and shown else ""
            sent = await services().chat.edit(
                who, uuid_of(message), text, model=model or None, client_key=key
            )
        self.accepted = key
        return await self._follow(who, sent)

    @rx.event
    @guarded
    async def resume(self, message: str):
        """Have a stopped, failed or truncated answer continued."""
        who = await acting(self)
        sent = await services().chat.resume(who, uuid_of(message))
        return await self._follow(who, sent)

    @rx.event
    @guarded
    async def select_branch(self, message: str):
        """Show another of the alternatives."""
        who = await acting(self)
        conversation = await services().chat.select(who, uuid_of(message))
        await self._show(who, str(conversation))

    @rx.event
    @guarded
    async def rate(self, message: str, rating: Literal["up", "down", ""]):
        """Keep a judgement; the button shows it already, so nothing is sent back."""
        who = await acting(self)
        await services().chat.rate(who, uuid_of(message), Rating(rating) if rating else None)

    @rx.event
    @guarded
    async def choose_model(self, model: Model, conversation: str):
        """Use another model from the next message on, in *conversation* or (empty) in a new one."""
        who = await acting(self)
        resolved = await services().catalog.resolve(who, model)
        if conversation:
            await services().chat.set_model(who, uuid_of(conversation), str(resolved.ref))
        if conversation == self.conversation_id:
            self.model, self._chosen = str(resolved.ref), True

    @rx.event
    @guarded
    async def answer_ended(self, message: str, status: str):
        """Show the stored outcome of an answer that this tab has followed to its end."""
        if any(view.id == message for view in self.latest):
            await self._show_tail(await acting(self))

    @rx.event
    @guarded
    async def refresh(self, conversation: str):
        """Show what another tab or device has changed in *conversation*, if it is the open one."""
        if conversation == self.conversation_id and self.latest:
            await self._show_tail(await acting(self))

    @rx.event
    @guarded
    async def refresh_models(self):
        """Show that a model has come or gone."""
        await self._learn_models(await acting(self))

    @rx.event
    @guarded
    async def choose_scope(
        self, kind: Literal["all", "none", "some"], collections: Ids, documents: Ids, conversation: str
    ):
        """Let *conversation*, or (empty) a new one, read these documents from the next question on."""
        shelves, files = (tuple(uuid_of(each) for each in ids) for ids in (collections, documents))
        scope = DocumentScope(ScopeKind(kind), shelves, files)
        if conversation:
            await services().chat.set_scope(await acting(self), uuid_of(conversation), scope)
        if conversation == self.conversation_id:
            self._take_scope(scope)

    @rx.event
    @guarded
    async def set_remembered(self, remembered: bool, conversation: str):
        """Let memory take part in *conversation*, or (empty) in a new one, or not."""
        if conversation:
            await services().memory.set_remembered(await acting(self), uuid_of(conversation), remembered)
        if conversation == self.conversation_id:
            self.remembered = remembered

    @rx.event
    @guarded
    async def set_temporary(self, temporary: bool):
        """Have the new conversation leave no trace."""
        self.temporary = temporary and not self.conversation_id

    @rx.event
    @guarded
    async def refresh_documents(self):
        """Show that collections have come, gone or filled."""
        self.collections = collection_views(await services().vault.collections(await acting(self)))

    @rx.event
    @guarded
    async def note_seen(self, conversation: str):
        """Note that the person has *conversation* before them."""
        if conversation:
            await services().chat.seen(await acting(self), uuid_of(conversation))

    @contextmanager
    def _refusing(self, key: str) -> Generator[None]:
        """Let the page know when the text named *key* was not stored."""
        try:
            yield
        except Exception:
            self.refused = f"{key} {uuid4().hex}"
            raise

    def _beginning(self) -> Beginning:
        """Return how a new conversation is to start, as the page says."""
        shelves, files = (
            tuple(uuid_of(each) for each in ids) for ids in (self.scope_collections, self.scope_documents)
        )
        temporary = self.temporary or self._asks_for_temporary()
        return Beginning(DocumentScope(ScopeKind(self.scope), shelves, files), temporary, self.remembered)

    def _take_scope(self, scope: DocumentScope) -> None:
        self.scope = scope.kind.value
        self.scope_collections = [str(each) for each in scope.collections]
        self.scope_documents = [str(each) for each in scope.documents]

    def arrive(self) -> None:
        """Prepare for a page that was just loaded: show nothing of a conversation that is not in its address."""
        wanted = self._address()
        if wanted == self.conversation_id:
            return
        if self.temporary:
            self._left = self.conversation_id
        self._blank(wanted)
        self.ready = False

    def _address(self) -> str:
        _, found, rest = self.router.url.path.partition("/c/")
        return rest.strip("/") if found else ""

    def _asks_for_temporary(self) -> bool:
        """Whether the address says so, where the page notes it: it outlives this state."""
        return not self._address() and "temporary" in self.router.url.query_parameters

    def _blank(self, conversation: str) -> None:
        if conversation != self.conversation_id:
            self._take_scope(DocumentScope())
            self.remembered, self.temporary = True, False
        self.conversation_id, self.title, self.found = conversation, "", True
        self.earlier, self.latest = [], []
        self.has_earlier = self.gap = False
        self.generation_id = self.model = self._above = ""
        self._chosen = False

    async def _show(self, who: Actor, conversation: str) -> None:
        """Open *conversation* at its end; an empty id opens a new one. A temporary one that is left is gone."""
        left = self._left or (self.conversation_id if self.temporary else "")
        if left and conversation != left:
            await services().chat.discard(who, uuid_of(left))
        self._left = ""
        if not conversation:
            self._blank("")
            return
        window = await services().chat.window(who, uuid_of(conversation))
        self._blank(conversation)
        views = message_views(window, self._held)
        start = next((i for i in range(len(views) - 1, 0, -1) if views[i].role == "user"), 0)
        self.earlier, self.has_earlier = views[:start], window.has_earlier
        self._take_tail(window, start)
        await services().chat.seen(who, window.conversation.id)

    async def _show_tail(self, who: Actor) -> None:
        """Bring ``latest`` up to date; open anew when the path above it is another now."""
        window = await services().chat.window(
            who, uuid_of(self.conversation_id), limit=max(len(self.latest) + 3, 4)
        )
        above = parent_ids(window)
        if self._above in above:
            self._take_tail(window, above.index(self._above))
        else:
            await self._show(who, self.conversation_id)

    def _take_tail(self, window: Window, start: int) -> None:
        views = message_views(window, self._held)[start:]
        if views != self.latest:
            self.latest = views
        self._above = parent_ids(window)[start] if views else ""
        last = views[-1] if views else None
        live = last is not None and last.status == MessageStatus.STREAMING
        self.generation_id = last.generation_id if last and live else ""
        if last and live and last.id not in self._held:
            self._held = [*self._held[-LATEST_LIMIT:], last.id]  # its stream brings the text from now on
        self.title = window.conversation.title
        self._take_scope(DocumentScope.parse(window.conversation.scope))
        self.remembered, self.temporary = window.conversation.remembered, window.conversation.temporary
        self._chosen = self._chosen or window.conversation.model is not None
        self.model = window.conversation.model or self.model

    async def _follow(self, who: Actor, sent: Sent) -> list[rx.event.EventSpec]:
        """Follow the answer that *sent* has started; return what leads to its page when another is open."""
        conversation = str(sent.conversation_id)
        self._held = [*self._held[-LATEST_LIMIT:], str(sent.message_id)]  # nothing of it need come twice
        if conversation == self.conversation_id and self.latest:
            await self._show_tail(who)
        else:
            await self._show(who, conversation)
        if len(self.latest) > LATEST_LIMIT:
            self._fold()
        return [] if self._address() == conversation else [rx.redirect(f"/c/{conversation}")]

    def _fold(self) -> None:
        """Move all but the last exchange from ``latest`` to ``earlier``, which is then sent once."""
        above = [] if self.gap else self.earlier
        longer = [*above, *self.latest[:-2]]
        self.has_earlier = self.has_earlier or self.gap or len(longer) > EARLIER_LIMIT
        self.earlier, self.latest, self.gap = longer[-EARLIER_LIMIT:], self.latest[-2:], False
        self._above = self.earlier[-1].id

    async def _learn_models(self, who: Actor) -> None:
        choices = await services().catalog.models(who)
        views = model_views(choices)
        if views != self.models:
            self.models = views
        self.offline = only_built_in(choices)
        if not self._chosen:
            self.model = await services().catalog.default_model(who)
