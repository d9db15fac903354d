"""The ingest application over a spool in a directory, for tests of its doors."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.blobs import FileBlobStore
from engine.clock import Clock
from engine.snapshot import ConfigSnapshot
from engine.spool import SpoolReader
from ingest.blobs.bodies import Bodies
from ingest.blobs.waiting import WaitingFiles
from ingest.http import create_app
from ingest.limits import IngestLimits
from ingest.ports import FixedSnapshot
from ingest.records import RawRecord, decode_counts, decode_raw
from ingest.sink import ShardedSink
from tests.ingest.helpers import KEY, NOW_NS, snapshot

AUTH = {"X-Sentry-Auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=test/1"}


class TestClock:
    """A clock that stands at NOW_NS until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.at_ns = NOW_NS

    def now(self) -> object:
        raise NotImplementedError

    def now_ns(self) -> int:
        return self.at_ns

    def pass_s(self, seconds: float) -> None:
        self.at_ns += int(seconds * 1e9)


class Site:
    """The ingest port over two shards, with files for large bodies."""

    def __init__(
        self,
        root: Path,
        config: ConfigSnapshot | None = None,
        limits: IngestLimits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.root = root
        self.blobs = FileBlobStore(root / "blobs")
        self.waiting = WaitingFiles(root / "waiting")
        self.clock = TestClock()
        self.sink = ShardedSink(root / "raw", 2)
        app, self.edge = create_app(
            self.sink,
            FixedSnapshot(config or snapshot()),
            limits,
            clock or self.clock,  # type: ignore[arg-type] - the time alone is asked
            bodies=Bodies(self.waiting, root / "blobs" / ".incoming"),
        )
        self.app = app
        self.client: FlaskClient = app.test_client()

    def post(self, path: str = "/api/1/envelope/", data: bytes = b"{}\n", **headers: str) -> TestResponse:
        """Post with the key, or with other headers instead."""
        return self.client.post(path, data=data, headers=headers or AUTH)

    def records(self) -> list[RawRecord]:
        """What stands in the spool, outcome counts too."""
        found = [r for shard in (0, 1) for r in SpoolReader(self.root / "raw" / str(shard)).read(None)]
        return [decode_raw(r.payload) for r in found]

    def refusals(self) -> dict[tuple[int, str, str], int]:
        """Counted refusals by project, outcome and reason; nothing may be sent after it."""
        self.edge.close()
        counts = [c for r in self.records() if r.kind == "outcome" for c in decode_counts(r.body)]
        return {(c.project_id, c.outcome, c.reason): c.quantity for c in counts}

    def close(self) -> None:
        """Close the edge and the spool."""
        self.edge.close()
        self.sink.close()
