"""A store of its own for scenarios: each is a project, loaded as `amber load` and `amber commits sync` do it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import UserError
from engine.metadata import AuditEntry, ProjectRow
from ingest.load import LoadPlan, LoadReport, LoadTarget, load_files
from ingest.units import LoadOptions
from ml.chaos import REPOSITORY
from server.chaos.folder import CHANGES, DATA, RELEASES
from server.commits.registry import CommitRegistry
from server.commits.told import Ref
from server.compose import Installation, open_installation, ready_writer
from server.issues import IssueService, ReleaseBook, Workflow
from server.provision import first_project
from server.publisher import SnapshotPublisher
from server.query_service import QueryService
from server.rca.service import RootCause
from server.runner import make_runner
from server.settings import load_settings
from server.shards import fixed_shards

_WORKERS: Final = 4
_AUDIT: Final = AuditEntry("chaos", "commits.sync", "project")


@dataclass(frozen=True, slots=True)
class Place:
    """An opened store, and what makes analyses over it."""

    installation: Installation
    root_cause: RootCause

    def new_project(self, slug: str) -> ProjectRow:
        """Make a project."""
        return self.installation.metadata.create_project(slug, with_key=True)

    def load(self, project: ProjectRow, folder: Path) -> LoadReport:
        """Load a scenario into a project of its own and return what became of its data.

        Raises:
            UserError: something of it was refused.
        """
        SnapshotPublisher(self.installation.metadata, self.installation.data.config_snapshot).publish_if_newer()
        report = self._load(project, [folder / DATA], LoadOptions())
        commits = folder / "commits.ndjson"
        commits.write_text("".join(json.dumps(line) + "\n" for line in self._sync(project, folder)), encoding="utf-8")
        changes = self._load(project, [folder / CHANGES, commits], LoadOptions("changes", "ndjson"))
        report.outcomes += changes.outcomes
        report.problems += changes.problems
        _check(report)
        return report

    def _load(self, project: ProjectRow, files: list[Path], options: LoadOptions) -> LoadReport:
        one = self.installation
        shards = fixed_shards(one.settings.data, one.settings.normalisers)
        target = LoadTarget(one.data, project.id, shards, ready_writer(one))
        return load_files(files, target, plan=LoadPlan(project.id, options))

    def _sync(self, project: ProjectRow, folder: Path) -> list[Mapping[str, Any]]:
        """Tell the releases their commits and return the lines of `changes` that gives."""
        lines: list[Mapping[str, Any]] = []

        def submit(_: int, more: Sequence[Mapping[str, Any]]) -> None:
            lines.extend(more)

        registry = CommitRegistry(self.installation.metadata, self.installation.clock, submit)
        path, name = folder / f"{REPOSITORY}.git", f"{REPOSITORY}-{project.slug}"
        for one in json.loads((folder / RELEASES).read_text(encoding="utf-8")):
            registry.sync(project, path, one["release"], Ref(name, one["head"], one["previous"]), _AUDIT)
        return list({str(line["id"]): line for line in lines}.values())


@contextmanager
def opened_place(directory: Path) -> Iterator[Place]:
    """Make a data directory, and open it for the length of a block."""
    installation = open_installation(load_settings({"data": str(directory)}, os.environ))
    try:
        first_project(installation.metadata)
        with place_of(installation) as place:
            yield place
    finally:
        installation.close()


@contextmanager
def place_of(installation: Installation) -> Iterator[Place]:
    """Give what makes analyses over an installation that is open already."""
    metadata, clock = installation.metadata, installation.clock
    runner = make_runner(installation)
    queries = QueryService(runner, metadata, clock, workers=_WORKERS, queue=10 * _WORKERS)
    workflow = Workflow(metadata, installation.mirror.sync, ReleaseBook(metadata, runner.run, clock), clock)
    try:
        yield Place(installation, RootCause(queries, metadata, IssueService(queries, metadata, workflow), clock))
    finally:
        queries.close()


def _check(report: LoadReport) -> None:
    """Refuse to score what was not all taken: the figures would be of something else."""
    refused = {name: count for name, count in report.outcomes.items() if name[0] != "accepted" and count}
    if refused or report.problems:
        told = [f"{outcome} {category}: {count}" for (outcome, category), count in sorted(refused.items())]
        told += [f"{path.name}: {reason}" for path, reason in report.problems[:3]]
        raise UserError(
            f"A scenario was not taken as a whole: {'; '.join(told)}.",
            code="scenario-refused",
            hint="This is a defect of the generator or of ingest.",
        )
