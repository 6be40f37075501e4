"""Let several answers to one question be written at once, and stand side by side.

Revision: 20261128_0200, after 20261128_0300
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0200"
down_revision = "20261128_0300"
branch_labels = None
depends_on = None

_LIVE = sa.text("status IN ('queued', 'running')")
_BESIDE = "status IN ('queued', 'running') AND place > 0"


def upgrade() -> None:
    op.add_column("conversation", sa.Column("compared", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("generation", sa.Column("place", sa.SmallInteger(), nullable=False, server_default="0"))
    _index(["conversation_id", "place"], instead_of=["conversation_id"])


def downgrade() -> None:
    """What is being written beside another answer ends as it is: earlier versions know one at a time."""
    answers = f"SELECT message_id FROM generation WHERE {_BESIDE}"  # noqa: S608 - our own words
    op.execute(f"UPDATE message SET status = 'stopped' WHERE id IN ({answers})")  # noqa: S608
    op.execute(f"UPDATE generation SET status = 'stopped', lease_until = NULL WHERE {_BESIDE}")  # noqa: S608
    _index(["conversation_id"], instead_of=["conversation_id", "place"])
    op.drop_column("generation", "place")
    op.drop_column("conversation", "compared")


def _index(columns: list[str], *, instead_of: list[str]) -> None:
    op.drop_index(_name(instead_of), table_name="generation", postgresql_where=_LIVE, sqlite_where=_LIVE)
    op.create_index(
        _name(columns), "generation", columns, unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE
    )


def _name(columns: list[str]) -> str:
    return f"uq_generation_{'_'.join(columns)}_live"
