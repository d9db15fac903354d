"""The web process, owner of the store: it answers queries, writes ready batches and publishes configuration."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from dashboards.login import login_blueprint
from engine.snapshot import SnapshotReader
from iam import Administration, Identity
from ingest.edge import Edge
from ingest.http import blueprint
from ingest.limits import MIB, IngestLimits
from ingest.sink import ShardedSink
from ingest.writer import ReadyWriter
from server.compose import Installation, open_installation, ready_writer
from server.control import ParentLink, Report
from server.http.app import create_app
from server.http.cookies import Cookies
from server.http.door import Door
from server.http.pages import Front, mount_pages, waiting_routes
from server.http.services import Services
from server.issues import IssueService
from server.metrics import Metrics
from server.provision import provision
from server.publisher import SnapshotPublisher
from server.query_service import QueryService
from server.runner import make_runner
from server.settings import Settings
from server.state import InstallationState
from server.traces import TraceService
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
    services = _services(link, installation, writer)
    front = _front(services, ingest)
    server = _web_server(link, settings, front)
    quiesce, stop = threading.Event(), threading.Event()
    link.obey({"quiesce": quiesce.set, "stop": stop.set})
    serving = threading.Thread(target=server.run, name="http")
    serving.start()
    threads = [_start_vital("writer", writer.run, stop), _start_vital("publisher", publisher.run, stop)]
    dsn = settings.dsn(made.key.public_key, made.project.id)
    link.report(Report("ready", facts={"dsn": dsn, "email": made.email, "password": made.password}))
    front.start()
    quiesce.wait()
    server.stop(_STOP_PATIENCE_S)
    serving.join()
    services.queries.close()
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


def _services(link: ParentLink, installation: Installation, writer: ReadyWriter) -> Services:
    settings, metadata, clock = installation.settings, installation.metadata, installation.clock
    runner = make_runner(installation)
    state = InstallationState(installation, runner, writer.figures)
    metrics = Metrics(state.samples)
    queries = QueryService(
        runner, metadata, clock, workers=settings.query_workers, queue=settings.query_queue, metrics=metrics
    )
    return Services(
        settings=settings,
        clock=clock,
        metadata=metadata,
        identity=Identity(metadata, clock, link.order.local_token),
        administration=Administration(metadata, clock),
        queries=queries,
        issues=IssueService(queries, metadata, installation.mirror.sync),
        traces=TraceService(queries, metadata),
        state=state,
        metrics=metrics,
        cookies=Cookies(settings.public_url),
    )


def _front(services: Services, ingest: _WebIngest) -> Front:
    door = Door(services.identity, services.cookies, services.clock)
    others = [login_blueprint(door), blueprint(ingest.edge)]
    front: Front
    waiting = waiting_routes(lambda: front.failed)
    front = Front(
        create_app(services, *others, waiting),
        lambda: create_app(services, *others, mount=lambda app: mount_pages(app, services.settings)),
    )
    return front


def _web_server(link: ParentLink, settings: Settings, front: Front) -> WsgiServer:
    return WsgiServer(
        front,
        socket.socket(fileno=link.order.socket_fd),
        threads=settings.web_threads,
        max_body_bytes=IngestLimits().max_body_bytes + MIB,
        trusted_proxy=settings.trusted_proxy,
    )


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
