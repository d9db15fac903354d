"""The web process, owner of the store: it answers queries, writes ready batches and publishes configuration."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any

import structlog

from engine.library import load_engine
from server.control import ParentLink, Report
from server.imports import unwalked
from server.jobs.known import run_jobs
from server.settings import Settings

if TYPE_CHECKING:
    from server.compose import Installation

_LOCK_PATIENCE_S = 10.0
_STOP_PATIENCE_S = 10.0
_log = structlog.stdlib.get_logger(__name__)


def run(link: ParentLink, settings: Settings) -> None:
    """Own the store and serve the web port until told to stop; drains the ready spool first."""
    installation, parts = _opened(settings)
    made = parts.provision(installation.metadata)
    publisher = parts.SnapshotPublisher(installation.metadata, installation.data.config_snapshot)
    publisher.publish_if_newer()
    writer = parts.ready_writer(installation)
    first = parts.first_services(installation, writer, link.order.local_token)
    rest = parts.Rest(installation, first, link.order.local_token)
    front = parts.front_of(first, rest)
    server = parts.web_server(settings, front, link.order.socket_fd)
    quiesce, stop = threading.Event(), threading.Event()
    link.obey({"quiesce": quiesce.set, "stop": stop.set})
    serving = threading.Thread(target=server.run, name="http")
    serving.start()
    threads = [_start_vital("writer", writer.run, stop), _start_vital("publisher", publisher.run, stop)]
    jobs = threading.Thread(target=run_jobs, args=(installation, quiesce), name="jobs", daemon=True)
    jobs.start()
    dsn = settings.dsn(made.key.public_key, made.project.id)
    link.report(Report("ready", facts={"dsn": dsn, "email": made.email, "password": made.password}))
    completing = _start_vital("front", lambda _stop: front.complete(), stop)
    quiesce.wait()
    server.stop(_STOP_PATIENCE_S)
    serving.join()
    first.queries.close()
    completing.join(_STOP_PATIENCE_S)
    rest.close()
    link.report(Report("quiesced"))
    stop.wait()
    for thread in threads:
        thread.join()
    jobs.join(_STOP_PATIENCE_S)
    writer.drain()
    installation.close()


def _opened(settings: Settings) -> tuple[Installation, Any]:
    """Open the stores and import the parts above them, two seconds each.

    What leaves Python's lock alone goes on beside the imports: loading the engine's library beside those of the
    metadata database, opening the stores beside those of the compiler and the web framework.
    """
    with unwalked(), ThreadPoolExecutor(2, thread_name_prefix="opening") as pool:
        pool.submit(load_engine)
        import_module("server.metadata")
        compose = import_module("server.compose")
        opening = pool.submit(compose.open_installation, settings, patience_s=_LOCK_PATIENCE_S)
        parts = import_module("server.web_parts")
        return opening.result(), parts


def _start_vital(name: str, work: Callable[[threading.Event], None], stop: threading.Event) -> threading.Thread:
    """Run a loop the process cannot do without; when it breaks, the process ends and is started anew."""

    def guarded() -> None:
        try:
            work(stop)
        except Exception:  # noqa: BLE001 - whatever it is, the process ends
            _log.exception("vital thread ended", thread=name)
            os._exit(1)

    thread = threading.Thread(target=guarded, name=name, daemon=True)
    thread.start()
    return thread
