"""argon2id through passlib, off the event loop."""

import asyncio
import base64
import os
from dataclasses import dataclass

from passlib.context import CryptContext
from passlib.utils import MAX_PASSWORD_SIZE

from gantry.domain.credentials import Verdict

CONCURRENT_HASHES = 2  # each holds its memory meanwhile: together at most 128 MiB


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one hash costs.

    The default is RFC 9106's second choice (64 MiB, 3 passes) on one lane, since we hash several passwords at
    once rather than one on several cores. OWASP's least for one lane is 19 MiB and 2 passes. About 0.2 s.
    """

    passes: int = 3
    memory_kib: int = 65536
    lanes: int = 1


class Argon2Passwords:
    """Implements ``domain.credentials.PasswordHasher``."""

    def __init__(self, cost: Argon2Cost | None = None) -> None:
        cost = cost or Argon2Cost()
        self._context = CryptContext(
            schemes=["argon2"],
            argon2__type="ID",
            argon2__time_cost=cost.passes,
            argon2__memory_cost=cost.memory_kib,
            argon2__parallelism=cost.lanes,
        )
        self._nobody = _unmatchable(cost)
        self._turn = asyncio.Semaphore(CONCURRENT_HASHES)

    async def hash(self, password: str) -> str:
        """Return a new salted hash."""
        async with self._turn:
            return await asyncio.to_thread(self._hash, password)

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Tell whether *password* belongs to *stored*; None takes as long as a wrong one."""
        async with self._turn:
            return await asyncio.to_thread(self._verify, password, stored)

    def _hash(self, password: str) -> str:
        return str(self._context.hash(_encoded(password)))

    def _verify(self, password: str, stored: str | None) -> Verdict:
        secret = _encoded(password)
        try:
            right, rehashed = self._context.verify_and_update(secret, stored or self._nobody)
        except ValueError:  # such as "!", which locks an account
            right, rehashed = self._context.verify_and_update(secret, self._nobody)
        return Verdict(bool(right), rehashed)


def _encoded(password: str) -> bytes:
    # Half a surrogate pair is no reason to fail, nor is more than passlib takes: we store no hash of either.
    return password.encode("utf-8", "surrogatepass")[:MAX_PASSWORD_SIZE]


def _unmatchable(cost: Argon2Cost) -> str:
    """Return a hash of today's cost that no password has: random bytes where the digest should be."""
    salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"
