"""What `amber load` finds in a file, unit by unit: events, envelopes, OTLP requests, lines of a dataset.

The form is recognised by content unless it is said. Units carry how far into the file they reach, so that a load can go
on where it was stopped; what cannot be read is told with its line and does not stop the rest.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import UserError
from ingest.errors import InvalidItem, Malformed, Refused
from ingest.files import BROKEN, STDIN, head_of, numbered_lines, opened, whole
from ingest.inputs import Submittable, event_of, opens_envelope, submittables
from ingest.native.door import chunks_of, judge, native_envelope, token_of
from ingest.native.formats import batch_lines, lines_of, statsd_lines
from ingest.native.lines import NATIVE_DATASETS
from ingest.otlp.decode import decode
from ingest.otlp.decode import judge as judge_parts
from ingest.otlp.exceptions import exceptions_of, pack, shard_of_exception
from ingest.otlp.http import EXCEPTIONS_KIND, kind_of
from ingest.otlp.model import Signal

FORMATS = (
    "auto",
    "events",
    "envelope",
    "otlp",
    "otlp-traces",
    "otlp-logs",
    "otlp-metrics",
    "ndjson",
    "arrow",
    "parquet",
    "statsd",
)
"""What can be said of a file's form; the last four are lines of a dataset."""

_LINES = ("ndjson", "arrow", "parquet", "statsd")
_OTLP_MEMBERS = {
    "resourceSpans": Signal.TRACES,
    "resource_spans": Signal.TRACES,
    "resourceLogs": Signal.LOGS,
    "resource_logs": Signal.LOGS,
    "resourceMetrics": Signal.METRICS,
    "resource_metrics": Signal.METRICS,
}
_PARQUET, _ARROW_FILE = b"PAR1", b"ARROW1"
_BATCH_LINES = 5000


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What files hold, as far as it is said.

    Attributes:
        dataset: what the lines are, as in native ingest; empty when the files say it themselves.
        form: one of `FORMATS`.
    """

    dataset: str = ""
    form: str = "auto"

    def check(self) -> None:
        """Refuse what does not exist or go together; UserError."""
        if self.form not in FORMATS:
            raise UserError(f"{self.form!r} is no format.", code="format-unknown", hint=f"One of {', '.join(FORMATS)}.")
        if self.dataset and self.dataset not in NATIVE_DATASETS:
            hint = f"One of {', '.join(NATIVE_DATASETS)}."
            raise UserError(f"{self.dataset!r} takes no lines.", code="dataset-unknown", hint=hint)
        if self.dataset and self.form not in ("auto", *_LINES):
            raise UserError(f"Files of {self.form} say their dataset themselves.", code="options-conflict")
        if self.form in _LINES and self.form != "statsd" and not self.dataset:
            raise UserError(f"Say what the lines of {self.form} are.", code="dataset-missing", hint="--dataset logs")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that was left out; `line` is 0 when it is not in a line."""

    line: int
    reason: str


def units_of(path: Path, options: LoadOptions, *, after: int = 0, name: str = "") -> Iterator[Submittable | Problem]:
    """Yield what a file holds.

    Args:
        path: the file, `-` for standard input.
        options: what it holds.
        after: position to go on from.
        name: what lines without ids of their own are known by when they are loaded again.

    Raises:
        UserError: it cannot be read, or is none of the forms; the message says what was tried.
    """
    with opened(path) as content:
        try:
            head = head_of(content)
            if options.dataset or options.form == "statsd":
                dataset = options.dataset or "metrics"
                yield from _native(dataset, _numbered(content, path, head, options), after, name or str(path))
            else:
                yield from _protocol(content, path, head, (options, after))
        except (InvalidItem, Refused) as error:
            causes = ": ".join((error.message, *getattr(error, "causes", ())))
            raise UserError(f"{path}: {causes}", code="unreadable-file") from error
        except (*BROKEN, pa.ArrowException) as error:
            raise UserError(f"{path}: {error}", code="unreadable-file") from error


def _protocol(
    content: io.BufferedReader, path: Path, head: bytes, how: tuple[LoadOptions, int]
) -> Iterator[Submittable | Problem]:
    """Yield events, envelopes and OTLP requests."""
    options, after = how
    if head.startswith((_PARQUET, _ARROW_FILE, b"\xff\xff\xff\xff")):
        raise UserError(f"{path}: Arrow and Parquet files need --dataset.", code="dataset-missing")
    if options.form == "envelope" or not _is_lines(head):
        text = whole(content, path)
        found = _otlp_body(text, options) if _may_be_otlp(text, options) else _placed(submittables(text))
        yield from (unit for unit in found if unit.position > after)
        return
    for number, line in numbered_lines(content, path):
        if number > after:
            yield from _line(number, line)


def _line(number: int, line: bytes) -> Iterator[Submittable | Problem]:
    """Yield what one line holds: an event, or an OTLP request as the collector's file exporter writes it."""
    try:
        signal = _signal_of(line)
        if signal is not None:
            yield from _otlp(signal, line, is_json=True, position=number)
        else:
            yield replace(event_of(line), position=number)
    except (InvalidItem, Refused) as error:
        yield Problem(number, ": ".join((error.message, *getattr(error, "causes", ()))))


_OTLP_LINE = re.compile(rb'\s*\{\s*"resource(?:Spans|Logs|Metrics)"')


def _is_lines(head: bytes) -> bool:
    """Tell whether a content is JSON lines: an object, and below it another that is no item header.

    A first line that is longer than the head is one of OTLP's when it begins so: collectors write a batch a line.
    """
    first, ended, rest = head.lstrip().partition(b"\n")
    if not ended:
        return _OTLP_LINE.match(first) is not None
    second = rest.lstrip().partition(b"\n")[0]
    return _is_object(first) and second.startswith(b"{") and not opens_envelope(first, second)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _placed(found: Iterable[Submittable]) -> Iterator[Submittable]:
    for position, unit in enumerate(found, 1):
        yield replace(unit, position=position)


def _signal_of(text: bytes) -> Signal | None:
    try:
        value = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return next((signal for member, signal in _OTLP_MEMBERS.items() if member in value), None)


def _may_be_otlp(text: bytes, options: LoadOptions) -> bool:
    return options.form.startswith("otlp") or text[:1] == b"\x0a" or _signal_of(text) is not None


def _otlp_body(text: bytes, options: LoadOptions) -> Iterator[Submittable]:
    """Yield a whole content as OTLP; protobuf does not say its signal: the one that explains most of it counts."""
    said = options.form.partition("-")[2]
    if text.lstrip()[:1] == b"{":
        signal = Signal(said) if said else _signal_of(text)
        if signal is None:
            raise Malformed("not OTLP", "neither resourceSpans, resourceLogs nor resourceMetrics")
        yield from _otlp(signal, text, is_json=True, position=1)
        return
    candidates = [Signal(said)] if said else list(Signal)
    scored = [(score, signal) for signal in candidates if (score := _explained(signal, text)) is not None]
    if not scored:
        raise Malformed("not OTLP", "no protobuf request of traces, logs or metrics")
    best = max(scored, key=lambda pair: pair[0])[1]
    yield from _otlp(best, text, is_json=False, position=1)


def _explained(signal: Signal, text: bytes) -> int | None:
    """Return how many records a signal finds in a request, None when it finds rejected ones or cannot read it."""
    try:
        verdict = judge_parts(signal, decode(signal, text, is_json=False))
    except Refused:
        return None
    return verdict.accepted if verdict.accepted and not verdict.rejected else None


def _otlp(signal: Signal, text: bytes, *, is_json: bool, position: int) -> Iterator[Submittable]:
    parts = decode(signal, text, is_json=is_json)
    digest = hashlib.blake2b(text, digest_size=16).digest()
    shards: dict[bytes, list[Any]] = {}
    for exception in exceptions_of(signal, parts):
        shards.setdefault(shard_of_exception(exception, digest), []).append(exception)
    for shard, exceptions in shards.items():
        yield Submittable(EXCEPTIONS_KIND, pack(exceptions), "", shard, position, 0)
    yield Submittable(kind_of(signal, is_json=is_json), text, "", digest, position)


def _numbered(content: io.BufferedReader, path: Path, head: bytes, options: LoadOptions) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a dataset with their numbers, from text, statsd, Arrow or Parquet."""
    if head.startswith(_PARQUET) or options.form == "parquet":
        yield from batch_lines(_parquet(content, path))
    elif head.startswith(_ARROW_FILE):
        with pa.ipc.open_file(pa.BufferReader(whole(content, path))) as file:
            yield from batch_lines(file.get_batch(index) for index in range(file.num_record_batches))
    elif head.startswith(b"\xff\xff\xff\xff") or options.form == "arrow":
        with pa.ipc.open_stream(content) as stream:
            yield from batch_lines(stream)
    elif options.form == "statsd":
        for number, line in numbered_lines(content, path):
            yield from ((number, point) for _, point in statsd_lines(line))
    elif head.lstrip().startswith(b"["):
        yield from lines_of(whole(content, path), "")
    else:
        yield from numbered_lines(content, path)


def _parquet(content: io.BufferedReader, path: Path) -> Iterator[pa.RecordBatch]:
    # Parquet is read from its end: from a file that may be sought, or from memory.
    source: Any = pa.BufferReader(whole(content, path)) if path == STDIN or not content.seekable() else content
    try:
        with pq.ParquetFile(source) as file:
            yield from file.iter_batches(_BATCH_LINES)
    except pa.ArrowException as error:
        raise UserError(f"{path}: broken Parquet: {error}", code="unreadable-file") from error


def _native(dataset: str, lines: Iterable[tuple[int, bytes]], after: int, name: str) -> Iterator[Submittable | Problem]:
    token = token_of(dataset, name)
    waiting: list[tuple[int, bytes]] = []
    for line in lines:
        if line[0] <= after:
            continue
        if len(waiting) >= _BATCH_LINES and line[0] != waiting[-1][0]:
            yield from _judged(dataset, token, waiting)
            waiting = []
        waiting.append(line)
    yield from _judged(dataset, token, waiting)


def _judged(dataset: str, token: str, lines: list[tuple[int, bytes]]) -> Iterator[Submittable | Problem]:
    judged = judge(dataset, lines)
    yield from (Problem(number, reason) for number, reason in judged.bad)
    for chunk in chunks_of(judged.good):
        body = native_envelope(dataset, token, chunk, once=True)
        yield Submittable("envelope", body, "", token.encode(), chunk[-1][0], len(chunk))
