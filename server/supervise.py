"""`amber serve`: one supervisor that keeps the roles alive and brings them down in the order the data flows.

Stop: ingest stops accepting (and the web port with it), the normalisers finish the raw spool, the writer drains the
ready spool, then the web process closes the store. A deadline bounds all of it; a second signal ends it at once. What
is left in the spool is taken up at the next start.
"""

from __future__ import annotations

import errno
import os
import secrets
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType

import structlog

from engine.errors import AmberError, CapacityError, StateError, UserError
from server.child import Backoff, ChildProcess, RoleSpec
from server.control import LaunchOrder, Report
from server.runfile import RunInfo, remove_run_info, run_info_is_left, write_run_info
from server.settings import Settings, settings_values
from server.version import VERSION

_TICK_S = 0.1
_BACKLOG = 1024
_PORT_PATIENCE_S = 15.0
_NORMALISERS_AFTER_S = 15.0
"""When normalisers start though the web process is not ready: their work must not wait for a store that cannot open."""
_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class _Slot:
    """A role with its present process, if any."""

    spec: RoleSpec
    backoff: Backoff = field(default_factory=Backoff)
    child: ChildProcess | None = None
    restart_at: float = 0.0
    restarts: int = -1
    was_ready: bool = False


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the one who started the server should be told when it is ready.

    Attributes:
        url: web address.
        dsn: DSN of the first project.
        email: address of the administrator.
        password: the administrator's password, only when it was made just now.
        demo: whether the demo runs.
    """

    url: str
    dsn: str
    email: str
    password: str
    demo: bool


class ChildFailed(AmberError):
    """A role could not start; carries the error the role gave."""

    code = "role-failed"


class Supervisor:
    """Keeps web, ingest and normalisers running until told to stop.

    Args:
        settings: as loaded.
        demo: whether to run the demo shop as well.
        announce: called once, when queries are answered and events are accepted.
    """

    def __init__(self, settings: Settings, *, demo: bool, announce: Callable[[Announcement], None]) -> None:
        self._settings = settings
        self._announce = announce
        self._demo = demo
        self._token = secrets.token_urlsafe(32)
        self._started_at = datetime.now(UTC).isoformat()
        self._slots: list[_Slot] = []
        self._signals = 0
        self._dsn = ""
        self._email = ""
        self._password = ""
        self._announced = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Start the roles, keep them alive, and return when a signal has brought them down.

        Raises:
            AmberError: a port is taken, or a role cannot start for a reason that will not go away.
        """
        settings = self._settings
        # After an unclean end the last processes of the former server may hold the ports for another moment.
        patience_s = _PORT_PATIENCE_S if run_info_is_left(settings.data) else 0.0
        web = listen(settings.host, settings.port, "--port", patience_s)
        try:
            ingest = listen(settings.host, settings.ingest_port_used, "--ingest-port", patience_s)
        except AmberError:
            web.close()
            raise
        specs = [RoleSpec("web", 0, web), RoleSpec("ingest", 0, ingest)]
        specs += [RoleSpec("normaliser", index) for index in range(settings.normalisers or 1)]
        self._slots = [_Slot(spec) for spec in specs]
        with self._signal_handlers():
            try:
                self._start_first()
                while not self._signals:
                    self._turn()
                self._drain([web, ingest])
            finally:
                remove_run_info(settings.data)
                self._kill_all()
                web.close()
                ingest.close()
                self._selector.close()

    def _start_first(self) -> None:
        """Start the roles that answer somebody; normalisers would take the processors away from them.

        What they have to read is in the spool by then or later; they follow when the web process is ready.
        """
        for slot in self._slots:
            if slot.spec.role == "normaliser":
                slot.restart_at = time.monotonic() + _NORMALISERS_AFTER_S
            else:
                self._start(slot)

    def _start_others(self) -> None:
        for slot in self._slots:
            if slot.restarts < 0 and slot.spec.role == "normaliser":
                self._start(slot)

    def _turn(self) -> None:
        self._listen()
        now = time.monotonic()
        for slot in self._slots:
            if slot.child is not None and slot.child.ended():
                self._bury(slot)
            if slot.child is None and now >= slot.restart_at:
                self._start(slot)
        # Those who answer somebody; what normalisers have to read waits for them in the spool.
        answering = (slot.child for slot in self._slots if slot.spec.role in {"web", "ingest"})
        if not self._announced and all(child and child.ready for child in answering):
            self._announced = True
            if self._demo:
                self._slots.append(_Slot(RoleSpec("demo")))
            url = self._settings.web_url
            self._announce(Announcement(url, self._dsn, self._email, self._password, self._demo))

    def _listen(self) -> None:
        for key, _ in self._selector.select(_TICK_S):
            slot: _Slot = key.data
            if slot.child is not None:
                self._hear(slot, slot.child)

    def _hear(self, slot: _Slot, child: ChildProcess) -> None:
        reports = child.reports()
        for report in reports:
            _log.debug("report", process=slot.spec.name, report=report.event)
            if report.event == "ready":
                child.ready = slot.was_ready = True
                if slot.spec.role == "web":
                    self._start_others()
                self._dsn = str(report.facts.get("dsn", self._dsn))
                self._email = str(report.facts.get("email", self._email))
                # A web process that was started again has none to show; what the first one made still holds.
                self._password = str(report.facts.get("password") or self._password)
                _log.info("process ready", process=slot.spec.name, child_pid=child.pid)
            elif report.event == "quiesced":
                child.quiet = True
            elif report.event == "failed":
                child.failure = report
        if reports:
            self._publish()

    def _start(self, slot: _Slot) -> None:
        spec = slot.spec
        order = LaunchOrder(
            role=spec.role,
            index=spec.index,
            settings=settings_values(self._settings),
            parent_pid=os.getpid(),
            report_fd=-1,
            local_token=self._token if spec.role == "web" else "",
            dsn=self._dsn if spec.role == "demo" else "",
        )
        slot.child = ChildProcess(spec, order)
        slot.backoff.started()
        slot.restarts += 1
        self._selector.register(slot.child.report_fd, selectors.EVENT_READ, slot)
        _log.info("process started", process=spec.name, child_pid=slot.child.pid, restarts=slot.restarts)
        self._publish()

    def _bury(self, slot: _Slot) -> None:
        child = slot.child
        if child is None:
            return
        self._hear(slot, child)
        self._selector.unregister(child.report_fd)
        child.close()
        slot.child = None
        if child.failure is not None and not slot.was_ready and slot.spec.role != "demo":
            raise _as_error(child.failure)
        delay = slot.backoff.next_delay_s()
        slot.restart_at = time.monotonic() + delay
        reason = child.failure.message if child.failure else f"exit status {child.process.returncode}"
        _log.warning("process ended", process=slot.spec.name, reason=reason, restart_in_s=delay)
        self._publish()

    def _publish(self) -> None:
        """Write `run/server.json`, once the web process has been ready for the first time."""
        if not self._slots[0].was_ready:
            return
        alive = {slot.spec.name: slot.child for slot in self._slots if slot.child is not None}
        info = RunInfo(
            url=self._settings.local_web_url,
            ingest_url=self._settings.local_ingest_url,
            dsn=self._dsn,
            token=self._token,
            pid=os.getpid(),
            pids={"supervisor": os.getpid(), **{name: child.pid for name, child in alive.items()}},
            ready=[name for name, child in alive.items() if child.ready],
            restarts={slot.spec.name: max(slot.restarts, 0) for slot in self._slots},
            version=VERSION,
            started_at=self._started_at,
        )
        try:
            write_run_info(self._settings.data, info)
        except OSError as error:
            # A full disk must not end the roles that are about to make room on it.
            _log.warning("run file not written", reason=str(error))

    def _drain(self, listeners: list[socket.socket]) -> None:
        until = time.monotonic() + self._settings.stop_seconds
        _log.info("stopping", deadline_s=self._settings.stop_seconds)
        self._start_others()
        self._command("stop", "demo")
        for listener in listeners:
            listener.close()
        self._command("stop", "ingest")
        self._command("quiesce", "web")
        done = self._wait(lambda: self._gone("ingest") and self._quiet(), until)
        self._command("stop", "normaliser")
        done = self._wait(lambda: self._gone("normaliser", "demo"), until) and done
        self._command("stop", "web")
        done = self._wait(lambda: self._gone("web"), until) and done
        if done:
            _log.info("stopped, everything accepted is stored")
        else:
            _log.warning("stopped before everything was drained; the spool is taken up at the next start")

    def _wait(self, finished: Callable[[], bool], until: float) -> bool:
        while not finished():
            if self._signals > 1 or time.monotonic() > until:
                return False
            self._listen()
            for slot in self._slots:
                if slot.child is not None and slot.child.ended():
                    self._bury_for_good(slot, slot.child)
        return True

    def _bury_for_good(self, slot: _Slot, child: ChildProcess) -> None:
        self._hear(slot, child)
        self._selector.unregister(child.report_fd)
        child.close()
        slot.child = None
        _log.info("process stopped", process=slot.spec.name, status=child.process.returncode)

    def _command(self, word: str, role: str) -> None:
        for slot in self._slots:
            if slot.spec.role == role and slot.child is not None:
                slot.child.command(word)

    def _gone(self, *roles: str) -> bool:
        return all(slot.child is None for slot in self._slots if slot.spec.role in roles)

    def _quiet(self) -> bool:
        web = self._slots[0].child
        return web is None or web.quiet

    def _kill_all(self) -> None:
        for slot in self._slots:
            if slot.child is not None:
                slot.child.kill()
                slot.child.process.wait()
                self._bury_for_good(slot, slot.child)

    @contextmanager
    def _signal_handlers(self) -> Iterator[None]:
        def note(_number: int, _frame: FrameType | None) -> None:
            self._signals += 1

        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int, flag: str, patience_s: float = 0.0) -> socket.socket:
    """Bind a TCP port and listen, so that connections wait while the role behind it is starting.

    Args:
        host: address of this machine.
        port: 0 for any.
        flag: option of the command line that chooses the port, for the hint of the error.
        patience_s: how long to wait for another process to let go of it.

    Raises:
        StateError: the port is taken, may not be used, or the address is not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise StateError(f"{host} is not an address of this machine: {error}.", code="host-unusable") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        _bind(listener, (host, port), time.monotonic() + patience_s)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StateError(
            f"Port {port} on {host} cannot be used: {error.strerror}.",
            code="port-unusable",
            hint=f"Stop what listens there, or choose another port with {flag}.",
        ) from error
    return listener


def _bind(listener: socket.socket, address: tuple[str, int], until: float) -> None:
    while True:
        try:
            listener.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= until:
                raise
            time.sleep(0.05)
        else:
            return


def _as_error(report: Report) -> AmberError:
    kinds = {kind.__name__: kind for kind in (StateError, UserError, CapacityError)}
    kind = kinds.get(str(report.facts.get("kind", "")), ChildFailed)
    return kind(report.message, code=report.code or None, hint=report.hint)
