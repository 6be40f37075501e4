# ruff: noqa: S608, ISC004 - statements made of this file's own names
"""Make documents, memory and their search; sources and files of messages refer to documents.

Revision: 20261123_2230, after 20261123_1400
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_2230"
down_revision = "20261123_1400"
branch_labels = None
depends_on = None

# Owner and place are searched as words of their own, beside the text: the index itself leaves other people's rows
# out, so that a search costs the same however much others keep here. The query checks the columns all the same.
_SQLITE_SEARCH = tuple(
    statement
    for table, scope, texts, changed in (
        (
            "chunk",
            "'a' || new.account_id || ' d' || new.document_id || ' c' || coalesce(new.collection_id, '')"
            " || ' v' || coalesce(new.conversation_id, '')",
            ("content", "context"),
            "content, context, collection_id, conversation_id",
        ),
        (
            "memory_item",
            "'a' || new.account_id || ' v' || coalesce(new.conversation_id, '') || ' k' || new.kind",
            ("content", "context", "around"),
            "content, context, around",
        ),
    )
    for statement in (
        f"CREATE TABLE fts_{table}_row (number INTEGER PRIMARY KEY, {table}_id CHAR(32) NOT NULL UNIQUE)",
        f"CREATE VIRTUAL TABLE fts_{table} USING fts5(scope, {', '.join(texts)},"
        " tokenize = 'porter unicode61 remove_diacritics 2')",
        f"""CREATE TRIGGER fts_{table}_added AFTER INSERT ON {table} BEGIN
            INSERT INTO fts_{table}_row ({table}_id) VALUES (new.id);
            INSERT INTO fts_{table} (rowid, scope, {", ".join(texts)})
                SELECT number, {scope}, {", ".join(f"new.{text}" for text in texts)}
                FROM fts_{table}_row WHERE {table}_id = new.id;
        END""",
        f"""CREATE TRIGGER fts_{table}_changed AFTER UPDATE OF {changed} ON {table} BEGIN
            INSERT OR REPLACE INTO fts_{table} (rowid, scope, {", ".join(texts)})
                SELECT number, {scope}, {", ".join(f"new.{text}" for text in texts)}
                FROM fts_{table}_row WHERE {table}_id = new.id;
        END""",
        f"""CREATE TRIGGER fts_{table}_removed AFTER DELETE ON {table} BEGIN
            DELETE FROM fts_{table} WHERE rowid = (SELECT number FROM fts_{table}_row WHERE {table}_id = old.id);
            DELETE FROM fts_{table}_row WHERE {table}_id = old.id;
        END""",
    )
)
_POSTGRESQL_SEARCH = tuple(
    statement
    for table, places, texts, changed in (
        (
            "chunk",
            "'a' || replace(new.account_id::text, '-', ''), 'd' || replace(new.document_id::text, '-', ''),"
            " 'c' || replace(new.collection_id::text, '-', ''), 'v' || replace(new.conversation_id::text, '-', '')",
            (("content", "A"), ("context", "B")),
            "content, context, collection_id, conversation_id",
        ),
        (
            "memory_item",
            "'a' || replace(new.account_id::text, '-', ''), 'v' || replace(new.conversation_id::text, '-', ''),"
            " 'k' || new.kind",
            (("content", "A"), ("context", "B"), ("around", "C")),
            "content, context, around",
        ),
    )
    for statement in (
        # No foreign key: a restore empties the table with TRUNCATE, which refuses to where one points at it.
        f"CREATE TABLE fts_{table} ({table}_id uuid PRIMARY KEY, search tsvector NOT NULL)",
        f"CREATE INDEX fts_{table}_search ON fts_{table} USING gin (search)",
        # Cut, because a tsvector holds one megabyte at most.
        f"""CREATE FUNCTION fts_{table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO fts_{table} VALUES (new.id, array_to_tsvector(array_remove(ARRAY[{
            places
        }], NULL)) || {
            " || ".join(
                f"setweight(to_tsvector('english', left(new.{text}, 100000)), '{weight}')"
                for text, weight in texts
            )
        })
            ON CONFLICT ({table}_id) DO UPDATE SET search = excluded.search;
            RETURN NULL;
        END $$""",
        f"""CREATE TRIGGER fts_{table}_kept AFTER INSERT OR UPDATE OF {changed} ON {table}
            FOR EACH ROW EXECUTE FUNCTION fts_{table}_keep()""",
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
    )
)


def upgrade() -> None:
    op.create_table(
        "embedding_set",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("semantic", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "building",
                "active",
                "retired",
                name="set_state",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedding_set")),
        sa.UniqueConstraint("name", name=op.f("uq_embedding_set_name")),
    )
    op.create_index(
        "uq_embedding_set_active",
        "embedding_set",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
        sqlite_where=sa.text("state = 'active'"),
    )

    op.create_table(
        "collection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_collection_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
    )
    op.create_index(
        "uq_collection_account_id_default",
        "collection",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
        sqlite_where=sa.text("is_default"),
    )
    op.create_index("uq_collection_account_id_name", "collection", ["account_id", "name"], unique=True)

    op.create_table(
        "entity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "person",
                "place",
                "organisation",
                "thing",
                "topic",
                name="entity_kind",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_entity_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity")),
    )
    op.create_index("uq_entity_account_id_key", "entity", ["account_id", "key"], unique=True)

    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=127), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "parsing",
                "embedding",
                "ready",
                "failed",
                name="document_state",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("pages_done", sa.Integer(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("embedded_count", sa.Integer(), nullable=False),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_document_attempt_not_negative")),
        sa.CheckConstraint(
            "collection_id IS NULL OR conversation_id IS NULL", name=op.f("ck_document_one_place")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_document_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_document_collection_id_collection"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_document_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(
        "ix_document_account_id_created_at", "document", ["account_id", "created_at"], unique=False
    )
    op.create_index(op.f("ix_document_conversation_id"), "document", ["conversation_id"], unique=False)
    op.create_index(
        "ix_document_lease_until",
        "document",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'parsing', 'embedding')"),
        sqlite_where=sa.text("state IN ('queued', 'parsing', 'embedding')"),
    )
    op.create_index("uq_document_collection_id_sha256", "document", ["collection_id", "sha256"], unique=True)

    op.create_table(
        "chunk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("heading", sa.String(length=500), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("vectors_in", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_chunk_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_chunk_document_id_document"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunk")),
    )
    op.create_index(op.f("ix_chunk_account_id"), "chunk", ["account_id"], unique=False)
    op.create_index("ix_chunk_vectors_in_id", "chunk", ["vectors_in", "id"], unique=False)
    op.create_index("uq_chunk_document_id_ordinal", "chunk", ["document_id", "ordinal"], unique=True)

    op.create_table(
        "context_trace",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("budget_tokens", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_context_trace_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
            name=op.f("fk_context_trace_message_id_message"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_trace")),
        sa.UniqueConstraint("message_id", name=op.f("uq_context_trace_message_id")),
    )
    op.create_index(op.f("ix_context_trace_account_id"), "context_trace", ["account_id"], unique=False)

    op.create_table(
        "memory_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "turn",
                "fact",
                "summary",
                name="memory_kind",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("speaker", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("around", sa.Text(), nullable=False),
        sa.Column("lead", sa.String(length=300), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("vectors_in", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_memory_item_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_memory_item_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_memory_item_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memory_item")),
    )
    op.create_index("ix_memory_item_account_id_kind", "memory_item", ["account_id", "kind"], unique=False)
    op.create_index(op.f("ix_memory_item_conversation_id"), "memory_item", ["conversation_id"], unique=False)
    op.create_index("ix_memory_item_vectors_in_id", "memory_item", ["vectors_in", "id"], unique=False)
    op.create_index(
        "uq_memory_item_message_id_kind_fingerprint",
        "memory_item",
        ["message_id", "kind", "fingerprint"],
        unique=True,
    )

    op.create_table(
        "mention",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("memory_item_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mention_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entity.id"], name=op.f("fk_mention_entity_id_entity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["memory_item_id"],
            ["memory_item.id"],
            name=op.f("fk_mention_memory_item_id_memory_item"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
    )
    op.create_index(op.f("ix_mention_account_id"), "mention", ["account_id"], unique=False)
    op.create_index(op.f("ix_mention_entity_id"), "mention", ["entity_id"], unique=False)
    op.create_index(
        "uq_mention_memory_item_id_entity_id", "mention", ["memory_item_id", "entity_id"], unique=True
    )

    op.create_table(
        "relation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("memory_item_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("predicate", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_relation_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["memory_item_id"],
            ["memory_item.id"],
            name=op.f("fk_relation_memory_item_id_memory_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["entity.id"], name=op.f("fk_relation_object_id_entity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["entity.id"], name=op.f("fk_relation_subject_id_entity"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
    )
    op.create_index(op.f("ix_relation_account_id"), "relation", ["account_id"], unique=False)
    op.create_index(op.f("ix_relation_object_id"), "relation", ["object_id"], unique=False)
    op.create_index(op.f("ix_relation_subject_id"), "relation", ["subject_id"], unique=False)
    op.create_index(
        "uq_relation_memory_item_id_ends",
        "relation",
        ["memory_item_id", "subject_id", "predicate", "object_id"],
        unique=True,
    )

    op.add_column(
        "account", sa.Column("memory_enabled", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.add_column(
        "account", sa.Column("memory_by_model", sa.Boolean(), server_default=sa.false(), nullable=False)
    )

    op.add_column(
        "conversation", sa.Column("remembered", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.add_column(
        "conversation", sa.Column("temporary", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("conversation", sa.Column("studied_id", sa.Uuid(), nullable=True))
    op.add_column("conversation", sa.Column("study_after", sa.DateTime(timezone=True), nullable=True))

    op.add_column("message", sa.Column("retrieval", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("message", sa.Column("memorised_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_message_unread",
        "message",
        ["id"],
        unique=False,
        postgresql_where=sa.text("memorised_at IS NULL AND status <> 'streaming'"),
        sqlite_where=sa.text("memorised_at IS NULL AND status <> 'streaming'"),
    )

    # Nothing has been written to these two before this version.
    op.drop_table("attachment")
    op.drop_table("citation")
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=127), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_attachment_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f("fk_attachment_document_id_document"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_account_id", "attachment", ["account_id"], unique=False)
    op.create_index("ix_attachment_message_id", "attachment", ["message_id"], unique=False)
    op.create_index("ix_attachment_document_id", "attachment", ["document_id"], unique=False)
    op.create_table(
        "citation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "document",
                "message",
                "fact",
                name="citation_kind",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("cited", sa.Boolean(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("source_message_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("heading", sa.String(length=500), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_citation_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_message_id"],
            ["message.id"],
            name=op.f("fk_citation_source_message_id_message"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f("fk_citation_document_id_document"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citation")),
    )
    op.create_index("ix_citation_source_message_id", "citation", ["source_message_id"], unique=False)
    op.create_index("uq_citation_message_id_number", "citation", ["message_id", "number"], unique=True)
    op.create_index("ix_citation_document_id", "citation", ["document_id"], unique=False)
    sqlite = op.get_context().dialect.name == "sqlite"
    for statement in _SQLITE_SEARCH if sqlite else _POSTGRESQL_SEARCH:
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    for table in ("chunk", "memory_item"):
        if sqlite:
            for event in ("added", "changed", "removed"):
                op.execute(f"DROP TRIGGER fts_{table}_{event}")
            op.execute(f"DROP TABLE fts_{table}_row")
        else:
            for event, function in (("kept", "keep"), ("dropped", "drop"), ("cleared", "clear")):
                op.execute(f"DROP TRIGGER fts_{table}_{event} ON {table}")
                op.execute(f"DROP FUNCTION fts_{table}_{function}")
        op.execute(f"DROP TABLE fts_{table}")
    op.drop_table("citation")
    op.drop_table("attachment")
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=127), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_attachment_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_account_id", "attachment", ["account_id"], unique=False)
    op.create_index("ix_attachment_message_id", "attachment", ["message_id"], unique=False)
    op.create_table(
        "citation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_message_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_citation_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_message_id"],
            ["message.id"],
            name=op.f("fk_citation_source_message_id_message"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citation")),
    )
    op.create_index("ix_citation_source_message_id", "citation", ["source_message_id"], unique=False)
    op.create_index("uq_citation_message_id_number", "citation", ["message_id", "number"], unique=True)
    op.drop_index("ix_message_unread", "message")
    for table, column in (
        ("message", "memorised_at"),
        ("message", "retrieval"),
        ("conversation", "study_after"),
        ("conversation", "studied_id"),
        ("conversation", "temporary"),
        ("conversation", "remembered"),
        ("account", "memory_by_model"),
        ("account", "memory_enabled"),
    ):
        op.drop_column(table, column)
    op.drop_table("relation")
    op.drop_table("mention")
    op.drop_table("memory_item")
    op.drop_table("context_trace")
    op.drop_table("chunk")
    op.drop_table("document")
    op.drop_table("entity")
    op.drop_table("collection")
    op.drop_table("embedding_set")
