"""Removing what is left of documents: files and vectors whose rows are gone, and uploads that were never sent."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gantry.domain.clock import utc_now
from gantry.domain.errors import Unavailable
from gantry.domain.files import FileStore
from gantry.domain.vectors import VectorKind
from gantry.repositories.database import Database
from gantry.services.conversations import Purged
from gantry.services.ingestion import Ingestion
from gantry.services.vector_changes import VectorChanges

_FORSAKEN_HOURS = 24
_ORPHAN_HOURS = 1
_ASIDE_DAYS = 30  # for which files that belong to no document can be brought back

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Cleans up for everybody, after the rows are gone."""

    database: Database
    files: FileStore
    ingestion: Ingestion
    vectors: VectorChanges
    now: Callable[[], datetime] = utc_now

    async def forget(self, account: UUID, documents: Sequence[UUID]) -> None:
        """Remove the files and vectors of documents whose rows are gone, and stop reading them."""
        for document in documents:
            self.ingestion.stop(document)
        await self.files.remove(account=account, documents=documents)
        if documents:
            await self.vectors.forget(account, VectorKind.CHUNK, sources=documents)

    async def forget_conversations(self, purged: Sequence[Purged]) -> None:
        """Remove the files of conversations whose rows are gone, and all vectors that came from them.

        What cannot be removed now is no loss: the sweep removes vectors, and housekeeping files that no document has.
        """
        for gone in purged:
            try:
                await self.forget(gone.account, gone.documents)
                await self.vectors.forget(gone.account, VectorKind.MEMORY, sources=[gone.conversation])
            except (OSError, Unavailable) as error:
                log.warning("vault.left_behind", extra={"reason": type(error).__name__})

    async def housekeeping(self) -> None:
        """Remove what was uploaded and never sent, and set files aside that belong to no document.

        They are not removed at once: the database may be the wrong one, or be waiting for a restore. Once it knows
        them again they come back.
        """
        async with self.database.begin() as tx:
            gone = await tx.vault.remove_forsaken(before=self.now() - timedelta(hours=_FORSAKEN_HOURS))
        for account, document in gone:
            await self.forget(account, [document])
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
