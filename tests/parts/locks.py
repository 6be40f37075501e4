"""What transactions of a test wait for."""

import sqlalchemy as sa

from gantry.repositories.database import Database


async def waits_for_a_lock(database: Database) -> bool:
    """Whether anybody waits for rows that somebody else holds. On PostgreSQL."""
    async with database.read() as tx:
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool((await tx.session.execute(waiting)).scalar_one())
