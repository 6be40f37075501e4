"""The collections a person sorts their documents into."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.clock import utc_now
from gantry.domain.errors import Conflict, Invalid
from gantry.domain.live import Notices
from gantry.domain.messages import _
from gantry.domain.vault import (
    DEFAULT_COLLECTION_NAME,
    MAX_COLLECTION_NAME_CHARACTERS,
    CollectionSummary,
    cleaned_name,
)
from gantry.models import Collection
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of
from gantry.services.cleaning import Cleaner
from gantry.services.document_news import tell_all

MAX_COLLECTIONS = 200


@dataclass(frozen=True, slots=True)
class CollectionService:
    """Collections. All methods raise NotFound for what is not *who*'s own."""

    database: Database
    cleaner: Cleaner
    notices: Notices
    now: Callable[[], datetime] = utc_now

    async def list_collections(self, who: Actor) -> list[CollectionSummary]:
        """Return the collections, the default one first."""
        async with self.database.read() as tx:
            found = await tx.vault.collections(who.id)
        if not any(each.is_default for each in found):
            await self.default(who)
            async with self.database.read() as tx:
                found = await tx.vault.collections(who.id)
        return found

    async def default(self, who: Actor) -> UUID:
        """Return the id of the default collection, which is made when it is first needed."""
        async with self.database.read() as tx:
            row = await tx.vault.find_default(who.id)
        if row is not None:
            return row.id
        try:
            async with self.database.begin() as tx:
                row = self._new(who, str(DEFAULT_COLLECTION_NAME), is_default=True)
                await tx.vault.add(row)
        except Conflict:  # another tab has made it
            async with self.database.read() as tx:
                row = await tx.vault.find_default(who.id)
            if row is None:
                raise
        return row.id

    def _new(self, who: Actor, name: str, *, is_default: bool = False) -> Collection:
        now = self.now()
        return Collection(account_id=who.id, name=name, is_default=is_default, created_at=now, updated_at=now)

    async def create(self, who: Actor, name: str) -> CollectionSummary:
        """Make a collection; Conflict when there is one of that name."""
        row = self._new(who, _collection_name(name))
        await self.default(who)  # so that no other can take its name
        async with self.database.begin() as tx:
            if len(await tx.vault.collections(who.id)) >= MAX_COLLECTIONS:
                raise Invalid(_("There can be at most {most} collections.", most=MAX_COLLECTIONS))
        await self._named(row.name, lambda tx: tx.vault.add(row))
        tell_all(self.notices, who)
        return value_of(CollectionSummary, row, documents=0, ready=0, size_bytes=0)

    async def rename(self, who: Actor, collection: UUID, name: str) -> None:
        """Give a collection another name; Conflict when there is one of that name."""
        name = _collection_name(name)

        async def rename(tx: UnitOfWork) -> None:
            row = await tx.vault.get_collection(collection, owner=who.id)
            row.name, row.updated_at = name, self.now()

        await self._named(name, rename)
        tell_all(self.notices, who)

    async def _named(self, name: str, work: Callable[[UnitOfWork], "object"]) -> None:
        try:
            async with self.database.begin() as tx:
                await work(tx)  # pyright: ignore[reportGeneralTypeIssues]
        except Conflict:
            raise Conflict(
                _("A collection named “{name}” already exists.", name=name), advice=_("Choose another name.")
            ) from None

    async def delete(self, who: Actor, collection: UUID) -> None:
        """Delete a collection with its documents; the default one stays."""
        async with self.database.begin() as tx:
            row = await tx.vault.get_collection(collection, owner=who.id)
            if row.is_default:
                raise Invalid(
                    _("The default collection cannot be deleted."), advice=_("Delete its documents instead.")
                )
            documents = list(await tx.vault.of_collection(collection))
            await tx.vault.remove_collection(row)
        await self.cleaner.forget(who.id, documents)
        tell_all(self.notices, who)


def _collection_name(raw: str) -> str:
    name = cleaned_name(raw)[:MAX_COLLECTION_NAME_CHARACTERS].strip()
    if not name:
        raise Invalid(_("A collection needs a name."), field="name")
    return name
