"""The tables."""

from gantry.models.accounts import Account, ApiToken, AuditEvent, AuthSession
from gantry.models.base import Row, new_id
from gantry.models.catalog import Connection, ModelEntry
from gantry.models.chat import (
    Attachment,
    Citation,
    ContextTrace,
    Conversation,
    Feedback,
    Generation,
    Message,
    Quotation,
    SentPart,
    hold_back,
    is_held_back,
)
from gantry.models.importing import ImportedConversation, ImportRun
from gantry.models.memory import Entity, MemoryItem, Mention, Relation
from gantry.models.order import Folder, Share
from gantry.models.personas import Persona, Prompt
from gantry.models.vault import Chunk, Collection, Document, EmbeddingSet

__all__ = [
    "Account",
    "ApiToken",
    "Attachment",
    "AuditEvent",
    "AuthSession",
    "Chunk",
    "Citation",
    "Collection",
    "Connection",
    "ContextTrace",
    "Conversation",
    "Document",
    "EmbeddingSet",
    "Entity",
    "Feedback",
    "Folder",
    "Generation",
    "ImportRun",
    "ImportedConversation",
    "MemoryItem",
    "Mention",
    "Message",
    "ModelEntry",
    "Persona",
    "Prompt",
    "Quotation",
    "Relation",
    "Row",
    "SentPart",
    "Share",
    "hold_back",
    "is_held_back",
    "new_id",
]
