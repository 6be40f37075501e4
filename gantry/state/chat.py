"""The open conversation.

Reflex sends a variable whole each time it changes, so what is on screen is kept in two: ``earlier`` is sent
when a conversation is opened or more of it is loaded, ``latest`` (what this tab has sent since) whenever an
answer begins or ends. The text of an answer comes over its own event stream and, having come that way, is
not sent again: its view is *held*, with an empty ``markdown``.

What a handler acts on comes in its arguments, never from here: after a restart this state is empty while the
page still shows a conversation, and the page's events may come before ``open``.
"""

from contextlib import suppress
from typing import Annotated, Literal

import reflex as rx
from pydantic import StringConstraints

from gantry.domain.accounts import Actor
from gantry.domain.chat import MessageStatus, Rating
from gantry.domain.errors import NotFound
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.messages import _
from gantry.runtime import services
from gantry.services.chat import Beginning, Sent, Window
from gantry.state.addresses import conversation_in
from gantry.state.chat_settings import ChatSettingsState
from gantry.state.leading import LeadingState, forget, lead
from gantry.state.search import FoundState
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.sidebar import SidebarState, refresh_list
from gantry.state.views.chat import (
    MessageView,
    ServerModelsView,
    by_server,
    message_views,
    model_views,
    only_built_in,
    parent_ids,
    scope_label,
    tokens_so_far,
)
from gantry.state.views.models import model_label
from gantry.state.views.vault import CollectionView, collection_views

EARLIER_LIMIT = 120  # messages of ``earlier``; loading more drops as many from its other end
LATEST_LIMIT = 40  # messages of ``latest``; beyond it all but the last exchange move to ``earlier``

Model = Annotated[str, StringConstraints(max_length=255)]


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
    models: list[ServerModelsView] = []
    offline: bool = False  # there is only the built-in answerer
    tokens: int = 0  # of the conversation so far, as its model counts; 0 while nobody knows
    uncounted: int = 0  # of the next message beside them, as its instructions have changed
    rated: dict[
        str, str
    ] = {}  # judgements since the messages were sent, by message: those are not sent again
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
    folder: str = ""  # the id of the one that a new conversation begins in,
    folder_name: str = ""  # and its name

    @rx.var  # pyright: ignore[reportUnknownMemberType]
    def model_name(self) -> str:
        """The model's name without that of its server."""
        return model_label(self.model)

    @rx.var  # pyright: ignore[reportUnknownMemberType]
    def scope_label(self) -> str:
        """What the next question may be answered from, in a few words."""
        names = [each.name for each in self.collections if each.id in self.scope_collections]
        return scope_label(self.scope, names, len(self.scope_documents))

    @rx.var  # pyright: ignore[reportUnknownMemberType]
    def context_tokens(self) -> int:
        """How many tokens the model takes; 0 when that is not known."""
        every = (model for server in self.models for model in server.models)
        return next((model.context_tokens for model in every if model.id == self.model), 0)

    @rx.var  # pyright: ignore[reportUnknownMemberType]
    def context_told(self) -> int:
        """How many of them the next message will use, but for its text."""
        return max(0, self.tokens + self.uncounted)

    @rx.var  # pyright: ignore[reportUnknownMemberType]
    def is_model_away(self) -> bool:
        """Whether the model's server did not answer last time."""
        every = (model for server in self.models for model in server.models)
        return any(model.id == self.model and not model.available for model in every)

    @rx.event
    @guarded
    async def open(self):
        """Show the conversation in the address, or a new one. Also runs whenever the tab reconnects."""
        who = await acting(self)
        wanted = self._address()
        self.ready = True
        self._held = []
        forget(await self.get_state(LeadingState))
        found = await self.get_state(FoundState)
        is_open = bool(wanted and wanted == self.conversation_id and self.latest)
        try:
            if is_open:
                await self._show_tail(who)
            else:
                await self._show(who, wanted)
            if message := found.wanted(fresh=not is_open):
                with suppress(NotFound):  # it may be gone, which the rest of the conversation is not
                    await self._show_around(who, message)
                    await found.take(who, message)
        except NotFound:
            self._blank(wanted or "")
            self.found = False
        await self._learn_models(who)
        if not self.conversation_id:
            self.temporary = self._asks_for_temporary()
            await self._enter_folder(who)
        self.collections = collection_views(await services().collections.list_collections(who))

    @rx.event
    @guarded
    async def load_earlier(self):
        """Show more of what came before."""
        if not (self.has_earlier and self.earlier):
            return
        who = await acting(self)
        above = uuid_of(self.earlier[0].id)
        window = await services().chat.window(who, uuid_of(self.conversation_id), before=above)
        longer = [*message_views(window, administrator=who.is_admin), *self.earlier]
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
    async def select_branch(self, message: str):
        """Show another of the alternatives."""
        who = await acting(self)
        conversation = await services().chat.select(who, uuid_of(message))
        await self._show(who, str(conversation))

    @rx.event
    @guarded
    async def rate(self, message: str, rating: Literal["up", "down", ""]):
        """Keep a judgement, or take it back."""
        who, chosen = await acting(self), uuid_of(message)
        await services().chat.rate(who, chosen, Rating(rating) if rating else None)
        self.rated[str(chosen)] = rating

    @rx.event
    @guarded
    async def choose_model(self, model: Model, conversation: str):
        """Use another model from the next message on, in *conversation* or (empty) in a new one."""
        who = await acting(self)
        conversation = await self.meant(conversation)
        resolved = await services().catalog.resolve(who, model)
        if conversation:
            await services().conversations.set_model(who, uuid_of(conversation), str(resolved.ref))
        if conversation == self.conversation_id:
            self.model, self._chosen = str(resolved.ref), True

    @rx.event
    @guarded
    async def answer_ended(self, message: str, status: str, seen: bool = False):
        """Show the stored outcome of an answer that this tab has followed to its end.

        Args:
            seen: The person has it before them.
        """
        if any(view.id == message for view in self.latest):
            await self._show_tail_if_there()
            if seen:
                await _seen(await acting(self), self.conversation_id)
        await refresh_list(self)

    @rx.event
    @guarded
    async def rename(self, title: str, conversation: str):
        """Give *conversation* another name, here and in the list."""
        stored = await services().conversations.rename(await acting(self), uuid_of(conversation), title)
        if conversation == self.conversation_id:
            self.title = stored
        (await self.get_state(SidebarState)).take_name(conversation, stored)
        await refresh_list(self)

    @rx.event
    @guarded
    async def refresh(self, conversation: str):
        """Show what another tab or device has changed in *conversation*, if it is the open one."""
        if conversation == self.conversation_id and self.latest:
            await self._show_tail_if_there()

    @rx.event
    @guarded
    async def take_persona(self, conversation: str):
        """Show the model and the documents of the persona that *conversation*, or (empty) a new one, has been given."""
        conversation = await self.meant(conversation)
        if conversation != self.conversation_id:
            return
        if conversation:
            await self._show_tail_if_there()
        else:
            settings = await self.get_state(ChatSettingsState)
            self._dress(settings)
            self.uncounted = settings.uncounted

    def _dress(self, settings: ChatSettingsState) -> None:
        model, scope = settings.wishes
        if model and services().catalog.lists(model):  # it may be gone since
            self.model, self._chosen = model, True
        if scope:
            self._take_scope(scope)

    @rx.event
    @guarded
    async def recount(self):
        """Show how much of the context is used after the instructions have changed."""
        self.uncounted = (await self.get_state(ChatSettingsState)).uncounted

    @rx.event
    @guarded
    async def refresh_models(self):
        """Show that a model has come or gone."""
        await self._learn_models(await acting(self))

    @rx.event
    @guarded
    async def refresh_documents(self):
        """Show that collections have come, gone or filled."""
        self.collections = collection_views(await services().collections.list_collections(await acting(self)))

    @rx.event
    @guarded
    async def note_seen(self, conversation: str):
        """Note that the person has *conversation* before them."""
        if conversation and await _seen(await acting(self), conversation):
            await refresh_list(self)

    async def meant(self, conversation: str) -> str:
        """Return the id of *conversation*, or (empty) of what the new one on the page has become before it has heard of that."""
        return conversation or (await self.get_state(ChatSettingsState)).begun

    def beginning(self) -> Beginning:
        """Return how a new conversation is to start, as the page says."""
        temporary = self.temporary or self._asks_for_temporary()
        folder = uuid_of(self.folder, "folder") if self.folder else None
        return Beginning(self.reads(), temporary, self.remembered, folder)

    def model_for(self, conversation: str) -> str | None:
        """Return the model that was chosen for *conversation*, or (empty) for a new one; None leaves it to the service."""
        return self.model if self._chosen and conversation == self.conversation_id else None

    def model_for_message(self, message: str) -> str | None:
        """Return the model that was chosen for the conversation on the page, if *message* is there."""
        shown = any(view.id == message for view in (*self.earlier, *self.latest))
        return self.model_for(self.conversation_id) if shown else None

    def offers(self, message: str) -> bool:
        """Whether an answer can still be acted on: a button pressed twice would act on what has given way to another."""
        shown = (*self.earlier, *self.latest)  # nothing after a restart
        return not shown or any(
            view.id == message and view.status != MessageStatus.STREAMING for view in shown
        )

    async def take_scope(self, who: Actor, scope: DocumentScope, conversation: str) -> None:
        """Store *scope* where the page says, and show it if that is what is open."""
        conversation = await self.meant(conversation)
        if conversation:
            await services().conversations.set_scope(who, uuid_of(conversation), scope)
        if conversation == self.conversation_id:
            self._take_scope(scope)

    def reads(self) -> DocumentScope:
        """Return what the conversation on the page may read."""
        collections, files = (
            tuple(uuid_of(each) for each in ids) for ids in (self.scope_collections, self.scope_documents)
        )
        return DocumentScope(ScopeKind(self.scope), collections, files)

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
        self._blank(wanted or "")
        self.ready = False

    def _address(self) -> str | None:
        """Return which conversation the address names; empty for a new one, None for what is no page of ours."""
        return conversation_in(self.router.url.path)

    def _asks_for_temporary(self) -> bool:
        """Whether the address says so, where the page notes it: it outlives this state."""
        return self._address() == "" and "temporary" in self.router.url.query_parameters

    async def _enter_folder(self, who: Actor) -> None:
        """Begin in the folder that the address of a new conversation names, with its documents and its persona."""
        wanted = self.router.url.query_parameters.get("folder", "")
        if wanted == self.folder:
            return
        self.folder = self.folder_name = ""
        folder = await services().folders.start(who, uuid_of(wanted, "folder")) if wanted else None
        settings = await self.get_state(ChatSettingsState)
        await settings.begin_with(who, folder.persona_id if folder else None)
        self._take_scope(DocumentScope())
        self._dress(settings)
        self.uncounted = settings.uncounted
        if folder:
            self.folder, self.folder_name = str(folder.id), folder.name
            self._take_scope(folder.scope or self.reads())

    def _blank(self, conversation: str) -> None:
        if conversation != self.conversation_id:
            self._take_scope(DocumentScope())
            self.remembered, self.temporary = True, False
            self.folder = self.folder_name = ""
        self.conversation_id, self.title, self.found = conversation, "", True
        self.earlier, self.latest, self.rated = [], [], {}
        self.has_earlier = self.gap = False
        self.generation_id = self.model = self._above = ""
        self.tokens = self.uncounted = 0
        self._chosen = False

    async def _show(self, who: Actor, conversation: str | None) -> None:
        """Open *conversation* at its end; an empty id opens a new one, None is none. A temporary one that is left is gone."""
        left = self._left or (self.conversation_id if self.temporary else "")
        if left and conversation != left:
            await services().conversations.discard(who, uuid_of(left))
        self._left = ""
        if conversation is None:
            raise NotFound(_("This page doesn't exist."))
        settings = await self.get_state(ChatSettingsState)
        if not conversation:
            self._blank("")
            if await settings.begin(who):
                self._dress(settings)
            self.uncounted = settings.uncounted
            return
        window = await services().chat.window(who, uuid_of(conversation))
        self._blank(conversation)
        views = message_views(window, self._held, administrator=who.is_admin)
        start = next((i for i in range(len(views) - 1, 0, -1) if views[i].role == "user"), 0)
        self.earlier, self.has_earlier = views[:start], window.has_earlier
        self._take_tail(who, window, start)
        self.uncounted = settings.take(window)
        if await services().conversations.seen(who, window.conversation.id):
            await refresh_list(self)

    async def _show_around(self, who: Actor, message: str) -> None:
        """Show the part of the conversation that *message* is in, in place of what is above ``latest``."""
        window = await services().chat.around(who, uuid_of(message))
        if str(window.conversation.id) != self.conversation_id:
            raise NotFound(_("This message is not in this conversation."))
        await self._show(who, self.conversation_id)  # another branch may have come on screen
        if any(view.id == message for view in (*self.earlier, *self.latest)):
            return
        shown = {view.id for view in self.latest}
        self.earlier = [
            view for view in message_views(window, administrator=who.is_admin) if view.id not in shown
        ]
        self.has_earlier, self.gap = window.has_earlier, self.earlier[-1].id != self._above

    async def _show_tail_if_there(self) -> None:
        """Bring ``latest`` up to date; who deleted the conversation here is on the way out already."""
        try:
            await self._show_tail(await acting(self))
        except NotFound:
            if not (await self.get_state(SidebarState)).has_deleted(self.conversation_id):
                self._blank(self.conversation_id)
                self.found = False

    async def _show_tail(self, who: Actor) -> None:
        """Bring ``latest`` up to date; open anew when the path above it is another now."""
        window = await services().chat.window(
            who, uuid_of(self.conversation_id), limit=max(len(self.latest) + 3, 4)
        )
        above = parent_ids(window)
        if self._above in above:
            self._take_tail(who, window, above.index(self._above))
            self.uncounted = (await self.get_state(ChatSettingsState)).take(window)
        else:
            await self._show(who, self.conversation_id)

    def _take_tail(self, who: Actor, window: Window, start: int) -> None:
        views = message_views(window, self._held, administrator=who.is_admin)[start:]
        if views != self.latest:
            self.latest = views
        self._above = parent_ids(window)[start] if views else ""
        live = [view for view in views if view.status == MessageStatus.STREAMING]
        self.generation_id = live[0].generation_id if live else ""
        if fresh := [view.id for view in live if view.id not in self._held]:
            self._held = [*self._held[-LATEST_LIMIT:], *fresh]  # their streams bring the texts from now on
        self.title, self.tokens = window.conversation.title, tokens_so_far(window)
        self._take_scope(DocumentScope.parse(window.conversation.scope))
        self.remembered, self.temporary = window.conversation.remembered, window.conversation.temporary
        self._chosen = self._chosen or window.conversation.model is not None
        self.model = window.conversation.model or self.model

    async def follow(self, who: Actor, sent: Sent, *, begins: bool = False) -> None:
        """Follow the answer that *sent* has started, on its own page.

        Args:
            begins: The conversation was the new one on the page.
        """
        conversation = str(sent.conversation_id)
        started = [str(each.message_id) for each in (sent, *sent.beside)]
        self._held = [*self._held[-LATEST_LIMIT:], *started]  # nothing of it need come twice
        if conversation == self.conversation_id and self.latest:
            await self._show_tail(who)
        else:
            await self._show(who, conversation)
        if len(self.latest) > LATEST_LIMIT:
            self._fold()
        await refresh_list(self)
        if begins:
            (await self.get_state(ChatSettingsState)).note_begun()
        if self._address() != conversation:
            await lead(self, f"/c/{conversation}")

    def _fold(self) -> None:
        """Move all but the last exchange from ``latest`` to ``earlier``, which is then sent once."""
        above = [] if self.gap else self.earlier
        last = next((at for at, view in enumerate(self.latest[::-1], 1) if view.role == "user"), 2)
        longer = [*above, *self.latest[:-last]]
        self.has_earlier = self.has_earlier or self.gap or len(longer) > EARLIER_LIMIT
        self.earlier, self.latest, self.gap = longer[-EARLIER_LIMIT:], self.latest[-last:], False
        self._above = self.earlier[-1].id

    async def _learn_models(self, who: Actor) -> None:
        choices = await services().catalog.models(who)
        views = by_server(model_views(choices))
        if views != self.models:
            self.models = views
        self.offline = only_built_in(choices)
        if not self._chosen:
            self.model = await services().catalog.default_model(who)


async def _seen(who: Actor, conversation: str) -> bool:
    """Note that *who* has *conversation* before them; returns whether that is news."""
    with suppress(NotFound):  # it may have been deleted meanwhile, here or elsewhere
        return await services().conversations.seen(who, uuid_of(conversation))
    return False
