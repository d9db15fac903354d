"""Profiles for the API and the pages: stacks by Discover texts, merged into a tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from iam import Action
from queries.result import Result
from server.issues.looking import Look
from server.profiles.tree import SCHEMA, FrameTree, merged, package_of
from server.query_service import QueryService, Question

pc: Any = compute
MOST_STACKS = 100_000
"""Folded stacks of a side that are read; of more the longest seen."""

_CHARS = 300


@dataclass(frozen=True, slots=True)
class Side:
    """Which stacks: a Discover search over `profiles`, and a range of its own if it has one."""

    search: str = ""
    time_range: tuple[datetime, datetime] | None = None


class ProfileService:
    """Reads profiles on behalf of principals.

    Args:
        queries: asks the store.
    """

    def __init__(self, queries: QueryService) -> None:
        self._queries = queries

    def flame(self, look: Look, shown: Side, base: Side | None = None) -> dict[str, Any]:
        """Return the tree of the stacks a search finds, in columns; with a base the two of them in one tree.

        Args:
            look: who looks at what.
            shown: what is looked at.
            base: what it is compared with.

        Raises:
            UserError: a search is wrong.
        """
        sides = [self._stacks(look, shown, 0)]
        if base is not None:
            sides.append(self._stacks(look, base, 1))
        tables = [table for table, _ in sides]
        unit = "ns"
        if not any(pc.sum(table.column("weight")).as_py() for table in tables):
            # One sample has no next one, so it weighs nothing: then stacks are as heavy as they were often.
            unit = "samples"
            tables = [table.set_column(2, "weight", table.column("samples")) for table in tables]
        tree = merged(pa.concat_tables([table.select(SCHEMA.names) for table in tables]))
        return {
            "unit": unit,
            "stacks": [table.num_rows for table in tables],
            "samples": [int(pc.sum(table.column("samples")).as_py() or 0) for table in tables],
            "truncated": any(truncated for _, truncated in sides),
            **document_of(tree, compared=base is not None),
        }

    def _stacks(self, look: Look, side: Side, number: int) -> tuple[pa.Table, bool]:
        start, end = side.time_range or (look.start, look.end)
        search = f" {side.search.strip()}" if side.search.strip() else ""
        question = Question(
            text=(
                f"from profiles{search} | project timestamp, stack.frame, stack.in_app, weight, samples"
                f" | sort weight desc, timestamp | limit {MOST_STACKS}"
            ),
            projects=look.projects,
            environments=look.environments,
            start=start,
            end=end,
            action=Action.EVENT_READ,
            limit=MOST_STACKS,
            max_rows=MOST_STACKS,
            query_class="report",
        )
        result = self._queries.answer(replace(question), look.principal)
        return _table(result, number), result.table.num_rows >= MOST_STACKS


def _table(result: Result, side: int) -> pa.Table:
    found = result.table
    moments = found.column("timestamp").cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64())
    columns: dict[str, Any] = {
        "frames": found.column("stack.frame").cast(pa.list_(pa.string())),
        "in_app": found.column("stack.in_app").cast(pa.list_(pa.bool_())),
        "weight": pc.fill_null(found.column("weight").cast(pa.int64()), 0),
        "first_ns": pc.fill_null(moments, 0),
        "side": pa.array(np.full(found.num_rows, side), pa.int8()),
        "samples": pc.fill_null(found.column("samples").cast(pa.int64()), 0),
    }
    return pa.table(columns)


def document_of(tree: FrameTree, *, compared: bool) -> dict[str, Any]:
    """Return a tree in columns, as the API tells it."""
    packages = [package_of(name) for name in tree.names]
    known = sorted(set(packages))
    number = {package: place for place, package in enumerate(known)}
    return {
        "names": [name[:_CHARS] for name in tree.names],
        "in_app": tree.in_app,
        "packages": known,
        "package": [number[package] for package in packages],
        "cut": tree.cut,
        "name": tree.name.tolist(),
        "parent": tree.parent.tolist(),
        "own": tree.own[0].tolist(),
        "total": tree.total[0].tolist(),
        "first": _ranks(tree),
        "base_own": tree.own[1].tolist() if compared else None,
        "base_total": tree.total[1].tolist() if compared else None,
    }


def _ranks(tree: FrameTree) -> list[int]:
    """Return the order of first sight as small numbers."""
    found: list[int] = np.unique(tree.first_ns, return_inverse=True)[1].tolist()
    return found
