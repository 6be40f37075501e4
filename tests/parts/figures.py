"""What ``/metrics`` says, as Prometheus understands it; and the API as it is served, counted and logged."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import httpx
from prometheus_client.parser import text_string_to_metric_families

from gantry.api.app import create_api
from gantry.api.guard import Guard
from gantry.api.observed import Observed
from gantry.runtime import installed
from gantry.services.operations import OperationsService
from tests.parts.api_server import serving
from tests.parts.stack import Stack


@dataclass(frozen=True, slots=True)
class Figures:
    """One answer of ``/metrics``: samples by name and labels."""

    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]
    families: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read Prometheus' text format."""
        families = list(text_string_to_metric_families(text))
        samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }
        return cls(samples, frozenset(family.name for family in families))

    @classmethod
    async def of(cls, operations: OperationsService) -> Self:
        """Return the figures of a process, without HTTP."""
        return cls.parse((await operations.figures()).content.decode())

    @classmethod
    async def fetch(cls, client: httpx.AsyncClient) -> Self:
        """Ask as Prometheus asks."""
        answer = await client.get("/metrics")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return cls.parse(answer.text)

    def total(self, name: str, **labels: str) -> float:
        """Return the sum over all series of *name* that have *labels*."""
        wanted = set(labels.items())
        return sum(value for (found, have), value in self.samples.items() if found == name and wanted <= have)

    def labels(self, name: str, label: str) -> set[str]:
        """Return every value that *label* has in series of *name*."""
        return {dict(have)[label] for found, have in self.samples if found == name}


@asynccontextmanager
async def observed_api(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    """Serve the API inside the guard, counted and logged; yields a client that is not signed in."""
    app = Observed(Guard(create_api(), page_policy="default-src 'none'"))
    with installed(stack.services):
        async with serving(app) as address, httpx.AsyncClient(base_url=address) as client:
            client.headers["Origin"] = (
                address  # as a page of this site; the guard lets no cookie in otherwise
            )
            yield client
