"""Rows of possible causes, and how what makes analyses is asked for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

import pyarrow as pa

from engine.schema import Unit
from queries.operations.notes import costed, noted
from queries.types import FLOAT, INTEGER, SPARSE_STRING, STRING, TIME, Missing

OPERATION: Final = "rca"

COLUMNS: Final = {
    "rank": INTEGER,
    "kind": STRING,
    "service": SPARSE_STRING,
    "change": SPARSE_STRING,
    "confidence": replace(FLOAT, unit=Unit.RATIO),
    "onset": replace(TIME, missing=Missing.NULL, precision=3),
    "why": STRING,
    "evidence": STRING,
}

_FIELDS: Final[list[tuple[str, pa.DataType]]] = [
    ("rank", pa.int64()),
    ("kind", pa.string()),
    ("service", pa.string()),
    ("change", pa.string()),
    ("confidence", pa.float64()),
    ("onset", pa.timestamp("ms", tz="UTC")),
    ("why", pa.string()),
    ("evidence", pa.string()),
]


@dataclass(frozen=True, slots=True)
class CauseQuestion:
    """What went wrong, for whoever finds out why.

    Attributes:
        text: rows of one data set, and the number of them that went wrong where one is named.
        start: when it begins to be bad, inclusive.
        end: when that ends, exclusive.
        baseline: how long before it is compared with; None for the usual.
        projects: ids of the projects that may be looked at, all of them the caller's.
        environments: those of the request; empty for all.
        limit: most causes.
    """

    text: str
    start: dt.datetime
    end: dt.datetime
    baseline: dt.timedelta | None
    projects: tuple[int, ...]
    environments: tuple[str, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Cause:
    """One possible cause.

    Attributes:
        kind: in a word, such as `deploy` or `slow-query`.
        service: that is blamed; empty for none.
        change: what is blamed of what was changed, in a line; empty for none.
        confidence: how probable it is that this is the cause, 0 to 1.
        onset: when it began; None where that is not known.
        why: in one sentence.
        evidence: sentences, strongest first.
    """

    kind: str
    service: str
    change: str
    confidence: float
    onset: dt.datetime | None
    why: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Causes:
    """What was found: causes, most probable first; what is to be said beside them; rows the store read for it."""

    causes: tuple[Cause, ...]
    notes: tuple[str, ...] = field(default=())
    rows_read: int = 0


def causes(find: Callable[[CauseQuestion], Causes], options: Mapping[str, object]) -> pa.Table:
    """Return the causes of what the options describe, as rows of `COLUMNS`."""
    baseline_ns = cast("int", options["baseline_ns"])
    limit = cast("int", options["limit"])
    found = find(
        CauseQuestion(
            text=cast("str", options["text"]),
            start=dt.datetime.fromisoformat(cast("str", options["start"])),
            end=dt.datetime.fromisoformat(cast("str", options["end"])),
            baseline=dt.timedelta(microseconds=baseline_ns / 1000) if baseline_ns else None,
            projects=tuple(cast("Sequence[int]", options["projects"])),
            environments=tuple(cast("Sequence[str]", options["environments"])),
            limit=limit,
        )
    )
    rows = [
        {
            "rank": rank,
            "kind": one.kind,
            "service": one.service or None,
            "change": one.change or None,
            "confidence": one.confidence,
            "onset": one.onset,
            "why": one.why,
            "evidence": "\n".join(one.evidence),
        }
        for rank, one in enumerate(found.causes[:limit], 1)
    ]
    return costed(noted(pa.Table.from_pylist(rows, schema=pa.schema(_FIELDS)), found.notes), found.rows_read)
