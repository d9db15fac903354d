"""Gathering a case: which questions are asked, in which order, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from ml import rca
from queries import ast
from server.rca import facts, series, texts
from server.rca.asking import Asking, Statement
from server.rca.frames import Frame, Times, seconds_of
from server.rca.series import Sketch
from server.rca.subjects import Subject, equals, of_node, pipeline
from server.rca.tables import Floats, gridded

_EDGES_BEFORE: Final = 1
"""Calls are looked at over the window and as long before: the graph hardly changes, and finding it is a join."""

_LEAST_SCALE: Final = 0.02
"""Least spread of a signal, as part of its level and as a share: a series that never moved is no surer than this."""

_ASKED: Final = "what went wrong"
_NODES: Final = "services"
_PLACE: Final = "place"
_EDGES: Final = "calls"
_SYSTEMS: Final = "dependencies"
_GROUPS: Final = "spans"
_CHANGES: Final = "changes"
_RELEASES: Final = "releases"
_ERRORS: Final = "errors"
_ISSUES: Final = "issues"
_LOGS: Final = "log lines"
_TEMPLATES: Final = "log templates"
_METRICS: Final = "metrics"
_LEVELS: Final = "values of metrics"
_COUNTERS: Final = "counters"
_DIFFERENCES: Final = "differences"
_VOLUME: Final = "volume"

_MOST_ROWS: Final = 1_000_000
_MOST_COMPARED: Final = 200_000
"""Errors and lines that are read with their tags and texts; of more, those next to the begin of the window."""

_MOST_PLACES: Final = 2
"""Services beside the symptom's whose bad requests are compared with good ones."""

_ABOVE: Final = 1.05
"""Slow is what takes so many times as long as nearly all of the slowest twentieth did."""

FirstSeen = Callable[[Sequence[tuple[int, int]]], Mapping[int, datetime]]


class Gathering:
    """One analysis under way.

    Args:
        asking: asks the store.
        sketch: its times and questions.
        first_seen: tells when issues (project, number) were ever met first.
    """

    def __init__(self, asking: Asking, sketch: Sketch, first_seen: FirstSeen) -> None:
        self._asking = asking
        self._sketch = sketch
        self._first_seen = first_seen
        self._known: frozenset[str] = frozenset()
        self._volume: Mapping[str, int] = {}

    def case(self, subjects: Sequence[Subject]) -> tuple[Subject, rca.Case]:
        """Return which subject is meant, and all that is known of it."""
        frame = self._sketch.frame
        found = self._asking.all(self._first(subjects))
        made = [found.get(f"{_ASKED} {number}") for number in range(len(subjects))]
        subject, table = _worst(subjects, made, frame)
        nodes = list(series.node_series(self._sketch, found[_NODES])) if _NODES in found else []
        self._known = frozenset(one.node for one in nodes)
        told = found[_VOLUME].to_pylist() if _VOLUME in found else []
        self._volume = {str(row["kind"]): int(row["n"]) for row in told}
        found |= self._asking.all(self._second(subject))
        node = self._node(subject, found.get(_PLACE))
        asked = [] if table is None else [series.asked_series(self._sketch, subject, node, table)]
        further = [*nodes, *self._series(found)]
        groups = self._groups(found, nodes)
        systems = frozenset(one.node for one in further) - self._known
        changes = self._changes(found)
        case = rca.Case(
            rca.Symptom(node, subject.signal, subject.direction, subject.name),
            seconds_of(frame.window),
            seconds_of(frame.baseline),
            frame.grid,
            tuple(asked + further),
            (*self._edges(found), *facts.system_edges(groups, _counts(nodes, frame, frame.baseline), systems)),
            tuple(changes),
            tuple(self._differences(subject, node, asked)),
            tuple(self._patterns(found)),
            tuple(groups),
        )
        return subject, case

    def differences_at(self, case: rca.Case, diagnosis: rca.Diagnosis) -> list[rca.Difference]:
        """Return what bad requests of the blamed service and of the worst ones share, where that was not asked yet."""
        blamed = [one.node for one in diagnosis.hypotheses[:1]]
        reached = [one.node for one in diagnosis.blast_radius.nodes]
        asked = {case.symptom.node}
        chosen = [one for one in dict.fromkeys((*blamed, *reached)) if one in self._known and one not in asked]
        return [found for node in chosen[:_MOST_PLACES] for found in self._bad_at(node, case, diagnosis)]

    def _bad_at(self, node: str, case: rca.Case, diagnosis: rca.Diagnosis) -> Iterable[rca.Difference]:
        rows = pipeline("transactions", *of_node("transactions", node, self._sketch.projects))
        signals = {signal for one in diagnosis.blast_radius.nodes if one.node == node for signal in one.signals}
        only_errors = rca.Signal.ERRORS in signals and rca.Signal.LATENCY not in signals
        signal = rca.Signal.ERRORS if only_errors else rca.Signal.LATENCY
        subject = Subject("", node, "transactions", rows, ast.Call("count"), signal, node)
        frame = self._sketch.frame
        bad = facts.bad_search(subject, frame.window[0], _usual(case.series, node, frame))
        return self._told(rows, bad, node)

    def _first(self, subjects: Sequence[Subject]) -> list[Statement]:
        """Return the questions that stand by themselves."""
        frame = self._sketch.frame
        step, whole = frame.step_s, frame.whole
        since = {"from": frame.window[0]}
        asked = [
            Statement(f"{_ASKED} {number}", texts.asked_text(one, step), whole) for number, one in enumerate(subjects)
        ]
        return [
            *asked,
            Statement(_NODES, texts.nodes_text(step), whole),
            Statement(_EDGES, texts.edges_text(), self._near),
            Statement(_SYSTEMS, texts.systems_text(step), whole),
            Statement(_GROUPS, texts.groups_text(), whole, since),
            Statement(_VOLUME, texts.volume_text(), whole),
            Statement(_CHANGES, texts.changes_text(), frame.looked_back),
            Statement(_RELEASES, texts.releases_text(), frame.looked_back),
            Statement(_METRICS, texts.metrics_text(), whole),
            Statement(_LEVELS, texts.levels_text(step), whole),
            Statement(_COUNTERS, texts.counters_text(step), whole),
        ]

    def _second(self, subject: Subject) -> list[Statement]:
        """Return the questions that need the names of the services."""
        frame = self._sketch.frame
        errors, logs = (frame.around(self._part(kind, _MOST_ROWS)) for kind in ("errors", "logs"))
        services = {"services": sorted(self._known) or ["-"]}
        return [
            Statement(_PLACE, texts.place_text(subject), frame.window, services if subject.dataset == "errors" else {}),
            Statement(_ERRORS, texts.errors_text(frame.step_s), errors, services),
            Statement(_ISSUES, texts.issues_text(), errors, {"from": frame.window[0], **services}),
            Statement(_LOGS, texts.log_series_text(frame.step_s), logs),
            Statement(_TEMPLATES, texts.templates_text(), logs, {"from": frame.window[0]}),
        ]

    def _part(self, dataset: str, most: int) -> float:
        """Return which part of the times of the analysis has so many rows of a data set; 1 when all has no more."""
        return min(1.0, most / max(self._volume.get(dataset, 0), 1))

    @property
    def _near(self) -> Times:
        start, end = self._sketch.frame.window
        return max(start - _EDGES_BEFORE * (end - start), self._sketch.frame.whole[0]), end

    def _differences(self, subject: Subject, node: str, asked: Sequence[rca.Series]) -> Iterable[rca.Difference]:
        """Return what bad rows of the subject share."""
        frame = self._sketch.frame
        slow = _usual(asked, node, frame)
        rows, bad = subject.rows, facts.bad_search(subject, frame.window[0], slow)
        if subject.issue is not None:
            rows, bad = pipeline("errors"), ast.And((equals("issue", subject.issue.short_id), bad))
        return self._told(rows, bad, node)

    def _told(self, rows: ast.Pipeline, bad: ast.SearchNode, node: str) -> Iterable[rca.Difference]:
        text = texts.bad_text(rows, bad)
        dataset = "errors" if rows.source is None else rows.source.names[0].name
        times = self._sketch.frame.around(self._part(dataset, _MOST_COMPARED))
        found = self._asking.one(Statement(_DIFFERENCES, text, times))
        if found is None:
            return ()
        return facts.told_differences(self._sketch, found.to_pylist(), node, text, facts.SAID_AGAIN)

    def _node(self, subject: Subject, place: pa.Table | None) -> str:
        """Return where the rows of the subject mostly are."""
        named = [] if place is None else [str(row["node"] or "") for row in place.to_pylist()]
        if not named or named[0] in self._known or subject.dataset != "errors":
            return named[0] if named else ""
        found = self._asking.one(Statement(_PLACE, texts.caller_text(subject), self._sketch.frame.window))
        spans = [] if found is None else [str(row["service"]) for row in found.to_pylist()]
        return next((one for one in spans if one in self._known), named[0])

    def _series(self, found: Mapping[str, pa.Table]) -> list[rca.Series]:
        sketch = self._sketch
        made: list[rca.Series] = []
        if _SYSTEMS in found:
            made += series.system_series(sketch, found[_SYSTEMS], self._known)
        if _ERRORS in found:
            made += series.error_series(sketch, found[_ERRORS])
        if _LOGS in found:
            made += series.log_series(sketch, found[_LOGS])
        if _METRICS in found:
            known = found[_METRICS].to_pylist()
            made += series.metric_series(sketch, known, found.get(_LEVELS), found.get(_COUNTERS))
        return made

    def _groups(self, found: Mapping[str, pa.Table], nodes: Sequence[rca.Series]) -> list[rca.SpanGroup]:
        if _GROUPS not in found:
            return []
        frame = self._sketch.frame
        before, after = (_counts(nodes, frame, times) for times in (frame.baseline, frame.window))
        return list(facts.span_groups(self._sketch, found[_GROUPS].to_pylist(), before, after))

    def _edges(self, found: Mapping[str, pa.Table]) -> Iterable[rca.Edge]:
        if _EDGES not in found:
            return ()
        return facts.service_edges(self._sketch, found[_EDGES].to_pylist(), texts.edges_text(), self._near)

    def _changes(self, found: Mapping[str, pa.Table]) -> list[rca.Change]:
        rows = found[_CHANGES].to_pylist() if _CHANGES in found else []
        told = list(facts.told_changes(self._sketch, rows, self._known))
        met = found[_RELEASES].to_pylist() if _RELEASES in found else []
        return [*told, *facts.new_releases(self._sketch, met, told)]

    def _patterns(self, found: Mapping[str, pa.Table]) -> list[rca.Pattern]:
        made: list[rca.Pattern] = []
        if _ISSUES in found:
            issues = found[_ISSUES].to_pylist()
            seen = self._first_seen([(row["project_id"], row["id"]) for row in issues])
            made += facts.error_patterns(self._sketch, self._scaled(issues, "errors"), seen)
        if _TEMPLATES in found:
            made += facts.log_patterns(self._sketch, self._scaled(found[_TEMPLATES].to_pylist(), "logs"))
        return made

    def _scaled(self, found: list[dict[str, Any]], dataset: str) -> list[dict[str, Any]]:
        """Return counts before and after as of the whole times, when a part of them was looked at."""
        frame = self._sketch.frame
        start, end = frame.around(self._part(dataset, _MOST_ROWS))
        middle = frame.window[0]
        before = (middle - frame.baseline[0]) / (middle - start)
        after = (frame.window[1] - middle) / (end - middle)
        return [{**row, "before": round(row["before"] * before), "after": round(row["after"] * after)} for row in found]


def _worst(
    subjects: Sequence[Subject], tables: Sequence[pa.Table | None], frame: Frame
) -> tuple[Subject, pa.Table | None]:
    """Return the subject that is furthest from its baseline, with its answer."""
    scored = [
        (_strangeness(table, one, frame), -number, one, table)
        for number, (one, table) in enumerate(zip(subjects, tables, strict=True))
    ]
    best = max(scored, key=lambda found: found[:2])
    return best[2], best[3]


def _strangeness(table: pa.Table | None, subject: Subject, frame: Frame) -> float:
    """Return by how many spreads of the baseline the window's median, or its worst tenth, is off."""
    if table is None or not (lines := gridded(table, (), ("v",), frame.grid)):
        return -1.0
    values = lines[()]["v"] / subject.scale
    was, now = _cut(values, frame, seconds_of(frame.baseline)), _cut(values, frame, seconds_of(frame.window))
    if not len(was) or not len(now):
        return 0.0
    level = float(np.median(was))
    spread = 1.4826 * float(np.median(np.abs(was - level)))
    least = _LEAST_SCALE * (abs(level) if subject.signal is not rca.Signal.ERRORS else 1.0)
    return float(np.quantile(np.abs(now - level), 0.9)) / max(spread, least, 1e-9)


def _usual(known: Sequence[rca.Series], node: str, frame: Frame) -> float | None:
    """Return what is slow for a node: what its 95th percentiles hardly ever reached; None when it has none."""
    for one in known:
        if one.node == node and one.signal is rca.Signal.LATENCY and one.name != "p50":
            values = _cut(one.values, frame, seconds_of(frame.baseline))
            return _ABOVE * float(np.quantile(values, 0.95)) if len(values) else None
    return None


def _counts(nodes: Sequence[rca.Series], frame: Frame, times: Times) -> dict[str, float]:
    """Return the requests of each service within a range."""
    calls = [one for one in nodes if one.signal is rca.Signal.TRAFFIC]
    return {one.node: float(_cut(one.values, frame, seconds_of(times)).sum()) for one in calls}


def _cut(values: Floats, frame: Frame, within: rca.Range) -> Floats:
    at = frame.grid.times()
    part: Floats = values[(at >= within.start) & (at < within.end)]
    return part[np.isfinite(part)]
