"""What unmodified clients send besides errors and traces comes back as it was sent."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from benchmarks.browser import FLAGS, chromium_path
from tests.clients.collector import Collector
from tests.clients.run import (
    ClientMissing,
    browser_page,
    run_node_signals,
    run_otel_node,
    run_otel_python,
    run_python_signals,
    sentry_cli,
)
from tests.e2e.conftest import Amber
from tests.ingest.helpers import envelope
from tests.ingest.source_maps import FRAMES, MAP, SCRIPT, event

pytestmark = pytest.mark.sdk
RELEASE = "release:signals-python@1.0.0"


@pytest.fixture(scope="module")
def sent(amber: Amber) -> dict[str, Any]:
    """What the Python SDK put on the wire, and the ids its application printed; all of it has arrived."""
    with Collector(forward_dsn=amber.dsn) as wire:
        ids = run_python_signals(wire.dsn)
        assert {request.status for request in wire.requests} == {200}
        items = dict(wire.items)
    # Envelopes of one client are worked on in several shards: each kind is waited for.
    for dataset in ("logs", "metrics", "check_ins", "attachments", "feedback", "profiles", "sessions"):
        amber.wait_for(f"from {dataset} | summarize n=count()", lambda rows: rows[0][0] > 0)
    return {"ids": ids, **items}


def test_logs_come_back_with_template_and_parameters(amber: Amber, sent: dict[str, Any]) -> None:
    """Those of the logging module and those of the SDK's own logger."""
    lines = [line for container in sent["log"] for line in container["items"]]
    rows = amber.rows(f"from logs {RELEASE} | project message, level, logger, message.template, trace")
    assert sorted((row["message"], row["trace"]) for row in rows) == sorted((x["body"], x["trace_id"]) for x in lines)
    stock = next(row for row in rows if row["message"] == "Stock of P-1 is 3")
    assert (stock["level"], stock["logger"], stock["message.template"]) == ("warn", "orders", "Stock of %s is %d")


def test_metrics_come_back_with_value_and_unit(amber: Amber, sent: dict[str, Any]) -> None:
    """A counter, a gauge and a distribution; the counter's attribute is a tag."""
    points = [point for container in sent["trace_metric"] for point in container["items"]]
    rows = amber.rows("from metrics | project metric.name, metric.type, metric.value, metric.unit, plan")
    assert {(row["metric.name"], row["metric.type"], row["metric.value"]) for row in rows} == {
        (point["name"], point["type"], point["value"]) for point in points
    }
    units = {row["metric.name"]: row["metric.unit"] for row in rows}
    assert (units["queue.depth"], units["payment.time"]) == ("item", "millisecond")
    assert next(row["plan"] for row in rows if row["metric.name"] == "orders.placed") == "gold"


def test_a_run_of_a_monitor_has_its_begin_and_its_end(amber: Amber, sent: dict[str, Any]) -> None:
    """Both are rows of one check-in; the schedule is that of the configuration."""
    assert len(sent["check_in"]) == 2
    rows = amber.rows("from check_ins monitor:nightly | project id, status, duration, schedule | sort status")
    assert [row["status"] for row in rows] == ["in_progress", "ok"]
    assert rows[1]["duration"] == 1_500_000_000
    assert rows[0]["schedule"] == "0 3 * * *"


def test_a_session_counts_once_and_is_crashed(amber: Amber, sent: dict[str, Any]) -> None:
    """Sums of the counts, whatever number of updates the client sent."""
    assert sent["session"]
    (row,) = amber.rows("from sessions | summarize started=sum(started_count), errored=sum(errored_count) by release")
    assert (row["release"], row["started"]) == ("signals-python@1.0.0", 1)
    assert row["errored"] == (1 if any(update.get("errors") for update in sent["session"]) else 0)


def test_feedback_and_a_file_come_back(amber: Amber, sent: dict[str, Any]) -> None:
    """Feedback travels as an event; the file holds line ends, a zero byte and what looks like an item."""
    (told,) = amber.rows("from feedback | project id, message, contact_email, name")
    assert told["id"] == sent["ids"]["feedback"]
    assert (told["message"], told["contact_email"]) == ("The cart is empty again", "ann@mail.example")
    (file,) = amber.rows("from attachments | project event, name, content_type, size, stored")
    assert (file["event"], file["name"], file["size"]) == (sent["ids"]["attached"], "notes.txt", 32)
    assert file["stored"]
    assert amber.rows(f"from errors id:{sent['ids']['attached']} | project message")[0]["message"] == "with a file"


def test_a_profile_says_where_the_time_went(amber: Amber, sent: dict[str, Any]) -> None:
    """Most of the transaction's profile lies in the function that was busy."""
    assert sent["profile"]
    rows = amber.rows(f"from profiles trace:{sent['ids']['trace_id']} stack.function:busy | summarize t=sum(weight)")
    assert rows[0]["t"] > 100_000_000


def test_open_telemetry_arrives_by_its_own_protocol(amber: Amber) -> None:
    """Spans with their segment, a log of the trace, metrics, and the recorded exception as an error with frames."""
    host, port = amber.server.address.ingest
    ids = run_otel_python(f"http://{host}:{port}", amber.server.address.public_key)
    query = f"from spans trace:{ids['trace_id']}"
    amber.wait_for(f"{query} | summarize n=count()", lambda rows: rows[0][0] == 2)
    rows = {row["id"]: row for row in amber.rows(f"{query} | project id, parent_span, transaction, service, release")}
    assert rows.keys() == {ids["segment"], ids["child"]}
    assert rows[ids["child"]]["parent_span"] == ids["segment"]
    assert {(row["transaction"], row["service"]) for row in rows.values()} == {("GET /orders", "checkout")}
    amber.wait_for(f"from logs trace:{ids['trace_id']} | summarize n=count()", lambda rows: rows[0][0] == 1)
    (line,) = amber.rows(f"from logs trace:{ids['trace_id']} | project message, level")
    assert (line["message"], line["level"]) == ("Stock of P-1 is low", "warn")
    amber.wait_for("from metrics service:checkout | summarize n=count()", lambda rows: rows[0][0] >= 2)
    points = amber.rows("from metrics service:checkout | project metric.name, metric.type, metric.value, metric.count")
    seen = {row["metric.name"]: row for row in points}
    assert seen["orders.placed"]["metric.value"] == 3
    assert (seen["payment.time"]["metric.count"], seen["payment.time"]["metric.value"]) == (3, 325)
    (error,) = amber.rows(f"from errors trace:{ids['trace_id']} | project error.type, error.value, environment")
    assert (error["error.type"], error["error.value"], error["environment"]) == ("ValueError", "no such order", "test")


def test_signals_of_the_node_sdk_come_back(amber: Amber) -> None:
    """Logs, metrics, a monitor's run, sessions, a continuous profile, and feedback with its picture."""
    with Collector(forward_dsn=amber.dsn) as wire:
        try:
            ids = run_node_signals(wire.dsn)
        except ClientMissing as missing:
            pytest.skip(str(missing))
        assert {request.status for request in wire.requests} == {200}
    release = "release:signals-node@1.0.0"
    for dataset in ("logs", "check_ins", "feedback", "profiles", "sessions", "spans"):
        amber.wait_for(f"from {dataset} {release} | summarize n=count()", lambda rows: rows[0][0] > 0)
    (line,) = amber.rows(f"from logs {release} | project message, level, shelf, trace")
    assert (line["message"], line["level"], line["shelf"]) == ("Stock of P-1 is 3", "warn", "A")
    runs = amber.rows("from check_ins monitor:nightly-node | project id, status, duration | sort status")
    assert [(run["status"], run["duration"]) for run in runs][1] == ("ok", 1_500_000_000)
    (told,) = amber.rows(f"from feedback {release} | project id, message, name")
    assert (told["id"], told["message"], told["name"]) == (ids["feedback"], "The cart is empty again", "Ann")
    (file,) = amber.rows("from attachments name:screen.png | project event, size, content_type")
    assert (file["event"], file["size"], file["content_type"]) == (ids["feedback"], 4, "image/png")
    (count,) = amber.rows(f"from sessions {release} | summarize n=sum(started_count), bad=sum(errored_count)")
    assert (count["n"], count["bad"]) == (len({update["sid"] for update in wire.items["session"]}), 0)
    (spun,) = amber.rows(f"from profiles {release} stack.function:busy | summarize t=sum(weight)")
    assert spun["t"] > 100_000_000


def test_open_telemetry_for_javascript_arrives_as_json(amber: Amber) -> None:
    """Hex ids, whole numbers up to 2^53, and the recorded exception with frames of V8."""
    host, port = amber.server.address.ingest
    try:
        ids = run_otel_node(f"http://{host}:{port}", amber.server.address.public_key)
    except ClientMissing as missing:
        pytest.skip(str(missing))
    amber.wait_for(f"from spans trace:{ids['trace_id']} | summarize n=count()", lambda rows: rows[0][0] == 1)
    (span,) = amber.rows(
        f"from spans trace:{ids['trace_id']} | project id, transaction, http.status_code, release,"
        " items=measurements.cart.items, status=span.status"
    )
    assert (span["id"], span["transaction"], span["http.status_code"]) == (ids["segment"], "POST /cart", 500)
    assert (span["items"], span["status"]) == (9007199254740991, "internal_error")
    amber.wait_for(f"from errors trace:{ids['trace_id']} | summarize n=count()", lambda rows: rows[0][0] == 1)
    (error,) = amber.rows(f"from errors trace:{ids['trace_id']} | project error.type, error.value, stack.filename")
    assert (error["error.type"], error["error.value"]) == ("RangeError", "too many items")
    assert any(name.endswith("otel.cjs") for name in error["stack.filename"])


def test_sentry_cli_tells_a_release_its_files_and_its_deployment(amber: Amber, tmp_path: Path) -> None:
    """The commands of a build, unmodified: what they upload resolves a frame, what they tell is found in Discover."""
    host, port = amber.server.address.web
    told = {
        "SENTRY_URL": f"http://{host}:{port}",
        "SENTRY_AUTH_TOKEN": amber.init["token"],
        "SENTRY_ORG": "default",
        "SENTRY_PROJECT": amber.server.address.project_slug,
        "SENTRY_DSN": amber.dsn,
    }
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "app.js").write_bytes(SCRIPT)
    (tmp_path / "dist" / "app.js.map").write_bytes(MAP)

    def cli(*arguments: str) -> str:
        return sentry_cli(*arguments, folder=tmp_path, **told)

    try:
        cli("releases", "new", "cli@1.0.0")
    except ClientMissing as missing:
        pytest.skip(str(missing))
    cli("sourcemaps", "inject", "dist")
    assert "artifact bundle" in cli("sourcemaps", "upload", "--release", "cli@1.0.0", "dist")
    cli("releases", "finalize", "cli@1.0.0")
    cli("deploys", "new", "--release", "cli@1.0.0", "-e", "prod", "-n", "blue", "-t", "90")
    assert "blue" in cli("deploys", "list", "--release", "cli@1.0.0")
    cli("send-event", "-m", "built", "--release", "cli@1.0.0", "--no-environ")
    amber.wait_for("from changes release:cli@1.0.0 | summarize n=count()", lambda rows: rows[0][0] == 1)
    (deploy,) = amber.rows("from changes | project kind, title, description, environment, status, started, finished")
    assert (deploy["kind"], deploy["title"], deploy["environment"]) == ("deploy", "Deploy cli@1.0.0 to prod", "prod")
    assert (deploy["description"], deploy["status"]) == ("blue", "succeeded")
    took = datetime.fromisoformat(deploy["finished"]) - datetime.fromisoformat(deploy["started"])
    assert took == timedelta(seconds=90)
    amber.wait_for("from errors release:cli@1.0.0 | summarize n=count()", lambda rows: rows[0][0] == 1)
    assert amber.rows("from errors release:cli@1.0.0 | project message")[0]["message"] == "built"
    injected = (tmp_path / "dist" / "app.js").read_text()
    for attempt in range(30):  # an upload counts for events that come a second or two after it
        release = f"cli@frames{attempt}"
        amber.post(_minified_error(injected, release))
        amber.wait_for(f"from errors release:{release} | summarize n=count()", lambda rows: rows[0][0] == 1)
        (error,) = amber.rows(f"from errors release:{release} | project stack.function, stack.lineno, remarks")
        if error["remarks"] != ["frames:unsymbolicated"]:
            break
    assert (error["stack.function"], error["remarks"]) == (["?", "start", "explode"], ["frames:symbolicated"])


def _minified_error(injected: str, release: str) -> bytes:
    """An error of the script sentry-cli has put a debug id into, which moved its lines."""
    debug_id = re.search(r"debugId=([0-9a-f-]{36})", injected)
    assert debug_id is not None
    line = 1 + injected.splitlines().index(SCRIPT.decode().splitlines()[0])
    frames = [{**frame, "lineno": line} for frame in FRAMES]
    now = datetime.now(UTC).timestamp()
    exception = {"values": [_exception(frames)]}
    error = event(event_id=uuid.uuid4().hex, timestamp=now, release=release, exception=exception)
    image = {"type": "sourcemap", "code_file": FRAMES[0]["abs_path"], "debug_id": debug_id[1]}
    return envelope(({"type": "event"}, json.dumps({**error, "debug_meta": {"images": [image]}}).encode()))


def _exception(frames: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "Error", "value": "1", "stacktrace": {"frames": frames}}


def test_a_browser_reports_an_error_with_its_replay(amber: Amber, tmp_path: Path) -> None:
    """@sentry/browser in Chromium, from another origin: no request is refused, the replay names the error."""
    try:
        page_path = browser_page(tmp_path)
    except ClientMissing as missing:
        pytest.skip(str(missing))
    refused: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        page = browser.new_page()
        page.on("requestfailed", lambda request: refused.append(f"{request.url} {request.failure}"))
        page.goto(f"{page_path.as_uri()}#{amber.dsn}")
        ids = page.evaluate("report()")
        browser.close()
    assert not refused
    amber.wait_for(f"from replays replay:{ids['replay_id']} | summarize n=count()", lambda rows: rows[0][0] > 0)
    segments = amber.rows(f"from replays replay:{ids['replay_id']} | project segment, recording.size, recording.kind")
    assert {segment["recording.kind"] for segment in segments} == {"rrweb"}
    assert sum(segment["recording.size"] for segment in segments) > 100, "a small page, compressed"
    amber.wait_for("from errors release:signals-browser@1.0.0 | summarize n=count()", lambda rows: rows[0][0] > 0)
    (error,) = amber.rows("from errors release:signals-browser@1.0.0 | project error.type, error.value, replay")
    assert (error["error.type"], error["error.value"]) == ("TypeError", "card is undefined")
    assert error["replay"] == ids["replay_id"]
