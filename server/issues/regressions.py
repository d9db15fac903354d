"""Whether an event opens a resolved issue again. The rule is pure; releases are asked for only where it needs them.

The semantics are Sentry's: an issue resolved in the next release stays resolved while events come of the releases there
were then; one of a later release, by version where both are versions, opens it. One resolved in a release is opened by
that release and later ones. Events without a release count by their time. What happened before the resolution is no
regression, whenever it arrives: a device that was offline tells old news.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from queries.versions import parse_version
from server.issues.states import Resolution


class KnownReleases(Protocol):
    """What the rule asks of the releases of the issue's project."""

    def first_seen(self, release: str) -> datetime | None:
        """Return when a release was met first, None for never."""
        ...

    def of_commit(self, commit: str) -> str | None:
        """Return the release that holds a commit, None for none yet."""
        ...


@dataclass(frozen=True, slots=True)
class Met:
    """An event of a resolved issue; `release` is empty when the client did not say."""

    at: datetime
    release: str = ""
    event_id: str = ""


def regresses(resolution: Resolution, since: datetime, met: Met, releases: KnownReleases) -> bool:
    """Return whether an event opens an issue again that is resolved so since a time."""
    if met.at <= since:
        return False
    if resolution.kind == "now" or not met.release:
        return True
    if resolution.kind == "next_release":
        return _is_later(met.release, resolution.release, since, releases)
    release: str | None = resolution.release
    if resolution.kind == "commit":
        release = releases.of_commit(resolution.commit)
    return release is not None and not _is_earlier(met.release, release, releases)


def _is_later(release: str, than: str, since: datetime, releases: KnownReleases) -> bool:
    order = _order(release, than)
    if order is not None:
        return order > 0
    first = releases.first_seen(release)
    return first is None or first > since


def _is_earlier(release: str, than: str, releases: KnownReleases) -> bool:
    order = _order(release, than)
    if order is not None:
        return order < 0
    first, other = releases.first_seen(release), releases.first_seen(than)
    # A release nobody has met yet is in the future: what has been met came before it.
    return first is not None and (other is None or first < other)


def _order(a: str, b: str) -> int | None:
    """Return -1, 0 or 1 by version; None when they are not both versions, or of different packages."""
    if a == b:
        return 0
    one, other = parse_version(a), parse_version(b)
    if one is None or other is None or (one.package and other.package and one.package != other.package):
        return None
    return (one.key() > other.key()) - (one.key() < other.key())
