"""Releases of projects: a list with their health, and one with its issues, deploys and the release before it.

What happened is asked in Discover; which releases clients told of, their deploys and commits are in the metadata
database. A release is there when either knows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from engine.artifacts import ReleaseRow
from engine.errors import NotFound
from engine.metadata import MetadataStore, ProjectRow
from iam import Principal, visible_projects
from queries.releases import ReleaseSeen, latest_release
from queries.result import rfc3339
from server.commits.ranges import before
from server.issues.looking import Look, rows
from server.query_service import QueryService
from server.releases import texts
from server.releases.model import Release, deploy_document, document, share_of

MOST_TOLD: Final = 1000
"""Releases clients told of that are looked at, the newest of all projects together."""

MOST_ISSUES: Final = 50
_MOST_REGRESSIONS: Final = 2000
_RECENT: Final = timedelta(days=1)
_REGRESS: Final = "issue.regress"
Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Known:
    """The releases of a look.

    Attributes:
        releases: the newest first.
        slugs: of the projects, by number.
        totals: sessions, transactions and errors of each project's last day, with a release.
    """

    releases: Sequence[Release]
    slugs: Mapping[int, str]
    totals: Mapping[int, tuple[int, int, int]]

    def documents(self, chosen: Iterable[Release]) -> list[dict[str, Any]]:
        """Return some of them as the API answers them."""
        latest = self._latest()
        return [
            document(
                one,
                self.slugs[one.project_id],
                share_of(one, self.totals.get(one.project_id, (0, 0, 0))),
                latest=latest.get(one.project_id) == one.version,
            )
            for one in chosen
        ]

    def _latest(self) -> dict[int, str]:
        seen: dict[int, list[ReleaseSeen]] = defaultdict(list)
        for one in self.releases:
            seen[one.project_id].append(ReleaseSeen(one.version, one.began, one.last or one.began))
        found = {project: latest_release(theirs) for project, theirs in seen.items()}
        return {project: one.name for project, one in found.items() if one is not None}


class ReleaseOverview:
    """Reads releases on behalf of principals.

    Args:
        queries: asks the store.
        metadata: has what clients told.
    """

    def __init__(self, queries: QueryService, metadata: MetadataStore) -> None:
        self._queries = queries
        self._metadata = metadata

    def listed(self, look: Look, limit: int) -> dict[str, Any]:
        """Return the newest releases of a look, and how many there are."""
        known = self._known(look)
        shown = self._counted(known.releases[:limit])
        return {"items": known.documents(shown), "total": len(known.releases)}

    def detail(self, look: Look, project: ProjectRow, version: str, compare: str | None) -> dict[str, Any]:
        """Return one release with its issues and deploys, and the one it is compared with.

        Raises:
            NotFound: neither events of the range nor clients tell of it, or of `compare`.
        """
        look = replace(look, projects=(project.id,))
        known = self._known(look)
        by_name = {one.version: one for one in known.releases}
        other = _previous(known.releases, version) if compare is None else compare
        for name in (version, compare):
            if name is not None and name not in by_name:
                raise NotFound(
                    f"{project.slug} has no release {name[:200]!r} here.",
                    code="release-unknown",
                    hint="Choose a longer time: it may have had no event in this one.",
                )
        chosen = self._counted([by_name[name] for name in (version, other) if name is not None])
        shown, *compared = known.documents(chosen)
        counts = self._counts(look, version)
        return {
            "release": shown,
            "compared": compared[0] if compared else None,
            "others": [one.version for one in known.releases if one.version != version][:100],
            "new": self._issues(look, texts.new_text(MOST_ISSUES), version, counts),
            "resolved": self._issues(look, texts.resolved_text(MOST_ISSUES), version, counts),
            "regressed": self._regressed(project.id, version, counts),
            "all_deploys": [deploy_document(one) for one in reversed(by_name[version].deploys)],
        }

    def _known(self, look: Look) -> Known:
        slugs = self._projects(look.principal, look)
        found: dict[Key, Release] = {}
        totals: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
        for place, text in enumerate(texts.COUNTED):
            for row in rows(look.ask(self._queries, text, {"recent": max(look.start, look.end - _RECENT)})):
                one = _put(found, row["project_id"], row["release"])
                _count(one, row, place)
                totals[one.project_id][place] += row["recent"]
        for told in self._metadata.releases(sorted(slugs), MOST_TOLD):
            one = _put(found, told.project_id, told.version)
            one.told, one.released_at = told.created_at, told.released_at
            one.deploys = tuple(told.facts.get("deploys", ()))
        for row in rows(look.ask(self._queries, texts.NEW_ISSUES)):
            if (key := (row["project_id"], row["release"])) in found:
                found[key].new_issues = row["new_issues"]
        kept = [one for one in found.values() if one.project_id in slugs]
        kept.sort(key=lambda one: (one.began, one.version), reverse=True)
        return Known(kept, slugs, {project: (a, b, c) for project, (a, b, c) in totals.items()})

    def _projects(self, principal: Principal, look: Look) -> dict[int, str]:
        seen = visible_projects(self._metadata, principal, look.action)
        wanted = {str(name) for name in look.projects}
        every = {row.id: row.slug for row in self._metadata.projects() if row.id in seen}
        return {n: slug for n, slug in every.items() if not wanted or slug in wanted or str(n) in wanted}

    def _counted(self, releases: Sequence[Release]) -> list[Release]:
        """Return releases with the number of their commits."""
        told: dict[Key, ReleaseRow] = {
            (row.project_id, row.version): row
            for row in self._metadata.releases(sorted({one.project_id for one in releases}), MOST_TOLD)
        }
        numbers = self._metadata.count_commits_of_releases([row.id for row in told.values()])
        for one in releases:
            row = told.get((one.project_id, one.version))
            one.commits = 0 if row is None else numbers.get(row.id, 0)
        return list(releases)

    def _counts(self, look: Look, version: str) -> dict[int, tuple[int, int]]:
        found = rows(look.ask(self._queries, texts.counts_text(), {"release": version}))
        return {row["id"]: (row["events"], row["users"]) for row in found}

    def _issues(
        self, look: Look, text: str, version: str, counts: Mapping[int, tuple[int, int]]
    ) -> list[dict[str, Any]]:
        found = rows(look.ask(self._queries, text, {"release": version}))
        return [_issue(row, row["issue"], row["id"], counts) for row in found]

    def _regressed(
        self, project_id: int, version: str, counts: Mapping[int, tuple[int, int]]
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Return the issues that came back in a release: what the audit says of the newest regressions of all."""
        told = [
            entry.resource.removeprefix("issue:")
            for entry in self._metadata.audit_page(None, _MOST_REGRESSIONS, action=_REGRESS)
            if entry.details.get("release") == version
        ]
        found = [self._metadata.issue_by_short_id(name) for name in list(dict.fromkeys(told))[:MOST_ISSUES]]
        issues = [row for row in found if row is not None and row.project_id == project_id]
        return [
            _issue({name: getattr(row, name) for name in _SHOWN}, row.short_id, row.issue_id, counts) for row in issues
        ]


_SHOWN: Final = ("title", "culprit", "level", "status", "substatus", "priority", "first_seen")


def _put(found: dict[Key, Release], project_id: int, version: str) -> Release:
    return found.setdefault((project_id, version), Release(project_id, version))


def _count(one: Release, row: Mapping[str, Any], place: int) -> None:
    one.meet(row["first"], row["last"])
    one.recent[place] = row["recent"]
    for name in ("sessions", "crashed", "users", "crashed_users", "transactions", "errors"):
        if name in row:
            setattr(one, name, row[name])
    if "p95" in row:
        one.p95_ns = row["p95"]


def _previous(releases: Sequence[Release], version: str) -> str | None:
    """Return the release before one: by version where both have one, else by time."""
    named = [
        ReleaseRow(place, one.project_id, one.version, one.began, one.released_at, {})
        for place, one in enumerate(reversed(releases))
    ]
    earlier = before(named, version)
    return earlier[0].version if earlier else None


def _issue(
    row: Mapping[str, Any], short_id: str, issue_id: int, counts: Mapping[int, tuple[int, int]]
) -> dict[str, Any]:  # fmt: skip
    events, users = counts.get(issue_id, (0, 0))
    shown = {name: row[name] for name in _SHOWN} | {"first_seen": rfc3339(row["first_seen"])}
    return {"id": short_id, **shown, "events": events, "users": users}
