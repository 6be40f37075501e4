"""Find the turns that wait for their vectors without reading what never has any.

Revision: 20261125_0900, after 20261123_2230
"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_0900"
down_revision = "20261123_2230"
branch_labels = None
depends_on = None

_WAITING = sa.text("vectors_in = '' AND kind = 'turn'")


def upgrade() -> None:
    op.create_index(
        "ix_memory_item_waiting", "memory_item", ["id"], postgresql_where=_WAITING, sqlite_where=_WAITING
    )


def downgrade() -> None:
    op.drop_index("ix_memory_item_waiting", "memory_item")
