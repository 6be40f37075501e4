"""Read-only links: a conversation's branch as it is now, for whoever has the address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gantry.domain.accounts import Actor
from gantry.domain.chat import MessageStatus, title_from_prompt
from gantry.domain.clock import utc_now
from gantry.domain.credentials import network_of, new_token, token_hash
from gantry.domain.errors import AlreadyAnswering, Conflict, Invalid, NotFound, TooManyAttempts
from gantry.domain.files import FileStore
from gantry.domain.limits import RateLimiter
from gantry.domain.messages import _
from gantry.domain.pictures import is_shown
from gantry.domain.sharing import (
    MAX_SHARE_DAYS,
    MAX_SHARED_CHARACTERS,
    MAX_SHARED_MESSAGES,
    MAX_SHARES,
    Included,
    SharedConversation,
    SharedFile,
    SharedMessage,
    SharedSource,
    StoredShare,
    is_token,
)
from gantry.models import Conversation, Message, Share
from gantry.repositories.database import Database
from gantry.repositories.unit import UnitOfWork
from gantry.repositories.values import value_of

MISSES, MISSES_SECONDS = 30, 15 * 60  # unknown links that one address may ask for, and in which time
_GONE = _("This link does not lead anywhere. It may have been taken back, or have expired.")
_TOO_LONG = _("This conversation is too long to be shared.")


@dataclass(frozen=True, slots=True)
class SharedOriginal:
    """A file that a link shows, where it is kept."""

    path: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class ShareService:
    """Links. Those of a person raise NotFound for what is not *who*'s own; those for readers know nobody."""

    database: Database
    files: FileStore
    limiter: RateLimiter
    now: Callable[[], datetime] = utc_now

    async def create(
        self, who: Actor, conversation: UUID, *, included: Included, days: int | None = None
    ) -> tuple[StoredShare, str]:
        """Make a link to the branch that is on screen; returns it with its token, which nobody can read again.

        Args:
            included: What is shown beside the texts.
            days: After which the link ends; None: it does not.

        Raises:
            AlreadyAnswering: The last answer is still being written.
            Conflict: The conversation is temporary, empty or too long, or there are too many links.
        """
        if days is not None and not 1 <= days <= MAX_SHARE_DAYS:
            raise Invalid(_("A link can last from 1 to {most} days.", most=MAX_SHARE_DAYS), field="days")
        token = new_token()
        async with self.database.begin() as tx:
            row = await tx.chat.get_conversation(conversation, owner=who.id)
            if row.temporary:
                raise Conflict(_("A temporary chat cannot be shared: it leaves no trace."))
            if await tx.shares.count(owner=who.id) >= MAX_SHARES:
                raise Conflict(
                    _("You have {most} links.", most=MAX_SHARES), advice=_("Take some of them back.")
                )
            leaf = row.active_leaf_id
            path = await tx.chat.path(leaf, limit=MAX_SHARED_MESSAGES) if leaf else []
            _require_shareable(path)
            share = Share(
                account_id=who.id,
                conversation_id=conversation,
                token_hash=token_hash(token),
                title=_title(row, path),
                messages=await _snapshot(tx, path, included),
                with_files=included.files,
                with_sources=included.sources,
                created_at=self.now(),
                expires_at=self.now() + timedelta(days=days) if days else None,
            )
            await tx.shares.add(share)
        return value_of(StoredShare, share), token

    async def list_shares(self, who: Actor, conversation: UUID | None = None) -> list[StoredShare]:
        """Return one's links, or those to one conversation, the newest first."""
        async with self.database.read() as tx:
            return await tx.shares.shares(owner=who.id, conversation=conversation)

    async def revoke(self, who: Actor, share: UUID) -> None:
        """Take a link back, at once everywhere."""
        async with self.database.begin() as tx:
            await tx.shares.remove(share, owner=who.id)

    async def read(self, token: str, address: str) -> SharedConversation:
        """Return what a link shows to whoever asks from *address*.

        Raises:
            NotFound: There is none, or it holds no more.
            TooManyAttempts: This address has asked for too many that there are not.
        """
        async with self.database.read() as tx:
            share = await self._find(tx, token, address)
            quoted = [UUID(each["id"]) for message in share.messages for each in message.get("sources", ())]
            passages = await tx.shares.passages(quoted)
            there = await tx.shares.files(_files(share), owner=share.account_id)
        messages = tuple(_message(raw, passages, there) for raw in share.messages)
        return SharedConversation(share.title, share.created_at, messages)

    async def original(self, token: str, document: UUID, address: str) -> SharedOriginal:
        """Return a file that a link shows; NotFound too when it was deleted."""
        async with self.database.read() as tx:
            share = await self._find(tx, token, address)
            owner, shown = share.account_id, _files(share)
            there = await tx.shares.files({document} & shown, owner=owner)
        if document not in there or not await self.files.holds(account=owner, document=document):
            raise NotFound(_("This file no longer exists."))
        every = (file for message in share.messages for file in message.get("files", ()))
        file = next(each for each in every if each["id"] == str(document))
        return SharedOriginal(
            self.files.path(account=owner, document=document), file["name"], file["media_type"]
        )

    async def picture(self, token: str, document: UUID, address: str) -> SharedOriginal:
        """Return a file that a link shows as a picture; NotFound for all others."""
        found = await self.original(token, document, address)
        if not is_shown(found.media_type):
            raise NotFound(_("This file is no image that can be shown."))
        return found

    async def _find(self, tx: UnitOfWork, token: str, address: str) -> Share:
        found = await tx.shares.find(token_hash(token), now=self.now()) if is_token(token) else None
        if found is not None:
            return found
        key = f"share:{network_of(address)}"
        wait = await self.limiter.hit(key, limit=MISSES, window_seconds=MISSES_SECONDS)
        if wait:
            until = self.now() + timedelta(seconds=wait)
            raise TooManyAttempts(_("Too many attempts."), retry_after_seconds=wait, until=until)
        raise NotFound(_GONE)


def _require_shareable(path: Sequence[Message]) -> None:
    if not path:
        raise Conflict(_("There is nothing to share yet."))
    if any(each.status is MessageStatus.STREAMING for each in path):
        raise AlreadyAnswering
    characters = sum(len(each.content) for each in path)
    if path[0].parent_id is not None or characters > MAX_SHARED_CHARACTERS:
        raise Conflict(_TOO_LONG, advice=_("Fork it at an earlier answer, and share the fork."))


def _title(row: Conversation, path: Sequence[Message]) -> str:
    """Return the title as its owner gave it; ours is of the question that is shared, and of no other branch."""
    return row.title if row.title_by_hand else title_from_prompt(path[0].content)


async def _snapshot(tx: UnitOfWork, path: Sequence[Message], included: Included) -> list[dict[str, Any]]:
    """Return what is kept of *path*: texts as they are now, files and citations by reference. Of memory nothing is kept."""
    ids = [each.id for each in path]
    cited = await tx.sent.cited_documents(ids) if included.sources else {}
    files = await tx.attachments.attachments(ids) if included.files else {}
    return [
        {
            "role": message.role.value,
            "text": message.content,
            "sources": [
                {"id": str(citation), "number": number, "title": title, "page": page}
                for citation, number, title, page in cited.get(message.id, ())
            ],
            "files": [
                {
                    "id": str(file.document_id) if file.document_id else None,
                    "name": file.name,
                    "media_type": file.media_type,
                    "size_bytes": file.size_bytes,
                }
                for file in files.get(message.id, ())
            ],
        }
        for message in path
    ]


def _files(share: Share) -> set[UUID]:
    every = (file["id"] for message in share.messages for file in message.get("files", ()))
    return {UUID(each) for each in every if each}


def _message(raw: dict[str, Any], passages: dict[UUID, str], there: set[UUID]) -> SharedMessage:
    sources = tuple(
        SharedSource(each["number"], each["title"], each["page"], passages.get(UUID(each["id"]), ""))
        for each in raw.get("sources", ())
    )
    files = tuple(
        SharedFile(
            UUID(each["id"]) if each["id"] and UUID(each["id"]) in there else None,
            each["name"],
            each["media_type"],
            each["size_bytes"],
        )
        for each in raw.get("files", ())
    )
    return SharedMessage(raw["role"], raw["text"], sources, files)
