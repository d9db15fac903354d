"""The big store the query measurements read: made once, kept in a directory, continued where a load was interrupted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks import events, spans
from benchmarks.events import GENERATOR_VERSION, Shape
from benchmarks.query_cases import PROMOTED
from benchmarks.serving import amber
from engine.eventstore import EventStore, Limits, open_store
from engine.migrations import promote_tag

SPANS_SHARE = 5
"""One span is made for every five events."""

LOADERS = 2
"""Threads that make and insert chunks: an insert uses one core, and what it holds in memory is a gigabyte."""

MERGE_TIMEOUT_S = 300.0


class NotOursError(RuntimeError):
    """The directory holds something this benchmark did not make."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A loaded store.

    Attributes:
        directory: the Amber data directory; `store` below it is the event store.
        errors: shape of the rows of `errors`.
        spans: shape of the rows of `spans`.
    """

    directory: Path
    errors: Shape
    spans: Shape

    @property
    def store_url(self) -> str:
        """URL of the event store."""
        return f"chdb://{self.directory / 'store'}"


def shapes(rows: int, seed: int = 42) -> tuple[Shape, Shape]:
    """Return the shapes of the errors and the spans of a data set with `rows` errors."""
    return Shape(rows=rows, seed=seed), Shape(rows=rows // SPANS_SHARE, seed=seed)


def dataset(home: Path, rows: int, seed: int = 42) -> Dataset:
    """Return where a data set of this size lies below `home`, loaded or not."""
    errors_shape, spans_shape = shapes(rows, seed)
    return Dataset((home / f"rows-{rows}" / "data").resolve(), errors_shape, spans_shape)


def prepare(home: Path, rows: int, *, seed: int = 42, say: Callable[[str], None] = print) -> dict[str, object]:
    """Make or complete the data set below `home`; returns its facts for the report.

    A store made by another version of the generator, or by migrations that have changed since, is deleted and made
    anew. NotOursError when the directory exists without our mark in it.
    """
    data = dataset(home, rows, seed)
    mark = data.directory.parent / "benchmark.json"
    wanted = {"generator": GENERATOR_VERSION, "seed": seed, "rows": rows, "promoted": list(PROMOTED)}
    state = _state(mark, data.directory.parent, wanted)
    if data.directory.exists() and not _fits(data):
        say("The schema has changed since the data set was made; making it anew.")
        shutil.rmtree(data.directory.parent)
        state = dict(wanted)
    if not data.directory.exists():
        data.directory.parent.mkdir(parents=True, exist_ok=True)
        _write(mark, state)
        amber("init", "--data", str(data.directory), log=data.directory.parent / "init.log")
    began = time.perf_counter()
    store = open_store(data.store_url)
    try:
        store.migrate()
        if state.get("loaded"):
            return state
        for key in PROMOTED:
            promote_tag(store, "errors", key)
        load(store, "errors", data.errors, events.batches, work=data.directory.parent, say=say)
        load(store, "spans", data.spans, spans.batches, work=data.directory.parent, say=say)
        settle(store, say=say)
        state = {**wanted, "loaded": True, "load_s": round(time.perf_counter() - began, 1), "tables": _tables(store)}
    finally:
        store.close()
    _write(mark, state)
    return state


def load(
    store: EventStore,
    table: str,
    shape: Shape,
    batches: Callable[[Shape, int], Iterator[pa.RecordBatch]],
    *,
    work: Path,
    say: Callable[[str], None] = print,
) -> int:
    """Insert all rows of `shape` into `table` and return their number.

    Each batch goes in under a token of its own: what an interrupted load had already inserted is not inserted again.
    """

    def one(chunk: int) -> int:
        path = work / f"{table}-{chunk}.arrow"
        rows = 0
        for part, batch in enumerate(batches(shape, chunk)):
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_batch(batch)
            token = f"bench/{GENERATOR_VERSION}/{shape.seed}/{shape.rows}/{table}/{chunk}/{part}"
            store.insert_file(table, path, token)
            rows += batch.num_rows
        path.unlink(missing_ok=True)
        return rows

    done = 0
    with ThreadPoolExecutor(LOADERS) as pool:
        for index, rows in enumerate(pool.map(one, range(shape.chunks)), start=1):
            done += rows
            if index % 8 == 0 or index == shape.chunks:
                say(f"{table}: {done:,} of {shape.rows:,} rows")
    return done


def settle(store: EventStore, *, say: Callable[[str], None] = print) -> None:
    """Wait until the store merges nothing any more, so that both sides of a comparison read the same parts."""
    deadline = time.perf_counter() + MERGE_TIMEOUT_S
    quiet = 0
    while quiet < 3 and time.perf_counter() < deadline:
        running = store.query("SELECT count() AS n FROM system.merges", {}, limits=Limits()).table
        quiet = quiet + 1 if running.column(0)[0].as_py() == 0 else 0
        time.sleep(0.5)
    if quiet < 3:
        say(f"the store still merges after {MERGE_TIMEOUT_S:.0f} s; measuring all the same")


def _fits(data: Dataset) -> bool:
    """Ask in a process of its own whether the store can be opened: this one can open one store only, the next one."""
    code = "import sys; from engine.eventstore import open_store; open_store(sys.argv[1]).migrate()"
    return not subprocess.run([sys.executable, "-c", code, data.store_url], capture_output=True, check=False).returncode


def _tables(store: EventStore) -> dict[str, dict[str, int]]:
    sql = (
        "SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts AS p"
        " WHERE active AND database = currentDatabase() AND p.rows > 0 GROUP BY table"
    )
    rows = store.query(sql, {}, limits=Limits()).table.to_pylist()
    return {str(row["table"]): {key: int(row[key]) for key in ("rows", "bytes", "parts")} for row in rows}


def _state(mark: Path, directory: Path, wanted: dict[str, object]) -> dict[str, object]:
    """Read our mark; delete what another version left; refuse a directory without a mark."""
    if mark.exists():
        state: dict[str, object] = json.loads(mark.read_text())
        if all(state.get(key) == value for key, value in wanted.items()):
            return state
        shutil.rmtree(directory)
    elif directory.exists():
        raise NotOursError(f"{directory} exists and was not made by the benchmark; give another one with --data")
    return dict(wanted)


def _write(mark: Path, state: dict[str, object]) -> None:
    scratch = mark.with_suffix(".tmp")
    scratch.write_text(json.dumps(state, indent=1))
    scratch.replace(mark)
