"""What a native line cannot do without: one table, from which the door's refusals and the reference page are written.

`python -m ingest.native.needs` reads `docs/reference/native-ingest.md` from standard input and writes it with the table
as it should be.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.schema import DATASETS

REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "errors": (("message", "title", "error_type", "error_value"),),
    "spans": (("trace_id",), ("span_id",), ("name", "description", "op"), ("duration_ns",)),
    "logs": (("body",),),
    "metrics": (("name",), ("value", "sum", "count")),
    "changes": (("title", "description", "release", "after"),),
    "sessions": (("status", "started_count", "exited_count", "errored_count", "crashed_count", "abnormal_count"),),
    "check_ins": (("monitor",), ("status",)),
    "feedback": (("message",),),
}
"""Columns a row cannot do without: of each group at least one."""

HEX_DIGITS: Mapping[str, int] = {"trace_id": 32, "span_id": 16}
"""Columns that are ids, and how long these are."""

BEGIN = "<!-- needs: written by `python -m ingest.native.needs` -->"
END = "<!-- end of needs -->"


def missing(dataset: str, columns: Mapping[str, Any]) -> str:
    """Return what a line lacks, in the words of the reference; empty when it has what it needs."""
    for group in REQUIRED[dataset]:
        if all(columns.get(name) in (None, "") for name in group):
            return _alternatives(dataset, group)
    return ""


@lru_cache(maxsize=128)
def public_name(dataset: str, column: str) -> str:
    """Return the name a column has in Discover."""
    return next(field.name for field in DATASETS[dataset].fields if field.column == column)


def needs_table() -> str:
    """Return the table of the reference page."""
    rows = [
        f"| {dataset} | {'; '.join(_alternatives(dataset, group) + _form(group) for group in groups)} |"
        for dataset, groups in REQUIRED.items()
    ]
    return "\n".join(["| dataset | a line needs |", "|---|---|", *rows])


def with_needs_table(page: str) -> str:
    """Return the page with the table between its marks.

    Raises:
        ValueError: the page has no marks.
    """
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:start]}\n\n{needs_table()}\n\n{page[end:]}"


def _alternatives(dataset: str, group: tuple[str, ...]) -> str:
    return " or ".join(_named(dataset, column) for column in group)


@lru_cache(maxsize=128)
def _named(dataset: str, column: str) -> str:
    """Return a column's name and, in brackets, its other ones."""
    fields = [field for field in DATASETS[dataset].fields if field.column == column]
    first, *others = dict.fromkeys(name for field in fields for name in (field.name, *field.aliases))
    also = f" ({', '.join(f'`{name}`' for name in others)})" if others else ""
    return f"`{first}`{also}"


def _form(group: tuple[str, ...]) -> str:
    digits = HEX_DIGITS.get(group[0])
    return f" of {digits} hex digits" if digits else ""


if __name__ == "__main__":
    sys.stdout.write(with_needs_table(sys.stdin.read()))
