"""Keep what is set for conversations, personas and prompts.

Revision: 20261127_2220, after 20261127_2200
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2220"
down_revision = "20261127_2200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("parameters", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("conversation", sa.Column("persona_id", sa.Uuid(), nullable=True))
    op.add_column("generation", sa.Column("parameters", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "persona",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_persona_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persona")),
    )
    op.create_index(op.f("ix_persona_account_id"), "persona", ["account_id"], unique=False)
    op.create_index(
        "uq_persona_account_id_default",
        "persona",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
        sqlite_where=sa.text("is_default"),
    )
    op.create_table(
        "prompt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_prompt_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
    )
    op.create_index("uq_prompt_account_id_name", "prompt", ["account_id", "name"], unique=True)


def downgrade() -> None:
    op.drop_table("prompt")
    op.drop_table("persona")
    op.drop_column("generation", "parameters")
    op.drop_column("conversation", "persona_id")
    op.drop_column("conversation", "parameters")
