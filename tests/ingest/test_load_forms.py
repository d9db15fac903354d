"""`amber load`: OTLP, lines of a dataset, standard input; a load goes on where it was stopped and doubles nothing."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from engine.errors import StateError, UserError
from ingest.checkpoints import Checkpoints
from ingest.inputs import Submittable, find_files
from ingest.load import LoadPlan, LoadReport, chunks_of
from ingest.units import LoadOptions, Problem, units_of
from tests.ingest.helpers import NOW_NS, SHARED, SPAN, TRACE, envelope, processed

TRACES = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "cart"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": TRACE.upper(),
                            "spanId": SPAN,
                            "name": "GET /",
                            "startTimeUnixNano": str(NOW_NS - 10**9),
                            "endTimeUnixNano": str(NOW_NS),
                            "events": [
                                {
                                    "name": "exception",
                                    "timeUnixNano": str(NOW_NS),
                                    "attributes": [{"key": "exception.type", "value": {"stringValue": "KeyError"}}],
                                }
                            ],
                        }
                    ]
                }
            ],
        }
    ]
}
LOGS = LoadOptions(dataset="logs")


def rows(units: list[Any], dataset: str) -> list[dict[str, Any]]:
    records = [unit.record(1, NOW_NS) for unit in units if isinstance(unit, Submittable)]
    return processed(*records).rows[dataset]


def problems(units: list[Any]) -> dict[int, str]:
    return {unit.line: unit.reason for unit in units if isinstance(unit, Problem)}


@pytest.mark.parametrize(("lines", "padding"), [(1, 0), (3, 0), (3, 100_000), (1, 100_000)])
def test_otlp_json_is_one_request_or_one_a_line(tmp_path: Path, lines: int, padding: int) -> None:
    """The collector's file exporter writes lines, long ones; exceptions become errors as when they are sent."""
    path = tmp_path / "traces.json"
    text = json.dumps({**TRACES, "unknown": "x" * padding}, indent=1 if lines == 1 and not padding else None)
    path.write_text("\n".join([text] * lines) + "\n")
    units = list(units_of(path, LoadOptions()))
    assert len(rows(units, "spans")) == 1
    assert [row["error_type"] for row in rows(units, "errors")] == ["KeyError"]
    assert {unit.position for unit in units} == set(range(1, lines + 1))


@pytest.mark.parametrize("name", ["traces_none.bin", "logs_none.bin", "metrics_none.bin", "traces_gzip.raw"])
def test_otlp_protobuf_says_by_its_content_what_it_is(name: str) -> None:
    """Real bodies of the Python exporter, plain and compressed."""
    path = SHARED / "data" / "envelopes" / "otel-python-1.45.2" / name
    if not path.exists():
        pytest.skip(f"the capture {name} is not here")
    units = list(units_of(path, LoadOptions()))
    signal = name.partition("_")[0]
    assert [unit.kind for unit in units if unit.count] == [f"otlp_{signal}"]
    assert rows(units, {"traces": "spans"}.get(signal, signal))


def write(path: Path, form: str, lines: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(lines)
    if form == "parquet":
        pq.write_table(table, path, row_group_size=2)
    elif form == "arrow file":
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    elif form == "arrow stream":
        with pa.ipc.new_stream(path, table.schema) as file:
            file.write_table(table)
    else:
        text = b"\n".join(json.dumps(line).encode() for line in lines)
        pack: Callable[[bytes], bytes] = {
            "gzip": gzip.compress,
            "zstd": zstandard.ZstdCompressor().compress,
            "list": lambda _: json.dumps(lines).encode(),
        }.get(form, bytes)
        path.write_bytes(pack(text))


@pytest.mark.parametrize("form", ["ndjson", "gzip", "zstd", "list", "arrow file", "arrow stream", "parquet"])
def test_lines_of_a_dataset_come_in_every_form(tmp_path: Path, form: str) -> None:
    """Told apart by content; what is wrong is told by its line."""
    path = tmp_path / "anything"
    write(path, form, [{"message": "one", "level": "error"}, {"message": None}, {"message": "three"}])
    units = list(units_of(path, LOGS))
    assert [row["body"] for row in rows(units, "logs")] == ["one", "three"]
    assert problems(units) == {2: "it needs `message` (`body`, `log.body`)"}


def test_statsd_files_are_metrics(tmp_path: Path) -> None:
    """Without saying the dataset."""
    path = tmp_path / "metrics.txt"
    path.write_text("hits:1|c\nnonsense\ntook:1:2|ms\n")
    units = list(units_of(path, LoadOptions(form="statsd")))
    assert [row["value"] for row in rows(units, "metrics")] == [1, 1, 2]
    assert list(problems(units)) == [2]


def test_lines_of_events_are_streamed_and_bad_ones_told(tmp_path: Path) -> None:
    """One bad line costs itself."""
    path = tmp_path / "events.ndjson"
    path.write_text('{"message":"a"}\n{"message":"b"}\nnot json\n\n{"message":"c"}\n')
    units = list(units_of(path, LoadOptions()))
    assert [row["message"] for row in rows(units, "errors")] == ["a", "b", "c"]
    assert list(problems(units)) == [3]


def test_standard_input_is_a_file_called_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed or not; it has no checkpoint."""
    body = gzip.compress(b'{"message":"piped"}\n')
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(body))))
    [path] = find_files([Path("-")])
    assert [row["body"] for row in rows(list(units_of(path, LOGS)), "logs")] == ["piped"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (LoadOptions(form="tar"), "format-unknown"),
        (LoadOptions(dataset="profiles"), "dataset-unknown"),
        (LoadOptions(dataset="logs", form="envelope"), "options-conflict"),
        (LoadOptions(form="parquet"), "dataset-missing"),
    ],
)
def test_options_that_do_not_go_together_are_said(options: LoadOptions, code: str) -> None:
    """Before anything is read."""
    with pytest.raises(UserError) as error:
        options.check()
    assert error.value.code == code


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"x" * 100)[:-9], b"PAR1broken", b"ARROW1\0\0broken", b"\x0a\x05hello"],
    ids=["gzip", "parquet", "arrow", "protobuf"],
)
@pytest.mark.parametrize("options", [LoadOptions(), LOGS])
def test_broken_files_are_named(tmp_path: Path, content: bytes, options: LoadOptions) -> None:
    """With what is wrong, and nothing else is raised."""
    path = tmp_path / "broken"
    path.write_bytes(content)
    found: list[Any] = []
    with contextlib.suppress(UserError):
        found += units_of(path, options)
    assert all(isinstance(unit, Problem) for unit in found)


class Loader:
    """Loads files into a list, as `load_files` would into the spool."""

    def __init__(self, root: Path, options: LoadOptions = LOGS) -> None:
        self.notes = root / "state" / "load.json"
        self.options = options
        self.sent: list[Submittable] = []

    def load(self, *paths: Path, chunks: int | None = None) -> LoadReport:
        """Load files; with `chunks` it is killed after so many, before they are noted."""
        report = LoadReport()
        plan = LoadPlan(1, self.options, Checkpoints(self.notes))
        for number, chunk in enumerate(chunks_of(find_files(list(paths)), plan, report, lambda _: None), 1):
            self.sent += chunk
            if number == chunks:
                break
        return report

    @property
    def bodies(self) -> list[str]:
        return [row["body"] for row in rows(self.sent, "logs")]


def numbered(first: int, last: int) -> bytes:
    return b"".join(json.dumps({"message": f"m{n}"}).encode() + b"\n" for n in range(first, last + 1))


def test_a_second_load_skips_what_was_loaded_and_takes_what_was_added(tmp_path: Path) -> None:
    """A file that begins otherwise is another file, even under the same name."""
    loader = Loader(tmp_path)
    path = tmp_path / "app.log"
    path.write_bytes(numbered(1, 3))
    assert (loader.load(path).records, loader.load(path).skipped) == (3, 1)
    with path.open("ab") as file:
        file.write(numbered(4, 5))
    assert loader.load(path).records == 2
    assert loader.bodies == ["m1", "m2", "m3", "m4", "m5"]
    path.write_bytes(numbered(7, 7))
    loader.load(path)
    assert loader.bodies[5:] == ["m7"]


def test_a_load_that_was_killed_goes_on_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent and not noted is sent again under the same names, and so known."""
    monkeypatch.setattr("ingest.load._CHUNK_BYTES", 1)
    loader = Loader(tmp_path)
    path = tmp_path / "app.log"
    path.write_bytes(numbered(1, 12_000))
    loader.load(path, chunks=2)
    loader.load(path)
    headers = [json.loads(unit.body.split(b"\n", 2)[1]) for unit in loader.sent]
    assert [(header["first"], header["item_count"]) for header in headers] == [
        (1, 5000),
        (5001, 5000),
        (5001, 5000),
        (10_001, 2000),
    ]
    assert len({header["token"] for header in headers}) == 1
    assert all(header["once"] for header in headers)
    few = [unit for unit in loader.sent if unit.count == 2000]
    assert len(rows([*few, *few], "logs")) == 2000


@pytest.mark.parametrize("form", ["envelopes", "otlp"])
def test_a_killed_load_of_envelopes_or_otlp_sends_the_rest_and_what_was_not_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Nothing is left out, and what is sent again is known by its own ids; notes are written once a chunk."""
    monkeypatch.setattr("ingest.load._CHUNK_UNITS", 4)
    written: list[int] = []
    monkeypatch.setattr(
        "ingest.checkpoints.write_atomically", lambda path, data: (written.append(1), path.write_bytes(data))
    )
    folder = tmp_path / "files"
    folder.mkdir()
    ids = [f"{number:016x}" for number in range(1, 11)]
    if form == "envelopes":
        for one in ids:
            body = envelope(({"type": "event"}, json.dumps({"event_id": one * 2}).encode()), event_id=one * 2)
            (folder / f"{one}.envelope").write_bytes(body)
    else:
        [span] = TRACES["resourceSpans"][0]["scopeSpans"][0]["spans"]  # type: ignore[index]
        spans = [{**span, "spanId": one, "events": []} for one in ids]
        lines = [{"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]} for one in spans]
        (folder / "traces.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    loader = Loader(tmp_path, LoadOptions())
    loader.load(folder, chunks=2)
    before = len(loader.sent)
    loader.load(folder)
    assert len(written) <= 4
    dataset, name = ("errors", "event_id") if form == "envelopes" else ("spans", "span_id")
    found = [row[name][:16] for row in rows(loader.sent, dataset)]
    assert sorted(found) == ids
    assert len(loader.sent) - before == 6


def test_damaged_notes_say_what_to_do(tmp_path: Path) -> None:
    """They are not silently begun anew."""
    notes = tmp_path / "load.json"
    notes.write_text("{")
    with pytest.raises(StateError, match="Remove it"):
        Checkpoints(notes)


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (b'{"sdk":{"name":"new"}}\n{"type":"of_tomorrow","length":9}\n{"a":"b"}\n', ["envelope"]),
        (b'{}\n{"type":"of_tomorrow"}\n{"a":1}\n{"type":"another","length":2}\n{}\n', ["envelope"]),
        (b'{"message":"a"}\n{"message":"b"}\n', ["store", "store"]),
        (b'{"event_id":"' + b"a" * 32 + b'"}\n{"type":"error","message":"b"}\n', ["store", "store"]),
    ],
)
def test_an_envelope_of_unknown_items_is_told_from_lines(tmp_path: Path, content: bytes, kinds: list[str]) -> None:
    """What a client of tomorrow sends is taken as an envelope and set aside, not read as broken events."""
    path = tmp_path / "captured"
    path.write_bytes(content)
    assert [getattr(unit, "kind", unit) for unit in units_of(path, LoadOptions())] == kinds
