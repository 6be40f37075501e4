"""Keep each person's messages in their order, so that a search takes the newest of them without going through all.

Revision: 20261128_1200, after 20261128_0100
"""

from alembic import op

revision = "20261128_1200"
down_revision = "20261128_0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_message_account_id_id", "message", ["account_id", "id"])
    op.drop_index("ix_message_account_id", table_name="message")


def downgrade() -> None:
    op.create_index("ix_message_account_id", "message", ["account_id"])
    op.drop_index("ix_message_account_id_id", table_name="message")
