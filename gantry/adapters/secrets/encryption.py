"""Keys of model servers, encrypted with a key derived from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gantry.domain.errors import Unavailable

_PURPOSE = b"gantry: keys of model servers"  # another purpose gets another key from the same secret


class FernetEncryption:
    """Implements ``domain.credentials.KeyEncryption``: HKDF-SHA256 (RFC 5869), then Fernet."""

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, key: str) -> str:
        """Return *key* encrypted and authenticated."""
        return self._fernet.encrypt(key.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Return the key; Unavailable when SECRET_KEY has changed since it was sealed."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unavailable(
                "The stored API key of this model server cannot be read.",
                advice="SECRET_KEY has changed since. Enter the key again, or restore the former SECRET_KEY.",
                person_advice="Choose another model, or ask an administrator.",
            ) from error
