"""What a question costs the server, asked over REST by somebody whose conversations are remembered."""

import asyncio
import time
from dataclasses import dataclass

from bench.app import EMAIL, BenchError, Product
from bench.model import ModelServer, question
from bench.reader import Follower
from bench.wire import Person, signed_in

_SETTLE_SECONDS = 600  # at most
_LOOK_SECONDS = 4
_QUIET_SHARE = 0.03  # of a core


@dataclass(frozen=True, slots=True)
class AskingRun:
    """Questions one after the other, each with an answer of three tokens."""

    cpu_ms: float
    cpu_with_learning_ms: float
    first_token_ms: list[float]
    resident_mb: float


def settle(product: Product) -> None:
    """Wait until the server has learned what it was given."""
    until = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < until:
        before = product.cpu_seconds()
        time.sleep(_LOOK_SECONDS)
        if product.cpu_seconds() - before < _QUIET_SHARE * _LOOK_SECONDS:
            return
    raise BenchError(f"The server is still at work after {_SETTLE_SECONDS} s.")


def ask_many(product: Product, model: ModelServer, questions: int) -> AskingRun:
    """Ask *questions* questions, each in a conversation of its own."""
    return asyncio.run(_ask_many(product, model, questions))


async def _ask_many(product: Product, model: ModelServer, questions: int) -> AskingRun:
    person = await signed_in(product, EMAIL)
    for _ in range(3):
        await _ask(person)
    await asyncio.to_thread(settle, product)
    before = product.cpu_seconds()
    waits = [await _ask(person) for _ in range(questions)]
    asked = product.cpu_seconds() - before
    await asyncio.to_thread(settle, product)
    learned = product.cpu_seconds() - before
    await person.client.aclose()
    return AskingRun(asked * 1000 / questions, learned * 1000 / questions, waits, product.resident_mb())


async def _ask(person: Person) -> float:
    """Return the milliseconds until the first token."""
    text, _number = question(3, 100)
    follower = Follower()
    began = time.time()
    await person.ask_and_follow(f"How do I water the beds of my garden in summer? {text}", follower)
    return (follower.seen[0][1] - began) * 1000
