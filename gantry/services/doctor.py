"""An examination of the installation: a list of checks, each bounded, none of which can end it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from gantry.domain.catalog import ConnectionOrigin, ConnectionSpec, ModelServers
from gantry.domain.credentials import KeyEncryption
from gantry.domain.errors import GantryError, Unavailable
from gantry.domain.health import Check, Finding, Level, RedisFacts
from gantry.domain.text import counted
from gantry.places import typed
from gantry.repositories.database import Database
from gantry.services.sweeping import SweepReport
from gantry.services.vector_sets import IndexStatus

PATIENCE_SECONDS = 10.0
MAX_CLOCK_SECONDS = 1.0
_GB = 1_000_000_000
_DAY = 24 * 3600


async def examine(checks: Sequence[Check]) -> AsyncIterator[Finding]:
    """Run *checks* one after another and yield what they find; one that fails or hangs is a finding."""
    for check in checks:
        for finding in await _run(check):
            yield finding


async def _run(check: Check) -> Sequence[Finding]:
    patience = check.patience_seconds or PATIENCE_SECONDS
    try:
        async with asyncio.timeout(patience):
            return await check.run()
    except TimeoutError:
        detail, fix = f"did not answer within {counted(round(patience), 'second')}", check.fix
    except GantryError as error:
        detail, fix = error.public, error.advice or check.fix
    except OSError as error:
        detail, fix = error.strerror or type(error).__name__, check.fix
    return [Finding(Level.FAIL, check.what, detail, fix)]


def judge_index(
    status: IndexStatus, differs: SweepReport, *, rows: int, waiting: int, vectors: int
) -> list[Finding]:
    """Judge whether the index holds what the database says; a row may have several *vectors*."""
    counts = f"{counted(rows, 'row')} and {counted(vectors, 'vector')} of {status.model or 'no model'}"
    wrong = ""
    if rows and not vectors:
        wrong = f"the index is empty: {counts}"
    elif differs != SweepReport():
        wrong = (
            f"the index differs from the database: rows without their vectors: {differs.missing:,}, "
            f"deleted rows with some: {differs.orphans:,}; {counts}"
        )
    if wrong:
        return [Finding(Level.WARN, "search", wrong, f"Run: {typed('reindex')}")]
    found = [
        Finding(Level.OK, "search", f"{counts}; {counted(waiting, 'row')} waiting" if waiting else counts)
    ]
    if status.model and not status.semantic:
        detail = "no embedding model is installed: search compares words, not meaning"
        fix = "Let Gantry reach the internet once, or set EMBEDDING_MODEL and EMBEDDING_BASE_URL."
        found.append(Finding(Level.OK, "embedding model", detail, fix))
    return found


def judge_space(folder: str, free_bytes: int) -> Finding:
    """Judge the free space of the folder of data."""
    detail = f"{folder} can be written, {free_bytes / _GB:.1f} GB are free"
    if free_bytes >= _GB:
        return Finding(Level.OK, "data", detail)
    level = Level.WARN if free_bytes >= _GB / 10 else Level.FAIL
    return Finding(level, "data", detail, "Make room on this disk, or point DATA_DIR to a larger one.")


def judge_clock(what: str, ahead_seconds: float) -> Finding:
    """Judge how far another machine's clock is from ours."""
    apart = abs(ahead_seconds)
    if apart <= MAX_CLOCK_SECONDS:
        return Finding(Level.OK, what, f"its clock agrees within {max(apart, 0.01):.2f} s")
    side = "ahead of" if ahead_seconds > 0 else "behind"
    fix = "Synchronise both clocks: systemctl enable --now systemd-timesyncd (or chrony)"
    return Finding(Level.FAIL, what, f"its clock is {apart:.1f} s {side} ours", fix)


def judge_backups(folder: str, age_seconds: float | None) -> Finding:
    """Judge the age of the newest backup."""
    fix = f"Make one: {typed('backup')} (--every 24 repeats it)"
    if age_seconds is None:
        return Finding(Level.WARN, "backups", f"there is none in {folder}", fix)
    detail = f"the newest in {folder} is {counted(round(age_seconds / 3600), 'hour')} old"
    if age_seconds > 2 * _DAY:
        return Finding(Level.WARN, "backups", detail, fix)
    return Finding(Level.OK, "backups", detail)


def judge_redis(facts: RedisFacts) -> list[Finding]:
    """Judge how a Redis is set up."""
    return [
        Finding(Level.OK, "redis", f"reachable, version {facts.version}"),
        _password(facts),
        _eviction(facts),
        _saving(facts),
        _events(facts),
        judge_clock("redis clock", facts.ahead_seconds),
    ]


def _password(facts: RedisFacts) -> Finding:
    if not facts.open_to_all:
        return Finding(Level.OK, "redis password", "required")
    fix = "Set requirepass (or an aclfile) in redis.conf, and the password in REDIS_URL."
    detail = "not required: anyone who can reach Redis can read and change sessions of open pages"
    return Finding(Level.WARN, "redis password", detail, fix)


def _eviction(facts: RedisFacts) -> Finding:
    if not facts.policy.startswith("allkeys"):
        return Finding(Level.OK, "redis memory", f"maxmemory-policy is {facts.policy or 'not told'}")
    fix = "Set in redis.conf: maxmemory-policy noeviction (or volatile-ttl)"
    detail = f"maxmemory-policy is {facts.policy}: it may drop live answers when it is full"
    return Finding(Level.WARN, "redis memory", detail, fix)


def _saving(facts: RedisFacts) -> Finding:
    if not facts.save_failed:
        return Finding(Level.OK, "redis saving", "what it holds can be rebuilt; saving it has not failed")
    detail = "it could not save to its disk, and may refuse to be written"
    return Finding(
        Level.FAIL, "redis saving", detail, 'Make room where it saves, or set in redis.conf: save ""'
    )


def _events(facts: RedisFacts) -> Finding:
    if facts.events_seen:
        return Finding(Level.OK, "redis events", "keyspace events are sent")
    if facts.events_configurable:
        return Finding(Level.OK, "redis events", "keyspace events are switched on when Gantry starts")
    fix = "Set in redis.conf: notify-keyspace-events Kgx"
    detail = "keyspace events are off, and CONFIG is not allowed: pages would wait for locks"
    return Finding(Level.FAIL, "redis events", detail, fix)


async def ask_model_servers(servers: ModelServers, specs: Sequence[ConnectionSpec]) -> list[Finding]:
    """Ask each model server for its models, all at once."""
    return list(await asyncio.gather(*(_ask(servers, spec) for spec in specs)))


async def ask_stored_servers(database: Database, keys: KeyEncryption, servers: ModelServers) -> list[Finding]:
    """Ask the model servers that administrators added and did not switch off."""
    async with database.read() as tx:
        rows = [row for row in await tx.catalog.list_connections() if row.enabled]
    findings: list[Finding] = []
    specs: list[ConnectionSpec] = []
    for row in rows:
        try:
            key = keys.unseal(row.key_encrypted) if row.key_encrypted else None
        except Unavailable as error:
            findings.append(Finding(Level.FAIL, f"model server {row.slug}", error.public, error.advice))
        else:
            specs.append(
                ConnectionSpec(
                    row.slug,
                    row.name,
                    row.kind,
                    row.base_url,
                    ConnectionOrigin.STORED,
                    key,
                    row.id,
                    models=tuple(row.models_by_hand or ()),
                )
            )
    return [*findings, *await ask_model_servers(servers, specs)]


async def _ask(servers: ModelServers, spec: ConnectionSpec) -> Finding:
    what = f"model server {spec.slug}"
    try:
        listing = await servers.list_models(spec)
    except GantryError as error:
        return Finding(Level.FAIL, what, error.public, error.advice)
    if not listing.models:
        return Finding(Level.WARN, what, "it offers no model", "Load or pull a model there.")
    return Finding(Level.OK, what, counted(len(listing.models), "model"))
