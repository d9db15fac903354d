"""What the routes stand on, opened once for a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.blobs import BlobStore, FileBlobStore
from engine.clock import Clock
from engine.datadir import DataDirectory
from engine.metadata import MetadataStore
from iam import Administration, Identity
from ingest.edge import Edge
from server.dead_letters import DeadLetterService
from server.http.cookies import Cookies
from server.issues import IssueService
from server.issues.merging import Merging
from server.metrics import Metrics
from server.query_service import QueryService
from server.settings import Settings
from server.state import InstallationState
from server.traces import TraceService

if TYPE_CHECKING:
    from server.issues.recluster import Reclustering


@dataclass(frozen=True, slots=True)
class Services:
    """The services of the web process."""

    settings: Settings
    clock: Clock
    metadata: MetadataStore
    identity: Identity
    administration: Administration
    queries: QueryService
    issues: IssueService
    merging: Merging
    recluster: Callable[[], Reclustering]
    traces: TraceService
    state: InstallationState
    metrics: Metrics
    cookies: Cookies
    edge: Edge | None = None
    dead_letters: DeadLetterService | None = None

    @property
    def blobs(self) -> BlobStore:
        """The blobs of the data directory."""
        return FileBlobStore(DataDirectory.at(self.settings.data).blobs)
