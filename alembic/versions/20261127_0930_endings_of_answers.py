"""Keep why a complete answer is not longer.

Revision: 20261127_0930, after 20261127_0900
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_0930"
down_revision = "20261127_0900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("ending", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "ending")
