"""``python -m bench``: measure the product against the budgets of its design.

``--quick`` takes about a minute. The exit code is 0 also when budgets are exceeded: this is no test.
"""

import argparse
import asyncio
import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import app, lines
from bench.answers import AnswerRun, Stand
from bench.asking import ask_many, settle
from bench.browser import Chromium, Tab, running_chromium, transferred
from bench.importing import EXPORT_MB, import_bench
from bench.model import ModelServer, running_model
from bench.opening import opened, sidebar_painted
from bench.programs import ask_as_program, program_lines
from bench.proxy import running_proxy
from bench.report import Earlier, Section, earlier, heading, load_remark, machine, rendered, write_json
from bench.search import DATABASES, MESSAGES, search_bench
from bench.seed import COLLECTOR, Seeded, seed, seed_people
from bench.soak import soak
from bench.wire import Redis, WireRun, follow_many, running_redis
from gantry import __version__
from tests.parts.postgres import running_postgres


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    answers: tuple[tuple[int, float], ...] = ((1000, 100), (4000, 200))  # (tokens, tokens a second)
    history: int = 1000
    long_history: int = 10_000
    conversations: int = 5000
    sends: int = 10
    openings: int = 5
    idle_seconds: float = 20
    questions: int = 50
    crowds: tuple[int, ...] = (1, 10, 100, 300)
    crowd_with_redis: int = 20
    crowd_rate: float = 50
    crowd_seconds: float = 20


QUICK = Plan(
    answers=((300, 100), (1200, 200)),
    sends=4,
    openings=2,
    idle_seconds=5,
    questions=10,
    crowds=(1, 10),
    crowd_seconds=8,
)


@dataclass(slots=True)
class Bench:
    """One run of the benchmark; each section is printed when it is measured."""

    plan: Plan
    model: ModelServer
    data: Path
    before: Earlier
    sections: list[Section] = field(default_factory=list[Section])
    about: dict[str, Any] = field(default_factory=dict[str, Any])
    failed: list[str] = field(default_factory=list[str])

    def run(self) -> None:
        """Measure everything; a part that fails says why, and the rest goes on."""
        print(heading(), flush=True)
        settings = app.environment(self.data, self.model.url)
        with app.running(settings) as product:
            first_start = product.start_seconds
        self._say("storing long conversations")
        seeded = seed(self.data, (self.plan.history, self.plan.long_history), self.plan.conversations)
        with app.running(settings) as product:
            app.wait_listed(product.origin)
            self._say("waiting until the conversations are learned")
            settle(product)
            self._measure(
                "At rest",
                lambda: lines.rest(product, first_start, lines.idle(product, self.plan.idle_seconds)),
            )
            self._say("questions over REST")
            self._measure(
                "Asking over REST", lambda: lines.asking(ask_many(product, self.model, self.plan.questions))
            )
            self._say("questions of a program")
            self._measure("A program, over /v1", lambda: self._program(product))
            self._measure("In the browser", lambda: self._in_browser(product, seeded))
            self._measure("Many answers at once, one process", lambda: self._crowds(product))
        self._measure("Many answers at once, two replicas with Redis and PostgreSQL", self._with_redis)

    def _program(self, product: app.Product) -> tuple[lines.Line, ...]:
        times, tokens = self.plan.questions, self.plan.answers[0][0]
        return program_lines(ask_as_program(product, self.model.url, times=times, tokens=tokens, rate=100))

    def _in_browser(self, product: app.Product, seeded: Seeded) -> None:
        with running_proxy(product.port) as proxy, running_chromium() as chromium:
            self.about["chromium"] = chromium.version
            self._browser(Stand(product, self.model, proxy), chromium, seeded)

    def _browser(self, stand: Stand, chromium: Chromium, seeded: Seeded) -> None:
        origin = stand.proxy.origin
        with chromium.signed_in(origin) as context:
            self._say("the first load")
            self._measure("First load, empty cache", lambda: lines.first_load(transferred(context, origin)))
            tab = Tab(context, origin)
            start, code = stand.first_exchange(tab), stand.first_code(tab)
            self._measure("Answers in the browser", lambda: self._answers(stand, tab, seeded))
            self._say(f"{self.plan.sends} short messages")
            self._measure(
                "Sending", lambda: lines.sending(stand.enter_to_model(tab, self.plan.sends), start, code)
            )
            self._say("opening long conversations")
            opening = opened(tab, tuple(seeded.histories.items()), self.plan.openings)
            few = sidebar_painted(tab, self.plan.openings)
            tab.close()
        with chromium.signed_in(origin, email=COLLECTOR) as context:
            self._say(f"{seeded.conversations:,} conversations in the sidebar")
            tab = Tab(context, origin)
            many = sidebar_painted(tab, self.plan.openings)
            tab.close()
        self._measure("Opening", lambda: lines.opening(opening, few, many, seeded.conversations))

    def _answers(self, stand: Stand, tab: Tab, seeded: Seeded) -> tuple[lines.Line, ...]:
        runs: list[AnswerRun] = []
        for tokens, rate in self.plan.answers:
            self._say(f"an answer of {tokens:,} tokens at {rate:g} a second")
            runs.append(stand.answer(tab, tokens, rate))
        tokens, rate = self.plan.answers[0]
        self._say(f"the same below {self.plan.history:,} messages")
        tab.open(f"/c/{seeded.answered}")
        runs.append(stand.answer(tab, tokens, rate))
        return lines.answers(runs, self.plan.history)

    def _crowds(self, product: app.Product) -> tuple[lines.Line, ...]:
        return lines.wire([self._crowd([product], readers) for readers in self.plan.crowds])

    def _crowd(self, replicas: Sequence[app.Product], readers: int, redis: Redis | None = None) -> WireRun:
        rate = 100 if readers == 1 else self.plan.crowd_rate
        self._say(f"{readers} answers at {rate:g} tokens a second, without a browser")
        # Many need longer until all have begun; what they share counts while all are written.
        seconds = self.plan.crowd_seconds * max(1.0, readers / 50)
        run = asyncio.run(follow_many(replicas, self.model, readers, rate, seconds, redis))
        for replica in replicas:
            settle(replica)
        return run

    def _with_redis(self) -> tuple[lines.Line, ...]:
        with running_redis(self.data) as redis:
            if redis is None:
                raise app.BenchError("no redis-server on the PATH")
            data = self.data / "replicas"
            data.mkdir()
            settings = app.environment(data, self.model.url, redis.url)
            with running_postgres() as url, ExitStack() as stack:
                settings["DATABASE_URL"] = url
                app.migrate(settings)
                first = stack.enter_context(app.running(settings))
                seed_people(url)
                replicas = [first, stack.enter_context(app.running(settings))]
                for replica in replicas:
                    app.wait_listed(replica.origin)
                return lines.wire([self._crowd(replicas, self.plan.crowd_with_redis, redis)], replicas=2)

    def _measure(self, title: str, measured: Callable[[], tuple[lines.Line, ...] | None]) -> None:
        """Measure a part, and print it; one that returns nothing has printed its own parts."""
        try:
            found = measured()
        except Exception as error:  # noqa: BLE001 - the other parts are worth having
            self.failed.append(title)
            print(f"\n{title}\n  not measured: {type(error).__name__}: {error}", flush=True)
            return
        if found is not None:
            section = Section(title, found)
            self.sections.append(section)
            print(rendered(section, self.before), flush=True)

    def _say(self, doing: str) -> None:
        print(f"  … {doing}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter answers and fewer repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file as well")
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="print the ratio to figures written by --json"
    )
    parser.add_argument(
        "--soak",
        type=float,
        metavar="MINUTES",
        help="measure instead whether anything grows in use",
    )
    parser.add_argument(
        "--search", action="store_true", help="measure instead what one person waits for among a thousand"
    )
    parser.add_argument("--messages", type=int, metavar="N", help="for --search: what others have written")
    parser.add_argument(
        "--import", dest="importing", action="store_true", help="measure instead an import of a large export"
    )
    parser.add_argument("--mb", type=float, metavar="N", help="for --import: size of the export")
    parser.add_argument("--database", choices=DATABASES, help="for --search and --import: this kind alone")
    chosen = parser.parse_args(arguments)
    if fault := _fault(chosen):
        parser.error(fault)
    try:
        before = earlier(chosen.against)
    except (OSError, ValueError, LookupError, TypeError):
        parser.error(f"--against names a file that --json has written, which {chosen.against} is not.")
    kinds = [chosen.database] if chosen.database else DATABASES
    if chosen.importing:
        return _instead(lambda: import_bench(chosen.mb or EXPORT_MB, kinds, before), chosen.json)
    if chosen.search:
        return _instead(lambda: search_bench(chosen.messages or MESSAGES, kinds, before), chosen.json)
    if chosen.soak:
        return _soak(chosen.soak, chosen.json, before)
    with ExitStack() as stack:
        about = machine() | {"gantry": __version__, "quick": chosen.quick}
        app.build()
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gantry-bench-")))
        plan = QUICK if chosen.quick else Plan()
        model = stack.enter_context(running_model())
        bench = Bench(plan, model, data, before)
        bench.run()
    about |= bench.about | {"load_after": [round(each, 2) for each in os.getloadavg()]}
    browser = f"Chromium {about['chromium']}, " if "chromium" in about else ""
    print(f"\nGantry {about['gantry']}, Python {about['python']}, {browser}{about['system']}.")
    print(
        f"{about['cores']} cores, load {about['load'][0]} before and {about['load_after'][0]} after. ", end=""
    )
    print(load_remark(about["load"][0], about["cores"] or 1))
    if bench.failed:
        print(f"Not measured: {', '.join(bench.failed)}.")
    if chosen.json:
        write_json(chosen.json, bench.sections, about)
    return 0


def _fault(chosen: argparse.Namespace) -> str:
    """Return why these options do not go together; empty: they do."""
    for name, value in (("--soak", chosen.soak), ("--messages", chosen.messages), ("--mb", chosen.mb)):
        if value is not None and not 0 < value < math.inf:
            return f"{name} is more than 0."
    instead = {"--soak": chosen.soak, "--search": chosen.search, "--import": chosen.importing}
    asked = [name for name, value in instead.items() if value]
    if len(asked) > 1:
        return f"{' and '.join(asked)} are measured one at a time."
    if asked and chosen.quick:
        return f"--quick does not go with {asked[0]}, which has no shorter form."
    for name, value, places in (
        ("--messages", chosen.messages, {"--search"}),
        ("--mb", chosen.mb, {"--import"}),
        ("--database", chosen.database, {"--search", "--import"}),
    ):
        if value is not None and not places & set(asked):
            return f"{name} goes with {' and '.join(sorted(places))} alone."
    return ""


def _instead(measured: Callable[[], list[Section]], file: Path | None) -> int:
    about: dict[str, Any] = machine() | {"gantry": __version__}
    sections = measured()
    load, cores = about["load"][0], about["cores"] or 1
    print(f"\n{cores} cores, load {load} before. {load_remark(load, cores)}")
    if file:
        write_json(file, sections, about)
    return 0


def _soak(minutes: float, file: Path | None, before: Earlier) -> int:
    about: dict[str, Any] = machine() | {"gantry": __version__}
    app.build()
    with tempfile.TemporaryDirectory(prefix="gantry-bench-") as folder, running_model() as model:
        settings = app.environment(Path(folder), model.url)
        with app.running(settings):
            pass  # it makes the database
        seed_people(settings["DATABASE_URL"])
        with app.running(settings) as product:
            app.wait_listed(product.origin)
            section = Section("Mixed use", lines.soak(soak(product, minutes)))
    print(rendered(section, before))
    print(f"\n{about['cores']} cores, load {about['load'][0]} before.")
    if file:
        write_json(file, [section], about)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except app.BenchError as error:
        sys.exit(f"bench: {error}")
