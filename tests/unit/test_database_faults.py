"""Which faults of a database pass by themselves."""

import sqlite3

import pytest
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError

from gantry.domain.errors import DatabaseAway, DatabaseFull
from gantry.repositories.faults import for_people


class Told(Exception):
    """What a driver raises, with PostgreSQL's code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "fault",
    [
        DataError("", None, Told("22003")),
        ProgrammingError("", None, Told("42P01")),
        OperationalError("", None, Told("57014")),
    ],
    ids=["a number out of range", "a table that is missing", "an operator's time limit"],
)
def test_what_would_be_said_again_is_not_waited_for(fault: Exception) -> None:
    """Whoever waits would wait for ever."""
    assert not isinstance(for_people(fault), DatabaseAway)


def test_what_passes_is_waited_for() -> None:
    """A server that restarts; a disk that is full is told apart, for what may have filled it."""
    assert type(for_people(OperationalError("", None, Told("57P01")))) is DatabaseAway
    assert isinstance(for_people(OperationalError("", None, Told("53100"))), DatabaseFull)
    locked = sqlite3.OperationalError("database is locked")
    assert type(for_people(OperationalError("", None, locked))) is DatabaseAway
