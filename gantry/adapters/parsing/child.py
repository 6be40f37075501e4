"""The reader: ``python -m gantry.adapters.parsing.child sniff|parse PATH ARGUMENTS``, with limits set before anything is opened.

It may run out of memory, time or luck with a broken file: that ends this process and nothing else.
"""

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gantry.adapters.parsing import wire
from gantry.domain.parsing import (
    FileFormat,
    ParsingFailed,
    ParsingFault,
    ParsingLimits,
    Progress,
    Section,
)


def _limit(memory_bytes: int, cpu_seconds: int) -> None:
    # Where the machine or the container has less memory than this may take, this is what is to end, not who started it.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write but its answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(path: str, form: FileFormat, limits: ParsingLimits) -> Iterator[Section | Progress]:
    """Return the sections of a file; each kind's libraries are loaded only for it."""
    if form is FileFormat.PDF:
        from gantry.adapters.parsing import pdf  # noqa: PLC0415

        return pdf.read(path, limits)
    if form is FileFormat.DOCX:
        from gantry.adapters.parsing import docx  # noqa: PLC0415

        return docx.read(path, limits)
    if form is FileFormat.HTML:
        from gantry.adapters.parsing import html  # noqa: PLC0415

        return html.read(path, limits)
    from gantry.adapters.parsing import plain  # noqa: PLC0415

    return plain.read(path, form, limits)


def _parse(path: str, form: FileFormat, limits: ParsingLimits) -> None:
    out = sys.stdout.buffer
    characters = 0
    page: int | None = None
    try:
        for told in _read(path, form, limits):
            if isinstance(told, Progress):
                out.write(wire.progress_line(told))
                page = told.done + 1 if form is FileFormat.PDF else None
                out.flush()
                continue
            characters += len(told.text)
            _check(characters, told, limits)
            out.write(wire.section_line(told))
    except ParsingFailed as error:
        out.write(wire.fault_line(error.fault, error.page))
    except MemoryError:
        out.write(wire.fault_line(ParsingFault.TOO_LARGE, page))
    except Exception:  # noqa: BLE001 - whatever a library makes of a broken file, it is the file's fault
        out.write(wire.fault_line(ParsingFault.BROKEN, page))
    else:
        out.write(wire.END_LINE if characters else wire.fault_line(_nothing(form), None))
    out.flush()


def _check(characters: int, told: Section, limits: ParsingLimits) -> None:
    if characters > limits.characters:
        raise ParsingFailed(ParsingFault.TOO_LARGE, page=told.page)


def _nothing(form: FileFormat) -> ParsingFault:
    return ParsingFault.NO_TEXT if form in {FileFormat.PDF, FileFormat.DOCX} else ParsingFault.EMPTY


def _sniff(path: str, name: str) -> None:
    from gantry.adapters.parsing import sniffing  # noqa: PLC0415

    try:
        line = wire.kind_line(sniffing.sniff(path, name))
    except ParsingFailed as error:
        line = wire.fault_line(error.fault, error.page)
    except Exception:  # noqa: BLE001 - as above
        line = wire.fault_line(ParsingFault.BROKEN, None)
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def main() -> None:
    """Do what the arguments say."""
    what, path, argument, raw = sys.argv[1:5]
    limits = ParsingLimits(**json.loads(raw))
    _limit(limits.memory_bytes, limits.cpu_seconds)
    if what == "sniff":
        _sniff(path, argument)
    else:
        _parse(path, FileFormat(argument), limits)


if __name__ == "__main__":
    main()
