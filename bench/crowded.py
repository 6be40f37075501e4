"""An installation of a thousand people, stored at once: rows and their words as the product stores them, without its services."""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg import sql

from gantry.domain.accounts import Actor, Role
from gantry.domain.words import languages_of, terms
from gantry.repositories.words import tsvector

EACH = 1000  # messages of a person
OF_A_CONVERSATION = 10
MEASURED = 10  # people who are there from the beginning
COLLECTION = 5000  # conversations of one of them
LONG = 10_000  # messages of one conversation
FREQUENT, MIDDLING, RARE, CHINESE = "garden", "meadow", "heliotrope", "护照"
_TEXTS = 12_000
_VOCABULARY = 30_000
_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_SECONDS_APART = 40
_COLUMNS = {
    "account": "id email name password_hash role active theme created_at password_changed_at",
    "conversation": "id account_id title title_by_hand pinned scope active_leaf_id created_at updated_at answered_at seen_at",
    "message": "id conversation_id account_id parent_id depth role content reasoning status model tokens_estimated left_out"
    " truncated created_at finished_at memorised_at",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A text with the terms that find it, and the same as PostgreSQL writes them."""

    text: str
    terms: str
    search: str

    @classmethod
    def of(cls, text: str) -> "Words":
        """Cut *text* as the product does."""
        found = terms(text, languages_of(text))
        return cls(text, " ".join(found), tsvector([found]))


@dataclass(slots=True)
class Crowd:
    """Who is there, and what is opened of theirs."""

    people: list[Actor] = field(default_factory=list[Actor])
    conversations: dict[UUID, list[UUID]] = field(default_factory=dict[UUID, list[UUID]])
    collector: Actor | None = None
    long: tuple[Actor, UUID, UUID] | None = None  # whose, which, and a message in its middle


class Author:
    """Makes rows in order of time: people talk at the same time, so the rows of one lie among those of all."""

    def __init__(self) -> None:
        self._dice = random.Random(5)
        self._texts = [Words.of(text) for text in self._talk(_TEXTS)]
        self._rare = Words.of(f"Where does the {RARE} grow?")
        self._made = 0

    def person(self, number: int) -> tuple[Actor, tuple[Any, ...]]:
        """Make somebody."""
        who = Actor(self._id(), f"person{number}@example.org", f"Person {number}", Role.USER)
        return who, (who.id, who.email, who.name, "!", "user", True, "system", _BEGAN, _BEGAN)

    def conversation(self, who: Actor, messages: int) -> "Conversation":
        """Make a conversation with its messages."""
        thread, rows, above = self._id(), list[tuple[Any, ...]](), None
        words: list[Words] = []
        for depth in range(messages):
            message, at = self._id(), _BEGAN + timedelta(seconds=self._made * _SECONDS_APART)
            said = self._rare if self._made % EACH == EACH // 2 else self._dice.choice(self._texts)
            asked = depth % 2 == 0
            model = None if asked else "openai/scripted"
            ids, role = (message, thread, who.id, above, depth), "user" if asked else "assistant"
            told = (role, said.text, "", "complete", model, False, 0, False, at, None if asked else at, at)
            rows.append((*ids, *told))
            words.append(said)
            above = message
        at = _BEGAN + timedelta(seconds=self._made * _SECONDS_APART)
        title = Words.of(words[0].text[:50])
        row = (thread, who.id, title.text, False, False, "{}", above, at, at, at, at)
        return Conversation(row, title, rows, words)

    def _id(self) -> UUID:
        """Return an id that is later than all before it, as the product's are."""
        self._made += 1
        milliseconds = int((_BEGAN.timestamp() + self._made * _SECONDS_APART) * 1000)
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | self._made)

    def _talk(self, count: int) -> Iterator[str]:
        syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "ar", "en", "is")]
        words = [
            "".join(self._dice.choices(syllables, k=self._dice.randint(2, 4))) for _ in range(_VOCABULARY)
        ]
        weights = list(accumulate(1 / (rank + 3) for rank in range(_VOCABULARY)))
        hanzi = [chr(0x4E00 + n) for n in range(0, 3000, 2)]
        for n in range(count):
            if n % 20 == 0:
                said = "".join(self._dice.choices(hanzi, k=60)) + (CHINESE if n % 100 == 0 else "") + "。"
            else:
                said = " ".join(
                    self._dice.choices(words, cum_weights=weights, k=self._dice.choice((12, 25, 60, 140)))
                )
            parts = [said, FREQUENT if n % 10 < 3 else "", MIDDLING if n % 50 == 0 else ""]
            yield " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Rows of a conversation, its title's words, and the words of each message."""

    row: tuple[Any, ...]
    title: Words
    messages: Sequence[tuple[Any, ...]]
    words: Sequence[Words]

    @property
    def scope(self) -> tuple[str, str]:
        """Whose it is and which, as words of the index."""
        return f"a{self.row[1].hex}", f"v{self.row[0].hex}"


def measured(author: Author) -> tuple[Crowd, list[tuple[Any, ...]], list[Conversation]]:
    """Make the people who are measured, with all that they have."""
    crowd, rows, threads = Crowd(), list[tuple[Any, ...]](), list[Conversation]()
    for number in range(MEASURED + 2):
        who, row = author.person(number)
        crowd.people.append(who)
        rows.append(row)
    *few, crowd.collector, reader = crowd.people
    crowd.people = few
    threads += [
        author.conversation(who, OF_A_CONVERSATION) for _ in range(EACH // OF_A_CONVERSATION) for who in few
    ]
    threads += [author.conversation(crowd.collector, OF_A_CONVERSATION) for _ in range(COLLECTION)]
    threads.append(author.conversation(reader, LONG))
    crowd.long = reader, threads[-1].row[0], threads[-1].messages[LONG // 2][0]
    for thread in threads:
        crowd.conversations.setdefault(thread.row[1], []).append(thread.row[0])
    return crowd, rows, threads


def others(author: Author, messages: int) -> Iterator[tuple[list[tuple[Any, ...]], list[Conversation]]]:
    """Make everybody else with *messages* of theirs, a round of conversations at a time."""
    people = [author.person(1000 + number) for number in range(messages // EACH)]
    rows = [row for _who, row in people]
    for _round in range(EACH // OF_A_CONVERSATION):
        yield rows, [author.conversation(who, OF_A_CONVERSATION) for who, _row in people]
        rows = []


class SqliteStore:
    """Writes rows into a migrated SQLite file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def keep(self, batches: Iterator[tuple[list[tuple[Any, ...]], list[Conversation]]]) -> None:
        """Store *batches*; triggers that would note the rows as new are away meanwhile."""
        with closing(sqlite3.connect(self._path, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous=OFF")
            database.execute("PRAGMA cache_size=-500000")
            triggers = database.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('message', 'conversation')"
            ).fetchall()
            database.execute("BEGIN")
            for name, _made in triggers:
                database.execute(f"DROP TRIGGER {name}")
            for people, threads in batches:
                self._insert(database, "account", people)
                self._insert(database, "conversation", (thread.row for thread in threads))
                self._insert(database, "message", (row for thread in threads for row in thread.messages))
                _index_sqlite(
                    database, "conversation", "title", [(t.row[0], t.scope[:1], t.title) for t in threads]
                )
                messages = (
                    (t, row, words) for t in threads for row, words in zip(t.messages, t.words, strict=True)
                )
                _index_sqlite(
                    database, "message", "content", [(row[0], t.scope, words) for t, row, words in messages]
                )
            for _name, made in triggers:
                database.execute(made)
            database.execute("COMMIT")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _insert(self, database: sqlite3.Connection, table: str, rows: Any) -> None:
        names = _COLUMNS[table].split()
        places = ", ".join("?" * len(names))
        database.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})",
            (tuple(map(_for_sqlite, row)) for row in rows),
        )


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _index_sqlite(
    database: sqlite3.Connection, table: str, column: str, rows: Sequence[tuple[UUID, Sequence[str], Words]]
) -> None:
    [first] = database.execute(f"SELECT coalesce(max(number), 0) + 1 FROM fts_{table}_row").fetchone()
    numbered = list(enumerate(rows, first))
    database.executemany(
        f"INSERT INTO fts_{table}_row (number, {table}_id, stale) VALUES (?, ?, 0)",
        [(number, row.hex) for number, (row, _scope, _words) in numbered],
    )
    database.executemany(
        f"INSERT INTO fts_{table} (rowid, scope, {column}) VALUES (?, ?, ?)",
        [(number, " ".join(scope), words.terms) for number, (_row, scope, words) in numbered],
    )


class PostgresStore:
    """Writes rows into a migrated PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def keep(self, batches: Iterator[tuple[list[tuple[Any, ...]], list[Conversation]]]) -> None:
        """Store *batches*; triggers are away meanwhile, and the index of words is made at the end."""
        with psycopg.connect(self._url, autocommit=True) as database:
            database.execute("SET session_replication_role = replica")
            database.execute("SET maintenance_work_mem = '1GB'")
            for table in ("message", "conversation"):
                database.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(f"fts_{table}_search")))
            for people, threads in batches:
                self._copy(database, "account", people)
                self._copy(database, "conversation", [thread.row for thread in threads])
                self._copy(database, "message", [row for thread in threads for row in thread.messages])
                self._index(database, "conversation", [(t.row[0], t.scope[:1], t.title) for t in threads])
                messages = (
                    (t, row, words) for t in threads for row, words in zip(t.messages, t.words, strict=True)
                )
                self._index(database, "message", [(row[0], t.scope, words) for t, row, words in messages])
            for table in ("message", "conversation"):
                name, index = sql.Identifier(f"fts_{table}"), sql.Identifier(f"fts_{table}_search")
                database.execute(sql.SQL("CREATE INDEX {} ON {} USING gin (search)").format(index, name))
            database.execute("VACUUM ANALYZE")

    def _copy(self, database: psycopg.Connection[Any], table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS[table].split()))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with database.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def _index(
        self, database: psycopg.Connection[Any], table: str, rows: Sequence[tuple[UUID, Sequence[str], Words]]
    ) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, (f"{table}_id", "search", "stale")))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(f"fts_{table}"), names)
        with database.cursor() as cursor, cursor.copy(statement) as copy:
            for row, scope, words in rows:
                placed = " ".join(f"'{word}'" for word in scope)
                copy.write_row((row, f"{placed} {words.search}", False))


def store_of(url: str) -> SqliteStore | PostgresStore:
    """Return what writes into the database at *url*."""
    return cast(
        "Any", SqliteStore(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else PostgresStore(url)
    )
