"""What a person can do with their documents once they are there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chunking import context_of
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid, NotFound
from gantry.domain.files import FileStore
from gantry.domain.live import Notices
from gantry.domain.messages import _
from gantry.domain.pictures import is_shown
from gantry.domain.text import storable
from gantry.domain.vault import UNFINISHED, DocumentState, StoredChunk, StoredDocument, cleaned_name
from gantry.domain.vectors import VectorKind
from gantry.repositories.database import Database
from gantry.repositories.values import value_of
from gantry.services.cleaning import Cleaner
from gantry.services.document_news import tell_all, tell_changed
from gantry.services.ingestion import CANCELLED, Ingestion
from gantry.services.vector_changes import VectorChanges

MAX_SEARCH_CHARACTERS = 200  # in names; SQLite refuses patterns of more than 50,000
_AROUND = 2000  # characters shown before and after a passage where there are no pages
PART_CHARACTERS = 8000  # of what counts as a page for programs where there are no pages
_CHUNKS = 100  # looked at together


@dataclass(frozen=True, slots=True)
class Preview:
    """Some of a document's chunks, in order."""

    document: StoredDocument
    chunks: tuple[StoredChunk, ...]


@dataclass(frozen=True, slots=True)
class PageText:
    """The text around a passage; ``mark`` is where the passage stands in it. ``start`` is its place in the whole text."""

    document: StoredDocument
    text: str
    start: int
    page: int | None
    mark: tuple[int, int]


@dataclass(frozen=True, slots=True)
class WholeText:
    """A document's text from its beginning; not all of it when *more* follows."""

    document: StoredDocument
    text: str
    more: bool


@dataclass(frozen=True, slots=True)
class Original:
    """The uploaded file itself."""

    path: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DocumentService:
    """Documents. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    files: FileStore
    ingestion: Ingestion
    vectors: VectorChanges
    cleaner: Cleaner
    notices: Notices
    now: Callable[[], datetime] = utc_now

    async def list_documents(
        self,
        who: Actor,
        *,
        collection: UUID | None = None,
        words: str = "",
        after: UUID | None = None,
        limit: int = 100,
    ) -> list[StoredDocument]:
        """Return documents, newest first, those older than *after*; files of conversations are not among them."""
        async with self.database.read() as tx:
            if collection is not None:
                await tx.vault.get_collection(collection, owner=who.id)
            return await tx.vault.documents(
                who.id,
                collection=collection,
                words=storable(words)[:MAX_SEARCH_CHARACTERS],
                after=after,
                limit=min(max(limit, 1), 500),
            )

    async def get(self, who: Actor, document: UUID) -> StoredDocument:
        """Return one document."""
        async with self.database.read() as tx:
            return value_of(StoredDocument, await tx.vault.get_document(document, owner=who.id))

    async def names(self, who: Actor, documents: Sequence[UUID]) -> dict[UUID, str]:
        """Return what documents are called, in the order given; those that are not *who*'s are left out."""
        async with self.database.read() as tx:
            names = {row.id: row.name for row in await tx.vault.owned(documents, owner=who.id)}
        return {each: names[each] for each in documents if each in names}

    async def rename(self, who: Actor, document: UUID, name: str) -> None:
        """Give a document another name, which is searched with its text."""
        name = cleaned_name(name)
        if not name:
            raise Invalid(_("A document needs a name."), field="name")
        async with self.database.begin() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            row.name, row.updated_at = name, self.now()
            headings = await tx.vault.contexts(document)
            await tx.vault.set_contexts([(chunk, context_of(name, heading)) for chunk, heading in headings])
        tell_changed(self.notices, row)

    async def move(self, who: Actor, document: UUID, collection: UUID) -> None:
        """Put a document into another collection; Conflict when the same file is there."""
        async with self.database.begin(news=False) as tx:  # news is what its vectors' following leaves to do
            row = await tx.vault.get_document(document, owner=who.id)
            await tx.vault.get_collection(collection, owner=who.id)
            if row.conversation_id is not None:
                raise Invalid(_("A file sent in a conversation cannot be moved."))
            same = await tx.vault.find_same(collection, row.sha256)
            if same is not None and same.id != row.id:
                raise Conflict(_("This file is already in that collection."))
            row.collection_id, row.updated_at = collection, self.now()
            # Until their vectors have followed they count as without any: nobody else would notice if this process died first.
            embedded = await tx.vault.embedded(document)
            await tx.vault.change_chunks(document, collection_id=collection, vectors_in="")
        await self.vectors.move(who.id, document=document, group=collection, embedded=embedded)
        tell_changed(self.notices, row)

    async def delete(self, who: Actor, documents: Sequence[UUID]) -> None:
        """Delete documents: rows, files, vectors, and their passages in answers."""
        async with self.database.begin() as tx:
            rows = await tx.vault.owned(documents, owner=who.id)
            if len(rows) != len(set(documents)):
                raise NotFound(_("This document no longer exists."))
            await tx.vault.remove(documents)
        await self.cleaner.forget(who.id, documents)
        tell_all(self.notices, who)

    async def cancel(self, who: Actor, document: UUID) -> None:
        """Stop reading a document and forget what was read; it can be read again later. Does nothing to one that has been read."""
        async with self.database.begin() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            if row.state not in UNFINISHED:
                return
            row.state, row.problem, row.lease_until = DocumentState.FAILED, CANCELLED, None
            row.chunk_count = row.embedded_count = 0
            row.updated_at = self.now()
            await tx.vault.remove_chunks(document)
        self.ingestion.stop(document)
        await self.vectors.forget(who.id, VectorKind.CHUNK, sources=[document])
        tell_changed(self.notices, row)

    async def retry(self, who: Actor, document: UUID) -> None:
        """Read a document again that could not be read."""
        async with self.database.begin() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            if row.state is not DocumentState.FAILED:
                return
            row.state, row.problem, row.lease_until, row.attempt = (
                DocumentState.QUEUED,
                None,
                None,
                row.attempt + 1,
            )
            row.pages_done = row.chunk_count = row.embedded_count = row.failures = 0
            row.updated_at = self.now()
        tell_changed(self.notices, row)
        self.ingestion.wake()

    async def preview(self, who: Actor, document: UUID, *, first: int = 0, limit: int = 20) -> Preview:
        """Return some of the extracted text, chunk by chunk."""
        async with self.database.read() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            chunks = await tx.vault.chunks(document, first=max(first, 0), limit=min(max(limit, 1), 100))
        return Preview(value_of(StoredDocument, row), tuple(chunks))

    async def page_text(self, who: Actor, document: UUID, *, start: int, end: int) -> PageText:
        """Return the page a passage stands on, or what is around it where there are no pages."""
        async with self.database.read() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            page = await tx.vault.page_at(document, start)
            chunks = await tx.vault.chunks_between(
                document, page=page, start=start - _AROUND, end=end + _AROUND, limit=60
            )
        if not chunks:
            raise NotFound(
                _("This passage no longer exists."), advice=_("The document has been read again since.")
            )
        text, begins = _stitched(chunks)
        low, high = (
            (0, len(text)) if page else (max(0, start - _AROUND - begins), max(0, end + _AROUND - begins))
        )
        mark = (max(0, start - begins - low), max(0, min(end - begins, high, len(text)) - low))
        return PageText(value_of(StoredDocument, row), text[low:high], begins + low, page, mark)

    async def page(self, who: Actor, document: UUID, number: int) -> PageText:
        """Return one page; of a kind without pages, one of the parts of ``PART_CHARACTERS`` that ``pages_of`` counts.

        Raises:
            NotFound: The document is not *who*'s, has no such page, or has not been read that far.
        """
        async with self.database.read() as tx:
            row = value_of(StoredDocument, await tx.vault.get_document(document, owner=who.id))
            start = 0 if row.pages else (number - 1) * PART_CHARACTERS
            chunks = await tx.vault.chunks_between(
                document,
                page=number if row.pages else None,
                start=start,
                end=start + PART_CHARACTERS,
                limit=_CHUNKS,
            )
        if not chunks:
            raise NotFound(_("There is no text on page {number} of this document.", number=number))
        text, begins = _stitched(chunks)
        if not row.pages:
            low = max(0, start - begins)
            text, begins = text[low : max(0, start + PART_CHARACTERS - begins)], begins + low
        return PageText(row, text, begins, number, (0, 0))

    async def text(self, who: Actor, document: UUID, *, limit: int) -> WholeText:
        """Return the first *limit* characters of a document's text."""
        chunks: list[StoredChunk] = []
        async with self.database.read() as tx:
            row = value_of(StoredDocument, await tx.vault.get_document(document, owner=who.id))
            while not chunks or chunks[-1].end_offset <= limit:
                first = chunks[-1].ordinal + 1 if chunks else 0
                following = await tx.vault.chunks(document, first=first, limit=_CHUNKS)
                chunks += following
                if len(following) < _CHUNKS:
                    break
        text = _stitched(chunks)[0] if chunks else ""
        return WholeText(row, text[:limit], len(text) > limit)

    async def original(self, who: Actor, document: UUID) -> Original:
        """Return where the uploaded file is; NotFound too when it was lost, as by a restore without the files."""
        row = await self.get(who, document)
        if not await self.files.holds(account=who.id, document=document):
            raise NotFound(
                _("The original file is missing. Its text is still available."),
                advice=_(
                    "Delete the document and upload the file again, or ask an administrator to restore a backup."
                ),
            )
        path = self.files.path(account=who.id, document=document)
        return Original(path, row.name, row.media_type, row.size_bytes)

    async def picture(self, who: Actor, document: UUID) -> Original:
        """Return where a file is that is shown as a picture; NotFound for all others."""
        row = await self.original(who, document)
        if not is_shown(row.media_type):
            raise NotFound(_("This file is no image that can be shown."))
        return row


def pages_of(document: StoredDocument) -> int:
    """Return how many pages, or parts of a text without pages, a program may ask for."""
    return document.pages or -(-document.characters // PART_CHARACTERS)


def page_with(page: int | None, start: int) -> int:
    """Return the number of the page on which a passage stands, or of the part where there are no pages."""
    return page or start // PART_CHARACTERS + 1


def _stitched(chunks: Sequence[StoredChunk]) -> tuple[str, int]:
    """Put overlapping chunks together again; returns the text and where it begins."""
    begins = chunks[0].start_offset
    text = ""
    for chunk in chunks:
        missing = chunk.start_offset - begins - len(text)
        text += "\n" * max(0, missing) + chunk.content[max(0, -missing) :]
    return text, begins
