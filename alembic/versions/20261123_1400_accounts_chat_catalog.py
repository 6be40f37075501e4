"""Make accounts, chat and catalog, and full-text search over messages.

Revision: 20261123_1400, the first
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_1400"
down_revision = None
branch_labels = None
depends_on = None


_SQLITE_SEARCH = (
    # A map of our own from message to row number: the implicit one of SQLite may change with VACUUM.
    "CREATE TABLE fts_message_row (number INTEGER PRIMARY KEY, message_id CHAR(32) NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE fts_message USING fts5(content, tokenize = 'porter unicode61 remove_diacritics 2')",
    """CREATE TRIGGER fts_message_added AFTER INSERT ON message WHEN new.status <> 'streaming' BEGIN
        INSERT INTO fts_message_row (message_id) VALUES (new.id);
        INSERT INTO fts_message (rowid, content)
            SELECT number, new.content FROM fts_message_row WHERE message_id = new.id;
    END""",
    """CREATE TRIGGER fts_message_changed AFTER UPDATE OF content, status ON message
        WHEN new.status <> 'streaming' BEGIN
        INSERT OR IGNORE INTO fts_message_row (message_id) VALUES (new.id);
        INSERT OR REPLACE INTO fts_message (rowid, content)
            SELECT number, new.content FROM fts_message_row WHERE message_id = new.id;
    END""",
    """CREATE TRIGGER fts_message_removed AFTER DELETE ON message BEGIN
        DELETE FROM fts_message WHERE rowid = (SELECT number FROM fts_message_row WHERE message_id = old.id);
        DELETE FROM fts_message_row WHERE message_id = old.id;
    END""",
)
_POSTGRESQL_SEARCH = (
    # Cut, because a tsvector holds one megabyte at most; not while the answer is being written.
    """CREATE INDEX fts_message_content ON message
        USING gin (to_tsvector('english', left(content, 200000))) WHERE status <> 'streaming'""",
)


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column(
            "role",
            sa.Enum("user", "admin", name="role", length=32, native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("default_model", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_account_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "openai",
                "ollama",
                "tabby",
                "vllm",
                "llamacpp",
                "lmstudio",
                name="connection_kind",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("base_url", sa.String(length=500), nullable=False),
        sa.Column("key_encrypted", sa.String(length=2000), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("slug", name=op.f("uq_connection_slug")),
    )
    op.create_table(
        "model_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("context_tokens", sa.Integer(), nullable=True),
        sa.Column("context_learned", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_entry")),
    )
    op.create_index("uq_model_entry_connection_name", "model_entry", ["connection_slug", "name"], unique=True)

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
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"], unique=False)

    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_audit_event_actor_id_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_actor_id", "audit_event", ["actor_id"], unique=False)
    op.create_index("ix_audit_event_at", "audit_event", ["at"], unique=False)

    op.create_table(
        "auth_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_auth_session_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_session_token_hash")),
    )
    op.create_index("ix_auth_session_account_id", "auth_session", ["account_id"], unique=False)
    op.create_index("ix_auth_session_expires_at", "auth_session", ["expires_at"], unique=False)

    op.create_table(
        "folder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_folder_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
    )
    op.create_index("ix_folder_account_id", "folder", ["account_id"], unique=False)

    op.create_table(
        "persona",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("temperature", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_persona_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persona")),
    )
    op.create_index("ix_persona_account_id", "persona", ["account_id"], unique=False)

    op.create_table(
        "prompt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_prompt_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
    )
    op.create_index("uq_prompt_account_id_name", "prompt", ["account_id", "name"], unique=True)

    op.create_table(
        "conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("title_by_hand", sa.Boolean(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("persona_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("active_leaf_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_conversation_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_conversation_folder_id_folder"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["persona_id"],
            ["persona.id"],
            name=op.f("fk_conversation_persona_id_persona"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index(
        "ix_conversation_account_id_updated_at", "conversation", ["account_id", "updated_at"], unique=False
    )
    op.create_index("ix_conversation_deleted_at", "conversation", ["deleted_at"], unique=False)
    op.create_index("ix_conversation_folder_id", "conversation", ["folder_id"], unique=False)
    op.create_index("ix_conversation_persona_id", "conversation", ["persona_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "user", "assistant", name="message_role", length=32, native_enum=False, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column("client_key", sa.String(length=64), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "streaming",
                "complete",
                "stopped",
                "failed",
                name="message_status",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("tokens_estimated", sa.Boolean(), nullable=False),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("reasoning_ms", sa.Integer(), nullable=True),
        sa.Column("total_ms", sa.Integer(), nullable=True),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role = 'assistant' OR status = 'complete'", name=op.f("ck_message_user_is_complete")
        ),
        sa.CheckConstraint("depth >= 0", name=op.f("ck_message_depth_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_message_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_message_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["message.id"], name=op.f("fk_message_parent_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_account_id", "message", ["account_id"], unique=False)
    op.create_index("uq_message_account_id_client_key", "message", ["account_id", "client_key"], unique=True)
    op.create_index(
        "ix_message_conversation_id_parent_id", "message", ["conversation_id", "parent_id"], unique=False
    )
    op.create_index("ix_message_parent_id", "message", ["parent_id"], unique=False)

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

    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "rating",
            sa.Enum("up", "down", name="rating", length=32, native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("comment", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_feedback_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_feedback_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("message_id", name=op.f("uq_feedback_message_id")),
    )
    op.create_index("ix_feedback_account_id", "feedback", ["account_id"], unique=False)

    op.create_table(
        "generation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "running",
                "complete",
                "stopped",
                "failed",
                name="generation_status",
                length=32,
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stored_attempt", sa.Integer(), nullable=False),
        sa.Column("resumes_from", sa.Integer(), nullable=True),
        sa.Column("writer", sa.String(length=64), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'running' OR lease_until IS NOT NULL", name=op.f("ck_generation_running_has_lease")
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_generation_attempt_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_generation_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_generation_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_generation_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generation")),
    )
    op.create_index("ix_generation_account_id", "generation", ["account_id"], unique=False)
    op.create_index(
        "ix_generation_lease_until",
        "generation",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
        sqlite_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index("ix_generation_message_id", "generation", ["message_id"], unique=False)
    op.create_index(
        "uq_generation_conversation_id_live",
        "generation",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
        sqlite_where=sa.text("status IN ('queued', 'running')"),
    )
    search = _SQLITE_SEARCH if op.get_context().dialect.name == "sqlite" else _POSTGRESQL_SEARCH
    for statement in search:
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for trigger in ("added", "changed", "removed"):
            op.execute(f"DROP TRIGGER fts_message_{trigger}")
        op.execute("DROP TABLE fts_message")
        op.execute("DROP TABLE fts_message_row")
    op.drop_index(
        "uq_generation_conversation_id_live",
        table_name="generation",
        postgresql_where=sa.text("status IN ('queued', 'running')"),
        sqlite_where=sa.text("status IN ('queued', 'running')"),
    )
    op.drop_index("ix_generation_message_id", table_name="generation")
    op.drop_index(
        "ix_generation_lease_until",
        table_name="generation",
        postgresql_where=sa.text("status IN ('queued', 'running')"),
        sqlite_where=sa.text("status IN ('queued', 'running')"),
    )
    op.drop_index("ix_generation_account_id", table_name="generation")

    op.drop_table("generation")
    op.drop_index("ix_feedback_account_id", table_name="feedback")

    op.drop_table("feedback")
    op.drop_index("uq_citation_message_id_number", table_name="citation")
    op.drop_index("ix_citation_source_message_id", table_name="citation")

    op.drop_table("citation")
    op.drop_index("ix_attachment_message_id", table_name="attachment")
    op.drop_index("ix_attachment_account_id", table_name="attachment")

    op.drop_table("attachment")
    op.drop_index("ix_message_parent_id", table_name="message")
    op.drop_index("ix_message_conversation_id_parent_id", table_name="message")
    op.drop_index("uq_message_account_id_client_key", table_name="message")
    op.drop_index("ix_message_account_id", table_name="message")

    op.drop_table("message")
    op.drop_index("ix_conversation_persona_id", table_name="conversation")
    op.drop_index("ix_conversation_folder_id", table_name="conversation")
    op.drop_index("ix_conversation_deleted_at", table_name="conversation")
    op.drop_index("ix_conversation_account_id_updated_at", table_name="conversation")

    op.drop_table("conversation")
    op.drop_index("uq_prompt_account_id_name", table_name="prompt")

    op.drop_table("prompt")
    op.drop_index("ix_persona_account_id", table_name="persona")

    op.drop_table("persona")
    op.drop_index("ix_folder_account_id", table_name="folder")

    op.drop_table("folder")
    op.drop_index("ix_auth_session_expires_at", table_name="auth_session")
    op.drop_index("ix_auth_session_account_id", table_name="auth_session")

    op.drop_table("auth_session")
    op.drop_index("ix_audit_event_at", table_name="audit_event")
    op.drop_index("ix_audit_event_actor_id", table_name="audit_event")

    op.drop_table("audit_event")
    op.drop_index("ix_api_token_account_id", table_name="api_token")

    op.drop_table("api_token")
    op.drop_index("uq_model_entry_connection_name", table_name="model_entry")

    op.drop_table("model_entry")
    op.drop_table("connection")
    op.drop_table("account")
