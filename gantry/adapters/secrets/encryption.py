"""Keys of model servers, encrypted with a key derived from SECRET_KEY."""

import base64
from functools import cached_property
from typing import TYPE_CHECKING

from gantry.domain.errors import Unavailable
from gantry.domain.messages import _

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_PURPOSE = b"gantry: keys of model servers"  # another purpose gets another key from the same secret


class FernetEncryption:
    """Implements ``domain.credentials.KeyEncryption``: HKDF-SHA256 (RFC 5869), then Fernet."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    @cached_property
    def _fernet(self) -> "Fernet":
        # Six megabytes for whoever has stored a key.
        from cryptography.fernet import Fernet  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(self._secret_key.encode())
        return Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, key: str) -> str:
        """Return *key* encrypted and authenticated."""
        return self._fernet.encrypt(key.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Return the key; Unavailable when SECRET_KEY has changed since it was sealed."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unavailable(
                _("The stored API key of this model server cannot be read."),
                advice=_(
                    "SECRET_KEY has changed since. Enter the key again, or restore the former SECRET_KEY."
                ),
                person_advice=_("Choose another model, or ask an administrator."),
            ) from error
