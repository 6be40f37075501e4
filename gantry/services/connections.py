"""What administrators do with model servers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.catalog import (
    ConnectionKind,
    ConnectionOrigin,
    ConnectionSpec,
    Listing,
    ModelServers,
    ServerState,
    Waits,
)
from gantry.domain.clock import utc_now
from gantry.domain.connections import (
    checked_api_key,
    checked_connection_name,
    checked_models,
    checked_wait,
    normal_base_url,
    same_server,
    slug_of,
)
from gantry.domain.credentials import KeyEncryption
from gantry.domain.errors import Invalid
from gantry.domain.messages import _
from gantry.models import Connection
from gantry.repositories.database import Database
from gantry.services.catalog_cache import CatalogCache, Known

CHANGE_WAIT_SECONDS = 1.5  # for which a change waits for its server, so that its author sees how it is


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """What an administrator typed. ``api_key``: None keeps the stored one, empty removes it."""

    name: str
    base_url: str
    kind: ConnectionKind = ConnectionKind.OPENAI
    api_key: str | None = field(default=None, repr=False)
    models: Sequence[str] = ()  # named by hand
    first_word_seconds: float | None = None  # None: the usual time
    between_words_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """A connection as administrators see it; the key itself never leaves the service."""

    spec: ConnectionSpec  # with api_key=None
    id: UUID | None
    origin: ConnectionOrigin
    has_key: bool
    state: ServerState
    problem: str
    advice: str
    models: int
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectionService:
    """Model servers, as administrators add and change them."""

    database: Database
    servers: ModelServers
    keys: KeyEncryption
    cache: CatalogCache
    now: Callable[[], datetime] = utc_now

    async def connections(self, who: Actor) -> list[ConnectionStatus]:
        """Administrators: every connection and how it is."""
        who.require_admin()
        await self.cache.ready()
        known = list(self.cache.known())
        return [self._status(spec, known) for spec in self.cache.specs.values()]

    async def test_connection(
        self, who: Actor, draft: ConnectionDraft, connection: UUID | None = None
    ) -> Listing:
        """Administrators: ask a server for its models without keeping anything. ModelUnavailable says why not.

        Args:
            connection: Its stored key is used when *draft* has none.
        """
        who.require_admin()
        spec = _spec(draft)
        if draft.api_key is None and connection is not None:
            async with self.database.read() as tx:
                row = await tx.catalog.get_connection(connection)
            _keep_key_at_home(row, spec.base_url)
            if row.key_encrypted is not None:
                spec = replace(spec, api_key=self.keys.unseal(row.key_encrypted))
        return await self.servers.list_models(spec)

    async def add_connection(self, who: Actor, draft: ConnectionDraft) -> UUID:
        """Administrators: keep a model server; its slug is made from its name."""
        who.require_admin()
        spec, moment = _spec(draft), self.now()
        await self.cache.ready()
        async with self.database.begin() as tx:
            taken = self.cache.taken_slugs() | await tx.catalog.list_slugs()
            row = Connection(
                slug=slug_of(spec.name, taken),
                name=spec.name,
                kind=spec.kind,
                base_url=spec.base_url,
                key_encrypted=self._sealed(spec.api_key),
                **_own_ways(draft, spec),
                created_at=moment,
                updated_at=moment,
            )
            await tx.catalog.add(row)
            await tx.accounts.record(who, "connection.added", row.slug, at=moment, base_url=row.base_url)
        await self._changed()
        return row.id

    async def edit_connection(self, who: Actor, connection: UUID, draft: ConnectionDraft) -> None:
        """Administrators: change a stored connection; its slug stays, conversations know its models by it.

        Raises:
            Invalid: field="api_key" when the address is another server's and the key was not entered again.
        """
        who.require_admin()
        spec, moment = _spec(draft), self.now()
        async with self.database.begin() as tx:
            row = await tx.catalog.get_connection(connection, lock=True)
            if draft.api_key is None:
                _keep_key_at_home(row, spec.base_url)
            else:
                row.key_encrypted = self._sealed(spec.api_key)
            row.name, row.kind, row.base_url, row.updated_at = spec.name, spec.kind, spec.base_url, moment
            row.sqlmodel_update(_own_ways(draft, spec))
            await tx.accounts.record(who, "connection.changed", row.slug, at=moment, base_url=row.base_url)
        await self._changed()

    async def remove_connection(self, who: Actor, connection: UUID) -> None:
        """Administrators: forget a stored connection and its models."""
        who.require_admin()
        known = (spec.slug for spec in self.cache.specs.values() if spec.id == connection)
        async with self.database.begin() as tx:
            row = await tx.catalog.get_connection(connection, lock=True)
            await tx.accounts.record(who, "connection.removed", row.slug, at=self.now())
            await tx.catalog.remove(row, slug=next(known, row.slug))
        await self._changed()

    async def _changed(self) -> None:
        await self.cache.load()
        self.cache.on_change()
        await self.cache.refresh(afresh=True, within_seconds=CHANGE_WAIT_SECONDS)

    def _sealed(self, key: str | None) -> str | None:
        return self.keys.seal(key) if key else None

    def _status(self, spec: ConnectionSpec, known: list[Known]) -> ConnectionStatus:
        health = self.cache.health(spec.slug)
        return ConnectionStatus(
            spec=replace(self.cache.opened_as(spec), api_key=None),
            id=spec.id,
            origin=spec.origin,
            has_key=self.cache.has_key(spec.slug),
            state=health.state,
            problem=health.problem,
            advice=health.advice,
            models=sum(model.spec.slug == spec.slug for model in known),
            checked_at=health.checked_at,
        )


def _spec(draft: ConnectionDraft) -> ConnectionSpec:
    """Check what an administrator typed; Invalid names the field at fault."""
    return ConnectionSpec(
        slug="draft",
        name=checked_connection_name(draft.name),
        kind=draft.kind,
        base_url=normal_base_url(draft.base_url, draft.kind),
        origin=ConnectionOrigin.STORED,
        api_key=checked_api_key(draft.api_key) if draft.api_key else None,
        waits=Waits.of(
            checked_wait(draft.first_word_seconds, "first_word_seconds"),
            checked_wait(draft.between_words_seconds, "between_words_seconds"),
        ),
        models=checked_models(draft.models),
    )


def _own_ways(draft: ConnectionDraft, spec: ConnectionSpec) -> dict[str, Any]:
    """Return the columns in which a connection may differ from what is usual."""
    return {
        "models_by_hand": list(spec.models) or None,
        "first_word_seconds": draft.first_word_seconds,
        "between_words_seconds": draft.between_words_seconds,
    }


def _keep_key_at_home(row: Connection, base_url: str) -> None:
    """Refuse to send a stored key to a server it was not given for."""
    if row.key_encrypted is not None and not same_server(row.base_url, base_url):
        raise Invalid(
            _("The server's address has changed: enter the API key again."),
            advice=_("A stored key is only sent to the server it was entered for."),
            field="api_key",
        )
