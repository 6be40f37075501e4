"""Keep what came in from other products, so that it comes once and can go again.

Revision: 20261127_2200, after 20261127_2210
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2200"
down_revision = "20261127_2210"
branch_labels = None
depends_on = None

_STATES = ("looking", "looked", "running", "done", "failed")


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*_STATES, name="import_state", length=32, native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("problem", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_import_run_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_account_id"), "import_run", ["account_id"], unique=False)
    op.create_table(
        "imported_conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_imported_conversation_{column}_{table}"),
                ondelete=ondelete,
            )
            for column, table, ondelete in (
                ("account_id", "account", "CASCADE"),
                ("run_id", "import_run", "SET NULL"),
                ("conversation_id", "conversation", "CASCADE"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_conversation")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_imported_conversation_conversation_id")),
    )
    op.create_index(
        op.f("ix_imported_conversation_run_id"), "imported_conversation", ["run_id"], unique=False
    )
    op.create_index(
        "uq_imported_conversation_account_id_format_key",
        "imported_conversation",
        ["account_id", "format", "key"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("imported_conversation")
    op.drop_table("import_run")
