"""The Discover texts of a report. `$from` is where the period begins, the time before it is as long."""

from __future__ import annotations

from typing import Final

_NODE: Final = 'extend node=if(service = "", project, service)'
_SIDES: Final = "before=count_if(timestamp < $from), after=count_if(timestamp >= $from)"
MOST_TRANSACTIONS: Final = 500

ERRORS: Final = (
    f"from errors | summarize {_SIDES}, users_before=count_unique_if(timestamp < $from, user),"
    " users_after=count_unique_if(timestamp >= $from, user)"
)
TRANSACTIONS: Final = (
    f"from transactions | summarize {_SIDES}, failed_before=failure_count_if(timestamp < $from),"
    " failed_after=failure_count_if(timestamp >= $from), p95_before=p95_if(timestamp < $from, transaction.duration),"
    " p95_after=p95_if(timestamp >= $from, transaction.duration)"
)
BY_TRANSACTION: Final = (
    f"from transactions | {_NODE} | summarize {_SIDES}, failed_before=failure_count_if(timestamp < $from),"
    " failed_after=failure_count_if(timestamp >= $from), p50_before=p50_if(timestamp < $from, transaction.duration),"
    " p50_after=p50_if(timestamp >= $from, transaction.duration),"
    " p95_before=p95_if(timestamp < $from, transaction.duration),"
    " p95_after=p95_if(timestamp >= $from, transaction.duration) by node, transaction"
    f" | sort after desc, node, transaction | limit {MOST_TRANSACTIONS}"
)


def chart_texts(step_s: int) -> dict[str, str]:
    """Return the texts of the charts by title; the last column is what is drawn."""
    at = f"at=bin(timestamp, {int(step_s)}s)"
    return {
        "errors": f"from errors | summarize v=count() by {at} | limit 10000",
        "95th percentile of transactions": (
            f"from transactions | summarize v=p95(transaction.duration) by {at} | limit 10000"
        ),
        "share of failed transactions": f"from transactions | summarize v=failure_rate() by {at} | limit 10000",
    }


def release_text() -> str:
    """Return the text of the transactions of the release `$release` (after) and of `$previous` (before)."""
    text = BY_TRANSACTION.replace("timestamp < $from", "release = $previous").replace(
        "timestamp >= $from", "release = $release"
    )
    return text.replace("from transactions |", "from transactions | where release in [$release, $previous] |", 1)
