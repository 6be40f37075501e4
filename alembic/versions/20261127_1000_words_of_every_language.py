# ruff: noqa: S608, ISC004 - statements made of this file's own names
"""Index words as Gantry cuts them, in every language and alike in both databases; messages by their owner too.

The databases keep what they are told: triggers mark a row whose text is new as stale, and the application gives it its
words (gantry/repositories/words.py), in the same transaction or, after this migration, in batches.

Revision: 20261127_1000, after 20261127_0930
"""

from dataclasses import dataclass

from alembic import op

revision = "20261127_1000"
down_revision = "20261127_0930"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class _Searched:
    table: str
    places: tuple[tuple[str, str], ...]  # a letter and the column it stands before, as words of the index
    texts: tuple[str, ...]
    when: str = ""  # which rows are searched


_TABLES = (
    _Searched(
        "chunk",
        (("a", "account_id"), ("d", "document_id"), ("c", "collection_id"), ("v", "conversation_id")),
        ("content", "context"),
    ),
    _Searched(
        "memory_item",
        (("a", "account_id"), ("v", "conversation_id"), ("k", "kind")),
        ("content", "context", "around"),
    ),
    _Searched(
        "message",
        (("a", "account_id"), ("v", "conversation_id")),
        ("content",),
        "{row}.status <> 'streaming'",
    ),
)


def _scope_sqlite(one: _Searched, row: str) -> str:
    return " || ' ' || ".join(f"coalesce('{letter}' || {row}.{column}, '')" for letter, column in one.places)


def _scope_postgresql(one: _Searched, row: str) -> str:
    places = ", ".join(
        f"'{letter}' || replace({row}.{column}::text, '-', '')" for letter, column in one.places
    )
    return f"array_remove(ARRAY[{places}], NULL)"


def _sqlite(one: _Searched) -> list[str]:
    table, columns = one.table, ", ".join(one.texts)
    moved = ", ".join(column for _letter, column in one.places)
    rewritten = f"{columns}, status" if one.when else columns
    when = f"WHEN {one.when.format(row='new')}" if one.when else ""
    where = f"WHERE {one.when.format(row='one')}" if one.when else ""
    return [
        f"CREATE TABLE fts_{table}_row (number INTEGER PRIMARY KEY, {table}_id CHAR(32) NOT NULL UNIQUE,"
        " stale BOOLEAN NOT NULL DEFAULT 1)",
        f"CREATE INDEX fts_{table}_stale ON fts_{table}_row (number) WHERE stale",
        # What is told are terms already: this tokenizer takes every letter outside of ASCII as it is. No positions are
        # kept, because no phrases are asked for, and no lengths, because the rank is ours.
        f"CREATE VIRTUAL TABLE fts_{table} USING fts5(scope, {columns}, tokenize = 'ascii', detail = 'column',"
        " columnsize = 0)",
        f"INSERT INTO fts_{table}_row ({table}_id) SELECT one.id FROM {table} AS one {where} ORDER BY one.id",
        f"""CREATE TRIGGER fts_{table}_added AFTER INSERT ON {table} {when} BEGIN
            INSERT INTO fts_{table}_row ({table}_id) VALUES (new.id);
        END""",
        f"""CREATE TRIGGER fts_{table}_changed AFTER UPDATE OF {rewritten} ON {table} {when} BEGIN
            INSERT INTO fts_{table}_row ({table}_id) VALUES (new.id) ON CONFLICT ({table}_id) DO UPDATE SET stale = 1;
        END""",
        f"""CREATE TRIGGER fts_{table}_moved AFTER UPDATE OF {moved} ON {table} BEGIN
            UPDATE fts_{table} SET scope = {_scope_sqlite(one, "new")}
            WHERE rowid = (SELECT number FROM fts_{table}_row WHERE {table}_id = new.id);
        END""",
        f"""CREATE TRIGGER fts_{table}_removed AFTER DELETE ON {table} BEGIN
            DELETE FROM fts_{table} WHERE rowid = (SELECT number FROM fts_{table}_row WHERE {table}_id = old.id);
            DELETE FROM fts_{table}_row WHERE {table}_id = old.id;
        END""",
    ]


def _postgresql(one: _Searched) -> list[str]:
    table, columns = one.table, ", ".join(one.texts)
    moved = ", ".join(column for _letter, column in one.places)
    rewritten = f"{columns}, status" if one.when else columns
    when = f"WHEN ({one.when.format(row='new')})" if one.when else ""
    where = f"WHERE {one.when.format(row='one')}" if one.when else ""
    return [
        # No foreign key: a restore empties the table with TRUNCATE, which refuses to where one points at it.
        f"CREATE TABLE fts_{table} ({table}_id uuid PRIMARY KEY, search tsvector NOT NULL DEFAULT '',"
        " stale boolean NOT NULL DEFAULT true)",
        f"CREATE INDEX fts_{table}_search ON fts_{table} USING gin (search)",
        f"CREATE INDEX fts_{table}_stale ON fts_{table} ({table}_id) WHERE stale",
        f"INSERT INTO fts_{table} ({table}_id) SELECT one.id FROM {table} AS one {where}",
        f"""CREATE FUNCTION fts_{table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO fts_{table} ({table}_id) VALUES (new.id) ON CONFLICT ({table}_id) DO UPDATE SET stale = true;
            RETURN NULL;
        END $$""",
        f"""CREATE TRIGGER fts_{table}_kept AFTER INSERT OR UPDATE OF {rewritten} ON {table}
            FOR EACH ROW {when} EXECUTE FUNCTION fts_{table}_keep()""",
        f"""CREATE FUNCTION fts_{table}_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE fts_{table} SET search = ts_delete(search, {_scope_postgresql(one, "old")})
                || array_to_tsvector({_scope_postgresql(one, "new")}) WHERE {table}_id = new.id;
            RETURN NULL;
        END $$""",
        f"""CREATE TRIGGER fts_{table}_moved AFTER UPDATE OF {moved} ON {table}
            FOR EACH ROW EXECUTE FUNCTION fts_{table}_move()""",
        *_postgresql_ends(table),
    ]


# What there was before, for the way back.


def _sqlite_before(one: _Searched) -> list[str]:
    table, scoped = one.table, one.table != "message"
    columns = ", ".join((*(["scope"] if scoped else []), *one.texts))
    when = f"WHEN {one.when.format(row='new')}" if one.when else ""
    where = f"WHERE {one.when.format(row='one')}" if one.when else ""
    changed = {
        "chunk": "content, context, collection_id, conversation_id",
        "memory_item": "content, context, around",
        "message": "content, status",
    }[table]

    def values(row: str) -> str:
        scope = [_scope_sqlite(one, row)] if scoped else []
        return ", ".join((*scope, *(f"{row}.{text}" for text in one.texts)))

    keep = f"""INSERT OR REPLACE INTO fts_{table} (rowid, {columns})
        SELECT number, {values("new")} FROM fts_{table}_row WHERE {table}_id = new.id;"""
    return [
        f"CREATE TABLE fts_{table}_row (number INTEGER PRIMARY KEY, {table}_id CHAR(32) NOT NULL UNIQUE)",
        f"CREATE VIRTUAL TABLE fts_{table} USING fts5({columns}, tokenize = 'porter unicode61 remove_diacritics 2')",
        f"INSERT INTO fts_{table}_row ({table}_id) SELECT one.id FROM {table} AS one {where} ORDER BY one.id",
        f"""INSERT INTO fts_{table} (rowid, {columns})
            SELECT r.number, {values("one")} FROM {table} AS one JOIN fts_{table}_row r ON r.{table}_id = one.id""",
        f"""CREATE TRIGGER fts_{table}_added AFTER INSERT ON {table} {when} BEGIN
            INSERT INTO fts_{table}_row ({table}_id) VALUES (new.id);
            {keep}
        END""",
        f"""CREATE TRIGGER fts_{table}_changed AFTER UPDATE OF {changed} ON {table} {when} BEGIN
            INSERT OR IGNORE INTO fts_{table}_row ({table}_id) VALUES (new.id);
            {keep}
        END""",
        f"""CREATE TRIGGER fts_{table}_removed AFTER DELETE ON {table} BEGIN
            DELETE FROM fts_{table} WHERE rowid = (SELECT number FROM fts_{table}_row WHERE {table}_id = old.id);
            DELETE FROM fts_{table}_row WHERE {table}_id = old.id;
        END""",
    ]


def _postgresql_before(one: _Searched) -> list[str]:
    table = one.table
    if table == "message":
        return [
            """CREATE INDEX fts_message_content ON message
            USING gin (to_tsvector('english', left(content, 200000))) WHERE status <> 'streaming'"""
        ]
    changed = {
        "chunk": "content, context, collection_id, conversation_id",
        "memory_item": "content, context, around",
    }[table]

    def search(row: str) -> str:
        parts = (
            f"setweight(to_tsvector('english', left({row}.{text}, 100000)), '{weight}')"
            for text, weight in zip(one.texts, "ABC", strict=False)
        )
        return " || ".join((f"array_to_tsvector({_scope_postgresql(one, row)})", *parts))

    return [
        f"CREATE TABLE fts_{table} ({table}_id uuid PRIMARY KEY, search tsvector NOT NULL)",
        f"INSERT INTO fts_{table} SELECT one.id, {search('one')} FROM {table} AS one",
        f"CREATE INDEX fts_{table}_search ON fts_{table} USING gin (search)",
        f"""CREATE FUNCTION fts_{table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO fts_{table} VALUES (new.id, {search("new")})
            ON CONFLICT ({table}_id) DO UPDATE SET search = excluded.search;
            RETURN NULL;
        END $$""",
        f"""CREATE TRIGGER fts_{table}_kept AFTER INSERT OR UPDATE OF {changed} ON {table}
            FOR EACH ROW EXECUTE FUNCTION fts_{table}_keep()""",
        *_postgresql_ends(table),
    ]


def _postgresql_ends(table: str) -> list[str]:
    """Return how rows leave the index; it is the same before and after."""
    return [
        f"""CREATE FUNCTION fts_{table}_drop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            DELETE FROM fts_{table} WHERE {table}_id = old.id;
            RETURN NULL;
        END $$""",
        f"""CREATE TRIGGER fts_{table}_dropped AFTER DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION fts_{table}_drop()""",
        f"""CREATE FUNCTION fts_{table}_clear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            TRUNCATE fts_{table};
            RETURN NULL;
        END $$""",
        f"""CREATE TRIGGER fts_{table}_cleared AFTER TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION fts_{table}_clear()""",
    ]


def _remove_sqlite(table: str, *events: str) -> None:
    for event in events:
        op.execute(f"DROP TRIGGER fts_{table}_{event}")
    op.execute(f"DROP TABLE fts_{table}_row")
    op.execute(f"DROP TABLE fts_{table}")


def _remove_postgresql(table: str, **functions: str) -> None:
    for event, function in functions.items():
        op.execute(f"DROP TRIGGER fts_{table}_{event} ON {table}")
        op.execute(f"DROP FUNCTION fts_{table}_{function}")
    op.execute(f"DROP TABLE fts_{table}")


def upgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    for one in _TABLES:
        if sqlite:
            _remove_sqlite(one.table, "added", "changed", "removed")
        elif one.table == "message":
            op.execute("DROP INDEX fts_message_content")
        else:
            _remove_postgresql(one.table, kept="keep", dropped="drop", cleared="clear")
        for statement in _sqlite(one) if sqlite else _postgresql(one):
            op.execute(statement)
    # Vectors of hashed words are made of the same words.
    for table in ("chunk", "memory_item"):
        op.execute(
            f"UPDATE {table} SET vectors_in = '' WHERE vectors_in IN"
            " (SELECT name FROM embedding_set WHERE model = 'lexical')"
        )


def downgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    for one in _TABLES:
        if sqlite:
            _remove_sqlite(one.table, "added", "changed", "moved", "removed")
        else:
            _remove_postgresql(one.table, kept="keep", moved="move", dropped="drop", cleared="clear")
        for statement in _sqlite_before(one) if sqlite else _postgresql_before(one):
            op.execute(statement)
