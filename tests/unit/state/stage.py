"""A tab without a browser, and services that do as a test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import reflex as rx
from reflex.istate.data import HeaderData, ReflexURL, RouterData
from reflex.state import State

from gantry.domain.accounts import Actor, Person, Role
from gantry.domain.chat import StoredConversation
from gantry.domain.errors import NotFound, NotSignedIn
from gantry.domain.order import StoredFolder
from gantry.domain.personas import StoredPersona
from gantry.runtime import Services, installed
from gantry.services.chat import Listed
from gantry.state.session import NoticeState
from gantry.state.views.notices import NoticeView

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
ADA = Actor(UUID(int=1), "ada@example.org", "Ada", Role.ADMIN, UUID(int=9))


def account(**values: Any) -> Person:
    """Return Ada's account, with *values*."""
    ours: dict[str, Any] = {
        "id": ADA.id,
        "email": ADA.email,
        "name": ADA.name,
        "role": ADA.role,
        "active": True,
        "theme": "system",
        "language": "",
        "default_model": None,
        "time_zone": None,
        "created_at": NOON,
    }
    return Person(**(ours | values))


@dataclass
class FakeAccounts:
    """One account and one session; ``calls`` notes what was asked for."""

    who: Actor | None = ADA
    empty: bool = False
    row: Person = field(default_factory=account)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def authenticate(self, token: str | None) -> Actor:
        if self.who is None:
            raise NotSignedIn
        return self.who

    async def needs_setup(self) -> bool:
        return self.empty

    async def profile(self, who: Actor) -> Person:
        return self.row

    async def update_profile(self, who: Actor, **values: Any) -> Person:
        self.calls.append(("update_profile", values))
        self.row = replace(self.row, **values)
        return self.row


@dataclass
class FakeChat:
    """Conversations in a list, newest first; one a minute back from noon."""

    all: list[Listed] = field(default_factory=list)
    asked: int = 0

    @classmethod
    def with_rows(cls, count: int) -> "FakeChat":
        """Return a fake with *count* conversations, named by number."""
        return cls([cls.row(f"Number {i}", NOON - timedelta(minutes=i)) for i in range(count)])

    @staticmethod
    def row(title: str, at: datetime, **flags: bool) -> Listed:
        conversation = StoredConversation(uuid4(), created_at=at, updated_at=at, title=title)
        return Listed(conversation, flags.get("answering", False), flags.get("unseen", False))

    def find(self, conversation: UUID) -> Listed:
        for each in self.all:
            if each.conversation.id == conversation:
                return each
        raise NotFound("No such conversation.")

    def change(self, conversation: UUID, **values: Any) -> None:
        before = self.find(conversation)
        after = replace(before, conversation=replace(before.conversation, **values))
        self.all = [after if each is before else each for each in self.all]

    async def list_conversations(
        self, who: Actor, *, before: datetime | None = None, limit: int = 50, listing: object = None
    ) -> list[Listed]:
        self.asked += limit
        rows = [each for each in self.all if not each.conversation.pinned]
        rows = [each for each in rows if before is None or each.conversation.updated_at < before]
        return sorted(rows, key=lambda each: each.conversation.updated_at, reverse=True)[: min(limit, 200)]

    async def list_pinned(self, who: Actor) -> list[Listed]:
        return [each for each in self.all if each.conversation.pinned]

    async def rename(self, who: Actor, conversation: UUID, title: str) -> str:
        self.change(conversation, title=title)
        return title

    async def pin(self, who: Actor, conversation: UUID, pinned: bool) -> None:
        self.change(conversation, pinned=pinned)

    async def delete(self, who: Actor, conversation: UUID) -> None:
        self.all.remove(self.find(conversation))

    async def undelete(self, who: Actor, conversation: UUID) -> None:
        self.all.append(Listed(StoredConversation(conversation, NOON, NOON, "Back again"), False, False))


class FakeOrder:
    """Somebody without folders and tags."""

    async def list_folders(self, who: Actor) -> list[StoredFolder]:
        return []

    async def tags(self, who: Actor) -> list[str]:
        return []


@dataclass
class FakePersonas:
    """Personas in a list; the first may be the default."""

    all: list[StoredPersona] = field(default_factory=list)

    async def default(self, who: Actor) -> StoredPersona | None:
        return next((each for each in self.all if each.is_default), None)

    async def get(self, who: Actor, persona: UUID) -> StoredPersona:
        for each in self.all:
            if each.id == persona:
                return each
        raise NotFound("This persona no longer exists.")


@dataclass
class Tab:
    """The states of one browser tab."""

    root: State

    async def of(self, kind: type[rx.State]) -> Any:
        """Return the tab's state of this kind; its handlers are coroutines there, which a type checker cannot know."""
        return await self.root.get_state(kind)

    async def notices(self) -> list[NoticeView]:
        """Return what is shown in the corner."""
        return list((await self.of(NoticeState)).notices)


@asynccontextmanager
async def tab(
    *,
    accounts: Any = None,
    chat: Any = None,
    catalog: Any = None,
    answers: Any = None,
    vault: Any = None,
    memory: Any = None,
    personas: Any = None,
    prompts: Any = None,
    api_tokens: Any = None,
    url: str = "http://localhost/",
) -> AsyncIterator[Tab]:
    """Open a tab at *url*, with these services behind it."""
    chat = chat or FakeChat()
    parts = {
        "api_tokens": api_tokens,
        "accounts": accounts or FakeAccounts(),
        "people": accounts or FakeAccounts(),
        "chat": chat,
        "conversations": chat,
        "order": FakeOrder(),
        "folders": FakeOrder(),
        "catalog": catalog,
        "connections": catalog,
        "answers": answers,
        "collections": vault,
        "documents": vault,
        "memory": memory,
        "personas": personas or FakePersonas(),
        "prompts": prompts,
    }
    root = cast("Callable[..., State]", State)(_reflex_internal_init=True)
    headers = HeaderData(cookie="gantry_session=token", origin="http://localhost")
    root.router = RouterData(headers=headers, url=ReflexURL(url))
    with installed(cast("Services", SimpleNamespace(**parts))):
        yield Tab(root)
