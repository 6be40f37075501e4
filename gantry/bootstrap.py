"""The composition root: reads the settings, builds every adapter and service, closes them."""

import fcntl
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from gantry import workers
from gantry.adapters import chroma_index
from gantry.adapters.archive_store import TarArchives
from gantry.adapters.chroma_index import ChromaIndex
from gantry.adapters.document_files import LocalFiles
from gantry.adapters.document_folder import LocalDocuments
from gantry.adapters.embedders import Embedders
from gantry.adapters.key_vault import FernetVault
from gantry.adapters.memory_live import MemoryEventLog, MemoryNoticeBoard, MemoryRateLimiter
from gantry.adapters.model_servers import HttpModelServers
from gantry.adapters.openai_embeddings import OpenAiEmbedder
from gantry.adapters.parsing.process import ProcessParser
from gantry.adapters.passwords import Argon2Passwords
from gantry.adapters.prometheus import PrometheusTelemetry
from gantry.adapters.rerank import HttpReranker
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec
from gantry.domain.errors import Conflict
from gantry.domain.limits import RateLimiter
from gantry.domain.live import EventLog, NoticeBoard, Roster
from gantry.domain.telemetry import Telemetry
from gantry.log import configure
from gantry.repositories import migrations
from gantry.repositories.clock import DatabaseClock
from gantry.repositories.database import Database
from gantry.runtime import Services, installed
from gantry.services.accounts import AccountService
from gantry.services.answers import AnswerService
from gantry.services.archive import ArchiveService
from gantry.services.catalog import CatalogService
from gantry.services.catalog_cache import CatalogCache
from gantry.services.catalog_news import CatalogNews
from gantry.services.chat import ChatService
from gantry.services.extractive import ExtractiveAnswerer
from gantry.services.feed import FeedService
from gantry.services.indexing import Indexer
from gantry.services.ingestion import Ingestion
from gantry.services.learning import Learner
from gantry.services.memory import MemoryService
from gantry.services.operations import OperationsService, Part
from gantry.services.prompting import Prompter
from gantry.services.retrieval import Retriever
from gantry.services.scribe import Scribe
from gantry.services.sources import SourceFinder
from gantry.services.succession import Succession
from gantry.services.vault import VaultService
from gantry.services.writing import Writers
from gantry.settings import Settings, load_settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """What the processes of one deployment share while they run."""

    events: EventLog
    board: NoticeBoard
    limiter: RateLimiter
    part: Part | None
    roster: Roster | None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What reads, indexes and remembers."""

    indexer: Indexer
    ingestion: Ingestion
    retriever: Retriever
    vault: VaultService
    memory: MemoryService
    learner: Learner
    scribe: Scribe


@dataclass(frozen=True, slots=True)
class Built:
    """A running set of services, and what the workers need of it."""

    services: Services
    writers: Writers
    succession: Succession | None
    clock: DatabaseClock
    knowledge: Knowledge


def front_ends() -> frozenset[str]:
    """Return the origins of front ends that are served elsewhere."""
    return load_settings().front_ends


def max_upload_bytes() -> int:
    """Return how large the body of an upload may be: the file and what is around it."""
    return load_settings().max_upload_mb * 1_000_000 + 100_000


def migrate(settings: Settings) -> None:
    """Bring the database to the schema of this version.

    Raises:
        WrongSchema: It is newer; nothing was changed.
    """
    revision = migrations.current(settings.database_url)
    if revision not in {None, migrations.head()}:
        migrations.require_known(revision)
    migrations.upgrade(settings.database_url)


def require_schema(settings: Settings) -> None:
    """Raise WrongSchema unless the database has the schema of this version."""
    migrations.require_head(migrations.current(settings.database_url))


def archives(settings: Settings) -> ArchiveService:
    """Return the service for backup and restore; it opens nothing before it is used."""
    return ArchiveService(
        database_url=settings.database_url,
        secret_key=settings.secret_key.get_secret_value(),
        store=TarArchives(),
        documents=LocalDocuments(settings.data_dir / "documents"),
    )


@asynccontextmanager
async def lifespan() -> AsyncGenerator[None]:
    """Run the services as long as the application serves."""
    settings = load_settings()
    configure(settings.log_level, json=settings.production, access=settings.access_log_enabled)
    require_schema(settings)
    with _only_process(settings) as alone:
        async with build(settings) as built:
            services = built.services
            with installed(services):
                if settings.admin_email and settings.admin_password:
                    password = settings.admin_password.get_secret_value()
                    await services.accounts.ensure_admin(settings.admin_email, password)
                async with (
                    services.operations.watching(),
                    workers.running(
                        built.writers,
                        services.chat,
                        services.accounts,
                        sweep_seconds=settings.sweep_seconds,
                        alone=alone,
                        succession=built.succession,
                        adjust_clock=built.clock.adjust,
                        background=workers.Background(
                            built.knowledge.ingestion,
                            built.knowledge.indexer,
                            built.knowledge.learner,
                            built.knowledge.vault,
                            built.knowledge.scribe,
                            lambda: built.writers.count,
                        ),
                    ),
                ):
                    yield


@asynccontextmanager
async def build(settings: Settings) -> AsyncGenerator[Built]:
    """Build all services over their adapters; everything opened is closed at the end of the block."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(settings.database_url))
        clock = DatabaseClock(database)
        await clock.adjust()
        live = await _live(settings, stack)
        servers = await stack.enter_async_context(HttpModelServers())
        vault = FernetVault(settings.secret_key.get_secret_value())
        cache = CatalogCache(
            database,
            servers,
            vault,
            fixed=fixed_connections(settings),
            probing=settings.probe_local_models,
        )
        stack.push_async_callback(cache.aclose)
        news = CatalogNews(cache, live.board)
        news.start()
        stack.push_async_callback(news.aclose)
        catalog = CatalogService(
            database=database,
            servers=servers,
            vault=vault,
            cache=cache,
            built_in=ExtractiveAnswerer(database),
        )
        telemetry = PrometheusTelemetry()
        scribe = Scribe(database, catalog, live.board, busy=lambda: writers.count, now=clock)
        knowledge = await _knowledge(settings, database, live, clock, telemetry, scribe, stack)
        writers = Writers(
            database,
            live.events,
            live.board,
            catalog,
            Prompter(database, knowledge.learner),
            finder=SourceFinder(database, knowledge.retriever, knowledge.memory),
            lease_seconds=settings.generation_lease_seconds,
            heartbeat_seconds=settings.generation_heartbeat_seconds,
            telemetry=telemetry,
            now=clock,
        )
        succession = Succession(database, live.roster, writers, clock) if live.roster else None
        services = _services(settings, database, live, catalog, writers, clock, telemetry, knowledge)
        yield Built(services, writers, succession, clock, knowledge)


async def _knowledge(
    settings: Settings,
    database: Database,
    live: Live,
    clock: DatabaseClock,
    telemetry: Telemetry,
    scribe: Scribe,
    stack: AsyncExitStack,
) -> Knowledge:
    embedders = _embedders(settings)
    stack.push_async_callback(embedders.aclose)
    index = vector_index(settings)
    stack.push_async_callback(index.aclose)
    indexer = Indexer(database, index, embedders.wanted, embedders, now=clock)
    reranker = None
    if settings.rerank_base_url:
        reranker = HttpReranker(
            settings.rerank_base_url, settings.rerank_model, api_key=_secret(settings.rerank_api_key)
        )
        stack.push_async_callback(reranker.aclose)
    retriever = Retriever(database, indexer, reranker)
    files, parser = LocalFiles(settings.data_dir / "documents"), ProcessParser()
    ingestion = Ingestion(database, files, parser, indexer, live.board, telemetry=telemetry, now=clock)
    return Knowledge(
        indexer,
        ingestion,
        retriever,
        VaultService(
            database,
            files,
            parser,
            ingestion,
            indexer,
            live.board,
            max_upload_bytes=settings.max_upload_mb * 1_000_000,
            now=clock,
        ),
        MemoryService(database, retriever, indexer, live.board, clock),
        Learner(database, live.board, scribe, clock),
        scribe,
    )


def _embedders(settings: Settings) -> Embedders:
    wanted, folder = settings.embedding_model, settings.data_dir / "models"
    url, key = settings.embedding_base_url, _secret(settings.embedding_api_key)
    if not url:
        return Embedders(wanted, folder, None)

    def of_server(name: str) -> OpenAiEmbedder:
        return OpenAiEmbedder(url, name, api_key=key, must_be_listed=name != wanted)

    return Embedders(wanted, folder, of_server)


def vector_index(settings: Settings) -> ChromaIndex:
    """Return the index of vectors; it opens nothing before it is used."""
    if settings.chroma_host:
        return ChromaIndex(chroma_index.server(settings.chroma_host), chroma_index.SERVER)
    return ChromaIndex(chroma_index.embedded(settings.data_dir / "chroma"), chroma_index.EMBEDDED)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def _services(
    settings: Settings,
    database: Database,
    live: Live,
    catalog: CatalogService,
    writers: Writers,
    clock: DatabaseClock,
    telemetry: Telemetry,
    knowledge: Knowledge,
) -> Services:
    parts = {"database": Part(_ask_database(database), required=True)}
    if live.part:
        parts["redis"] = live.part
    parts["chroma"] = Part(knowledge.indexer.index.ping)
    return Services(
        accounts=AccountService(
            database=database,
            passwords=Argon2Passwords(),
            limiter=live.limiter,
            board=live.board,
            session_hours=settings.session_expire_hours,
            telemetry=telemetry,
            now=clock,
        ),
        chat=ChatService(database, catalog, writers, live.board, clock),
        answers=AnswerService(database, live.events, writers, clock),
        catalog=catalog,
        feed=FeedService(live.board),
        vault=knowledge.vault,
        memory=knowledge.memory,
        retriever=knowledge.retriever,
        indexer=knowledge.indexer,
        operations=OperationsService(parts, telemetry),
    )


def _ask_database(database: Database):  # noqa: ANN202 - a closure
    async def ask() -> str:
        migrations.require_head(await database.revision())
        return "SQLite" if database.is_sqlite else "PostgreSQL"

    return ask


async def _live(settings: Settings, stack: AsyncExitStack) -> Live:
    if settings.redis_url is None:
        return Live(MemoryEventLog(), MemoryNoticeBoard(), MemoryRateLimiter(), None, None)
    from gantry.adapters import redis_live  # noqa: PLC0415 - one machine needs no Redis, nor its client
    from gantry.adapters.redis_link import AWAY  # noqa: PLC0415

    redis = redis_live.connect(settings.redis_url)
    stack.push_async_callback(redis.aclose)
    events = await stack.enter_async_context(redis_live.RedisEventLog(redis))
    board = await stack.enter_async_context(redis_live.RedisNoticeBoard(redis))

    async def ask() -> str:
        try:
            await redis.execute_command("PING")
        except AWAY as error:
            raise OSError from error
        return "Redis"

    return Live(events, board, redis_live.RedisRateLimiter(redis), Part(ask), redis_live.RedisRoster(redis))


def fixed_connections(settings: Settings) -> tuple[ConnectionSpec, ...]:
    """Return the model servers that the environment names, by the slugs their models are known under."""
    openai_key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    named = (
        ("openai", "OpenAI-compatible", ConnectionKind.OPENAI, settings.openai_base_url, openai_key),
        ("ollama", "Ollama", ConnectionKind.OLLAMA, _with_v1(settings.ollama_host), None),
        ("tabby", "TabbyAPI", ConnectionKind.TABBY, _with_v1(settings.tabby_host), _tabby_key(settings)),
    )
    return tuple(
        ConnectionSpec(slug, name, kind, url, ConnectionOrigin.ENVIRONMENT, api_key=key)
        for slug, name, kind, url, key in named
        if url
    )


def _with_v1(url: str | None) -> str | None:
    return f"{url}/v1" if url else None


def _tabby_key(settings: Settings) -> str | None:
    return settings.tabby_admin_key.get_secret_value() if settings.tabby_admin_key else None


@contextmanager
def _only_process(settings: Settings) -> Generator[bool]:
    """Yield whether no other process works on this data: then nobody needs to be waited for after a crash."""
    if settings.production:
        yield False
        return
    with _taken(settings) as alone:
        if not alone:
            log.warning("process.not_alone", extra={"data_dir": str(settings.data_dir)})
        yield alone


@contextmanager
def out_of_service(settings: Settings) -> Generator[None]:
    """Hold the place of the process that serves; on PostgreSQL the database itself tells who is there.

    Raises:
        Conflict: Gantry is running.
    """
    with _taken(settings) as alone:
        if not alone:
            raise Conflict(
                f"Gantry is running on {settings.data_dir}: nothing has been changed.",
                advice="Stop it, then try again.",
            )
        yield


@contextmanager
def _taken(settings: Settings) -> Generator[bool]:
    """Yield whether the lock of this data was free; it is held until the end of the block."""
    path = settings.data_dir / "gantry.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
