"""Pages of raw rows in the order of time: a total order, the keys of the last row, and what lies behind a cursor.

    … WHERE timestamp < t OR timestamp = t AND (project_id < p OR project_id = p AND event_id < e)
    ORDER BY timestamp DESC, project_id DESC, event_id DESC

The range of the scan ends at the time of the cursor, so that a page deep in the range costs what the first one does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir

from engine.schema import Kind, Table
from queries.cursor import Cursor, Key, fingerprint
from queries.errors import QueryError
from queries.plan.block import Block, Order, Scan
from queries.plan.builder import Builder, Output
from queries.plan.model import PlanContext
from queries.types import Base, ValueType, type_of_kind
from queries.values.calls import call
from queries.values.typed import Typed, whole

_MAKERS = {
    Kind.TIME_NANO: ("fromUnixTimestamp64Nano", 1),
    Kind.TIME_MICRO: ("fromUnixTimestamp64Micro", 1_000),
    Kind.TIME_MILLI: ("fromUnixTimestamp64Milli", 1_000_000),
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def paged(block: Block, canonical: str, builder: Builder) -> tuple[Block, list[Output]] | None:
    """Return a block in a total order, behind the request's cursor, and the outputs that make the next one.

    None when the request wants no pages, or the rows are no raw ones in the order of time alone.

    Raises:
        QueryError: there is a cursor, and it does not belong to this query.
    """
    context = builder.context
    keys = _keys(block)
    if not keys or not (context.paging or context.after):
        refuse_cursor(context)
        return None
    if context.after is not None:
        if context.after.query != page_query(canonical, context) or len(context.after.keys) != len(keys):
            raise QueryError(
                "`after` is the `next` of another query, or of other projects, environments or parameters.",
                code="cursor-invalid",
                suggestion="Begin without it; keep all of these the same from page to page.",
            )
        block = _behind(context.after, keys, block, builder)
    descending = block.order[0].descending
    order = (*block.order, *(Order(typed.value, descending) for _, typed in keys))
    time = Typed(block.order[0].value, ValueType(Base.TIME, precision=9))
    return replace(block, order=order), [("\x00at", time), *keys]


def page_query(canonical: str, context: PlanContext) -> str:
    """Return what a cursor keeps of a request: pages of another scope are no pages of this answer."""
    params = sorted(context.params.items())
    return fingerprint(canonical, sorted(context.projects), sorted(context.environments), params)


def refuse_cursor(context: PlanContext) -> None:
    """Raise QueryError when a request has a cursor, for an answer that has no pages."""
    if context.after is not None:
        raise QueryError(
            "Only raw rows in the order of time have further pages.",
            code="cursor-invalid",
            suggestion="Leave `after` out, or use limit and sort.",
        )


def _keys(block: Block) -> list[Output]:
    """Return what orders rows of one time; nothing where rows are not in the order of time alone."""
    source = block.source
    raw = isinstance(source, Scan) and block.grouping is None and not block.is_cut and len(block.order) == 1
    if not raw or not isinstance(source, Scan):
        return []
    table = source.catalog.table
    timed = table.time_column is not None and block.order[0].value.equals(block.table[table.time_column])
    if not timed or table.scope_column is None or table.column(str(table.time_column)).kind not in _MAKERS:
        return []
    names = {column.name for column in table.columns}
    if not names.issuperset(table.identity):
        return []
    return [(f"\x00{name}", _key(block, table, name)) for name in (table.scope_column, *table.identity)]


def _key(block: Block, table: Table, name: str) -> Typed:
    return Typed(block.table[name], type_of_kind(table.column(name).kind))


def _behind(cursor: Cursor, keys: list[Output], block: Block, builder: Builder) -> Block:
    """Return the rows of a block that come after a cursor in its order, its scan no longer than that needs."""
    assert isinstance(block.source, Scan)
    first = block.order[0]
    table = block.source.catalog.table
    maker, unit_ns = _MAKERS[table.column(str(table.time_column)).kind]
    at = call(maker, ValueType(Base.TIME), cursor.at_ns // unit_ns, "UTC")
    later: ir.Value | None = None
    for (_, typed), value in reversed(list(zip(keys, cursor.keys, strict=True))):
        later = _after(typed.value, _literal(value, typed), later, descending=first.descending)
    condition = _after(first.value, at, later, descending=first.descending)
    start, end = block.source.time
    micros = _EPOCH + cursor.at_ns // 1_000 * _MICROSECOND
    if first.descending:
        end = max(min(end, micros + _MICROSECOND), start + _MICROSECOND)
    else:
        start = min(max(start, micros), end - _MICROSECOND)
    alias = block.source.alias
    builder.scans = [(a, t, (start, end) if a == alias else time) for a, t, time in builder.scans]
    source = replace(block.source, time=(start, end))
    return replace(block, source=source, time=(start, end), where=(*block.where, condition))


def _after(value: Any, than: Any, equal: ir.Value | None, *, descending: bool) -> ir.Value:
    """Return whether a value comes after another in the order; where they are the same, what `equal` says."""
    beyond: ir.Value = value < than if descending else value > than
    return beyond if equal is None else beyond | ((value == than) & equal)


def _literal(value: Key, typed: Typed) -> Any:
    if isinstance(value, int) != (typed.type.base is Base.INTEGER):
        raise QueryError("`after` is not the `next` of an answer.", code="cursor-invalid")
    return whole(value) if isinstance(value, int) else value
