"""What the reader says to the process that started it: a line of JSON for each thing."""

import json
from typing import Any

from gantry.domain.parsing import FileFormat, FileKind, ParsingFault, Progress, Section

MAX_LINE = 4_000_000  # bytes; a section is far shorter


def section_line(section: Section) -> bytes:
    """Return a section as a line."""
    return _line({"s": section.text, "p": section.page, "h": section.heading})


def progress_line(progress: Progress) -> bytes:
    """Return progress as a line."""
    return _line({"n": progress.done, "t": progress.total})


def fault_line(fault: ParsingFault, page: int | None) -> bytes:
    """Return the reason for giving up as a line."""
    return _line({"f": fault.value, "p": page})


def kind_line(kind: FileKind) -> bytes:
    """Return what a file is as a line."""
    return _line({"k": kind.format.value, "m": kind.media_type, "l": kind.label})


PROGRESS = b'{"n":'
END_LINE = b'{"ok":1}\n'


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def read_line(line: bytes) -> Section | Progress | FileKind | tuple[ParsingFault, int | None] | None:
    """Return what a line says; None is the end. ValueError: it is none of ours."""
    told = json.loads(line)
    if "s" in told:
        return Section(str(told["s"]), told["p"], str(told["h"]))
    if "n" in told:
        return Progress(int(told["n"]), told["t"])
    if "f" in told:
        return ParsingFault(told["f"]), told["p"]
    if "k" in told:
        return FileKind(FileFormat(told["k"]), str(told["m"]), str(told["l"]))
    if "ok" in told:
        return None
    raise ValueError("not a line of the reader")
