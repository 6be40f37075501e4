"""The one doorway through which Reflex states and Starlette routes reach the services."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from gantry.services.accounts import AccountService
from gantry.services.answers import AnswerService
from gantry.services.api_tokens import ApiTokenService
from gantry.services.calls import CallService
from gantry.services.catalog import CatalogService
from gantry.services.chat import ChatService
from gantry.services.comparing import ComparisonService
from gantry.services.connections import ConnectionService
from gantry.services.conversations import ConversationService
from gantry.services.document_collections import CollectionService
from gantry.services.documents import DocumentService
from gantry.services.exporting import ExportService
from gantry.services.feed import FeedService
from gantry.services.folders import FolderService
from gantry.services.forking import ForkService
from gantry.services.importing import ImportService
from gantry.services.memory import MemoryService
from gantry.services.operations import OperationsService
from gantry.services.order import OrderService
from gantry.services.own_account import OwnAccountService
from gantry.services.people import PeopleService
from gantry.services.personas import PersonaService
from gantry.services.preferences import PreferenceService
from gantry.services.program_embeddings import ProgramEmbeddings
from gantry.services.programs import ProgramService
from gantry.services.prompts import PromptService
from gantry.services.retrieval import Retriever
from gantry.services.search import SearchService
from gantry.services.shares import ShareService
from gantry.services.uploads import UploadService
from gantry.services.vector_sets import VectorSets


@dataclass(frozen=True, slots=True)
class Services:
    """Every use case of one running process."""

    accounts: AccountService
    api_tokens: ApiTokenService
    preferences: PreferenceService
    people: PeopleService
    programs: ProgramService
    program_embeddings: ProgramEmbeddings
    calls: CallService
    own_account: OwnAccountService
    conversations: ConversationService
    chat: ChatService
    comparisons: ComparisonService
    order: OrderService
    folders: FolderService
    forks: ForkService
    shares: ShareService
    answers: AnswerService
    catalog: CatalogService
    connections: ConnectionService
    feed: FeedService
    exports: ExportService
    imports: ImportService
    collections: CollectionService
    documents: DocumentService
    uploads: UploadService
    memory: MemoryService
    personas: PersonaService
    prompts: PromptService
    retriever: Retriever
    vector_sets: VectorSets
    operations: OperationsService
    search: SearchService


_installed: Services | None = None


def services() -> Services:
    """Return the installed services.

    Raises:
        RuntimeError: Outside the lifespan, for example while the front end is compiled.
    """
    if _installed is None:
        raise RuntimeError("services() outside the lifespan of the application")
    return _installed


@contextmanager
def installed(new: Services) -> Generator[Services]:
    """Install *new* for the duration of the block; used by the lifespan and by tests."""
    global _installed
    before, _installed = _installed, new
    try:
        yield new
    finally:
        _installed = before
