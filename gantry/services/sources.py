"""What an answer is given to read: passages of documents, past turns and facts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import UNTITLED, CitationKind, StoredMessage
from gantry.domain.context import CitedSource, Knowledge, PartKind, Retrieval, Source
from gantry.domain.errors import GantryError
from gantry.domain.followups import leans_on_before
from gantry.domain.knowledge import (
    DocumentScope,
    DocumentSearch,
    Found,
    KnownFact,
    Passage,
    Recall,
    Recalled,
    ScopeKind,
)
from gantry.domain.messages import _
from gantry.domain.pictures import is_shown
from gantry.domain.vault import UNFINISHED, DocumentState
from gantry.models import Chunk, Document
from gantry.repositories.database import Database

PASSAGES = 8
READY_PATIENCE_SECONDS = 120  # for the next step of a file sent with the question
_PICTURE_PATIENCE_SECONDS = 4  # for its text; a model that sees needs none
_POLL_SECONDS = 0.3
_WHOLE_CHARACTERS = 12_000  # a file sent with the question is given whole up to this size
_PIECE_CHARACTERS = 3000
_BEGINNING = 4  # chunks of a longer one in which search found nothing

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and where it stands."""

    who: Actor
    conversation: UUID
    message: UUID
    text: str
    before: str = ""  # the question before it, which a short one may be about


@dataclass(frozen=True, slots=True)
class SourceFinder:
    """Looks for what may answer a question, in all places at once. Never fails: what does not answer is left out and said."""

    database: Database
    search: DocumentSearch
    memory: Recall

    async def find(self, asked: Asked, *, on_stage: Callable[[str], None]) -> Knowledge:
        """Return facts and sources for a question, documents first.

        Args:
            on_stage: Told what is being read, as a sentence for the reader.
        """
        async with self.database.read(brief=True) as tx:
            thread = await tx.chat.get_conversation(asked.conversation, owner=asked.who.id)
            files = await tx.attachments.sent_with(asked.message)
            attached = await tx.attachments.attached(asked.conversation, owner=asked.who.id)
        if files:
            for file in files:
                await self._wait_for(file, on_stage)
            async with self.database.read() as tx:
                attached = await tx.attachments.attached(asked.conversation, owner=asked.who.id)
        attached = [file for file in attached if not _is_only_seen(file)]
        scope = replace(
            DocumentScope.parse(thread.scope),
            attached=asked.conversation if attached else None,
            sent=tuple(file.id for file in files),
        )
        reads = scope.kind is not ScopeKind.NONE or bool(attached)
        whole = await self._whole(files) if files else []
        unread = await self._unread(asked.conversation, asked.who.id) if attached else ()
        if reads:
            on_stage(_("Reading your documents"))
        question = _searched(asked)
        found, recalled = await asyncio.gather(
            _or_nothing(
                partial(self.search.documents, asked.who, question, scope=scope, limit=PASSAGES),
                "documents",
                Found(),
            )
            if reads
            else _nothing(Found()),
            _or_nothing(
                partial(self.memory.recall, asked.who, question, conversation=asked.conversation),
                "memory",
                Recalled(),
            ),
        )
        (documents, documents_failed), (memories, memory_failed) = found, recalled
        passages = [
            p for p in documents.passages if p.source_id not in {source.document_id for source in whole}
        ]
        missed = {file.id for file in files} - {source.document_id for source in whole}
        missed -= {p.source_id for p in passages}
        beginnings = await self._beginnings([file for file in files if file.id in missed]) if missed else []
        sources = (
            *whole,
            *beginnings,
            *(_of_document(p) for p in passages),
            *(_of_turn(p) for p in memories.turns.passages),
        )
        missing = [*documents.left_out, *memories.turns.left_out]
        missing += ["documents"] * documents_failed + ["memory"] * memory_failed
        retrieval = Retrieval(
            documents=documents.searched if reads else None,
            passages=len(whole) + len(beginnings) + len(passages),
            memories=len(memories.turns.passages),
            facts=len(memories.facts),
            left_out=tuple(dict.fromkeys(missing)),
            unread=unread,
            nothing=None if whole or beginnings or passages else documents.nothing,
        )
        return Knowledge(tuple(memories.facts), sources, retrieval)

    async def look(
        self,
        who: Actor,
        question: str,
        *,
        scope: DocumentScope | None,
        memory: bool,
        conversation: UUID | None,
    ) -> Knowledge:
        """Return facts and sources for a program's question; NotFound where *scope* names what is not *who*'s."""
        if scope is not None:
            async with self.database.read() as tx:
                await tx.attachments.require_scope(scope, owner=who.id)
        found, recalled = await asyncio.gather(
            _nothing(Found())
            if scope is None
            else _or_nothing(
                partial(self.search.documents, who, question, scope=scope, limit=PASSAGES),
                "documents",
                Found(),
            ),
            _or_nothing(
                partial(self.memory.recall, who, question, conversation=conversation), "memory", Recalled()
            )
            if memory
            else _nothing(Recalled()),
        )
        (documents, documents_failed), (memories, memory_failed) = found, recalled
        missing = [*documents.left_out, *memories.turns.left_out]
        missing += ["documents"] * documents_failed + ["memory"] * memory_failed
        retrieval = Retrieval(
            documents=None if scope is None else documents.searched,
            passages=len(documents.passages),
            memories=len(memories.turns.passages),
            facts=len(memories.facts),
            left_out=tuple(dict.fromkeys(missing)),
            nothing=None if documents.passages else documents.nothing,
        )
        sources = (*map(_of_document, documents.passages), *map(_of_turn, memories.turns.passages))
        return Knowledge(tuple(memories.facts), sources, retrieval)

    async def _wait_for(self, file: Document, on_stage: Callable[[str], None]) -> None:
        """Wait until a file sent with the question can be searched, as long as it comes on."""
        seconds = _PICTURE_PATIENCE_SECONDS if is_shown(file.media_type) else READY_PATIENCE_SECONDS
        with suppress(TimeoutError):  # the answer goes on without it, and says so
            async with asyncio.timeout(seconds) as patience:
                seen = None
                while True:
                    async with self.database.read() as tx:
                        row = await tx.attachments.find_document(file.id)
                    if row is None or row.state not in UNFINISHED:
                        return
                    now = (row.state, row.pages_done, row.embedded_count)
                    if now != seen:
                        seen = now
                        patience.reschedule(asyncio.get_running_loop().time() + seconds)
                        on_stage(_reading(row))
                    await asyncio.sleep(_POLL_SECONDS)

    async def _unread(self, conversation: UUID, owner: UUID) -> tuple[str, ...]:
        """Return a sentence for each file of a conversation that the answer had to do without."""
        async with self.database.read() as tx:
            files = await tx.attachments.attached(conversation, owner=owner)
        return tuple(sentence for file in files if (sentence := _why_unread(file)))

    async def _whole(self, files: Sequence[Document]) -> list[Source]:
        """Return short files that were sent with the question from beginning to end: no search can be better."""
        made: list[Source] = []
        left = _WHOLE_CHARACTERS
        async with self.database.read() as tx:
            for file in files:
                row = await tx.attachments.find_document(file.id)
                if row is None or not row.chunk_count or row.characters > left:
                    continue
                left -= row.characters
                chunks = await tx.attachments.pieces(row.id, limit=1000)
                made += _pieces(row, chunks)
        return made

    async def _beginnings(self, files: Sequence[Document]) -> list[Source]:
        """Return how long files begin that were sent with a question such as "summarize this", which no search finds."""
        made: list[Source] = []
        async with self.database.read() as tx:
            for file in files:
                row = await tx.attachments.find_document(file.id)
                if row is not None:
                    made += _pieces(row, await tx.attachments.pieces(row.id, limit=_BEGINNING))
        return made

    async def stored(self, message: UUID) -> Knowledge:
        """Return what an answer was given before: for going on with it under the same numbers."""
        async with self.database.read() as tx:
            rows = (await tx.sent.citations([message], passages=True)).get(message, [])
            said = await tx.sent.said([row.source_message_id for row in rows if row.source_message_id])
            answer = await tx.chat.find_message(message)
            trace = await tx.sent.trace(message)
        parts = trace.parts if trace else ()
        return Knowledge(
            tuple(
                KnownFact(part.text, part.memory_item_id)
                for part in parts
                if part.kind is PartKind.FACT and part.text
            ),
            tuple(_of_citation(row, said.get(row.source_message_id)) for row in rows),
            Retrieval.parse(answer.retrieval) if answer else None,
        )


def _searched(asked: Asked) -> str:
    """Return what to search for: a question that leans on the one before it together with that."""
    if asked.before and leans_on_before(asked.text):
        return f"{asked.before}\n{asked.text}"
    return asked.text


def _is_only_seen(file: Document) -> bool:
    """Whether there is nothing to read in a file, but something to look at."""
    return is_shown(file.media_type) and not file.chunk_count


def _reading(file: Document) -> str:
    """Say how much of *file* has been read: by its pages while they are read, by its pieces while they are indexed."""
    if file.state is DocumentState.EMBEDDING and file.chunk_count:
        percent = 100 * file.embedded_count // file.chunk_count
        return _("Reading {name}, {percent} %", name=file.name, percent=percent)
    if file.pages and file.pages_done:
        done, pages = file.pages_done, file.pages
        return _("Reading {name}, page {page} of {pages}", name=file.name, page=done, pages=pages)
    return _("Reading {name}", name=file.name)


def _why_unread(file: Document) -> str:
    """Say why an answer could not use a file, or only in part; empty when it could, and for a picture, which is looked at."""
    if is_shown(file.media_type):
        return ""
    match file.state:
        case DocumentState.READY:
            return ""
        case DocumentState.EMBEDDING:
            return _("{name} was still being indexed: only keyword search was used for it.", name=file.name)
        case DocumentState.FAILED:
            problem = file.problem or {}
            unread = _("{name} could not be read.", name=file.name)
            told = (unread, problem.get("title", ""), problem.get("advice", ""))
            return " ".join(part for part in told if part)
        case _:
            if not (file.pages and file.pages_done):
                return _("{name} was still being read: this answer does not use it.", name=file.name)
            return _(
                "{name} was still being read, page {page} of {pages}: this answer does not use it.",
                name=file.name,
                page=file.pages_done,
                pages=file.pages,
            )


async def _nothing(empty: _Result) -> tuple[_Result, bool]:
    return empty, False


async def _or_nothing(
    work: Callable[[], Awaitable[_Result]], what: str, empty: _Result
) -> tuple[_Result, bool]:
    try:
        return await work(), False
    except GantryError:
        log.warning("sources.part_failed", extra={"part": what})
    except Exception:
        log.exception("sources.part_crashed", extra={"part": what})
    return empty, True


def _of_document(passage: Passage) -> Source:
    return Source(
        CitationKind.DOCUMENT,
        passage.title,
        passage.text,
        page=passage.page,
        heading=passage.heading,
        start=passage.start,
        end=passage.end,
        document_id=passage.source_id,
    )


def _of_turn(passage: Passage) -> Source:
    return Source(
        CitationKind.MESSAGE,
        passage.title or UNTITLED,
        passage.text,
        message_id=passage.message_id,
        memory_item_id=passage.rows[0],
        conversation_id=passage.source_id,
        speaker=passage.speaker,
        said_at=passage.said_at,
    )


def _of_citation(row: CitedSource, said: StoredMessage | None) -> Source:
    return Source(
        row.kind,
        row.title,
        row.passage,
        number=row.number,
        page=row.page,
        heading=row.heading,
        start=row.start_offset,
        end=row.end_offset,
        document_id=row.document_id,
        message_id=row.source_message_id,
        memory_item_id=row.memory_item_id,
        conversation_id=said.conversation_id if said else None,
        speaker=said.role.value if said else "",
        said_at=said.created_at if said else None,
    )


def _pieces(document: Document, chunks: Sequence[Chunk]) -> list[Source]:
    """Join a document's chunks to sources of one page, or of some length where there are no pages."""
    made: list[Source] = []
    for chunk in chunks:
        last = made[-1] if made else None
        if last and last.page == chunk.page and (chunk.page or last.end - last.start < _PIECE_CHARACTERS):
            overlap = max(0, last.end - chunk.start_offset)
            gap = "\n" if chunk.start_offset > last.end else ""
            text = f"{last.text}{gap}{chunk.content[overlap:]}"
            made[-1] = replace(last, text=text, end=max(last.end, chunk.end_offset))
            continue
        made.append(
            Source(
                CitationKind.DOCUMENT,
                document.name,
                chunk.content,
                page=chunk.page,
                heading=chunk.heading,
                start=chunk.start_offset,
                end=chunk.end_offset,
                document_id=document.id,
            )
        )
    return made
