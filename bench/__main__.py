"""``python -m bench``: measure the product against the budgets of its design.

``--quick`` takes about a minute. The exit code is 0 also when budgets are exceeded: this is no test.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import app, lines
from bench.answers import Stand
from bench.browser import Chromium, Tab, running_chromium, transferred
from bench.model import ModelServer, running_model
from bench.opening import opened, sidebar_painted
from bench.proxy import running_proxy
from bench.report import Section, load_remark, machine, render, write_json
from bench.seed import COLLECTOR, Seeded, seed
from bench.wire import Redis, follow_many, running_redis
from gantry import __version__


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    answers: tuple[tuple[int, float], ...] = ((1000, 100), (4000, 200))  # (tokens, tokens a second)
    history: int = 1000
    long_history: int = 10_000
    conversations: int = 5000
    sends: int = 10
    openings: int = 5
    idle_seconds: float = 5
    readers: int = 20
    reader_rate: float = 50
    reader_seconds: float = 8


QUICK = Plan(answers=((300, 100), (1200, 200)), sends=4, openings=2, idle_seconds=2, reader_seconds=4)


@dataclass(slots=True)
class Bench:
    """One run of the benchmark; sections are filled in as they are measured."""

    plan: Plan
    model: ModelServer
    data: Path
    sections: list[Section] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Measure everything."""
        settings = app.environment(self.data, self.model.url)
        with app.running(settings) as product:
            first_start = product.start_seconds
        self._say("storing long conversations")
        seeded = seed(self.data, (self.plan.history, self.plan.long_history), self.plan.conversations)
        with app.running(settings) as product:
            idle = lines.idle(product, self.plan.idle_seconds)
            app.wait_listed(product.origin)
            with running_proxy(product.port) as proxy, running_chromium() as chromium:
                self.about["chromium"] = chromium.version
                self._browser(Stand(product, self.model, proxy), chromium, seeded)
            self._say(f"{self.plan.readers} readers without a browser")
            self._add("Many answers at once, one process", lines.wire(self._follow(product)))
            self.sections.insert(0, Section("At rest", lines.rest(product, first_start, idle)))
        with running_redis(self.data) as redis:
            if redis is None:
                self._say("no redis-server on the PATH: not measured with Redis")
            else:
                self._with_redis(redis)

    def _browser(self, stand: Stand, chromium: Chromium, seeded: Seeded) -> None:
        origin = stand.proxy.origin
        with chromium.signed_in(origin) as context:
            self._say("the first load")
            self._add("First load, empty cache", lines.first_load(transferred(context, origin)))
            tab = Tab(context, origin)
            start, code = stand.first_exchange(tab), stand.first_code(tab)
            runs = []
            for tokens, rate in self.plan.answers:
                self._say(f"an answer of {tokens:,} tokens at {rate:g} a second")
                runs.append(stand.answer(tab, tokens, rate))
            tokens, rate = self.plan.answers[0]
            self._say(f"the same below {self.plan.history:,} messages")
            tab.open(f"/c/{seeded.answered}")
            runs.append(stand.answer(tab, tokens, rate))
            self._say(f"{self.plan.sends} short messages")
            sends = stand.enter_to_model(tab, self.plan.sends)
            self._add("Answers in the browser", lines.answers(runs, self.plan.history))
            self._add("Sending", lines.sending(sends, start, code))
            self._say("opening long conversations")
            opening = opened(tab, tuple(seeded.histories.items()), self.plan.openings)
            few = sidebar_painted(tab, self.plan.openings)
            tab.close()
        with chromium.signed_in(origin, email=COLLECTOR) as context:
            self._say(f"{seeded.conversations:,} conversations in the sidebar")
            tab = Tab(context, origin)
            many = sidebar_painted(tab, self.plan.openings)
            tab.close()
        self._add("Opening", lines.opening(opening, few, many, seeded.conversations))

    def _follow(self, product: app.Product, redis: Redis | None = None):
        plan = self.plan
        return asyncio.run(
            follow_many(product, self.model, plan.readers, plan.reader_rate, plan.reader_seconds, redis)
        )

    def _with_redis(self, redis: Redis) -> None:
        self._say("the same with Redis")
        settings = app.environment(self.data, self.model.url, redis.url)
        with app.running(settings) as product:
            self._add("Many answers at once, with Redis", lines.wire(self._follow(product, redis)))

    def _add(self, title: str, added: tuple[lines.Line, ...]) -> None:
        self.sections.append(Section(title, added))

    def _say(self, doing: str) -> None:
        print(f"  … {doing}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter answers and fewer repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file as well")
    chosen = parser.parse_args(arguments)
    with ExitStack() as stack:
        about = machine() | {"gantry": __version__, "quick": chosen.quick}
        app.build()
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gantry-bench-")))
        bench = Bench(QUICK if chosen.quick else Plan(), stack.enter_context(running_model()), data)
        bench.run()
    about |= bench.about | {"load_after": [round(each, 2) for each in os.getloadavg()]}
    print(render(bench.sections))
    print(
        f"\nGantry {about['gantry']}, Python {about['python']}, Chromium {about['chromium']}, {about['system']}."
    )
    print(
        f"{about['cores']} cores, load {about['load'][0]} before and {about['load_after'][0]} after. ", end=""
    )
    print(load_remark(about["load"][0], about["cores"] or 1))
    if chosen.json:
        write_json(chosen.json, bench.sections, about)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except app.BenchError as error:
        sys.exit(f"bench: {error}")
