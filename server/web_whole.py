"""The whole of the web process above the stores: imported while the first queries are answered (`server.web_parts`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Flask

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
from server.http.door import Door
from server.http.first import FirstServices
from server.http.pages import mount_pages
from server.http.services import Services
from server.ingest_tokens import IngestTokens
from server.issues import IssueService, ReleaseBook, Workflow
from server.issues.merging import Merging
from server.traces import TraceService
from server.web_parts import first_services

if TYPE_CHECKING:
    from server.issues.recluster import Reclustering

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
    return whole_services(installation, first_services(installation, writer, local_token), edge)


def whole_services(installation: Installation, first: FirstServices, edge: Edge | None = None) -> Services:
    """Return all services, made of the first."""
    metadata, clock, queries = first.metadata, first.clock, first.queries
    runner = queries.runner
    workflow = Workflow(metadata, installation.mirror.sync, ReleaseBook(metadata, runner.run, clock), clock)
    blobs = FileBlobStore(installation.data.blobs)
    symbols = Symbolicator(
        SourceMaps(metadata, blobs, _PAGE_MAPS_BYTES), NativeFiles(metadata, blobs, _PAGE_DEBUG_BYTES)
    )
    return Services(
        settings=first.settings,
        clock=clock,
        metadata=metadata,
        identity=first.identity,
        administration=Administration(metadata, clock),
        queries=queries,
        issues=IssueService(queries, metadata, workflow, symbols),
        merging=Merging(queries, metadata, workflow, installation.mirror.sync),
        recluster=partial(_reclustering, installation, runner),
        traces=TraceService(queries, metadata),
        state=first.state,
        metrics=first.metrics,
        cookies=first.cookies,
        edge=edge,
        dead_letters=DeadLetterService(installation.data, first.settings.normalisers or 1, metadata),
    )


def _reclustering(installation: Installation, runner: Runner) -> Reclustering:
    # Start-up time: nobody needs the model before the first run.
    from server.issues.recluster_job import reclustering  # noqa: PLC0415

    return reclustering(runner, installation.metadata, installation.mirror.sync, installation.clock)


def whole_app(services: Services, edge: Edge, waiting: Blueprint | None = None) -> Flask:
    """Return the application of the whole API and the client protocol; with the pages, unless others wait for them."""
    door = Door(services.identity, services.cookies, services.clock)
    others = [login_blueprint(door), blueprint(edge, tunnel_paths=services.settings.tunnels)]
    if waiting is not None:
        return create_app(services, *others, waiting)
    return create_app(services, *others, mount=lambda app: mount_pages(app, services.settings))
