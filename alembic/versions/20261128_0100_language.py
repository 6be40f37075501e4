"""Keep the language of each account.

Revision: 20261128_0100, after 20261128_0200
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0100"
down_revision = "20261128_0200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("language", sa.String(length=16), server_default=sa.text("''"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("account", "language")
