"""Real requests and public samples: each is stored and queryable, set aside, or refused with a reason."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.eventstore import EventStore, Limits
from engine.files import make_directory
from engine.schema import TABLES
from ingest.batches import batch_of
from ingest.captures import Outcome, Survey, main
from ingest.ready import ReadyName, ReadyShard, ready_files
from tests.ingest.helpers import SHARED

CAPTURES = SHARED / "data" / "envelopes"
SAMPLES = SHARED / "data" / "event_samples"
needs_shared = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the recorded requests (../shared/data) are not here")

NO_START = "invalid: timestamps (a transaction needs start_timestamp and timestamp)"
NO_ROW = {
    "schema/sentry-event.schema.json": "not sent: a JSON schema, not an event",
    "sentry-23.7.1-samples/android-transaction.json": NO_START,
    "sentry-23.7.1-samples/transaction.json": NO_START,
    "sentry-23.7.1-samples/csp.json": "set aside: csp",
    "sentry-23.7.1-samples/expectct.json": "set aside: expectct",
    "sentry-23.7.1-samples/hpkp.json": "set aside: hpkp",
}


@pytest.fixture(scope="module")
def survey() -> Iterator[Survey]:
    found = Survey()
    yield found
    found.close()


def store_rows(store: EventStore, root: Path, project_id: int, outcomes: list[Outcome]) -> None:
    """Insert all rows of some outcomes as one block per dataset, under a project of their own."""
    shard = ReadyShard(root / "ready" / "0")
    for dataset in sorted({dataset for o in outcomes for dataset in o.rows}):
        rows = [row | {"project_id": project_id} for o in outcomes for row in o.rows.get(dataset, [])]
        if rows:
            shard.put(ReadyName(f"captures-{uuid.uuid4().hex}", 1, 0, 1, dataset), batch_of(dataset, rows))
    for ready in ready_files(root / "ready"):
        store.insert_file(ready.name.dataset, ready.path, ready.token)


def query(store: EventStore, sql: str, project_id: int) -> list[dict[str, Any]]:
    return store.query(sql, {"p": project_id}, limits=Limits(), query_id=uuid.uuid4().hex).table.to_pylist()


DATASETS = {
    "event": "errors",
    "transaction": "spans",
    "span": "spans",
    "log": "logs",
    "trace_metric": "metrics",
    "session": "sessions",
    "sessions": "sessions",
    "check_in": "check_ins",
    "feedback": "feedback",
    "attachment": "attachments",
    "profile": "profiles",
    "profile_chunk": "profiles",
    "replay_event": "replays",
    "csp": "errors",
    "traces": "spans",
    "logs": "logs",
    "metrics": "metrics",
}
"""Where what a capture's name tells of must end."""


def kinds_of(outcome: Outcome) -> set[str]:
    """What a capture holds, as its name tells: `logs.log`, `errors.replay_event+replay_recording.2`, `traces_gzip`."""
    name = outcome.name.rpartition("/")[2]
    parts = [part for part in name.split(".") if not part.isdigit()]
    return set(parts[-1].split("+")) if len(parts) > 1 else {name.partition("_")[0].removesuffix(".2")}


@needs_shared
def test_everything_every_client_sent_is_stored_and_queryable(
    survey: Survey, event_store: EventStore, tmp_path: Path, new_project_id: Callable[[], int]
) -> None:
    """Each item of each capture ends in its dataset; nothing is refused, invalid or set aside."""
    project_id = new_project_id()
    make_directory(tmp_path / "ready")
    outcomes = survey.captures(CAPTURES)
    assert len(outcomes) > 100
    assert [o.name for o in outcomes if o.status >= 300 or o.letters] == []
    for outcome in outcomes:
        for kind in kinds_of(outcome) & DATASETS.keys():
            dataset = "feedback" if "feedback.event.2" in outcome.name else DATASETS[kind]
            assert outcome.rows[dataset], outcome.name
    assert {dataset for o in outcomes for dataset, rows in o.rows.items() if rows} == {*DATASETS.values()}
    store_rows(event_store, tmp_path, project_id, outcomes)
    for dataset in set(DATASETS.values()):
        rows = [row for o in outcomes for row in o.rows.get(dataset, [])]
        identity = TABLES[dataset].identity
        columns = ", ".join(identity)
        stored = query(event_store, f"SELECT {columns} FROM {dataset} WHERE project_id = {{p:UInt64}}", project_id)
        assert len(stored) == len(rows)
        assert {tuple(r[c] for c in identity) for r in stored} == {tuple(r[c] for c in identity) for r in rows}


@needs_shared
def test_every_sample_event_is_stored_and_queryable_or_named_here(
    survey: Survey, event_store: EventStore, tmp_path: Path, new_project_id: Callable[[], int]
) -> None:
    """Those that make no row are the ones listed, with their reason."""
    project_id = new_project_id()
    make_directory(tmp_path / "ready")
    outcomes = survey.samples(SAMPLES)
    assert len(outcomes) > 200
    without = {o.name: o.verdict for o in outcomes if not any(o.rows.values())}
    assert without == NO_ROW
    store_rows(event_store, tmp_path, project_id, outcomes)
    rows = [row for o in outcomes for row in o.rows.get("errors", [])]
    [count] = query(event_store, "SELECT count() AS n FROM errors WHERE project_id = {p:UInt64}", project_id)
    assert count["n"] == len(rows) > 150
    payloads = query(event_store, "SELECT payload FROM errors WHERE project_id = {p:UInt64}", project_id)
    assert {p["payload"] for p in payloads} == {row["payload"].decode() for row in rows}


@needs_shared
def test_times_of_real_spans_are_stored_to_the_last_digit(
    survey: Survey, event_store: EventStore, tmp_path: Path, new_project_id: Callable[[], int]
) -> None:
    """What @sentry/node and sentry-python wrote as digits is what comes back, to the nanosecond."""
    project_id = new_project_id()
    make_directory(tmp_path / "ready")
    chosen = [o for o in survey.captures(CAPTURES) if o.name.endswith((".span", ".transaction"))]
    store_rows(event_store, tmp_path, project_id, chosen)
    columns = "toUnixTimestamp64Nano(timestamp) AS start, duration_ns AS lasts, payload"
    rows = query(event_store, f"SELECT {columns} FROM spans WHERE project_id = {{p:UInt64}}", project_id)
    assert len(rows) > 40
    checked = 0
    for row in rows:
        sent = json.loads(row["payload"], parse_float=Decimal)
        start, end = sent["start_timestamp"], sent.get("end_timestamp", sent.get("timestamp"))
        if isinstance(start, Decimal) and isinstance(end, Decimal):
            checked += 1
            assert row["start"] == int(start * 10**9)
            assert row["lasts"] == int(end * 10**9) - int(start * 10**9)
    assert checked > 40


@needs_shared
def test_the_page_lists_every_file() -> None:
    """It is generated, so that it cannot lag behind."""
    text = main([str(CAPTURES), str(SAMPLES)])
    assert text.count("\n| ") > 340
    assert "| sentry-cli-3.8.0/send_event.event | 1 errors |" in text


@needs_shared
def test_the_lone_surrogate_capture_keeps_its_words(survey: Survey) -> None:
    """The message survives, the surrogate and the NUL do not."""
    [outcome] = [o for o in survey.captures(CAPTURES) if "lone_surrogate" in o.name]
    [row] = outcome.rows["errors"]
    assert row["message"] == "bad \ufffd surrogate \ufffd nul"
    assert row["remarks"] == ["payload:scrubbed"]
