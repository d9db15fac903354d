"""Which projects somebody sees, and which of them a request is about."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from engine.metadata import MetadataStore, ProjectRow
from iam.errors import ProjectUnknown
from iam.model import Action, Kind, Principal, Resource
from iam.policy import decide


def project_resource(project: ProjectRow) -> Resource:
    """Return a project as decisions know it."""
    return Resource(
        Kind.PROJECT,
        organisation_id=project.organisation_id,
        project_id=project.id,
        team_ids=project.team_ids,
    )


def visible_projects(
    metadata: MetadataStore, principal: Principal, action: Action = Action.EVENT_READ
) -> dict[int, str]:
    """Return the live projects to which a principal may do `action`: slug by id."""
    return {
        project.id: project.slug
        for project in metadata.projects()
        if decide(principal, action, project_resource(project))
    }


def chosen_projects(visible: Mapping[int, str], wanted: Sequence[str | int]) -> dict[int, str]:
    """Return the visible projects cut by the ones a request names, by slug or id; all of them when it names none.

    Raises:
        ProjectUnknown: one does not exist or may not be seen; both read the same.
    """
    if not wanted:
        return dict(visible)
    by_name = {**{slug: number for number, slug in visible.items()}, **{str(number): number for number in visible}}
    chosen: dict[int, str] = {}
    for name in wanted:
        number = by_name.get(str(name))
        if number is None:
            near = difflib.get_close_matches(str(name), visible.values(), n=1)
            raise ProjectUnknown(str(name), f"Did you mean {near[0]!r}?" if near else "")
        chosen[number] = visible[number]
    return chosen
