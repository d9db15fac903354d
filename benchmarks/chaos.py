"""Kills Amber's processes at random points under load and proves that nothing was lost and nothing counted twice.

    python -m benchmarks.chaos --seed 7 --out chaos-out [--rounds 50]

Each round sends errors and streamed spans from several clients, kills one process (or all of them) with SIGKILL at a
random moment, and goes on. Clients resend what was not acknowledged, and now and then what was. In the end the server
is stopped, the store is opened directly, and every acknowledged id must be there exactly once; roll-ups, issues and
short ids must agree with the rows. `DIR/report.json` holds the figures; the exit code is 1 when one is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.serving import free_port_pair
from engine.datadir import DataDirectory
from engine.eventstore import EventStore, Limits, open_store

SENDERS = 4
SHARED_FINGERPRINTS = 5
ROLES = ("ingest", "normaliser", "web", "supervisor", "all")


@dataclass(slots=True)
class Ledger:
    """What the clients know: ids by what the server said about them."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    sent: dict[str, set[str]] = field(default_factory=lambda: {"error": set(), "span": set()})
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: {"error": set(), "span": set()})
    traces: dict[str, str] = field(default_factory=dict)
    resent: int = 0

    def note_sent(self, ids: dict[str, list[str]]) -> None:
        """Record ids before the first byte leaves."""
        with self.lock:
            for kind, names in ids.items():
                self.sent[kind].update(names)

    def note_acknowledged(self, ids: dict[str, list[str]]) -> None:
        """Record ids of a request that was answered with 200."""
        with self.lock:
            for kind, names in ids.items():
                self.acknowledged[kind].update(names)


@dataclass(slots=True)
class Report:
    """The result; every list of findings must be empty."""

    seed: int
    rounds: int
    kills: dict[str, int]
    sent: int = 0
    acknowledged: int = 0
    resent: int = 0
    rows: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    rollup_differs: list[str] = field(default_factory=list)
    issues_differ: list[str] = field(default_factory=list)
    traces_wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not (
            self.lost
            or self.duplicated
            or self.unknown
            or self.rollup_differs
            or self.issues_differ
            or self.traces_wrong
        )


def error_item(rng: random.Random, fingerprint: int) -> tuple[str, bytes]:
    """Return (event id, envelope item) of an error whose group is decided by `fingerprint`."""
    event_id = uuid.UUID(int=rng.getrandbits(128), version=4).hex
    event = {
        "event_id": event_id,
        "timestamp": time.time(),
        "platform": "python",
        "level": "error",
        "release": f"chaos@1.0.{fingerprint % 3}",
        "user": {"id": str(rng.randrange(50))},
        "exception": {
            "values": [
                {
                    "type": "ChaosError",
                    "value": f"case {rng.random()}",
                    "stacktrace": {
                        "frames": [
                            {
                                "function": "main",
                                "module": "chaos.app",
                                "filename": "chaos/app.py",
                                "in_app": True,
                            },
                            {
                                "function": f"step_{_word(fingerprint)}",
                                "module": "chaos.steps",
                                "filename": "chaos/steps.py",
                                "in_app": True,
                            },
                        ]
                    },
                }
            ]
        },
    }
    return event_id, b'{"type":"event"}\n' + json.dumps(event).encode() + b"\n"


def _word(number: int) -> str:
    """Spell a number with letters, so that no masking of digits can merge two groups."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def span_item(trace_id: str, span_id: str, parent: str | None, segment: tuple[str, str]) -> bytes:
    """Return a span container of one span; `segment` is (span id, name) of its segment."""
    segment_id, name = segment
    now = time.time()
    span = {
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": parent,
        "name": name if span_id == segment_id else "work",
        "status": "ok",
        "is_segment": span_id == segment_id,
        "start_timestamp": now - 0.01,
        "end_timestamp": now,
        "attributes": {"sentry.segment.id": {"type": "string", "value": segment_id}},
    }
    body = json.dumps({"version": 2, "items": [span]}).encode()
    head = {
        "type": "span",
        "item_count": 1,
        "content_type": "application/vnd.sentry.items.span.v2+json",
        "length": len(body),
    }
    return json.dumps(head).encode() + b"\n" + body + b"\n"


class Client(threading.Thread):
    """Sends until told to stop; resends what was not acknowledged, and some of what was."""

    def __init__(self, number: int, seed: int, directory: Path, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self.rng = random.Random(seed * 1000 + number)
        self.directory = directory
        self.ledger = ledger
        self.stopping = threading.Event()
        self.epoch = 0

    def run(self) -> None:
        """Send errors, and every few of them a trace whose children arrive before their segment."""
        while not self.stopping.is_set():
            if self.rng.random() < 0.15:
                self._send_trace()
            else:
                self._send_error()
            time.sleep(self.rng.random() * 0.004)

    def _send_error(self) -> None:
        group = self.epoch if self.rng.random() < 0.1 else self.rng.randrange(SHARED_FINGERPRINTS)
        event_id, item = error_item(self.rng, group)
        body = json.dumps({"event_id": event_id}).encode() + b"\n" + item
        self._deliver(body, {"error": [event_id]})
        if self.rng.random() < 0.03:
            with self.ledger.lock:
                self.ledger.resent += 1
            self._deliver(body, {"error": [event_id]})

    def _send_trace(self) -> None:
        trace_id = uuid.UUID(int=self.rng.getrandbits(128), version=4).hex
        segment_id, *children = (f"{self.rng.getrandbits(64):016x}" for _ in range(3))
        segment = (segment_id, f"/chaos/{self.rng.randrange(4)}")
        with self.ledger.lock:
            self.ledger.traces[trace_id] = segment[1]
        for span_id in (*children, segment_id):
            parent = None if span_id == segment_id else segment_id
            body = b"{}\n" + span_item(trace_id, span_id, parent, segment)
            self._deliver(body, {"span": [f"{trace_id}/{span_id}"]})

    def _deliver(self, body: bytes, ids: dict[str, list[str]]) -> None:
        """Send until acknowledged, as a client with a disk queue would."""
        self.ledger.note_sent(ids)
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
                if self._post(body) == 200:
                    self.ledger.note_acknowledged(ids)
                    return
            if self.stopping.is_set():
                return
            time.sleep(0.05)

    def _post(self, body: bytes) -> int:
        dsn = urllib.parse.urlsplit(json.loads((self.directory / "run" / "server.json").read_text())["dsn"])
        connection = http.client.HTTPConnection(str(dsn.hostname), dsn.port, timeout=20)
        try:
            connection.request(
                "POST",
                f"/api{dsn.path}/envelope/",
                body,
                {"X-Sentry-Auth": f"Sentry sentry_key={dsn.username}, sentry_version=7, sentry_client=chaos/1"},
            )
            return connection.getresponse().status
        finally:
            connection.close()


class Served:
    """A running `amber serve` on the directory, restarted when its supervisor was killed."""

    def __init__(self, directory: Path, log: Path) -> None:
        self.directory = directory
        self.log = log
        self.port = free_port_pair()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers; raises TimeoutError after a minute."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "server",
                    "serve",
                    "--data",
                    str(self.directory),
                    "--port",
                    str(self.port),
                    "--normalisers",
                    "2",
                ],
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
            )
        self.wait_ready()

    def wait_ready(self, seconds: float = 60) -> None:
        """Wait until /api/v1/ready says yes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}; see {self.log}")
            with contextlib.suppress(OSError, ValueError, KeyError, http.client.HTTPException):
                if self._ready():
                    return
            time.sleep(0.1)
        raise TimeoutError(f"the server did not become ready in {seconds:.0f} s; see {self.log}")

    def _ready(self) -> bool:
        state = self.state()
        if self.process is None or state.get("pids", {}).get("supervisor") != self.process.pid:
            return False
        url = urllib.parse.urlsplit(str(state["url"]))
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=5)
        try:
            connection.request("GET", "/api/v1/ready")
            return connection.getresponse().status == 200
        finally:
            connection.close()

    def state(self) -> dict[str, Any]:
        """Return what the server says about itself in run/server.json."""
        return dict(json.loads((self.directory / "run" / "server.json").read_text()))

    def kill(self, role: str, rng: random.Random) -> str:
        """SIGKILL one process of `role`, or every process for `all`; returns what was killed."""
        pids: dict[str, int] = {name: int(pid) for name, pid in self.state()["pids"].items()}
        victims = sorted(pids) if role == "all" else [name for name in sorted(pids) if name.startswith(role)]
        if role not in ("all", "supervisor"):
            victims = [rng.choice(victims)] if victims else []
        for name in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[name], signal.SIGKILL)
        if role in ("all", "supervisor"):
            assert self.process is not None
            self.process.wait(timeout=30)
            self.start()
        return role

    def stop(self) -> None:
        """Stop gracefully, which drains."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=120)


def _environment() -> dict[str, str]:
    """Two normalisers, so that shards meet the same fingerprint at the same time."""
    return {**os.environ, "AMBER_NORMALISERS": "2"}


def verify(directory: Path, ledger: Ledger, report: Report) -> None:
    """Open the store directly and compare it with what the clients know."""
    data = DataDirectory(directory)
    store = open_store(f"chdb://{data.store}")
    try:
        _verify_ids(store, ledger, report)
        _verify_rollup(store, report)
        _verify_issues(store, report)
        _verify_traces(store, ledger, report)
    finally:
        store.close()


def _rows(store: EventStore, sql: str) -> list[dict[str, Any]]:
    limits = Limits(max_seconds=120)
    return store.query(sql, {}, limits=limits, query_id=uuid.uuid4().hex).table.to_pylist()


def _verify_ids(store: EventStore, ledger: Ledger, report: Report) -> None:
    queries = {
        "error": "SELECT event_id AS id FROM errors",
        "span": "SELECT concat(trace_id, '/', span_id) AS id FROM spans",
    }
    for kind, sql in queries.items():
        found = Counter(str(row["id"]) for row in _rows(store, sql))
        report.rows += sum(found.values())
        report.lost += sorted(ledger.acknowledged[kind] - found.keys())
        report.duplicated += sorted(name for name, count in found.items() if count > 1)
        report.unknown += sorted(found.keys() - ledger.sent[kind])


def _verify_rollup(store: EventStore, report: Report) -> None:
    sql = """
        SELECT r.project_id AS project_id, r.fingerprint AS fingerprint, r.hour AS hour, r.n AS rows, u.n AS rolled
        FROM (SELECT project_id, fingerprint, toStartOfHour(timestamp) AS hour, count() AS n,
                     min(timestamp) AS a, max(timestamp) AS z FROM errors GROUP BY 1, 2, 3) AS r
        FULL JOIN (SELECT project_id, fingerprint, hour, sum(events) AS n, min(first_seen) AS a, max(last_seen) AS z
              FROM errors_hourly GROUP BY 1, 2, 3) AS u USING (project_id, fingerprint, hour)
        WHERE r.n != u.n OR r.a != u.a OR r.z != u.z
    """
    report.rollup_differs += [str(row) for row in _rows(store, sql)]


def _verify_issues(store: EventStore, report: Report) -> None:
    sql = """
        SELECT e.fingerprint AS fingerprint, e.issue_id AS issue_id, i.short_ids AS short_ids, i.rows AS rows
        FROM (SELECT DISTINCT project_id, fingerprint, issue_id FROM errors) AS e
        LEFT JOIN (SELECT project_id, issue_id, groupUniqArray(short_id) AS short_ids, count() AS rows
                   FROM issues FINAL GROUP BY project_id, issue_id) AS i
        ON e.project_id = i.project_id AND e.issue_id = i.issue_id
        WHERE length(i.short_ids) != 1 OR i.rows != 1
    """
    report.issues_differ += [f"fingerprint without exactly one issue: {row}" for row in _rows(store, sql)]
    twice = "SELECT short_id, count() AS n FROM issues FINAL GROUP BY short_id HAVING n > 1"
    report.issues_differ += [f"short id used twice: {row}" for row in _rows(store, twice)]


def _verify_traces(store: EventStore, ledger: Ledger, report: Report) -> None:
    sql = """
        SELECT trace_id, groupUniqArrayIf(name, is_segment) AS names, uniqExact(segment_id) AS segments
        FROM spans GROUP BY trace_id
    """
    for row in _rows(store, sql):
        expected = ledger.traces.get(str(row["trace_id"]))
        names = row["names"]
        if row["segments"] != 1 or (names and names != [expected]):
            report.traces_wrong.append(str(row))


def wait_drained(served: Served, seconds: float = 90) -> None:
    """Wait until the spool and the ready files are empty, as /api/v1/health reports them."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ready = list((served.directory / "spool" / "ready").rglob("*.arrow"))
        if not ready:
            return
        time.sleep(0.2)


def run(seed: int, rounds: int, out: Path, console: Console) -> Report:
    """Run the rounds and verify; returns the report."""
    rng = random.Random(seed)
    directory = out / "data"
    out.mkdir(parents=True, exist_ok=True)
    init = [sys.executable, "-m", "server", "init", "--data", str(directory), "--json"]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, env=_environment())
    served = Served(directory, out / "server.log")
    served.start()
    ledger = Ledger()
    clients = [Client(number, seed, directory, ledger) for number in range(SENDERS)]
    for client in clients:
        client.start()
    kills: Counter[str] = Counter()
    for number in track(range(rounds), description="rounds", console=console, disable=not console.is_terminal):
        for client in clients:
            client.epoch = SHARED_FINGERPRINTS + number
        time.sleep(rng.uniform(0.2, 1.2))
        role = rng.choices(ROLES, (4, 4, 4, 1, 1))[0]
        kills[served.kill(role, rng)] += 1
    time.sleep(1)
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(timeout=30)
    served.wait_ready()
    wait_drained(served)
    served.stop()
    report = Report(seed=seed, rounds=rounds, kills=dict(kills))
    report.sent = sum(map(len, ledger.sent.values()))
    report.acknowledged = sum(map(len, ledger.acknowledged.values()))
    report.resent = ledger.resent
    verify(directory, ledger, report)
    (out / "report.json").write_text(json.dumps(asdict(report) | {"good": report.good}, indent=2))
    return report


def main() -> None:
    """Parse the arguments, run, print the report; exit 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--out", type=Path, required=True, help="an empty or new directory")
    arguments = parser.parse_args()
    console = Console()
    if (arguments.out / "data").exists():
        raise SystemExit(f"{arguments.out} was used before: name a new directory")
    report = run(arguments.seed, arguments.rounds, arguments.out, console)
    console.print_json(json.dumps(asdict(report) | {"good": report.good}))
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
