"""The figures by name: what they are called, what they mean, and how those of several workers become one."""

from typing import Any, Literal

from gantry.domain.telemetry import Open

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_FIRST_TOKEN_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
_ANSWER_SECONDS = (0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600)
_CONNECTIONS = (Open.EVENT_STREAM, Open.FEED, Open.TAB)
_LIMITED = ("sign-in", "password")


class Figures:
    """All that Gantry counts itself.

    Args:
        registry: Where they are collected; None when they go to the files of several workers.
    """

    def __init__(self, registry: Any) -> None:
        from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - see prometheus.py

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"gantry_{name}", meaning, labels, registry=registry)

        def gauge(
            name: str, meaning: str, *labels: str, workers: Literal["livesum", "livemin", "livemax"]
        ) -> Gauge:
            return Gauge(f"gantry_{name}", meaning, labels, registry=registry, multiprocess_mode=workers)

        def histogram(name: str, meaning: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"gantry_{name}", meaning, labels, registry=registry, buckets=buckets)

        self.build = gauge("build_info", "The version that runs; always 1.", "version", workers="livemax")

        self.requests = counter(
            "http_requests", "Requests that have ended, websockets included.", "method", "route", "status"
        )
        self.request_seconds = histogram(
            "http_request_duration_seconds",
            "Time from a request to the end of its response; without event streams and websockets.",
            "method",
            "route",
            buckets=_REQUEST_SECONDS,
        )
        connections = gauge(
            "connections_open", "Event streams, feeds and tabs that are connected.", "kind", workers="livesum"
        )
        writing = gauge("answers_writing", "Answers that are being written now.", workers="livesum")
        self.open: dict[Open, Gauge] = {each: connections.labels(each.value) for each in _CONNECTIONS}
        self.open[Open.ANSWER] = writing

        self.answers = counter("answers", "Answers that have ended, by how.", "state", "model")
        self.failures = counter("answer_failures", "Answers that failed, by the kind of error.", "fault")
        self.first_token = histogram(
            "answer_first_token_seconds",
            "Time from Send to the first text or reasoning.",
            "model",
            buckets=_FIRST_TOKEN_SECONDS,
        )
        self.answer_seconds = histogram(
            "answer_duration_seconds",
            "Time from Send to the end of the answer.",
            "model",
            buckets=_ANSWER_SECONDS,
        )
        self.tokens = counter("tokens", "Tokens of answers that have ended.", "kind", "model")
        self.taken_over = counter(
            "answers_taken_over", "Answers gone on with after another process left them or died."
        )
        self.handed_over = counter("answers_handed_over", "Answers left to other processes when stopping.")

        self.documents = counter("documents", "Documents that were read or failed, by how.", "outcome")
        self.document_seconds = histogram(
            "document_duration_seconds", "Time from taking a document to its end.", buckets=_ANSWER_SECONDS
        )
        self.pages = counter("document_pages", "Pages of documents that were read.")

        self.refused = counter("attempts_refused", "Attempts refused because there were too many.", "what")
        for what in _LIMITED:
            self.refused.labels(what)

        self.ready = gauge(
            "ready", "Whether all required parts worked when last asked: 1 or 0.", workers="livemin"
        )
        self.part_up = gauge(
            "dependency_up",
            "Whether a part worked when last asked: 1 or 0.",
            "part",
            "required",
            workers="livemin",
        )
        self.part_seconds = gauge(
            "dependency_check_seconds",
            "How long a part took to answer when last asked.",
            "part",
            workers="livemax",
        )


class ProcessFigures:
    """Memory, CPU time and the like of this worker, under the names a single process has, added to the others'.

    The library reads them of the process that is asked; of several workers that would be any one.
    """

    def __init__(self) -> None:
        import prometheus_client as library  # noqa: PLC0415 - see prometheus.py

        nowhere = library.CollectorRegistry()
        self._library = library
        self._collectors = (library.ProcessCollector(registry=nowhere), library.GCCollector(nowhere))
        self._metrics: dict[str, Any] = {}
        self._counted: dict[tuple[Any, ...], float] = {}

    def refresh(self) -> None:
        """Read them anew."""
        for collector in self._collectors:
            for family in collector.collect():
                for sample in family.samples:
                    self._copy(family, sample)

    def _copy(self, family: Any, sample: Any) -> None:
        names, values = tuple(sample.labels), tuple(sample.labels.values())
        metric = self._metrics.get(family.name) or self._make(family, names)
        child = metric.labels(*values) if names else metric
        if family.type == "gauge":
            child.set(sample.value)
            return
        key = (family.name, *values)
        child.inc(max(0, sample.value - self._counted.get(key, 0)))
        self._counted[key] = sample.value

    def _make(self, family: Any, labels: tuple[str, ...]) -> Any:
        if family.type == "gauge":
            one_for_all = family.name in {"process_start_time_seconds", "process_max_fds"}
            made = self._library.Gauge(
                family.name,
                family.documentation,
                labels,
                registry=None,
                multiprocess_mode="livemin" if one_for_all else "livesum",
            )
        else:
            made = self._library.Counter(family.name, family.documentation, labels, registry=None)
        self._metrics[family.name] = made
        return made
