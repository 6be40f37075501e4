"""What Gantry adds where a program asks a model through it, beside the model server asked directly."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench.app import EMAIL, PASSWORD, BenchError, Product
from bench.model import question
from bench.report import Line, is_busy, median

_SHORT = 20  # tokens of an answer of which only the first counts


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """Answers over ``/v1/chat/completions``, and the same ones without Gantry."""

    tokens: int
    first_ms: float
    direct_ms: float
    cpu_ms_per_token: float
    busy: bool


def ask_as_program(product: Product, model_url: str, *, times: int, tokens: int, rate: float) -> ProgramRun:
    """Ask for short answers in turn, here and there, then for one of *tokens* through Gantry."""
    busy = is_busy()
    with _through(product) as ours, httpx.Client(base_url=model_url, timeout=60) as direct:
        pairs = [
            (_first_ms(ours, "openai/scripted"), _first_ms(direct, "scripted")) for _ in range(times + 1)
        ][1:]
        before = product.cpu_seconds()
        _first_ms(ours, "openai/scripted", tokens, rate, whole=True)
        spent = product.cpu_seconds() - before
    return ProgramRun(
        tokens,
        median([one for one, _ in pairs]),
        median([other for _, other in pairs]),
        spent * 1000 / tokens,
        busy,
    )


def program_lines(run: ProgramRun) -> tuple[Line, ...]:
    """Return lines of the table."""
    return (
        Line(
            "request → first token, through Gantry",
            run.first_ms,
            "ms",
            ratio=run.first_ms / run.direct_ms,
            against="direct",
        ),
        Line("above the model server's own", run.first_ms - run.direct_ms, "ms", 10, doubtful=run.busy),
        Line("server CPU for a token", run.cpu_ms_per_token, "ms", 0.1, doubtful=run.busy),
    )


@contextmanager
def _through(product: Product) -> Iterator[httpx.Client]:
    pair = {"email": EMAIL, "password": PASSWORD, "token": True}
    answer = httpx.post(f"{product.origin}/api/v1/session", json=pair)
    if answer.status_code != 200:
        raise BenchError(f"no session: {answer.text}")
    headers = {"authorization": f"Bearer {answer.json()['token']}"}
    with httpx.Client(base_url=f"{product.origin}/v1", headers=headers, timeout=60) as client:
        yield client


def _first_ms(
    client: httpx.Client, model: str, tokens: int = _SHORT, rate: float = 1000, *, whole: bool = False
) -> float:
    """Ask, and return how long the first words took; the rest is read, or with *whole* waited for at its own speed."""
    words, _number = question(tokens, rate)
    body = {"model": model, "messages": [{"role": "user", "content": words}], "stream": True}
    asked = time.perf_counter()
    with client.stream("POST", "chat/completions", json=body) as answer:
        if answer.status_code != 200:
            raise BenchError(f"status {answer.status_code}: {answer.read()[:300]!r}")
        pieces = answer.iter_raw()
        next(pieces)
        first = (time.perf_counter() - asked) * 1000
        for _piece in pieces:
            pass
    return first
