"""What a conversation may read: documents, while somebody chooses among them, and memory."""

from typing import Annotated, Literal

import reflex as rx
from pydantic import StringConstraints

from gantry.domain.accounts import Actor
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.messages import _
from gantry.runtime import services
from gantry.state.chat import ChatState
from gantry.state.session import acting, guarded, uuid_of
from gantry.state.views.chat import DocumentChoiceView

OFFERED = 6  # documents that are not chosen
GONE = _("Deleted document")


class ScopeState(rx.State):
    """The documents that are offered. What is chosen is the conversation's."""

    documents: list[DocumentChoiceView] = []
    _words: str = ""

    @rx.event
    @guarded
    async def look(self):
        """Offer what there is, as whenever the list opens."""
        await self._offer("")

    @rx.event
    @guarded
    async def find(self, words: Annotated[str, StringConstraints(max_length=1000)]):
        """Offer the documents whose names hold *words*."""
        await self._offer(words)

    @rx.event
    @guarded
    async def tick(self, kind: Literal["collection", "document"], item: str, chosen: bool, conversation: str):
        """Choose one more collection or document for *conversation*, or (empty) for a new one, or one less.

        What was chosen before is the conversation's own, so that ticks in quick succession build on each other.
        """
        who, chat = await acting(self), await self.get_state(ChatState)
        conversation = await chat.meant(conversation)
        before = await _scope_of(who, conversation, chat)
        lists = {"collection": list(before.collections), "document": list(before.documents)}
        ticked = uuid_of(item)
        lists[kind] = [each for each in lists[kind] if each != ticked] + ([ticked] if chosen else [])
        owned = {each.id for each in await services().collections.list_collections(who)}
        collections = tuple(each for each in lists["collection"] if each in owned)
        documents = tuple(await services().documents.names(who, lists["document"]))
        some = ScopeKind.SOME if collections or documents else ScopeKind.NONE
        await chat.take_scope(who, DocumentScope(some, collections, documents), conversation)
        if len(documents) < len(lists["document"]):
            await self._offer(self._words)

    @rx.event
    @guarded
    async def choose_scope(self, kind: Literal["all", "none"], conversation: str):
        """Let *conversation*, or (empty) a new one, read all documents or none from the next question on."""
        who, chat = await acting(self), await self.get_state(ChatState)
        await chat.take_scope(who, DocumentScope(ScopeKind(kind)), conversation)

    @rx.event
    @guarded
    async def set_remembered(self, remembered: bool, conversation: str):
        """Let memory take part in *conversation*, or (empty) in a new one, or not."""
        chat = await self.get_state(ChatState)
        conversation = await chat.meant(conversation)
        if conversation:
            await services().memory.set_remembered(await acting(self), uuid_of(conversation), remembered)
        if conversation == chat.conversation_id:
            chat.remembered = remembered

    async def _offer(self, words: str) -> None:
        who, chat = await acting(self), await self.get_state(ChatState)
        self._words = words
        ids = [uuid_of(each) for each in chat.scope_documents]
        names = await services().documents.names(who, ids)
        chosen = [DocumentChoiceView(str(each), names.get(each, GONE)) for each in ids]
        found = await services().documents.list_documents(who, words=words, limit=OFFERED)
        others = [DocumentChoiceView(str(each.id), each.name) for each in found]
        self.documents = [*chosen, *(each for each in others if each.id not in chat.scope_documents)]


async def _scope_of(who: Actor, conversation: str, chat: ChatState) -> DocumentScope:
    """Return what *conversation*, or (empty) a new one, may read."""
    if conversation == chat.conversation_id:
        return chat.reads()
    window = await services().chat.window(who, uuid_of(conversation), limit=1)
    return DocumentScope.parse(window.conversation.scope)
