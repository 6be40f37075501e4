"""A person's documents, as the vault page shows them. Files themselves go over REST (islands/upload.js)."""

from collections.abc import Awaitable, Sequence
from typing import Literal
from uuid import UUID

import reflex as rx
from typing_extensions import TypedDict

from gantry.domain.messages import _
from gantry.domain.vault import StoredDocument
from gantry.runtime import services
from gantry.state.finding import FindingState
from gantry.state.language import said
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.views.vault import (
    ChunkView,
    CollectionView,
    DocumentView,
    chunk_view,
    collection_views,
    document_view,
)

_PAGE = 100
_CHUNKS = 20


class NameForm(TypedDict):
    """The field of a dialog that names something."""

    name: str


class VaultState(FindingState, rx.State):
    """Collections, the documents of one of them, and the dialog above."""

    collections: list[CollectionView] = []
    collection_id: str = ""  # empty: all collections
    collection_name: str = ""  # of the one that a dialog is about
    documents: list[DocumentView] = []
    index_note: str = ""
    dialog: str = ""  # "new-collection", "rename-collection", "delete-collection", "rename", "move", "delete" or "preview"
    chosen_id: str = ""
    chosen_name: str = ""
    other_collections: list[CollectionView] = []  # where the chosen document could be moved to
    chunks: list[ChunkView] = []
    formatted: bool = False  # whether the chunks are Markdown
    has_more_chunks: bool = False

    @rx.event
    @guarded
    async def load(self):
        """Show the documents. Also runs whenever the tab reconnects."""
        await self._show()

    @rx.event
    @guarded
    async def arrive(self):
        """Show the document that the address names, and no dialog of an earlier visit."""
        self.dialog, self.chunks = "", []
        wanted = self.router.url.query_parameters.get("document", "")
        if wanted:
            await self._open(wanted)

    @rx.event
    @guarded
    async def open_collection(self, collection: str):
        """Show the documents of one collection, or (empty) of all."""
        self.collection_id, self._pages = str(uuid_of(collection, "collection")) if collection else "", 1
        await self._show()

    @rx.event
    @guarded
    async def choose(self, document: str, action: str):
        """Do what a row's menu says."""
        who = await acting(self)
        row = await services().documents.get(who, uuid_of(document, "document"))
        self.chosen_id, self.chosen_name = str(row.id), row.name
        self.other_collections = [each for each in self.collections if each.id != str(row.collection_id)]
        match action:
            case "rename" | "move" | "delete":
                self.dialog = action
            case "preview":
                await self._preview()
            case "retry":
                await services().documents.retry(who, row.id)
            case "cancel":
                await services().documents.cancel(who, row.id)
            case _:
                return
        await self._show()

    @rx.event
    @guarded
    async def show(self, document: str):
        """Show what was read of a document."""
        await self._open(document)

    @rx.event
    @guarded
    async def choose_collection(
        self, action: Literal["new-collection", "rename-collection", "delete-collection"]
    ):
        """Open a dialog about collections."""
        self.collection_name = next(
            (each.name for each in self.collections if each.id == self.collection_id), ""
        )
        self.dialog = action

    @rx.event
    @guarded
    async def close(self):
        """Close the dialog."""
        self.dialog, self.chunks = "", []

    @rx.event
    @guarded
    async def name_it(self, form: NameForm):
        """Do what the open dialog asks a name for."""
        who = await acting(self)
        match self.dialog:
            case "new-collection":
                self.collection_id = str((await services().collections.create(who, form["name"])).id)
            case "rename-collection":
                await services().collections.rename(
                    who, uuid_of(self.collection_id, "collection"), form["name"]
                )
            case "rename":
                await services().documents.rename(who, uuid_of(self.chosen_id, "document"), form["name"])
            case _:
                return
        self.dialog = ""
        await self._show()

    @rx.event
    @guarded
    async def move_to(self, collection: str):
        """Put the chosen document into another collection."""
        await services().documents.move(
            await acting(self), uuid_of(self.chosen_id, "document"), uuid_of(collection, "collection")
        )
        self.dialog = ""
        await notify(self, _("Moved “{name}”.", name=self.chosen_name), kind="success")
        await self._show()

    @rx.event
    @guarded
    async def confirm_delete(self, item: str):
        """Delete what the open dialog names, if that is *item*."""
        who = await acting(self)
        if item != (self.collection_id if self.dialog == "delete-collection" else self.chosen_id):
            return
        if self.dialog == "delete-collection":
            await services().collections.delete(who, uuid_of(self.collection_id, "collection"))
            self.collection_id = ""
        elif self.dialog == "delete":
            await services().documents.delete(who, [uuid_of(self.chosen_id, "document")])
            await notify(self, _("Deleted “{name}”.", name=self.chosen_name), kind="success")
        self.dialog = ""
        await self._show()

    @rx.event
    @guarded
    async def more_chunks(self):
        """Show more of the text."""
        await self._preview(len(self.chunks))

    async def _open(self, document: str) -> None:
        row = await services().documents.get(await acting(self), uuid_of(document, "document"))
        self.chosen_id, self.chosen_name = str(row.id), row.name
        await self._preview()

    async def _preview(self, first: int = 0) -> None:
        found = await services().documents.preview(
            await acting(self), uuid_of(self.chosen_id, "document"), first=first, limit=_CHUNKS
        )
        views = [chunk_view(chunk) for chunk in found.chunks]
        self.formatted = found.document.media_type == "text/markdown"
        self.chunks = [*self.chunks[:first], *views]
        self.has_more_chunks = len(views) == _CHUNKS
        self.dialog = "preview"

    async def _show(self) -> None:
        who = await acting(self)
        self.collections = collection_views(await services().collections.list_collections(who))
        if self.collection_id not in {each.id for each in self.collections}:
            self.collection_id = ""
        chosen = uuid_of(self.collection_id, "collection") if self.collection_id else None

        def documents(after: UUID | None) -> Awaitable[Sequence[StoredDocument]]:
            return services().documents.list_documents(
                who, collection=chosen, words=self.search, after=after, limit=_PAGE
            )

        views = [document_view(row) for row in await self._read(documents, _PAGE)]
        if views != self.documents:
            self.documents = views
        status = await services().vector_sets.status()
        self.index_note = said(status.sentence(administrator=who.is_admin))
        self.loaded = True
