"""Teams: people and the projects they see together."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboards.settings.controls import ActionButton, Choice, Field, Form, confirmation, field_props
from dashboards.settings.models import Person, Project, Team, TeamMember, TeamProject
from dashboards.settings.pages.project import role_choices
from dashboards.settings.pages.projects import SLUG_PATTERN, project_url
from dashboards.settings.parts import Tree, badge, empty, note, section, table, two_lines
from dashboards.settings.rights import Rights
from iam import Action, Role


def build(teams: Sequence[Team], people: Sequence[Person], projects: Sequence[Project], rights: Rights) -> list[Tree]:
    """Return the page."""
    create = _new_team() if rights.here(Action.TEAM_WRITE) else None
    lead = "A role in a team holds for the team's projects. Issues can be assigned to a team."
    if not teams:
        text = (
            "Small installations need none: roles on the organisation are enough until people should see less than all."
        )
        return [section("Teams", empty("No team yet", text, create), lead=lead)]
    head = section("Teams", lead=lead, aside=create)
    return [head, *(_team(team, people, projects, rights) for team in teams)]


def _new_team() -> Form:
    fields = [
        Field("name", "Name", required=True, placeholder="Payments"),
        Field("slug", "Short name", required=True, pattern=SLUG_PATTERN, max_length=50, follows="name"),
    ]
    return Form(
        id="new-team",
        method="POST",
        path="teams",
        fields=field_props(fields),
        submit="Create team",
        opener="New team",
        title="New team",
        done="The team is there. Add people and projects.",
    )


def _team(team: Team, people: Sequence[Person], projects: Sequence[Project], rights: Rights) -> html.Section:
    writes = rights.on_team(Action.TEAM_WRITE, team)
    parts: list[Tree] = []
    if team.members:
        rows = [_member_row(team, member, writes=writes) for member in team.members]
        parts.append(table(f"People of {team.slug}", ("Person", "Role", ""), rows))
    else:
        parts.append(note("Nobody is in this team."))
    outside = [person for person in people if person.id not in {member.user_id for member in team.members}]
    if writes and outside:
        parts.append(_add_member(team, outside))
    parts.append(_projects(team, projects, writes=writes))
    return section(team.name or team.slug, *parts, aside=_end(team) if writes else None, id=f"team-{team.slug}")


def _member_row(team: Team, member: TeamMember, *, writes: bool) -> list[Tree]:
    person = two_lines(member.name or member.email, member.email if member.name else None)
    if not writes:
        return [person, badge(member.role), ""]
    field = Field(
        "role", f"Role of {member.email} in {team.slug}", "select", member.role, choices=role_choices(short=True)
    )
    role = Form(
        id={"type": "team-role", "team": team.id, "id": member.user_id},
        method="PUT",
        path=f"teams/{team.id}/members/{member.user_id}",
        fields=field_props([field]),
        submit="Save",
        layout="cell",
        keep=True,
        done="The role is changed.",
    )
    end = ActionButton(
        id={"type": "end-team-role", "team": team.id, "id": member.user_id},
        method="DELETE",
        path=f"teams/{team.id}/members/{member.user_id}",
        label="Remove",
        name=f"Remove {member.email} from {team.slug}",
        done=f"{member.email} has left the team.",
    )
    return [person, role, end]


def _add_member(team: Team, people: Sequence[Person]) -> Form:
    persons = tuple(Choice(str(person.id), person.name or person.email) for person in people if not person.disabled)
    fields = [
        Field("user", "Person", "select", persons[0].value if persons else "", choices=persons),
        Field("role", "Role in the team", "select", Role.MEMBER.value, choices=role_choices()),
    ]
    return Form(
        id={"type": "add-member", "id": team.id},
        method="PUT",
        path=f"teams/{team.id}/members/{{user}}",
        fields=field_props(fields),
        submit="Add person",
        layout="line",
        done="They are in the team.",
    )


def _projects(team: Team, projects: Sequence[Project], *, writes: bool) -> html.Div:
    attached = {project.id for project in team.projects}
    others = [project for project in projects if project.id not in attached]
    parts: list[Tree] = [html.H3("Projects")]
    if team.projects:
        parts.append(
            html.Ul([_project(team, project, writes=writes) for project in team.projects], className="set-chips")
        )
    else:
        parts.append(note("No project: the team's people see nothing through it."))
    if writes and others:
        slugs = tuple(Choice(str(project.id), project.slug) for project in others)
        parts.append(
            Form(
                id={"type": "attach-project", "id": team.id},
                method="PUT",
                path=f"teams/{team.id}/projects/{{project}}",
                fields=field_props([Field("project", "Project", "select", slugs[0].value, choices=slugs)]),
                submit="Add project",
                layout="line",
                done="The team sees the project.",
            )
        )
    return html.Div(parts, className="set-sub")


def _project(team: Team, project: TeamProject, *, writes: bool) -> html.Li:
    parts: list[Tree] = [html.A(project.slug, href=project_url(project.slug))]
    if writes:
        parts.append(
            ActionButton(
                id={"type": "detach-project", "team": team.id, "id": project.id},
                method="DELETE",
                path=f"teams/{team.id}/projects/{project.id}",
                label="\N{MULTIPLICATION SIGN}",
                name=f"Take {project.slug} from {team.slug}",
                look="icon",
                done="The team does not see the project any more.",
            )
        )
    return html.Li(parts)


def _end(team: Team) -> ActionButton:
    text = "Its people lose what they see through it only. Projects and issues stay."
    return ActionButton(
        id={"type": "delete-team", "id": team.id},
        method="DELETE",
        path=f"teams/{team.id}",
        label="Delete team",
        name=f"Delete team {team.slug}",
        look="danger",
        version=team.version,
        confirm=confirmation(f"Delete {team.name or team.slug}?", text, "Delete team"),
        done="The team is deleted.",
    )
