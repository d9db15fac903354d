"""The generator of benchmark rows: the same rows every time, valid for the schema, within one week a batch."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks import dataset, events, spans
from benchmarks.events import Shape
from benchmarks.vocabulary import NEEDLE, vocabulary
from engine.arrow import arrow_schema
from engine.eventstore import Limits
from engine.schema import TABLES

SMALL = Shape(rows=6_000, chunk_rows=2_500)


def rows(make, shape):
    return pa.Table.from_batches([batch for chunk in range(shape.chunks) for batch in make(shape, chunk)])


@pytest.mark.parametrize(("table", "make"), [("errors", events.batches), ("spans", spans.batches)])
def test_the_rows_fit_the_schema_and_are_as_many_as_asked_for(table, make):
    """Batches carry the table's Arrow schema, hold valid arrays and add up to the wanted number of rows."""
    made = rows(make, SMALL)
    made.validate(full=True)
    assert made.schema == arrow_schema(TABLES[table])
    assert made.num_rows == SMALL.rows


@pytest.mark.parametrize("make", [events.batches, spans.batches])
def test_a_chunk_is_the_same_every_time_and_another_for_another_seed(make):
    """A chunk depends on shape and number alone, so a load may go on anywhere."""
    again = list(make(SMALL, 1))
    assert list(make(SMALL, 1)) == again
    assert list(make(Shape(rows=6_000, chunk_rows=2_500, seed=43), 1)) != again


def test_a_batch_lies_within_one_week_and_all_within_the_range():
    """Weekly partitions get whole batches; nothing lies outside the promised range."""
    for chunk in range(SMALL.chunks):
        for batch in events.batches(SMALL, chunk):
            times = batch.column("timestamp")
            first, last = (moment.as_py() for moment in (times[0], times[-1]))
            assert SMALL.start <= first <= last < SMALL.end
            assert first.date() - timedelta(days=first.weekday()) == last.date() - timedelta(days=last.weekday())


def test_hours_add_up_and_have_a_wave():
    """Every row has an hour; the busiest hour has several times the rows of the quietest."""
    counts = events.hour_counts(Shape(rows=100_000))
    assert counts.sum() == 100_000
    assert counts.max() > 5 * counts.min()


def test_rows_look_like_errors_of_a_shop():
    """Few types make most rows, ids are unique, root exceptions end their chain, some messages hold the needle."""
    made = rows(events.batches, SMALL)
    assert pc.count_distinct(made["event_id"]).as_py() == SMALL.rows
    common = pc.value_counts(made["error_type"].combine_chunks())
    assert max(item["counts"].as_py() for item in common) > SMALL.rows / 20
    assert 0 < pc.sum(pc.match_substring(made["message"], NEEDLE)).as_py() < SMALL.rows / 4
    for row in made.slice(0, 200).to_pylist():
        frames = {len(row[name]) for name in row if name.startswith("stack_")}
        assert len(frames) == 1
        assert (row["type"] == "error") == bool(row["error_types"])
        if row["error_types"]:
            assert row["error_types"][-1] == row["error_type"]
            assert row["error_values"][-1] == row["error_value"] == row["message"]
            assert len(row["error_types"]) == len(row["error_values"]) == len(row["error_mechanisms"])


def test_a_full_payload_is_a_document_of_some_kilobytes():
    """The option fills payload and modules as clients do."""
    batch = next(events.batches(Shape(rows=50, full_payload=True), 0))
    assert len(batch.column("payload")[0].as_py()) > 1_000
    assert len(batch.column("modules")[0].as_py()) == 30


def test_spans_form_traces_under_their_transaction():
    """Each trace has one segment; its children name it as parent and carry its name."""
    first = next(spans.batches(SMALL, 0)).slice(0, 5).to_pylist()
    assert [span["is_segment"] for span in first] == [True, False, False, False, False]
    assert {span["trace_id"] for span in first} == {first[0]["trace_id"]}
    assert {span["parent_span_id"] for span in first[1:]} == {first[0]["span_id"]}
    assert {span["segment_name"] for span in first} == {first[0]["name"]}


def test_groups_have_fingerprints_of_their_own():
    """The vocabulary has no two groups with one fingerprint, and it is the same for the same seed."""
    one, two = vocabulary(1), vocabulary(1)
    assert len(np.unique(one.fingerprints)) == one.groups
    assert one.templates == two.templates


def test_rows_go_into_the_store_once_even_when_loaded_twice(event_store, new_project_id, tmp_path):
    """A load that is run again inserts nothing, because each batch has its token."""
    first = min(new_project_id() for _ in range(events.PROJECTS))
    shape = Shape(rows=1_000, chunk_rows=400, seed=77, first_project=first)
    count = f"SELECT count() AS n FROM errors WHERE project_id BETWEEN {first} AND {first + events.PROJECTS - 1}"
    for _ in range(2):
        dataset.load(event_store, "errors", shape, events.batches, work=tmp_path, say=lambda _: None)
        assert event_store.query(count, {}, limits=Limits()).table.column(0)[0].as_py() == 1_000


def test_a_directory_made_by_others_is_left_alone(tmp_path):
    """The benchmark deletes its own caches only."""
    (tmp_path / "rows-10").mkdir()
    (tmp_path / "rows-10" / "precious").write_text("x")
    with pytest.raises(dataset.NotOursError, match="was not made by the benchmark"):
        dataset.prepare(tmp_path, 10)
    assert (tmp_path / "rows-10" / "precious").exists()
