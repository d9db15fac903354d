"""Promotion: a hot tag key gets a column of its own, which reads faster than the map."""

from __future__ import annotations

from engine.errors import UserError
from engine.migrations._run import StatementRunner, record
from engine.schema import DATASETS, promoted_column

_KIND = "promote/"


def promote_tag(store: StatementRunner, dataset: str, key: str) -> str:
    """Give tag `key` of `dataset` a column, and return its name. Doing it again changes nothing.

    The column is computed when rows are inserted, and on the fly for parts that are older than it, so answers are
    right at once; the engine fills old parts in the background. NULL where the tag is absent, so that promotion
    does not change what `has:key` finds.

    Raises:
        UserError: the dataset is unknown or has no tags.
    """
    declared = DATASETS.get(dataset)
    if declared is None or not declared.tags:
        raise UserError(f"{dataset!r} is no dataset with tags.", code="dataset-unknown")
    column = promoted_column(key)
    name = f"{_KIND}{declared.table}/{key}"
    if key in promoted_tags(store).get(dataset, ()):
        return column
    literal = "'" + key.replace("\\", "\\\\").replace("'", "\\'") + "'"
    tags = declared.tags
    store.statement(
        f"ALTER TABLE {declared.table} ADD COLUMN IF NOT EXISTS `{column}` LowCardinality(Nullable(String))"
        f" MATERIALIZED if(mapContains({tags}, {literal}), {tags}[{literal}], NULL)"
    )
    store.statement(f"ALTER TABLE {declared.table} MATERIALIZE COLUMN `{column}` SETTINGS mutations_sync = 0")
    record(store, name, "")
    return column


def promoted_tags(store: StatementRunner) -> dict[str, tuple[str, ...]]:
    """Return the promoted keys by dataset; every dataset of a table shares them."""
    names = "SELECT DISTINCT name FROM amber_migrations WHERE startsWith(name, {kind:String}) ORDER BY name"
    rows = store.query(names, {"kind": _KIND}).table
    by_table: dict[str, list[str]] = {}
    for row in rows.to_pylist():
        name: str = row["name"]
        table, _, key = name.removeprefix(_KIND).partition("/")
        by_table.setdefault(table, []).append(key)
    return {d.name: tuple(by_table[d.table]) for d in DATASETS.values() if d.table in by_table and d.tags}
