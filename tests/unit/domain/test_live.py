"""Positions in an answer."""

import pytest

from gantry.domain.live import Position


@pytest.mark.parametrize("position", [Position(), Position(1, 20), Position(3, 0, 7), Position(2, 5, 9)])
def test_a_position_survives_its_written_form(position: Position) -> None:
    """What goes out as an event's id comes back as the same position."""
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("raw", ["", "1", "x.y", "1.-2", "1.2.3.4", "１.２", "1.99999999999", "a" * 1000])
def test_a_strange_event_id_means_the_beginning(raw: str) -> None:
    """A browser may send anything as Last-Event-ID."""
    assert Position.parse(raw) == Position()
