"""Starts `amber serve` as a user would, in a directory of its own, and talks to it over HTTP only."""

from __future__ import annotations

import compileall
import contextlib
import fcntl
import functools
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]  # it ships no types

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "iam", "queries", "ml", "ingest", "dashboards", "server", "sdk/amber")
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 60.0
_PORTS = range(12_000, 32_000, 16)
_TAKEN: list[int] = []
"""Descriptors of the locks of the ports this process was given; the system lets go of them at its end."""


class NoAnswerError(RuntimeError):
    """The server did not do what a measurement needs; the text says what and where its log is."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a served directory answers.

    Attributes:
        web: host and port of the query API.
        ingest: host and port of the ingest routes.
        token: API token.
        project_id: a project with an active key.
        project_slug: its slug, empty when the snapshot does not tell.
        public_key: that key.
    """

    web: tuple[str, int]
    ingest: tuple[str, int]
    token: str
    project_id: int
    project_slug: str
    public_key: str


class Server:
    """A running `amber serve` child.

    Attributes:
        data_dir: its data directory.
        address: where it answers.
        ready_after_s: seconds from the start of the process to the first answered query.
    """

    def __init__(
        self, data_dir: Path, process: subprocess.Popen[bytes], address: Address, ready_after_s: float
    ) -> None:
        self.data_dir = data_dir
        self.process = process
        self.address = address
        self.ready_after_s = ready_after_s
        self._connection: http.client.HTTPConnection | None = None

    def query(self, text: str, **members: object) -> dict[str, Any]:
        """Run a Discover text through `/api/v1/query` on a kept-alive connection; NoAnswerError unless it is a 200.

        The server closes a connection that was idle for long; then it is asked once more on a new one.
        """
        kept, body = self._connection, {"query": text, **members}
        if kept is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                return _post_query(kept, self.address.token, body)
            kept.close()
        self._connection = http.client.HTTPConnection(*self.address.web, timeout=60)
        return _post_query(self._connection, self.address.token, body)

    def number(self, text: str, **members: object) -> int:
        """Run a query whose first row and column is a number, and return it."""
        rows = self.query(text, **members)["rows"]
        return int(rows[0][0]) if rows else 0

    def processes(self) -> list[psutil.Process]:
        """Return the processes of the server: the one started here and all below it."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def cpu_by_role(self) -> dict[str, float]:
        """Return the CPU seconds used so far by the role of the process, ended children included."""
        names = json.loads((self.data_dir / "run" / "server.json").read_text()).get("pids", {})
        roles = {pid: name.rpartition("-")[0] or name for name, pid in names.items()}
        used: dict[str, float] = {}
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                spent = times.user + times.system + times.children_user + times.children_system
                role = roles.get(process.pid, "other")
                used[role] = used.get(role, 0.0) + spent
        return used

    def cpu_s(self) -> float:
        """Return the CPU seconds all processes have used so far."""
        return sum(self.cpu_by_role().values())

    def memory_mib(self) -> float:
        """Return the proportional set size of all processes."""
        total = 0.0
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss / 2**20
        return total

    def stop(self) -> None:
        """Ask the server to stop, wait until it drained, and kill only what is left of it after a minute."""
        if self._connection is not None:
            self._connection.close()
        processes = self.processes() if self.process.poll() is None else []
        if processes:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_TIMEOUT_S)
        _, alive = psutil.wait_procs(processes, timeout=30)
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait(60)


def amber(*arguments: str, log: Path) -> None:
    """Run an `amber` command to its end; NoAnswerError with the end of its output when it fails."""
    done = subprocess.run([*_command(), *arguments], capture_output=True, text=True, check=False, env=_environment())
    log.write_text(done.stdout + done.stderr)
    if done.returncode:
        raise NoAnswerError(f"`amber {' '.join(arguments)}` failed: {(done.stderr or done.stdout)[-500:]}")


@contextlib.contextmanager
def serving(data_dir: Path, **settings: str) -> Iterator[Server]:
    """Serve `data_dir` on free ports of the loopback interface until the block is left.

    `settings` are given as the environment does: `query_cache="0"`.
    """
    port = free_ports()
    log = data_dir.parent / f"{data_dir.name}-serve.log"
    (data_dir / "run" / "server.json").unlink(missing_ok=True)
    with log.open("ab") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            [*_command(), "serve", "--data", str(data_dir), "--port", str(port)],
            stdout=output,
            stderr=output,
            env={**_environment(), **{f"AMBER_{name.upper()}": value for name, value in settings.items()}},
        )
    try:
        address = _first_answer(data_dir, process, log, began)
        server = Server(data_dir, process, address, time.perf_counter() - began)
    except BaseException:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
        raise
    try:
        yield server
    finally:
        server.stop()


def _command() -> list[str]:
    return [sys.executable, "-m", "server"]


def _environment() -> dict[str, str]:
    """Return the environment of `amber`; the limit of the API is raised, because waiting for an event asks often."""
    _compile()
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "sdk")]),
        "AMBER_API_RATE_PER_MINUTE": "1000000",
        "AMBER_API_BURST": "1000000",
    }


@functools.cache
def _compile() -> None:
    """Have the modules compiled, as pip leaves them and `make run` does; else each process compiles all of them."""
    for package in PACKAGES:
        compileall.compile_dir(ROOT / package, quiet=2)


def free_ports(neighbours: int = 2) -> int:
    """Return a port that is free together with the next ones.

    The ingest role takes the second, the shop of a demo the eleventh to the fourteenth. They lie below the ports the
    system gives to outgoing connections, which would take them before the server does, and are locked for the life of
    this process, so that processes side by side never choose the same.

    Args:
        neighbours: how many are needed in a row, 16 at most.
    """
    places = Path(tempfile.gettempdir()) / f"amber-ports-{os.getuid()}"
    places.mkdir(exist_ok=True)
    for number in range(len(_PORTS)):
        port = _PORTS[(os.getpid() * 7 + number) % len(_PORTS)]
        lock = os.open(places / str(port), os.O_RDWR | os.O_CREAT, 0o600)
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for one in range(port, port + neighbours):
                _bind_once(one)
            _TAKEN.append(lock)
            return port
        os.close(lock)
    raise NoAnswerError(f"no {neighbours} neighbouring ports are free")


def _bind_once(port: int) -> None:
    """Raise OSError when a port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def _first_answer(data_dir: Path, process: subprocess.Popen[bytes], log: Path, began: float) -> Address:
    """Ask until a query is answered with 200, and return where."""
    while time.perf_counter() - began < START_TIMEOUT_S:
        if process.poll() is not None:
            raise NoAnswerError(f"`amber serve` ended with {process.returncode}; see {log}: {log.read_text()[-500:]}")
        with contextlib.suppress(OSError, http.client.HTTPException, NoAnswerError, KeyError, ValueError):
            address = _address(data_dir)
            with contextlib.closing(http.client.HTTPConnection(*address.web, timeout=30)) as connection:
                _post_query(connection, address.token, {"query": "from errors last 1h | summarize n=count()"})
            return address
        time.sleep(0.02)
    raise NoAnswerError(f"no query was answered within {START_TIMEOUT_S:.0f} s; see {log}: {log.read_text()[-500:]}")


def _post_query(connection: http.client.HTTPConnection, token: str, body: dict[str, object]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/query", json.dumps(body), headers)
    response = connection.getresponse()
    text = response.read()
    if response.status != http.HTTPStatus.OK:
        problem = json.loads(text) if text.startswith(b"{") else {}
        raise NoAnswerError(
            f"`{body['query']}` was answered with {response.status}: {problem.get('detail', text[:200])}"
        )
    answer: dict[str, Any] = json.loads(text)
    return answer


def _address(data_dir: Path) -> Address:
    """Read where the server answers and a key to send with; KeyError or OSError until both files are there."""
    served = json.loads((data_dir / "run" / "server.json").read_text())
    snapshot = json.loads((data_dir / "run" / "config.json").read_text())
    key, project_id = next((k, v["project_id"]) for k, v in snapshot["keys"].items() if v.get("active", True))
    project = snapshot["projects"].get(str(project_id), {})
    return Address(
        web=_host_port(served["url"]),
        ingest=_host_port(served["ingest_url"]),
        token=served["token"],
        project_id=int(project_id),
        project_slug=str(project.get("slug", "")),
        public_key=key,
    )


def _host_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80
