"""What the web process is made of above the stores; imported while these are opened.

Only what the first query needs: the rest (`server.web_whole`) is imported once that is answered.
"""

from __future__ import annotations

import socket
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flask import Flask

from iam import Identity
from ingest.limits import MIB, IngestLimits
from ingest.writer import ReadyWriter
from server.compose import Installation, ready_writer
from server.http.cookies import Cookies
from server.http.first import FirstServices, first_app
from server.http.pages import Front, waiting_routes
from server.metrics import Metrics
from server.presence import noticing
from server.provision import provision
from server.publisher import SnapshotPublisher
from server.query_ledger import Ledger
from server.query_service import QueryService
from server.runner import budgets_of, make_runner
from server.settings import Settings
from server.state import InstallationState
from server.wsgi import WsgiServer

if TYPE_CHECKING:
    from server.http.services import Services
    from server.web_whole import WebIngest

__all__ = ["Rest", "SnapshotPublisher", "first_services", "front_of", "provision", "ready_writer", "web_server"]


def first_services(installation: Installation, writer: ReadyWriter, local_token: str) -> FirstServices:
    """Return the services of an opened installation that the first requests need."""
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
    return FirstServices(
        settings=settings,
        clock=clock,
        metadata=metadata,
        identity=Identity(metadata, clock, local_token),
        queries=queries,
        state=state,
        metrics=metrics,
        cookies=Cookies(settings.public_url),
    )


class Rest:
    """Everything above the first services, imported and made when it is first asked for, by one thread.

    Args:
        installation: the opened stores.
        first: what there is already.
        local_token: lets in the command line on this machine.
    """

    def __init__(self, installation: Installation, first: FirstServices, local_token: str) -> None:
        self._installation = installation
        self._first = first
        self._local_token = local_token
        self._made: tuple[Services, WebIngest] | None = None

    def app(self, *waiting: Any) -> Flask:
        """Return an application with all routes: with the pages, or with the blueprint that stands in for them."""
        parts = import_module("server.web_whole")
        if self._made is None:
            ingest = parts.web_ingest(self._installation, self._local_token)
            self._made = parts.whole_services(self._installation, self._first, ingest.edge), ingest
        services, ingest = self._made
        app: Flask = parts.whole_app(services, ingest.edge, *waiting)
        return app

    def close(self) -> None:
        """Stop accepting events, and flush."""
        if self._made is not None:
            self._made[1].close()


def front_of(first: FirstServices, rest: Rest) -> Front:
    """Return the application of the web port: queries at once, then the API, then the pages."""
    front: Front
    front = Front(
        first_app(first, waiting_routes(lambda: front.failed)),
        rest.app,
        lambda: rest.app(waiting_routes(lambda: front.failed)),
    )
    return front


def web_server(settings: Settings, front: Front, socket_fd: int) -> WsgiServer:
    """Return the server of the web port on the supervisor's socket."""
    return WsgiServer(
        noticing(front),
        socket.socket(fileno=socket_fd),
        threads=settings.web_threads,
        max_body_bytes=IngestLimits().max_body_bytes + MIB,
        trusted_proxy=settings.trusted_proxy,
    )
