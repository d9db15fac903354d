"""Rows of templates: counts, first and last seen of all texts that share one.

Lines of logs have a template already, kept beside the rows and refined now and then (`refined`): those of one such
template are one here, too, and it gives the id. What was not looked at yet is put together by its texts. What a person
decided (`decided`) is no longer a matter of texts.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pyarrow as pa

Row = dict[str, Any]
Find = Callable[[Sequence[str], Sequence[int]], Sequence[str]]


def patterns(table: pa.Table, find: Find, limit: int) -> pa.Table:
    """Return the most frequent templates.

    Args:
        table: text (masked), count, first_seen, last_seen and example; of logs also refined and decided; most frequent
            first.
        find: gives the template of each text.
        limit: most rows.
    """
    rows = table.to_pylist()
    found: dict[Hashable, Row] = {}
    templates = _templates(rows, find)
    for row, template, key in zip(rows, templates, _keys(rows, templates), strict=True):
        kept = found.get(key)
        if kept is None:
            found[key] = {**row, "template": template, "id": _id(row, template)}
            continue
        kept["count"] += row["count"]
        for name, pick in (("first_seen", min), ("last_seen", max)):
            kept[name] = pick(kept[name], row[name]) if kept[name] is not None else row[name]
    total = sum(row["count"] for row in rows)
    ranked = sorted(found.values(), key=lambda row: (-row["count"], row["template"], row["id"]))[:limit]
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


def _id(row: Row, template: str) -> str:
    refined = row.get("refined")
    return template_id(template) if refined is None else str(refined)


def _templates(rows: list[Row], find: Find) -> list[str]:
    """Return the template of each row: looked for among all, but what was decided among its own alone."""
    apart: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        apart[row["refined"] if row.get("decided") else None].append(row)
    named: dict[tuple[Hashable, str], str] = {}
    for key, members in apart.items():
        counts: dict[str, int] = defaultdict(int)
        for row in members:
            counts[row["text"]] += row["count"]
        for text, template in zip(counts, find(list(counts), list(counts.values())), strict=True):
            named[key, text] = template
    return [named[row["refined"] if row.get("decided") else None, row["text"]] for row in rows]


def _keys(rows: list[Row], templates: list[str]) -> list[Hashable]:
    """Return for each row what all rows of its template share."""
    above: dict[Hashable, Hashable] = {}

    def top(key: Hashable) -> Hashable:
        while key in above:
            key = above[key]
        return key

    own: list[Hashable] = []
    for row, template in zip(rows, templates, strict=True):
        by_id, by_text = ("id", row.get("refined")), ("text", template)
        own.append(by_text if row.get("refined") is None else by_id)
        one, other = top(by_id), top(by_text)
        if row.get("refined") is not None and not row["decided"] and one != other:
            above[one] = other
    return [top(key) for key in own]
