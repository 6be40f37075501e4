"""What a token looks like."""

import re

import pytest

from gantry.domain.api_tokens import (
    Scope,
    checked_scopes,
    checked_token_name,
    in_order,
    is_api_token,
    is_well_formed,
    new_api_token,
)
from gantry.domain.errors import Invalid


def test_a_token_is_recognised_by_its_prefix_and_its_checksum() -> None:
    """Secret scanners find it by one pattern, and a typing error shows without a look into the database."""
    tokens = {new_api_token() for _ in range(200)}
    assert len(tokens) == 200
    for token in tokens:
        assert re.fullmatch(r"gantry_[0-9A-Za-z]{49}", token)
        assert is_api_token(token)
        assert is_well_formed(token)
        other = "A" if token[20] != "A" else "B"
        assert not is_well_formed(token[:20] + other + token[21:])
        assert not is_well_formed(token[:-1])
    assert not is_api_token("a session's token")


def test_names_and_scopes_are_checked() -> None:
    """A blank name, no scope and an unknown scope are refused, each with the field at fault."""
    assert checked_token_name("  Open\nWebUI ") == "Open WebUI"
    assert in_order(checked_scopes(["admin", "read"])) == (Scope.READ, Scope.ADMIN)
    for refused, field in (
        (lambda: checked_token_name(" \n"), "name"),
        (lambda: checked_scopes([]), "scopes"),
        (lambda: checked_scopes(["read", "everything"]), "scopes"),
    ):
        with pytest.raises(Invalid) as error:
            refused()
        assert error.value.field == field
