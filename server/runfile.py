"""`DIR/run/server.json`: how processes on this machine reach the server that owns a data directory.

The file holds a token of its own (mode 0600), so whoever may read the data directory may query it. Whether a server
lives is answered by a lock it holds, not by the file: a lock cannot outlive its process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.errors import StateError
from engine.files import make_directory, write_atomically

RUN_FILE = Path("run") / "server.json"
_LOCK_FILE = Path("run") / "serve.lock"


class RunInfo(msgspec.Struct, frozen=True):
    """What `server.json` says.

    Attributes:
        url: the web address for processes on this machine.
        ingest_url: the ingest address for processes on this machine.
        dsn: DSN of the first project.
        token: the local token; its audit name is "local".
        pid: the supervisor.
        pids: process id by name: "supervisor", "web", "ingest-0", "normaliser-0" and so on.
        ready: names of the processes that are at work.
        restarts: how often each process was started again.
        version: version of the serving Amber.
        started_at: RFC 3339.
    """

    url: str
    ingest_url: str
    dsn: str
    token: str
    pid: int
    pids: dict[str, int]
    ready: list[str]
    restarts: dict[str, int]
    version: str
    started_at: str


def write_run_info(data: Path, info: RunInfo) -> None:
    """Publish the file, readable by its owner only."""
    make_directory((data / RUN_FILE).parent)
    write_atomically(data / RUN_FILE, msgspec.json.format(msgspec.json.encode(info)), mode=0o600)


def remove_run_info(data: Path) -> None:
    """Take the file away; a reader that comes later opens the directory itself."""
    (data / RUN_FILE).unlink(missing_ok=True)


def run_info_is_left(data: Path) -> bool:
    """Tell whether the file is there: of a server that lives, or of one that was killed."""
    return (data / RUN_FILE).exists()


def reach_server(data: Path, *, patience_s: float = 15.0) -> RunInfo | None:
    """Return how to reach the live server of a data directory, waiting for one that is just starting.

    Returns:
        None when no server lives; then the directory may be opened directly.
    """
    until = time.monotonic() + patience_s
    while is_served(data):
        info = read_run_info(data)
        if info is not None:
            return info
        if time.monotonic() > until:
            raise StateError(
                f"A server is starting on {data} and does not answer yet.",
                code="server-starting",
                hint="Try again in a moment, or look at its log.",
            )
        time.sleep(0.05)
    return None


def read_run_info(data: Path) -> RunInfo | None:
    """Return what the file says, or None when there is none; says nothing about whether the server lives."""
    try:
        return msgspec.json.decode((data / RUN_FILE).read_bytes(), type=RunInfo)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StateError(
            f"A server owns {data}, and its run/server.json belongs to another user.",
            code="server-of-another-user",
            hint="Use --url and --token, or run the command as that user.",
        ) from error
    except msgspec.DecodeError as error:
        raise StateError(
            f"{data / RUN_FILE} cannot be read: {error}.",
            code="run-file-unreadable",
            hint="It was written by another version of Amber: restart `amber serve`.",
        ) from error


@contextlib.contextmanager
def serving_lock(data: Path, *, patience_s: float = 1.0) -> Iterator[None]:
    """Hold the lock that says "a server lives here".

    Raises:
        StateError: another server holds it.
    """
    make_directory((data / _LOCK_FILE).parent)
    descriptor = os.open(data / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, data, time.monotonic() + patience_s)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, data: Path, until: float) -> None:
    # Readers take the lock shared for an instant when they look, hence the patience.
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            info = read_run_info(data)
            where = f" at {info.url} (process {info.pid})" if info else ""
            raise StateError(
                f"A server already runs on {data}{where}.",
                code="already-served",
                hint="Use it, stop it, or serve another directory with --data and --port.",
            ) from None
        else:
            return


def is_served(data: Path) -> bool:
    """Whether a server lives on the data directory, be it ready or just starting."""
    try:
        descriptor = os.open(data / _LOCK_FILE, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except PermissionError:
        return (data / RUN_FILE).exists()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
