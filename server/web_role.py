"""The web process, owner of the store: it answers queries, writes ready batches and publishes configuration."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from engine.snapshot import SnapshotReader
from ingest.edge import Edge
from ingest.http import blueprint
from ingest.limits import MIB, IngestLimits
from ingest.sink import ShardedSink
from ingest.writer import ReadyWriter
from server.compose import Installation, open_installation, ready_writer
from server.control import ParentLink, Report
from server.http.app import create_app
from server.http.query import query_routes
from server.http.state import state_routes
from server.metrics import Metrics
from server.principals import Authenticator
from server.provision import provision
from server.publisher import SnapshotPublisher
from server.query_service import QueryService
from server.runner import make_runner
from server.settings import Settings
from server.state import InstallationState
from server.wsgi import WsgiServer

_LOCK_PATIENCE_S = 10.0
_STOP_PATIENCE_S = 10.0
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _WebIngest:
    """The client protocol on the web port: the same routes, into segments of its own."""

    sink: ShardedSink
    edge: Edge

    def close(self) -> None:
        self.edge.close()
        self.sink.close()


def run(link: ParentLink, settings: Settings) -> None:
    """Own the store and serve the web port until told to stop; drains the ready spool first."""
    installation = open_installation(settings, patience_s=_LOCK_PATIENCE_S)
    made = provision(installation.metadata)
    publisher = SnapshotPublisher(installation.metadata, installation.data.config_snapshot)
    publisher.publish_if_newer()
    writer = ready_writer(installation)
    ingest = _web_ingest(installation)
    service, server = _web_server(link, installation, ingest, writer)
    quiesce, stop = threading.Event(), threading.Event()
    link.obey({"quiesce": quiesce.set, "stop": stop.set})
    serving = threading.Thread(target=server.run, name="http")
    serving.start()
    threads = [_start_vital("writer", writer.run, stop), _start_vital("publisher", publisher.run, stop)]
    link.report(Report("ready", facts={"dsn": settings.dsn(made.key.public_key, made.project.id), "token": made.token}))
    quiesce.wait()
    server.stop(_STOP_PATIENCE_S)
    serving.join()
    service.close()
    ingest.close()
    link.report(Report("quiesced"))
    stop.wait()
    for thread in threads:
        thread.join()
    writer.drain()
    installation.close()


def _web_ingest(installation: Installation) -> _WebIngest:
    settings, data = installation.settings, installation.data
    sink = ShardedSink(data.raw_root / "web", settings.normalisers or 1, disk_budget_bytes=settings.spool_budget)
    return _WebIngest(sink, Edge(sink, SnapshotReader(data.config_snapshot), IngestLimits()))


def _web_server(
    link: ParentLink, installation: Installation, ingest: _WebIngest, writer: ReadyWriter
) -> tuple[QueryService, WsgiServer]:
    settings = installation.settings
    runner = make_runner(installation)
    state = InstallationState(installation, runner, writer.figures)
    metrics = Metrics(state.samples)
    authenticator = Authenticator(installation.metadata, installation.clock, link.order.local_token)
    service = QueryService(
        runner,
        installation.metadata,
        installation.clock,
        workers=settings.query_workers,
        queue=settings.query_queue,
        metrics=metrics,
    )
    app = create_app(
        [
            query_routes(service, authenticator, installation.metadata, settings),
            state_routes(state, metrics, authenticator, metrics_open=settings.metrics_access == "open"),
            blueprint(ingest.edge),
        ]
    )
    server = WsgiServer(
        app,
        socket.socket(fileno=link.order.socket_fd),
        threads=settings.web_threads,
        max_body_bytes=IngestLimits().max_body_bytes + MIB,
        trusted_proxy=settings.trusted_proxy,
    )
    return service, server


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
