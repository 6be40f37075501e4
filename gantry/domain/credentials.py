"""Secrets we make, and the protocols of what keeps other people's."""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from typing import Protocol

# Without 0, 1, l and o: 32 letters and digits, 5 bits each, that survive being read aloud or copied by hand.
_READABLE = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS = 4
_GROUP_CHARACTERS = 4


def new_token() -> str:
    """Return a session token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of *token*: SHA-256 in hex. A random token needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def generated_password() -> str:
    """Return a password to hand over: four groups of four, 80 random bits."""
    groups = ("".join(secrets.choice(_READABLE) for _ in range(_GROUP_CHARACTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def readable(digest: bytes) -> str:
    """Return the beginning of a digest in the form of a generated password: four groups of four, 80 bits."""
    letters = "".join(_READABLE[byte % len(_READABLE)] for byte in digest[: _GROUPS * _GROUP_CHARACTERS])
    return "-".join(letters[at : at + _GROUP_CHARACTERS] for at in range(0, len(letters), _GROUP_CHARACTERS))


def network_of(address: str) -> str:
    """Return what attempts from *address* are counted under.

    An IPv6 customer has a /64 to choose addresses from (RFC 6177), so we count the network; anything that is
    not an address counts as itself.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right; ``rehashed`` replaces the stored hash when its parameters are outdated."""

    right: bool
    rehashed: str | None = None


class PasswordHasher(Protocol):
    """Hashes passwords slowly, off the event loop, a bounded number at a time."""

    async def hash(self, password: str) -> str:
        """Return a salted hash that names its own parameters, at most 255 characters."""
        ...

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Tell whether *password* belongs to *stored*.

        None, and a hash that cannot be read, are wrong for every password and take as long as a real one.
        """
        ...


class KeyEncryption(Protocol):
    """Encrypts the keys of model servers for the database; does no I/O."""

    def seal(self, key: str) -> str:
        """Return *key* encrypted, as text of at most 2,000 characters for a key of 1,000."""
        ...

    def unseal(self, sealed: str) -> str:
        """Return the key.

        Raises:
            Unavailable: SECRET_KEY is not the one it was sealed with; the sentence says so.
        """
        ...
