"""One transaction, with the repositories that work inside it."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from gantry.repositories.accounts import AccountRepository
from gantry.repositories.catalog import CatalogRepository
from gantry.repositories.chat import ChatRepository
from gantry.repositories.generations import GenerationRepository
from gantry.repositories.indexing import IndexingRepository
from gantry.repositories.knowledge_search import KnowledgeSearchRepository
from gantry.repositories.memory import MemoryRepository
from gantry.repositories.search import SearchRepository
from gantry.repositories.sources import SourceRepository
from gantry.repositories.vault import VaultRepository


class UnitOfWork:
    """What a service sees of a transaction: ``tx.chat.get_conversation(…)``."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    @cached_property
    def accounts(self) -> AccountRepository:
        """People, sessions, audit."""
        return AccountRepository(self.session)

    @cached_property
    def catalog(self) -> CatalogRepository:
        """Connections and the last known models."""
        return CatalogRepository(self.session)

    @cached_property
    def chat(self) -> ChatRepository:
        """Conversations and messages."""
        return ChatRepository(self.session)

    @cached_property
    def generations(self) -> GenerationRepository:
        """Answers being written."""
        return GenerationRepository(self.session)

    @cached_property
    def search(self) -> SearchRepository:
        """Full-text search over messages."""
        return SearchRepository(self.session)

    @cached_property
    def sources(self) -> SourceRepository:
        """What answers were given to read."""
        return SourceRepository(self.session)

    @cached_property
    def indexing(self) -> IndexingRepository:
        """Embedding sets and what waits to be embedded."""
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
