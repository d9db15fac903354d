"""What the supervisor and its children say to each other: commands down a pipe, reports up another.

The launch order (settings, sockets, local token) travels as the first line of the child's standard input, so no
secret stands in the environment or in the list of processes. The pipe also is the watch on the parent: when the
supervisor dies, however it dies, the child reads the end of the pipe and ends at once. Ending at once is safe,
because everything a child has promised is on disk before it promises.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from io import FileIO

import msgspec

PR_SET_PDEATHSIG = 1
PARENT_GONE_EXIT = 75


class LaunchOrder(msgspec.Struct, frozen=True):
    """What a child needs to know to play its role.

    Attributes:
        role: "web", "ingest", "normaliser" or "demo".
        index: number of the process within its role.
        settings: values of `Settings` by name; the path as text.
        parent_pid: the supervisor.
        report_fd: descriptor the child writes reports to.
        socket_fd: listening socket of the role, -1 when it has none.
        local_token: token of `run/server.json`; only the web role accepts it.
        dsn: where the demo sends its events.
    """

    role: str
    index: int
    settings: dict[str, str | int | float | None]
    parent_pid: int
    report_fd: int
    socket_fd: int = -1
    local_token: str = ""
    dsn: str = ""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line from a child to the supervisor.

    Attributes:
        event: "ready", "quiesced" or "failed".
        code: error code of "failed".
        message: error text of "failed".
        hint: what to do about it.
        facts: further values of the event.
    """

    event: str
    code: str = ""
    message: str = ""
    hint: str = ""
    facts: dict[str, str | int] = {}


class ParentLink:
    """The child's end: gives the launch order, runs commands as they come, sends reports.

    Args:
        commands: unbuffered stream of command lines, standard input of the child.
    """

    def __init__(self, commands: FileIO) -> None:
        self._commands = commands
        self._before_end: Callable[[], None] | None = None
        self.order = msgspec.json.decode(commands.readline(), type=LaunchOrder)
        self._reports = os.fdopen(self.order.report_fd, "wb", buffering=0)
        self._lock = threading.Lock()

    def obey(self, handlers: dict[str, Callable[[], None]], before_end: Callable[[], None] | None = None) -> None:
        """Start a thread that runs the handler of each command; ends the process when the parent is gone.

        Args:
            handlers: by command.
            before_end: run when the parent is gone, before the process ends.
        """
        self._before_end = before_end
        threading.Thread(target=self._listen, args=(handlers,), name="parent-link", daemon=True).start()

    def report(self, report: Report) -> None:
        """Send one report; a parent that is gone is no error here, the listening thread sees to it."""
        try:
            with self._lock:
                self._reports.write(msgspec.json.encode(report) + b"\n")
        except BrokenPipeError:
            return

    def _listen(self, handlers: dict[str, Callable[[], None]]) -> None:
        for line in self._commands:
            handler = handlers.get(line.decode().strip())
            if handler is not None:
                handler()
        if self._before_end is not None:
            self._before_end()
        # A hard exit on purpose: an orderly one could hang on the very thing that killed the parent.
        os._exit(PARENT_GONE_EXIT)


def bind_to_parent(parent_pid: int, *, hard: bool = True) -> None:
    """Make this process die with its parent, and leave signals of the terminal or service manager to it.

    Args:
        parent_pid: the supervisor.
        hard: whether the kernel is asked to kill; not for a role that has children of its own to end first.

    On Linux the kernel is asked to kill the child when the parent dies (prctl(2), PR_SET_PDEATHSIG); elsewhere the
    end of the command pipe does it. Service managers and terminals signal the whole group; the supervisor alone
    answers, because only it knows the order in which the roles drain.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hard and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_pid:
            os._exit(PARENT_GONE_EXIT)
