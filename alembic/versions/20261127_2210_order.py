"""Order conversations: folders, an archive, tags; read-only links to them.

Revision: 20261127_2210, after 20261127_1100
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2210"
down_revision = "20261127_1100"
branch_labels = None
depends_on = None

_IN_FOLDER = "CONSTRAINT fk_conversation_folder_id_folder FOREIGN KEY(folder_id) REFERENCES folder (id) ON DELETE SET NULL"
_LISTED = ["account_id", "archived", "pinned", "folder_id", "updated_at"]


def upgrade() -> None:
    op.create_table(
        "folder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=True),
        sa.Column("folded", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers("folder", "account_id", "account", "CASCADE"),
        _refers("folder", "parent_id", "folder", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
    )
    op.create_index(op.f("ix_folder_account_id"), "folder", ["account_id"])
    op.create_index(op.f("ix_folder_parent_id"), "folder", ["parent_id"])
    op.create_table(
        "share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("with_files", sa.Boolean(), nullable=False),
        sa.Column("with_sources", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        _refers("share", "account_id", "account", "CASCADE"),
        _refers("share", "conversation_id", "conversation", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_share_token_hash")),
    )
    op.create_index(op.f("ix_share_account_id"), "share", ["account_id"])
    op.create_index(op.f("ix_share_conversation_id"), "share", ["conversation_id"])
    op.add_column("conversation", sa.Column("folder_id", sa.Uuid(), nullable=True))
    op.add_column(
        "conversation", sa.Column("archived", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("conversation", sa.Column("tags", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_conversation_folder_id"), "conversation", ["folder_id"])
    op.create_index("ix_conversation_listed", "conversation", _LISTED)
    if op.get_context().dialect.name == "sqlite":
        _rewrite(f"substr(sql, 1, length(sql) - 1) || ', {_IN_FOLDER})'")
    else:
        op.execute(f"ALTER TABLE conversation ADD {_IN_FOLDER}")


def _rewrite(words: str) -> None:
    """Change what SQLite's schema says of the table, which is all there is of a constraint (sqlite.org/lang_altertable.html, 7).

    Making the table anew would touch everything that refers to it.
    """
    op.execute("PRAGMA writable_schema = ON")
    op.execute(f"UPDATE sqlite_master SET sql = {words} WHERE type = 'table' AND name = 'conversation'")  # noqa: S608
    op.execute("PRAGMA writable_schema = RESET")


def _refers(table: str, column: str, to: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete=on_delete
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_listed", "conversation")
    op.drop_index(op.f("ix_conversation_folder_id"), "conversation")
    if op.get_context().dialect.name == "sqlite":
        _rewrite(f"replace(sql, ', {_IN_FOLDER}', '')")
    for column in ("tags", "archived", "folder_id"):
        op.execute(f"ALTER TABLE conversation DROP COLUMN {column}")
    op.drop_table("share")
    op.drop_table("folder")
