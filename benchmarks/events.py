"""Seeded generator of realistic rows of `errors`, streamed in Arrow record batches.

Thirty days with a daily wave, quiet weekends and one incident; projects, types, users, releases and tag values drawn
like in life, few of them often and most of them rarely. Row numbers run in time order, so a batch touches one or two of
the weekly partitions, as live data does. A chunk depends on the shape and its own number alone: chunks can be made in
any order, and a load that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks import columns as col
from benchmarks.vocabulary import (
    BROWSERS,
    CAUSE_TYPE,
    CAUSE_VALUE,
    ENVIRONMENTS,
    GROUPS_PER_TYPE,
    LEVELS,
    LOGGERS,
    RUNTIMES,
    SYSTEMS,
    TAGS_ALWAYS,
    TAGS_SOMETIMES,
    USERS,
    Vocabulary,
    vocabulary,
)
from engine.arrow import arrow_schema
from engine.schema import TABLES

GENERATOR_VERSION = 1
"""Changes whenever the same shape would give other rows; a cached store of another version is made anew."""

END = datetime(2026, 11, 20, tzinfo=UTC)
"""End of the generated time range. Fixed, so that two machines measure the same rows."""

KEPT_FOR_DAYS = 3650
"""Retention of the rows: long, or the store would drop the cached data set by and by."""

PROJECTS = 20
HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of what.

    Attributes:
        rows: number of rows.
        seed: of everything random.
        days: length of the time range before `end`.
        end: end of the time range, exclusive.
        chunk_rows: rows of a record batch, before it is cut at the start of a week.
        first_project: number of the busiest project; the others follow it.
        full_payload: whether `payload` and `modules` hold what a client sends (kilobytes) or a short stand-in.
    """

    rows: int
    seed: int = 42
    days: int = 30
    end: datetime = END
    chunk_rows: int = 250_000
    first_project: int = 1
    full_payload: bool = False

    @property
    def start(self) -> datetime:
        """Start of the time range, inclusive."""
        return self.end - timedelta(days=self.days)

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.rows // self.chunk_rows)


@dataclass(frozen=True, slots=True)
class _Row:
    """What several columns of a batch depend on, one array element per row."""

    rng: np.random.Generator
    vocabulary: Vocabulary
    time_us: npt.NDArray[np.int64]
    group: npt.NDArray[np.int32]

    @property
    def count(self) -> int:
        return len(self.time_us)


def hour_counts(shape: Shape) -> npt.NDArray[np.int64]:
    """Return the number of rows in each hour of the range: a daily wave, quiet weekends, an incident of three hours."""
    hours = np.arange(shape.days * 24)
    weight = 1 + 0.7 * np.sin((hours % 24 - 9) / 24 * 2 * np.pi)
    weight[(hours // 24) % 7 >= 5] *= 0.55
    incident = int(len(hours) * 0.7)
    weight[incident : incident + 3] *= 4
    edges = np.floor(shape.rows * np.cumsum(weight) / weight.sum() + 0.5).astype(np.int64)
    counts: npt.NDArray[np.int64] = np.diff(edges, prepend=0)
    return counts


def batches(shape: Shape, chunk: int) -> Iterator[pa.RecordBatch]:
    """Yield chunk number `chunk` (0-based) as record batches that each lie within one week."""
    vocab = vocabulary(shape.seed)
    first, last = chunk * shape.chunk_rows, min((chunk + 1) * shape.chunk_rows, shape.rows)
    rng = np.random.default_rng([shape.seed, 2, chunk])
    edges = np.cumsum(hour_counts(shape))
    hours = np.searchsorted(edges, np.arange(first, last), side="right")
    start_us = int(shape.start.timestamp()) * 1_000_000
    time_us = start_us + hours * HOUR_US + rng.integers(0, HOUR_US, last - first)
    batch = _batch(shape, rng, vocab, np.sort(time_us))
    for begin, end in weeks(np.sort(time_us)):
        yield batch.slice(begin, end - begin)


def weeks(time_us: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the row ranges of a sorted time column that lie in one Monday-based week each."""
    # 1970-01-01 was a Thursday: three days later than a Monday.
    week = (time_us // (24 * HOUR_US) + 3) // 7
    cuts = np.flatnonzero(np.diff(week)) + 1
    bounds = [0, *cuts.tolist(), len(time_us)]
    yield from itertools.pairwise(bounds)


def _batch(shape: Shape, rng: np.random.Generator, vocab: Vocabulary, time_us: npt.NDArray[np.int64]) -> pa.RecordBatch:
    count = len(time_us)
    group = col.zipf(rng, count, len(vocab.types)) * GROUPS_PER_TYPE + col.zipf(rng, count, GROUPS_PER_TYPE)
    row = _Row(rng=rng, vocabulary=vocab, time_us=time_us, group=group.astype(np.int32))
    values = {
        **_identity(row, shape.first_project),
        **_grouping(row),
        **_texts(row),
        **_origin(row),
        **_users(row),
        **_stack(row),
        **_links(row),
        **_maps(row, full=shape.full_payload),
    }
    values["payload"] = _payload(values, full=shape.full_payload)
    schema = arrow_schema(TABLES["errors"])
    return pa.RecordBatch.from_arrays([values[field.name].cast(field.type) for field in schema], schema=schema)


def _identity(row: _Row, first_project: int) -> dict[str, col.Column]:
    received_ms = row.time_us // 1000 + row.rng.integers(200, 3000, row.count)
    return {
        "project_id": col.arrow(col.zipf(row.rng, row.count, PROJECTS).astype(np.uint64) + first_project),
        "event_id": col.hex_ids(row.rng, row.count, 32),
        "timestamp": col.arrow(row.time_us, pa.timestamp("us", tz="UTC")),
        "ingested_at": col.arrow(received_ms, pa.timestamp("ms", tz="UTC")),
        "retention_days": col.arrow(np.full(row.count, KEPT_FOR_DAYS, np.uint16)),
        "sample_weight": col.arrow(np.ones(row.count)),
    }


def _grouping(row: _Row) -> dict[str, col.Column]:
    vocab, group = row.vocabulary, row.group
    is_message = vocab.is_message[group].astype(np.int32)
    level = col.zipf(row.rng, row.count, len(LEVELS), 1.6)
    return {
        "fingerprint": col.arrow(vocab.fingerprints[group]),
        "grouping_version": col.constant(row.count, "v1"),
        "type": col.symbols(is_message, ("error", "default")),
        "level": col.symbols(level, LEVELS),
        "platform": col.constant(row.count, "python"),
        "logger": col.symbols(np.where(is_message, group % len(LOGGERS) + 1, 0), ("", *LOGGERS)),
        "culprit": col.symbols(group, vocab.culprits),
        "remarks": col.empty_lists(row.count, pa.string()),
    }


def _texts(row: _Row) -> dict[str, col.Column]:
    """Message, title and the exception columns: all follow from the group and one random number per row."""
    vocab, group = row.vocabulary, row.group
    number = col.numbers(row.rng.integers(1, 1_000_000, row.count))
    message = col.join(col.texts(group, vocab.templates), " (id=", number, ")")
    is_error = ~vocab.is_message[group]
    type_code = np.where(is_error, group // GROUPS_PER_TYPE + 2, 0)
    type_names = ("", CAUSE_TYPE, *vocab.types)
    titles = col.join(col.texts(type_code, ("", "", *(f"{name}: " for name in vocab.types))), message)
    handled = row.rng.random(row.count)
    lengths = is_error.astype(np.int32) + vocab.has_cause[group]
    offsets = col.offsets_of(lengths)
    root = offsets[1:][is_error] - 1
    chain_types, chain_values = np.ones(int(offsets[-1]), np.int32), np.full(int(offsets[-1]), row.count)
    chain_types[root], chain_values[root] = type_code[is_error], np.flatnonzero(is_error)
    every_value = pa.concat_arrays([message, col.arrow([CAUSE_VALUE])])
    mechanism = row.rng.integers(0, 3, int(offsets[-1]))
    return {
        "message": message,
        "title": titles,
        "error_type": col.symbols(type_code, type_names),
        "error_value": col.only_where(is_error, message),
        "error_handled": col.arrow(handled < 0.7, mask=~is_error | (handled > 0.98)),
        "error_types": col.lists(offsets, col.symbols(chain_types, type_names)),
        "error_values": col.lists(offsets, every_value.take(col.arrow(chain_values))),
        "error_mechanisms": col.lists(offsets, col.symbols(mechanism, ("generic", "logging", "flask"))),
    }


def _origin(row: _Row) -> dict[str, col.Column]:
    vocab, rng, count = row.vocabulary, row.rng, row.count
    elsewhere = col.zipf(rng, count, len(vocab.transactions))
    transaction = np.where(rng.random(count) < 0.7, vocab.home_transaction[row.group], elsewhere)
    newest_first = len(vocab.releases) - 1 - col.zipf(rng, count, len(vocab.releases), 0.9)
    items = col.numbers(col.zipf(rng, count, 20_000, 0.9))
    return {
        "transaction": col.symbols(transaction, vocab.transactions),
        "environment": col.symbols(col.zipf(rng, count, len(ENVIRONMENTS), 1.8), ENVIRONMENTS),
        "release": col.symbols(newest_first, vocab.releases),
        "dist": col.constant(count, ""),
        "server_name": col.symbols(col.zipf(rng, count, 60, 0.4), [f"web-{n}" for n in range(60)]),
        "sdk_name": col.constant(count, "sentry.python"),
        "sdk_version": col.symbols(col.zipf(rng, count, 3), ("2.75.0", "2.70.1", "2.44.0")),
        "http_method": col.symbols(col.zipf(rng, count, 3), ("GET", "POST", "PUT")),
        "http_url": col.join("https://shop.example.org", col.texts(transaction, vocab.transactions), "?item=", items),
        "http_status_code": col.arrow(np.where(rng.random(count) < 0.6, 500, 0).astype(np.uint16)),
    }


def _users(row: _Row) -> dict[str, col.Column]:
    number = col.zipf(row.rng, row.count, USERS, 0.8)
    name = col.join("u", col.numbers(number))
    block, host = number // 250 % 250, number % 250
    address = col.join("10.", col.numbers(number // 62_500), ".", col.numbers(block), ".", col.numbers(host))
    return {
        "user": col.join("id:", name),
        "user_id": name,
        "user_email": col.only_where(number % 5 < 3, col.join(name, "@example.org")),
        "user_username": col.texts(np.zeros(row.count, np.int32), ("",)),
        "user_ip": address,
    }


def _stack(row: _Row) -> dict[str, col.Column]:
    vocab, stacks = row.vocabulary, row.vocabulary.stacks
    offsets, at = col.gather(stacks.starts, stacks.lengths, row.group)
    functions, modules = stacks.functions[at], stacks.modules[at]
    files = [name.replace(".", "/") + ".py" for name in vocab.module_names]
    return {
        "stack_functions": col.lists(offsets, col.symbols(functions, vocab.function_names)),
        "stack_modules": col.lists(offsets, col.symbols(modules, vocab.module_names)),
        "stack_filenames": col.lists(offsets, col.symbols(modules, files)),
        "stack_abs_paths": col.lists(offsets, col.symbols(modules, [f"/srv/app/{name}" for name in files])),
        "stack_packages": col.lists(offsets, col.constant(len(at), "")),
        "stack_linenos": col.lists(offsets, col.arrow(stacks.linenos[at])),
        "stack_in_app": col.lists(offsets, col.arrow(stacks.in_app[at])),
        "stack_exceptions": col.lists(offsets, col.arrow(stacks.exceptions[at])),
    }


def _links(row: _Row) -> dict[str, col.Column]:
    traced = row.rng.random(row.count) < 0.7
    replayed = row.rng.random(row.count) < 0.05
    return {
        "trace_id": col.hex_ids(row.rng, row.count, 32, traced),
        "span_id": col.hex_ids(row.rng, row.count, 16, traced),
        "replay_id": col.hex_ids(row.rng, row.count, 32, replayed),
        "profile_id": col.constant(row.count, ""),
    }


def _maps(row: _Row, *, full: bool) -> dict[str, col.Column]:
    modules = _modules(row) if full else col.empty_maps(row.count)
    return {"tags": tag_map(row.rng, row.count), "contexts": _contexts(row), "modules": modules}


def tag_map(rng: np.random.Generator, count: int) -> col.Column:
    """Return the tags column: eight keys on every row, twelve on three rows of ten."""
    sizes = {**TAGS_ALWAYS, **TAGS_SOMETIMES}
    starts = np.cumsum([0, *sizes.values()])
    codes = np.stack([col.zipf(rng, count, n) + at for n, at in zip(sizes.values(), starts, strict=False)], 1)
    present = np.ones((count, len(sizes)), np.bool_)
    present[:, len(TAGS_ALWAYS) :] = rng.random((count, len(TAGS_SOMETIMES))) < 0.3
    return col.maps(present, codes, list(sizes), [f"{key}-{n}" for key, size in sizes.items() for n in range(size)])


def _contexts(row: _Row) -> col.Column:
    browser = col.zipf(row.rng, row.count, len(BROWSERS))
    system = col.zipf(row.rng, row.count, len(SYSTEMS))
    runtime = col.zipf(row.rng, row.count, len(RUNTIMES))
    versions = [f"{100 + n}.0" for n in range(len(BROWSERS))]
    values = [*BROWSERS, *versions, *SYSTEMS, *RUNTIMES]
    after_versions = len(BROWSERS) + len(versions)
    codes = np.stack(
        [browser, browser + len(BROWSERS), system + after_versions, runtime + after_versions + len(SYSTEMS)], 1
    )
    keys = ("browser.name", "browser.version", "os.name", "runtime")
    return col.maps(np.ones(codes.shape, np.bool_), codes.astype(np.int32), keys, values)


def _modules(row: _Row) -> col.Column:
    names = [f"package-{n}" for n in range(30)]
    release = row.group % 6
    codes = np.stack([(release + n) % 6 for n in range(len(names))], 1).astype(np.int32)
    return col.maps(np.ones(codes.shape, np.bool_), codes, names, [f"{n}.{n + 1}.0" for n in range(6)])


def _payload(values: dict[str, col.Column], *, full: bool) -> col.Column:
    """Return the payload: a short document, or one of some kilobytes whose bulk repeats within a group."""
    plain = {name: values[name].cast(pa.string()) for name in ("event_id", "level", "release", "culprit", "message")}
    head = ('{"event_id":"', plain["event_id"], '","level":"', plain["level"], '","platform":"python"')
    if not full:
        return col.join(*head, "}")
    line = ',{"lineno":120,"in_app":true,"context_line":"  return handler(request, order)","vars":{"id":"'
    frame = (line, plain["event_id"], '","place":"', plain["culprit"], '"}}')
    frames = [part for _ in range(12) for part in frame]
    value = (',"exception":{"values":[{"value":"', plain["message"], '","stacktrace":{"frames":[null')
    return col.join(*head, ',"release":"', plain["release"], '"', *value, *frames, "]}}]}}")
