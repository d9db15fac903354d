"""Kills Amber's processes at random points under load and proves that nothing was lost and nothing counted twice.

    python -m benchmarks.kills --seed 7 --out kills-out [--rounds 50] [--role normaliser]

Each round sends every kind of data (errors, streamed spans, logs, metrics over OTLP, sessions, check-ins, attachments
small and large, replays) from several clients, kills one process (or all of them) with SIGKILL at a
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
import time
import urllib.parse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.kills_checks import Report, verify
from benchmarks.kills_clients import SHARED_FINGERPRINTS, Client, Ledger
from benchmarks.serving import free_ports

SENDERS = 4
ROLES = {"ingest": 4, "normaliser": 4, "web": 4, "supervisor": 1, "all": 1}
"""What is killed, and how often against the others."""


class Served:
    """A running `amber serve` on the directory, restarted when its supervisor was killed."""

    def __init__(self, directory: Path, log: Path) -> None:
        self.directory = directory
        self.log = log
        self.port = free_ports()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers; raises TimeoutError after three minutes."""
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

    def wait_ready(self, seconds: float = 180) -> None:
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
        self.process.wait(timeout=240)

    def end(self) -> None:
        """Kill what a failed run has left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)


def _environment() -> dict[str, str]:
    """Two normalisers, so that shards meet the same fingerprint at the same time."""
    return {**os.environ, "AMBER_NORMALISERS": "2"}


def wait_drained(served: Served, seconds: float = 240) -> None:
    """Wait until the spool and the ready files are empty, as /api/v1/health reports them."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ready = list((served.directory / "spool" / "ready").rglob("*.arrow"))
        if not ready:
            return
        time.sleep(0.2)


def run(seed: int, rounds: int, out: Path, console: Console, roles: Sequence[str] = ()) -> Report:
    """Run the rounds and verify; returns the report. `roles` are those killed; none for all."""
    rng = random.Random(seed)
    directory = out / "data"
    out.mkdir(parents=True, exist_ok=True)
    init = [sys.executable, "-m", "server", "init", "--data", str(directory), "--json"]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, env=_environment())
    served = Served(directory, out / "server.log")
    ledger = Ledger()
    try:
        kills = _rounds(served, ledger, rng, (seed, rounds, console, tuple(roles) or tuple(ROLES)))
        served.wait_ready()
        wait_drained(served)
        served.stop()
    finally:
        served.end()
    report = Report(seed=seed, rounds=rounds, kills=dict(kills))
    report.sent = sum(map(len, ledger.sent.values()))
    report.acknowledged = sum(map(len, ledger.acknowledged.values()))
    report.resent = ledger.resent
    verify(directory, ledger, report)
    (out / "report.json").write_text(json.dumps(asdict(report) | {"good": report.good}, indent=2))
    return report


def _rounds(
    served: Served, ledger: Ledger, rng: random.Random, plan: tuple[int, int, Console, tuple[str, ...]]
) -> Counter[str]:
    """Send and kill; return how often which role was killed. `plan`: seed, rounds, where to show, what to kill."""
    seed, rounds, console, roles = plan
    weights = [ROLES[role] for role in roles]
    served.start()
    clients = [Client(number, seed, served.directory, ledger) for number in range(SENDERS)]
    for client in clients:
        client.start()
    kills: Counter[str] = Counter()
    try:
        for number in track(range(rounds), description="rounds", console=console, disable=not console.is_terminal):
            for client in clients:
                client.epoch = SHARED_FINGERPRINTS + number
            time.sleep(rng.uniform(0.2, 1.2))
            kills[served.kill(rng.choices(roles, weights)[0], rng)] += 1
        time.sleep(1)
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(timeout=30)
    return kills


def main() -> None:
    """Parse the arguments, run, print the report; exit 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--role", action="append", choices=tuple(ROLES), help="kill only these; may be repeated")
    parser.add_argument("--out", type=Path, required=True, help="an empty or new directory")
    arguments = parser.parse_args()
    console = Console()
    if (arguments.out / "data").exists():
        raise SystemExit(f"{arguments.out} was used before: name a new directory")
    report = run(arguments.seed, arguments.rounds, arguments.out, console, arguments.role or ())
    console.print_json(json.dumps(asdict(report) | {"good": report.good}))
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
