"""Receiving files, and making documents of them."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid
from gantry.domain.files import FileStore, Received
from gantry.domain.live import Notices
from gantry.domain.messages import _
from gantry.domain.parsing import Parser
from gantry.domain.pictures import MAX_BYTES
from gantry.domain.vault import DocumentState, StoredDocument, cleaned_name
from gantry.models import Document, new_id
from gantry.repositories.database import Database
from gantry.repositories.values import value_of
from gantry.services.document_collections import CollectionService
from gantry.services.document_news import tell_changed
from gantry.services.documents import DocumentService
from gantry.services.ingestion import Ingestion

MAX_UNFINISHED = 500  # documents of one person that wait to be read
MAX_RECEIVING = 32  # files of one person on their way at the same time


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document that was uploaded; ``known`` says that the same file was there already."""

    document: StoredDocument
    known: bool


@dataclass(frozen=True, slots=True)
class UploadService:
    """Uploads. All methods raise NotFound for a collection that is not *who*'s own."""

    database: Database
    files: FileStore
    parser: Parser
    ingestion: Ingestion
    collections: CollectionService
    documents: DocumentService
    notices: Notices
    max_upload_bytes: int
    now: Callable[[], datetime] = utc_now
    quota_bytes: int = 0  # of one person's files; 0 for no limit
    receiving: Counter[UUID] = field(default_factory=Counter[UUID])  # by person, in this process

    async def receive(self, who: Actor, body: AsyncIterator[bytes], *, patiently: bool = False) -> Received:
        """Store an upload for the moment; ``accept`` makes a document of it.

        Args:
            patiently: It may wait to be read behind any number of others.

        Raises:
            Invalid: It is too large, or too many documents wait already.
            Unavailable: There is no room.
        """
        async with self.database.read() as tx:
            if not patiently and await tx.vault.count_unfinished(who.id) >= MAX_UNFINISHED:
                raise Invalid(
                    _("{most} of your documents are already waiting to be read.", most=MAX_UNFINISHED),
                    advice=_("Try again when some are ready."),
                )
            if self.quota_bytes and await tx.vault.stored_bytes(who.id) >= self.quota_bytes:
                raise self._no_room()
        if self.receiving[who.id] >= MAX_RECEIVING:
            raise Invalid(
                _("{most} of your files are being uploaded already.", most=MAX_RECEIVING),
                advice=_("Try again when some have arrived."),
                field="file",
            )
        self.receiving[who.id] += 1
        try:
            return await self.files.receive(body, limit_bytes=self.max_upload_bytes)
        finally:
            self.receiving[who.id] -= 1
            if not self.receiving[who.id]:
                del self.receiving[who.id]

    def _no_room(self) -> Invalid:
        return Invalid(
            _(
                "Your documents take up the {most} MB that one person may have.",
                most=self.quota_bytes // 1000000,
            ),
            advice=_("Delete some, or ask an administrator for more room (STORAGE_QUOTA_MB)."),
            field="file",
        )

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
            attach: It is to be sent with a message, and stands in no collection. A picture is kept as models are given it.

        Raises:
            ParsingFailed: Unsupported file type, or a picture that is damaged or too large when decoded.
        """
        came, media_type = received, ""
        name = cleaned_name(name) or "document"
        try:
            if attach and (picture := await self.parser.picture(came.path)):
                media_type = picture.media_type
                received = await self.files.receive(_once(picture.data), limit_bytes=MAX_BYTES)
            else:
                media_type = (await self.parser.sniff(came.path, name)).media_type
            place = None if attach else await self._place(who, collection)
            return await self._accept(who, received, name, media_type, place)
        finally:
            for each in {came.path: came, received.path: received}.values():
                await self.files.discard(each)  # does nothing once it is kept

    async def _accept(
        self, who: Actor, received: Received, name: str, media_type: str, place: UUID | None
    ) -> Accepted:
        if place is not None and (same := await self._same(who, place, received)):
            return Accepted(same, known=True)
        same_as = await self._room_for(who, received)
        now = self.now()
        row = Document(
            id=new_id(),
            account_id=who.id,
            collection_id=place,
            name=name,
            media_type=media_type,
            size_bytes=received.size_bytes,
            sha256=received.sha256,
            created_at=now,
            updated_at=now,
        )
        await self.files.keep(received, account=who.id, document=row.id, same_as=same_as)
        try:
            async with self.database.begin() as tx:
                await tx.vault.add(row)
        except Conflict:
            await self.files.remove(account=who.id, documents=[row.id])
            if place is not None and (same := await self._same(who, place, received)):
                return Accepted(same, known=True)
            raise
        # After any other fault it may be stored all the same: the file stays, and housekeeping sets it aside if nothing knows it.
        tell_changed(self.notices, row)
        self.ingestion.wake()
        return Accepted(value_of(StoredDocument, row), known=False)

    async def _room_for(self, who: Actor, received: Received) -> UUID | None:
        """Return a document with the same content, which needs no room; Invalid when there is none and no room."""
        async with self.database.read() as tx:
            same_as = await tx.vault.find_content(who.id, received.sha256)
            if same_as is None and self.quota_bytes:
                stored = await tx.vault.stored_bytes(who.id)
                if stored + received.size_bytes > self.quota_bytes:
                    raise self._no_room()
        return same_as

    async def _place(self, who: Actor, collection: UUID | None) -> UUID:
        if collection is None:
            return await self.collections.default(who)
        async with self.database.read() as tx:
            return (await tx.vault.get_collection(collection, owner=who.id)).id

    async def _same(self, who: Actor, collection: UUID, received: Received) -> StoredDocument | None:
        """Return the document that is there with this content; a file that it has lost is the received one from now on."""
        async with self.database.read() as tx:
            same = await tx.vault.find_same(collection, received.sha256)
        if same is None:
            return None
        if not await self.files.holds(account=who.id, document=same.id):
            await self.files.keep(received, account=who.id, document=same.id)
        if same.state is DocumentState.FAILED:
            await self.documents.retry(who, same.id)
        return value_of(StoredDocument, same)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
