"""Frequent combinations of values that belong together: the mining behind the stage `cluster`.

Frequent sets are grown depth first over ever smaller lists of rows (Zaki, Scalable algorithms for association mining,
IEEE TKDE 12, 2000), so that every count is exact. Of these only productive ones are shown: sets of which every value
is more frequent among the rows with the others than elsewhere, by an exact or chi-square test corrected for the number
of sets (Webb, Self-sufficient itemsets, ACM TKDD 4, 2010). A set that every superset repeats, or a value that only
happens to be frequent everywhere, is thereby left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

import pyarrow as pa

from queries import ast
from queries.operations.notes import noted
from queries.operations.significance import adjusted, table_p_value
from queries.printer_search import print_search

MAX_SIZE: Final = 5
"""Values of a combination."""

MAX_SETS: Final = 20_000
"""Frequent sets looked at; with more of them the least frequent are not, which is said."""

LEAST_ROWS: Final = 5
LEAST_LIFT: Final = 1.1
"""How much more frequent a value must be with the others than by itself."""

MOST_P_VALUE: Final = 0.01
_PLAIN_KEY: Final = re.compile(r"[a-zA-Z0-9_.-]+")
_PLAIN_VALUE: Final = re.compile(r"[a-zA-Z0-9_.@/+-]+")
_TAG: Final = re.compile(r'tags\["(.+)"\]', re.DOTALL)

Items = tuple[int, ...]
"""Numbers of values, ascending."""


class _Row(NamedTuple):
    items: Items
    weight: int


@dataclass(frozen=True, slots=True)
class _Set:
    items: Items
    count: int
    lift: float
    leverage: float
    p_value: float


def combinations(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
    """Return combinations of values, those first whose rows are most in excess of chance.

    Args:
        inputs: one table: a column for each field, null for values that are missing or rare, and the count last.
        options: `limit`, most combinations, `share`, the least part of the rows one must have, and `fields`, their
            names.
    """
    (table,) = inputs
    names = cast("list[str]", options["fields"])
    counts = [int(count or 0) for count in table.column(table.num_columns - 1).to_pylist()]
    total = sum(counts)
    least = max(LEAST_ROWS, cast("float", options["share"]) * total)
    values, rows = _numbered([table.column(i).to_pylist() for i in range(len(names))], counts, least)
    frequent: dict[Items, int] = {}
    notes: list[str] = []
    for items, count in _grown((), rows, least):
        frequent[items] = count
        if len(frequent) >= MAX_SETS:
            notes.append(f"There are more than {MAX_SETS:,} frequent combinations; not all were looked at.")
            break
    found = _closed(_productive(frequent, total), frequent)
    found.sort(key=lambda s: (-s.leverage, len(s.items), s.items))
    shown = found[: cast("int", options["limit"])]
    texts = [_text([(names[values[i][0]], values[i][1]) for i in one.items]) for one in shown]
    made = pa.table(
        {
            "combination": pa.array(texts, pa.string()),
            "size": pa.array([len(one.items) for one in shown], pa.int64()),
            "count": pa.array([one.count for one in shown], pa.int64()),
            "support": pa.array([one.count / total for one in shown], pa.float64()),
            "lift": pa.array([one.lift for one in shown], pa.float64()),
            "p_value": pa.array([one.p_value for one in shown], pa.float64()),
        }
    )
    if not shown:
        notes.append("No values come together more often than by chance.")
    return noted(made, notes)


def _numbered(
    columns: list[list[str | None]], counts: list[int], least: float
) -> tuple[list[tuple[int, str]], list[_Row]]:  # fmt: skip
    """Return the frequent values of the fields, most frequent first, and the rows as numbers of such values."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for field, column in enumerate(columns):
        for value, count in zip(column, counts, strict=True):
            if value is not None:
                sums[field, value] += count
    kept = sorted((key for key, count in sums.items() if count >= least), key=lambda k: (-sums[k], k))
    number = {key: i for i, key in enumerate(kept)}
    merged: dict[Items, int] = defaultdict(int)
    for row, count in enumerate(counts):
        held = (
            number.get((field, column[row] or "")) for field, column in enumerate(columns) if column[row] is not None
        )
        merged[tuple(sorted(item for item in held if item is not None))] += count
    return kept, [_Row(items, count) for items, count in merged.items()]


def _grown(prefix: Items, rows: list[_Row], least: float) -> Iterator[tuple[Items, int]]:
    """Yield all sets of at most `MAX_SIZE` values that begin with a prefix and are frequent among its rows."""
    sums: dict[int, int] = defaultdict(int)
    for items, weight in rows:
        for item in items:
            sums[item] += weight
    for item in sorted(sums):
        if sums[item] < least:
            continue
        grown = (*prefix, item)
        yield grown, sums[item]
        if len(grown) < MAX_SIZE:
            rest = [_Row(row.items[row.items.index(item) + 1 :], row.weight) for row in rows if item in row.items]
            yield from _grown(grown, [row for row in rest if row.items], least)


def _productive(frequent: Mapping[Items, int], total: int) -> list[_Set]:
    tested: list[_Set] = []
    for items, count in frequent.items():
        if len(items) < 2:
            continue
        lift = 1.0
        for item in items:
            lift *= total / frequent[item,]
        excess, p_value = _least_excess(items, frequent, total)
        tested.append(_Set(items, count, lift * count / total, excess, p_value))
    p_values = adjusted([one.p_value for one in tested])
    return [
        _Set(one.items, one.count, one.lift, one.leverage, p_value)
        for one, p_value in zip(tested, p_values, strict=True)
        if p_value <= MOST_P_VALUE and one.leverage > 0.0
    ]


def _least_excess(items: Items, frequent: Mapping[Items, int], total: int) -> tuple[float, float]:
    """Return the least excess over chance among the ways to take one value out of a set, and the largest p-value.

    The excess is the share of rows beyond that of independence, 0 when a value is hardly more frequent with the others.
    """
    count = frequent[items]
    least, most = 1.0, 0.0
    for item in items:
        others = frequent[tuple(i for i in items if i != item)]
        alone = frequent[item,]
        chance = others * alone / total
        least = min(least, (count - chance) / total if count >= LEAST_LIFT * chance else 0.0)
        most = max(most, table_p_value(count, others, alone - count, total - others) if others < total else 1.0)
    return least, most


def _closed(sets: list[_Set], frequent: Mapping[Items, int]) -> list[_Set]:
    """Leave out sets with as many rows as a larger one among them: the larger one says all they say."""
    covered: set[tuple[Items, int]] = set()
    for one in sets:
        for item in one.items:
            covered.add((tuple(i for i in one.items if i != item), one.count))
    return [one for one in sets if (one.items, frequent[one.items]) not in covered]


def _text(pairs: list[tuple[str, str]]) -> str:
    """Return a combination as the search that finds its rows."""
    return print_search(ast.Search(ast.And(tuple(_filter(name, value) for name, value in sorted(pairs)))))


def _filter(name: str, value: str) -> ast.Filter:
    tag = _TAG.fullmatch(name)
    key: ast.Key | ast.TagKey = ast.Key(name, quoted=not _PLAIN_KEY.fullmatch(name))
    if tag is not None:
        key = ast.TagKey(tag[1])
    text = ast.Text(value, ast.TextMatch.EXACT, quoted=not _PLAIN_VALUE.fullmatch(value))
    return ast.Filter(key, ast.Op.EQ, text)
