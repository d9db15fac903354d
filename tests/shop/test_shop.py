"""The shop runs as its README says, and what it reports is what a newcomer should see."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.serving import free_ports
from tests.clients.collector import Collector

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"TypeError", "KeyError", "ZeroDivisionError", "CheckoutFailed"}
RELEASES = {"shop-web@1.4.0", "shop-web@1.4.1", "shop-cart@2.1.0", "shop-payment@0.9.3"}


def _enough(collector: Collector) -> bool:
    """Whether some two hundred pages were looked at, and everything that happens now and then has happened."""
    events, transactions = list(collector.items["event"]), list(collector.items["transaction"])
    return (
        sum(one["tags"]["service"] == "web" for one in transactions) >= 200
        and {one["release"] for one in transactions} >= RELEASES
        and {event["exception"]["values"][-1]["type"] for event in events if "exception" in event} >= KINDS
    )


def start(dsn: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "examples.shop", "--dsn", dsn, "--port-base", str(free_ports(4)), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def reported() -> Iterator[Collector]:
    """What the collector has after one run at a high rate: ten seconds, on a busy machine more."""
    with Collector() as collector:
        process = start(collector.dsn, "--rate", "25", "--deploy-after", "5", "--seed", "3")
        try:
            collector.wait_for(_enough, 180)
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        assert "deployed shop-web@1.4.1" in out
        yield collector


def test_errors_of_all_kinds_arrive_with_in_app_frames(reported: Collector) -> None:
    kinds = {event["exception"]["values"][-1]["type"] for event in reported.items["event"] if "exception" in event}
    assert kinds >= KINDS
    frames = [
        entry["stacktrace"]["frames"][-1]
        for event in reported.items["event"]
        for entry in event.get("exception", {"values": []})["values"]
        if entry["type"] in ("TypeError", "ZeroDivisionError")
    ]
    assert frames
    assert all(frame["in_app"] and frame["module"].startswith("examples.shop.") for frame in frames)


def test_a_chained_exception_keeps_its_cause(reported: Collector) -> None:
    chains = [
        [entry["type"] for entry in event["exception"]["values"]]
        for event in reported.items["event"]
        if "exception" in event
    ]
    assert ["HTTPError", "ServiceError", "CheckoutFailed"] in chains


def test_one_trace_spans_the_three_services(reported: Collector) -> None:
    services: defaultdict[str, set[str]] = defaultdict(set)
    for transaction in reported.items["transaction"]:
        services[transaction["contexts"]["trace"]["trace_id"]].add(transaction["tags"]["service"])
    assert {"web", "cart", "payment"} in services.values()


def test_both_releases_of_the_pages_report(reported: Collector) -> None:
    releases = {transaction["release"] for transaction in reported.items["transaction"]}
    assert releases == RELEASES


def test_the_regression_exists_only_in_the_new_release(reported: Collector) -> None:
    releases = {
        event["release"]
        for event in reported.items["event"]
        for entry in event.get("exception", {"values": []})["values"]
        if any(frame["function"] == "by_weight_per_box" for frame in entry["stacktrace"]["frames"])
    }
    assert releases <= {"shop-web@1.4.1"}


def test_the_front_page_shows_its_many_queries(reported: Collector) -> None:
    pages = [one for one in reported.items["transaction"] if one["transaction"] == "/" and one["spans"]]
    assert pages
    queries = [span["description"] for span in pages[0]["spans"] if span["op"] == "db.sql.query"]
    assert queries.count("SELECT avg(stars) FROM reviews WHERE sku = ?") == 12


def test_users_tags_and_breadcrumbs_vary(reported: Collector) -> None:
    events = reported.items["event"]
    assert len({event["user"]["id"] for event in events}) > 5
    assert len({event["tags"]["country"] for event in events}) > 2
    assert any(event.get("breadcrumbs", {}).get("values") for event in events)
    assert any((event.get("logentry") or {}).get("message") == "Stock of %s is down to %d" for event in events)


def test_no_health_check_is_traced(reported: Collector) -> None:
    assert "/healthz" not in {one["transaction"] for one in reported.items["transaction"]}


def test_logs_stand_in_the_traces_of_requests(reported: Collector) -> None:
    """What a checkout said on its way can be found from its trace."""
    records = [record for container in reported.items["log"] for record in container["items"]]
    said = {record["attributes"].get("sentry.message.template", {}).get("value") for record in records}
    assert "Cart of shopper %s holds %d items for %d cents" in said
    traces = {one["contexts"]["trace"]["trace_id"] for one in reported.items["transaction"]}
    assert traces & {record["trace_id"] for record in records}


def test_sessions_metrics_and_check_ins_are_reported(reported: Collector) -> None:
    """A newcomer finds rows in every data set that a server side has."""
    counted = [one for item in reported.items["sessions"] for one in item["aggregates"]]
    assert sum(one.get("exited", 0) for one in counted) > 10
    names = {point["name"] for item in reported.items["trace_metric"] for point in item["items"]}
    assert {"orders", "payment.wait"} <= names
    runs: dict[str, list[str]] = {}
    for one in reported.items["check_in"]:
        runs.setdefault(one["check_in_id"], []).append(one["status"])
    first, *later = runs.values()
    assert first == ["in_progress", "ok"]
    assert all(run == ["in_progress", "ok"][: len(run)] for run in later), "as many runs as minutes began"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_cleanly(number: signal.Signals) -> None:
    collector = Collector()
    process = start(collector.dsn, "--rate", "5")
    children = wait_until_up(process)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    collector.close()
    assert process.returncode == 0, err
    assert not [child for child in children if child.is_running()]


def test_the_services_end_when_the_main_program_is_killed() -> None:
    collector = Collector()
    process = start(collector.dsn, "--rate", "5")
    children = wait_until_up(process)
    process.kill()
    process.communicate(timeout=60)
    _, alive = psutil.wait_procs(children, timeout=60)
    collector.close()
    assert not alive


def test_a_taken_port_is_said() -> None:
    base = free_ports(4)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base))
        taken.listen()
        command = [sys.executable, "-m", "examples.shop", "--dsn", "http://k@127.0.0.1:9/1", "--port-base", str(base)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode != 0
    assert f"did not start on port {base}" in done.stderr


def test_the_shop_imports_nothing_of_amber() -> None:
    program = (
        "import sys, examples.shop.__main__, examples.shop.service; "
        "print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"amber", "engine", "queries", "ml", "ingest", "server"} == set()


def wait_until_up(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Waits for the line that says the shop is up; gives its service processes."""
    assert process.stdout is not None
    assert "pages on" in process.stdout.readline()
    children = psutil.Process(process.pid).children()
    assert len(children) == 3
    return children
