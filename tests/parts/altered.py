"""Files altered at random, the same each time, and what the readers say of them.

``python -m tests.parts.altered NAME FIRST COUNT`` reads so many alterations of a sample in one process with a reader's limits.
It says the number of each before it is read, so that its death tells which one it was.
"""

import io
import json
import random
import resource
import signal
import sys
import zipfile

from gantry.adapters.parsing import child, wire
from gantry.domain.parsing import FileKind, ParsingLimits
from tests.parts.samples import every_kind

SECONDS = 5  # of the processor, for one file
LIMITS = ParsingLimits(
    memory_bytes=1_500_000_000,
    cpu_seconds=120,
    characters=20_000_000,
    recognition_seconds_of_page=0.05,  # enough to draw one
)
_TELLING = (
    b"0",
    b"-1",
    b"9" * 12,
    b"65536",
    b"<",
    b">",
    b'"',
    b"(",
    b"\0",
    b"\xff" * 4,
    b"<<",
    b"[" * 40,
    b"<div>" * 200,
    b"PK\x03\x04",
)


def altered(raw: bytes, seed: str) -> bytes:
    """Return *raw* with some bytes changed, lost, doubled or added; of an archive, within a member half the time."""
    dice = random.Random(seed)
    if zipfile.is_zipfile(io.BytesIO(raw)) and dice.random() < 0.5:
        return _repacked(raw, dice)
    return _cut_up(raw, dice)


def _cut_up(raw: bytes, dice: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.choice((1, 1, 2, 8, 64, 512)))
        what = dice.randrange(6)
        if what == 0 and start < len(data):
            data[start] ^= 1 << dice.randrange(8)
        elif what == 1:
            del data[start:end]
        elif what == 2:
            data[start:start] = data[start:end] * dice.choice((1, 2, 50))
        elif what == 3:
            data[start:end] = dice.randbytes(end - start)
        elif what == 4:
            data[start:start] = dice.choice(_TELLING)
        elif dice.random() < 0.3:
            del data[start:]
    return bytes(data)


def _repacked(raw: bytes, dice: random.Random) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        names = source.namelist()
        chosen = dice.choice(names)
        for name in names:
            member = source.read(name)
            target.writestr(name, _cut_up(member, dice) if name == chosen else member)
    return out.getvalue()


def read(raw: bytes, name: str) -> str:
    """Return how reading a file ended: ``ok``, or a fault; raises ValueError where a line is none of the reader's."""
    kind = wire.read_line(child.sniffed(raw, name))
    if not isinstance(kind, FileKind):
        return str(kind)
    last: object = kind
    for line in child.parsed(raw, kind.format, LIMITS):
        if len(line) > wire.MAX_LINE:
            raise ValueError("a line too long")
        last = wire.read_line(line)
    return "ok" if last is None else str(last)


def main() -> None:
    """Read alterations of one sample."""
    name, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    child.limit(LIMITS.memory_bytes, LIMITS.cpu_seconds)
    raw = every_kind()[name]
    for number in range(first, first + count):
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # SIGPROF ends the process, also within a library
        read(altered(raw, f"{name} {number}"), name)
    signal.setitimer(signal.ITIMER_PROF, 0)
    sys.stdout.write(json.dumps({"kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}) + "\n")


if __name__ == "__main__":
    main()
