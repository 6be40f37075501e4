"""Keep the time zone in which a person reads dates.

Revision: 20261127_0900, after 20261125_0900
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_0900"
down_revision = "20261125_0900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("time_zone", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("account", "time_zone")
