"""Keep what was sent to models as rows that go with what they quote; drop what no feature uses.

Revision: 20261127_1100, after 20261127_1030
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op

revision = "20261127_1100"
down_revision = "20261127_1030"
branch_labels = None
depends_on = None

_BATCH = 200
_KINDS = ("system", "summary", "history", "fact", "source", "question", "prefix")
_UNUSED = ("persona", "prompt", "folder", "api_token")
# Statements alone cannot take the stored parts apart: they do for a database that has none.
_ONLY_WHEN_EMPTY = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM context_trace) OR EXISTS (SELECT FROM citation) THEN
        RAISE EXCEPTION 'This step moves data: run python -m gantry migrate';
    END IF;
END $$
"""
_trace = sa.table(
    "context_trace",
    sa.column("id", sa.Uuid()),
    sa.column("message_id", sa.Uuid()),
    sa.column("account_id", sa.Uuid()),
    sa.column("parts", sa.JSON()),
)
_part = sa.table(
    "sent_part",
    sa.column("id", sa.Uuid()),
    sa.column("trace_id", sa.Uuid()),
    sa.column("ordinal", sa.Integer()),
    sa.column("kind", sa.String()),
    sa.column("title", sa.Text()),
    sa.column("tokens", sa.Integer()),
    sa.column("text", sa.Text()),
    sa.column("number", sa.Integer()),
    sa.column("messages", sa.Integer()),
    sa.column("upto", sa.Uuid()),
    sa.column("left_out", sa.String()),
)
_citation = sa.table(
    "citation",
    sa.column("id", sa.Uuid()),
    sa.column("message_id", sa.Uuid()),
    sa.column("number", sa.Integer()),
    sa.column("kind", sa.String()),
    sa.column("document_id", sa.Uuid()),
    sa.column("source_message_id", sa.Uuid()),
    sa.column("passage", sa.Text()),
)
_quotation = sa.table(
    "quotation",
    sa.column("id", sa.Uuid()),
    sa.column("citation_id", sa.Uuid()),
    sa.column("part_id", sa.Uuid()),
    sa.column("document_id", sa.Uuid()),
    sa.column("memory_item_id", sa.Uuid()),
    sa.column("passage", sa.Text()),
    sa.column("sent", sa.Text()),
)
_memory = sa.table(
    "memory_item",
    sa.column("id", sa.Uuid()),
    sa.column("account_id", sa.Uuid()),
    sa.column("kind", sa.String()),
    sa.column("message_id", sa.Uuid()),
    sa.column("content", sa.Text()),
)
_message = sa.table("message", sa.column("id", sa.Uuid()), sa.column("account_id", sa.Uuid()))


def upgrade() -> None:
    op.create_table(
        "sent_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trace_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*_KINDS, name="part_kind", length=32, native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Uuid(), nullable=True),
        sa.Column("left_out", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["trace_id"],
            ["context_trace.id"],
            name=op.f("fk_sent_part_trace_id_context_trace"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["upto"], ["message.id"], name=op.f("fk_sent_part_upto_message"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_part")),
    )
    op.create_index("uq_sent_part_trace_id_ordinal", "sent_part", ["trace_id", "ordinal"], unique=True)
    op.create_index(op.f("ix_sent_part_upto"), "sent_part", ["upto"], unique=False)
    op.create_table(
        "quotation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("citation_id", sa.Uuid(), nullable=True),
        sa.Column("part_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("memory_item_id", sa.Uuid(), nullable=True),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("sent", sa.Text(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_quotation_{column}_{table}"), ondelete="CASCADE"
            )
            for column, table in (
                ("citation_id", "citation"),
                ("part_id", "sent_part"),
                ("document_id", "document"),
                ("memory_item_id", "memory_item"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotation")),
        sa.UniqueConstraint("citation_id", name=op.f("uq_quotation_citation_id")),
        sa.UniqueConstraint("part_id", name=op.f("uq_quotation_part_id")),
    )
    op.create_index(op.f("ix_quotation_document_id"), "quotation", ["document_id"], unique=False)
    op.create_index(op.f("ix_quotation_memory_item_id"), "quotation", ["memory_item_id"], unique=False)
    if op.get_context().as_sql:
        op.execute(_ONLY_WHEN_EMPTY)
    else:
        _to_rows(op.get_bind())
    _drop("citation", "document_id", refers="document")
    _drop("citation", "source_message_id", refers="message")
    _drop("citation", "passage")
    _drop("context_trace", "account_id", refers="account")
    _drop("context_trace", "parts")
    _drop("conversation", "folder_id", refers="folder")
    _drop("conversation", "persona_id", refers="persona")
    _drop("conversation", "archived")
    for table, column in (
        ("generation", "started_at"),
        ("feedback", "comment"),
        ("model_entry", "hidden"),
        ("embedding_set", "activated_at"),
    ):
        _drop(table, column)
    for table in _UNUSED:
        op.drop_table(table)


def _to_rows(connection: sa.Connection) -> None:
    """Turn stored accounts into rows. What was forgotten or deleted has no text there already, and gets no quotation."""
    for traces in _batches(connection, sa.select(_trace).order_by(_trace.c.id), _trace.c.id):
        citations = _citations(connection, [trace.message_id for trace in traces])
        facts = _facts(connection, traces)
        known = _known(connection, traces)
        parts: list[dict[str, Any]] = []
        quotations: list[dict[str, Any]] = []
        for trace in traces:
            for ordinal, raw in enumerate(_parts(trace)):
                row = _part_of(raw, trace.id, ordinal, known)
                text = str(raw.get("text", ""))
                if row["kind"] == "fact":
                    item = facts.get((trace.account_id, text))
                    if item is not None:
                        quotations.append(_quoted(part_id=row["id"], memory_item_id=item, sent=text))
                elif row["kind"] == "source":
                    cited = citations.get((trace.message_id, row["number"]))
                    if cited is not None and text:
                        cited["part_id"], cited["sent"] = row["id"], text
                else:
                    row["text"] = text
                parts.append(row)
        _insert(connection, _part, parts)
        _insert(connection, _quotation, quotations)
        _insert(connection, _quotation, list(citations.values()))
    alone = (
        sa.select(_citation)
        .outerjoin(_quotation, _quotation.c.citation_id == _citation.c.id)
        .where(_quotation.c.id.is_(None), _citation.c.passage != "")
        .order_by(_citation.c.id)
    )
    for rows in _batches(connection, alone, _citation.c.id):  # of answers whose account was not kept
        _insert(connection, _quotation, list(_quoted_in(connection, rows).values()))


def _batches(
    connection: sa.Connection, query: sa.Select[Any], key: sa.ColumnElement[Any]
) -> Iterator[Sequence[sa.Row[Any]]]:
    last: UUID | None = None
    while True:
        some = query if last is None else query.where(key > last)
        rows = connection.execute(some.limit(_BATCH)).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _parts(trace: sa.Row[Any]) -> list[dict[str, Any]]:
    stored: Any = trace.parts
    listed = stored if isinstance(stored, list) else []
    return [raw for raw in listed if isinstance(raw, dict) and raw.get("kind") in _KINDS]


def _part_of(raw: dict[str, Any], trace: UUID, ordinal: int, known: set[UUID]) -> dict[str, Any]:
    upto = _uuid(raw.get("upto"))
    return {
        "id": uuid4(),
        "trace_id": trace,
        "ordinal": ordinal,
        "kind": str(raw["kind"]),
        "title": str(raw.get("title", "")),
        "tokens": int(raw.get("tokens", 0)),
        "text": "",
        "number": int(raw.get("number", 0)),
        "messages": int(raw.get("messages", 0)),
        "upto": upto if upto in known else None,
        "left_out": str(raw.get("left_out", ""))[:255],
    }


def _uuid(raw: Any) -> UUID | None:
    try:
        return UUID(str(raw)) if raw else None
    except ValueError:
        return None


def _quoted(**values: Any) -> dict[str, Any]:
    empty = {"citation_id": None, "part_id": None, "document_id": None, "memory_item_id": None}
    return {"id": uuid4(), **empty, "passage": "", "sent": "", **values}


def _citations(connection: sa.Connection, messages: Sequence[UUID]) -> dict[tuple[UUID, int], dict[str, Any]]:
    rows = connection.execute(sa.select(_citation).where(_citation.c.message_id.in_(messages))).all()
    return _quoted_in(connection, rows)


def _quoted_in(
    connection: sa.Connection, rows: Sequence[sa.Row[Any]]
) -> dict[tuple[UUID, int], dict[str, Any]]:
    """Return what these citations quote, of those whose source is there."""
    said = {row.source_message_id for row in rows if row.source_message_id}
    query = sa.select(_memory.c.message_id, _memory.c.id).where(
        _memory.c.message_id.in_(said), _memory.c.kind == "turn"
    )
    turns: dict[UUID, UUID] = {row.message_id: row.id for row in connection.execute(query)}
    found: dict[tuple[UUID, int], dict[str, Any]] = {}
    for row in rows:
        turn = turns.get(row.source_message_id)
        if row.passage and (row.document_id or turn):
            found[row.message_id, row.number] = _quoted(
                citation_id=row.id,
                document_id=row.document_id,
                memory_item_id=None if row.document_id else turn,
                passage=row.passage,
            )
    return found


def _facts(connection: sa.Connection, traces: Sequence[sa.Row[Any]]) -> dict[tuple[UUID, str], UUID]:
    told = {
        str(raw.get("text", ""))
        for trace in traces
        for raw in _parts(trace)
        if raw.get("kind") == "fact" and raw.get("text")
    }
    owners = {trace.account_id for trace in traces}
    found: dict[tuple[UUID, str], UUID] = {}
    wanted = sorted(told)
    for first in range(0, len(wanted), _BATCH):
        query = sa.select(_memory.c.account_id, _memory.c.content, _memory.c.id).where(
            _memory.c.account_id.in_(owners),
            _memory.c.kind == "fact",
            _memory.c.content.in_(wanted[first : first + _BATCH]),
        )
        for owner, content, item in connection.execute(query.order_by(_memory.c.id)):
            found.setdefault((owner, content), item)
    return found


def _known(connection: sa.Connection, traces: Sequence[sa.Row[Any]]) -> set[UUID]:
    """Return which messages that histories end with are there."""
    ends = {end for trace in traces for raw in _parts(trace) if (end := _uuid(raw.get("upto")))}
    return set(connection.execute(sa.select(_message.c.id).where(_message.c.id.in_(ends))).scalars())


def _insert(connection: sa.Connection, table: sa.TableClause, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _drop(table: str, column: str, *, refers: str = "") -> None:
    """Drop a column with its index and its reference.

    SQLite can drop neither a constraint nor a column with one; of the constraint, which takes no place in the file, only
    the words in the schema have to go (sqlite.org/lang_altertable.html, 7), and nothing that refers to the table is touched.
    """
    key = f"fk_{table}_{column}_{refers}"
    if refers:
        op.drop_index(f"ix_{table}_{column}", table)
    if op.get_context().dialect.name == "sqlite":
        if refers:
            _forget_constraint(table, key)
        op.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
        return
    if refers:
        op.drop_constraint(key, table, type_="foreignkey")
    op.drop_column(table, column)


def _forget_constraint(table: str, key: str) -> None:
    connection = op.get_bind()
    written = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).scalar_one()
    shorter = re.sub(
        rf",\s*CONSTRAINT {key} FOREIGN KEY\s*\([^)]*\) REFERENCES \w+ \([^)]*\) ON DELETE [A-Z ]+?(?=\s*[,)])",
        "",
        written,
    )
    if shorter == written:
        return
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (shorter, table)
    )
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def downgrade() -> None:
    op.create_table(
        "folder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_account("folder"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
    )
    op.create_index(op.f("ix_folder_account_id"), "folder", ["account_id"])
    op.create_table(
        "persona",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("temperature", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_account("persona"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persona")),
    )
    op.create_index(op.f("ix_persona_account_id"), "persona", ["account_id"])
    op.create_table(
        "prompt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_account("prompt"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
    )
    op.create_index("uq_prompt_account_id_name", "prompt", ["account_id", "name"], unique=True)
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        _of_account("api_token"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"])
    _add("conversation", "folder_id", sa.Uuid(), refers="folder", on_delete="SET NULL")
    _add("conversation", "persona_id", sa.Uuid(), refers="persona", on_delete="SET NULL")
    _add("conversation", "archived", sa.Boolean(), default=sa.false())
    _add("generation", "started_at", sa.DateTime(timezone=True))
    _add("feedback", "comment", sa.String(length=2000), default="")
    _add("model_entry", "hidden", sa.Boolean(), default=sa.false())
    _add("embedding_set", "activated_at", sa.DateTime(timezone=True))
    _add("citation", "document_id", sa.Uuid(), refers="document", on_delete="SET NULL")
    _add("citation", "source_message_id", sa.Uuid(), refers="message", on_delete="SET NULL")
    _add("citation", "passage", sa.Text(), default="")
    _add("context_trace", "account_id", sa.Uuid(), refers="account", on_delete="CASCADE")
    _add("context_trace", "parts", sa.JSON(), default="[]")
    if not op.get_context().as_sql:
        _from_rows(op.get_bind())
    if op.get_context().dialect.name != "sqlite":
        op.alter_column("context_trace", "account_id", nullable=False)
    op.drop_table("quotation")
    op.drop_table("sent_part")


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account"), ondelete="CASCADE"
    )


def _add(
    table: str,
    column: str,
    kind: sa.types.TypeEngine[Any],
    *,
    refers: str = "",
    on_delete: str = "",
    default: Any = None,
) -> None:
    """Add a column as it was; one with a *default* takes no null."""
    sqlite = op.get_context().dialect.name == "sqlite"
    written = kind.compile(dialect=op.get_context().dialect)
    sql = f'ALTER TABLE "{table}" ADD COLUMN "{column}" {written}'
    if default is not None:
        value = default if isinstance(default, str) else None
        sql += (
            f" DEFAULT '{value}' NOT NULL"
            if value is not None
            else (" DEFAULT 0 NOT NULL" if sqlite else " DEFAULT false NOT NULL")
        )
    if refers:
        sql += f" CONSTRAINT fk_{table}_{column}_{refers} REFERENCES {refers} (id) ON DELETE {on_delete}"
    op.execute(sql)
    if default is not None and not sqlite:
        op.alter_column(table, column, server_default=None)
    if refers:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _from_rows(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(
            "UPDATE context_trace SET account_id ="
            " (SELECT account_id FROM message WHERE message.id = context_trace.message_id)"
        )
    )
    connection.execute(
        sa.text(
            "UPDATE citation SET document_id = (SELECT document_id FROM quotation WHERE citation_id = citation.id),"
            " passage = coalesce((SELECT passage FROM quotation WHERE citation_id = citation.id), ''),"
            " source_message_id = (SELECT memory_item.message_id FROM quotation JOIN memory_item"
            " ON memory_item.id = quotation.memory_item_id WHERE quotation.citation_id = citation.id)"
        )
    )
    for traces in _batches(connection, sa.select(_trace.c.id).order_by(_trace.c.id), _trace.c.id):
        ids = [trace.id for trace in traces]
        query = (
            sa.select(_part, _quotation.c.sent)
            .outerjoin(_quotation, _quotation.c.part_id == _part.c.id)
            .where(_part.c.trace_id.in_(ids))
            .order_by(_part.c.trace_id, _part.c.ordinal)
        )
        parts: dict[UUID, list[dict[str, Any]]] = {trace: [] for trace in ids}
        for row in connection.execute(query):
            told = {
                "kind": row.kind,
                "title": row.title,
                "tokens": row.tokens,
                "text": row.text or row.sent or "",
                "number": row.number,
                "messages": row.messages,
                "upto": str(row.upto) if row.upto else "",
                "left_out": row.left_out,
            }
            parts[row.trace_id].append({key: value for key, value in told.items() if value})
        for trace, told in parts.items():
            connection.execute(sa.update(_trace).where(_trace.c.id == trace).values(parts=told))
