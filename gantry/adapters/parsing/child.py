"""The reader: ``python -m gantry.adapters.parsing.child sniff|parse|scale PATH ARGUMENTS``, with limits set before anything is opened.

It may run out of memory, time or luck with a broken file: that ends this process and nothing else.
"""

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gantry.adapters.parsing import readers, wire
from gantry.adapters.parsing.source import Source
from gantry.domain.parsing import (
    MAY_HOLD_PICTURES,
    PAGED,
    FileFormat,
    FileKind,
    ParsingFailed,
    ParsingFault,
    ParsingLimits,
    Progress,
    Section,
)


def limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Let this process take so much and no more."""
    # Where the machine or the container has less memory than this may take, this is what is to end, not who started it.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write but its answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def parsed(source: Source, form: FileFormat, limits: ParsingLimits) -> Iterator[bytes]:
    """Yield what is said of a file, line by line; the last says that it is whole, or why it is not."""
    characters = 0
    page: int | None = None
    try:
        for told in readers.read(source, form, limits):
            if isinstance(told, Progress):
                page = told.done + 1 if form in PAGED else None
                yield wire.progress_line(told)
                continue
            characters += len(told.text)
            _check(characters, told, limits)
            yield wire.section_line(told)
    except ParsingFailed as error:
        yield wire.fault_line(error.fault, error.page)
    except MemoryError:
        yield wire.fault_line(ParsingFault.TOO_LARGE, page)
    except Exception:  # noqa: BLE001 - whatever a library makes of a broken file, it is the file's fault
        yield wire.fault_line(ParsingFault.BROKEN, page)
    else:
        yield wire.END_LINE if characters else wire.fault_line(_nothing(form), None)


def _check(characters: int, told: Section, limits: ParsingLimits) -> None:
    if characters > limits.characters:
        raise ParsingFailed(ParsingFault.TOO_LARGE, page=told.page)


def _nothing(form: FileFormat) -> ParsingFault:
    if form is FileFormat.PICTURE:
        return ParsingFault.NOTHING_RECOGNISED
    return ParsingFault.NO_TEXT if form in MAY_HOLD_PICTURES else ParsingFault.EMPTY


def sniffed(source: Source, name: str) -> bytes:
    """Return the line that says what a file is."""
    from gantry.adapters.parsing import sniffing  # noqa: PLC0415

    try:
        return wire.kind_line(sniffing.sniff(source, name))
    except ParsingFailed as error:
        return wire.fault_line(error.fault, error.page)
    except Exception:  # noqa: BLE001 - as above
        return wire.fault_line(ParsingFault.BROKEN, None)


def scaled(source: Source) -> Iterator[bytes]:
    """Yield the line that says what a picture has become, and its bytes; or why it could not be read."""
    from gantry.adapters.parsing import scaling  # noqa: PLC0415

    try:
        media_type, data = scaling.scaled(source)
    except ParsingFailed as error:
        yield wire.fault_line(error.fault, error.page)
    except Exception:  # noqa: BLE001 - as above
        yield wire.fault_line(ParsingFault.BROKEN, None)
    else:
        yield wire.kind_line(FileKind(FileFormat.PICTURE, media_type, "Picture"))
        yield data


def main() -> None:
    """Do what the arguments say."""
    what, path, argument, raw = sys.argv[1:5]
    limits = ParsingLimits(**json.loads(raw))
    limit(limits.memory_bytes, limits.cpu_seconds)
    out = sys.stdout.buffer
    for line in _said(what, path, argument, limits):
        out.write(line)
        if line.startswith(wire.PROGRESS):
            out.flush()
    out.flush()


def _said(what: str, path: str, argument: str, limits: ParsingLimits) -> Iterator[bytes]:
    if what == "sniff":
        return iter([sniffed(path, argument)])
    return scaled(path) if what == "scale" else parsed(path, FileFormat(argument), limits)


if __name__ == "__main__":
    main()
