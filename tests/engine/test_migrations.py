"""Migrations of the event store, on a database of their own beside the shared tables."""

from __future__ import annotations

import re
import string
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pytest

from engine.ddl import create_dictionary, create_rollup_view, create_table, schema_statements
from engine.errors import StateError, UserError
from engine.eventstore import EventStore, StoreResult
from engine.migrations import MIGRATIONS, Migration, dictionary_sources, promote_tag, promoted_tags, run_migrations
from engine.schema import DATASETS, DICTIONARIES, TABLES, promoted_column

RowMaker = Callable[..., pa.Table]


@dataclass
class Scratch:
    """A store whose statements run in a database of its own: names of tables are written with it in front."""

    store: EventStore
    database: str

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> StoreResult:
        return self.store.query(self._moved(sql), parameters)

    def statement(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        self.store.statement(self._moved(sql), parameters)

    def _moved(self, sql: str) -> str:
        names = "|".join(
            [*TABLES, "errors_hourly_view", "errors_values_hourly_view", "amber_migrations", *DICTIONARIES, "t"]
        )
        moved = re.sub(
            rf"\b(FROM|TO|TABLE|INTO|DICTIONARY|VIEW)( IF NOT EXISTS| IF EXISTS)? ({names})\b",
            rf"\1\2 {self.database}.\3",
            sql,
        )
        return re.sub(r"dictGetOrDefault\('(\w+_map)'", rf"dictGetOrDefault('{self.database}.\1'", moved)


@pytest.fixture
def scratch(event_store: EventStore) -> Iterator[Scratch]:
    """A new database."""
    name = f"scratch_{uuid.uuid4().hex}"
    event_store.statement(f"CREATE DATABASE {name}")
    yield Scratch(event_store, name)
    event_store.statement(f"DROP DATABASE {name}")


def first(checksum_of: str = "", name: str = "0001_one") -> Migration:
    return Migration(name, f"CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a;\n{checksum_of}")


def test_migrations_run_once_and_in_order(scratch: Scratch) -> None:
    """New ones are applied after the known ones; those applied before are left alone."""
    second = Migration("0002_two", "ALTER TABLE t ADD COLUMN IF NOT EXISTS b UInt8;\n")
    assert run_migrations(scratch, {}, [first()]) == ["0001_one"]
    assert run_migrations(scratch, {}, [first(), second]) == ["0002_two"]
    assert run_migrations(scratch, {}, [first(), second]) == []


def test_a_changed_migration_is_refused(scratch: Scratch) -> None:
    """The store cannot be what the changed text says, so nothing is done."""
    run_migrations(scratch, {}, [first()])
    changed = first("-- a word more\n")
    later = Migration("0002_two", "ALTER TABLE t ADD COLUMN IF NOT EXISTS b UInt8;\n")
    with pytest.raises(StateError) as caught:
        run_migrations(scratch, {}, [changed, later])
    assert caught.value.code == "migration-changed"
    assert "0001_one" in caught.value.message
    assert caught.value.hint


def test_a_store_from_a_newer_version_is_refused(scratch: Scratch) -> None:
    """Unknown migrations are named, with what to do."""
    run_migrations(scratch, {}, [first(), Migration("0002_two", "SELECT 1;\n")])
    with pytest.raises(StateError) as caught:
        run_migrations(scratch, {}, [first()])
    assert caught.value.code == "store-newer"
    assert "0002_two" in caught.value.message
    assert "newer Amber" in caught.value.hint


def test_a_migration_that_was_cut_off_is_done_again(scratch: Scratch) -> None:
    """A crash between statement and ledger is harmless."""
    scratch.statement("CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a")
    assert run_migrations(scratch, {}, [first()]) == ["0001_one"]


def test_every_statement_may_run_twice() -> None:
    """Each creates only what does not exist; a table is filled only by the step that dropped it before."""
    for migration in MIGRATIONS:
        dropped: set[str] = set()
        for statement in migration.statements(dictionary_sources("d", "u", "p")):
            if statement.startswith("DROP TABLE IF EXISTS "):
                dropped.add(statement.split()[-1])
            elif statement.startswith("INSERT INTO "):
                assert statement.split()[2] in dropped, statement[:80]
            elif not statement.startswith("DROP VIEW IF EXISTS "):
                assert "IF NOT EXISTS" in statement or "MATERIALIZE INDEX" in statement, statement[:80]


def test_counts_by_value_start_with_the_rows_there_are(scratch: Scratch) -> None:
    """A store that has rows already counts them once, also when the step is cut off and taken again."""
    values = dictionary_sources(scratch.database, "default", "")
    run_migrations(scratch, values, MIGRATIONS[:1])
    insert = "INSERT INTO errors (project_id, timestamp, level, release) SELECT 1, now64(6), 'fatal', {r:String}"
    scratch.statement(insert, {"r": "a"})
    for statement in MIGRATIONS[1].statements(values):
        scratch.statement(statement)
    run_migrations(scratch, values)
    scratch.statement(insert, {"r": "b"})
    counts = "SELECT dimension, value, sum(events) AS n FROM errors_values_hourly GROUP BY ALL ORDER BY ALL"
    found = {(row["dimension"], row["value"]): row["n"] for row in scratch.query(counts).table.to_pylist()}
    assert found[("", "")] == found[("level", "fatal")] == 2
    assert found[("release", "a")] == found[("release", "b")] == 1


def test_names_of_migrations_are_in_order() -> None:
    """Numbers count up without a gap."""
    assert [int(migration.name[:4]) for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


SHAPE = """
SELECT table, name, type, default_kind, default_expression, compression_codec
FROM system.columns WHERE database = {d:String} AND table NOT IN ('amber_migrations') ORDER BY table, position
"""
TABLE_SHAPE = """
SELECT name, engine, partition_key, sorting_key, create_table_query
FROM system.tables WHERE database = {d:String} AND name != 'amber_migrations' ORDER BY name
"""


def test_all_migrations_together_are_the_declared_schema(scratch: Scratch, event_store: EventStore) -> None:
    """A store that was migrated step by step and one made from the declaration have the same tables and columns."""
    run_migrations(scratch, dictionary_sources(scratch.database, "default", ""))
    migrated = [event_store.query(sql, {"d": scratch.database}).table.to_pylist() for sql in (SHAPE, TABLE_SHAPE)]
    other = replace(scratch, database=f"{scratch.database}_declared")
    event_store.statement(f"CREATE DATABASE {other.database}")
    try:
        for statement in schema_statements():
            sources = dictionary_sources(other.database, "default", "")
            other.statement(string.Template(statement).substitute(sources))
        declared = [event_store.query(sql, {"d": other.database}).table.to_pylist() for sql in (SHAPE, TABLE_SHAPE)]
    finally:
        event_store.statement(f"DROP DATABASE {other.database}")
    names = {"_declared": "", other.database: "", scratch.database: ""}
    assert strip(declared, names) == strip(migrated, names)
    assert len(migrated[0]) > 140


def strip(rows: object, names: Mapping[str, str]) -> str:
    text = repr(rows)
    for name in names:
        text = text.replace(name, "")
    return text


def test_statements_for_views_and_dictionaries_name_their_parts() -> None:
    """The roll-up reads the table it is declared for; the dictionary takes the newest version."""
    assert "FROM errors\n" in create_rollup_view(TABLES["errors_hourly"])
    assert "TO errors_hourly " in create_rollup_view(TABLES["errors_hourly"])
    assert "PRIMARY KEY project_id, fingerprint" in create_dictionary(DICTIONARIES["issue_map"])
    assert "argMax(issue_id, version)" in dictionary_sources("amber", "u", "p")["issue_map_source"]
    for table in TABLES.values():
        assert "non_replicated_deduplication_window" in create_table(table)


def test_a_password_with_quotes_stays_a_password() -> None:
    """Credentials are quoted in the source of the dictionary."""
    source = dictionary_sources("a`b", "it's", "back\\slash'")["template_map_source"]
    assert "USER 'it\\'s'" in source
    assert "PASSWORD 'back\\\\slash\\''" in source


def test_a_promoted_tag_answers_as_the_map_does(
    event_store: EventStore, new_project_id: Callable[[], int], rows_of: RowMaker
) -> None:
    """Rows from before and after the promotion, and rows without the tag, give the same values as the map."""
    project_id = new_project_id()
    key = f"browser's na.me {project_id}"
    rows = [{"project_id": project_id, "tags": tags} for tags in ({key: "Firefox"}, {key: ""}, {"other": "x"})]
    event_store.insert_rows("errors", rows_of("errors", rows))
    column = promote_tag(event_store, "errors", key)
    assert column == promoted_column(key) == promote_tag(event_store, "errors", key)
    event_store.insert_rows("errors", rows_of("errors", rows))
    sql = f"SELECT `{column}` AS v, count() AS n FROM errors WHERE project_id = {{p:UInt64}} GROUP BY v ORDER BY v"
    answer = event_store.query(sql, {"p": project_id}).table.to_pylist()
    assert answer == [{"v": "", "n": 2}, {"v": "Firefox", "n": 2}, {"v": None, "n": 2}]
    assert key in promoted_tags(event_store)["errors"]
    assert event_store.migrate() == []


def test_datasets_of_one_table_share_promoted_tags(event_store: EventStore, new_project_id: Callable[[], int]) -> None:
    """A tag promoted for spans is promoted for transactions."""
    key = f"tag{new_project_id()}"
    promote_tag(event_store, "transactions", key)
    promoted = promoted_tags(event_store)
    assert key in promoted["spans"]
    assert promoted["spans"] == promoted["transactions"]


@pytest.mark.parametrize("dataset", ["outcomes", "nonsense"])
def test_only_datasets_with_tags_have_tags_promoted(event_store: EventStore, dataset: str) -> None:
    """Anything else is an error of the caller."""
    with pytest.raises(UserError):
        promote_tag(event_store, dataset, "x")


def test_every_dataset_names_columns_that_exist() -> None:
    """Fields, free text, tags and conditions point into their table."""
    for dataset in DATASETS.values():
        table = TABLES[dataset.table]
        for field in dataset.fields:
            table.column(field.column.partition("[")[0])
            if field.any_of:
                table.column(field.any_of)
        for name in (*dataset.free_text, *filter(None, (dataset.tags, dataset.condition))):
            table.column(name)
        names = [name for field in dataset.fields for name in (field.name, *field.aliases)]
        assert len(names) == len(set(names)), dataset.name
        with pytest.raises(KeyError):
            table.column("no such column")
