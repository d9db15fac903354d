"""What Discover answers about the transactions of an invented shop."""

from __future__ import annotations

from typing import Any

NAMES = ("/checkout", "/", "/product/<sku>", "<img src=x onerror=window.hacked=1>", "متجر 🛒", "nightly " + "x" * 200)


def rows_of(body: dict[str, Any]) -> list[list[Any]] | None:
    """Return the rows of a question about transactions; None when it is about something else."""
    text = body["query"]
    if text.startswith("from transactions | summarize n=count(), failed"):
        return [] if body.get("range") == "15m" else _list(earlier="range" not in body)
    if "params" not in body or "transaction = $name" not in text:
        return None
    if text.startswith("from spans"):
        return [["db", 400, 9_000_000_000, 40_000_000], ["http.client", 90, 3_000_000_000, 90_000_000]]
    if "| diff" in text:
        return [["region", "eu <b>west</b>", 18, 40, 0.9, 0.21, 0.69, 4.2, 0.6, 0.0001]]
    moment = "2026-03-01T11:59:00.123456789Z"
    return [[moment, "a" * 32, f"{n + 1:016x}", 900_000_000 - n, "ok"] for n in range(3)]


def _list(*, earlier: bool) -> list[list[Any]]:
    rows = []
    for place, name in enumerate(NAMES):
        count = 900 // (place + 1)
        p95 = (place + 1) * 40_000_000 * (3 if place == 1 and not earlier else 1)
        failed = count // 12 if place == 0 else 0
        rows.append([name, "shop", count, failed, p95 // 4, p95 // 3, p95, p95 * 2, p95 * count // 3])
    return rows
