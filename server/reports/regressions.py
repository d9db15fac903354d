"""Which transactions became slower or fail more often: durations and shares of two sets, compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from server.issues.looking import Look, rows
from server.query_service import QueryService
from server.reports.texts import release_text

_LEAST: Final = 50
"""Fewer requests on a side tell nothing of a 95th percentile."""

_SLOWER: Final = 1.25
_LEAST_MS: Final = 5.0
_SURE: Final = 4.0
"""Standard errors between two shares: by chance one in thirty thousand, and hundreds of transactions are looked at."""

_LEAST_SHARE: Final = 0.005
_NS_PER_MS: Final = 1e6


def regressions(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what became worse, the worst first, as the API answers it.

    A transaction is slower when its 95th percentile and its median are (a tail alone moves by chance); it fails more
    often when the shares differ by more standard errors than chance gives (two-proportion z-test, pooled).

    Args:
        found: rows of the texts by transaction, with columns before and after.
    """
    worse: list[dict[str, Any]] = []
    for row in found:
        if min(row["before"], row["after"]) < _LEAST:
            continue
        told = {"service": str(row["node"] or ""), "transaction": str(row["transaction"] or "")}
        counts = {"count_before": int(row["before"]), "count_after": int(row["after"])}
        was, now = (_ms(row[name]) for name in ("p95_before", "p95_after"))
        mid_was, mid_now = (_ms(row[name]) for name in ("p50_before", "p50_after"))
        if now > was * _SLOWER and now - was > _LEAST_MS and mid_now > mid_was * math.sqrt(_SLOWER):
            change = now / max(was, 1e-9)
            worse.append({**told, "signal": "latency", "before": was, "after": now, "change": change, **counts})
        share_was, share_now = row["failed_before"] / row["before"], row["failed_after"] / row["after"]
        if share_now - share_was > _LEAST_SHARE and _errors_apart(row) > _SURE:
            change = share_now / max(share_was, 1 / row["before"])
            worse.append(
                {**told, "signal": "errors", "before": share_was, "after": share_now, "change": change, **counts}
            )
    return sorted(worse, key=lambda one: (-one["change"] * math.log1p(one["count_after"]), one["transaction"]))


def _errors_apart(row: Mapping[str, Any]) -> float:
    n, m = row["before"], row["after"]
    pooled = (row["failed_before"] + row["failed_after"]) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return (row["failed_after"] / m - row["failed_before"] / n) / error if error > 0 else 0.0


def _ms(value: Any) -> float:
    return 0.0 if value is None else float(value) / _NS_PER_MS


def release_regressions(look: Look, queries: QueryService, release: str, previous: str) -> list[dict[str, Any]]:
    """Return the transactions that are worse in a release than in another, the worst first."""
    found = look.ask(queries, release_text(), {"release": release, "previous": previous})
    return regressions(rows(found))
