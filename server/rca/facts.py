"""The other parts of a case: calls, changes, differences, patterns, where time goes. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ml import rca
from queries import ast
from server.rca.frames import Times
from server.rca.series import Sketch
from server.rca.subjects import Subject, equals, of_node, pipeline, printed, since

Row = Mapping[str, Any]
_NS_PER_MS: Final = 1e6
_MOST_TAGS: Final = 40
_MOST_VALUE: Final = 300


def service_edges(sketch: Sketch, found: Iterable[Row], text: str, times: Times) -> Iterator[rca.Edge]:
    """Yield who calls whom among services; `text` and `times` are how that was asked."""
    key = sketch.trail.add("edges", "who calls whom", text, times)
    for row in found:
        yield rca.Edge(str(row["caller"] or ""), str(row["node"] or ""), float(row["calls"]), key)


def system_edges(
    groups: Sequence[rca.SpanGroup], calls: Mapping[str, float], systems: Container[str]
) -> Iterator[rca.Edge]:
    """Yield the calls of databases and others that tell nothing of themselves, those named in `systems`."""
    told: dict[tuple[str, str], tuple[float, str]] = {}
    for one in groups:
        if one.system in systems:
            count, key = told.get((one.node, one.system), (0.0, one.key))
            told[one.node, one.system] = (count + one.count_before * calls.get(one.node, 1.0), key)
    for (caller, callee), (count, key) in sorted(told.items()):
        yield rca.Edge(caller, callee, count, key)


def span_groups(
    sketch: Sketch, found: Iterable[Row], before: Mapping[str, float], after: Mapping[str, float]
) -> Iterator[rca.SpanGroup]:
    """Yield where time goes within services.

    Args:
        sketch: of the case.
        found: rows of `groups_text`.
        before: requests of each node within the baseline.
        after: the same within the window.
    """
    for row in found:
        node, op, what = str(row["node"] or ""), str(row["op"] or ""), str(row["what"] or "")
        system = str(row["system"] or "")
        rows = pipeline(
            "spans", equals("span.op", op), equals("span.description", what), *of_node("spans", node, sketch.projects)
        )
        key = f"spans/{node}/{op}/{system}/{what}"
        sketch.shown(key, f"{op} {what}"[:200], rows, "count(), p50(span.duration), p95(span.duration)")
        was, now = max(before.get(node, 0.0), 1.0), max(after.get(node, 0.0), 1.0)
        yield rca.SpanGroup(
            node,
            op,
            what,
            _number(row["ns_before"]) / _NS_PER_MS / was,
            _number(row["ns_after"]) / _NS_PER_MS / now,
            row["before"] / was,
            row["after"] / now,
            system,
            row["failed_before"] / max(row["before"], 1),
            row["failed_after"] / max(row["after"], 1),
            key,
        )


def error_patterns(sketch: Sketch, found: Iterable[Row], first_seen: Mapping[int, datetime]) -> Iterator[rca.Pattern]:
    """Yield the issues of the range; `first_seen` is when each was ever met first, by number."""
    for row in found:
        name = str(row["issue"] or row["id"])
        rows = pipeline("errors", equals("issue", name))
        key = sketch.shown(f"issue/{name}", f"events of {name}", rows, "count()")
        seen = first_seen.get(row["id"])
        yield rca.Pattern(
            rca.PatternKind.ERROR,
            name,
            str(row["title"] or ""),
            str(row["node"] or ""),
            int(row["before"]),
            int(row["after"]),
            None if seen is None else seen.timestamp(),
            key,
        )


def log_patterns(sketch: Sketch, found: Iterable[Row]) -> Iterator[rca.Pattern]:
    """Yield the templates of log lines of the range."""
    for row in found:
        node, number = str(row["node"] or ""), int(row["template_id"] or 0)
        same = ast.Filter(ast.Key("template_id"), ast.Op.EQ, ast.Number(number))
        rows = pipeline("logs", same, *of_node("logs", node, sketch.projects))
        title = str(row["title"] or "")
        key = sketch.shown(f"log/{node}/{number}", title[:200], rows, "count()")
        yield rca.Pattern(
            rca.PatternKind.TEMPLATE, str(number), title, node, int(row["before"]), int(row["after"]), key=key
        )


def told_changes(sketch: Sketch, found: Iterable[Row], services: Container[str]) -> Iterator[rca.Change]:
    """Yield what was said to be changed: of the service that is named, else of the program of the release.

    Args:
        sketch: of the case.
        found: rows of `changes_text`.
        services: those with requests; a program is a service only if it is one of them.
    """
    known = {kind.value: kind for kind in rca.ChangeKind}
    for row in found:
        name = str(row["id"])
        text = printed(pipeline("changes", equals("id", name)))
        key = sketch.trail.add(
            f"change/{name}", str(row["title"] or row["kind"] or "a change"), text, sketch.frame.looked_back
        )
        yield rca.Change(
            name,
            known.get(str(row["kind"] or ""), rca.ChangeKind.OTHER),
            row["timestamp"].timestamp(),
            str(row["service"] or "") or _service_of(str(row["release"] or ""), services),
            str(row["title"] or ""),
            str(row["link"] or ""),
            str(row["author"] or ""),
            _attributes(row),
            key,
        )


def new_releases(sketch: Sketch, found: Iterable[Row], told: Sequence[rca.Change]) -> Iterator[rca.Change]:
    """Yield releases that were first met within the range and that nobody told of, as changes of when they were."""
    spoken = {one.attributes.get("release", "") for one in told if one.kind in _OUT}
    rows_met = [(str(row["release"]), str(row["node"] or ""), row["first"].timestamp()) for row in found]
    began: dict[str, float] = {}
    for _, node, first in rows_met:
        began[node] = min(first, began.get(node, first))
    for release, node, first in rows_met:
        # One that runs from the begin of what is known of a node may be as old as anything.
        if release in spoken or first - began[node] < sketch.frame.step_s:
            continue
        rows = pipeline("transactions", equals("release", release), *of_node("transactions", node, sketch.projects))
        key = sketch.shown(f"release/{node}/{release}", f"{release} at {node}", rows, "count()")
        yield rca.Change(
            f"release {release} at {node}",
            rca.ChangeKind.RELEASE,
            first,
            node,
            release,
            attributes={"release": release},
            key=key,
        )


_OUT: Final = frozenset({rca.ChangeKind.RELEASE, rca.ChangeKind.DEPLOY})


def told_differences(
    sketch: Sketch, found: Iterable[Row], node: str, text: str, ignored: frozenset[str]
) -> Iterator[rca.Difference]:
    """Yield what bad rows share; fields that only say once more that they are bad are left out."""
    key = sketch.trail.add(f"diff/{node}", f"what bad ones of {node or 'all'} share", text, sketch.frame.whole)
    for row in found:
        field, value = str(row["field"]), row["value"]
        if value is None or row["share"] <= row["other_share"] or field in ignored or field.startswith("stack."):
            continue
        yield rca.Difference(
            field,
            str(value)[:_MOST_VALUE],
            float(row["share"]),
            float(row["other_share"]),
            int(row["count"]),
            int(row["other_count"]),
            node,
            key,
        )


SAID_AGAIN: Final = frozenset({
    "title", "message", "error.type", "error.value", "error.mechanism", "error.handled", "culprit", "logger", "level",
    "trace", "issue", "span.status", "transaction.status", "http.status_code", "transaction.duration", "span.duration",
    "span.description", "event.type", "timestamp", "ingested_at", "template_id", "message.template", "severity_number",
    "remarks", "fingerprint", "grouping_version", "status", "otel.status_code", "otel.status_description",
    "http.response.status_code", "rpc.grpc.status_code", "sentry.status.message", "sentry.status_code",
})  # fmt: skip
"""Fields that tell what went wrong rather than with whom or where."""


def bad_search(subject: Subject, start: datetime, slow_ms: float | None) -> ast.SearchNode:
    """Return the search of the bad rows among those of a subject; `slow_ms` is what is slow for them."""
    late: ast.SearchNode = since(start)
    field = {"transactions": "transaction.duration", "spans": "span.duration"}.get(subject.dataset)
    if field is None:
        return late
    good = ast.TextList(tuple(ast.Text(word) for word in ("ok", "cancelled", "unknown")))
    failed = ast.Filter(ast.Key("span.status"), ast.Op.EQ, good, negated=True)
    if subject.signal is rca.Signal.ERRORS:
        return ast.And((late, failed))
    if subject.signal is rca.Signal.LATENCY and slow_ms:
        slow = ast.Filter(ast.Key(field), ast.Op.GT, ast.Duration(round(slow_ms * _NS_PER_MS)))
        return ast.And((late, ast.Or((failed, slow))))
    return late


def _attributes(row: Row) -> dict[str, str]:
    told = {name: str(row[name] or "") for name in ("release", "environment", "before", "after", "status", "project")}
    tags = row["tags"] or ()
    pairs = tags.items() if isinstance(tags, Mapping) else tags
    return {
        **{str(name): str(value)[:_MOST_VALUE] for name, value in list(pairs)[:_MOST_TAGS]},
        **{name: value for name, value in told.items() if value},
    }


def _service_of(release: str, services: Container[str]) -> str:
    """Return the service a release is of: `shop` of `shop@1.2`; empty when that is none."""
    program = release.rpartition("@")[0]
    return program if program in services else ""


def _number(value: Any) -> float:
    """Return nanoseconds, whichever way they were answered."""
    return 0.0 if value is None else float(getattr(value, "value", value))
