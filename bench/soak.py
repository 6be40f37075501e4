"""Mixed use for many minutes: nothing may grow."""

import asyncio
import random
import time
from dataclasses import dataclass
from statistics import median

import psutil

from bench.app import Product
from bench.model import question
from bench.reader import Follower
from bench.seed import CROWD
from bench.wire import Person, signed_in

_LOOK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class SoakRun:
    """Name, unit, median of the second third and of the last one, for each figure; the first third warms up."""

    figures: list[tuple[str, str, float, float]]
    answered: int


def soak(product: Product, minutes: float) -> SoakRun:
    """Have people ask, read, list and delete for so long."""
    return asyncio.run(_soak(product, minutes))


async def _soak(product: Product, minutes: float) -> SoakRun:
    until = time.monotonic() + 60 * minutes
    people = [await signed_in(product, email) for email in CROWD]
    samples: list[dict[str, float]] = []
    using = [asyncio.create_task(_use(person, until)) for person in people]
    while time.monotonic() < until:
        await asyncio.sleep(_LOOK_SECONDS)
        samples.append(_sample(product))
    answered = sum(await asyncio.gather(*using))
    for person in people:
        await person.client.aclose()
    third = max(1, len(samples) // 3)
    units = {"memory": "MB"}
    figures = [
        (
            name,
            units.get(name, ""),
            median(sample[name] for sample in samples[third : 2 * third] or samples),
            median(sample[name] for sample in samples[-third:]),
        )
        for name in samples[0]
    ]
    return SoakRun(figures, answered)


def _sample(product: Product) -> dict[str, float]:
    process = psutil.Process(product.pid)
    return {
        "memory": product.resident_mb(),
        "open files": process.num_fds(),
        "threads": process.num_threads(),
        "sockets": len(process.net_connections("inet")),
    }


async def _use(person: Person, until: float) -> int:
    """Return how many questions were answered."""
    answered = 0
    while time.monotonic() < until:
        text, _number = question(random.randint(20, 200), 50)
        await person.ask_and_follow(text, Follower())
        answered += 1
        listed = await person.client.get("/api/v1/conversations")
        listed.raise_for_status()
        for row in listed.json()["conversations"][5:]:
            await person.client.delete(f"/api/v1/conversations/{row['id']}")
        await asyncio.sleep(random.uniform(0, 2))
    return answered
