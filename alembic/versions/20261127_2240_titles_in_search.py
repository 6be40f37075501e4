"""Index the words of conversations' titles, as those of messages are (20261127_1000).

Revision: 20261127_2240, after 20261127_2220
"""

from alembic import op

revision = "20261127_2240"
down_revision = "20261127_2220"
branch_labels = None
depends_on = None

_SQLITE = (
    """CREATE TABLE fts_conversation_row (number INTEGER PRIMARY KEY, conversation_id CHAR(32) NOT NULL UNIQUE,
        stale BOOLEAN NOT NULL DEFAULT 1)""",
    "CREATE INDEX fts_conversation_stale ON fts_conversation_row (number) WHERE stale",
    """CREATE VIRTUAL TABLE fts_conversation USING fts5(scope, title, tokenize = 'ascii', detail = 'column',
        columnsize = 0)""",
    "INSERT INTO fts_conversation_row (conversation_id) SELECT one.id FROM conversation AS one ORDER BY one.id",
    """CREATE TRIGGER fts_conversation_added AFTER INSERT ON conversation BEGIN
        INSERT INTO fts_conversation_row (conversation_id) VALUES (new.id);
    END""",
    """CREATE TRIGGER fts_conversation_changed AFTER UPDATE OF title ON conversation BEGIN
        UPDATE fts_conversation_row SET stale = 1 WHERE conversation_id = new.id;
    END""",
    """CREATE TRIGGER fts_conversation_removed AFTER DELETE ON conversation BEGIN
        DELETE FROM fts_conversation
        WHERE rowid = (SELECT number FROM fts_conversation_row WHERE conversation_id = old.id);
        DELETE FROM fts_conversation_row WHERE conversation_id = old.id;
    END""",
)
_POSTGRESQL = (
    # No foreign key: a restore empties the table with TRUNCATE, which refuses to where one points at it.
    """CREATE TABLE fts_conversation (conversation_id uuid PRIMARY KEY, search tsvector NOT NULL DEFAULT '',
        stale boolean NOT NULL DEFAULT true)""",
    "CREATE INDEX fts_conversation_search ON fts_conversation USING gin (search)",
    "CREATE INDEX fts_conversation_stale ON fts_conversation (conversation_id) WHERE stale",
    "INSERT INTO fts_conversation (conversation_id) SELECT one.id FROM conversation AS one",
    """CREATE FUNCTION fts_conversation_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO fts_conversation (conversation_id) VALUES (new.id)
        ON CONFLICT (conversation_id) DO UPDATE SET stale = true;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER fts_conversation_kept AFTER INSERT OR UPDATE OF title ON conversation
        FOR EACH ROW EXECUTE FUNCTION fts_conversation_keep()""",
    """CREATE FUNCTION fts_conversation_drop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM fts_conversation WHERE conversation_id = old.id;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER fts_conversation_dropped AFTER DELETE ON conversation
        FOR EACH ROW EXECUTE FUNCTION fts_conversation_drop()""",
    """CREATE FUNCTION fts_conversation_clear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        TRUNCATE fts_conversation;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER fts_conversation_cleared AFTER TRUNCATE ON conversation
        FOR EACH STATEMENT EXECUTE FUNCTION fts_conversation_clear()""",
)


def upgrade() -> None:
    for statement in _SQLITE if op.get_context().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for event in ("added", "changed", "removed"):
            op.execute(f"DROP TRIGGER fts_conversation_{event}")
        op.execute("DROP TABLE fts_conversation_row")
    else:
        for event, function in (("kept", "keep"), ("dropped", "drop"), ("cleared", "clear")):
            op.execute(f"DROP TRIGGER fts_conversation_{event} ON conversation")
            op.execute(f"DROP FUNCTION fts_conversation_{function}")
    op.execute("DROP TABLE fts_conversation")
