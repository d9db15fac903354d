"""The tables of the policy: what every action means, on what, who may, and which scope a token needs for it.

`decide`, the reference in docs/explanation/access.md and the tests read these tables; nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from iam.model import Action, Kind, Role


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may be limited to.

    Attributes:
        name: as stored and shown, `issue:write`.
        doc: one sentence for the page on which tokens are made.
        implies: scopes that go without saying.
    """

    name: str
    doc: str
    implies: tuple[str, ...] = ()


SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        scope.name: scope
        for scope in (
            Scope("event:read", "Ask questions; read events and traces."),
            Scope("ingest:write", "Send data of any dataset, line by line."),
            Scope("issue:read", "Read issues."),
            Scope("issue:write", "Resolve, ignore, assign and prioritise issues.", ("issue:read",)),
            Scope("artifact:write", "Create releases and upload source maps: what a build needs."),
            Scope("query:read", "Read and run saved queries, views and dashboards."),
            Scope(
                "query:write", "Save, change, share and delete saved queries, views and dashboards.", ("query:read",)
            ),
            Scope("project:read", "Read projects, their settings and their keys."),
            Scope("project:admin", "Create, change and delete projects and their keys.", ("project:read",)),
            Scope("organisation:read", "Read the organisation, its people and its teams."),
            Scope(
                "organisation:admin",
                "Change the organisation, its people and its teams; read dead letters; run jobs.",
                ("organisation:read",),
            ),
            Scope("token:admin", "List, create and revoke tokens."),
            Scope("state:read", "Read the state of the installation: spools, outcomes, health."),
            Scope("audit:read", "Read the audit."),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one action.

    Attributes:
        doc: what the action is, as a sentence.
        kinds: kinds of resources it can be about.
        organisation: the least role on the organisation that may; None when no role there is enough.
        team: the least role on the team, or on a team of the project.
        project: the least role on the project.
        inside: whether any role on a team or project of the organisation is enough as well.
        own: whether people may do it to what is their own, whatever their role.
        scope: the scope a token needs; empty for none; None when no token may, whatever its scopes.
    """

    doc: str
    kinds: tuple[Kind, ...]
    organisation: Role | None = None
    team: Role | None = None
    project: Role | None = None
    inside: bool = False
    own: bool = False
    scope: str | None = None


def _of_projects(doc: str, least: Role, scope: str) -> Rule:
    return Rule(doc, (Kind.PROJECT,), organisation=least, team=least, project=least, scope=scope)


ACTIONS: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.ORGANISATION_READ: Rule(
            "See the organisation's name.",
            (Kind.ORGANISATION,),
            organisation=Role.VIEWER,
            inside=True,
            scope="organisation:read",
        ),
        Action.ORGANISATION_WRITE: Rule(
            "Rename the organisation.", (Kind.ORGANISATION,), organisation=Role.ADMIN, scope="organisation:admin"
        ),
        Action.MEMBER_READ: Rule(
            "See the people of the organisation and their roles.",
            (Kind.ORGANISATION,),
            organisation=Role.VIEWER,
            scope="organisation:read",
        ),
        Action.MEMBER_WRITE: Rule(
            "Invite people, change their roles, disable them, make sign-in links for them.",
            (Kind.ORGANISATION,),
            organisation=Role.ADMIN,
            scope="organisation:admin",
        ),
        Action.TEAM_READ: Rule(
            "See a team, its people and its projects.",
            (Kind.TEAM,),
            organisation=Role.VIEWER,
            team=Role.VIEWER,
            scope="organisation:read",
        ),
        Action.TEAM_WRITE: Rule(
            "Create, rename and delete teams; change their people and projects.",
            (Kind.ORGANISATION, Kind.TEAM),
            organisation=Role.ADMIN,
            team=Role.ADMIN,
            scope="organisation:admin",
        ),
        Action.PROJECT_CREATE: Rule(
            "Create a project in the organisation, or in a team.",
            (Kind.ORGANISATION, Kind.TEAM),
            organisation=Role.ADMIN,
            team=Role.ADMIN,
            scope="project:admin",
        ),
        Action.PROJECT_READ: _of_projects("See a project and its settings.", Role.VIEWER, "project:read"),
        Action.PROJECT_WRITE: _of_projects(
            "Change a project's settings and the roles on it.", Role.ADMIN, "project:admin"
        ),
        Action.PROJECT_DELETE: Rule(
            "Delete a project with everything in it.",
            (Kind.PROJECT,),
            organisation=Role.ADMIN,
            team=Role.OWNER,
            project=Role.OWNER,
            scope="project:admin",
        ),
        Action.KEY_READ: _of_projects("See the keys of a project, its DSN.", Role.MEMBER, "project:read"),
        Action.KEY_WRITE: _of_projects("Create, rotate and revoke keys of a project.", Role.ADMIN, "project:admin"),
        Action.EVENT_READ: _of_projects("Ask questions; read events and traces.", Role.VIEWER, "event:read"),
        Action.INGEST_WRITE: _of_projects("Send data of any dataset, line by line.", Role.MEMBER, "ingest:write"),
        Action.ISSUE_READ: _of_projects("Read issues.", Role.VIEWER, "issue:read"),
        Action.ISSUE_WRITE: _of_projects("Resolve, ignore, assign and prioritise issues.", Role.MEMBER, "issue:write"),
        Action.ARTIFACT_WRITE: _of_projects(
            "Create releases; upload, list and remove source maps.", Role.MEMBER, "artifact:write"
        ),
        Action.QUERY_READ: Rule(
            "Read, run and star a saved query, view or dashboard: one's own, or one shared with all or one's team.",
            (Kind.QUERY,),
            organisation=Role.VIEWER,
            team=Role.VIEWER,
            inside=True,
            own=True,
            scope="query:read",
        ),
        Action.QUERY_WRITE: Rule(
            "Save queries, views and dashboards; change and delete one's own, or any shared with what one administers.",
            (Kind.QUERY,),
            organisation=Role.ADMIN,
            team=Role.ADMIN,
            own=True,
            scope="query:write",
        ),
        Action.QUERY_SHARE: Rule(
            "Share a saved query, view or dashboard with the organisation, or with a team one is in.",
            (Kind.ORGANISATION, Kind.TEAM),
            organisation=Role.MEMBER,
            team=Role.MEMBER,
            scope="query:write",
        ),
        Action.TOKEN_READ: Rule(
            "List tokens: one's own, or everybody's.",
            (Kind.TOKEN,),
            organisation=Role.ADMIN,
            own=True,
            scope="token:admin",
        ),
        Action.TOKEN_WRITE: Rule(
            "Create tokens of one's own; revoke one's own, or anybody's.",
            (Kind.TOKEN,),
            organisation=Role.ADMIN,
            own=True,
            scope="token:admin",
        ),
        Action.AUDIT_READ: Rule(
            "Read the audit of every write.", (Kind.ORGANISATION,), organisation=Role.ADMIN, scope="audit:read"
        ),
        Action.STATE_READ: Rule(
            "Read the state of the installation.", (Kind.INSTALLATION,), organisation=Role.MEMBER, scope="state:read"
        ),
        Action.JOB_RUN: Rule(
            "Run a job of the installation before it is due.",
            (Kind.INSTALLATION,),
            organisation=Role.ADMIN,
            scope="organisation:admin",
        ),
        Action.DEADLETTER_READ: Rule(
            "Read what was accepted and could not be stored, of every project.",
            (Kind.INSTALLATION,),
            organisation=Role.OWNER,
            scope="organisation:admin",
        ),
        Action.DEADLETTER_WRITE: Rule(
            "Send dead letters through the pipeline again, or drop them.",
            (Kind.INSTALLATION,),
            organisation=Role.OWNER,
            scope="organisation:admin",
        ),
        Action.SELF_READ: Rule("See one's own account.", (Kind.USER,), own=True, scope=""),
        Action.SELF_WRITE: Rule(
            "Change one's own name and password; see and end one's own sessions.", (Kind.USER,), own=True, scope=None
        ),
    }
)
