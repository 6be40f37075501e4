"""The composition root: reads the settings, builds every adapter and service, closes them."""

import fcntl
import hmac
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from gantry import workers
from gantry.adapters.archive.store import BackupFolder, TarArchives
from gantry.adapters.chroma import index as chroma_index
from gantry.adapters.chroma.index import ChromaIndex
from gantry.adapters.documents.files import LocalFiles
from gantry.adapters.documents.folder import LocalDocuments
from gantry.adapters.embedding.choice import Embedders
from gantry.adapters.embedding.cl100k import Cl100kTexts
from gantry.adapters.embedding.rerank import HttpReranker
from gantry.adapters.exporting.process import ProcessTypesetter
from gantry.adapters.exporting.zipping import StreamedZip
from gantry.adapters.importing import ExportFiles
from gantry.adapters.in_process.live import (
    InProcessCalls,
    InProcessEventLog,
    InProcessNotices,
    InProcessRateLimiter,
)
from gantry.adapters.machine import require_space
from gantry.adapters.openai.embeddings import OpenAiEmbedder
from gantry.adapters.openai.servers import HttpModelServers
from gantry.adapters.parsing.process import ProcessParser
from gantry.adapters.prometheus.telemetry import PrometheusTelemetry
from gantry.adapters.secrets.encryption import FernetEncryption
from gantry.adapters.secrets.passwords import Argon2Passwords
from gantry.domain.accounts import checked_password, normal_email
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec
from gantry.domain.clock import utc_now
from gantry.domain.credentials import readable
from gantry.domain.crowd import Crowd
from gantry.domain.errors import Conflict, Invalid
from gantry.domain.hosts import HostNames, own_origins
from gantry.domain.limits import RateLimiter
from gantry.domain.live import EventLog, Notices, Presence
from gantry.domain.open_calls import CallStore
from gantry.domain.telemetry import Telemetry
from gantry.domain.vectors import VectorIndex
from gantry.log import configure
from gantry.repositories import migrations
from gantry.repositories.clock import DatabaseClock
from gantry.repositories.database import Database
from gantry.runtime import Services, installed
from gantry.services.accounts import AccountService
from gantry.services.answers import AnswerService
from gantry.services.api_tokens import ApiTokenService
from gantry.services.calls import CallService
from gantry.services.catalog import CatalogService
from gantry.services.catalog_cache import CatalogCache
from gantry.services.catalog_news import CatalogNews
from gantry.services.chat import ChatService
from gantry.services.checkpoints import Checkpoints
from gantry.services.cleaning import Cleaner
from gantry.services.comparing import ComparisonService
from gantry.services.connections import ConnectionService
from gantry.services.conversations import ConversationService
from gantry.services.document_collections import CollectionService
from gantry.services.documents import DocumentService
from gantry.services.embedding import Embedding
from gantry.services.exchanges import Exchanges
from gantry.services.exporting import ExportService
from gantry.services.extractive import ExtractiveAnswerer
from gantry.services.feed import FeedService
from gantry.services.folders import FolderService
from gantry.services.forking import ForkService
from gantry.services.importing import ImportService
from gantry.services.indexing import Indexer
from gantry.services.ingestion import Ingestion
from gantry.services.keywords import Keywords
from gantry.services.learning import Learner
from gantry.services.memory import MemoryService
from gantry.services.model_reader import ModelReader
from gantry.services.open_calls import OpenCalls
from gantry.services.operations import OperationsService, Part
from gantry.services.order import OrderService
from gantry.services.own_account import OwnAccountService
from gantry.services.people import PeopleService
from gantry.services.personas import PersonaService
from gantry.services.preferences import PreferenceService
from gantry.services.program_embeddings import ProgramEmbeddings
from gantry.services.program_models import ProgramModels
from gantry.services.programs import ProgramService
from gantry.services.prompting import Prompter
from gantry.services.prompts import PromptService
from gantry.services.retrieval import Retriever
from gantry.services.search import SearchService
from gantry.services.shares import ShareService
from gantry.services.sources import SourceFinder
from gantry.services.sweeping import IndexSweep
from gantry.services.takeovers import Takeovers
from gantry.services.uploads import UploadService
from gantry.services.vector_changes import VectorChanges
from gantry.services.vector_search import VectorSearch
from gantry.services.vector_sets import VectorSets
from gantry.services.writing import Writers
from gantry.settings import Settings, load_settings

if TYPE_CHECKING:
    from gantry.services.archive import ArchiveService

STOPPING_SECONDS = 10.0  # for which a predecessor that was told to stop is waited for

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """What the processes of one deployment share while they run."""

    events: EventLog
    notices: Notices
    limiter: RateLimiter
    calls: CallStore
    part: Part | None
    presence: Presence | None


@dataclass(frozen=True, slots=True)
class Models:
    """What knows model servers."""

    catalog: CatalogService
    connections: ConnectionService
    servers: HttpModelServers


@dataclass(frozen=True, slots=True)
class KnowledgeServices:
    """What reads, indexes and remembers."""

    index: VectorIndex
    vector_sets: VectorSets
    vector_search: VectorSearch
    embedding: Embedding
    sweep: IndexSweep
    vector_changes: VectorChanges
    indexer: Indexer
    ingestion: Ingestion
    retriever: Retriever
    cleaner: Cleaner
    collections: CollectionService
    documents: DocumentService
    uploads: UploadService
    memory: MemoryService
    learner: Learner
    model_reader: ModelReader
    keywords: Keywords


@dataclass(frozen=True, slots=True)
class Built:
    """A running set of services, and what the workers need of it."""

    services: Services
    writers: Writers
    takeovers: Takeovers | None
    clock: DatabaseClock
    knowledge: KnowledgeServices


def front_ends() -> frozenset[str]:
    """Return the origins of front ends that are served elsewhere."""
    return load_settings().front_ends


def max_upload_bytes() -> int:
    """Return how large the body of an upload may be: the file and what is around it."""
    return load_settings().max_upload_mb * 1_000_000 + 100_000


def max_import_bytes() -> int:
    """Return how large the body of an import may be."""
    return load_settings().import_max_mb * 1_000_000 + 100_000


def metrics_port() -> int | None:
    """Return the port of the address where figures are told, if they have one."""
    address = load_settings().metrics_listens
    return address[1] if address else None


def host_names() -> HostNames:
    """Return the names by which this installation is reached."""
    settings = load_settings()
    named = [settings.host, *settings.domain.split(","), *settings.allowed_hosts.split(",")]
    return HostNames(named, sorted(settings.front_ends))


def named_origins() -> frozenset[str]:
    """Return the origins of pages that are ours whatever Host a proxy writes."""
    settings = load_settings()
    return own_origins([*settings.domain.split(","), *settings.allowed_hosts.split(",")])


def socket_crowd() -> Crowd:
    """Return what counts websockets."""
    settings = load_settings()
    return Crowd(sys.maxsize, each=settings.max_connections_per_address, proxies=settings.trusted_proxies)


def setup_code(settings: Settings) -> str:
    """Return what the set-up page asks for over a network: the same on every replica, known to who can read the log."""
    key = settings.secret_key.get_secret_value().encode()
    return readable(hmac.digest(key, b"gantry set-up code", "sha256"))


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


def archives(settings: Settings) -> "ArchiveService":
    """Return the service for backup and restore; it opens nothing before it is used."""
    from gantry.services.archive import ArchiveService  # noqa: PLC0415 - with PostgreSQL's driver, which serving may not need

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
                if await services.accounts.needs_setup():
                    # For set-up from another machine; on this one nothing is asked for.
                    log.warning("setup.waiting", extra={"setup_code": services.accounts.setup_code})
                async with (
                    services.operations.watching(),
                    workers.running(
                        built.writers,
                        services.conversations,
                        (services.accounts.housekeeping, services.api_tokens.housekeeping),
                        sweep_seconds=settings.sweep_seconds,
                        alone=alone,
                        takeovers=built.takeovers,
                        adjust_clock=built.clock.adjust,
                        background=background_of(built.knowledge, busy=lambda: built.writers.busy),
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
        keys = FernetEncryption(settings.secret_key.get_secret_value())
        cache = CatalogCache(
            database,
            servers,
            keys,
            fixed=fixed_connections(settings),
            probing=settings.probe_local_models,
        )
        stack.push_async_callback(cache.aclose)
        news = CatalogNews(cache, live.notices)
        news.start()
        stack.push_async_callback(news.aclose)
        catalog = CatalogService(
            database=database,
            servers=servers,
            cache=cache,
            built_in=ExtractiveAnswerer(database),
        )
        models = Models(catalog, ConnectionService(database, servers, keys, cache), servers)
        telemetry = PrometheusTelemetry()
        model_reader = ModelReader(database, catalog, live.notices, busy=lambda: writers.count, now=clock)
        knowledge = await _knowledge(settings, database, live, clock, telemetry, model_reader, stack)
        checkpoints = Checkpoints(database, settings.generation_lease_seconds, clock)
        stack.push_async_callback(checkpoints.settle)
        writers = Writers(
            database,
            live.events,
            live.notices,
            catalog,
            Prompter(database, knowledge.learner, knowledge.uploads.files),
            checkpoints,
            finder=SourceFinder(database, knowledge.retriever, knowledge.memory),
            lease_seconds=settings.generation_lease_seconds,
            heartbeat_seconds=settings.generation_heartbeat_seconds,
            telemetry=telemetry,
            now=clock,
        )
        takeovers = Takeovers(database, live.presence, writers, clock) if live.presence else None
        services = _services(settings, database, live, models, writers, clock, telemetry, knowledge)
        stack.push_async_callback(services.imports.aclose)
        stack.push_async_callback(services.api_tokens.settle)
        stack.push_async_callback(services.programs.exchanges.settle)
        yield Built(services, writers, takeovers, clock, knowledge)


async def _knowledge(
    settings: Settings,
    database: Database,
    live: Live,
    clock: DatabaseClock,
    telemetry: Telemetry,
    model_reader: ModelReader,
    stack: AsyncExitStack,
) -> KnowledgeServices:
    embedders = embedders_of(settings)
    stack.push_async_callback(embedders.aclose)
    index = vector_index(settings)
    stack.push_async_callback(index.aclose)
    sets = VectorSets(database, index, embedders.wanted, embedders, now=clock)
    search, embedding = VectorSearch(index, sets), Embedding(database, index, sets)
    sweep = IndexSweep(database, index, sets)
    vectors = VectorChanges(database, index, sets, sweep)
    reranker = reranker_of(settings)
    if reranker is not None:
        stack.push_async_callback(reranker.aclose)
    retriever = Retriever(database, search, reranker)
    files, parser = LocalFiles(settings.data_dir / "documents"), ProcessParser()
    ingestion = Ingestion(
        database, files, parser, embedding, vectors, live.notices, telemetry=telemetry, now=clock
    )
    cleaner = Cleaner(database, files, ingestion, vectors, clock)
    collections = CollectionService(database, cleaner, live.notices, clock)
    documents = DocumentService(database, files, ingestion, vectors, cleaner, live.notices, clock)
    return KnowledgeServices(
        index,
        sets,
        search,
        embedding,
        sweep,
        vectors,
        Indexer(database, sets, embedding, sweep, now=clock),
        ingestion,
        retriever,
        cleaner,
        collections,
        documents,
        UploadService(
            database,
            files,
            parser,
            ingestion,
            collections,
            documents,
            live.notices,
            max_upload_bytes=settings.max_upload_mb * 1_000_000,
            quota_bytes=settings.storage_quota_mb * 1_000_000,
            now=clock,
        ),
        MemoryService(database, retriever, vectors, live.notices, clock),
        Learner(database, live.notices, model_reader, clock),
        model_reader,
        Keywords(database),
    )


def background_of(
    knowledge: KnowledgeServices, *, busy: Callable[[], bool] = lambda: False
) -> workers.Background:
    """Return the workers of one process; *busy* counts the answers being written there."""
    return workers.Background(
        knowledge.ingestion,
        knowledge.vector_sets,
        knowledge.vector_search,
        knowledge.indexer,
        knowledge.learner,
        knowledge.cleaner,
        knowledge.model_reader,
        knowledge.keywords,
        knowledge.keywords.database.committed,
        busy,
    )


def reranker_of(settings: Settings) -> HttpReranker | None:
    """Return the reranker that is configured; it opens nothing before it is used."""
    if not settings.rerank_base_url:
        return None
    return HttpReranker(
        settings.rerank_base_url, settings.rerank_model, api_key=_secret(settings.rerank_api_key)
    )


def embedders_of(settings: Settings) -> Embedders:
    """Return the embedding models that are configured; they open nothing before they are used."""
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
    models: Models,
    writers: Writers,
    clock: DatabaseClock,
    telemetry: Telemetry,
    knowledge: KnowledgeServices,
) -> Services:
    parts = {"database": Part(_ask_database(settings, database), required=True)}
    if live.part:
        parts["redis"] = live.part
    parts["chroma"] = Part(knowledge.index.ping)
    passwords = Argon2Passwords()
    catalog = models.catalog
    conversations = ConversationService(database, catalog, writers, live.notices, clock)
    finder = SourceFinder(database, knowledge.retriever, knowledge.memory)
    personas = PersonaService(database, catalog, live.notices, clock)
    return Services(
        accounts=AccountService(
            database=database,
            passwords=passwords,
            limiter=live.limiter,
            notices=live.notices,
            session_hours=settings.session_expire_hours,
            telemetry=telemetry,
            setup_code=setup_code(settings),
            now=clock,
        ),
        api_tokens=ApiTokenService(database=database, limiter=live.limiter, telemetry=telemetry, now=clock),
        programs=ProgramService(
            ProgramModels(catalog, personas),
            models.servers,
            Exchanges(database, finder, conversations, clock),
            OpenCalls(live.calls),
        ),
        calls=CallService(live.notices),
        program_embeddings=ProgramEmbeddings(catalog, models.servers, knowledge.vector_sets, Cl100kTexts()),
        own_account=OwnAccountService(
            database=database,
            passwords=passwords,
            limiter=live.limiter,
            notices=live.notices,
            cleaner=knowledge.cleaner,
            writers=writers,
            now=clock,
        ),
        preferences=PreferenceService(database, live.notices),
        people=PeopleService(database=database, passwords=passwords, notices=live.notices, now=clock),
        conversations=conversations,
        chat=ChatService(database, catalog, writers, conversations, clock),
        comparisons=ComparisonService(database, writers, conversations, clock),
        order=OrderService(database, conversations),
        folders=FolderService(database, live.notices, clock),
        forks=ForkService(database, conversations, clock),
        shares=ShareService(database, knowledge.documents.files, live.limiter, clock),
        answers=AnswerService(database, live.events, writers, clock),
        catalog=catalog,
        connections=models.connections,
        feed=FeedService(live.notices),
        exports=exports(settings, database, clock),
        imports=ImportService(
            database,
            ExportFiles(settings.import_max_mb * 4_000_000),
            knowledge.uploads.files,
            knowledge.uploads,
            conversations,
            knowledge.cleaner,
            live.notices,
            max_bytes=settings.import_max_mb * 1_000_000,
            now=clock,
        ),
        collections=knowledge.collections,
        documents=knowledge.documents,
        uploads=knowledge.uploads,
        memory=knowledge.memory,
        personas=personas,
        prompts=PromptService(database, live.notices, clock),
        retriever=knowledge.retriever,
        vector_sets=knowledge.vector_sets,
        operations=OperationsService(
            parts,
            telemetry,
            _secret(settings.metrics_token) or "",
            settings.metrics_listens is not None,
            BackupFolder(settings.data_dir / "backups").newest_age_seconds,
            backups_elsewhere=settings.production,  # a container of its own makes one every day
        ),
        search=SearchService(database),
    )


def exports(settings: Settings, database: Database, now: Callable[[], datetime] = utc_now) -> ExportService:
    """Return the service that takes conversations out; it opens nothing before it is used."""
    return ExportService(
        database, LocalFiles(settings.data_dir / "documents"), ProcessTypesetter(), StreamedZip, now
    )


def _ask_database(settings: Settings, database: Database):  # noqa: ANN202 - a closure
    async def ask() -> str:
        migrations.require_head(await database.revision())
        if database.is_sqlite:  # which could be read, but not written
            require_space(settings.data_dir)
        return "SQLite" if database.is_sqlite else "PostgreSQL"

    return ask


async def _live(settings: Settings, stack: AsyncExitStack) -> Live:
    if settings.redis_url is None:
        return Live(
            InProcessEventLog(), InProcessNotices(), InProcessRateLimiter(), InProcessCalls(), None, None
        )
    from gantry.adapters.redis import live as redis_live  # noqa: PLC0415 - one machine needs no Redis, nor its client
    from gantry.adapters.redis.link import AWAY  # noqa: PLC0415

    redis = redis_live.connect(settings.redis_url)
    stack.push_async_callback(redis.aclose)
    events = await stack.enter_async_context(redis_live.RedisEventLog(redis))
    notices = await stack.enter_async_context(redis_live.RedisNotices(redis))

    async def ask() -> str:
        try:
            await redis.execute_command("PING")
        except AWAY as error:
            raise OSError from error
        return "Redis"

    return Live(
        events,
        notices,
        redis_live.RedisRateLimiter(redis),
        redis_live.RedisCalls(redis),
        Part(ask),
        redis_live.RedisPresence(redis),
    )


def fixed_connections(settings: Settings) -> tuple[ConnectionSpec, ...]:
    """Return the model servers that the environment names, by the slugs their models are known under."""
    openai_key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    named = (
        (
            "openai",
            _host_of(settings.openai_base_url),
            ConnectionKind.OPENAI,
            settings.openai_base_url,
            openai_key,
        ),
        ("ollama", "Ollama", ConnectionKind.OLLAMA, _with_v1(settings.ollama_host), None),
        ("tabby", "TabbyAPI", ConnectionKind.TABBY, _with_v1(settings.tabby_host), _tabby_key(settings)),
    )
    return tuple(
        ConnectionSpec(slug, name, kind, url, ConnectionOrigin.ENVIRONMENT, api_key=key)
        for slug, name, kind, url, key in named
        if url
    )


def _host_of(url: str | None) -> str:
    """Return what errors and lists call the server at *url*: ``host`` or ``host:port``."""
    return urlsplit(url or "").netloc.rpartition("@")[2]


def _with_v1(url: str | None) -> str | None:
    return f"{url}/v1" if url else None


def _tabby_key(settings: Settings) -> str | None:
    return settings.tabby_admin_key.get_secret_value() if settings.tabby_admin_key else None


@contextmanager
def _only_process(settings: Settings) -> Generator[bool]:
    """Yield whether no other process works on this data: then nobody needs to be waited for after a crash."""
    if settings.production and settings.chroma_host:
        yield False
        return
    with _taken(settings) as alone:
        if not alone:
            log.warning("process.not_alone", extra={"data_dir": str(settings.data_dir)})
        yield alone and not settings.production


def require_alone(settings: Settings) -> None:
    """Refuse to serve beside another process on one machine's data; one that is just stopping is waited for.

    Raises:
        Conflict: Another one serves it.
    """
    if settings.production:
        return
    give_up_at = monotonic() + STOPPING_SECONDS
    while True:
        with _taken(settings) as alone:
            if alone:
                return
        if monotonic() > give_up_at:
            raise Conflict(
                f"Gantry is already running on the data in {settings.data_dir}.",
                advice="Use that one, or stop it first. A second installation needs another DATA_DIR.",
            )
        sleep(0.1)


def require_sound(settings: Settings) -> None:
    """Refuse what can be seen to fail later: the first administrator's address and password.

    Raises:
        Invalid: They cannot be used; the sentence names the setting.
    """
    try:
        if settings.admin_email:
            normal_email(settings.admin_email)
    except Invalid as error:
        raise Invalid(f"ADMIN_EMAIL: {error.public}") from error
    try:
        if settings.admin_password:
            checked_password(settings.admin_password.get_secret_value())
    except Invalid as error:
        raise Invalid(f"ADMIN_PASSWORD: {error.public}") from error


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
