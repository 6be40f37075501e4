"""Mixed use by fifty people for so many minutes: nothing may grow."""

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
    people: int


def soak(product: Product, minutes: float) -> SoakRun:
    """Have people ask, read, upload, search, list and delete for so long."""
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
    return SoakRun(figures, answered, len(people))


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
        await _tidy(person)
        if answered % 5 == 0:
            await _consult(person, answered)
        await asyncio.sleep(random.uniform(2, 10))
    return answered


async def _tidy(person: Person) -> None:
    """Look at the list, and keep the newest conversations of it."""
    listed = await person.client.get("/api/v1/conversations")
    listed.raise_for_status()
    for row in listed.json()["conversations"][5:]:
        (await person.client.delete(f"/api/v1/conversations/{row['id']}")).raise_for_status()


async def _consult(person: Person, number: int) -> None:
    """Search, and put a document in the place of the one before."""
    (await person.client.get("/api/v1/search", params={"q": "garden water"})).raise_for_status()
    before = await person.client.get("/api/v1/documents")
    before.raise_for_status()
    text = f"# Notes {number}\n\n" + "Water the beds early, while the air is cool. " * 200
    given = await person.client.post(
        "/api/v1/documents", files={"file": (f"notes {number}.md", text.encode())}
    )
    given.raise_for_status()
    for row in before.json()["documents"]:
        (await person.client.delete(f"/api/v1/documents/{row['id']}")).raise_for_status()
