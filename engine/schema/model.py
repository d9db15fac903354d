"""The vocabulary of the schema declaration: types, columns, tables, fields.

Tables and fields are plain frozen data. DDL, Arrow schemas, the query compiler's tables, the field catalogue and
`docs/reference/fields.md` are all derived from them, so a column is written down once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """The logical types a column can have. The value is the ClickHouse type."""

    STRING = "String"
    SYMBOL = "LowCardinality(String)"
    UINT8 = "UInt8"
    UINT16 = "UInt16"
    UINT32 = "UInt32"
    UINT64 = "UInt64"
    INT32 = "Int32"
    FLOAT64 = "Float64"
    BOOL = "Bool"
    NULLABLE_BOOL = "Nullable(Bool)"
    NULLABLE_UINT16 = "Nullable(UInt16)"
    NULLABLE_FLOAT64 = "Nullable(Float64)"
    TIME_MILLI = "DateTime64(3, 'UTC')"
    TIME_MICRO = "DateTime64(6, 'UTC')"
    TIME_NANO = "DateTime64(9, 'UTC')"
    NULLABLE_TIME = "Nullable(DateTime64(3, 'UTC'))"
    HOUR = "DateTime('UTC')"
    STRINGS = "Array(String)"
    SYMBOLS = "Array(LowCardinality(String))"
    UINT8S = "Array(UInt8)"
    UINT32S = "Array(UInt32)"
    UINT64S = "Array(UInt64)"
    FLOAT64S = "Array(Float64)"
    BOOLS = "Array(Bool)"
    STRING_MAP = "Map(LowCardinality(String), String)"
    NUMBER_MAP = "Map(LowCardinality(String), Float64)"
    USERS_STATE = "AggregateFunction(uniq, String)"
    SUM_UINT64 = "SimpleAggregateFunction(sum, UInt64)"
    SUM_FLOAT64 = "SimpleAggregateFunction(sum, Float64)"
    MAX_UINT16 = "SimpleAggregateFunction(max, UInt16)"
    MIN_TIME = "SimpleAggregateFunction(min, DateTime64(6, 'UTC'))"
    MAX_TIME = "SimpleAggregateFunction(max, DateTime64(6, 'UTC'))"


class Unit(Enum):
    """What a number counts. The language refuses to compare two different ones."""

    NONE = "none"
    NANOSECOND = "ns"
    MILLISECOND = "ms"
    BYTE = "byte"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Column:
    """One physical column.

    Attributes:
        codec: ClickHouse codec expression, empty for the server's default.
        default: ClickHouse default expression for rows that do not send it, empty for none.
        alias: ClickHouse expression of a column that is computed on read and never stored, empty for stored ones.
        index: skip index in ClickHouse's words (`bloom_filter(0.01) GRANULARITY 4`), empty for none; several, or one
            over an expression, as `name: type on expression`, separated by `;`. Text is indexed as `lower(column)`, not
            with the index's own preprocessor: that one applies only where the index is used, so that the same condition
            finds other rows where it is not.
    """

    name: str
    kind: Kind
    doc: str
    codec: str = ""
    default: str = ""
    alias: str = ""
    index: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One physical table with its scope and time rules.

    Attributes:
        scope_column: the column the tenant predicate is put on, or None for a table without tenants.
        time_column: the column the time bound is put on, or None for a table without time.
        order_by: sorting key expressions.
        partition_by: partition expression, empty for none.
        ttl: TTL expression, empty for none.
        engine: table engine.
        dedup_window: how many insert tokens the engine remembers.
        identity: columns that tell rows of one project and time apart; pages of raw rows are ordered by them.
        projections: `name` -> body, in ClickHouse's words.
        rollup_of: name of the table whose inserts feed this one through a materialised view, empty for none.
        rollup_select: the SELECT list and GROUP BY of that view.
        rollup_unfold: what its ARRAY JOIN makes of a row before that, empty for nothing.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    order_by: tuple[str, ...]
    scope_column: str | None = "project_id"
    time_column: str | None = "timestamp"
    partition_by: str = ""
    ttl: str = ""
    engine: str = "MergeTree"
    dedup_window: int = 10_000
    identity: tuple[str, ...] = ("id",)
    projections: tuple[tuple[str, str], ...] = ()
    rollup_of: str = ""
    rollup_select: str = ""
    rollup_unfold: str = ""

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Field:
    """One name a Discover query may use for a dataset.

    Attributes:
        name: the field's public name, as users of Sentry know it (`error.type`).
        column: the physical column, or a `column[key]` map access such as `contexts[os.name]`.
        any_of: for filters, the array column of which any element may match; empty for the column itself.
        unit: what a numeric field counts.
        doc: one line for the reference page and completion.
        aliases: other names that mean the same.
    """

    name: str
    column: str
    doc: str
    any_of: str = ""
    unit: Unit = Unit.NONE
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """What `from NAME` reads: a table, an optional row condition, and its fields.

    Attributes:
        condition: ClickHouse boolean column every row must have set (`is_segment` for `transactions`), or empty.
        free_text: columns that bare words search, most specific first.
        tags: the map column unknown keys are looked up in, or empty.
        defaults: fields shown for raw rows when the query names none.
        facets: fields whose values `facets` counts when the query names none; all have few values.
    """

    name: str
    table: str
    doc: str
    fields: tuple[Field, ...]
    free_text: tuple[str, ...] = ()
    tags: str = ""
    condition: str = ""
    defaults: tuple[str, ...] = field(default=())
    facets: tuple[str, ...] = ()
