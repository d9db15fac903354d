"""ClickHouse DDL of the declared schema. `python -m engine.ddl` prints what the first migration must hold."""

from __future__ import annotations

import sys

from engine.schema import DICTIONARIES, TABLES, Column, Dictionary, Table

_WIDE_PART_BYTES = 64 * 1024 * 1024
"""Uncompressed; twice what the normaliser puts into one block."""


def column_definition(column: Column) -> str:
    """Return the definition of one column."""
    parts = [f"`{column.name}`", column.kind.value]
    if column.alias:
        parts.append(f"ALIAS {column.alias}")
    if column.default:
        parts.append(f"DEFAULT {column.default}")
    if column.codec:
        parts.append(f"CODEC({column.codec})")
    return " ".join(parts)


def index_definitions(column: Column) -> list[str]:
    """Return the skip indexes of one column."""
    if not column.index:
        return []
    if ": " not in column.index:
        return [f"INDEX {column.name}_index `{column.name}` TYPE {column.index}"]
    definitions = []
    for part in column.index.split(";"):
        name, _, rest = part.strip().partition(": ")
        kind, _, expression = rest.partition(" on ")
        definitions.append(f"INDEX {name} {expression} TYPE {kind}")
    return definitions


def create_table(table: Table) -> str:
    """Return the statement that creates `table` when it does not exist.

    `fsync_after_insert` and `fsync_part_directory` make an insert durable when it returns. Measured in 16 interleaved
    pairs with blocks of 1 000 events of 16 KB, on a disk that others synced too: 73 ms of 615 ms.

    A block as inserted is one file with all columns: as a file for each column it costs twice the CPU (measured with
    800 events of 16 KB: 233 ms against 128 ms; with 1 200: 325 against 136). Merges make larger parts wide.
    """
    members = [column_definition(column) for column in table.columns]
    members += [index for column in table.columns for index in index_definitions(column)]
    members += [f"PROJECTION {name} ({body})" for name, body in table.projections]
    settings = {
        "non_replicated_deduplication_window": table.dedup_window,
        "fsync_after_insert": 1,
        "fsync_part_directory": 1,
        "min_bytes_for_wide_part": _WIDE_PART_BYTES,
    }
    clauses = [
        f"CREATE TABLE IF NOT EXISTS {table.name}\n(\n    " + ",\n    ".join(members) + "\n)",
        f"ENGINE = {table.engine}",
        f"PARTITION BY {table.partition_by}" if table.partition_by else "",
        f"ORDER BY ({', '.join(table.order_by)})",
        f"TTL {table.ttl}" if table.ttl else "",
        "SETTINGS " + ", ".join(f"{name} = {value}" for name, value in settings.items()),
    ]
    return "\n".join(clause for clause in clauses if clause)


def create_rollup_view(table: Table) -> str:
    """Return the statement that creates the materialised view feeding the roll-up `table`."""
    return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {table.name}_view TO {table.name} AS\n{rollup_query(table)}"


def rollup_query(table: Table) -> str:
    """Return the SELECT that makes rows of the roll-up `table` from those it counts."""
    select, _, group_by = table.rollup_select.partition(" GROUP BY ")
    unfold = f"\nARRAY JOIN {table.rollup_unfold}" if table.rollup_unfold else ""
    return f"SELECT {select}\nFROM {table.rollup_of}{unfold}\nGROUP BY {group_by}"


def create_dictionary(dictionary: Dictionary) -> str:
    """Return the statement that creates a dictionary over a log of exceptions.

    Its source takes the newest version itself (argMax): over the bare table, rows that are not merged yet would win
    by chance. LIFETIME(0) because reloads are explicit: periodic ones of local sources do not fire in chDB.
    """
    names = (*dictionary.keys, *dictionary.values)
    members = (f"    `{name}` {dictionary.log.column(name).kind.value}" for name in names)
    return (
        f"CREATE DICTIONARY IF NOT EXISTS {dictionary.name}\n"
        "(\n" + ",\n".join(members) + "\n)\n"
        f"PRIMARY KEY {', '.join(dictionary.keys)}\n"
        f"SOURCE(${{{dictionary.name}_source}})\n"
        "LIFETIME(0)\nLAYOUT(COMPLEX_KEY_HASHED())"
    )


def schema_statements() -> list[str]:
    """Return the statements that make the declared schema in an empty database, in order.

    Tables without computed columns come first: dictionaries read some of them, and the others name a dictionary. Where
    a dictionary reads from depends on the store: `engine.migrations` fills it in.
    """
    plain = [t for t in TABLES.values() if not any(c.alias for c in t.columns)]
    computed = [t for t in TABLES.values() if any(c.alias for c in t.columns)]
    rollups = [t for t in TABLES.values() if t.rollup_of]
    return [
        *(create_table(t) for t in plain),
        *(create_dictionary(d) for d in DICTIONARIES.values()),
        *(create_table(t) for t in computed),
        *(create_rollup_view(t) for t in rollups),
    ]


if __name__ == "__main__":
    sys.stdout.write(";\n\n".join(schema_statements()) + ";\n")
