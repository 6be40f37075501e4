"""argon2id through passlib."""

import asyncio
import threading

import pytest

from gantry.adapters.secrets.passwords import CONCURRENT_HASHES, Argon2Cost, Argon2Passwords

CHEAP = Argon2Cost(passes=1, memory_kib=8)


async def test_password_belongs_to_its_hash() -> None:
    """The right password verifies, another one does not, and no two hashes are alike."""
    passwords = Argon2Passwords(CHEAP)
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert len(stored) <= 255
    assert (await passwords.verify("correct horse", stored)).right
    assert not (await passwords.verify("battery staple", stored)).right
    assert await passwords.hash("correct horse") != stored


async def test_default_cost_is_what_we_say() -> None:
    """Without settings a hash costs 64 MiB and three passes, more than OWASP's least of 19 MiB and two."""
    assert "$m=65536,t=3,p=1$" in await Argon2Passwords().hash("correct horse")


@pytest.mark.parametrize("stored", [None, "", "!", "not a hash", "$argon2id$v=19$broken"])
async def test_no_password_belongs_to_nobody(stored: str | None) -> None:
    """Without a usable hash every password is wrong, and nothing is raised."""
    assert not (await Argon2Passwords(CHEAP).verify("anything", stored)).right


@pytest.mark.parametrize("password", ["", "\ud800", "nul\0byte", "x" * 100_000])
async def test_odd_passwords_are_just_wrong(password: str) -> None:
    """Nothing a person can send makes verifying fail."""
    passwords = Argon2Passwords(CHEAP)
    assert not (await passwords.verify(password, await passwords.hash("correct horse"))).right


async def test_nobody_costs_as_much_as_somebody() -> None:
    """The hash that stands in for a missing one has today's parameters."""
    assert "$m=8,t=1,p=1$" in Argon2Passwords(CHEAP)._nobody


async def test_outdated_hash_comes_back_renewed() -> None:
    """A right password brings a hash of today's cost when the stored one is cheaper; a wrong one does not."""
    old, new = Argon2Passwords(CHEAP), Argon2Passwords(Argon2Cost(passes=2, memory_kib=16))
    stored = await old.hash("correct horse")
    verdict = await new.verify("correct horse", stored)
    assert verdict.right
    assert verdict.rehashed is not None
    assert "$m=16,t=2,p=1$" in verdict.rehashed
    assert (await new.verify("correct horse", verdict.rehashed)).rehashed is None
    assert (await new.verify("wrong", stored)).rehashed is None
    assert (await old.verify("correct horse", stored)).rehashed is None


async def test_few_hashes_at_once_and_none_on_the_loop() -> None:
    """A crowd at the door takes turns, in threads, so memory stays bounded and the loop goes on."""
    running, most, loop_thread = 0, 0, threading.get_ident()
    lock, gate = threading.Lock(), threading.Event()

    class Watched(Argon2Passwords):
        def _hash(self, password: str) -> str:
            nonlocal running, most
            assert threading.get_ident() != loop_thread
            with lock:
                running += 1
                most = max(most, running)
                if running == CONCURRENT_HASHES:
                    gate.set()
            gate.wait(5)
            try:
                return super()._hash(password)
            finally:
                with lock:
                    running -= 1

    passwords = Watched(CHEAP)
    await asyncio.gather(*(passwords.hash("correct horse") for _ in range(8)))
    assert most == CONCURRENT_HASHES
