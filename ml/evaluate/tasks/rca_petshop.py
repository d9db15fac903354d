"""Faults of a shop of micro-services, by metrics and the call graph: PetShop (Hardt et al., CLeaR 2024).

Below each scenario: `graph.csv` (rows call columns), `noissue/metrics.csv` when all was well, and in folders of any
other name `ISSUE/metrics.csv` with `ISSUE/target.json`: whose metric gave the alarm and when, and which node was at
fault. Metrics have three lines of headings (node, metric, statistic) and a row every five minutes. As in the paper an
answer counts when it names the node, and normal metrics are asked about as if there had been an alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ml.evaluate._rows import DamagedData
from ml.evaluate.tasks.rca_cases import Floats, LabelledCase, numbers, read_json, read_table
from ml.rca import Case, Direction, Edge, Grid, Range, Series, Signal, Symptom

FOLDER: Final = "petshop"
NORMAL: Final = "noissue"
NORMAL_WINDOW: Final = 5
"""Rows of a normal window: as many as those of an issue have."""

_STEP: Final = 300.0
_SIGNALS: Final = {"latency": Signal.LATENCY, "availability": Signal.ERRORS, "requests": Signal.TRAFFIC}
_UNITS: Final = {Signal.LATENCY: "s", Signal.ERRORS: "share", Signal.TRAFFIC: "requests"}
_WHOLE: Final = 100.0  # availability is in per cent


@dataclass(frozen=True, slots=True)
class _Metrics:
    """Rows of metrics: moments, shape (rows,), and values, shape (rows, columns)."""

    at: Floats
    columns: tuple[tuple[str, str, str], ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class _Target:
    node: str
    metric: str
    statistic: str
    cause: str | None


@dataclass(frozen=True, slots=True)
class _Scenario:
    name: str
    edges: tuple[Edge, ...]
    nodes: tuple[str, ...]
    normal: _Metrics | None
    issues: tuple[tuple[str, _Metrics, _Target], ...]


def petshop_issues(data: Path) -> Iterator[LabelledCase]:
    """Yield the issues of all scenarios.

    A scenario without normal metrics is compared with those of the others: the same system under other traffic.

    Raises:
        DamagedData: a file cannot be read.
    """
    scenarios = list(_scenarios(data))
    others = [one.normal for one in scenarios if one.normal is not None]
    for scenario in scenarios:
        normal = [scenario.normal] if scenario.normal is not None else others
        if not normal:
            continue
        for name, metrics, target in scenario.issues:
            yield _labelled(scenario, name, target, normal, metrics)


def petshop_normal(data: Path) -> Iterator[LabelledCase]:
    """Yield windows of normal metrics of each scenario, asked about each of its targets.

    Raises:
        DamagedData: a file cannot be read.
    """
    for scenario in _scenarios(data):
        targets = sorted({(t.node, t.metric, t.statistic) for _, _, t in scenario.issues})
        if scenario.normal is None:
            continue
        rows = len(scenario.normal.at)
        for target in targets:
            asked = _Target(*target, cause=None)
            for first in range(rows // 2, rows - NORMAL_WINDOW + 1, NORMAL_WINDOW):
                window = _rows(scenario.normal, first, first + NORMAL_WINDOW)
                before = [_rows(scenario.normal, 0, first)]
                yield _labelled(scenario, f"row_{first}", asked, before, window)


def petshop_halves(data: Path) -> Iterator[LabelledCase]:
    """Yield normal metrics cut in two as the paper does: at the half and every tenth after it.

    Raises:
        DamagedData: a file cannot be read.
    """
    for scenario in _scenarios(data):
        targets = sorted({(t.node, t.metric, t.statistic) for _, _, t in scenario.issues})
        if scenario.normal is None:
            continue
        rows = len(scenario.normal.at)
        for target in targets:
            asked = _Target(*target, cause=None)
            for cut in range(rows // 2, rows - 3, max(1, rows // 10)):
                before, after = _rows(scenario.normal, 0, cut), _rows(scenario.normal, cut, rows)
                yield _labelled(scenario, f"cut_{cut}", asked, [before], after)


def _scenarios(data: Path) -> Iterator[_Scenario]:
    for graph in sorted((data / FOLDER).glob("**/graph.csv")):
        folder = graph.parent
        normal = folder / NORMAL / "metrics.csv"
        issues = sorted(p for p in folder.glob("*/*/target.json") if p.parts[-3] != NORMAL)
        edges, nodes = _graph(graph)
        yield _Scenario(
            name=folder.name,
            edges=edges,
            nodes=nodes,
            normal=_metrics(normal) if normal.is_file() else None,
            issues=tuple(
                (f"{one.parts[-3]}/{one.parts[-2]}", _metrics(one.with_name("metrics.csv")), _target(one))
                for one in issues
            ),
        )


def _graph(path: Path) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
    (heads,), rows = read_table(_text(path), 1, str(path))
    callees = heads[1:]
    edges = [
        Edge(row[0], callee)
        for row in rows
        for callee, value in zip(callees, numbers(row[1:]), strict=True)
        if value > 0.0
    ]
    return tuple(edges), tuple(sorted({*callees, *(row[0] for row in rows)}))


def _metrics(path: Path) -> _Metrics:
    heads, rows = read_table(_text(path), 3, str(path))
    columns = tuple(zip(*(head[1:] for head in heads), strict=True))
    # Some writers put the name of the index into a line of its own below the headings.
    table = np.array([numbers(row) for row in rows], dtype=np.float64).reshape(len(rows), len(columns) + 1)
    table = table[np.isfinite(table[:, 0])]
    if not len(table):
        raise DamagedData(f"{path} has no rows.", hint="Each row begins with seconds since 1970.")
    return _Metrics(table[:, 0], columns, table[:, 1:])


def _target(path: Path) -> _Target:
    try:
        found = read_json(path)
        target, cause = found["target"], found["root_cause"]  # type: ignore[index]
        return _Target(str(target["node"]), str(target["metric"]), str(target["agg"]), str(cause["node"]))
    except (KeyError, TypeError) as error:
        raise DamagedData(f"{path} lacks {error}.", hint="It holds target and root_cause.") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedData(f"{path} cannot be read: {error}.", hint="Put it back, or leave the issue out.") from error


def _rows(metrics: _Metrics, first: int, last: int) -> _Metrics:
    return replace(metrics, at=metrics.at[first:last], values=metrics.values[first:last])


def _labelled(
    scenario: _Scenario, name: str, target: _Target, normal: Sequence[_Metrics], window: _Metrics
) -> LabelledCase:
    symptom = Symptom(target.node, _SIGNALS.get(target.metric, Signal.METRIC), Direction.UP, target.statistic)
    case = _case(symptom, scenario.edges, normal, window)
    return LabelledCase(f"{FOLDER}/{scenario.name}", name, case, target.cause, len(scenario.nodes), fault=target.metric)


def _case(symptom: Symptom, edges: Sequence[Edge], normal: Sequence[_Metrics], window: _Metrics) -> Case:
    """Return a case whose baseline ends where the window begins: months lie between them, which nobody looked at."""
    blocks = [_on_grid(one) for one in (*normal, window)]
    sizes = [len(next(iter(one.values()))) for one in blocks]
    total, bad = sum(sizes), sizes[-1]
    start = float(window.at[0]) - _STEP * (total - bad)
    columns = sorted({column for block in blocks for column in block})
    series = []
    for node, metric, statistic in columns:
        parts = [b.get((node, metric, statistic), np.full(n, np.nan)) for b, n in zip(blocks, sizes, strict=True)]
        values = np.concatenate(parts)
        signal = _SIGNALS.get(metric, Signal.METRIC)
        if signal is Signal.ERRORS:
            values = 1.0 - values / _WHOLE
        name = "" if signal is Signal.TRAFFIC else statistic
        unit = _UNITS.get(signal, "")
        series.append(Series(node, signal, values, name, unit, key=f"{node} {metric} {statistic}"))
    end = float(window.at[0]) + _STEP * bad
    return Case(
        symptom=symptom,
        window=Range(float(window.at[0]), end),
        baseline=Range(start, float(window.at[0])),
        grid=Grid(start, _STEP, total),
        series=tuple(series),
        edges=edges,
    )


def _on_grid(metrics: _Metrics) -> Mapping[tuple[str, str, str], Floats]:
    """Return the columns with a value every five minutes, NaN where a row is missing."""
    places = np.rint((metrics.at - metrics.at[0]) / _STEP).astype(np.int64)
    found: dict[tuple[str, str, str], Floats] = {}
    for i, column in enumerate(metrics.columns):
        values = np.full(int(places.max()) + 1, np.nan)
        values[places] = metrics.values[:, i]
        found[column] = values
    return found
