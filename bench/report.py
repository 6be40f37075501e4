"""The table: every figure with its budget, and what it was compared with."""

import json
import math
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. *ratio* is to the figure above it that *against* names: 1.0 is flat."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    ratio: float | None = None
    against: str = ""
    doubtful: bool = False  # others were using the machine

    @property
    def verdict(self) -> str:
        """Whether the budget holds; nothing without one."""
        if self.budget is None:
            return ""
        within = self.value <= self.budget
        flattered = self.unit == "B/token"  # late frames carry more tokens; waits only get longer
        if self.doubtful and within == flattered:
            return "busy"
        return "ok" if within else "over"


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    title: str
    lines: tuple[Line, ...]


Earlier = dict[tuple[str, str], float]  # the figures of another run, by section and line


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* of the values lie."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return percentile(values, 0.5)


def machine() -> dict[str, Any]:
    """Return what the figures depend on beside the product."""
    return {
        "cores": os.cpu_count(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def is_busy() -> bool:
    """Whether more wants to run on this machine than it has cores; a benchmark alone does not fill them."""
    return os.getloadavg()[0] > 1.25 * (os.cpu_count() or 1)


def load_remark(load: float, cores: int) -> str:
    """Say how far the figures can be trusted, given the machine's load before the benchmark began."""
    if load > 0.7 * cores:
        return (
            "The machine was busy with something else: waits are too long ('busy' is no verdict),\n"
            "and bytes for each token too few, because late frames carry more tokens."
        )
    return "The machine was idle when this began."


def heading() -> str:
    """Return the first line of the table."""
    return _row(("", "measured", "", "budget", "", "ratio"))


def rendered(section: Section, before: Earlier) -> str:
    """Return one section as text, each figure beside the one of *before*, where there is one."""
    rows = [_row(_cells(line, before.get((section.title, line.what)))) for line in section.lines]
    return "\n".join(["", section.title, *rows])


def earlier(path: Path | None) -> Earlier:
    """Return the figures that ``write_json`` has written to a file."""
    if path is None:
        return {}
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return {(each["section"], each["what"]): each["value"] for each in figures}


def speed() -> float:
    """Return how many milliseconds of CPU time this machine needs now for a fixed piece of work, the best of five."""

    def once() -> float:
        began = time.process_time()
        total = 0
        for number in range(1_000_000):
            total += number * number % 7
        return (time.process_time() - began) * 1000

    return min(once() for _ in range(5))


def as_json(sections: Sequence[Section], about: dict[str, Any]) -> str:
    """Return the figures for programs."""
    figures = [
        {"section": section.title, **asdict(line), "verdict": line.verdict}
        for section in sections
        for line in section.lines
    ]
    return json.dumps({"about": about, "figures": figures}, indent=1)


def write_json(path: Path, sections: Sequence[Section], about: dict[str, Any]) -> None:
    """Write the figures to a file."""
    path.write_text(as_json(sections, about) + "\n", encoding="utf-8")


def _cells(line: Line, before: float | None) -> tuple[str, ...]:
    budget = "" if line.budget is None else f"≤ {_number(line.budget)}"
    ratios = [] if line.ratio is None else [f"{line.ratio:.2f} × {line.against}"]
    if before:
        ratios.append(f"{line.value / before:.2f} × before")
    return f"  {line.what}", _number(line.value), line.unit, budget, line.verdict, ", ".join(ratios)


def _row(cells: Sequence[str]) -> str:
    what, value, unit, budget, verdict, ratio = cells
    return f"{what:68}  {value:>9}  {unit:9}  {budget:>8}  {verdict:4}  {ratio}".rstrip()


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
