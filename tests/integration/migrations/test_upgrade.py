"""A database that an earlier version has filled is brought to this one with all that people have in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from gantry.domain.chat import CitationKind
from gantry.domain.context import PartKind
from gantry.domain.errors import Conflict
from gantry.models import Row, new_id
from gantry.repositories import migrations
from gantry.repositories.archive import snapshot
from gantry.repositories.archive_fill import filling
from gantry.repositories.database import Database
from tests.parts.contents import writing

BEFORE = "20261127_1030"
AT = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
GONE = {"folder", "persona", "prompt", "api_token"}
ACCOUNT, CONVERSATION, TOLD_IN, QUESTION, ANSWER, TOLD = (new_id() for _ in range(6))
COLLECTION, DOCUMENT, FACT, TURN, ENTITY, TRACE = (new_id() for _ in range(6))
BARE_ANSWER = new_id()  # with a citation, and no account of what was sent
BLOCK = "[1] harbour.pdf, page 3:\nAmalia Brandt kept the light.\n\n"
TURN_BLOCK = "[2] earlier conversation “Family”, you answered:\nA sister.\n\n"
PARTS: list[dict[str, Any]] = [
    {"kind": "system", "title": "Instructions", "tokens": 9, "text": "Be helpful."},
    {"kind": "history", "title": "1 previous message", "tokens": 5, "messages": 1, "upto": str(TOLD)},
    {"kind": "fact", "title": "Remembered", "tokens": 6, "text": "Lives in Lisbon."},
    {"kind": "fact", "title": "Remembered", "tokens": 6},  # it was forgotten
    {"kind": "source", "title": "harbour.pdf, page 3", "tokens": 20, "text": BLOCK, "number": 1},
    {"kind": "source", "title": "Family", "tokens": 12, "text": TURN_BLOCK, "number": 2},
    {"kind": "source", "title": "gone.txt", "tokens": 30, "number": 3},
    {"kind": "source", "title": "long.txt", "tokens": 900, "left_out": "no room"},
    {"kind": "question", "title": "Question", "tokens": 7, "text": "Who kept the light?"},
]


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a row of every table as the earlier version had it, tables before those that refer to them."""
    made = {"id": new_id, "created_at": lambda: AT}

    def row(**values: Any) -> dict[str, Any]:
        return {"id": made["id"](), "created_at": AT, **values}

    yield "account", row(id=ACCOUNT, email="ada@example.org", name="Ada", password_hash="x", role="admin", active=True,
        theme="dark", default_model=None, time_zone="Europe/Lisbon", memory_enabled=True, memory_by_model=False,
        password_changed_at=AT)  # fmt: skip
    yield (
        "auth_session",
        row(account_id=ACCOUNT, token_hash="h", last_seen_at=AT, expires_at=AT, agent="a", address="b"),
    )
    yield "api_token", row(account_id=ACCOUNT, name="n", prefix="p", token_hash="t")
    yield "audit_event", {"id": new_id(), "at": AT, "actor_id": ACCOUNT, "action": "sign-in", "target": "", "address": "",
        "details": {"a": 1}}  # fmt: skip
    yield "connection", row(slug="box", name="Box", kind="openai", base_url="http://box/v1", enabled=True,
        models_by_hand=["m"], updated_at=AT)  # fmt: skip
    yield "model_entry", {"id": new_id(), "connection_slug": "box", "name": "m", "context_tokens": 4096,
        "context_learned": True, "hidden": False, "seen_at": AT}  # fmt: skip
    folder, persona = new_id(), new_id()
    yield "folder", row(id=folder, account_id=ACCOUNT, name="Drawer")
    yield "persona", row(id=persona, account_id=ACCOUNT, name="P", system_prompt="s")
    yield "prompt", row(account_id=ACCOUNT, name="p", text="t")
    for conversation, title in ((CONVERSATION, "Harbour"), (TOLD_IN, "Family")):
        yield "conversation", row(id=conversation, account_id=ACCOUNT, folder_id=folder, persona_id=persona, title=title,
            title_by_hand=True, pinned=True, archived=False, scope={"kind": "all"}, remembered=True, temporary=False,
            updated_at=AT)  # fmt: skip
    for message, conversation, parent, role, text in (
        (TOLD, TOLD_IN, None, "user", "A sister."),
        (QUESTION, CONVERSATION, None, "user", "Who kept the light?"),
        (ANSWER, CONVERSATION, QUESTION, "assistant", "Amalia [1]."),
        (BARE_ANSWER, CONVERSATION, QUESTION, "assistant", "Amalia."),
    ):
        yield "message", row(id=message, conversation_id=conversation, account_id=ACCOUNT, parent_id=parent,
            depth=int(parent is not None), role=role, content=text, reasoning="", status="complete", model="box/m",
            tokens_estimated=False, left_out=0, truncated=False)  # fmt: skip
    yield "generation", row(conversation_id=CONVERSATION, message_id=ANSWER, account_id=ACCOUNT, model="box/m",
        status="complete", attempt=1, stored_attempt=1, writer="w", started_at=AT)  # fmt: skip
    yield "feedback", row(message_id=ANSWER, account_id=ACCOUNT, rating="up", comment="")
    yield (
        "collection",
        row(id=COLLECTION, account_id=ACCOUNT, name="Documents", is_default=True, updated_at=AT),
    )
    yield "document", row(id=DOCUMENT, account_id=ACCOUNT, collection_id=COLLECTION, name="harbour.pdf",
        media_type="application/pdf", size_bytes=9, sha256="s", state="ready", pages_done=3, characters=30, chunk_count=1,
        embedded_count=1, attempt=1, failures=0, worker="", updated_at=AT, ready_at=AT)  # fmt: skip
    yield "chunk", {"id": new_id(), "document_id": DOCUMENT, "account_id": ACCOUNT, "collection_id": COLLECTION,
        "ordinal": 0, "page": 3, "heading": "", "start_offset": 0, "end_offset": 29, "context": "harbour.pdf",
        "content": "Amalia Brandt kept the light.", "vectors_in": "set"}  # fmt: skip
    yield (
        "embedding_set",
        row(name="set", model="m", dimension=3, semantic=True, state="active", activated_at=AT, worker=""),
    )
    yield (
        "attachment",
        row(message_id=QUESTION, account_id=ACCOUNT, name="a.txt", media_type="text/plain", size_bytes=1),
    )
    for item, kind, message, text in (
        (FACT, "fact", TOLD, "Lives in Lisbon."),
        (TURN, "turn", TOLD, "A sister."),
        (new_id(), "summary", QUESTION, "In short."),
    ):
        yield "memory_item", row(id=item, account_id=ACCOUNT, kind=kind, conversation_id=TOLD_IN, message_id=message,
            fingerprint="", speaker="user", content=text, context="", around="", lead="", said_at=AT, pinned=False,
            by_hand=False, vectors_in="", updated_at=AT)  # fmt: skip
    yield "entity", row(id=ENTITY, account_id=ACCOUNT, key="lisbon", name="Lisbon", kind="thing")
    yield "mention", {"id": new_id(), "account_id": ACCOUNT, "memory_item_id": FACT, "entity_id": ENTITY}
    yield "relation", {"id": new_id(), "account_id": ACCOUNT, "memory_item_id": FACT, "subject_id": ENTITY,
        "predicate": "is", "object_id": ENTITY}  # fmt: skip
    for message, number, kind, document, said, passage in (
        (ANSWER, 1, "document", DOCUMENT, None, "Amalia Brandt kept the light."),
        (ANSWER, 2, "message", None, TOLD, "A sister."),
        (ANSWER, 3, "document", None, None, ""),  # it was deleted
        (BARE_ANSWER, 1, "document", DOCUMENT, None, "Amalia Brandt kept the light."),
    ):
        yield "citation", {"id": new_id(), "message_id": message, "number": number, "kind": kind, "cited": number == 1,
            "document_id": document, "source_message_id": said, "title": f"title {number}", "heading": "",
            "start_offset": 0, "end_offset": 29, "passage": passage}  # fmt: skip
    yield (
        "context_trace",
        row(id=TRACE, message_id=ANSWER, account_id=ACCOUNT, parts=PARTS, tokens=59, budget_tokens=3000),
    )


@pytest.fixture
def earlier(database_url: str) -> str:
    """Return a database as the earlier version has left it."""
    migrations.downgrade(database_url, "base")
    migrations.upgrade(database_url, BEFORE)
    with writing(database_url) as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        filled: set[str] = set()
        for name, values in contents():
            connection.execute(tables.tables[name].insert(), _as_stored(connection, values))
            filled.add(name)
        searched = {name for name in tables.tables if name.startswith("fts_")}
        assert set(tables.tables) - searched - {"alembic_version"} == filled, "every table is filled"
    return database_url


def _as_stored(connection: sa.Connection, values: dict[str, Any]) -> dict[str, Any]:
    if connection.dialect.name != "sqlite":
        return values
    return {name: value.hex if isinstance(value, UUID) else value for name, value in values.items()}


@contextmanager
def counted(url: str) -> Iterator[dict[str, int]]:
    with snapshot(url) as shot:
        yield {layout.name: shot.count(layout) for layout in shot.layouts}


async def test_what_people_have_is_kept(earlier: str) -> None:
    """Every row of what is still used, each passage with what it was taken from, each part of what was sent."""
    with counted(earlier) as before:
        pass
    migrations.upgrade(earlier)
    assert migrations.drift(earlier) == []
    with counted(earlier) as after:
        kept = before.keys() - GONE
        assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    await _is_all_there(earlier)


async def test_an_archive_of_the_earlier_version_is_restored(earlier: str) -> None:
    """Into a database of this version, with the same content."""
    with snapshot(earlier) as shot:
        revision = shot.revision
        archived = [(layout, list(shot.lines(layout))) for layout in shot.layouts]
    migrations.upgrade(earlier)
    with filling(earlier, revision) as fill:
        for layout, lines in archived:
            fill(layout, lines)
    assert migrations.drift(earlier) == []
    await _is_all_there(earlier)


async def test_the_way_back_keeps_it_too(earlier: str) -> None:
    """Down to the earlier version and up again, for who has to go back."""
    migrations.upgrade(earlier)
    migrations.downgrade(earlier, BEFORE)
    with writing(earlier) as connection:
        raw = connection.execute(sa.text("SELECT parts FROM context_trace")).scalar_one()
        assert (json.loads(raw) if isinstance(raw, str) else raw) == PARTS
    migrations.upgrade(earlier)
    await _is_all_there(earlier)


async def _is_all_there(url: str) -> None:
    async with Database(url) as database:
        async with database.read() as tx:
            sources = (await tx.sent.citations([ANSWER, BARE_ANSWER], passages=True)).items()
            context = await tx.sent.trace(ANSWER)
        cited = {message: [(s.number, s.kind, s.cited, s.passage, s.document_id, s.source_message_id) for s in found]
                 for message, found in sources}  # fmt: skip
        passage = "Amalia Brandt kept the light."
        assert cited == {
            ANSWER: [
                (1, CitationKind.DOCUMENT, True, passage, DOCUMENT, None),
                (2, CitationKind.MESSAGE, False, "A sister.", None, TOLD),
                (3, CitationKind.DOCUMENT, False, "", None, None),
            ],
            BARE_ANSWER: [(1, CitationKind.DOCUMENT, True, passage, DOCUMENT, None)],
        }
        assert context is not None
        assert (context.tokens, context.budget_tokens) == (59, 3000)
        told = [
            {"kind": part.kind.value, "title": part.title, "tokens": part.tokens, "text": part.text,
             "number": part.number, "messages": part.messages, "upto": str(part.upto or ""), "left_out": part.left_out}
            for part in context.parts
        ]  # fmt: skip
        assert [{key: value for key, value in part.items() if value} for part in told] == PARTS


@pytest.mark.parametrize(
    ("removed", "left"),
    [
        ("document", {"Lives in Lisbon.", TURN_BLOCK}),
        ("memory_item", {BLOCK}),
        ("message", {BLOCK}),  # with what was learned from it
    ],
)
async def test_the_database_removes_what_was_quoted(earlier: str, removed: str, left: set[str]) -> None:
    """Deleting a document, memories or a past message takes its words out of other answers; their numbers stay."""
    migrations.upgrade(earlier)
    ids = {"document": [DOCUMENT], "memory_item": [FACT, TURN], "message": [TOLD]}[removed]
    async with Database(earlier) as database:
        async with database.begin() as tx:
            table = Row.metadata.tables[removed]
            await tx.session.execute(sa.delete(table).where(table.c.id.in_(ids)))
        async with database.read() as tx:
            context = await tx.sent.trace(ANSWER)
            sources = (await tx.sent.citations([ANSWER], passages=True))[ANSWER]
        assert context is not None
        quoted = {part.text for part in context.parts if part.kind in {PartKind.FACT, PartKind.SOURCE}}
        assert quoted - {""} == left
        assert [source.number for source in sources] == [1, 2, 3]
        assert [bool(source.passage) for source in sources] == [BLOCK in left, TURN_BLOCK in left, False]


async def test_a_quotation_needs_what_it_quotes(earlier: str) -> None:
    """What does not exist cannot be quoted: the database sees to it."""
    migrations.upgrade(earlier)
    table = Row.metadata.tables["quotation"]
    of_nothing = {"id": new_id(), "document_id": new_id(), "passage": "", "sent": ""}
    async with Database(earlier) as database:
        with pytest.raises(Conflict):
            async with database.begin() as tx:
                await tx.session.execute(sa.insert(table), of_nothing)
