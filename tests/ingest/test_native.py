"""Native ingest: lines by Discover's names, each judged by itself; what was sent twice under one name counts once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from werkzeug.test import TestResponse

from engine.schema import DATASETS, TABLES
from ingest.batches import batch_of
from ingest.handlers import Batch
from ingest.native.lines import NATIVE_DATASETS, known_names
from tests.ingest.helpers import KEY, NOW_NS, SPAN, TRACE, processed, tally
from tests.ingest.sites import Site

AT = "2026-11-21T00:59:00Z"
AT_S = 1_795_222_740
LINES: dict[str, dict[str, Any]] = {
    "errors": {"message": "boom", "error.type": "ValueError", "error.value": "no", "env": "prod"},
    "spans": {"trace": TRACE, "span_id": SPAN, "name": "GET /", "span.op": "http.server", "duration_ns": 5_000_000},
    "logs": {"message": "cart emptied", "level": "warning", "logger": "cart"},
    "metrics": {"metric.name": "queue.depth", "value": 7, "metric.unit": "items"},
    "changes": {"kind": "deploy", "title": "web 1.2.3", "release": "web@1.2.3", "author": "ada"},
    "sessions": {"session_id": "a" * 32, "status": "crashed", "release": "web@1.2.3"},
    "check_ins": {"monitor": "nightly", "status": "ok", "duration": "90s"},
    "feedback": {"message": "it hangs", "contact_email": "ada@example.org", "url": "https://shop/"},
}
"""One line of every dataset, with public names, aliases and columns."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The ingest port over a spool."""
    found = Site(tmp_path)
    yield found
    found.close()


def send(site: Site, dataset: str, body: bytes, **headers: str) -> TestResponse:
    return site.client.post(
        f"/api/v1/ingest/{dataset}", data=body, headers={"Authorization": f"Bearer {KEY}"} | headers
    )


def rows_of(site: Site, dataset: str) -> list[dict[str, Any]]:
    return batch_in(site).rows[dataset]


def batch_in(site: Site) -> Batch:
    return processed(*site.records())


def ndjson(*lines: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"


@pytest.mark.parametrize("dataset", NATIVE_DATASETS)
def test_a_line_of_every_dataset_becomes_a_whole_row(site: Site, dataset: str) -> None:
    """Every stored column is there and fits; the payload is the line."""
    line = {**LINES[dataset], "timestamp": AT}
    answer = send(site, dataset, ndjson(line))
    assert (answer.status_code, answer.json) == (
        200,
        {"accepted": 1, "rejected": 0, "errors": [], "errors_truncated": False},
    )
    [row] = rows_of(site, dataset)
    table = batch_of(dataset, [row])
    assert table.num_rows == 1
    found = table.to_pylist()[0]
    assert found["timestamp"].timestamp() == pytest.approx(AT_S)
    assert json.loads(found["payload"]) == line


def test_names_are_public_ones_aliases_and_columns_and_the_rest_are_tags(site: Site) -> None:
    """Nested objects are dotted names, numbers without a name measurements."""
    line = {
        "trace": TRACE,
        "span_id": SPAN,
        "description": "select 1",
        "op": "db",
        "span.duration": "1.5ms",
        "user": {"id": 42},
        "os": {"name": "Linux"},
        "db": {"system": "postgresql", "rows": 12},
        "flags": ["a", "b"],
        "tags": {"team": "core"},
    }
    send(site, "spans", ndjson(line))
    [row] = rows_of(site, "spans")
    assert (row["op"], row["duration_ns"], row["user"], row["user_id"]) == ("db", 1_500_000, "id:42", "42")
    assert row["contexts"] == {"os.name": "Linux"}
    assert row["tags"] == {"db.system": "postgresql", "flags": '["a","b"]', "team": "core"}
    assert row["measurements"] == {"db.rows": 12.0}
    assert (row["is_segment"], row["segment_name"], row["status"]) == (True, "select 1", "unknown")


def test_an_error_is_titled_and_grouped_as_one_of_an_sdk(site: Site) -> None:
    """Type, value and frames come from the columns of the dataset."""
    line = {
        "error.type": "KeyError",
        "error.value": "'sku'",
        "error.handled": False,
        "stack.function": ["main", "price"],
        "stack.lineno": [1, 7],
        "stack.in_app": [True, True],
        "trace": TRACE,
    }
    send(site, "errors", ndjson(line, {**line, "error.value": "'id'"}, {"message": "other"}))
    first, second, other = rows_of(site, "errors")
    assert first["title"] == "KeyError: 'sku'"
    assert (first["stack_functions"], first["error_handled"], first["trace_id"]) == (["main", "price"], False, TRACE)
    assert first["fingerprint"] == second["fingerprint"] != other["fingerprint"]


def test_bad_lines_are_told_by_number_and_the_good_ones_are_stored(site: Site) -> None:
    """Like the partial success of OTLP; they are counted as invalid."""
    body = (
        b'{"message":"one"}\n\nnot json\n[1]\n{"level":"info"}\n{"message":"two","timestamp":"soon"}\n{"message":"x"}'
    )
    answer = send(site, "logs", body)
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["accepted"], answer.json["rejected"]) == (2, 4)
    reasons = {error["line"]: error["reason"] for error in answer.json["errors"]}
    assert sorted(reasons) == [3, 4, 5, 6]
    assert reasons[3].startswith("not JSON")
    assert reasons[4] == "not a JSON object"
    assert reasons[5] == "it needs `message` (`body`, `log.body`)"
    assert reasons[6].startswith("`timestamp`: expected a time")
    assert [row["body"] for row in rows_of(site, "logs")] == ["one", "x"]
    assert site.refusals() == {(1, "invalid", "line"): 4}


def test_when_no_line_is_good_the_answer_is_400(site: Site) -> None:
    """Nothing was stored, and a client should not take it for success."""
    assert send(site, "logs", b"nonsense").status_code == 400
    assert send(site, "metrics", b'{"name":"x","value":1,"kind":"magic"}').status_code == 400


def test_a_request_sent_again_under_its_name_counts_once(site: Site) -> None:
    """Without a name two equal requests are two."""
    body = ndjson({"message": "a"}, {"message": "b"})
    for _ in range(2):
        assert send(site, "logs", body, **{"Idempotency-Key": "batch-7"}).status_code == 200
    batch = batch_in(site)
    assert len(batch.rows["logs"]) == 2
    assert tally(batch)["duplicate", "log_item", "resent"] == 2
    assert len({row["id"] for row in batch.rows["logs"]}) == 2
    for _ in range(2):
        send(site, "logs", body)
    assert len(rows_of(site, "logs")) == 6


def test_a_span_an_sdk_has_sent_is_known_by_its_own_ids(site: Site) -> None:
    """Whatever the request is called."""
    for name in ("a", "b"):
        send(site, "spans", ndjson(LINES["spans"]), **{"Idempotency-Key": name})
    assert len(rows_of(site, "spans")) == 1


@pytest.mark.parametrize("encoding", ["", "gzip", "zstd"])
def test_an_arrow_stream_keeps_nanoseconds(site: Site, encoding: str) -> None:
    """Columns are named as members are; nulls are absent, dictionaries are their values."""
    table = pa.table(
        {
            "timestamp": pa.array([AT_S * 10**9 + 123, None], pa.timestamp("ns", "UTC")),
            "message": pa.array(["one", "two"]),
            "level": pa.array(["error", "info"]).dictionary_encode(),
            "took": pa.array([1.5, None]),
            "at": pa.array([datetime(2026, 1, 1, tzinfo=UTC).date(), None]),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    body = sink.getvalue().to_pybytes()
    pack = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}.get(encoding, bytes)
    answer = send(site, "logs", pack(body), **({"Content-Encoding": encoding} if encoding else {}))
    assert answer.json is not None
    assert (answer.status_code, answer.json["accepted"]) == (200, 2)
    one, two = rows_of(site, "logs")
    assert one["timestamp"] == AT_S * 10**9 + 123
    assert (one["level"], one["measurements"], one["tags"]) == ("error", {"took": 1.5}, {"at": "2026-01-01"})
    assert (two["timestamp"], two["measurements"], two["tags"]) == (NOW_NS, {}, {})


@pytest.mark.parametrize("body", [b"\xff\xff\xff\xff", b"\xff\xff\xff\xff" + bytes(40), b"[1, 2", b"\x1f\x8b"])
def test_a_broken_body_is_400(site: Site, body: bytes) -> None:
    """And nothing of it is stored."""
    assert send(site, "logs", body).status_code == 400
    assert [r for r in site.records() if r.kind != "outcome"] == []


@pytest.mark.parametrize(
    ("line", "kind", "value", "weight"),
    [
        ("hits:3|c", "counter", 3, 1),
        ("hits:3|c|@0.5", "counter", 6, 1),
        ("depth:7|g|#queue:mail,fast", "gauge", 7, 1),
        ("took:12.5|ms|@0.25", "distribution", 12.5, 4),
        ("took@second:1|d|T1795222740", "distribution", 1, 1),
        ("users:ada|s", "set", 1, 1),
    ],
)
def test_statsd_lines_are_points(site: Site, line: str, kind: str, value: float, weight: float) -> None:
    """A sampled counter counts for what it stands for; other sampled values weigh so much."""
    assert send(site, "statsd", line.encode()).status_code == 200
    [row] = rows_of(site, "metrics")
    assert (row["kind"], row["value"], row["sample_weight"]) == (kind, value, weight)
    if "#" in line:
        assert row["tags"] == {"queue": "mail", "fast": "true"}
    if "@second" in line:
        assert (row["name"], row["unit"], row["timestamp"]) == ("took", "second", AT_S * 10**9)


def test_bad_statsd_lines_are_told_and_packed_values_are_points(site: Site) -> None:
    """The good ones of a flush are stored."""
    answer = send(site, "statsd", b"took:1:2:3|ms\nwhat is this\nbad:x|c\n")
    assert answer.json is not None
    assert [error["line"] for error in answer.json["errors"]] == [2, 3]
    assert [row["value"] for row in rows_of(site, "metrics")] == [1, 2, 3]


@pytest.mark.parametrize(("dataset", "status"), [("profiles", 404), ("outcomes", 404), ("logs", 401)])
def test_other_datasets_and_strangers_are_refused(site: Site, dataset: str, status: int) -> None:
    """With CORS, so that a page sees why."""
    headers = {} if status == 401 else {"Authorization": f"Bearer {KEY}"}
    answer = site.client.post(f"/api/v1/ingest/{dataset}", data=b"{}", headers=headers)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("dataset", NATIVE_DATASETS)
def test_every_field_of_a_dataset_has_a_place(dataset: str) -> None:
    """Its public name is known unless Amber sets it itself, or it is computed."""
    stored = {column.name for column in TABLES[DATASETS[dataset].table].columns if not column.alias}
    set_by_amber = {"project_id", "ingested_at", "payload", "remarks", "fingerprint", "grouping_version", "template_id"}
    for field in DATASETS[dataset].fields:
        column = field.column.partition("[")[0]
        if column in stored - set_by_amber:
            assert field.name in known_names(dataset)
