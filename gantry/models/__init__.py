"""The tables."""

from gantry.models.accounts import Account, ApiToken, AuditEvent, AuthSession
from gantry.models.base import Row, new_id
from gantry.models.catalog import Connection, ModelEntry, Persona, Prompt
from gantry.models.chat import (
    Attachment,
    Citation,
    ContextTrace,
    Conversation,
    Feedback,
    Folder,
    Generation,
    Message,
)
from gantry.models.memory import Entity, MemoryItem, Mention, Relation
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
    "MemoryItem",
    "Mention",
    "Message",
    "ModelEntry",
    "Persona",
    "Prompt",
    "Relation",
    "Row",
    "new_id",
]
