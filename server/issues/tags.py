"""Distributions of values: from the rows of `facets` to the document."""

from __future__ import annotations

from typing import Any

from queries.result import rfc3339


def tags_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one entry for each field, the most frequent values first; `share` is of the events that have the field."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["value"] is None:
            continue
        total = row["total"]
        entry = found.setdefault(
            row["field"],
            {
                "key": row["field"],
                "total": total,
                "distinct": row["distinct"],
                "since": None if row["since"] is None else rfc3339(row["since"]),
                "top": [],
            },
        )
        share = round(row["count"] / total, 6) if total else 0.0
        entry["top"].append({"value": row["value"], "count": row["count"], "share": share})
    for entry in found.values():
        entry["top"].sort(key=lambda value: (-value["count"], value["value"]))
    return sorted(found.values(), key=lambda entry: (-entry["total"], entry["key"]))
