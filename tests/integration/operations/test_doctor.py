"""python -m gantry doctor: what is well, what is not, and how to mend it."""

import asyncio
import os
import socket
from pathlib import Path

from gantry.adapters.redis.link import connect
from gantry.bootstrap import build
from gantry.domain.vectors import VectorEntry, VectorKind
from gantry.models import new_id
from gantry.repositories import migrations
from tests.integration.operations.conftest import SECRET, Install, Installation
from tests.parts.knowledge import embedded, read, reading_stack, upload
from tests.parts.later_version import later_version
from tests.parts.llm_server import ServerThread
from tests.parts.ports import free_port
from tests.parts.redis import RedisServer


def lines(told: str) -> dict[str, tuple[str, str]]:
    """Return level and detail of every line by what was looked at; a fix is added to the detail."""
    found: dict[str, tuple[str, str]] = {}
    last = ""
    for line in told.splitlines():
        if line.startswith("      fix: "):
            level, detail = found[last]
            found[last] = (level, f"{detail} → {line.removeprefix('      fix: ')}")
            continue
        level, what = line[:4].strip(), line[6:]
        last, _colon, detail = what.partition(": ")
        found[last] = (level, detail)
    return found


def test_a_sound_installation(installation: Installation) -> None:
    """Nothing fails, the exit code is 0, and every check has its line."""
    code, told = installation.run("doctor")
    found = lines(told)
    assert code == 0, told
    assert {"settings", "python", "data", "secret key", "database", "model servers", "front end"} <= set(
        found
    )
    assert "FAIL" not in {level for level, _detail in found.values()}
    assert "with the schema of this version" in found["database"][1]
    assert SECRET not in told
    if "postgresql" in installation.database_url:
        assert found["database clock"][0] == "ok"


def test_wrong_settings_are_the_first_finding(install: Install) -> None:
    """With settings that do not fit there is one line, and how to go on."""
    code, told = install("sqlite").run("doctor", UVICORN_WORKERS="4")
    assert code == 1
    assert told.startswith("FAIL  settings: UVICORN_WORKERS")
    assert "fix:" in told


def test_a_database_of_another_schema(installation: Installation, tmp_path: Path) -> None:
    """An older schema is told with the command to run, a newer one with the version to install."""
    with later_version(tmp_path):
        code, told = installation.run("doctor")
        assert (code, lines(told)["database"][0]) == (1, "FAIL")
        assert "fix: Run: python -m gantry migrate" in told
        migrations.upgrade(installation.database_url)
    code, told = installation.run("doctor")
    assert (code, "newer schema" in lines(told)["database"][1]) == (1, True)


def test_a_database_that_does_not_exist_yet(install: Install) -> None:
    """Before the first start the doctor names the command, and makes no database itself."""
    installation = install("sqlite")
    database = installation.data / "gantry.db"
    database.unlink()
    code, told = installation.run("doctor")
    assert (code, lines(told)["database"][0]) == (1, "FAIL")
    assert "python -m gantry migrate" in told
    assert not database.exists()


def test_a_database_that_is_away(install: Install) -> None:
    """Nothing hangs, nothing is told of the password, and the other checks are made."""
    url = f"postgresql://gantry:tops3cret@127.0.0.1:{free_port()}/gantry"
    code, told = install("sqlite").run("doctor", DATABASE_URL=url)
    found = lines(told)
    assert (code, found["database"][0]) == (1, "FAIL")
    assert "correct DATABASE_URL" in found["database"][1]
    assert "tops3cret" not in told
    assert "front end" in found


def test_an_open_redis_is_warned_of(install: Install, redis_server: RedisServer) -> None:
    """A Redis without a password is a warning; its events may be switched on by Gantry itself."""
    code, told = install("sqlite").run("doctor", REDIS_URL=redis_server.url)
    found = lines(told)
    assert code == 0, told
    assert found["redis"][0] == "ok"
    assert (found["redis password"][0], "requirepass" in found["redis password"][1]) == ("warn", True)
    assert "switched on when Gantry starts" in found["redis events"][1]
    assert found["redis clock"][0] == "ok"


async def test_a_locked_down_redis(install: Install, redis_server: RedisServer) -> None:
    """With CONFIG forbidden, events must be on already; a policy that drops live answers is told."""
    installation = install("sqlite")
    url = redis_server.url.replace("//", "//:pass-of-redis@")

    async def look(address: str = url) -> tuple[int, dict[str, tuple[str, str]]]:
        code, told = await asyncio.to_thread(installation.run, "doctor", REDIS_URL=address)
        assert "pass-of-redis" not in told
        return code, lines(told)

    try:
        async with connect(redis_server.url) as redis:
            await redis.config_set("maxmemory-policy", "allkeys-lru")
            await redis.execute_command("ACL", "SETUSER", "default", "resetpass", ">pass-of-redis")
        async with connect(url) as redis:
            await redis.execute_command("ACL", "SETUSER", "watched", "on", ">other", "~*", "&*", "+@all")
            await redis.execute_command("ACL", "SETUSER", "default", "-@admin", "-@dangerous", "+info")
        code, found = await look()
        assert (code, found["redis password"][0]) == (1, "ok")
        assert (found["redis memory"][0], "noeviction" in found["redis memory"][1]) == ("warn", True)
        assert (found["redis events"][0], "notify-keyspace-events Kgx" in found["redis events"][1]) == (
            "FAIL",
            True,
        )
        async with connect(redis_server.url.replace("//", "//watched:other@")) as redis:
            await redis.config_set("notify-keyspace-events", "Kgx")
        code, found = await look()
        assert (code, found["redis events"]) == (0, ("ok", "keyspace events are sent"))
        _code, found = await look(redis_server.url.replace("//", "//:wrong@"))
        assert "refuses the password" in found["redis"][1]
    finally:
        redis_server.restart()


def test_parts_that_are_away(install: Install) -> None:
    """Redis, ChromaDB and a model server where nobody listens: each has its line and its fix."""
    code, told = install("sqlite").run(
        "doctor",
        REDIS_URL=f"redis://:tops3cret@127.0.0.1:{free_port()}/0",
        CHROMA_HOST=f"http://127.0.0.1:{free_port()}",
        OPENAI_BASE_URL=f"http://127.0.0.1:{free_port()}/v1",
        OPENAI_API_KEY="sk-tops3cret",
    )
    found = lines(told)
    assert code == 1
    away = [found[name] for name in ("redis", "chroma", "model server openai")]
    assert [level for level, _detail in away] == ["FAIL"] * 3
    assert all("→" in detail for _level, detail in away), told
    assert "tops3cret" not in told


def test_a_part_that_hangs_is_a_finding(install: Install) -> None:
    """A server that takes connections and says nothing does not hang the doctor."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        code, told = install("sqlite").run("doctor", CHROMA_HOST=address)
    assert (code, lines(told)["chroma"][0]) == (1, "FAIL")


def test_a_model_server_that_works(install: Install) -> None:
    """A model server that answers is told with the number of its models."""
    with ServerThread() as server:
        code, told = install("sqlite").run("doctor", OPENAI_BASE_URL=server.url)
    assert (code, lines(told)["model server openai"][0]) == (0, "ok"), told


async def test_an_index_that_differs_from_the_database(installation: Installation) -> None:
    """Rows without vectors and vectors without rows are counted, however many vectors there are in all."""

    async def look() -> tuple[str, str]:
        _code, told = await asyncio.to_thread(installation.run, "doctor", EMBEDDING_MODEL="lexical")
        return lines(told)["search"]

    async with reading_stack(installation.database_url, data_dir=installation.data) as stack:
        notes = [await upload(stack, f"{n}.txt", f"Bed {n} has tulips.".encode()) for n in range(3)]
        for note in notes:
            await read(stack, note.id)
        await embedded(stack)
    level, detail = await look()
    assert (level, detail.startswith("3 rows and 3 vectors")) == ("ok", True), detail
    async with build(stack.settings) as built:
        index, account = built.knowledge.index, stack.who.id
        await index.delete("lexical-512", account, VectorKind.CHUNK, sources=[notes[0].id])
        lost = [VectorEntry(new_id(), part, [1.0] * 512, new_id(), account) for part in range(2)]
        await index.add("lexical-512", account, VectorKind.MEMORY, lost)
    level, detail = await look()
    assert level == "warn"
    assert "rows without their vectors: 1, deleted rows with some: 2" in detail
    assert "python -m gantry reindex" in detail


def test_a_folder_that_cannot_be_written(install: Install) -> None:
    """A DATA_DIR that is a file is told with what to do."""
    installation = install("sqlite")
    blocked = installation.data / "file"
    blocked.write_text("in the way")
    code, told = installation.run("doctor", DATA_DIR=str(blocked))
    found = lines(told)["data"]
    assert (code, found[0], "Point DATA_DIR to a folder" in found[1]) == (1, "FAIL", True)


def test_old_backups_are_warned_of(install: Install) -> None:
    """A folder of backups without a recent one is a warning."""
    installation = install("sqlite")
    (installation.data / "backups").mkdir()
    assert lines(installation.run("doctor")[1])["backups"][0] == "warn"
    installation.run("backup")
    assert lines(installation.run("doctor")[1])["backups"][0] == "ok"
    (made,) = (installation.data / "backups").iterdir()
    os.utime(made, (1, 1))
    code, told = installation.run("doctor")
    assert (code, lines(told)["backups"][0]) == (0, "warn")
