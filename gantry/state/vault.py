"""A person's documents, as the vault page shows them. Files themselves go over REST (assets/uploader.jsx)."""

from typing import Literal

import reflex as rx
from typing_extensions import TypedDict

from gantry.runtime import services
from gantry.state.session import acting, guarded, notify, uuid_of
from gantry.state.views.vault import ChunkView, DocumentView, ShelfView, chunk_view, document_view, shelf

_PAGE = 100
_CHUNKS = 20


class NameForm(TypedDict):
    """The field of a dialog that names something."""

    name: str


class VaultState(rx.State):
    """Collections, the documents of one of them, and the dialog above."""

    loaded: bool = False
    shelves: list[ShelfView] = []
    shelf_id: str = ""  # empty: all collections
    search: str = ""
    documents: list[DocumentView] = []
    has_more: bool = False
    _limit: int = _PAGE
    index_note: str = ""
    dialog: str = ""  # "new-shelf", "rename-shelf", "delete-shelf", "rename", "move", "delete" or "preview"
    chosen_id: str = ""
    chosen_name: str = ""
    other_shelves: list[ShelfView] = []  # where the chosen document could be moved to
    chunks: list[ChunkView] = []
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
            row = await services().vault.document(await acting(self), uuid_of(wanted))
            self.chosen_id, self.chosen_name = str(row.id), row.name
            await self._preview()

    @rx.event
    @guarded
    async def refresh(self):
        """Show that a document has come, gone, or come further."""
        if self.loaded:
            await self._show()

    @rx.event
    @guarded
    async def open_shelf(self, shelf: str):
        """Show the documents of one collection, or (empty) of all."""
        self.shelf_id, self._limit = shelf, _PAGE
        await self._show()

    @rx.event
    @guarded
    async def find(self, search: str):
        """Show the documents whose names hold these words."""
        self.search, self._limit = search[:100], _PAGE
        await self._show()

    @rx.event
    @guarded
    async def more(self):
        """Show older documents too."""
        if self.has_more:
            self._limit += _PAGE
            await self._show()

    @rx.event
    @guarded
    async def choose(self, document: str, action: str):
        """Do what a row's menu says."""
        who, vault = await acting(self), services().vault
        row = await vault.document(who, uuid_of(document))
        self.chosen_id, self.chosen_name = str(row.id), row.name
        self.other_shelves = [each for each in self.shelves if each.id != str(row.collection_id)]
        match action:
            case "rename" | "move" | "delete":
                self.dialog = action
            case "preview":
                await self._preview()
            case "retry":
                await vault.retry(who, row.id)
            case "cancel":
                await vault.cancel(who, row.id)
            case _:
                return
        await self._show()

    @rx.event
    @guarded
    async def choose_shelf(self, action: Literal["new-shelf", "rename-shelf", "delete-shelf"]):
        """Open a dialog about collections."""
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
        who, vault = await acting(self), services().vault
        match self.dialog:
            case "new-shelf":
                self.shelf_id = str((await vault.create_collection(who, form["name"])).id)
            case "rename-shelf":
                await vault.rename_collection(who, uuid_of(self.shelf_id), form["name"])
            case "rename":
                await vault.rename(who, uuid_of(self.chosen_id), form["name"])
            case _:
                return
        self.dialog = ""
        await self._show()

    @rx.event
    @guarded
    async def move_to(self, shelf: str):
        """Put the chosen document into another collection."""
        await services().vault.move(await acting(self), uuid_of(self.chosen_id), uuid_of(shelf))
        self.dialog = ""
        await notify(self, f"Moved “{self.chosen_name}”.", kind="success")
        await self._show()

    @rx.event
    @guarded
    async def confirm_delete(self):
        """Delete what the open dialog names."""
        who, vault = await acting(self), services().vault
        if self.dialog == "delete-shelf":
            await vault.delete_collection(who, uuid_of(self.shelf_id))
            self.shelf_id = ""
        elif self.dialog == "delete":
            await vault.delete(who, [uuid_of(self.chosen_id)])
            await notify(self, f"Deleted “{self.chosen_name}”.", kind="success")
        self.dialog = ""
        await self._show()

    @rx.event
    @guarded
    async def more_chunks(self):
        """Show more of the text."""
        await self._preview(len(self.chunks))

    async def _preview(self, first: int = 0) -> None:
        found = await services().vault.preview(
            await acting(self), uuid_of(self.chosen_id), first=first, limit=_CHUNKS
        )
        views = [chunk_view(chunk) for chunk in found.chunks]
        self.chunks = [*self.chunks[:first], *views]
        self.has_more_chunks = len(views) == _CHUNKS
        self.dialog = "preview"

    async def _show(self) -> None:
        who, vault = await acting(self), services().vault
        self.shelves = [shelf(each) for each in await vault.collections(who)]
        if self.shelf_id not in {each.id for each in self.shelves}:
            self.shelf_id = ""
        chosen = uuid_of(self.shelf_id) if self.shelf_id else None
        views: list[DocumentView] = []
        self.has_more = True
        while self.has_more and len(views) < self._limit:
            last = uuid_of(views[-1].id) if views else None
            found = await vault.documents(who, collection=chosen, words=self.search, after=last, limit=_PAGE)
            views += [document_view(row) for row in found]
            self.has_more = len(found) == _PAGE
        if views != self.documents:
            self.documents = views
        self.index_note = (await services().indexer.status()).sentence
        self.loaded = True
