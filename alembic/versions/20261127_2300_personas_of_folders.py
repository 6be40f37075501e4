"""Give folders a persona that chats begun in them start with.

Revision: 20261127_2300, after 20261127_2230
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2300"
down_revision = "20261127_2230"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("folder", sa.Column("persona_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("folder", "persona_id")
