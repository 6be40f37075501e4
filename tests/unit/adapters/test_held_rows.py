"""What an embedded index remembers of whose its vectors are."""

import time
from typing import Any

import pytest

from gantry.adapters.chroma import held as held_rows
from gantry.adapters.chroma.held import Held, Place

MINE, OTHERS = ("collection", "me:memory"), ("collection", "them:memory")


def row(number: int) -> str:
    return f"{number:032x}"


class Engine:
    """Vectors in the order of their nearness, with whose each is."""

    def __init__(self, order: list[Place]) -> None:
        self.order = order
        self.asked: list[int] = []
        self.reading = lambda: None

    def read(self, place: Place) -> list[list[dict[str, Any]]]:
        """Say what there is of *place*."""
        said = [self.about(at) for at, each in enumerate(self.order) if each == place]
        self.reading()
        return [said]

    def about(self, at: int) -> dict[str, Any]:
        """Say what is said of one vector."""
        return {"row": row(at), "source": f"talk {at % 2}", "place": self.order[at][1]}

    def ask(self, count: int) -> dict[str, Any]:
        """Return the nearest."""
        self.asked.append(count)
        found = range(len(self.order))[:count]
        return {"ids": [[f"{row(at)}:0" for at in found]], "distances": [[at / 100 for at in found]]}


def known(held: Held, engine: Engine, place: Place, count: int) -> dict[str, Any]:
    """Ask until the place has been read."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = held.nearest(place, count, engine.ask)
        if found is not None:
            return found
        time.sleep(0.001)
    raise AssertionError("The place was not read.")


def test_vectors_of_others_between_are_left_out() -> None:
    """The nearest of one's own come with their distances and sources; where too few are among the first, more are asked for."""
    engine = Engine([OTHERS, OTHERS, MINE, OTHERS, MINE, MINE])
    held = Held(engine.read)
    found = known(held, engine, MINE, 2)
    assert found["ids"] == [[f"{row(2)}:0", f"{row(4)}:0"]]
    assert found["distances"] == [[0.02, 0.04]]
    assert [each["source"] for each in found["metadatas"][0]] == ["talk 0", "talk 0"]
    assert engine.asked == [2, 8]
    held.close()


def test_who_is_among_many_others_has_the_engine_look() -> None:
    """One's own are too rare among the nearest: it is not tried again for a while, and then it is."""
    engine = Engine([OTHERS] * 20 + [MINE])
    held = Held(engine.read)
    until = time.monotonic() + 10
    while not engine.asked and time.monotonic() < until:
        assert held.nearest(MINE, 1, engine.ask) is None
    assert engine.asked == [1, 4]
    for _ in range(50):
        assert held.nearest(MINE, 1, engine.ask) is None
    assert engine.asked == [1, 4]
    engine.order[0] = MINE
    held.added("collection", [engine.about(0)])
    found = held.nearest(MINE, 1, engine.ask)
    assert found is not None
    assert found["ids"] == [[f"{row(0)}:0"]]
    held.close()


def test_what_is_written_while_a_place_is_read_is_not_missed() -> None:
    """It is held together with what was read."""
    engine = Engine([MINE])
    held = Held(engine.read)

    def write() -> None:
        engine.reading = lambda: None
        engine.order.append(MINE)
        held.added("collection", [engine.about(1)])

    engine.reading = write
    assert len(known(held, engine, MINE, 5)["ids"][0]) == 2
    held.close()


def test_what_is_removed_while_a_place_is_read_is_not_kept() -> None:
    """Such a reading counts for nothing; the place is read again."""
    engine = Engine([MINE, MINE])
    held = Held(engine.read)

    def remove() -> None:
        engine.reading = lambda: None
        engine.order.pop()
        held.forget("collection")

    engine.reading = remove
    assert len(known(held, engine, MINE, 5)["ids"][0]) == 1
    held.close()


def test_a_removal_has_places_read_again() -> None:
    """Of that collection."""
    engine = Engine([MINE, MINE])
    held = Held(engine.read)
    known(held, engine, MINE, 5)
    engine.order.pop()
    held.forget("collection")
    assert held.nearest(MINE, 5, engine.ask) is None
    assert known(held, engine, MINE, 5)["ids"] == [[f"{row(0)}:0"]]
    held.close()


def test_a_place_that_is_too_large_is_seldom_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine looks for its rows; reading them all for each question would cost more than it spares."""
    monkeypatch.setattr(held_rows, "_MOST", 2)
    engine = Engine([MINE, MINE, MINE])
    times: list[int] = []
    engine.reading = lambda: times.append(1)
    held = Held(engine.read)
    until = time.monotonic() + 10
    while not times and time.monotonic() < until:
        assert held.nearest(MINE, 1, engine.ask) is None
    for _ in range(40):
        assert held.nearest(MINE, 1, engine.ask) is None
    held.close()
    assert len(times) == 1


def test_a_reading_that_fails_makes_nothing_known() -> None:
    """The engine goes on looking; nothing is taken for empty."""
    engine = Engine([MINE])
    times: list[int] = []

    def fail() -> None:
        times.append(1)
        raise OSError

    engine.reading = fail
    held = Held(engine.read)
    until = time.monotonic() + 10
    while not times and time.monotonic() < until:
        assert held.nearest(MINE, 1, engine.ask) is None
    for _ in range(40):
        assert held.nearest(MINE, 1, engine.ask) is None
    held.close()
