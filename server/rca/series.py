"""The series of a case, of the answers to `texts`, each with the question that shows it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from ml import rca
from queries import ast
from queries.printer import print_expression
from server.rca.frames import Frame
from server.rca.subjects import Subject, equals, of_node, pipeline, printed
from server.rca.tables import Floats, first_alive, gridded, shares, zeroed
from server.rca.trail import Trail

_NS_PER_MS: Final = 1e6
_RESOURCE: Final = re.compile(
    r"cpu|mem(ory)?|heap|gc\b|disk|filesystem|inode|\bfd\b|file.?desc|conn(ection)?s?|pool|thread|goroutine|queue|lag|"
    r"saturation|utili[sz]ation|usage|limit|throttl|swap|socket|worker|backlog|socketio|\bio\b|load",
    re.IGNORECASE,
)
"""Names of metrics that tell how much of something limited is used."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the parts of a case are made with: its times, the slugs of projects, and where questions are noted."""

    frame: Frame
    projects: frozenset[str]
    trail: Trail

    def shown(self, key: str, title: str, rows: ast.Pipeline, value: str) -> str:
        """Note the series of a number as the question behind a key, and return the key."""
        text = printed(rows, f"make-series {value} every {self.frame.step_s}s")
        return self.trail.add(key, title, text, self.frame.whole)


def node_series(sketch: Sketch, table: pa.Table) -> Iterator[rca.Series]:
    """Yield traffic, error share and durations of services."""
    yield from _red(
        sketch, table, lambda node: pipeline("transactions", *of_node("transactions", node, sketch.projects))
    )


def system_series(sketch: Sketch, table: pa.Table, known: frozenset[str]) -> Iterator[rca.Series]:
    """Yield the same of what services call and that tells nothing of itself; `known` are nodes that do."""
    yield from _red(sketch, table, system_rows, known, field="span.duration")


def system_rows(system: str) -> ast.Pipeline:
    """Return the spans that call something."""
    names = (
        "peer.service",
        "server.address",
        "net.peer.name",
        "db.namespace",
        "db.name",
        "db.system.name",
        "db.system",
    )
    terms = tuple(ast.Filter(ast.TagKey(name), ast.Op.EQ, ast.Text(system, quoted=True)) for name in names)
    return pipeline("spans", ast.Or(terms))


def _red(
    sketch: Sketch,
    table: pa.Table,
    rows_of: Any,
    known: frozenset[str] = frozenset(),
    field: str = "transaction.duration",
) -> Iterator[rca.Series]:
    lines = gridded(table, ("node",), ("calls", "failed", "p50", "p95"), sketch.frame.grid)
    alive = first_alive(lines, "calls", sketch.frame.grid.points)
    for (node,), one in sorted(lines.items()):
        if not node or node in known:
            continue
        rows = rows_of(node)
        told: tuple[tuple[rca.Signal, str, str, str, Floats], ...] = (
            (rca.Signal.TRAFFIC, "calls", "count", "count()", zeroed(one["calls"], alive)),
            (rca.Signal.ERRORS, "share", "share", "failure_rate()", shares(one["failed"], one["calls"])),
            (rca.Signal.LATENCY, "p50", "ms", f"p50({field})", one["p50"] / _NS_PER_MS),
            (rca.Signal.LATENCY, "p95", "ms", f"p95({field})", one["p95"] / _NS_PER_MS),
        )
        for signal, name, unit, value, values in told:
            key = sketch.shown(f"series/{node}/{signal.value}/{name}", f"{_WORDS[name]} of {node}", rows, value)
            yield rca.Series(node, signal, values, name, unit, key)


_WORDS: Final = {
    "calls": "calls",
    "share": "share of failures",
    "p50": "median duration",
    "p95": "95th percentile of the duration",
}


def error_series(sketch: Sketch, table: pa.Table) -> Iterator[rca.Series]:
    """Yield the numbers of errors of services."""
    yield from _counted(sketch, table, "errors", rca.Signal.ERRORS, {"n": ("events", "count()", "error events")})


def log_series(sketch: Sketch, table: pa.Table) -> Iterator[rca.Series]:
    """Yield the numbers of log lines of services, and of those that tell of errors."""
    bad = ("errors", "count_if(severity_number >= 17)", "log lines of errors")
    told = {"n": ("lines", "count()", "log lines"), "bad": bad}
    yield from _counted(sketch, table, "logs", rca.Signal.LOG, told)


def _counted(
    sketch: Sketch, table: pa.Table, dataset: str, signal: rca.Signal, told: Mapping[str, tuple[str, str, str]]
) -> Iterator[rca.Series]:
    lines = gridded(table, ("node",), tuple(told), sketch.frame.grid)
    alive = first_alive(lines, next(iter(told)), sketch.frame.grid.points)
    for (node,), one in sorted(lines.items()):
        rows = pipeline(dataset, *of_node(dataset, node, sketch.projects))
        for column, (name, value, words) in told.items():
            key = sketch.shown(f"series/{node}/{signal.value}/{name}", f"{words} of {node}", rows, value)
            yield rca.Series(node, signal, zeroed(one[column], alive), name, "count", key)


def metric_series(
    sketch: Sketch, known: Iterable[Mapping[str, Any]], levels: pa.Table | None, counters: pa.Table | None
) -> Iterator[rca.Series]:
    """Yield the metrics of services: levels, what was counted in each bucket, means of histograms.

    Args:
        sketch: of the case.
        known: rows of `metrics_text`, which say what kind each is.
        levels: answer to `levels_text`.
        counters: answer to `counters_text`.
    """
    grid = sketch.frame.grid
    level = (
        {} if levels is None else gridded(levels, ("node", "name"), ("mean", "total", "sum", "count"), grid, most=_MOST)
    )
    grown = {} if counters is None else gridded(counters, ("node", "name"), ("total",), grid, most=_MOST)
    for row in known:
        node, name = str(row["node"] or ""), str(row["name"] or "")
        values, value = _metric(row, level.get((node, name)), grown.get((node, name)))
        if values is None:
            continue
        rows = pipeline("metrics", equals("metric.name", name), *of_node("metrics", node, sketch.projects))
        signal = rca.Signal.RESOURCE if _RESOURCE.search(name) else rca.Signal.METRIC
        key = sketch.shown(f"series/{node}/metric/{name}", f"{name} of {node}", rows, value)
        yield rca.Series(node, signal, values, name, str(row["unit"] or ""), key)


_MOST: Final = 400
_COUNTED: Final = frozenset({"counter", "sum"})
_SPREAD: Final = frozenset({"histogram", "exponential_histogram", "distribution", "summary"})


def _metric(
    row: Mapping[str, Any], level: Mapping[str, Floats] | None, grown: Mapping[str, Floats] | None
) -> tuple[Floats | None, str]:
    """Return the values of a metric and the aggregate that shows them; None when there are none that mean anything."""
    kind, monotonic = str(row["kind"] or ""), bool(row["monotonic"])
    if grown is not None and monotonic and kind not in _SPREAD:
        return grown["total"], "increase(metric.value)"
    if level is None:
        return None, ""
    if kind in _SPREAD:
        count = np.nan_to_num(level["count"])
        many = bool((count > 0).any())
        return (shares(level["sum"], level["count"]), "avg(metric.sum / metric.count)") if many else (None, "")
    if kind in _COUNTED and (monotonic or row["temporality"] == "delta"):
        return level["total"], "sum(metric.value)"
    return level["mean"], "avg(metric.value)"


def asked_series(sketch: Sketch, subject: Subject, node: str, table: pa.Table) -> rca.Series:
    """Return the number that was asked about, as a series of the node it was found at."""
    grid = sketch.frame.grid
    lines = gridded(table, (), ("v",), grid)
    values = lines[()]["v"] / subject.scale if lines else np.full(grid.points, np.nan)
    if subject.counts:
        values = zeroed(values, 0)
    value = print_expression(subject.value)
    key = sketch.shown("asked", subject.title, subject.rows, value)
    unit = "ms" if subject.signal is rca.Signal.LATENCY else "count" if subject.counts else ""
    return rca.Series(node, subject.signal, values, subject.name, unit, key)
