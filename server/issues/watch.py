"""Regressions as events arrive: what is stored is looked at for events of resolved issues.

The resolved issues are kept in memory and followed by the counters of the metadata database, so that a batch without
one of them costs one small read. A batch that is stored again after a crash finds its issues open and changes nothing;
when people have resolved them once more meanwhile, its events are older than that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import structlog

from engine.metadata import AuditEntry, IssueChange, IssueMove, IssueRow, MetadataStore
from server.issues.regressions import Met, regresses
from server.issues.releases import ReleaseBook
from server.issues.states import Act, State, after, resolution_of, stored

ACTOR = "system:regressions"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = ("project_id", "fingerprint", "timestamp", "release", "event_id")
_log = structlog.stdlib.get_logger(__name__)
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Of:
    """The releases of one project."""

    book: ReleaseBook
    project_id: int
    slug: str

    def first_seen(self, release: str) -> datetime | None:
        return self.book.first_seen(self.project_id, self.slug, release)

    def of_commit(self, commit: str) -> str | None:
        return self.book.of_commit(self.project_id, commit)


class RegressionWatch:
    """Follows which issues are resolved, and opens those of which stored events say so. One thread.

    Args:
        metadata: the truth about issues.
        sync: makes the store see what changed.
        releases: asked about releases that are no versions, and commits.
    """

    def __init__(self, metadata: MetadataStore, sync: Callable[[], object], releases: ReleaseBook) -> None:
        self._metadata = metadata
        self._sync = sync
        self._releases = releases
        self._place, self._version = -1, 0
        self._resolved: dict[Pair, IssueRow] = {}
        self._own: dict[Pair, Pair] = {}
        self._mapped: dict[Pair, Pair] = {}

    def stored(self, rows: pa.Table) -> None:
        """Look at rows of `errors` that are in the store, and whose issues exist.

        Raises:
            AmberError: a store does not answer; the rows may be given again.
        """
        self._follow()
        if not self._resolved:
            return
        met = self._met(rows)
        if not met:
            return
        slugs = {row.id: row.slug for row in self._metadata.projects()}
        moves = []
        for issue, events in met.items():
            row = self._resolved[issue]
            known = _Of(self._releases, row.project_id, slugs.get(row.project_id, ""))
            resolution = resolution_of(row.condition)
            found = next((one for one in events if regresses(resolution, row.since, one, known)), None)
            if found is not None:
                moves.append(_move(row, found))
        done = self._metadata.move_issues(moves, AuditEntry(ACTOR, "issue.regress", "issue"))
        if done:
            self._sync()
            _log.info("issues regressed", issues=[row.short_id for row in done[:20]], count=len(done))

    def _follow(self) -> None:
        news = self._metadata.workflow_news(self._place, self._version)
        self._place, self._version = news.place, news.version
        for row in news.states:
            key = (row.project_id, row.issue_id)
            if row.status == "resolved":
                self._resolved[key] = row
                self._own[row.project_id, row.fingerprint] = key
            elif self._resolved.pop(key, None) is not None:
                del self._own[row.project_id, row.fingerprint]
        for moved in news.mapped:
            self._mapped[moved.project_id, moved.fingerprint] = (moved.project_id, moved.issue_id)

    def _met(self, rows: pa.Table) -> Mapping[Pair, list[Met]]:
        """Return the events of resolved issues, the earliest first."""
        projects: list[Any] = rows["project_id"].to_pylist()
        fingerprints: list[Any] = rows["fingerprint"].to_pylist()
        pairs = list(zip(projects, fingerprints, strict=True))
        issues = {pair: self._mapped.get(pair) or self._own.get(pair) for pair in set(pairs)}
        ours = {pair: issue for pair, issue in issues.items() if issue in self._resolved}
        if not ours:
            return {}
        places = [place for place, pair in enumerate(pairs) if pair in ours]
        wanted = rows.select(_COLUMNS).take(pa.array(places, pa.int64()))
        wanted = wanted.set_column(2, "timestamp", wanted["timestamp"].cast(pa.int64()))
        found: dict[Pair, list[Met]] = {}
        for row in wanted.to_pylist():
            issue = ours[row["project_id"], row["fingerprint"]]
            if issue is not None:
                found.setdefault(issue, []).append(_of_row(row))
        return {issue: sorted(events, key=lambda met: (met.at, met.event_id)) for issue, events in found.items()}


def _of_row(row: Mapping[str, Any]) -> Met:
    return Met(_EPOCH + timedelta(microseconds=row["timestamp"]), row["release"] or "", row["event_id"])


def _move(row: IssueRow, met: Met) -> IssueMove:
    state = after(State.RESOLVED, Act.REGRESS)
    assert state is not None
    status, substatus = stored(state)
    details = {"event": met.event_id, **({"release": met.release} if met.release else {})}
    return IssueMove(row.project_id, row.issue_id, row.since, IssueChange(status, substatus), details)
