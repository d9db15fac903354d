"""What the web process is made of above the stores; imported while these are opened."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dashboards.login import login_blueprint
from engine.blobs import FileBlobStore
from engine.snapshot import SnapshotReader
from iam import Administration, Identity
from ingest.blobs.bodies import Bodies
from ingest.blobs.waiting import WAITING, WaitingFiles
from ingest.edge import Edge
from ingest.http import blueprint
from ingest.limits import MIB, IngestLimits
from ingest.sink import ShardedSink
from ingest.symbols import NativeFiles, SourceMaps, Symbolicator
from ingest.writer import ReadyWriter
from queries.run import Runner
from server.compose import Installation
from server.dead_letters import DeadLetterService
from server.http.app import create_app
from server.http.cookies import Cookies
from server.http.door import Door
from server.http.pages import Front, mount_pages, waiting_routes
from server.http.services import Services
from server.ingest_tokens import IngestTokens
from server.issues import IssueService, ReleaseBook, Workflow
from server.issues.merging import Merging
from server.metrics import Metrics
from server.provision import provision
from server.publisher import SnapshotPublisher
from server.query_ledger import Ledger
from server.query_service import QueryService
from server.runner import budgets_of, make_runner
from server.settings import Settings
from server.state import InstallationState
from server.traces import TraceService
from server.wsgi import WsgiServer

if TYPE_CHECKING:
    from server.issues.recluster import Reclustering

__all__ = [
    "SnapshotPublisher",
    "WebIngest",
    "front_of",
    "provision",
    "services_of",
    "web_ingest",
    "web_server",
]

_PAGE_MAPS_BYTES = 32 * MIB
"""Source maps the pages of events keep decoded; normalisers keep their own."""

_PAGE_DEBUG_BYTES = 64 * MIB
"""Larger debug files only normalisers read."""


@dataclass(frozen=True, slots=True)
class WebIngest:
    """The client protocol on the web port: the same routes, into segments of its own."""

    sink: ShardedSink
    edge: Edge

    def close(self) -> None:
        """Stop accepting, and flush."""
        self.edge.close()
        self.sink.close()


def web_ingest(installation: Installation, local_token: str = "") -> WebIngest:
    """Return the client protocol of the web port, which takes API tokens besides keys."""
    settings, data = installation.settings, installation.data
    sink = ShardedSink(
        data.raw_root / "web",
        settings.normalisers or 1,
        disk_budget_bytes=settings.spool_budget,
        keys=data.spool_keys,
    )
    bodies = Bodies(WaitingFiles(data.spool / WAITING, data.spool_keys), data.incoming)
    tokens = IngestTokens(Identity(installation.metadata, installation.clock, local_token), installation.metadata)
    snapshot = SnapshotReader(data.config_snapshot)
    return WebIngest(sink, Edge(sink, snapshot, IngestLimits(), bodies=bodies, tokens=tokens))


def services_of(
    installation: Installation, writer: ReadyWriter, local_token: str, edge: Edge | None = None
) -> Services:
    """Return the services of an opened installation."""
    settings, metadata, clock = installation.settings, installation.metadata, installation.clock
    runner = make_runner(installation)
    state = InstallationState(installation, runner, writer.figures)
    metrics = Metrics(state.samples)
    queries = QueryService(
        runner,
        metadata,
        clock,
        workers=settings.query_workers,
        queue=settings.query_queue,
        ledger=Ledger(clock, metrics, budgets_of(settings)),
    )
    workflow = Workflow(metadata, installation.mirror.sync, ReleaseBook(metadata, runner.run, clock), clock)
    maps = SourceMaps(metadata, FileBlobStore(installation.data.blobs), _PAGE_MAPS_BYTES)
    symbols = Symbolicator(maps, NativeFiles(metadata, FileBlobStore(installation.data.blobs), _PAGE_DEBUG_BYTES))
    return Services(
        settings=settings,
        clock=clock,
        metadata=metadata,
        identity=Identity(metadata, clock, local_token),
        administration=Administration(metadata, clock),
        queries=queries,
        issues=IssueService(queries, metadata, workflow, symbols),
        merging=Merging(queries, metadata, workflow, installation.mirror.sync),
        recluster=partial(_reclustering, installation, runner),
        traces=TraceService(queries, metadata),
        state=state,
        metrics=metrics,
        cookies=Cookies(settings.public_url),
        edge=edge,
        dead_letters=DeadLetterService(installation.data, settings.normalisers or 1, metadata),
    )


def _reclustering(installation: Installation, runner: Runner) -> Reclustering:
    # Start-up time: nobody needs the model before the first run.
    from server.issues.recluster_job import reclustering  # noqa: PLC0415

    return reclustering(runner, installation.metadata, installation.mirror.sync, installation.clock)


def front_of(services: Services, ingest: WebIngest) -> Front:
    """Return the application of the web port: the API at once, the pages when they are built."""
    door = Door(services.identity, services.cookies, services.clock)
    others = [login_blueprint(door), blueprint(ingest.edge, tunnel_paths=services.settings.tunnels)]
    front: Front
    waiting = waiting_routes(lambda: front.failed)
    front = Front(
        create_app(services, *others, waiting),
        lambda: create_app(services, *others, mount=lambda app: mount_pages(app, services.settings)),
    )
    return front


def web_server(settings: Settings, front: Front, socket_fd: int) -> WsgiServer:
    """Return the server of the web port on the supervisor's socket."""
    return WsgiServer(
        front,
        socket.socket(fileno=socket_fd),
        threads=settings.web_threads,
        max_body_bytes=IngestLimits().max_body_bytes + MIB,
        trusted_proxy=settings.trusted_proxy,
    )
