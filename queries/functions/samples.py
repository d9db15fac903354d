"""The rows the worked examples of aggregates are over: six spans within one hour."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
"""Start of the hour the examples cover."""

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SampleSpan:
    """One row: minute of the hour, transaction, milliseconds, status, user, HTTP status, cache hit, lcp, a counter.

    Empty texts, 0 as the HTTP status and None are missing values.
    """

    minute: int
    transaction: str
    duration_ms: int
    status: str
    user: str
    http_status_code: int
    cache_hit: str
    lcp_ms: float | None
    jobs: float


SPANS = (
    SampleSpan(0, "/cart", 100, "ok", "id:ann", 200, "", 1200.0, 10.0),
    SampleSpan(10, "/cart", 200, "ok", "id:bob", 200, "true", 2400.0, 14.0),
    SampleSpan(20, "/cart", 400, "internal_error", "id:ann", 500, "", None, 3.0),
    SampleSpan(30, "/checkout", 800, "ok", "id:cyd", 404, "false", 4800.0, 9.0),
    SampleSpan(40, "/checkout", 2000, "cancelled", "id:ann", 503, "", None, 12.0),
    SampleSpan(50, "/cart", 300, "ok", "", 0, "true", None, 20.0),
)


def table() -> str:
    """Return the rows as a Markdown table."""
    head = (
        "timestamp",
        "transaction",
        "span.duration",
        "span.status",
        "user",
        "http.status_code",
        "cache.hit",
        "measurements.lcp",
        "measurements.jobs",
    )
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for row in SPANS:
        lcp = "" if row.lcp_ms is None else f"{row.lcp_ms:g}"
        cells = (
            f"12:{row.minute:02}",
            row.transaction,
            f"{row.duration_ms}ms",
            row.status,
            row.user,
            str(row.http_status_code or ""),
            row.cache_hit,
            lcp,
            f"{row.jobs:g}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
