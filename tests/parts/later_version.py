"""A version of Gantry with one more migration than this one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gantry.repositories import migrations

LATER = "20991231_2359"
TITLES = "UPDATE conversation SET title = 'migrated'"
_ROOT = Path(__file__).resolve().parents[2]
_MIGRATION = '''"""A later migration."""
from alembic import op
revision = "{revision}"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.execute("{statement}")


def downgrade() -> None:
    pass
'''


@contextmanager
def later_version(folder: Path, statement: str = TITLES) -> Iterator[None]:
    """Be, for the duration of the block, a version whose last migration runs *statement*."""
    root = folder / "later"
    shutil.copytree(_ROOT / "alembic", root / "alembic", dirs_exist_ok=True)
    shutil.copy(_ROOT / "alembic.ini", root)
    text = _MIGRATION.format(revision=LATER, head=migrations.head(), statement=statement)
    (root / "alembic" / "versions" / f"{LATER}_later.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_ROOT", root)
        yield
