"""Temporary conversations leave no trace in a backup."""

import asyncio
import gzip
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gantry.models import Attachment, Conversation, Document, Message, Row, new_id
from gantry.repositories.archive import connected
from tests.integration.operations.conftest import Install, Installation
from tests.parts.contents import BEGINNING, fill_every_table, writing

ENGINES = ("sqlite", "postgresql")


def _half_temporary(installation: Installation) -> tuple[int, int]:
    """Make half of the conversations temporary; returns how many there are of both kinds."""
    with writing(installation.database_url) as connection:
        ids = list(connection.execute(sa.select(Conversation.id).order_by(Conversation.id)).scalars())  # pyright: ignore[reportCallIssue, reportArgumentType]
        chosen = ids[::2]
        connection.execute(
            sa.update(Conversation).where(Conversation.id.in_(chosen)).values(temporary=True)  # pyright: ignore[reportAttributeAccessIssue]
        )
    return len(ids) - len(chosen), len(chosen)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_backup_holds_nothing_of_temporary_conversations(install: Install, engine: str) -> None:
    """Neither them nor any row that goes with them; what only refers to one lets go of it; the rest is equal after a restore."""
    old, new = install(engine), install("sqlite")
    fill_every_table(old.database_url)
    kept, left = _half_temporary(old)
    assert left
    backup = old.data / "kept.tar"
    manifest = old.service.backup(str(backup)).manifest
    counts = {table.layout.name: table.tally.count for table in manifest.tables}
    assert counts["conversation"] == kept
    assert new.run("restore", str(backup))[0] == 0  # which refuses a row that refers to none
    with connected(old.database_url) as connection:
        for table in Row.metadata.tables.values():
            if "conversation_id" not in table.columns or table.name == "embedding_set":
                continue
            whole = Conversation.__table__  # pyright: ignore[reportAttributeAccessIssue]
            hangs = table.c.conversation_id == whole.c.id
            stays = sa.select(sa.func.count()).select_from(table.outerjoin(whole, hangs))
            stays = stays.where(sa.or_(whole.c.id.is_(None), whole.c.temporary.is_(False)))
            assert counts[table.name] <= connection.execute(stays).scalar_one(), table.name
    code, told = old.run("verify", str(backup), "--against-database")
    assert code == 0, told


async def test_what_was_said_and_sent_in_one_is_not_in_the_file(install: Install, tmp_path: Path) -> None:
    """Neither its words, nor the name or the bytes of a file that was attached."""
    old = install("sqlite")
    await asyncio.to_thread(fill_every_table, old.database_url)
    await asyncio.to_thread(_say_a_secret, old)
    backup = tmp_path / "all.tar"
    made = await asyncio.to_thread(old.service.backup, str(backup))
    assert made.manifest.documents.count == 1
    names = await asyncio.to_thread(_unpacked, backup)
    assert not any(b"Xylophone" in content for content in names.values())
    assert any(b"kept bytes" in content for content in names.values())


def _say_a_secret(old: Installation) -> None:
    with writing(old.database_url) as connection:
        account = connection.execute(
            sa.select(sa.column("id", sa.Uuid())).select_from(sa.table("account"))
        ).scalar()
        conversation, message, document = new_id(), new_id(), new_id()
        now = BEGINNING + timedelta(days=1)
        made = {"account_id": account, "created_at": now, "updated_at": now}
        tables = {each: each.__table__ for each in (Conversation, Message, Document, Attachment)}  # pyright: ignore[reportAttributeAccessIssue]
        connection.execute(
            sa.insert(tables[Conversation]),
            made | {"id": conversation, "title": "Xylophone", "title_by_hand": False, "pinned": False,
                    "temporary": True, "remembered": True, "scope": {}},
        )  # fmt: skip
        connection.execute(
            sa.insert(tables[Message]),
            {"id": message, "conversation_id": conversation, "account_id": account, "depth": 0, "role": "user",
             "content": "Xylophone", "reasoning": "", "status": "complete", "tokens_estimated": False,
             "left_out": 0, "truncated": False, "created_at": now},
        )  # fmt: skip
        row = dict(connection.execute(sa.select(tables[Document])).mappings().first() or {})
        row |= {"id": document, "account_id": account, "collection_id": None, "conversation_id": conversation,
                "name": "Xylophone.txt", "sha256": "0" * 64}  # fmt: skip
        connection.execute(sa.insert(tables[Document]), row)
        connection.execute(
            sa.insert(tables[Attachment]),
            {"id": new_id(), "message_id": message, "account_id": account, "document_id": document,
             "name": "Xylophone.txt", "media_type": "text/plain", "size_bytes": 9, "created_at": now},
        )  # fmt: skip
    folder = old.data / "documents" / str(account).replace("-", "")
    folder.mkdir(parents=True)
    (folder / document.hex).write_bytes(b"Xylophone bytes")
    (folder / new_id().hex).write_bytes(b"kept bytes")


def _unpacked(backup: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(backup) as tar:
        for member in tar:
            file = tar.extractfile(member)
            content = file.read() if file else b""
            found[member.name] = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    return found
