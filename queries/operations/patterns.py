"""Rows of templates: counts, first and last seen of all texts that share one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa


def patterns(table: pa.Table, find: Callable[[Sequence[str], Sequence[int]], Sequence[str]], limit: int) -> pa.Table:
    """Return the most frequent templates.

    Args:
        table: text (masked), count, first_seen, last_seen and example; most frequent first.
        find: gives the template of each text.
        limit: most rows.
    """
    rows = table.to_pylist()
    templates = find([row["text"] for row in rows], [row["count"] for row in rows])
    found: dict[str, dict[str, Any]] = {}
    for row, template in zip(rows, templates, strict=True):
        kept = found.get(template)
        if kept is None:
            found[template] = {**row, "template": template, "id": template_id(template)}
            continue
        kept["count"] += row["count"]
        for name, pick in (("first_seen", min), ("last_seen", max)):
            kept[name] = pick(kept[name], row[name]) if kept[name] is not None else row[name]
    total = sum(row["count"] for row in rows)
    ranked = sorted(found.values(), key=lambda row: (-row["count"], row["template"]))[:limit]
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("template", pa.string()),
            ("count", pa.int64()),
            ("share", pa.float64()),
            ("first_seen", table.schema.field("first_seen").type),
            ("last_seen", table.schema.field("last_seen").type),
            ("example", pa.string()),
        ]
    )
    made = [{name: {**row, "share": row["count"] / total}[name] for name in schema.names} for row in ranked]
    return pa.Table.from_pylist(made, schema=schema)


def template_id(template: str) -> str:
    """Return an id that depends on the template alone: the same in every query, on every machine."""
    return hashlib.blake2b(template.encode(), digest_size=6).hexdigest()
