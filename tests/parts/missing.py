"""What happens when a real part is not there."""

import os
from typing import NoReturn

import pytest


def missing(part: str) -> NoReturn:
    """Skip with the part's name, or fail where every part is required (CI, ``make check``)."""
    reason = f"{part} is not installed"
    if os.environ.get("GANTRY_TEST_REQUIRE") == "all":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
