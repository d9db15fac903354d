"""`amber query --out` and `client.stream`: all rows, batch by batch, and nothing half written."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import amber
from server.cli.export import export
from server.cli.failures import Shown
from server.cli.output import Format
from server.owned_stream import taken_elsewhere

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_FIELDS: dict[str, Any] = {"n": pa.int64(), "text": pa.string(), "tags": pa.map_(pa.string(), pa.string())}
SCHEMA = pa.schema(_FIELDS)


def batch(first: int, count: int) -> pa.RecordBatch:
    rows = [{"n": n, "text": f'"{n}",\né' if n else None, "tags": [("k", str(n))]} for n in range(first, first + count)]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


class Fake:
    """A transport that gives batches, and notes what is cancelled."""

    def __init__(self, batches: list[pa.RecordBatch], error: Exception | None = None) -> None:
        self.batches = batches
        self.error = error
        self.cancelled: list[str] = []
        self.open = 0

    def query(self, request: amber.QueryRequest) -> amber.RawResult:
        raise NotImplementedError

    @contextmanager
    def stream(self, request: amber.QueryRequest) -> Iterator[amber.RawStream]:
        self.open += 1

        def rows() -> Iterator[pa.RecordBatch]:
            yield from self.batches
            if self.error is not None:
                raise self.error

        try:
            yield amber.RawStream(SCHEMA, {"columns": [], "warnings": ["mind this"]}, rows())
        finally:
            self.open -= 1

    def progress(self, query_id: str) -> amber.Progress | None:
        return amber.Progress(5, 10, 100, 1.0, 50.0)

    def cancel(self, query_id: str) -> bool:
        self.cancelled.append(query_id)
        return True

    def close(self) -> None:
        pass


def written(out: Path, form: Format, fake: Fake) -> int:
    return export(amber.Client(fake).stream("from errors"), out, form)


def test_a_file_holds_all_rows_in_its_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Arrow with its description, CSV with one header, JSON with one object a line; how many is said on stderr."""
    batches = [batch(0, 3), batch(3, 4)]
    wanted = pa.Table.from_batches(batches)
    arrow, text, lines = (tmp_path / name for name in ("a.arrow", "a.csv", "a.jsonl"))
    for out, form in ((arrow, Format.ARROW), (text, Format.CSV), (lines, Format.JSONL)):
        fake = Fake(batches)
        assert written(out, form, fake) == 7
        assert (fake.open, fake.cancelled) == (0, [])
    with pa.ipc.open_stream(arrow.read_bytes()) as reader:
        found = reader.read_all()
    assert found.replace_schema_metadata(None).equals(wanted)
    assert json.loads(found.schema.metadata[b"amber"])["warnings"] == ["mind this"]
    rows = list(csv.reader(text.read_text(encoding="utf-8").splitlines(keepends=True)))
    assert rows[0] == ["n", "text", "tags"]
    assert [row[0] for row in rows[1:]] == [str(n) for n in range(7)]
    objects = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [row["n"] for row in objects] == list(range(7))
    assert objects[0]["text"] is None
    said = capsys.readouterr()
    assert said.out == ""
    assert "7 rows" in said.err
    assert "mind this" in said.err


def test_an_answer_without_rows_is_a_file_with_its_columns(tmp_path: Path) -> None:
    """A header, or a schema."""
    assert written(tmp_path / "a.csv", Format.CSV, Fake([])) == 0
    assert (tmp_path / "a.csv").read_text().strip() == "n,text,tags"
    assert written(tmp_path / "a.arrow", Format.ARROW, Fake([])) == 0
    with pa.ipc.open_stream((tmp_path / "a.arrow").read_bytes()) as reader:
        assert reader.read_all().num_rows == 0


def test_a_broken_answer_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    """Nothing half written stays, and the query is cancelled."""
    out = tmp_path / "a.csv"
    out.write_text("before")
    for error in (amber.ConnectionFailed("cut"), KeyboardInterrupt()):
        fake = Fake([batch(0, 3)], error)  # type: ignore[arg-type]
        with pytest.raises(type(error)):
            written(out, Format.CSV, fake)
        assert out.read_text() == "before"
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
        assert len(fake.cancelled) == 1
        assert fake.open == 0


def test_what_cannot_be_written_is_refused_before_anything_runs(tmp_path: Path) -> None:
    """A table is for people; a directory has to be there."""
    for out, form in ((tmp_path / "a", Format.TABLE), (tmp_path / "no" / "a.csv", Format.CSV)):
        fake = Fake([batch(0, 1)])
        with pytest.raises(Shown):
            written(out, form, fake)
        assert fake.open == 0
        assert not list(tmp_path.iterdir())


def test_a_stream_is_read_inside_of_its_context() -> None:
    """A transport that cannot stream says so; leaving early cancels."""
    fake = Fake([batch(0, 2), batch(2, 2)])
    stream = amber.Client(fake).stream("from errors")
    with pytest.raises(amber.AmberError, match="with client"):
        list(stream)
    with stream as rows:
        assert next(iter(rows)).num_rows == 2
    assert fake.cancelled == [stream.query_id]

    class Plain:
        query = progress = cancel = close = None

    with pytest.raises(amber.AmberError) as caught:
        amber.Client(Plain()).stream("from errors")  # type: ignore[arg-type]
    assert caught.value.code == "stream-unsupported"


def test_an_interrupt_before_the_first_row_cancels_a_stream() -> None:
    """A sort may take minutes until there is one; nobody would take the rows."""

    class Interrupted(Fake):
        @contextmanager
        def stream(self, request: amber.QueryRequest) -> Iterator[amber.RawStream]:
            raise KeyboardInterrupt
            yield

    fake = Interrupted([])
    stream = amber.Client(fake).stream("from errors | sort title")
    with pytest.raises(KeyboardInterrupt), stream:
        pytest.fail("there is nothing to read")
    assert fake.cancelled == [stream.query_id]


def test_pages_follow_next() -> None:
    """Each request carries what the page before said, under an id of its own."""
    asked: list[amber.QueryRequest] = []
    nexts = iter(["one", "two", None])

    class Paged(Fake):
        def query(self, request: amber.QueryRequest) -> amber.RawResult:
            asked.append(request)
            meta: dict[str, Any] = {"next": next(nexts)}
            return amber.RawResult(pa.table({"n": [len(asked)]}), meta)

    pages = list(amber.Client(Paged([]), progress=False).pages("from errors", limit=1))
    assert [page.arrow().column("n").to_pylist() for page in pages] == [[1], [2], [3]]
    assert [request.after for request in asked] == ["", "one", "two"]
    assert len({request.query_id for request in asked}) == 3


class Engine:
    """Streams of a process's own engine, whose batches take their time."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self.batches = batches
        self.cancels = 0
        self.closed = False

    @contextmanager
    def opened(self) -> Iterator[Any]:
        plan = type("P", (), {"time_range": (NOW, NOW), "sql": (), "english": "", "warnings": ()})
        plan.sampled, plan.intervals = None, ()  # type: ignore[attr-defined]
        found = type("S", (), {"schema": SCHEMA, "plan": plan, "query_id": "q", "columns": (), "batches": self.batches})
        try:
            yield found
        finally:
            self.closed = True

    def cancel(self) -> None:
        self.cancels += 1


def test_batches_of_the_own_engine_are_taken_in_a_thread_of_their_own() -> None:
    """All of them in order, with what is known before the first; an error comes out where the next is asked for."""
    engine = Engine(iter([batch(n, 1) for n in range(9)]))
    with taken_elsewhere(engine.opened, engine.cancel) as raw:
        assert raw.meta["query_id"] == "q"
        assert [b.column(0)[0].as_py() for b in raw.batches] == list(range(9))
    assert engine.closed

    def broken() -> Iterator[pa.RecordBatch]:
        yield batch(0, 1)
        raise ZeroDivisionError

    failing = Engine(broken())
    with pytest.raises(ZeroDivisionError), taken_elsewhere(failing.opened, failing.cancel) as raw:
        list(raw.batches)
    assert failing.closed


def test_leaving_a_stream_of_the_own_engine_ends_its_thread() -> None:
    """However many batches there are still to come, and also while one is being made."""
    engine = Engine(batch(n, 1) for n in itertools.count())
    with taken_elsewhere(engine.opened, engine.cancel) as raw:
        next(raw.batches)
    assert engine.closed
    stopped = threading.Event()

    def slow() -> Iterator[pa.RecordBatch]:
        stopped.wait(120)
        yield batch(0, 1)

    busy = Engine(slow())
    busy.cancel = stopped.set  # type: ignore[method-assign]
    with taken_elsewhere(busy.opened, busy.cancel):
        pass
    assert stopped.is_set()
    assert busy.closed
