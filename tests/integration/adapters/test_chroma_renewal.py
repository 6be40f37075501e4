"""An embedded index gives back what was removed: collections that have lost much are written anew."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gantry.adapters.chroma.client import MissingCollectionError
from gantry.adapters.chroma.embedded import EmbeddedChroma
from gantry.adapters.chroma.index import EMBEDDED, ChromaIndex
from gantry.domain.vectors import VectorEntry, VectorKind, VectorScope
from gantry.models import new_id

NAME = "gantry.test-64.01"


def vectors(count: int, first: int = 0) -> list[list[float]]:
    """Return vectors that differ: each is one digit of its number in every place of eight."""
    numbers = range(first, first + count)
    return [[float((number >> place % 12) & 1) + place / 64 for place in range(64)] for number in numbers]


def about(place: str, count: int) -> list[dict[str, Any]]:
    """Say whose vectors they are."""
    return [
        {"place": place, "row": UUID(int=number).hex, "source": UUID(int=1).hex, "group": UUID(int=2).hex}
        for number in range(count)
    ]


def fill(client: EmbeddedChroma, *, staying: int, going: int) -> str:
    """Add vectors that stay, and others that are removed again: too few for them to be given back by themselves."""
    key = client.collection(NAME, make=True)
    ids = [f"{UUID(int=number).hex}:0" for number in range(staying)]
    client.upsert(key, ids, vectors(staying), about("mine", staying))
    for _turn in range(5):
        come_and_go(client, key, going)
    return key


def come_and_go(client: EmbeddedChroma, key: str, count: int) -> None:
    """Add vectors and remove them."""
    gone = [f"{new_id().hex}:0" for _ in range(count)]
    client.upsert(key, gone, vectors(count, 100), about("gone", count))
    client.delete(key, {"place": "gone"})


def size(folder: Path) -> int:
    """Return the bytes of the vectors' files."""
    return sum(each.stat().st_size for each in folder.glob("*/*"))


def nearest(client: EmbeddedChroma, number: int) -> tuple[str, str]:
    """Return the id that is nearest to one of the vectors, and whose it is."""
    key = client.collection(NAME, make=False)
    found = client.query(key, vectors(1, number)[0], 1, {"place": "mine"}, ["metadatas"])
    return found["ids"][0][0], found["metadatas"][0][0]["source"]


def test_what_was_removed_is_given_back_and_what_stays_is_found(tmp_path: Path) -> None:
    """Also after the index was opened again; files of what is gone go too."""
    client = EmbeddedChroma(tmp_path)
    key = fill(client, staying=60, going=190)
    before = size(tmp_path)
    client.write_anew()
    client.close()
    client = EmbeddedChroma(tmp_path)
    assert client.names(10, 0) == [NAME]
    with pytest.raises(MissingCollectionError):
        client.count(key)
    assert client.count(client.collection(NAME, make=False)) == 60
    assert [nearest(client, number) for number in (0, 31, 59)] == [
        (f"{UUID(int=number).hex}:0", UUID(int=1).hex) for number in (0, 31, 59)
    ]
    assert size(tmp_path) < before / 5
    client.close()


def test_little_is_left_as_it_is(tmp_path: Path) -> None:
    """Writing anew would take more than it gives back."""
    client = EmbeddedChroma(tmp_path)
    key = fill(client, staying=300, going=12)
    client.write_anew()
    assert client.collection(NAME, make=False) == key
    client.close()


async def test_removing_much_is_enough(tmp_path: Path) -> None:
    """Nobody has to ask for it."""
    client = EmbeddedChroma(tmp_path)
    key = fill(client, staying=60, going=190)
    come_and_go(client, key, 100)
    async with asyncio.timeout(20):
        while client.collection(NAME, make=False) == key:
            await asyncio.sleep(0.02)
    assert client.count(client.collection(NAME, make=False)) == 60
    client.close()


async def test_an_engine_that_cannot_be_opened_again_leaves_the_one_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so; what stays is found, more is added, and the next time it is opened."""

    def refuse(**_settings: Any) -> None:
        raise RuntimeError("too many open files")

    client = EmbeddedChroma(tmp_path)
    key = fill(client, staying=60, going=190)
    with monkeypatch.context() as patched:
        patched.setattr("chromadb_rust_bindings.Bindings", refuse)
        come_and_go(client, key, 100)
        async with asyncio.timeout(20):
            while "index.not_written_anew" not in caplog.messages:
                await asyncio.sleep(0.02)
    key = client.collection(NAME, make=False)
    client.upsert(key, ["new"], vectors(1, 99), about("mine", 1))
    for _turn in range(5):
        come_and_go(client, key, 190)
    assert (client.names(10, 0), client.count(key)) == ([NAME], 61)
    client.write_anew()
    assert client.collection(NAME, make=False) != key
    assert nearest(client, 31)[0] == f"{UUID(int=31).hex}:0"
    client.close()


async def test_questions_and_new_vectors_meanwhile_lose_nothing(tmp_path: Path) -> None:
    """Each question finds what it found before, and what is added is there."""
    client = EmbeddedChroma(tmp_path)
    index = ChromaIndex(lambda: client, EMBEDDED)
    account, rows = new_id(), [new_id() for _ in range(400)]

    def entries(these: list[UUID]) -> list[VectorEntry]:
        made = zip(these, vectors(len(these)), strict=True)
        return [VectorEntry(row, 0, vector, account, account) for row, vector in made]

    async def ask() -> list[UUID]:
        scope = VectorScope(account, VectorKind.MEMORY)
        hits = await index.query("test-64", vectors(1, 7)[0], scope=scope, limit=3)
        return [hit.row for hit in hits]

    await index.add("test-64", account, VectorKind.MEMORY, entries(rows))
    await index.delete("test-64", account, VectorKind.MEMORY, rows=rows[100:])
    expected = await ask()
    more = [new_id() for _ in range(40)]
    writing = asyncio.create_task(asyncio.to_thread(client.write_anew))
    asked = [asyncio.create_task(ask()) for _ in range(100)]
    for row in more:
        await index.add("test-64", account, VectorKind.CHUNK, entries([row]))
    assert {tuple(found) for found in await asyncio.gather(*asked)} == {tuple(expected)}
    await writing
    assert await index.rows("test-64", account, VectorKind.CHUNK) == set(more)
    assert await index.rows("test-64", account, VectorKind.MEMORY) == set(rows[:100])
    await index.aclose()


@pytest.mark.parametrize("is_opened_again", [False, True])
def test_a_copy_that_cannot_be_given_its_name_is_not_lost(tmp_path: Path, *, is_opened_again: bool) -> None:
    """As when the disk is full at that moment: it has the name once that is possible, and nothing empty takes its place."""
    client = EmbeddedChroma(tmp_path)
    fill(client, staying=60, going=190)
    with closing(sqlite3.connect(tmp_path / "chroma.sqlite3")) as database:
        refusal = (
            "BEFORE UPDATE OF name ON collections BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
        database.execute(f"CREATE TRIGGER full {refusal}")
        with pytest.raises(Exception, match="full"):
            client.write_anew()
        with pytest.raises(Exception, match="full"):
            client.collection(NAME, make=True)
        assert client.names(10, 0) == [NAME]
        database.execute("DROP TRIGGER full")
    if is_opened_again:
        client.close()
        client = EmbeddedChroma(tmp_path)
    assert client.names(10, 0) == [NAME]
    assert client.count(client.collection(NAME, make=True)) == 60
    assert nearest(client, 31)[0] == f"{UUID(int=31).hex}:0"
    client.close()


@pytest.mark.parametrize("was_dropped", [False, True])
def test_a_process_that_died_in_the_middle_lost_nothing(tmp_path: Path, was_dropped: bool) -> None:
    """Before the old one was dropped it counts, afterwards the new one does."""
    client = EmbeddedChroma(tmp_path)
    for name, count in ((NAME, 3), (f"{NAME}.anew", 2)):
        key = client.collection(name, make=True)
        client.upsert(key, [f"{number}:0" for number in range(count)], vectors(count), about("mine", count))
    if was_dropped:
        client.drop(NAME)
    client.close()
    client = EmbeddedChroma(tmp_path)
    assert client.names(10, 0) == [NAME]
    assert client.count(client.collection(NAME, make=False)) == (2 if was_dropped else 3)
    client.close()
