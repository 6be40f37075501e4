"""Giving rows their words that came into the database without: from a restore, or a replica of an earlier version."""

from dataclasses import dataclass

from gantry.repositories.database import Database

_AT_ONCE = 25  # rows: others write in between


@dataclass(frozen=True, slots=True)
class Keywords:
    """Keeps the keyword index complete."""

    database: Database

    async def work(self) -> int:
        """Index a few rows whose text is new; returns how many there were."""
        async with self.database.read(brief=True) as tx:
            if not await tx.words.stale():
                return 0
        async with self.database.begin() as tx:
            return await tx.words.catch_up(_AT_ONCE)
