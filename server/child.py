"""One child process of the supervisor: start it, hear it, command it, end it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

import msgspec

from server.control import LaunchOrder, Report

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 15.0
_STEADY_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A process the supervisor keeps alive.

    Attributes:
        role: "web", "ingest", "normaliser" or "demo".
        index: number within the role.
        listener: the listening socket it serves, None for roles without one.
    """

    role: str
    index: int = 0
    listener: socket.socket | None = None

    @property
    def name(self) -> str:
        """Name in logs and in `run/server.json`."""
        return self.role if self.role in {"web", "demo"} else f"{self.role}-{self.index}"


@dataclass(slots=True)
class Backoff:
    """How long to wait before a process is started again: longer each time, short again after a steady run."""

    failures: int = 0
    started_at: float = 0.0

    def started(self) -> None:
        """Note a start."""
        self.started_at = time.monotonic()

    def next_delay_s(self) -> float:
        """Return the seconds to wait after an unexpected end."""
        if time.monotonic() - self.started_at > _STEADY_AFTER_S:
            self.failures = 0
        delay = min(_FIRST_DELAY_S * 2.0**self.failures, _LONGEST_DELAY_S)
        self.failures += 1
        return delay


class ChildProcess:
    """A running child and the two pipes to it.

    Args:
        spec: what it is.
        order: its launch order; `report_fd` and `socket_fd` are filled in here.
    """

    def __init__(self, spec: RoleSpec, order: LaunchOrder) -> None:
        self.spec = spec
        self.ready = False
        self.quiet = False
        self.failure: Report | None = None
        read_fd, write_fd = os.pipe()
        socket_fd = -1 if spec.listener is None else spec.listener.fileno()
        passed = (write_fd,) if socket_fd < 0 else (write_fd, socket_fd)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.roles", spec.name],
                stdin=subprocess.PIPE,
                pass_fds=passed,
                bufsize=0,
            )
        finally:
            os.close(write_fd)
        os.set_blocking(read_fd, False)
        self.report_fd = read_fd
        self._buffer = b""
        order = msgspec.structs.replace(order, report_fd=write_fd, socket_fd=socket_fd)
        self._write(msgspec.json.encode(order))

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def command(self, word: str) -> None:
        """Send a command; a child that is gone is noticed by `ended`."""
        self._write(word.encode())

    def reports(self) -> list[Report]:
        """Return the reports that have arrived since the last call."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.report_fd, 65536):
                self._buffer += chunk
        *lines, self._buffer = self._buffer.split(b"\n")
        return [msgspec.json.decode(line, type=Report) for line in lines]

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def close(self) -> None:
        """Release the pipes of a child that has ended."""
        os.close(self.report_fd)
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()

    def _write(self, line: bytes) -> None:
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError, ValueError):
                self.process.stdin.write(line + b"\n")
