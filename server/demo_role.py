"""The demo: the shop of `examples/`, a source checkout's, as a child whose whole process group ends with us."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import structlog

from server.control import ParentLink, Report
from server.settings import Settings

_CHECKOUT = Path(__file__).resolve().parents[1]
_STOP_PATIENCE_S = 5.0
_DEFAULT_PORT_BASE = 8710
_LAST_PORT_BASE = 65_000
_log = structlog.stdlib.get_logger(__name__)


def demo_available() -> bool:
    """Whether the shop is there; the installed package does not carry it."""
    return (_CHECKOUT / "examples" / "shop" / "__main__.py").is_file()


def run(link: ParentLink, settings: Settings) -> None:
    """Run the shop until told to stop."""
    shop = subprocess.Popen(
        [sys.executable, "-m", "examples.shop", "--dsn", link.order.dsn, "--port-base", str(_port_base(settings.port))],
        cwd=_CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    stop = threading.Event()
    link.obey({"stop": stop.set}, before_end=lambda: _end_group(shop.pid, signal.SIGKILL))
    link.report(Report("ready"))
    while not stop.wait(0.2):
        status = shop.poll()
        if status is not None:
            _end_group(shop.pid, signal.SIGKILL)
            _log.warning("the demo shop has ended", status=status)
            sys.exit(1)
    _end_group(shop.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        shop.wait(_STOP_PATIENCE_S)
    _end_group(shop.pid, signal.SIGKILL)


def _port_base(web_port: int) -> int:
    """Return the first of the shop's ports, above ours, so that two installations may run side by side."""
    return web_port + 10 if web_port < _LAST_PORT_BASE else _DEFAULT_PORT_BASE


def _end_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)
