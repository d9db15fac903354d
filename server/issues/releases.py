"""Which releases a project has, for what is resolved in one: the newest, when one was first seen, what has a commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from engine.clock import Clock
from engine.metadata import MetadataStore
from queries.plan import PlanContext
from queries.releases import FACT_QUERIES, ReleaseSeen, latest_release, release_facts
from queries.result import Result

_KEPT = timedelta(days=400)
_MOST_KNOWN = 10_000
_LOOKED_THROUGH = 100
"""Newest releases of a project in which a commit is looked for."""


class ReleaseBook:
    """Reads the releases of projects, those clients told of and those events bear.

    Args:
        metadata: has the releases clients told of.
        run: answers a Discover text in a context.
        clock: says what is now.
    """

    def __init__(self, metadata: MetadataStore, run: Callable[[str, PlanContext], Result], clock: Clock) -> None:
        self._metadata = metadata
        self._run = run
        self._clock = clock
        self._lock = threading.Lock()
        self._first: dict[tuple[int, str], datetime] = {}
        self._of_commit: dict[tuple[int, str], str] = {}

    def latest(self, project_id: int, slug: str) -> str:
        """Return the latest release of a project, by version where it uses versions, else by time; empty for none."""
        context = self._context(project_id, slug)
        seen = release_facts([self._run(text, context).table.to_pylist() for text in FACT_QUERIES])
        told = [
            ReleaseSeen(row.version, row.created_at, row.created_at) for row in self._metadata.releases([project_id])
        ]
        names = {one.name for one in seen.get(project_id, ())}
        newest = latest_release([*seen.get(project_id, ()), *(one for one in told if one.name not in names)])
        return "" if newest is None else newest.name

    def first_seen(self, project_id: int, slug: str, release: str) -> datetime | None:
        """Return when a release was first told of or met in an error; None for one nobody has met."""
        key = (project_id, release)
        with self._lock:
            known = self._first.get(key)
        if known is not None:
            return known
        context = self._context(project_id, slug, {"release": release})
        text = "from errors release:$release | summarize n=count(), first=first_seen()"
        row = self._run(text, context).table.to_pylist()[0]
        told = next(
            (one.created_at for one in self._metadata.releases([project_id], 1000) if one.version == release), None
        )
        times = [at for at in (row["first"] if row["n"] else None, told) if at is not None]
        if not times:
            return None
        with self._lock:
            if len(self._first) >= _MOST_KNOWN:
                self._first.clear()
            self._first[key] = min(times)
        return min(times)

    def of_commit(self, project_id: int, commit: str) -> str | None:
        """Return the oldest known release that holds a commit (its hash, or the begin of it); None for none yet."""
        key = (project_id, commit)
        with self._lock:
            known = self._of_commit.get(key)
        if known is not None:
            return known
        for release in reversed(self._metadata.releases([project_id], _LOOKED_THROUGH)):
            if any(row.commit.sha.startswith(commit) for row in self._metadata.release_commits(release.id)):
                with self._lock:
                    self._of_commit[key] = release.version
                return release.version
        return None

    def _context(self, project_id: int, slug: str, params: dict[str, object] | None = None) -> PlanContext:
        now = self._clock.now()
        return PlanContext(
            now=now,
            projects={project_id: slug},
            time_range=(now - _KEPT, now + timedelta(days=1)),
            params=params or {},
        )
