"""Which words the closed sets of columns take; apart from the rows, which bring grouping and templates with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ingest.native.lines import BadLine, Line

CHANGE_KINDS = ("deploy", "release", "commit", "config", "flag", "scaling", "other")
CHECK_IN_STATUSES = ("in_progress", "ok", "error", "missed", "timeout")
SESSION_STATUSES = ("ok", "exited", "errored", "unhandled", "abnormal", "crashed")
METRIC_KINDS = ("counter", "gauge", "distribution", "set", "histogram", "exponential_histogram", "summary")


def check_line(dataset: str, line: Line) -> None:
    """Refuse a line whose row would be refused; BadLine."""
    check = _CHECKS.get(dataset)
    if check is not None:
        check(line.columns)


def _one_of(column: str, allowed: tuple[str, ...]) -> Callable[[Mapping[str, Any]], None]:
    def check(columns: Mapping[str, Any]) -> None:
        if columns.get(column) not in (None, "", *allowed):
            raise BadLine(f"`{column}`: expected one of {', '.join(allowed)}")

    return check


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "metrics": _one_of("kind", METRIC_KINDS),
    "changes": _one_of("kind", CHANGE_KINDS),
    "sessions": _one_of("status", SESSION_STATUSES),
    "check_ins": _one_of("status", CHECK_IN_STATUSES),
}
