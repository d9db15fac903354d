"""The nine base queries on DuckDB over the same rows, beside our own numbers.

DuckDB reads a Parquet file that is written once from the event store. Both engines get the two cores and all time they
want. DuckDB is no dependency of Amber: `pip install duckdb` makes this table appear, else it says that it is not there.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks import stats
from benchmarks.events import END, Shape
from benchmarks.query_cases import ALL_PROJECTS, ONE_PROJECT
from benchmarks.vocabulary import NEEDLE
from engine.eventstore import EventStore, Limits
from engine.schema import promoted_column

FILE = "errors.parquet"
SPANS_FILE = "transactions-us.parquet"
PAIRS = 5
_COLUMNS = (
    "project_id, timestamp, event_id, level, environment, release, transaction, error_type, message, user, user_id"
)
_LIMITS = Limits(max_seconds=3600.0)
_SCOPES = {"one project": f"project_id = {ONE_PROJECT}", "all projects": f"project_id IN {ALL_PROJECTS}"}

QUERIES: Mapping[str, str] = {
    "hourly": "SELECT date_trunc('hour', timestamp) AS h, count(*) FROM ev WHERE {where} GROUP BY h ORDER BY h",
    "top-errors": 'SELECT error_type, count(*) AS n, count(DISTINCT "user") FROM ev WHERE {where}'
    " GROUP BY error_type ORDER BY n DESC, error_type LIMIT 10",
    "p95-by-transaction": "SELECT name, count(*), quantile_cont(duration_ns::DOUBLE, 0.95) AS p FROM tx WHERE {where}"
    " GROUP BY name ORDER BY p DESC, name LIMIT 50",
    "tag-by-release": "SELECT release, count(*) AS n FROM ev WHERE {where} AND region = 'region-2'"
    " GROUP BY release ORDER BY n DESC, release LIMIT 50",
    "message-substring": 'SELECT count(*), count(DISTINCT "user") FROM ev WHERE {where} AND message ILIKE \'%'
    + NEEDLE
    + "%'",
    "facet": "SELECT plan, count(*) AS n FROM ev WHERE {where} GROUP BY plan ORDER BY n DESC LIMIT 10",
    "top-5-series": "WITH t AS (SELECT error_type FROM ev WHERE {where} GROUP BY error_type ORDER BY count(*) DESC"
    " LIMIT 5) SELECT date_trunc('day', timestamp) AS d, CASE WHEN error_type IN (SELECT error_type FROM t)"
    " THEN error_type ELSE 'Other' END AS s, count(*) FROM ev WHERE {where} GROUP BY d, s ORDER BY s, d",
    "last-100": "SELECT event_id, timestamp, message, user_id, http_url FROM ev WHERE {where} AND level = 'fatal'"
    " AND environment = 'production' ORDER BY timestamp DESC LIMIT 100",
    "two-keys-having": 'SELECT error_type, release, count(*) AS n, count(DISTINCT "user") AS u FROM ev WHERE {where}'
    " GROUP BY error_type, release HAVING count(*) > 100 ORDER BY u DESC, error_type, release LIMIT 100",
}
"""By the key of the case in `benchmarks.query_cases`."""


def measure_duckdb(
    store: EventStore, shape: Shape, directory: Path, ours: Callable[[str, str], Callable[[], float]]
) -> dict[str, Any]:
    """Return median milliseconds of both by case and scope, run in turn, or why there are none.

    Args:
        store: where the rows are.
        shape: of the rows.
        directory: where the Parquet files are kept.
        ours: makes of a case and a scope what runs it once and returns its milliseconds.
    """
    try:
        duckdb = importlib.import_module("duckdb")
    except ImportError:
        return {"missing": "duckdb is not installed; `pip install duckdb` for this table"}
    export(store, directory)
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET TimeZone = 'UTC'")
    for view, file in (("ev", FILE), ("tx", SPANS_FILE)):
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet('{directory / file}')")
    start, end = (moment.strftime("%Y-%m-%d %H:%M:%S+00") for moment in (shape.start, END))
    time_range = f"timestamp >= TIMESTAMPTZ '{start}' AND timestamp < TIMESTAMPTZ '{end}'"
    found: dict[str, dict[str, dict[str, float]]] = {}
    refused: dict[str, str] = {}
    for key, sql in QUERIES.items():
        for scope, condition in _SCOPES.items():
            statement = sql.format(where=f"{time_range} AND {condition}")
            try:
                mine, theirs = stats.interleave(ours(key, scope), partial(_timed, connection, statement), pairs=PAIRS)
            except duckdb.Error as error:
                # A build without the extension that has a function, such as quantile_cont, says so here.
                refused[key] = str(error).partition("\n")[0]
                break
            found.setdefault(key, {})[scope] = {"amber": stats.median(mine), "duckdb": stats.median(theirs)}
    return {"version": duckdb.__version__, "ms": found, "refused": refused}


def export(store: EventStore, directory: Path) -> None:
    """Write the rows the queries read as Parquet, sorted as the store has them; what is there already stays."""
    region, plan = (f"`{promoted_column(key)}`" for key in ("region", "plan"))
    errors = f"SELECT {_COLUMNS}, http_url, {region} AS region, {plan} AS plan FROM errors"
    # DuckDB neither compares nor casts nanoseconds with a zone.
    moment = "toDateTime64(s.timestamp, 6, 'UTC') AS timestamp"
    spans = f"SELECT project_id, {moment}, name, duration_ns FROM spans AS s WHERE is_segment"
    for file, sql in ((FILE, errors), (SPANS_FILE, spans)):
        target = directory / file
        if target.exists():
            continue
        scratch = target.with_suffix(".tmp")
        with store.stream(sql, limits=_LIMITS) as batches, pq.ParquetWriter(scratch, batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        scratch.replace(target)


def _timed(connection: Any, statement: str) -> float:
    began = time.perf_counter()
    connection.execute(statement).to_arrow_table()
    return (time.perf_counter() - began) * 1000
