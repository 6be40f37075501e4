"""Child processes: started without a shell, ended by whoever started them, and what they have used."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


def start_module(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one of the benchmark's own programs; it ends when its input does."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


@contextmanager
def stopped(process: subprocess.Popen[str], patience: float = 15.0) -> Iterator[None]:
    """Stop *process* at the end of the block: politely, then by force."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its children so far, to 10 ms."""
    used = 0.0
    for process in _family(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def starved_seconds(pid: int) -> float:
    """Return how long the process's main thread was ready to run so far but had to wait for a core."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0  # not Linux, or a kernel without statistics


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process and its children."""
    used = 0
    for process in _family(pid):
        with suppress(psutil.NoSuchProcess):
            used += process.memory_info().rss
    return used / 1e6


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
