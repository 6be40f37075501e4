"""The headings of the sidebar."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gantry.state.views.sidebar import RowView, flat, grouped, heading_of

BERLIN = ZoneInfo("Europe/Berlin")
CASES = {
    "just now": ("2026-06-15T10:00:00Z", "2026-06-15T12:00:00Z", "Today"),
    "a clock that is ahead": ("2026-06-15T12:05:00Z", "2026-06-15T12:00:00Z", "Today"),
    "before midnight here": ("2026-06-14T21:59:00Z", "2026-06-14T22:01:00Z", "Yesterday"),
    "after midnight here, yesterday in UTC": ("2026-06-14T22:30:00Z", "2026-06-15T10:00:00Z", "Today"),
    "a week": ("2026-06-08T12:00:00Z", "2026-06-15T12:00:00Z", "Previous 7 days"),
    "eight days": ("2026-06-07T12:00:00Z", "2026-06-15T12:00:00Z", "Previous 30 days"),
    "thirty-one days": ("2026-05-15T12:00:00Z", "2026-06-15T12:00:00Z", "May"),
    "another year": ("2025-11-15T12:00:00Z", "2026-06-15T12:00:00Z", "November 2025"),
    "over the end of summer time": ("2026-10-24T12:00:00Z", "2026-10-25T23:30:00Z", "Previous 7 days"),
}


@pytest.mark.parametrize("name", CASES)
def test_heading(name: str) -> None:
    """A moment stands under the heading of its date in the reader's zone (here Berlin)."""
    moment, now, heading = CASES[name]
    here = [datetime.fromisoformat(each).astimezone(BERLIN) for each in (moment, now)]
    assert heading_of(*here) == heading


def test_rows_share_a_heading() -> None:
    """Rows of one day are one group, which continues the one above where that has the same heading."""
    now = int(datetime.now(BERLIN).timestamp())
    rows = [RowView(str(number), "", now - number) for number in range(3)]
    (group,) = grouped(rows, BERLIN)
    assert (group.rows, flat([group])) == (rows, rows)
    (continued,) = grouped(rows, BERLIN, above=group.label)
    assert continued.label == ""
