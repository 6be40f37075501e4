"""``python -m gantry doctor``: what is examined, and how it is printed."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from gantry.adapters.archive.store import BackupFolder
from gantry.adapters.chroma.heartbeat import ask_chroma
from gantry.adapters.machine import free_bytes
from gantry.adapters.openai.own_server import notices
from gantry.adapters.openai.servers import HttpModelServers
from gantry.adapters.secrets.encryption import FernetEncryption
from gantry.bootstrap import build, embedders_of, fixed_connections, out_of_service, reranker_of
from gantry.domain.errors import Conflict, GantryError
from gantry.domain.health import Check, Finding, Level
from gantry.places import is_installed, typed
from gantry.repositories import health
from gantry.repositories.archive import require_file
from gantry.repositories.database import Database
from gantry.services import doctor
from gantry.settings import Settings, SettingsError, check_strength, load_settings
from gantry.ui import stamp

_OLDEST_PYTHON = (3, 11)
_COMPARING_SECONDS = 120.0  # for every row and every vector
_WIDTHS = {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "FAIL"}


def examine() -> bool:
    """Print a line for everything that is looked at; returns whether nothing failed."""
    try:
        settings = load_settings()
    except SettingsError as error:
        _print(
            Finding(
                Level.FAIL, "settings", str(error).replace("\n", " "), "Correct them: docs/configuration.md"
            )
        )
        return False
    _print(Finding(Level.OK, "settings", "valid"))
    logging.disable()  # what goes wrong is told here, in other words
    try:
        return asyncio.run(_examine(checks(settings)))
    finally:
        logging.disable(logging.NOTSET)


async def _examine(chosen: Sequence[Check]) -> bool:
    well = True
    async for finding in doctor.examine(chosen):
        _print(finding)
        well = well and finding.level is not Level.FAIL
    return well


def _print(finding: Finding) -> None:
    print(f"{_WIDTHS[finding.level]}  {finding.what}: {finding.detail.rstrip('.')}", flush=True)
    if finding.fix and finding.level is not Level.OK:
        print(f"      fix: {finding.fix}", flush=True)


def checks(settings: Settings) -> list[Check]:
    """Return what to look at with these settings, in the order in which it is printed."""
    looks = _Looks(settings)
    chosen = [
        Check("python", looks.python),
        Check("data", looks.data),
        Check("secret key", looks.secret_key),
        Check("database", looks.database, fix="Start it, or correct DATABASE_URL."),
    ]
    if settings.database_url.startswith("sqlite"):
        chosen.append(Check("database file", looks.database_file, patience_seconds=_COMPARING_SECONDS))
    if settings.redis_url is not None:
        chosen.append(Check("redis", looks.redis, fix="Start it, or correct REDIS_URL."))
    if settings.chroma_host is not None:
        chosen.append(Check("chroma", looks.chroma, fix="Start it, or correct CHROMA_HOST."))
    chosen += [
        Check("search", looks.search, f"Run: {typed('reindex')}", _COMPARING_SECONDS),
        Check("model servers", looks.model_servers),
        *([Check("embeddings server", looks.embeddings)] if settings.embedding_base_url else []),
        *([Check("rerank server", looks.reranking)] if settings.rerank_base_url else []),
        Check("front end", looks.front_end),
        Check("backups", looks.backups),
        Check("proxy", looks.proxy),
    ]
    return chosen


@dataclass(frozen=True, slots=True)
class _Looks:
    """The checks, each a method."""

    settings: Settings = field(repr=False)

    async def python(self) -> list[Finding]:
        version = ".".join(map(str, sys.version_info[:3]))
        if sys.version_info < _OLDEST_PYTHON:
            return [Finding(Level.FAIL, "python", f"{version} is too old", "Install Python 3.11 or later.")]
        return [Finding(Level.OK, "python", version)]

    async def data(self) -> list[Finding]:
        folder = self.settings.data_dir
        return [doctor.judge_space(str(folder), await asyncio.to_thread(free_bytes, folder))]

    async def secret_key(self) -> list[Finding]:
        try:
            check_strength(self.settings.secret_key.get_secret_value())
        except ValueError as error:
            return [Finding(Level.WARN, "secret key", "it can be guessed", str(error))]
        return [Finding(Level.OK, "secret key", "long and random")]

    async def database(self) -> list[Finding]:
        engine, ahead = await asyncio.to_thread(health.look, self.settings.database_url)
        answers = Finding(Level.OK, "database", f"{engine}, with the schema of this version")
        return [answers] if "SQLite" in engine else [answers, doctor.judge_clock("database clock", ahead)]

    async def database_file(self) -> list[Finding]:
        wrong = await asyncio.to_thread(health.check_file, self.settings.database_url)
        if wrong:
            fix = f"Stop Gantry, keep a copy of the file, then: {typed('restore FILE --replace')}"
            return [Finding(Level.FAIL, "database file", f"it is damaged: {wrong.splitlines()[-1]}", fix)]
        return [Finding(Level.OK, "database file", "whole")]

    async def redis(self) -> list[Finding]:
        from gantry.adapters.redis.inspection import inspect_redis  # noqa: PLC0415 - one machine needs no Redis

        return doctor.judge_redis(await inspect_redis(self.settings.redis_url or ""))

    async def chroma(self) -> list[Finding]:
        await ask_chroma(self.settings.chroma_host or "")
        return [Finding(Level.OK, "chroma", "it answers")]

    async def search(self) -> list[Finding]:
        """Compare what the database and the index hold; embedded vectors are left alone while Gantry runs."""
        if not self.settings.chroma_host:
            try:
                with out_of_service(self.settings):
                    return await self._compared()
            except Conflict:
                detail = "Gantry is running and compares its vectors by itself, every time it starts"
                return [Finding(Level.OK, "search", detail)]
        return await self._compared()

    async def _compared(self) -> list[Finding]:
        require_file(self.settings.database_url)
        async with build(self.settings) as built:
            differs = await built.knowledge.sweep.differences()
            done, waiting, vectors = await built.knowledge.sweep.compared()
            status = await built.knowledge.vector_sets.status()
        return doctor.judge_index(status, differs, rows=done, waiting=waiting, vectors=vectors)

    async def model_servers(self) -> list[Finding]:
        vault = FernetEncryption(self.settings.secret_key.get_secret_value())
        async with HttpModelServers() as servers, Database(self.settings.database_url) as database:
            found = await doctor.ask_model_servers(servers, fixed_connections(self.settings))
            try:
                require_file(self.settings.database_url)
                found += await doctor.ask_stored_servers(database, vault, servers)
            except GantryError as error:
                detail = "those that were added in the browser cannot be looked up"
                return [*found, Finding(Level.WARN, "model servers", detail, error.advice)]
        if found:
            return found
        if self.settings.probe_local_models:
            detail = "none is configured; those on this machine's well-known ports are found by themselves"
            return [Finding(Level.OK, "model servers", detail)]
        fix = "Set OPENAI_BASE_URL, OLLAMA_HOST or TABBY_HOST, or add one under Administration."
        return [Finding(Level.WARN, "model servers", "none is configured", fix)]

    async def embeddings(self) -> list[Finding]:
        embedders = embedders_of(self.settings)
        try:
            model = await (await embedders.wanted()).model()
        finally:
            await embedders.aclose()
        return [Finding(Level.OK, "embeddings server", f"{model.name}, {model.dimension} dimensions")]

    async def reranking(self) -> list[Finding]:
        reranker = reranker_of(self.settings)
        if reranker is None:
            return []
        try:
            await reranker.rank("a question", ["a passage", "another one"])
        finally:
            await reranker.aclose()
        return [Finding(Level.OK, "rerank server", "it puts passages into order")]

    async def front_end(self) -> list[Finding]:
        if await asyncio.to_thread(stamp.is_fresh):
            detail = "the one that came with this version" if is_installed() else "built from these sources"
            return [Finding(Level.OK, "front end", detail)]
        there = stamp.built().exists()
        if self.settings.production and not there:
            return [Finding(Level.OK, "front end", "not here: the web server in front has it")]
        state = "built from other sources" if there else "not built yet"
        fix = "Install Gantry again." if is_installed() else f"Run: {typed('build')}"
        return [Finding(Level.WARN, "front end", state, fix)]

    async def proxy(self) -> list[Finding]:
        noticed = await notices(self.settings.host, self.settings.port)
        return [
            Finding(Level.WARN, "proxy", each, "See docs/deployment.md, Another proxy") for each in noticed
        ]

    async def backups(self) -> list[Finding]:
        folder = BackupFolder(self.settings.data_dir / "backups")
        if not folder.path.is_dir():
            return []
        return [doctor.judge_backups(str(folder.path), folder.newest_age_seconds())]
