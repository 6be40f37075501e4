"""The secrets we make."""

import math
import re

import pytest

from gantry.domain.credentials import generated_password, network_of, new_token, token_hash


def test_generated_passwords_are_readable_and_strong() -> None:
    """Four groups of four from 32 letters that are not mistaken for each other: 80 bits, never the same twice."""
    made = {generated_password() for _ in range(2000)}
    assert len(made) == 2000
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", password) for password in made)
    letters = set("".join(made)) - {"-"}
    assert not letters & set("01lo")
    assert 16 * math.log2(len(letters)) >= 80


def test_tokens_are_long_and_only_their_hash_is_kept() -> None:
    """A token has 256 bits; what is stored is 64 hexadecimal digits that do not hold it."""
    one, other = new_token(), new_token()
    assert one != other
    assert len(one) >= 43
    assert re.fullmatch(r"[0-9a-f]{64}", token_hash(one))
    assert token_hash(one) == token_hash(one) != token_hash(other)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:" + "x" * 100, "unix:" + "x" * 59),
    ],
)
def test_attempts_are_counted_by_network(address: str, network: str) -> None:
    """An IPv6 customer's 2^64 addresses are one; what is no address counts as itself."""
    assert network_of(address) == network
