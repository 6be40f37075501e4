"""One transaction, with the repositories that work inside it."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from gantry.repositories.accounts import AccountRepository
from gantry.repositories.api_tokens import ApiTokenRepository
from gantry.repositories.attachments import AttachmentRepository
from gantry.repositories.catalog import CatalogRepository
from gantry.repositories.chat import ChatRepository
from gantry.repositories.copying import CopyingRepository
from gantry.repositories.exporting import ExportingRepository
from gantry.repositories.finding import FindingRepository
from gantry.repositories.generations import GenerationRepository
from gantry.repositories.graph import GraphRepository
from gantry.repositories.importing import ImportingRepository
from gantry.repositories.indexing import IndexingRepository
from gantry.repositories.knowledge_search import KnowledgeSearchRepository
from gantry.repositories.memory import MemoryRepository
from gantry.repositories.order import OrderRepository
from gantry.repositories.own_account import OwnAccountRepository
from gantry.repositories.personas import PersonaRepository, PromptRepository
from gantry.repositories.reading import ReadingRepository
from gantry.repositories.search import SearchRepository
from gantry.repositories.sent import SentRepository
from gantry.repositories.shares import ShareRepository
from gantry.repositories.study import StudyRepository
from gantry.repositories.vault import VaultRepository
from gantry.repositories.words import WordsRepository


class UnitOfWork:
    """What a service sees of a transaction: ``tx.chat.get_conversation(…)``."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    @cached_property
    def accounts(self) -> AccountRepository:
        """People, sessions, audit."""
        return AccountRepository(self.session)

    @cached_property
    def api_tokens(self) -> ApiTokenRepository:
        """Tokens of programs."""
        return ApiTokenRepository(self.session)

    @cached_property
    def catalog(self) -> CatalogRepository:
        """Connections and the last known models."""
        return CatalogRepository(self.session)

    @cached_property
    def chat(self) -> ChatRepository:
        """Conversations and messages."""
        return ChatRepository(self.session)

    @cached_property
    def own_account(self) -> OwnAccountRepository:
        """All that is an account's own."""
        return OwnAccountRepository(self.session)

    @cached_property
    def exporting(self) -> ExportingRepository:
        """Conversations as they are taken out."""
        return ExportingRepository(self.session)

    @cached_property
    def shares(self) -> ShareRepository:
        """Read-only links to conversations."""
        return ShareRepository(self.session)

    @cached_property
    def copying(self) -> CopyingRepository:
        """Messages copied into another conversation."""
        return CopyingRepository(self.session)

    @cached_property
    def order(self) -> OrderRepository:
        """Lists of conversations, and folders."""
        return OrderRepository(self.session)

    @cached_property
    def generations(self) -> GenerationRepository:
        """Answers being written."""
        return GenerationRepository(self.session)

    @cached_property
    def search(self) -> SearchRepository:
        """Full-text search over messages."""
        return SearchRepository(self.session)

    @cached_property
    def finding(self) -> FindingRepository:
        """Search by words while they are typed."""
        return FindingRepository(self.session)

    @cached_property
    def attachments(self) -> AttachmentRepository:
        """Files sent with questions."""
        return AttachmentRepository(self.session)

    @cached_property
    def personas(self) -> PersonaRepository:
        """Personas."""
        return PersonaRepository(self.session)

    @cached_property
    def prompts(self) -> PromptRepository:
        """Prompts that are kept."""
        return PromptRepository(self.session)

    @cached_property
    def sent(self) -> SentRepository:
        """What answers were given to read, and what was sent for them."""
        return SentRepository(self.session)

    @cached_property
    def importing(self) -> ImportingRepository:
        """What came in from other products."""
        return ImportingRepository(self.session)

    @cached_property
    def indexing(self) -> IndexingRepository:
        """Vector sets and what waits to be embedded."""
        return IndexingRepository(self.session)

    @cached_property
    def knowledge(self) -> KnowledgeSearchRepository:
        """Search over chunks and memories."""
        return KnowledgeSearchRepository(self.session)

    @cached_property
    def vault(self) -> VaultRepository:
        """Collections, documents and chunks."""
        return VaultRepository(self.session)

    @cached_property
    def memory(self) -> MemoryRepository:
        """What is remembered."""
        return MemoryRepository(self.session)

    @cached_property
    def graph(self) -> GraphRepository:
        """The names in it."""
        return GraphRepository(self.session)

    @cached_property
    def reading(self) -> ReadingRepository:
        """Which messages memory has read."""
        return ReadingRepository(self.session)

    @cached_property
    def study(self) -> StudyRepository:
        """Which conversations a model has read."""
        return StudyRepository(self.session)

    @cached_property
    def words(self) -> WordsRepository:
        """The keyword index."""
        return WordsRepository(self.session)
