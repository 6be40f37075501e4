"""Token counts as model servers tell them."""

from typing import Any

import pytest

from gantry.domain.token_counts import counts_of


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": 7},
        {"prompt_tokens": 2**62, "completion_tokens": 7},
        {"prompt_tokens": 1.5, "completion_tokens": 7},
        {"prompt_tokens": True, "completion_tokens": 7},
        {"prompt_tokens": "9" * 5000, "completion_tokens": "7"},
        {"prompt_tokens": float("inf"), "completion_tokens": 7},
        {"prompt_tokens": 5},
        [5, 7],
        None,
    ],
)
def test_what_cannot_be_a_count_is_none(usage: Any) -> None:
    """Numbers that no count can be, and that no database holds, are not told."""
    assert counts_of(usage) is None
