"""The tables."""

from gantry.models.accounts import Account, ApiToken, AuditEvent, AuthSession
from gantry.models.base import Row, new_id
from gantry.models.catalog import Connection, ModelEntry, Persona, Prompt
from gantry.models.chat import (
    Attachment,
    Citation,
    Conversation,
    Feedback,
    Folder,
    Generation,
    Message,
)

__all__ = [
    "Account",
    "ApiToken",
    "Attachment",
    "AuditEvent",
    "AuthSession",
    "Citation",
    "Connection",
    "Conversation",
    "Feedback",
    "Folder",
    "Generation",
    "Message",
    "ModelEntry",
    "Persona",
    "Prompt",
    "Row",
    "new_id",
]
