"""The catalog as tests use it: real database, real HTTP, scripted model servers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gantry.adapters.openai.servers import HttpModelServers
from gantry.adapters.secrets.encryption import FernetEncryption
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec
from gantry.repositories.database import Database
from gantry.services.catalog import CatalogService
from gantry.services.catalog_cache import CatalogCache
from gantry.services.connections import ConnectionService
from gantry.services.extractive import ExtractiveAnswerer
from tests.parts.accounts import Clock

SECRET = "a secret for tests that is long enough"


def fixed(slug: str, url: str, key: str | None = None) -> ConnectionSpec:
    """Return a connection as the environment gives one."""
    return ConnectionSpec(
        slug, slug.title(), ConnectionKind.OPENAI, url, ConnectionOrigin.ENVIRONMENT, api_key=key
    )


@dataclass
class Catalogs:
    """Makes catalogs on one database, as processes that start one after another; closes them all."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    _open: list[tuple[CatalogService, HttpModelServers]] = field(default_factory=list)

    def start(
        self,
        *connections: ConnectionSpec,
        secret: str = SECRET,
        ports: dict[ConnectionKind, int] | None = None,
        listing_seconds: float = 5,
    ) -> CatalogService:
        """Start a process; with *ports* it probes them."""
        servers = HttpModelServers(ports=ports or {}, listing_seconds=listing_seconds)
        vault = FernetEncryption(secret)
        cache = CatalogCache(
            self.database, servers, vault, fixed=connections, probing=ports is not None, now=self.clock
        )
        catalog = CatalogService(
            database=self.database,
            servers=servers,
            cache=cache,
            built_in=ExtractiveAnswerer(self.database),
            now=self.clock,
        )
        self._open.append((catalog, servers))
        return catalog

    async def aclose(self) -> None:
        """Stop every process."""
        for catalog, servers in self._open:
            await catalog.aclose()
            await servers.aclose()


def names(choices: Sequence[object]) -> list[str]:
    """Return the ids of models, those that are away in parentheses."""
    return [
        choice.id if choice.available else f"({choice.id})"  # pyright: ignore[reportAttributeAccessIssue]
        for choice in choices
    ]


def connections_of(catalog: CatalogService) -> ConnectionService:
    """Return what administrators change the model servers of a process with."""
    cache = catalog.cache
    return ConnectionService(catalog.database, catalog.servers, cache.keys, cache, catalog.now)
