"""Amber as real processes: one verb to its end, or a served directory."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.serving import free_ports
from server.cli import main

ROOT = Path(__file__).resolve().parents[2]


def child_environment() -> dict[str, str]:
    """The environment of the commands under test: no settings of the machine, our sources first.

    One normaliser on every machine: a second one costs each start of a server half a second of work.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AMBER_")}
    ours = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'sdk'}", "XDG_CONFIG_HOME": "/nonexistent"}
    return {**kept, **ours, "AMBER_NORMALISERS": "1"}


def amber(*arguments: str, cwd: Path | None = None, check: bool = True, **extra: str) -> subprocess.CompletedProcess:
    """Run one verb to its end; fails with its output when `check` and the exit status is not 0."""
    done = subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        capture_output=True,
        text=True,
        env={**child_environment(), **extra},
        cwd=cwd,
        timeout=400,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def run_here(arguments: list[str], given: str = "", **environment: str) -> tuple[int, str, str]:
    """Run a verb in this process: its status, what it printed, what it complained of. A process each would be slow.

    Not for verbs that open an event store of their own: a process can open one only.
    """
    said, complained = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(place, "utf-8", newline="", write_through=True) for place in (said, complained))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AMBER_")]:
            patch.delenv(name)
        patch.setenv("XDG_CONFIG_HOME", "/nonexistent")
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", io.StringIO(given))
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main(arguments)
    return int(ended.value.code or 0), said.getvalue().decode(), complained.getvalue().decode()


def amber_here(*arguments: str, check: bool = True, **extra: str) -> subprocess.CompletedProcess:
    """Run one verb as `amber` does, in this process; see `run_here`."""
    code, said, complained = run_here(list(arguments), **extra)
    if check:
        assert code == 0, said + complained
    return subprocess.CompletedProcess(arguments, code, said, complained)


@dataclass
class Served:
    """A running `amber serve`."""

    data: Path
    port: int
    process: subprocess.Popen
    log: Path
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Web address."""
        return f"http://127.0.0.1:{self.port}"

    def state(self) -> dict[str, Any]:
        """What run/server.json says."""
        return json.loads((self.data / "run" / "server.json").read_text())

    def request(self, method: str, path: str, body: Any = None, token: str | None = "", **headers: str):
        """One request to the web port; returns status, headers, body. An empty token means the administrator's."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            sent = {"Content-Type": "application/json", **headers}
            if token is not None:
                sent["Authorization"] = f"Bearer {token or self.facts['token']}"
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def ask(self, text: str, **body: Any) -> dict[str, Any]:
        """The JSON answer to a query."""
        status, _, answer = self.request("POST", "/api/v1/query", {"query": text, **body})
        assert status == 200, answer
        return json.loads(answer)

    def send(self, event: dict[str, Any], dsn: str = "") -> str:
        """Post one event as an envelope to the DSN; returns its id."""
        event_id, status, answer = post_event(dsn or self.facts["dsn"], event)
        assert status == 200, answer
        return event_id

    def wait_ready(self, seconds: float = 180) -> None:
        """Wait until every process is at work."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if self.request("GET", "/api/v1/ready", token=None)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise TimeoutError(self.log.read_text())

    def wait_count(self, text: str, expected: int, seconds: float = 180) -> int:
        """Wait until a query's single number is as expected; returns the last one seen."""
        deadline = time.monotonic() + seconds
        count = -1
        while time.monotonic() < deadline:
            count = self.ask(text)["rows"][0][0]
            if count == expected:
                return count
            time.sleep(0.1)
        return count

    def stop(self, number: int = signal.SIGTERM, seconds: float = 120) -> int:
        """Signal the supervisor and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)


def start_server(data: Path, *arguments: str, port: int = 0) -> Served:
    """Start `amber serve` on a directory and wait until it is ready."""
    port = port or free_ports()
    log = data.parent / f"{data.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", "--data", str(data), "--port", str(port), *arguments],
            stdout=output,
            stderr=output,
            env=child_environment(),
            start_new_session=True,
        )
    served = Served(data, port, process, log)
    try:
        served.wait_ready()
    except BaseException:
        process.kill()
        process.wait()
        raise
    return served


def initialised(data: Path, *arguments: str) -> dict[str, Any]:
    """Run `amber init` and return its facts."""
    return json.loads(amber("init", "--data", str(data), "--json", *arguments).stdout)


def post_event(dsn: str, event: dict[str, Any]) -> tuple[str, int, bytes]:
    """Post one event as an envelope; returns its id, the status and the answer."""
    parts = urlsplit(dsn)
    event = {"event_id": uuid.uuid4().hex, "timestamp": time.time(), "platform": "python", **event}
    kind = "transaction" if event.get("type") == "transaction" else "event"
    body = b"{}\n" + json.dumps({"type": kind}).encode() + b"\n" + json.dumps(event).encode() + b"\n"
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=120)
    try:
        auth = f"Sentry sentry_key={parts.username}, sentry_version=7, sentry_client=test/1"
        connection.request("POST", f"/api{parts.path}/envelope/", body, {"X-Sentry-Auth": auth})
        response = connection.getresponse()
        return event["event_id"], response.status, response.read()
    finally:
        connection.close()
