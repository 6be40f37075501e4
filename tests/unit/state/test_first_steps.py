"""What is said of the address a page is reached at."""

import pytest

from gantry.state.first_steps import is_safe


@pytest.mark.parametrize(
    ("origin", "safe"),
    [
        ("https://chat.example.com", True),
        ("http://localhost:3000", True),
        ("http://127.0.0.1:3000", True),
        ("http://[::1]:3000", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://192.168.1.5:3000", False),
        ("", False),
    ],
)
def test_only_https_and_this_very_machine_are_safe_to_sign_in_to(origin: str, safe: bool) -> None:
    """A name that only begins like this machine's is another's."""
    assert is_safe(origin) is safe
