"""Keep how pages look, what they show with messages, whether the time zone was chosen, and how what came in was left.

Revision: 20261128_0300, after 20261127_2300
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0300"
down_revision = "20261127_2300"
branch_labels = None
depends_on = None

_SHOWN = ("show_model", "show_time", "show_usage")


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("density", sa.String(16), nullable=False, server_default="comfortable")
    )
    op.add_column("account", sa.Column("text_size", sa.String(16), nullable=False, server_default="normal"))
    for name in _SHOWN:
        op.add_column("account", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column(
        "account", sa.Column("zone_chosen", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("imported_conversation", sa.Column("state", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("imported_conversation", "state")
    for name in ("zone_chosen", *reversed(_SHOWN), "text_size", "density"):
        op.drop_column("account", name)
