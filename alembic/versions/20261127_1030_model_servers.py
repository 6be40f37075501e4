"""Keep models named by hand, and how long to wait, with a model server.

Revision: 20261127_1030, after 20261127_1000
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_1030"
down_revision = "20261127_1000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("models_by_hand", sa.JSON(), nullable=True))
    op.add_column("connection", sa.Column("first_word_seconds", sa.Float(), nullable=True))
    op.add_column("connection", sa.Column("between_words_seconds", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("connection", "between_words_seconds")
    op.drop_column("connection", "first_word_seconds")
    op.drop_column("connection", "models_by_hand")
