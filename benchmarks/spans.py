"""Seeded generator of rows of `spans`: traces of a transaction and four children, over the time range of the events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks import columns as col
from benchmarks.events import HOUR_US, KEPT_FOR_DAYS, PROJECTS, Shape, hour_counts, tag_map, weeks
from benchmarks.vocabulary import ENVIRONMENTS, SERVICES, USERS, Vocabulary, vocabulary
from engine.arrow import arrow_schema
from engine.schema import TABLES

SPANS_PER_TRACE = 5
OPERATIONS = ("http.server", "db", "http.client", "cache.get", "template.render")
DESCRIPTIONS = ("", "SELECT id, total FROM orders WHERE account = %s", "GET /prices", "cart:items", "cart.html")
STATUSES = ("ok", "internal_error", "not_found", "cancelled")


def batches(shape: Shape, chunk: int) -> Iterator[pa.RecordBatch]:
    """Yield chunk number `chunk` (0-based) as record batches that each lie within one week.

    Rows come trace by trace; a trace has `SPANS_PER_TRACE` rows and begins with its transaction.
    """
    vocab = vocabulary(shape.seed)
    first, last = chunk * shape.chunk_rows, min((chunk + 1) * shape.chunk_rows, shape.rows)
    rng = np.random.default_rng([shape.seed, 3, chunk])
    traces = -(-(last - first) // SPANS_PER_TRACE)
    hours = np.searchsorted(np.cumsum(hour_counts(shape)), first + np.arange(traces) * SPANS_PER_TRACE, side="right")
    start_us = int(shape.start.timestamp()) * 1_000_000
    begun_us = np.sort(start_us + hours * HOUR_US + rng.integers(0, HOUR_US, traces))
    batch = _batch(rng, vocab, begun_us).slice(0, last - first)
    for begin, end in weeks(np.repeat(begun_us, SPANS_PER_TRACE)[: last - first]):
        yield batch.slice(begin, end - begin)


def _batch(rng: np.random.Generator, vocab: Vocabulary, begun_us: npt.NDArray[np.int64]) -> pa.RecordBatch:
    traces = len(begun_us)
    position = np.tile(np.arange(SPANS_PER_TRACE, dtype=np.int32), traces)
    trace = np.repeat(np.arange(traces, dtype=np.int32), SPANS_PER_TRACE)
    transaction = col.zipf(rng, traces, len(vocab.transactions))[trace]
    schema = arrow_schema(TABLES["spans"])
    values: dict[str, col.Column] = {
        **dict.fromkeys(schema.names, col.constant(len(trace), "")),
        **_ids(rng, trace, position),
        **_times(rng, begun_us, trace, position, transaction),
        **_names(rng, vocab, trace, position, transaction),
        **_sender(rng, vocab, trace),
        **_user(rng, trace),
    }
    columns = [values[field.name].cast(field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _ids(rng: np.random.Generator, trace: col.Ints, position: col.Ints) -> dict[str, col.Column]:
    rows = len(trace)
    traces = rows // SPANS_PER_TRACE
    span_id = col.hex_ids(rng, rows, 16)
    segment_id = span_id.take(col.arrow(trace * SPANS_PER_TRACE))
    return {
        "project_id": col.arrow(col.zipf(rng, traces, PROJECTS).astype(np.uint64)[trace] + 1),
        "trace_id": col.hex_ids(rng, traces, 32).take(col.arrow(trace)),
        "span_id": span_id,
        "parent_span_id": col.only_where(position > 0, segment_id),
        "segment_id": segment_id,
        "event_id": col.hex_ids(rng, traces, 32).take(col.arrow(trace)),
        "is_segment": col.arrow(position == 0),
    }


def _times(
    rng: np.random.Generator,
    begun_us: npt.NDArray[np.int64],
    trace: col.Ints,
    position: col.Ints,
    transaction: col.Ints,
) -> dict[str, col.Column]:
    rows = len(trace)
    typical_ms = 40 + transaction % 97
    total_ns = (rng.lognormal(0, 1.0, rows) * typical_ms * 1e6).astype(np.int64) + 1000
    duration_ns = np.where(position == 0, total_ns, total_ns // 6)
    start_ns = begun_us[trace] * 1000 + position * 1_000_000 + rng.integers(0, 1000, rows)
    return {
        "timestamp": col.arrow(start_ns, pa.timestamp("ns", tz="UTC")),
        "ingested_at": col.arrow(start_ns // 1_000_000 + 1500, pa.timestamp("ms", tz="UTC")),
        "duration_ns": col.arrow(duration_ns.astype(np.uint64)),
        "retention_days": col.arrow(np.full(rows, KEPT_FOR_DAYS, np.uint16)),
        "sample_weight": col.arrow(np.ones(rows)),
    }


def _names(
    rng: np.random.Generator, vocab: Vocabulary, trace: col.Ints, position: col.Ints, transaction: col.Ints
) -> dict[str, col.Column]:
    rows = len(trace)
    is_segment = position == 0
    names = (*vocab.transactions, *OPERATIONS[1:])
    status = np.where(rng.random(rows) < 0.03, rng.integers(1, len(STATUSES), rows), 0)
    return {
        "segment_name": col.symbols(transaction, vocab.transactions),
        "name": col.symbols(np.where(is_segment, transaction, len(vocab.transactions) + position - 1), names),
        "op": col.symbols(position, OPERATIONS),
        "description": col.texts(position, DESCRIPTIONS),
        "status": col.symbols(status, STATUSES),
        "kind": col.symbols(is_segment.astype(np.int32), ("internal", "server")),
        "source": col.symbols(is_segment.astype(np.int32), ("", "route")),
        "service": col.symbols(transaction // 10 % len(SERVICES), SERVICES),
        "http_method": col.symbols(is_segment.astype(np.int32), ("", "GET")),
        "http_status_code": col.arrow(np.where(is_segment, 200, 0).astype(np.uint16)),
        "payload": col.arrow(["{}"]).take(col.arrow(np.zeros(rows, np.int32))),
    }


def _sender(rng: np.random.Generator, vocab: Vocabulary, trace: col.Ints) -> dict[str, col.Column]:
    rows = len(trace)
    traces = rows // SPANS_PER_TRACE
    newest_first = len(vocab.releases) - 1 - col.zipf(rng, traces, len(vocab.releases), 0.9)
    no_numbers = pa.MapArray.from_arrays(
        col.arrow(np.zeros(rows + 1, np.int32)), col.arrow([], pa.string()), col.arrow([], pa.float64())
    )
    return {
        "platform": col.constant(rows, "python"),
        "environment": col.symbols(col.zipf(rng, traces, len(ENVIRONMENTS), 1.8)[trace], ENVIRONMENTS),
        "release": col.symbols(newest_first[trace], vocab.releases),
        "server_name": col.symbols(col.zipf(rng, traces, 60, 0.4)[trace], [f"web-{n}" for n in range(60)]),
        "sdk_name": col.constant(rows, "sentry.python"),
        "sdk_version": col.constant(rows, "2.75.0"),
        "tags": tag_map(rng, traces).take(col.arrow(trace)),
        "measurements": no_numbers,
        "contexts": col.empty_maps(rows),
        "remarks": col.empty_lists(rows, pa.string()),
    }


def _user(rng: np.random.Generator, trace: col.Ints) -> dict[str, col.Column]:
    name = col.join("u", col.numbers(col.zipf(rng, len(trace) // SPANS_PER_TRACE, USERS, 0.8))).take(col.arrow(trace))
    return {"user": col.join("id:", name), "user_id": name}
