"""What one person waits for alone, and among a thousand people with a million messages: ``python -m bench --search``."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import text

from bench import crowded
from bench.app import SECRET
from bench.report import Earlier, Line, Section, percentile, rendered
from gantry.bootstrap import Built, build
from gantry.domain.accounts import Actor
from gantry.repositories import migrations
from gantry.repositories.database import Database
from gantry.settings import Settings
from tests.parts.database import with_database
from tests.parts.postgres import running_postgres

DATABASES = ("sqlite", "postgresql")
MESSAGES = 1_000_000  # of others
_TIMES = 100
_FIRST = 8
_SEARCH_MS, _OPEN_MS, _LIST_MS = 100, 300, 1000

Acts = dict[str, Callable[[int], Awaitable[object]]]
Took = dict[str, list[float]]  # milliseconds, by what was done


def search_bench(messages: int, kinds: Sequence[str], before: Earlier) -> list[Section]:
    """Measure each kind of database with few people beside one with many; each section is printed when it is measured."""
    sections: list[Section] = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="gantry-bench-") as folder, _server(kind) as server:
            place = _Place(kind, Path(folder), server)
            author = crowded.Author()
            crowd, people, threads = crowded.measured(author)
            migrations.upgrade(place.url("many"))
            store = crowded.store_of(place.url("many"))
            store.keep(iter([(people, threads)]))
            place.copy("many", "few")
            began = time.monotonic()
            store.keep(crowded.others(author, messages))
            _say(f"{kind}: {messages:,} messages of others stored in {time.monotonic() - began:.0f} s")
            few, many = asyncio.run(_measure(place, crowd))
        section = Section(
            f"{kind}: one person's wait among {messages:,} messages of others", _lines(few, many)
        )
        sections.append(section)
        print(rendered(section, before), flush=True)
    return sections


@contextmanager
def _server(kind: str) -> Iterator[str]:
    with ExitStack() as stack:
        yield "" if kind == "sqlite" else stack.enter_context(running_postgres())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the databases are."""

    kind: str
    folder: Path
    server: str

    def url(self, name: str) -> str:
        """Return the address of a database; it is made when it is not there."""
        if self.kind == "sqlite":
            return f"sqlite:///{self.folder}/{name}.db"
        with psycopg.connect(self.server, autocommit=True) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return with_database(self.server, name)

    def copy(self, name: str, to: str) -> None:
        """Copy a database that nobody uses."""
        if self.kind == "sqlite":
            shutil.copy(self.folder / f"{name}.db", self.folder / f"{to}.db")
            return
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(self.server, autocommit=True) as server:
            server.execute(statement.format(sql.Identifier(to), sql.Identifier(name)))


def _lines(few: Took, many: Took) -> tuple[Line, ...]:
    lines: list[Line] = []
    for what, took in many.items():
        before = few[what]
        budget = _SEARCH_MS if what.startswith("search") else _LIST_MS if "sidebar" in what else _OPEN_MS
        for share in (0.5, 0.95):
            value, ratio = percentile(took, share), percentile(took, share) / percentile(before, share)
            held = budget if share > 0.5 else None
            lines.append(Line(f"{what}, p{100 * share:g}", value, "ms", held, ratio, "alone"))
    return tuple(lines)


async def _measure(place: _Place, crowd: crowded.Crowd) -> tuple[Took, Took]:
    """Do everything in turn with few and with many, so that a busy moment counts for both."""
    async with AsyncExitStack() as stack:
        both = [await _acts(stack, place.url(name), place.folder, crowd) for name in ("few", "many")]
        took: tuple[Took, Took] = ({}, {})
        for what in both[0]:
            for n in range(_TIMES + _FIRST):
                for acts, into in zip(both, took, strict=True):
                    began = time.perf_counter()
                    await acts[what](n)
                    into.setdefault(what, []).append((time.perf_counter() - began) * 1000)
        for into in took:  # statements are compiled, and pages read, the first times
            into.update({what: values[_FIRST:] for what, values in into.items()})
        return took


async def _acts(stack: AsyncExitStack, url: str, folder: Path, crowd: crowded.Crowd) -> Acts:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        database_url=url,  # pyright: ignore[reportArgumentType]
        secret_key=SECRET,  # pyright: ignore[reportArgumentType]
        probe_local_models=False,
        embedding_model="lexical",
        data_dir=folder,
    )
    built = await stack.enter_async_context(build(settings))
    database = await stack.enter_async_context(Database(url))
    await built.writers.drain()  # what is sent is stored, and not answered
    return _Acts(built, database, crowd).all()


@dataclass(slots=True)
class _Acts:
    built: Built
    database: Database
    crowd: crowded.Crowd

    def all(self) -> Acts:
        words = {
            "a frequent word": f"{crowded.FREQUENT} ",
            "a rare word": f"{crowded.RARE} ",
            "two words": f"{crowded.FREQUENT} {crowded.MIDDLING} ",
            "the beginning of a word": crowded.MIDDLING[:3],
            "one letter": crowded.FREQUENT[:1],
            "Chinese": crowded.CHINESE,
            "a word that nobody wrote": "zeppelins ",
        }
        found = {f"search: {what}": self._finding(query) for what, query in words.items()}
        of_many = {
            f"search among 50,000 of one's own: {what}": self._finding(query, self.crowd.collector)
            for what, query in words.items()
        }
        return {
            "open a conversation": self._open,
            "sidebar": self._sidebar,
            "sidebar with 5,000 conversations": self._long_sidebar,
            "send": self._send,
            "open 10,000 messages at the end": self._open_long,
            "open 10,000 messages in the middle": self._open_middle,
            **found,
            **of_many,
        }

    def _who(self, n: int) -> Actor:
        return self.crowd.people[n % len(self.crowd.people)]

    async def _open(self, n: int) -> object:
        who = self._who(n)
        conversation = next(islice(cycle(self.crowd.conversations[who.id]), n * 7, None))
        return await self.built.services.chat.window(who, conversation)

    async def _sidebar(self, n: int) -> object:
        return await self._listed(self._who(n))

    async def _long_sidebar(self, n: int) -> object:
        assert self.crowd.collector
        return await self._listed(self.crowd.collector)

    async def _listed(self, who: Actor) -> object:
        conversations = self.built.services.conversations
        return await conversations.list_pinned(who), await conversations.list_conversations(who)

    async def _send(self, n: int) -> object:
        sent = await self.built.services.chat.send(
            self._who(n), None, f"How do I water the {crowded.RARE} {n}?"
        )
        if n % 20 == 19:  # an account has so many answers at once
            async with self.database.begin() as tx:
                await tx.session.execute(
                    text("UPDATE generation SET status = 'complete' WHERE status = 'running'")
                )
        return sent

    async def _open_long(self, n: int) -> object:
        assert self.crowd.long
        who, conversation, _message = self.crowd.long
        return await self.built.services.chat.window(who, conversation)

    async def _open_middle(self, n: int) -> object:
        assert self.crowd.long
        who, _conversation, message = self.crowd.long
        return await self.built.services.chat.around(who, message)

    def _finding(self, query: str, by: Actor | None = None) -> Callable[[int], Awaitable[object]]:
        async def find(n: int) -> object:
            return await self.built.services.search.find(by or self._who(n), query)

        return find


def _say(doing: str) -> None:
    print(f"  … {doing}", file=sys.stderr, flush=True)
