"""Read-only links to a conversation: values and rules."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gantry.domain.pictures import is_shown

MAX_SHARES = 500  # of one account
MAX_SHARED_MESSAGES = 2_000
MAX_SHARED_CHARACTERS = 4_000_000
MAX_SHARE_DAYS = 3650
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Included:
    """What a link shows beside the texts: files that were sent, and passages of the documents that answers cite."""

    files: bool = False
    sources: bool = False


@dataclass(frozen=True, slots=True)
class StoredShare:
    """A link as its owner sees it. The link itself is not kept, only its hash: it is told once."""

    id: UUID
    conversation_id: UUID
    title: str
    with_files: bool
    with_sources: bool
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class SharedSource:
    """A passage of a document that an answer cites; empty once the document was deleted."""

    number: int
    title: str
    page: int | None
    passage: str


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that was sent with a question; without ``id`` once it was deleted."""

    id: UUID | None
    name: str
    media_type: str
    size_bytes: int

    @property
    def is_image(self) -> bool:
        """Whether it is shown as a picture."""
        return self.id is not None and is_shown(self.media_type)


@dataclass(frozen=True, slots=True)
class SharedMessage:
    """One message as whoever has the link reads it."""

    role: str
    text: str
    sources: Sequence[SharedSource] = ()
    files: Sequence[SharedFile] = ()


@dataclass(frozen=True, slots=True)
class SharedConversation:
    """All that a link shows: nothing in it tells whose it is."""

    title: str
    created_at: datetime
    messages: Sequence[SharedMessage]


def is_token(text: str) -> bool:
    """Whether *text* has the form of a link's token."""
    return _TOKEN.fullmatch(text) is not None
