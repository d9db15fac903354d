"""A running Bugsink, installed from PyPI into an environment of its own, as `benchmarks.ingest_load` measures a server.

    python3 -m venv .amber-bench/bugsink && .amber-bench/bugsink/bin/pip install bugsink

It is set up by its own commands for one machine (gunicorn with five workers, one process that digests, SQLite), with
quotas lifted and nothing sent outwards. What it has stored is counted in its database, which costs it nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]  # it ships no types

from benchmarks.serving import Address, NoAnswerError, free_ports

WORKERS = 5
"""Of gunicorn, as Bugsink's own instructions have it."""

_START_TIMEOUT_S = 60.0
_ID = re.compile(r"id:([0-9a-f]{32})")
_UNLIMITED = (
    *("MAX_EVENTS_PER_PROJECT_PER_5_MINUTES", "MAX_EVENTS_PER_PROJECT_PER_HOUR", "MAX_EVENTS_PER_PROJECT_PER_MONTH"),
    *("MAX_EVENTS_PER_5_MINUTES", "MAX_EVENTS_PER_HOUR", "MAX_EVENTS_PER_MONTH"),
)
_PROJECT = """
from projects.models import Project
from teams.models import Team
team, _ = Team.objects.get_or_create(name="bench")
project, _ = Project.objects.get_or_create(name="shop", defaults={"team": team, "retention_max_event_count": 10**7})
print(project.dsn)
"""


class Bugsink:
    """Its processes, and what it has stored.

    Attributes:
        address: where it takes envelopes.
    """

    def __init__(self, directory: Path, address: Address, processes: dict[str, subprocess.Popen[bytes]]) -> None:
        self.directory = directory
        self.address = address
        self._processes = processes
        self._database = _database(directory)

    def number(self, text: str) -> int:
        """Return how many events are stored, or how many of the id a text names."""
        wanted = _ID.search(text)
        with contextlib.closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=30)) as database:
            if wanted is None:
                return int(database.execute("SELECT count(*) FROM events_event").fetchone()[0])
            query = "SELECT count(*) FROM events_event WHERE event_id = ?"
            return int(database.execute(query, (wanted[1],)).fetchone()[0])

    def cpu_by_role(self) -> dict[str, float]:
        """Return the CPU seconds used so far: of the web workers, and of the process that digests."""
        used = dict.fromkeys(self._processes, 0.0)
        for role, process in self._all():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                used[role] += times.user + times.system + times.children_user + times.children_system
        return used

    def cpu_s(self) -> float:
        """Return the CPU seconds all processes have used so far."""
        return sum(self.cpu_by_role().values())

    def memory_mib(self) -> float:
        """Return the proportional set size of all processes."""
        total = 0.0
        for _, process in self._all():
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss / 2**20
        return total

    def disk_bytes(self) -> int:
        """Return what all its files take."""
        return sum(path.stat().st_blocks * 512 for path in self.directory.rglob("*") if path.is_file())

    def _all(self) -> Iterator[tuple[str, psutil.Process]]:
        for role, started in self._processes.items():
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(started.pid)
                yield role, process
                yield from ((role, child) for child in process.children(recursive=True))


def installed(environment: Path) -> bool:
    """Tell whether an environment has Bugsink."""
    return (environment / "bin" / "bugsink-manage").exists()


def version(environment: Path) -> str:
    """Return the version of Bugsink in an environment."""
    told = "from importlib.metadata import version; print(version('bugsink'))"
    command = [str(environment / "bin" / "python"), "-c", told]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextlib.contextmanager
def serving_bugsink(environment: Path, directory: Path) -> Iterator[Bugsink]:
    """Set Bugsink up in a new directory and run it until the block is left.

    Raises:
        NoAnswerError: it could not be set up, or does not listen.
    """
    directory.mkdir(parents=True)
    port = free_ports()
    tools, settings = environment.absolute() / "bin", _environment(directory)
    dsn = urlsplit(_set_up(tools, directory, port, settings))
    commands = {
        "web": [str(tools / "gunicorn"), f"--bind=127.0.0.1:{port}", f"--workers={WORKERS}", "bugsink.wsgi"],
        "digest": [str(tools / "bugsink-runsnappea")],
    }
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        with (directory / "server.log").open("ab") as log:
            for role, command in commands.items():
                processes[role] = subprocess.Popen(
                    command, cwd=directory, env=settings, stdout=log, stderr=log, start_new_session=True
                )
        _wait_listening(port)
        here = ("127.0.0.1", port)
        address = Address(here, here, "", int(dsn.path.strip("/")), "shop", str(dsn.username).replace("-", ""))
        yield Bugsink(directory, address, processes)
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)


def _set_up(tools: Path, directory: Path, port: int, settings: dict[str, str]) -> str:
    """Write the configuration, make the databases and a project; return its DSN."""
    made = ["--template", "singleserver", "--port", str(port), "--host", "127.0.0.1"]
    _run([str(tools / "bugsink-create-conf"), *made], directory, settings)
    # Everything lies in the directory, so that it is weighed whole.
    told = {"BASE_URL": f"http://127.0.0.1:{port}", "PHONEHOME": False, **dict.fromkeys(_UNLIMITED, 10**9)}
    told["INGEST_STORE_BASE_DIR"] = str(directory / "ingestion")
    with (directory / "bugsink_conf.py").open("a") as file:
        file.write(
            "\nSESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USE_X_REAL_IP = False\nSECURE_PROXY_SSL_HEADER = None\n"
            f'ALLOWED_HOSTS = ["127.0.0.1"]\nBUGSINK.update({told!r})\n'
            f'DATABASES["default"]["NAME"] = {str(directory / "db.sqlite3")!r}\n'
            f'DATABASES["snappea"]["NAME"] = {str(directory / "snappea.sqlite3")!r}\n'
            f'SNAPPEA["WAKEUP_CALLS_DIR"] = {str(directory / "wakeup")!r}\n'
        )
    manage = str(tools / "bugsink-manage")
    _run([manage, "migrate"], directory, settings)
    _run([manage, "migrate", "snappea", "--database=snappea"], directory, settings)
    return _run([manage, "shell", "-c", _PROJECT], directory, settings).strip().splitlines()[-1]


def _run(command: list[str], directory: Path, settings: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=directory, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoAnswerError(f"{Path(command[0]).name} {command[1]} failed: {(done.stderr or done.stdout)[-800:]}")
    return done.stdout


def _environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return {**kept, "DJANGO_SETTINGS_MODULE": "bugsink_conf", "PYTHONPATH": str(directory), "PYTHONUNBUFFERED": "1"}


def _database(directory: Path) -> Path:
    """Return the file that holds the events: of the databases the one with their table."""
    for path in sorted(directory.glob("*.sqlite3")):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'events_event'").fetchone()
        if found:
            return path
    raise NoAnswerError(f"Bugsink keeps no events in {directory}")


def _wait_listening(port: int) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise NoAnswerError("Bugsink does not listen")
