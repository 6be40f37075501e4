"""Figures for Prometheus.

Workers of one container write theirs into files of a shared folder (the library's "multiprocess mode"), and whichever
of them is asked answers for all. The library decides that when it is imported, from ``PROMETHEUS_MULTIPROC_DIR``; so it
is imported when the first ``PrometheusTelemetry`` is made, by which time the command line has set it.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from gantry import __version__
from gantry.adapters.prometheus.figures import Figures, ProcessFigures
from gantry.domain.telemetry import AnswerReport, Exposition, Open, RequestReport

MOST_MODELS = 100  # that get a label of their own; an installation may offer thousands
OTHER = "other"
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class PrometheusTelemetry:
    """Counts in the process, and adds up over the workers when asked.

    Use ``PrometheusTelemetry()`` once a process when there are several workers.
    """

    def __init__(self) -> None:
        self._folder = os.environ.get(SHARED_FOLDER)
        if self._folder:
            _forget_worker(self._folder, os.getpid())  # a worker of before had our number
        import prometheus_client  # noqa: PLC0415 - see the module's docstring

        prometheus_client.disable_created_metrics()
        self._registry = prometheus_client.CollectorRegistry()
        # Files are no part of a registry: it would answer for this worker alone.
        self._figures = Figures(None if self._folder else self._registry)
        self._process: ProcessFigures | None = None
        prometheus_client.PlatformCollector(self._registry)
        if self._folder:
            from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

            MultiProcessCollector(self._registry, self._folder)
            self._process = ProcessFigures()
        else:
            prometheus_client.ProcessCollector(registry=self._registry)
            prometheus_client.GCCollector(self._registry)
        self._generate: Callable[..., bytes] = prometheus_client.generate_latest
        self._media_type: str = prometheus_client.exposition.CONTENT_TYPE_PLAIN_0_0_4
        self._models: set[str] = set()
        self._figures.build.labels(__version__).set(1)
        self.refresh()

    @contextmanager
    def opened(self, what: Open) -> Generator[None]:
        """Count *what* as open for the duration of the block."""
        gauge = self._figures.open[what]
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    def request(self, report: RequestReport) -> None:
        """Count a request."""
        self._figures.requests.labels(report.method, report.route, str(report.status)).inc()
        if report.seconds is not None:
            self._figures.request_seconds.labels(report.method, report.route).observe(report.seconds)

    def answer(self, report: AnswerReport) -> None:
        """Count an answer, at its one end."""
        figures, model = self._figures, self._label(report.model)
        figures.answers.labels(report.status, model).inc()
        if report.fault:
            figures.failures.labels(report.fault).inc()
        if report.first_token_seconds is not None:
            figures.first_token.labels(model).observe(report.first_token_seconds)
        figures.answer_seconds.labels(model).observe(report.total_seconds)
        figures.tokens.labels("prompt", model).inc(report.prompt_tokens)
        figures.tokens.labels("completion", model).inc(report.completion_tokens)

    def taken_over(self, answers: int) -> None:
        """Count answers that this process goes on with after another one left or died."""
        self._figures.taken_over.inc(answers)

    def handed_over(self) -> None:
        """Count an answer that this process left to the others."""
        self._figures.handed_over.inc()

    def ingested(self, outcome: str, seconds: float) -> None:
        """Count a document that has been read or has failed."""
        self._figures.documents.labels(outcome).inc()
        self._figures.document_seconds.observe(seconds)

    def read_pages(self, pages: int) -> None:
        """Count pages that have been read."""
        self._figures.pages.inc(pages)

    def refused(self, what: str) -> None:
        """Count an attempt refused because there were too many."""
        self._figures.refused.labels(what).inc()

    def part(self, name: str, *, ok: bool, required: bool, seconds: float) -> None:
        """Note how a part was when it was asked just now, and how long it took."""
        self._figures.part_up.labels(name, str(required).lower()).set(ok)
        self._figures.part_seconds.labels(name).set(seconds)

    def ready(self, *, fit: bool) -> None:
        """Note whether all required parts were well."""
        self._figures.ready.set(fit)

    def refresh(self) -> None:
        """Add this worker's memory and CPU time to the shared figures; a single process is read when asked."""
        if self._process is not None:
            self._process.refresh()

    def exposition(self) -> Exposition:
        """Return all figures, over all workers of this container."""
        if self._folder:
            for worker in _dead_workers(self._folder):
                _forget_worker(self._folder, worker)
        return Exposition(self._generate(self._registry), self._media_type)

    def _label(self, model: str) -> str:
        if model not in self._models:
            if len(self._models) >= MOST_MODELS:
                return OTHER
            self._models.add(model)
        return model


def _dead_workers(folder: str) -> set[int]:
    """Return the workers whose files say that something is open, but who are gone."""
    names = (path.stem.rpartition("_")[2] for path in Path(folder).glob("gauge_live*.db"))
    return {worker for worker in {int(name) for name in names if name.isdecimal()} if not _lives(worker)}


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _forget_worker(folder: str, worker: int) -> None:
    """Remove what a worker had open; what it has counted stays counted."""
    for path in Path(folder).glob(f"gauge_live*_{worker}.db"):
        path.unlink(missing_ok=True)
