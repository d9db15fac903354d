"""One release of one project, as events, clients and people tell it together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from queries.result import rfc3339

_NS_PER_MS = 1_000_000


@dataclass(slots=True)
class Release:
    """What is known of a release in a range.

    Attributes:
        told: when a client told of it first.
        released_at: when it was finalised.
        first: its first event in the range.
        last: its last.
        sessions: that began.
        crashed: sessions that crashed.
        users: of sessions that named one.
        crashed_users: of these, in how many eyes it crashed.
        p95_ns: of transactions.
        recent: sessions, transactions and errors of the last day of the range.
        deploys: as clients told them.
    """

    project_id: int
    version: str
    told: datetime | None = None
    released_at: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None
    sessions: int = 0
    crashed: int = 0
    users: int = 0
    crashed_users: int = 0
    transactions: int = 0
    p95_ns: float | None = None
    errors: int = 0
    recent: list[int] = field(default_factory=lambda: [0, 0, 0])
    new_issues: int = 0
    commits: int = 0
    deploys: tuple[Mapping[str, Any], ...] = ()

    def meet(self, first: datetime, last: datetime) -> None:
        """Note that it was met between two times."""
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    @property
    def began(self) -> datetime:
        """When it began to be one: finalised, told of, or met, whichever is known."""
        known = self.released_at or self.told or self.first
        assert known is not None
        return known


def free_of(bad: int, all_of_them: int) -> float | None:
    """Return which share nothing bad has happened to, None of nobody; counts may disagree at the edges of a range."""
    return None if all_of_them <= 0 else round(max(0.0, 1 - bad / all_of_them), 6)


def share_of(release: Release, total: tuple[int, int, int]) -> float | None:
    """Return a release's share of its project's last day: of sessions, else of transactions, else of errors."""
    for mine, everybody in zip(release.recent, total, strict=True):
        if everybody:
            return round(mine / everybody, 6)
    return None


def document(release: Release, slug: str, adoption: float | None, *, latest: bool) -> dict[str, Any]:
    """Return a release as the API answers it."""
    return {
        "project": slug,
        "version": release.version,
        "latest": latest,
        "began": rfc3339(release.began),
        "released_at": _time(release.released_at),
        "first_seen": _time(release.first),
        "last_seen": _time(release.last),
        "adoption": adoption,
        "sessions": release.sessions,
        "users": release.users,
        "crash_free_sessions": free_of(release.crashed, release.sessions),
        "crash_free_users": free_of(release.crashed_users, release.users),
        "transactions": release.transactions,
        "p95_ms": None if release.p95_ns is None else round(release.p95_ns / _NS_PER_MS, 3),
        "errors": release.errors,
        "new_issues": release.new_issues,
        "commits": release.commits,
        "deploys": [deploy_document(one) for one in newest_deploys(release.deploys)],
    }


def newest_deploys(deploys: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    """Return the newest deploy to each environment, the newest first."""
    newest: dict[str, Mapping[str, Any]] = {}
    for one in sorted(deploys, key=_finished):
        newest[str(one.get("environment") or "")] = one
    return sorted(newest.values(), key=_finished, reverse=True)


def deploy_document(deploy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deploy as the API answers it."""
    return {
        "environment": str(deploy.get("environment") or ""),
        "name": deploy.get("name") or None,
        "url": deploy.get("url") or None,
        "at": deploy.get("dateFinished") or None,
    }


def _finished(deploy: Mapping[str, Any]) -> str:
    return str(deploy.get("dateFinished") or "")


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
