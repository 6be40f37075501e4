"""The table: every figure with its budget, and what it was compared with."""

import json
import math
import os
import platform
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


def render(sections: Sequence[Section]) -> str:
    """Return the table as text."""
    head = ("", "measured", "", "budget", "", "ratio")
    rows = [_cells(line) for section in sections for line in section.lines]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    text = [_row(head, widths)]
    for section in sections:
        text += ["", section.title, *(_row(_cells(line), widths) for line in section.lines)]
    return "\n".join(text)


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


def _cells(line: Line) -> tuple[str, ...]:
    budget = "" if line.budget is None else f"≤ {_number(line.budget)}"
    ratio = "" if line.ratio is None else f"{line.ratio:.2f} × {line.against}"
    return f"  {line.what}", _number(line.value), line.unit, budget, line.verdict, ratio


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    what, value, unit, budget, verdict, ratio = cells
    parts = (
        what.ljust(widths[0]),
        value.rjust(widths[1]),
        unit.ljust(widths[2]),
        budget.rjust(widths[3]),
        verdict.ljust(widths[4]),
        ratio,
    )
    return "  ".join(parts).rstrip()


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
