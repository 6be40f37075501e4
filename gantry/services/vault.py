"""What a person can do with their documents."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chunking import context_of
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid, NotFound, Unavailable
from gantry.domain.files import FileStore, Received
from gantry.domain.live import Notice, NoticeBoard, NoticeKind
from gantry.domain.parsing import Parser, ParsingFailed
from gantry.domain.vault import (
    DEFAULT_COLLECTION_NAME,
    MAX_COLLECTION_NAME_CHARACTERS,
    UNFINISHED,
    DocumentState,
    cleaned_name,
)
from gantry.domain.vectors import Shelf
from gantry.models import Chunk, Collection, Document, new_id
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.services.conversations import Purged
from gantry.services.indexing import Indexer
from gantry.services.ingestion import CANCELLED, Ingestion

MAX_UNFINISHED = 500  # documents of one person that wait to be read
MAX_COLLECTIONS = 200
_AROUND = 2000  # characters shown before and after a passage where there are no pages
_FORSAKEN_HOURS = 24
_ORPHAN_HOURS = 1
_ASIDE_DAYS = 30  # for which files that belong to no document can be brought back

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection and what is in it."""

    collection: Collection
    documents: int
    ready: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document that was uploaded; ``known`` says that the same file was there already."""

    document: Document
    known: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """Some of a document's chunks, in order."""

    document: Document
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class PageText:
    """The text around a passage; ``mark`` is where the passage stands in it. ``start`` is its place in the whole text."""

    document: Document
    text: str
    start: int
    page: int | None
    mark: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Original:
    """The uploaded file itself."""

    path: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class VaultService:
    """Collections and documents. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    files: FileStore
    parser: Parser
    ingestion: Ingestion
    indexer: Indexer
    board: NoticeBoard
    max_upload_bytes: int
    now: Callable[[], datetime] = utc_now

    async def collections(self, who: Actor) -> list[CollectionSummary]:
        """Return the collections, the default one first."""
        async with self.database.read() as tx:
            found = await tx.vault.collections(who.id)
        if not any(row.is_default for row, *_ in found):
            await self._default(who)
            async with self.database.read() as tx:
                found = await tx.vault.collections(who.id)
        return [CollectionSummary(*each) for each in found]

    async def _default(self, who: Actor) -> Collection:
        """Return the default collection, which is made when it is first needed."""
        async with self.database.read() as tx:
            row = await tx.vault.find_default(who.id)
        if row is not None:
            return row
        try:
            async with self.database.begin() as tx:
                row = self._new_collection(who, DEFAULT_COLLECTION_NAME, is_default=True)
                await tx.vault.add(row)
        except Conflict:  # another tab has made it
            async with self.database.read() as tx:
                row = await tx.vault.find_default(who.id)
            if row is None:
                raise
        return row

    def _new_collection(self, who: Actor, name: str, *, is_default: bool = False) -> Collection:
        now = self.now()
        return Collection(account_id=who.id, name=name, is_default=is_default, created_at=now, updated_at=now)

    async def create_collection(self, who: Actor, name: str) -> Collection:
        """Make a collection; Conflict when there is one of that name."""
        row = self._new_collection(who, _collection_name(name))
        await self._default(who)  # so that no other can take its name
        async with self.database.begin() as tx:
            if len(await tx.vault.collections(who.id)) >= MAX_COLLECTIONS:
                raise Invalid(f"There can be at most {MAX_COLLECTIONS} collections.")
        await self._named(row.name, lambda tx: tx.vault.add(row))
        self._tell(who)
        return row

    async def rename_collection(self, who: Actor, collection: UUID, name: str) -> None:
        """Give a collection another name; Conflict when there is one of that name."""
        name = _collection_name(name)

        async def rename(tx: UnitOfWork) -> None:
            row = await tx.vault.get_collection(collection, owner=who.id)
            row.name, row.updated_at = name, self.now()

        await self._named(name, rename)
        self._tell(who)

    async def _named(self, name: str, work: Callable[[UnitOfWork], "object"]) -> None:
        try:
            async with self.database.begin() as tx:
                await work(tx)  # pyright: ignore[reportGeneralTypeIssues]
        except Conflict:
            raise Conflict(
                f"There is a collection “{name}” already.", advice="Choose another name."
            ) from None

    async def delete_collection(self, who: Actor, collection: UUID) -> None:
        """Delete a collection with its documents; the default one stays."""
        async with self.database.begin() as tx:
            row = await tx.vault.get_collection(collection, owner=who.id)
            if row.is_default:
                raise Invalid(
                    "The default collection cannot be deleted.", advice="Delete its documents instead."
                )
            documents = list(await tx.vault.of_collection(collection))
            await tx.sources.empty_of_documents(documents)
            await tx.vault.remove_collection(row)
        await self._forget(who.id, documents)
        self._tell(who)

    async def documents(
        self,
        who: Actor,
        *,
        collection: UUID | None = None,
        words: str = "",
        after: UUID | None = None,
        limit: int = 100,
    ) -> Sequence[Document]:
        """Return documents, newest first, those older than *after*; files of conversations are not among them."""
        async with self.database.read() as tx:
            if collection is not None:
                await tx.vault.get_collection(collection, owner=who.id)
            return await tx.vault.documents(
                who.id, collection=collection, words=words, after=after, limit=min(max(limit, 1), 500)
            )

    async def document(self, who: Actor, document: UUID) -> Document:
        """Return one document."""
        async with self.database.read() as tx:
            return await tx.vault.get_document(document, owner=who.id)

    async def receive(self, who: Actor, body: AsyncIterator[bytes]) -> Received:
        """Store an upload for the moment; ``accept`` makes a document of it.

        Raises:
            Invalid: It is too large, or too many documents wait already.
            Unavailable: There is no room.
        """
        async with self.database.read() as tx:
            if await tx.vault.count_unfinished(who.id) >= MAX_UNFINISHED:
                raise Invalid(
                    f"{MAX_UNFINISHED} of your documents wait to be read already.",
                    advice="Try again when some are ready.",
                )
        return await self.files.receive(body, limit_bytes=self.max_upload_bytes)

    async def accept(
        self,
        who: Actor,
        received: Received,
        *,
        name: str,
        collection: UUID | None = None,
        attach: bool = False,
    ) -> Accepted:
        """Make a document of an upload, to be read at once.

        Args:
            collection: None is the default one.
            attach: It is to be sent with a message, and stands in no collection.

        Raises:
            ParsingFailed: This kind of file cannot be read.
        """
        try:
            return await self._accept(
                who, received, cleaned_name(name) or "document", collection, attach=attach
            )
        finally:
            await self.files.discard(received)  # does nothing once it is kept

    async def _accept(
        self, who: Actor, received: Received, name: str, collection: UUID | None, *, attach: bool
    ) -> Accepted:
        kind = await self.parser.sniff(received.path, name)
        shelf = None if attach else await self._shelf(who, collection)
        if shelf is not None and (same := await self._same(who, shelf, received)):
            return Accepted(same, known=True)
        now = self.now()
        row = Document(
            id=new_id(),
            account_id=who.id,
            collection_id=shelf,
            name=name,
            media_type=kind.media_type,
            size_bytes=received.size_bytes,
            sha256=received.sha256,
            created_at=now,
            updated_at=now,
        )
        await self.files.keep(received, account=who.id, document=row.id)
        try:
            async with self.database.begin() as tx:
                await tx.vault.add(row)
        except Conflict:
            await self.files.remove(account=who.id, documents=[row.id])
            if shelf is not None and (same := await self._same(who, shelf, received)):
                return Accepted(same, known=True)
            raise
        except BaseException:
            await self.files.remove(account=who.id, documents=[row.id])
            raise
        self._changed(row)
        self.ingestion.wake()
        return Accepted(row, known=False)

    async def _shelf(self, who: Actor, collection: UUID | None) -> UUID:
        if collection is None:
            return (await self._default(who)).id
        async with self.database.read() as tx:
            return (await tx.vault.get_collection(collection, owner=who.id)).id

    async def _same(self, who: Actor, collection: UUID, received: Received) -> Document | None:
        async with self.database.read() as tx:
            same = await tx.vault.find_same(collection, received.sha256)
        if same is not None and same.state is DocumentState.FAILED:
            await self.retry(who, same.id)
        return same

    async def rename(self, who: Actor, document: UUID, name: str) -> None:
        """Give a document another name, which is searched with its text."""
        name = cleaned_name(name)
        if not name:
            raise Invalid("A document needs a name.", field="name")
        async with self.database.begin() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            row.name, row.updated_at = name, self.now()
            headings = await tx.vault.contexts(document)
            await tx.vault.set_contexts([(chunk, context_of(name, heading)) for chunk, heading in headings])
        self._changed(row)

    async def move(self, who: Actor, document: UUID, collection: UUID) -> None:
        """Put a document into another collection; Conflict when the same file is there."""
        async with self.database.begin() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            await tx.vault.get_collection(collection, owner=who.id)
            if row.conversation_id is not None:
                raise Invalid("A file of a conversation stays with it.")
            same = await tx.vault.find_same(collection, row.sha256)
            if same is not None and same.id != row.id:
                raise Conflict("The same file is in that collection already.")
            row.collection_id, row.updated_at = collection, self.now()
            await tx.vault.change_chunks(document, collection_id=collection)
        await self.indexer.move(who.id, document=document, group=collection)
        self._changed(row)

    async def delete(self, who: Actor, documents: Sequence[UUID]) -> None:
        """Delete documents: rows, files, vectors, and their passages in answers."""
        async with self.database.begin() as tx:
            rows = await tx.vault.owned(documents, owner=who.id)
            if len(rows) != len(set(documents)):
                raise NotFound("This document does not exist.")
            await tx.sources.empty_of_documents(documents)
            await tx.vault.remove(documents)
        await self._forget(who.id, documents)
        self._tell(who)

    async def _forget(self, account: UUID, documents: Sequence[UUID]) -> None:
        """Remove the files and vectors of documents whose rows are gone, and stop reading them."""
        for document in documents:
            self.ingestion.stop(document)
        await self.files.remove(account=account, documents=documents)
        if documents:
            await self.indexer.forget(account, Shelf.CHUNK, sources=documents)

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
        await self.indexer.forget(who.id, Shelf.CHUNK, sources=[document])
        self._changed(row)

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
        self._changed(row)
        self.ingestion.wake()

    async def preview(self, who: Actor, document: UUID, *, first: int = 0, limit: int = 20) -> Preview:
        """Return some of the extracted text, chunk by chunk."""
        async with self.database.read() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            chunks = await tx.vault.chunks(document, first=max(first, 0), limit=min(max(limit, 1), 100))
        return Preview(row, tuple(chunks))

    async def page_text(self, who: Actor, document: UUID, *, start: int, end: int) -> PageText:
        """Return the page a passage stands on, or what is around it where there are no pages."""
        async with self.database.read() as tx:
            row = await tx.vault.get_document(document, owner=who.id)
            page = await tx.vault.page_at(document, start)
            chunks = await tx.vault.chunks_between(
                document, page=page, start=start - _AROUND, end=end + _AROUND, limit=60
            )
        if not chunks:
            raise NotFound("This passage is not there any more.", advice="The document was read anew since.")
        text, begins = _stitched(chunks)
        low, high = (
            (0, len(text)) if page else (max(0, start - _AROUND - begins), max(0, end + _AROUND - begins))
        )
        mark = (max(0, start - begins - low), max(0, min(end - begins, high, len(text)) - low))
        return PageText(row, text[low:high], begins + low, page, mark)

    async def original(self, who: Actor, document: UUID) -> Original:
        """Return where the uploaded file is; NotFound too when it was lost, as by a restore without the files."""
        row = await self.document(who, document)
        if not await self.files.holds(account=who.id, document=document):
            raise NotFound(
                "The original of this document is missing. What was read of it is still there.",
                advice="Delete the document and upload the file again, or restore a backup that has it.",
            )
        path = self.files.path(account=who.id, document=document)
        return Original(path, row.name, row.media_type, row.size_bytes)

    async def forget_conversations(self, purged: Sequence[Purged]) -> None:
        """Remove the files of conversations whose rows are gone, and all vectors that came from them.

        What cannot be removed now is no loss: the sweep removes vectors, and housekeeping files that no document has.
        """
        for gone in purged:
            try:
                await self._forget(gone.account, gone.documents)
                await self.indexer.forget(gone.account, Shelf.MEMORY, sources=[gone.conversation])
            except (OSError, Unavailable) as error:
                log.warning("vault.left_behind", extra={"reason": type(error).__name__})

    async def housekeeping(self) -> None:
        """Remove what was uploaded and never sent, and set files aside that belong to no document.

        They are not removed at once: the database may be the wrong one, or be waiting for a restore. Once it knows
        them again they come back.
        """
        async with self.database.begin() as tx:
            rows = await tx.vault.forsaken(before=self.now() - timedelta(hours=_FORSAKEN_HOURS))
            await tx.vault.remove([row.id for row in rows])
        for row in rows:
            await self._forget(row.account_id, [row.id])
        aside = await self.files.aside()
        known = await self._existing(aside)
        await self.files.bring_back([each for each in aside if each[1] in known])
        kept = await self.files.kept(before=self.now() - timedelta(hours=_ORPHAN_HOURS))
        known |= await self._existing(kept)
        unknown = [each for each in kept if each[1] not in known]
        await self.files.set_aside(unknown)
        removed = await self.files.discard_aside(before=self.now() - timedelta(days=_ASIDE_DAYS))
        if unknown or removed:
            log.warning("vault.unknown_files", extra={"set_aside": len(unknown), "removed": removed})

    async def _existing(self, files: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
        there: set[UUID] = set()
        async with self.database.read() as tx:
            for first in range(0, len(files), 500):
                some = [document for _account, document in files[first : first + 500]]
                there |= await tx.vault.existing(some)
        return there

    def _changed(self, row: Document) -> None:
        self.board.publish(
            row.account_id, Notice(NoticeKind.DOCUMENTS, str(row.id), {"state": row.state.value})
        )

    def _tell(self, who: Actor) -> None:
        self.board.publish(who.id, Notice(NoticeKind.DOCUMENTS))


def _collection_name(raw: str) -> str:
    name = cleaned_name(raw)[:MAX_COLLECTION_NAME_CHARACTERS].strip()
    if not name:
        raise Invalid("A collection needs a name.", field="name")
    return name


def _stitched(chunks: Sequence[Chunk]) -> tuple[str, int]:
    """Put overlapping chunks together again; returns the text and where it begins."""
    begins = chunks[0].start_offset
    text = ""
    for chunk in chunks:
        missing = chunk.start_offset - begins - len(text)
        text += "\n" * max(0, missing) + chunk.content[max(0, -missing) :]
    return text, begins


__all__ = [
    "Accepted",
    "CollectionSummary",
    "Original",
    "PageText",
    "ParsingFailed",
    "Preview",
    "VaultService",
]
