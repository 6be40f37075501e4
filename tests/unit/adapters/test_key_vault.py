"""Keys of model servers at rest."""

import pytest

from gantry.adapters.key_vault import FernetVault
from gantry.domain.errors import Unavailable

KEY = "sk-0123456789abcdef"


def test_key_comes_back_with_the_same_secret() -> None:
    """Another process with the same SECRET_KEY reads what one has sealed; the sealed text does not show it."""
    sealed = FernetVault("secret one").seal(KEY)
    assert FernetVault("secret one").unseal(sealed) == KEY
    assert KEY not in sealed
    assert FernetVault("secret one").seal(KEY) != sealed


def test_longest_key_fits_the_column() -> None:
    """A key of a thousand characters, the longest we take, fits into the two thousand of the table."""
    assert len(FernetVault("secret one").seal("x" * 1000)) <= 2000


@pytest.mark.parametrize("sealed", [FernetVault("secret two").seal(KEY), "", "nonsense", "ünsinn"])
def test_changed_secret_is_said(sealed: str) -> None:
    """With another SECRET_KEY the key is lost, and the sentence says why and what to do."""
    with pytest.raises(Unavailable) as refused:
        FernetVault("secret one").unseal(sealed)
    assert "SECRET_KEY has changed" in refused.value.public
    assert "Enter the key again" in refused.value.advice
