"""Keys of model servers at rest."""

import pytest

from gantry.adapters.secrets.encryption import FernetEncryption
from gantry.domain.errors import Unavailable

KEY = "sk-0123456789abcdef"


def test_key_comes_back_with_the_same_secret() -> None:
    """Another process with the same SECRET_KEY reads what one has sealed; the sealed text does not show it."""
    sealed = FernetEncryption("secret one").seal(KEY)
    assert FernetEncryption("secret one").unseal(sealed) == KEY
    assert KEY not in sealed
    assert FernetEncryption("secret one").seal(KEY) != sealed


def test_longest_key_fits_the_column() -> None:
    """A key of a thousand characters, the longest we take, fits into the two thousand of the table."""
    assert len(FernetEncryption("secret one").seal("x" * 1000)) <= 2000


@pytest.mark.parametrize("sealed", [FernetEncryption("secret two").seal(KEY), "", "nonsense", "ünsinn"])
def test_changed_secret_is_said(sealed: str) -> None:
    """With another SECRET_KEY the key is lost; administrators are told why and what to do, others whom to ask."""
    with pytest.raises(Unavailable) as refused:
        FernetEncryption("secret one").unseal(sealed)
    assert "SECRET_KEY has changed" in refused.value.advice_for(administrator=True)
    assert refused.value.advice_for(administrator=False) == "Choose another model, or ask an administrator."
