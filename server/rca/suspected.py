"""The suspect commits of an analysis: those of an issue, its own or the one that is new where it went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from engine.errors import NotFound
from engine.metadata import IssueRow, MetadataStore
from engine.snapshot import ProjectConfig
from ml import rca
from server.commits.suspects import SuspectFinder
from server.issues.looking import Look
from server.issues.service import IssueService

_BEFORE_FIRST: Final = timedelta(days=1)
_TIMES: Final = 5
"""An issue that happens so many times as often as before is looked at as a new one is."""


class Suspected:
    """Finds them.

    Args:
        metadata: what is known of commits.
        issues: has the events whose stacks lead to them.
    """

    def __init__(self, metadata: MetadataStore, issues: IssueService) -> None:
        self._metadata = metadata
        self._issues = issues
        self._finder = SuspectFinder(metadata)

    def commits(self, look: Look, issue: IssueRow, node: str) -> Iterator[rca.SuspectCommit]:
        """Yield the commits suspected of an issue, the most suspected first."""
        project = next((row for row in self._metadata.projects() if row.id == issue.project_id), None)
        if project is None or not self._metadata.repositories([project.id]):
            return
        config = self._metadata.config_snapshot().projects.get(project.id) or ProjectConfig(project.id, project.slug)
        seen = replace(look, projects=(project.id,), environments=(), start=issue.first_seen - _BEFORE_FIRST)
        try:
            document = self._issues.events.said(seen, issue, config, "oldest")
        except NotFound:
            return
        found = self._finder.find(project, issue, document)
        for one in found.suspects:
            commit = found.commits[one.sha]
            yield rca.SuspectCommit(
                one.sha,
                min(max(float(one.score), 0.0), 1.0),
                "; ".join(dict.fromkeys(f"{piece.reason.value} {piece.path}".strip() for piece in one.evidence)),
                commit.at.timestamp(),
                node,
                commit.author_name or commit.author_email,
                commit.message.partition("\n")[0][:200],
                found.release,
                f"issue/{issue.short_id}",
            )


def newest(patterns: Sequence[rca.Pattern], rate: float, nodes: frozenset[str]) -> str:
    """Return the name of the issue that is most new, empty when none is.

    Args:
        patterns: issues, before and after.
        rate: length of the window by that of the baseline.
        nodes: those at one of these count before others.
    """
    new = [
        one for one in patterns if one.kind is rca.PatternKind.ERROR and one.after > max(_TIMES * one.before * rate, 2)
    ]
    best = max(new, key=lambda one: (one.node in nodes, one.before == 0, one.after, one.id), default=None)
    return "" if best is None else best.id
