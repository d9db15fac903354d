"""What `/metrics` shows, in Prometheus' text form. Names follow https://prometheus.io/docs/practices/naming/."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure that is read when somebody asks.

    Attributes:
        name: metric name without prefix; ends in `_total` when it only grows.
        doc: its sentence.
        value: the figure.
        labels: label values by name.
    """

    name: str
    doc: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


class Metrics:
    """The metrics of the web process.

    Args:
        read_samples: gives figures that live elsewhere (spool, writer, supervisor) at the time of asking.
    """

    def __init__(self, read_samples: Callable[[], Iterable[Sample]]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Samples(read_samples))
        self.queries = Counter("amber_queries", "Queries by how they ended.", ["outcome"], registry=self._registry)
        self.query_seconds = Histogram(
            "amber_query_seconds", "Time from request to answer.", buckets=_SECONDS, registry=self._registry
        )
        self.queries_running = Gauge(
            "amber_queries_running", "Queries that run or wait for a worker.", registry=self._registry
        )
        self.query_refusals = Counter(
            "amber_query_refusals", "Queries refused or stopped by a limit.", ["limit"], registry=self._registry
        )
        self.queries_kept = Counter(
            "amber_queries_kept", "Answers that were kept, or shared with an earlier asker.", registry=self._registry
        )
        self.bytes_read = Counter(
            "amber_query_bytes_read", "Uncompressed bytes read by queries.", registry=self._registry
        )
        self.rows_read = Counter("amber_query_rows_read", "Rows read by queries.", registry=self._registry)

    def text(self) -> bytes:
        """Return the page."""
        return generate_latest(self._registry)


class _Samples(Collector):
    def __init__(self, read: Callable[[], Iterable[Sample]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for sample in self._read():
            family = families.get(sample.name)
            if family is None:
                kind = CounterMetricFamily if sample.name.endswith("_total") else GaugeMetricFamily
                family = families[sample.name] = kind(f"amber_{sample.name}", sample.doc, labels=list(sample.labels))
            family.add_metric(list(sample.labels.values()), sample.value)
        return list(families.values())
