"""From a read line to the row of its dataset: what the line does not say gets its default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

from engine.schema import TABLES, Kind
from ingest.hexids import event_id_of, row_id
from ingest.jsontext import Document
from ingest.native.kinds import empty_of
from ingest.native.lines import Line
from ingest.normalise.common import MILLISECOND_NS, environment_of, release_of
from ingest.normalise.event import MICROSECOND_NS, event_row
from ingest.normalise.logs import LEVELS, level_of
from ingest.normalise.model import Arrival, Row
from ingest.normalise.people import user_row
from ingest.normalise.times import clamp_ns
from ml.templates import template_id

_SHORT_LIVED = frozenset({"spans", "logs", "metrics"})
"""Datasets that are kept as long as spans are."""

_UNIT_NS = {Kind.TIME_NANO: 1, Kind.TIME_MICRO: MICROSECOND_NS, Kind.TIME_MILLI: MILLISECOND_NS}


def native_row(
    dataset: str, line: Line, arrival: Arrival, document: Document, row_key: tuple[str | bytes | int, ...]
) -> Row:
    """Return the row of a line that `check_line` has passed.

    Args:
        dataset: one of `NATIVE_DATASETS`.
        line: as read.
        arrival: of the request.
        document: the line itself, scrubbed: its text is the payload.
        row_key: what the row's id is made of when it brings none.
    """
    if dataset == "errors":
        return _error(line, arrival, document, row_key)
    row = _defaults(dataset, line, arrival, document, row_key)
    _FINISH[dataset](row, line)
    row["remarks"] = line.remarks.values()
    return row


def _defaults(
    dataset: str, line: Line, arrival: Arrival, document: Document, row_key: tuple[str | bytes | int, ...]
) -> Row:
    columns = {column.name: column for column in TABLES[dataset].columns if not column.alias}
    row: Row = {name: empty_of(column.kind) for name, column in columns.items()}
    row.update(line.columns)
    retention = arrival.project.span_retention_days if dataset in _SHORT_LIVED else arrival.project.retention_days
    row["timestamp"] = _time(line, arrival, retention, _UNIT_NS[columns["timestamp"].kind])
    row["project_id"] = arrival.project.id
    row["ingested_at"] = arrival.received_at_ns // MILLISECOND_NS
    row["retention_days"] = retention
    row["sample_weight"] = max(0.0, line.columns.get("sample_weight", 1.0))
    row["release"] = release_of(row["release"], line.remarks)
    row["environment"] = environment_of(row["environment"], line.remarks)
    row["platform"] = row["platform"] or "other"
    if "user_id" in row:
        row.update(_user(row))
    row["tags"] = {**line.columns.get("tags", {}), **line.tags}
    if "measurements" in row:
        row["measurements"] = {**line.columns.get("measurements", {}), **line.measurements}
    if "id" in row:
        row["id"] = event_id_of(row["id"]) or row_id(arrival.project.id, *row_key)
    row["payload"] = document.text
    return row


def _time(line: Line, arrival: Arrival, retention_days: int, unit_ns: int) -> int:
    given = line.columns.get("timestamp")
    if given is None:
        line.remarks.add("timestamp:missing")
        return arrival.received_at_ns // unit_ns
    clamped, remark = clamp_ns(given * unit_ns, arrival.received_at_ns, retention_days)
    if remark:
        line.remarks.add(remark)
    return clamped // unit_ns


def _user(row: Row) -> Row:
    """Return the user columns; `user` in one word (`id:42`, or a bare id) fills its own when that is empty."""
    kind, colon, value = row["user"].partition(":")
    if row["user"] and not (colon and kind in {"id", "username", "email", "ip"}):
        kind, value = "id", row["user"]
    if row["user"] and not row[f"user_{kind}"]:
        row = {**row, f"user_{kind}": value}
    return user_row(row["user_id"], row["user_username"], row["user_email"], row["user_ip"])


def _span(row: Row, line: Line) -> None:
    row["name"] = row["name"] or row["description"] or row["op"]
    row["status"] = row["status"] or "unknown"
    if "is_segment" not in line.columns:
        row["is_segment"] = not row["parent_span_id"]
    if row["is_segment"]:
        row["segment_id"] = row["segment_id"] or row["span_id"]
        row["segment_name"] = row["segment_name"] or row["name"]


def _log(row: Row, line: Line) -> None:
    severity = min(24, row["severity_number"])
    row["level"] = level_of(row["level"], severity, line.remarks)
    row["severity_number"] = severity or 1 + 4 * LEVELS.index(row["level"])
    row["template_id"] = template_id(row["body"])


def _metric(row: Row, line: Line) -> None:
    row["kind"] = row["kind"] or "gauge"
    given = line.columns
    if "count" not in given:
        row["count"] = 1
    if "value" not in given:
        row["value"] = row["sum"]
    if "sum" not in given:
        row["sum"] = row["value"]
    if row["count"] == 1 and "bounds" not in given:
        row["min"] = row["value"] if row["min"] is None else row["min"]
        row["max"] = row["value"] if row["max"] is None else row["max"]
    row["scope"] = row["scope"] or "default"


def _change(row: Row, _line: Line) -> None:
    row["kind"] = row["kind"] or "other"
    row["title"] = row["title"] or row["description"].partition("\n")[0][:200] or row["release"] or row["after"]


def _session(row: Row, line: Line) -> None:
    if any(name.endswith("_count") for name in line.columns):
        return
    status = row["status"]
    row["started_count"] = 1
    row["exited_count"] = int(status == "exited" and not row["errors"])
    row["errored_count"] = int(status not in {"ok", "exited"} or row["errors"] > 0)
    for name in ("unhandled", "abnormal", "crashed"):
        row[f"{name}_count"] = int(status == name)


def _nothing(_value: object, _line: object = None) -> None:
    """Do nothing."""


_FINISH: Mapping[str, Callable[[Row, Line], None]] = {
    "spans": _span,
    "logs": _log,
    "metrics": _metric,
    "changes": _change,
    "sessions": _session,
    "check_ins": _nothing,
    "feedback": _nothing,
}


def _error(line: Line, arrival: Arrival, document: Document, row_key: tuple[str | bytes | int, ...]) -> Row:
    """Return the row of an error, grouped and titled as an event of an SDK with the same members is."""
    given = line.columns
    sent: dict[str, Any] = {name: given[name] for name in _SAME if given.get(name) not in (None, "")}
    sent |= {
        "event_id": event_id_of(given.get("event_id")) or row_id(arrival.project.id, *row_key),
        "message": given.get("message") or given.get("title", ""),
        "tags": {**given.get("tags", {}), **line.tags},
        "sdk": {"name": given.get("sdk_name"), "version": given.get("sdk_version")},
        "user": {name: given.get(f"user_{name}") for name in ("id", "email", "username")}
        | {"ip_address": given.get("user_ip")},
        "request": {"url": given.get("http_url"), "method": given.get("http_method")},
        "contexts": {
            "trace": {"trace_id": given.get("trace_id"), "span_id": given.get("span_id")},
            "replay": {"replay_id": given.get("replay_id")},
            "profile": {"profile_id": given.get("profile_id")},
            "response": {"status_code": given.get("http_status_code")},
        },
    }
    if "timestamp" in given:
        whole, micros = divmod(given["timestamp"], 1_000_000)
        sent["timestamp"] = f"{whole}.{micros:06d}"
    if given.get("error_type") or given.get("error_value"):
        sent["exception"] = {"values": [_exception(given)]}
    row = event_row(Document(sent, document.text, document.remarks), arrival)
    row["sample_weight"] = max(0.0, given.get("sample_weight", 1.0))
    row["contexts"] = {**row["contexts"], **given.get("contexts", {})}
    row["remarks"] = [*dict.fromkeys((*row["remarks"], *line.remarks.values()))]
    return row


_SAME = (
    "level",
    "platform",
    "logger",
    "transaction",
    "culprit",
    "environment",
    "release",
    "dist",
    "server_name",
    "modules",
)
"""Columns that are called alike in an event."""


def _exception(given: Mapping[str, Any]) -> dict[str, Any]:
    exception: dict[str, Any] = {"type": given.get("error_type"), "value": given.get("error_value")}
    if given.get("error_handled") is not None:
        exception["mechanism"] = {"type": "generic", "handled": given["error_handled"]}
    names = ("function", "module", "filename", "abs_path", "package", "lineno", "in_app")
    lists = [given.get(column, ()) for column in _STACK]
    frames = [
        {name: value for name, value in zip(names, values, strict=True) if value not in (None, "", 0) or value is False}
        for values in zip_longest(*lists)
    ]
    if frames:
        exception["stacktrace"] = {"frames": frames}
    return exception


_STACK = (
    "stack_functions",
    "stack_modules",
    "stack_filenames",
    "stack_abs_paths",
    "stack_packages",
    "stack_linenos",
    "stack_in_app",
)
