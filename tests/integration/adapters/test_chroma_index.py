"""The index of vectors: embedded and as a server, the same contract."""

import asyncio
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest

from gantry.adapters.chroma import index as chroma_index
from gantry.adapters.chroma.index import ChromaIndex
from gantry.domain.vectors import IndexUnavailable, VectorEntry, VectorKind, VectorScope
from gantry.models import new_id
from tests.parts.app import ROOT
from tests.parts.chroma import ChromaServer

SET = "test-4"


@pytest.fixture(params=["embedded", "server"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ChromaIndex]:
    """Yield an empty index of each kind."""
    if request.param == "embedded":
        index = ChromaIndex(chroma_index.embedded(tmp_path / "chroma"), chroma_index.EMBEDDED)
        yield index
        await index.aclose()
        return
    async with ChromaServer(tmp_path / "server") as server:
        index = ChromaIndex(chroma_index.server(server.url), chroma_index.SERVER)
        yield index
        await index.aclose()


def entry(row: UUID, vector: Sequence[float], source: UUID, group: UUID, part: int = 0) -> VectorEntry:
    return VectorEntry(row, part, vector, source, group)


async def test_the_nearest_come_first_each_row_once(index: ChromaIndex) -> None:
    """A row with several vectors is found once, by its best one; replaced ones count no more."""
    account, source, group, near, far = (new_id() for _ in range(5))
    await index.add(
        SET,
        account,
        VectorKind.MEMORY,
        [
            entry(near, [1, 0, 0, 0], source, group),
            entry(near, [0.9, 0.1, 0, 0], source, group, 1),
            entry(far, [0, 1, 0, 0], source, group),
        ],
    )
    hits = await index.query(SET, [1, 0, 0, 0], scope=VectorScope(account, VectorKind.MEMORY), limit=5)
    assert [(hit.row, hit.part) for hit in hits] == [(near, 0), (far, 0)]
    assert hits[0].score == pytest.approx(1, abs=1e-3)
    await index.add(SET, account, VectorKind.MEMORY, [entry(far, [1, 0, 0, 0], source, group)])
    assert await index.count(SET) == 3
    assert await index.set_names() == {SET}


async def test_a_source_that_is_left_out_leaves_room_for_the_others(index: ChromaIndex) -> None:
    """What comes from one source is not found, however many of its rows are nearer than all others."""
    account, talk, other, group = (new_id() for _ in range(4))
    near = [entry(new_id(), [1, 0.01 * n, 0, 0], talk, group) for n in range(20)]
    far = [entry(new_id(), [0, 1, 0.1 * n, 0], other, group) for n in range(2)]
    await index.add(SET, account, VectorKind.MEMORY, [*near, *far])
    scope = VectorScope(account, VectorKind.MEMORY, without_source=talk)
    hits = await index.query(SET, [1, 0, 0, 0], scope=scope, limit=2)
    assert {hit.row for hit in hits} == {each.row for each in far}


async def test_nobody_sees_what_others_keep_whatever_they_ask_for(index: ChromaIndex) -> None:
    """Fuzzed: whatever sources and groups are named, only rows of the account and inside the scope come back."""
    dice = random.Random(11)
    people = [new_id() for _ in range(6)]
    groups = {person: [new_id() for _ in range(2)] for person in people}
    rows: dict[UUID, tuple[UUID, UUID, UUID]] = {}
    for person in people:
        entries: list[VectorEntry] = []
        for group in groups[person]:
            for source in (new_id() for _ in range(3)):
                row = new_id()
                rows[row] = (person, source, group)
                entries.append(entry(row, [dice.random() for _ in range(4)], source, group))
        await index.add(SET, person, VectorKind.CHUNK, entries)
    every_source = [source for _person, source, _group in rows.values()]
    every_group = [group for _person, _source, group in rows.values()]
    for _ in range(40):
        person = dice.choice(people)
        sources = dice.choice([None, dice.sample(every_source, dice.randrange(5))])
        chosen = dice.choice([None, dice.sample(every_group, dice.randrange(4))])
        scope = VectorScope(person, VectorKind.CHUNK, sources=sources, groups=chosen)
        hits = await index.query(SET, [0.5] * 4, scope=scope, limit=50)
        wanted = {
            row
            for row, (owner, source, group) in rows.items()
            if owner == person
            and ((sources is None and chosen is None) or source in (sources or ()) or group in (chosen or ()))
        }
        assert {hit.row for hit in hits} == wanted


async def test_what_is_deleted_or_moved_is_found_no_more_where_it_was(index: ChromaIndex) -> None:
    """Rows, sources and all of a kind can be removed; a moved document is found in its new group."""
    account, source, other, group, target = (new_id() for _ in range(5))
    first, second = new_id(), new_id()
    await index.add(
        SET,
        account,
        VectorKind.CHUNK,
        [entry(first, [1, 0, 0, 0], source, group), entry(second, [0, 1, 0, 0], other, group)],
    )
    await index.move(SET, account, source=source, group=target)
    scope = VectorScope(account, VectorKind.CHUNK, groups=[target])
    assert [hit.row for hit in await index.query(SET, [1, 0, 0, 0], scope=scope, limit=5)] == [first]
    await index.delete(SET, account, VectorKind.CHUNK, rows=[first])
    assert await index.rows(SET, account, VectorKind.CHUNK) == {second}
    assert await index.accounts(SET) == {account}
    await index.delete(SET, account, VectorKind.CHUNK, sources=[other])
    assert await index.count(SET) == 0
    await index.drop(SET)
    assert await index.set_names() == set()
    assert await index.query(SET, [1, 0, 0, 0], scope=VectorScope(account, VectorKind.CHUNK), limit=5) == []


async def test_what_is_known_of_an_index_stays_true_while_it_changes(index: ChromaIndex) -> None:
    """Fuzzed: whoever shares a collection, and whatever is added, replaced and removed, each finds exactly what is theirs."""
    dice = random.Random(7)
    first = new_id()
    bucket = crc32(first.bytes) % chroma_index.BUCKETS
    beside = next(each for each in iter(new_id, None) if crc32(each.bytes) % chroma_index.BUCKETS == bucket)
    places = [(first, VectorKind.MEMORY), (first, VectorKind.CHUNK), (beside, VectorKind.MEMORY)]
    kept: dict[tuple[UUID, VectorKind], dict[UUID, UUID]] = {place: {} for place in places}
    sources = [new_id() for _ in range(3)]
    for _ in range(150):
        place = account, kind = dice.choice(places)
        rows = kept[place]
        match dice.randrange(6):
            case 0 | 1:
                row = dice.choice([new_id(), *rows])
                rows[row] = dice.choice(sources)
                vector = [dice.random() for _ in range(4)]
                await index.add(SET, account, kind, [entry(row, vector, rows[row], account)])
            case 2 if rows:
                row = dice.choice(list(rows))
                del rows[row]
                await index.delete(SET, account, kind, rows=[row])
            case _:
                apart = dice.choice([None, *sources])
                scope = VectorScope(account, kind, without_source=apart)
                hits = await index.query(SET, [0.5] * 4, scope=scope, limit=100)
                assert {hit.row for hit in hits} == {row for row, source in rows.items() if source != apart}


LOADED = """
import asyncio, sys
from pathlib import Path
from uuid import uuid4
from gantry.adapters.chroma import index
from gantry.domain.vectors import VectorEntry, VectorKind, VectorScope
account, row = uuid4(), uuid4()
async def main() -> None:
    made = index.ChromaIndex(index.embedded(Path(sys.argv[1])), index.EMBEDDED)
    assert await made.query("s", [1, 0], scope=VectorScope(account, VectorKind.CHUNK), limit=1) == []
    await made.add("s", account, VectorKind.CHUNK, [VectorEntry(row, 0, [1, 0], uuid4(), uuid4())])
    assert await made.query("s", [1, 0], scope=VectorScope(account, VectorKind.CHUNK), limit=1)
    await made.drop("s")
    await made.aclose()
asyncio.run(main())
print(*sys.modules)
"""


def test_the_engine_serves_without_the_packages_around_it(tmp_path: Path) -> None:
    """Twenty megabytes that nothing here calls; a collection that is not there is no reason to load them either."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"chromadb", "grpc", "numpy", "opentelemetry.sdk"} & set(done.stdout.split())


async def test_what_chromadbs_own_client_stored_is_found(tmp_path: Path) -> None:
    """An index of an earlier version opens, with its collections and their vectors."""
    import chromadb  # noqa: PLC0415 - slow to load

    account, source, group, row = (new_id() for _ in range(4))
    name = f"gantry.{SET}.{crc32(account.bytes) % chroma_index.BUCKETS:02d}"

    def store() -> None:
        client: Any = chromadb.PersistentClient(str(tmp_path / "chroma"))
        made = client.get_or_create_collection(
            name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        about = {"place": f"{account.hex}:chunk", "row": row.hex, "source": source.hex, "group": group.hex}
        made.upsert(ids=[f"{row.hex}:0"], embeddings=[[1.0, 0.0, 0.0, 0.0]], metadatas=[about])
        client.close()

    await asyncio.to_thread(store)
    index = ChromaIndex(chroma_index.embedded(tmp_path / "chroma"), chroma_index.EMBEDDED)
    scope = VectorScope(account, VectorKind.CHUNK)
    assert [hit.row for hit in await index.query(SET, [1, 0, 0, 0], scope=scope, limit=3)] == [row]
    await index.aclose()


async def test_a_server_that_is_away_is_told_quickly_and_found_again(tmp_path: Path) -> None:
    """While it is away nobody waits for it twice; after a restart it serves what it had."""
    account, source, group, row = (new_id() for _ in range(4))
    async with ChromaServer(tmp_path / "server") as server:
        index = ChromaIndex(chroma_index.server(server.url), chroma_index.SERVER)
        await index.add(SET, account, VectorKind.CHUNK, [entry(row, [1, 0, 0, 0], source, group)])
        await server.kill()
        for _ in range(5):
            with pytest.raises(IndexUnavailable):
                await index.count(SET)
        await server.start()
        assert await index.ping() == "server"
        hits = await index.query(SET, [1, 0, 0, 0], scope=VectorScope(account, VectorKind.CHUNK), limit=3)
        assert [hit.row for hit in hits] == [row]
        await index.aclose()


async def test_opening_goes_on_when_a_question_has_no_more_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine an index may open slower than a question waits; it is opened once, and serves the next question."""
    monkeypatch.setattr(chroma_index, "_DEADLINE_SECONDS", 0.05)
    go = threading.Event()
    opened: list[str] = []

    def slowly() -> Any:
        opened.append("once")
        go.wait(30)
        return chroma_index.embedded(tmp_path / "chroma")()

    index = ChromaIndex(slowly, chroma_index.EMBEDDED)
    scope = VectorScope(new_id(), VectorKind.CHUNK)
    with pytest.raises(IndexUnavailable):
        await index.query(SET, [1, 0, 0, 0], scope=scope, limit=1)
    go.set()
    assert await index.ping() == "embedded"
    assert opened == ["once"]
    await index.aclose()


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="open files are read from /proc, which is Linux"
)
async def test_a_closed_index_lets_go_of_its_files_and_opens_again(tmp_path: Path) -> None:
    """An embedded one; what was stored is there again."""
    folder = tmp_path / "chroma"
    account, row = new_id(), new_id()
    stored = entry(row, [1, 0, 0, 0], new_id(), new_id())
    for first in (True, False):
        index = ChromaIndex(chroma_index.embedded(folder), chroma_index.EMBEDDED)
        if first:
            await index.add(SET, account, VectorKind.CHUNK, [stored])
        assert await index.rows(SET, account, VectorKind.CHUNK) == {row}
        await index.aclose()
        async with asyncio.timeout(10):  # ChromaDB closes them in a thread of its own
            while any(one.parent == folder and one.name != ".lock" for one in _open_files()):
                await asyncio.sleep(0.05)


def _open_files() -> list[Path]:
    found: list[Path] = []
    for number in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that listed them
            found.append(number.readlink())
    return found


async def test_a_server_that_swallowed_the_first_connection_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is accepted and never answered holds nobody up for longer than its deadline."""
    monkeypatch.setattr(chroma_index, "_DEADLINE_SECONDS", 1.0)
    swallowed: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not swallowed:
            swallowed.append(writer)
            return
        there, beyond = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            with suppress(OSError):
                await asyncio.gather(_pour(reader, beyond), _pour(there, writer))
        finally:
            beyond.close()
            writer.close()

    async with (
        ChromaServer(tmp_path / "server") as server,
        await asyncio.start_server(take, "127.0.0.1", 0) as door,
    ):
        port = door.sockets[0].getsockname()[1]
        index = ChromaIndex(chroma_index.server(f"http://127.0.0.1:{port}"), chroma_index.SERVER)
        with pytest.raises(IndexUnavailable):
            await index.ping()
        try:
            async with asyncio.timeout(20):
                while True:
                    with suppress(IndexUnavailable):
                        assert await index.ping() == chroma_index.SERVER
                        break
        finally:
            swallowed[0].close()
            await index.aclose()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()
