"""The ingest process: accepts events into the raw spool."""

from __future__ import annotations

import socket
import threading

from engine.datadir import DataDirectory
from engine.snapshot import SnapshotReader
from ingest.blobs.bodies import Bodies
from ingest.blobs.waiting import WAITING, WaitingFiles
from ingest.direct import Direct
from ingest.http import create_app
from ingest.limits import MIB, IngestLimits
from ingest.sink import ShardedSink
from server.control import ParentLink, Report
from server.settings import Settings
from server.wsgi import WsgiServer

_STOP_PATIENCE_S = 10.0
_POLL_S = 0.05
_GROUP_DELAY_S = 0.003
"""Under load a group commit waits for company: fewer syncs and wake-ups; a lone request does not wait."""


def run(link: ParentLink, settings: Settings) -> None:
    """Serve the ingest port until told to stop; what was answered 200 is on disk."""
    data = DataDirectory.at(settings.data, settings.spool_key)
    stop = threading.Event()
    link.obey({"stop": stop.set})
    while not data.config_snapshot.exists():
        # A new directory: the web process makes the project and publishes the configuration.
        if stop.wait(_POLL_S):
            return
    limits = IngestLimits()
    sink = ShardedSink(
        data.raw_root / f"ingest-{link.order.index}",
        settings.normalisers or 1,
        group_delay_s=_GROUP_DELAY_S,
        disk_budget_bytes=settings.spool_budget,
        keys=data.spool_keys,
    )
    bodies = Bodies(WaitingFiles(data.spool / WAITING, data.spool_keys), data.incoming)
    app, edge = create_app(
        sink, SnapshotReader(data.config_snapshot), limits, bodies=bodies, tunnel_paths=settings.tunnels
    )
    server = WsgiServer(
        app,
        socket.socket(fileno=link.order.socket_fd),
        threads=settings.ingest_threads,
        # One step above the application's own limit, so that it answers 413 in the protocol's form, with CORS.
        max_body_bytes=limits.max_body_bytes + MIB,
        trusted_proxy=settings.trusted_proxy,
        begin=Direct(edge, sink).begin,
    )
    serving = threading.Thread(target=server.run, name="http")
    serving.start()
    link.report(Report("ready"))
    stop.wait()
    server.stop(_STOP_PATIENCE_S)
    serving.join()
    edge.close()
    sink.close()
