"""Files of every kind, altered at random: readers end with text or a reason, in bounded time and memory."""

import asyncio
import json
import signal
import sys

import pytest

from gantry.adapters.parsing import readers, sniffing
from gantry.domain.parsing import FileFormat
from tests.parts import altered
from tests.parts.samples import every_kind

COUNT = 120  # alterations of each sample
MOST_KILOBYTES = 700_000
# A library in C may end its process over a broken file: that is what it has one for, and the document is called damaged.
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE}


@pytest.mark.parametrize("name", every_kind())
async def test_altered_files_do_no_harm(name: str) -> None:
    """No hang, no memory without end, nothing but the reader's own lines."""
    first = 0
    while first < COUNT:
        code, told = await _run(name, first)
        if code == 0:
            assert json.loads(told[-1])["kilobytes"] < MOST_KILOBYTES
            return
        assert code in CRASHES, f"{name}, alteration {told[-1]}: ended with {code}"
        first = int(told[-1]) + 1


async def _run(name: str, first: int) -> tuple[int, list[str]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.parts.altered", name, str(first), str(COUNT - first)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    assert process.returncode <= 0, err.decode(errors="replace")[-2000:]
    return process.returncode, out.decode().splitlines()


def test_every_kind_has_a_sample() -> None:
    """A reader that is added is tried as well."""
    have = {sniffing.sniff(content, name).format for name, content in every_kind().items()}
    assert have >= readers.formats() - {FileFormat.PICTURE}


@pytest.mark.parametrize("name", every_kind())
def test_alterations_are_the_same_each_time(name: str) -> None:
    """So that a failure can be tried again."""
    raw = every_kind()[name]
    assert altered.altered(raw, "7") == altered.altered(raw, "7")
