"""What is known about model servers, asked again in the background."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gantry.domain.catalog import (
    BUILT_IN,
    ConnectionKind,
    ConnectionOrigin,
    ConnectionSpec,
    ListedModel,
    ModelRef,
    ModelServers,
    ServerState,
    Waits,
)
from gantry.domain.clock import utc_now
from gantry.domain.connections import slug_of
from gantry.domain.credentials import KeyEncryption
from gantry.domain.errors import GantryError, Unavailable
from gantry.domain.messages import _
from gantry.models import Connection, ModelEntry
from gantry.repositories.database import Database

FRESH_SECONDS = 60
FIRST_ANSWER_SECONDS = 5.0
FIRST_WAIT_SECONDS = 0.3  # for which the very first page waits for a list; later ones never wait
_MAX_NAME_CHARACTERS = 255

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """How a server was when it was last asked."""

    state: ServerState = "unknown"
    problem: str = ""
    advice: str = ""
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A model as far as we know it; ``spec`` is its server, with the key."""

    spec: ConnectionSpec
    name: str
    context_tokens: int | None
    available: bool

    @property
    def ref(self) -> ModelRef:
        """The name people and conversations know it by."""
        return ModelRef(self.spec.slug, self.name)


class CatalogCache:
    """The connections and their models in this process: the one thing of the catalog that changes.

    The table ``model_entry`` keeps the lists across restarts and between replicas; connections are read
    again with every round, and when another process tells of a change (``CatalogNews``).

    ``on_change`` is called when what pages show may be another than before.
    """

    def __init__(
        self,
        database: Database,
        servers: ModelServers,
        keys: KeyEncryption,
        *,
        fixed: Sequence[ConnectionSpec] = (),
        probing: bool = False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.specs: dict[str, ConnectionSpec] = {}  # by slug: fixed, then stored, then probed
        self.on_change: Callable[[], None] = lambda: None
        self._database = database
        self._servers = servers
        self.keys = keys
        self._fixed = tuple(fixed)
        self._probing = probing
        self._now = now
        self._probed: dict[str, ConnectionSpec] = {}
        self._models: dict[str, tuple[ListedModel, ...]] = {}
        self._learned: dict[ModelRef, int] = {}
        self._health: dict[str, Health] = {}
        self._kinds: dict[str, ConnectionKind] = {}  # as servers told
        self._unreadable: dict[str, Unavailable] = {}  # connections whose key cannot be decrypted
        self._loaded = False
        self._asked_at: datetime | None = None
        self._round: asyncio.Task[None] | None = None
        self._again = False
        self._patient_until: float | None = None  # on the event loop's clock

    # what is known

    def known(self) -> Iterator[Known]:
        """Yield every model: by connection, and by name within each."""
        for spec in self.specs.values():
            spec, available = self.opened_as(spec), self.health(spec.slug).state != "failed"  # noqa: PLW2901
            for model in self._models.get(spec.slug, ()):
                length = self.context_tokens(ModelRef(spec.slug, model.name)) or model.context_tokens
                yield Known(spec, model.name, length, available)

    def health(self, slug: str) -> Health:
        """Return how a server was when last asked."""
        unreadable = self._unreadable.get(slug)
        if unreadable is not None:
            return Health("failed", unreadable.public, unreadable.advice)
        return self._health.get(slug, Health())

    def unreadable(self, slug: str) -> Unavailable | None:
        """Return why the key of a connection cannot be read, or None when it can."""
        return self._unreadable.get(slug)

    def has_key(self, slug: str) -> bool:
        """Whether a connection has a key, be it one that cannot be read."""
        return slug in self._unreadable or self.specs[slug].api_key is not None

    def takes_any_name(self, slug: str) -> bool:
        """Whether a model that is not listed may exist all the same: its server is away, or lists nothing."""
        return self.health(slug).state == "failed" or not self._models.get(slug)

    def taken_slugs(self) -> set[str]:
        """Return the slugs no new connection may have."""
        return {BUILT_IN, *self.specs, *self._probed}

    def opened_as(self, spec: ConnectionSpec) -> ConnectionSpec:
        """Return *spec* with the dialect its server told, where "OpenAI-compatible" is all that was configured."""
        told = self._kinds.get(spec.slug)
        return replace(spec, kind=told) if told and spec.kind is ConnectionKind.OPENAI else spec

    def context_tokens(self, ref: ModelRef) -> int | None:
        """Return the length a server told in an error, or None."""
        return self._learned.get(ref)

    def learn(self, ref: ModelRef, context_tokens: int) -> None:
        """Remember a length told in an error."""
        self._learned[ref] = context_tokens

    # how it becomes known

    async def ready(self) -> None:
        """Know what the database knows, and have servers asked when that is older than a minute.

        Waits for servers only when no model at all is known yet, and all callers together FIRST_WAIT_SECONDS.
        """
        if not self._loaded:
            await self.load()
        asked_at = self._asked_at
        if asked_at is None or self._now() - asked_at > timedelta(seconds=FRESH_SECONDS):
            running = self._start()
            if asked_at is None and not any(self.known()):
                now = asyncio.get_running_loop().time()
                self._patient_until = self._patient_until or now + FIRST_WAIT_SECONDS
                await asyncio.wait({running}, timeout=max(0, self._patient_until - now))

    async def refresh(self, *, afresh: bool = False, within_seconds: float | None = None) -> None:
        """Ask all servers, together with whoever is asking already; never raises.

        Args:
            afresh: What the running round has read may be outdated: have another one follow it.
            within_seconds: Stop waiting then; the round goes on.
        """
        self._again = self._again or (afresh and self._round is not None and not self._round.done())
        await asyncio.wait({self._start()}, timeout=within_seconds)

    async def somebody(self) -> None:
        """Wait for the first model, while configured servers are being asked for the first time.

        For whoever is about to ask a model: falling back to the built-in answerer would be an answer nobody wants.
        """
        await self.ready()
        if self._asked_at is None and self.specs and not any(self.known()):
            await self.refresh(within_seconds=FIRST_ANSWER_SECONDS)

    def forget(self) -> None:
        """Read the database again before the next answer: another process has changed something."""
        self._loaded = False

    async def load(self) -> None:
        """Read connections and the last known models from the database."""
        async with self._database.read() as tx:
            connections = await tx.catalog.list_connections()
            entries = await tx.catalog.list_entries()
        self._place(connections)
        self._remember(entries)
        self._loaded = True

    async def aclose(self) -> None:
        """Stop asking."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait({self._round})
            self._round = None

    def _start(self) -> asyncio.Task[None]:
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._rounds(), name="catalog-refresh")
        return self._round

    async def _rounds(self) -> None:
        while True:
            self._again = False
            try:
                await self._ask_everybody()
            except GantryError:
                log.warning("catalog.refresh_failed", exc_info=True)
            except Exception:  # nobody awaits the outcome: without this a bug would be silent
                log.exception("catalog.refresh_broke")
            self._asked_at = self._now()
            if not self._again:
                return

    async def _ask_everybody(self) -> None:
        await self.load()
        if self._probing and not any(
            spec.origin is not ConnectionOrigin.PROBED for spec in self.specs.values()
        ):
            # What answered once stays listed when it is away, like any other server.
            self._probed |= {spec.slug: spec for spec in await self._servers.probe()}
            self.specs = dict(self._probed)
        async with asyncio.TaskGroup() as asking:
            for spec in self.specs.values():
                if spec.slug not in self._unreadable:
                    asking.create_task(self._ask(spec))

    async def _ask(self, spec: ConnectionSpec) -> None:
        try:
            listing = await self._servers.list_models(spec)
        except GantryError as error:
            self._failed(spec, error.public, error.advice)
            return
        except Exception:  # one server that nobody understands must not hide the others
            log.exception("catalog.server_crashed", extra={"connection": spec.slug})
            self._failed(spec, _("The model server could not be asked."), _("The log says what failed."))
            return
        if self.specs.get(spec.slug) != spec:
            return  # changed or removed while it answered
        listed = (model for model in listing.models if 0 < len(model.name) <= _MAX_NAME_CHARACTERS)
        models = tuple(sorted(listed, key=_by_name))
        changed = models != self._models.get(spec.slug, ())
        was_away = self._health.get(spec.slug, Health()).state == "failed"
        self._models[spec.slug] = models
        self._kinds[spec.slug] = listing.kind
        self._health[spec.slug] = Health("ok", checked_at=self._now())
        if changed:  # mostly it has not: no write a minute for nothing
            await self._keep(spec.slug, models)
        if changed or was_away:
            self.on_change()

    def _failed(self, spec: ConnectionSpec, problem: str, advice: str) -> None:
        was_there = self._health.get(spec.slug, Health()).state != "failed"
        self._health[spec.slug] = Health("failed", problem, advice, self._now())
        if was_there:
            self.on_change()
        log.info("catalog.server_failed", extra={"connection": spec.slug, "problem": problem})

    async def _keep(self, slug: str, models: Sequence[ListedModel]) -> None:
        try:
            async with self._database.begin() as tx:
                await tx.catalog.keep_listing(slug, models, at=self._now())
        except GantryError:  # pages have the list all the same; the next change is kept again
            log.warning("catalog.keep_failed", exc_info=True, extra={"connection": slug})

    def _place(self, connections: Sequence[Connection]) -> None:
        """Put the connections in order; what changed has to be asked anew."""
        before = self.specs
        specs = {spec.slug: spec for spec in self._fixed}
        self._unreadable = {}
        taken = {BUILT_IN, *specs}
        for row in connections:
            # A connection from the environment that came later takes its slug from a stored one.
            others = {other.slug for other in connections if other is not row}
            slug = slug_of(row.slug, taken | others) if row.slug in taken else row.slug
            taken.add(slug)
            specs[slug] = self._spec(row, slug)
        self.specs = specs or dict(self._probed)
        for slug, spec in self.specs.items():
            known = before.get(slug)
            if known is None or replace(known, name=spec.name) != spec:
                self._health.pop(slug, None)
                self._kinds.pop(slug, None)

    def _spec(self, row: Connection, slug: str) -> ConnectionSpec:
        key = None
        if row.key_encrypted is not None:
            try:
                key = self.keys.unseal(row.key_encrypted)
            except Unavailable as error:
                self._unreadable[slug] = error
        return ConnectionSpec(
            slug,
            row.name,
            row.kind,
            row.base_url,
            ConnectionOrigin.STORED,
            key,
            row.id,
            waits=Waits.of(row.first_word_seconds, row.between_words_seconds),
            models=tuple(row.models_by_hand or ()),
        )

    def _remember(self, entries: Sequence[ModelEntry]) -> None:
        models: dict[str, list[ListedModel]] = {}
        for entry in entries:
            learned = entry.context_tokens if entry.context_learned else None
            ref = ModelRef(entry.connection_slug, entry.name)
            if learned:
                self._learned[ref] = learned
            else:
                self._learned.pop(ref, None)
            listed = self._listed(entry.connection_slug, entry.name) if learned else None
            models.setdefault(entry.connection_slug, []).append(
                listed or ListedModel(entry.name, entry.context_tokens)
            )
        self._models = {slug: tuple(sorted(listed, key=_by_name)) for slug, listed in models.items()}

    def _listed(self, slug: str, name: str) -> ListedModel | None:
        """Return a model as its server listed it; the table knows only what it told later, in an error."""
        return next((model for model in self._models.get(slug, ()) if model.name == name), None)


def _by_name(model: ListedModel) -> tuple[str, str]:
    return model.name.casefold(), model.name
