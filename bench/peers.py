"""``python -m bench.peers``: measure Open WebUI, Chainlit and Gantry side by side, in one run.

The peers are installed from the package index into environments of their own under ``.cache/peers``, once. One that
cannot be installed or driven says why, and the others go on. The exit code is 0 also then: this is no test.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.model import ModelServer, running_model
from bench.peer_products import CHAINLIT, GANTRY, OPEN_WEBUI, Contender
from bench.peer_visit import LONG, RATE, SHORT, WATCHED, Visit, visit
from bench.report import Line, Section, heading, load_remark, machine, median, rendered, write_json

_EACH_ROUND = (OPEN_WEBUI, GANTRY, CHAINLIT)  # Gantry between the two, so that all have the same minutes


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of every product, and how much of a peer's Gantry's may be."""

    name: str
    what: str
    unit: str
    targets: dict[str, float] = field(default_factory=dict[str, float])  # by the peer's name


_THIRD_OF_EACH = {OPEN_WEBUI.name: 0.35, CHAINLIT.name: 0.35}
FIGURES = (
    Figure("lag_p50_ms", "lag p50, model server → on screen", "ms"),
    Figure("lag_p95_ms", "lag p95", "ms"),
    Figure("wire_bytes", "wire", "B/token", {OPEN_WEBUI.name: 0.06}),
    Figure("unpacked_bytes", "  before compression", "B/token"),
    Figure("server_ms", f"server CPU of a token, slope {SHORT:,} → {LONG:,} tokens", "ms", _THIRD_OF_EACH),
    Figure(
        "browser_seconds",
        f"browser CPU, {WATCHED:,} tokens at {RATE:g}/s",
        "s",
        {OPEN_WEBUI.name: 0.3, CHAINLIT.name: 0.3},
    ),
    Figure("started_mb", "memory after the start", "MB"),
    Figure("asked_mb", "memory after the questions", "MB", {OPEN_WEBUI.name: 0.3}),
)
_STARVED = Figure("starved_ms", "server waiting for a core", "ms/s")


@dataclass(slots=True)
class Comparison:
    """One run: who is there, and what was found of each."""

    model: ModelServer
    versions: dict[str, str] = field(default_factory=dict[str, str])
    visits: dict[str, list[Visit]] = field(default_factory=dict[str, list[Visit]])

    def prepare(self) -> None:
        """Install what is not there yet."""
        for contender in _EACH_ROUND:
            _say(f"installing {contender.name}, unless it is there")
            try:
                self.versions[contender.name] = contender.install()
            except Exception as error:  # noqa: BLE001 - the others are worth having
                _failed(contender, error)

    def round(self) -> None:
        """Visit each product once."""
        for contender in _EACH_ROUND:
            if contender.name not in self.versions:
                continue
            _say(f"{contender.name} {self.versions[contender.name]}")
            try:
                found = visit(contender, self.model)
            except Exception as error:  # noqa: BLE001 - the others are worth having
                _failed(contender, error)
                continue
            self.visits.setdefault(contender.name, []).append(found)
            _say(", ".join(f"{each.what} {getattr(found, each.name):.4g} {each.unit}" for each in FIGURES))

    def sections(self) -> list[Section]:
        """Return the figures of each product, then the ratios of Gantry's to those of each peer."""
        found = {name: _medians(visits) for name, visits in self.visits.items()}
        sections = [
            Section(
                f"{name} {self.versions[name]}, median of {len(self.visits[name])}",
                tuple(Line(each.what, values[each.name], each.unit) for each in (*FIGURES, _STARVED)),
            )
            for name, values in found.items()
        ]
        ours = found.pop(GANTRY.name, None)
        if ours is not None:
            sections += [_ratios(name, ours, theirs) for name, theirs in found.items()]
        return sections


def _medians(visits: Sequence[Visit]) -> dict[str, float]:
    return {
        each.name: median([getattr(found, each.name) for found in visits]) for each in (*FIGURES, _STARVED)
    }


def _ratios(peer: str, ours: dict[str, float], theirs: dict[str, float]) -> Section:
    lines = (
        Line(each.what, ours[each.name] / theirs[each.name], "×", each.targets.get(peer)) for each in FIGURES
    )
    return Section(f"Gantry : {peer}", tuple(lines))


def _say(doing: str) -> None:
    print(f"  … {doing}", file=sys.stderr, flush=True)


def _failed(contender: Contender, error: Exception) -> None:
    print(f"\n{contender.name}\n  not measured: {type(error).__name__}: {error}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each product is visited (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file as well")
    chosen = parser.parse_args(arguments)
    about: dict[str, Any] = machine() | {"date": f"{datetime.now(UTC):%Y-%m-%d}"}
    with running_model() as model:
        comparison = Comparison(model)
        comparison.prepare()
        for number in range(chosen.rounds):
            _say(f"round {number + 1} of {chosen.rounds}")
            comparison.round()
    sections = comparison.sections()
    print("\n".join([heading(), *(rendered(section, {}) for section in sections)]))
    browsers = {found.chromium for visits in comparison.visits.values() for found in visits}
    about |= {"versions": comparison.versions, "chromium": ", ".join(browsers)}
    print(f"\n{about['date']}, Chromium {about['chromium']}, Python {about['python']}, {about['system']}.")
    print(
        f"{about['cores']} cores, load {about['load'][0]} before and {os.getloadavg()[0]:.2f} after. ", end=""
    )
    print(load_remark(about["load"][0], about["cores"] or 1))
    if chosen.json:
        write_json(chosen.json, sections, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
