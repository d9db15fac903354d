"""One project: its keys, its name and options, who may see it, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from dash import html

from dashboards.settings.controls import (
    ActionButton,
    Choice,
    CopyText,
    Field,
    Form,
    ScrubRules,
    When,
    confirmation,
    field_props,
)
from dashboards.settings.models import Key, Person, Project, ProjectRole
from dashboards.settings.options import OPTIONS, Option
from dashboards.settings.parts import Tree, aria, badge, empty, note, section, table, two_lines
from dashboards.settings.rights import Rights
from dashboards.urls import UrlState, page_url
from engine.snapshot import ProjectConfig
from iam import Action, Role


def build(
    project: Project, keys: Sequence[Key] | None, roles: Sequence[ProjectRole], people: Sequence[Person], rights: Rights
) -> list[Tree]:
    """Return the page; `keys` is None for those who may not see them."""
    writes = rights.on_project(Action.PROJECT_WRITE, project)
    parts = [_head(project), _keys(project, keys, rights)]
    if writes:
        parts += [_general(project), _options(project), _scrubbing(project)]
    parts.append(_roles(project, roles, people, may_write=writes))
    if rights.on_project(Action.PROJECT_DELETE, project):
        parts.append(_end(project))
    return parts


def _head(project: Project) -> html.Div:
    path = html.Nav(
        [html.A("Projects", href=page_url("settings/projects")), html.Span(" / "), html.Span(project.slug)],
        className="set-path",
        **aria(label="Where you are"),
    )
    status = (
        badge("receiving", "good")
        if project.first_event_at
        else html.A("waiting for the first event", href=page_url("welcome", UrlState((project.slug,))))
    )
    return html.Div([path, html.Div([html.H2(project.name or project.slug), status], className="set-title")])


def _keys(project: Project, keys: Sequence[Key] | None, rights: Rights) -> html.Section:
    lead = "Programs send to a DSN, which holds a key. A key only lets events in; it reads nothing."
    if keys is None:
        return section("Keys", note("Members of the project see its keys. Ask one of them for the DSN."), lead=lead)
    may_write = rights.on_project(Action.KEY_WRITE, project)
    create = _new_key(project) if may_write else None
    if not keys:
        return section("Keys", empty("No key", "Without a key nothing can be sent.", create), lead=lead)
    ordered = sorted(keys, key=lambda key: (not key.active, -key.id))
    rows = [_key_row(project, key, may_write=may_write) for key in ordered]
    return section("Keys", table("Keys", ("Label", "DSN", "Created", ""), rows), lead=lead, aside=create)


def _new_key(project: Project) -> Form:
    return Form(
        id="new-key",
        method="POST",
        path=f"projects/{project.slug}/keys",
        fields=field_props(
            [Field("label", "Label", placeholder="production", hint="What it is for; only people read it.")]
        ),
        submit="Create key",
        opener="New key",
        title="New key",
        done="The key is there and takes events at once.",
    )


def _key_row(project: Project, key: Key, *, may_write: bool) -> list[Tree]:
    named = key.label or f"key {key.id}"
    if not key.active:
        return [
            two_lines(named, None),
            html.Span([badge("revoked"), " ", key.public_key], className="set-dim"),
            _when(key),
            "",
        ]
    label: Tree = named
    if may_write:
        label = Form(
            id={"type": "key-label", "id": key.id},
            method="PATCH",
            path=f"projects/{project.slug}/keys/{key.id}",
            fields=field_props([Field("label", f"Label of key {key.id}", value=key.label, placeholder="no label")]),
            submit="Save",
            layout="cell",
            keep=True,
            done="The label is saved.",
        )
    actions = html.Div([_rotate(project, key, named), _revoke(project, key, named)]) if may_write else ""
    return [label, CopyText(text=key.dsn, name=f"DSN of {named}"), _when(key), actions]


def _when(key: Key) -> When:
    return When(at=key.created_at)


def _rotate(project: Project, key: Key, named: str) -> ActionButton:
    text = (
        "A new key takes its place and this one is refused within two seconds. To change programs over without a gap, "
        "make a new key first and revoke this one when nothing uses it any more."
    )
    return ActionButton(
        id={"type": "rotate-key", "id": key.id},
        method="POST",
        path=f"projects/{project.slug}/keys/{key.id}/rotate",
        label="Rotate",
        name=f"Rotate {named}",
        confirm=confirmation(f"Rotate {named}?", text, "Rotate key"),
        done="A new key has taken its place.",
    )


def _revoke(project: Project, key: Key, named: str) -> ActionButton:
    text = "Programs that send with it are refused within two seconds. What they sent before stays."
    return ActionButton(
        id={"type": "revoke-key", "id": key.id},
        method="DELETE",
        path=f"projects/{project.slug}/keys/{key.id}",
        label="Revoke",
        name=f"Revoke {named}",
        look="danger",
        confirm=confirmation(f"Revoke {named}?", text, "Revoke key"),
        done="The key is revoked.",
    )


def _general(project: Project) -> html.Section:
    form = Form(
        id="project-name",
        method="PATCH",
        path=f"projects/{project.slug}",
        fields=field_props([Field("name", "Name", value=project.name, required=True)]),
        submit="Save",
        version=project.version,
        layout="line",
        keep=True,
        done="The project is renamed.",
    )
    return section("Name", form, lead=f"The short name, {project.slug}, stays: queries and numbers of issues use it.")


def _options(project: Project) -> html.Section:
    form = Form(
        id="project-options",
        method="PATCH",
        path=f"projects/{project.slug}",
        fields=field_props(_option_field(option, project) for option in OPTIONS),
        submit="Save options",
        version=project.version,
        keep=True,
        done="The options are saved; they hold for what arrives from now on.",
    )
    return section("Options", form)


def _scrubbing(project: Project) -> html.Section:
    def held(name: str) -> Any:
        default = next(f.default for f in msgspec.structs.fields(ProjectConfig) if f.name == name)
        return project.options.get(name, default)

    rules = ScrubRules(
        id="project-scrub",
        slug=project.slug,
        rules=held("scrub_rules"),
        defaults=held("scrub_defaults"),
        ip=held("scrub_ip"),
        email=held("scrub_email"),
        version=project.version,
    )
    lead = "Secrets and personal data are taken out before anything is stored. What is stored already stays as it is."
    return section("Personal data", rules, lead=lead, id="personal-data")


def _option_field(option: Option, project: Project) -> Field:
    value = project.options.get(option.name, option.default)
    if option.kind == "prefixes":
        return Field(f"options.{option.name}", option.label, "prefixes", list(value or ()), option.doc, max_length=4000)
    return Field(f"options.{option.name}", option.label, "number", value, option.doc, required=True)


def _roles(
    project: Project, roles: Sequence[ProjectRole], people: Sequence[Person], *, may_write: bool
) -> html.Section:
    lead = "Roles on the organisation and on teams count here too. The highest one holds."
    rows = [_role_row(project, role, may_write=may_write) for role in roles]
    give = _give_role(project, people) if may_write and people else None
    heads = ("Person", "Role", "Through", "")
    body = table("People who may see the project", heads, rows) if rows else note("Nobody yet.")
    return section("People", body, *([give] if give is not None else []), lead=lead)


def _role_row(project: Project, role: ProjectRole, *, may_write: bool) -> list[Tree]:
    through = f"team {role.source_name}" if role.source == "team" else f"the {role.source}"
    person = two_lines(role.name or role.email, role.email if role.name else None)
    if role.source != "project" or not may_write:
        return [person, badge(role.role), through, ""]
    end = ActionButton(
        id={"type": "end-project-role", "id": role.user_id},
        method="DELETE",
        path=f"projects/{project.slug}/roles/{role.user_id}",
        label="Remove",
        name=f"Remove {role.email} from the project",
        done="The role is taken away.",
    )
    return [person, badge(role.role), through, end]


def _give_role(project: Project, people: Sequence[Person]) -> Form:
    persons = tuple(Choice(str(person.id), person.name or person.email) for person in people if not person.disabled)
    fields = [
        Field("user", "Person", "select", persons[0].value if persons else "", choices=persons),
        Field("role", "Role on this project", "select", Role.MEMBER.value, choices=role_choices()),
    ]
    return Form(
        id="give-project-role",
        method="PUT",
        path=f"projects/{project.slug}/roles/{{user}}",
        fields=field_props(fields),
        submit="Give role",
        layout="line",
        done="The role is given.",
    )


def role_choices(*, above: Role = Role.OWNER, short: bool = False) -> tuple[Choice, ...]:
    """Return the roles one may choose from, none higher than `above`; `short` for the cell of a table."""
    meaning = {
        Role.OWNER: "may everything",
        Role.ADMIN: "manages people, projects and keys",
        Role.MEMBER: "works on issues, sees keys",
        Role.VIEWER: "reads",
    }
    roles = [role for role in Role if above.covers(role)]
    return tuple(Choice(role.value, role.value if short else f"{role.value}: {meaning[role]}") for role in roles)


def _end(project: Project) -> html.Section:
    text = (
        "Its events, issues and keys go: it is out of sight at once, and its data is erased in the background. "
        "This cannot be undone."
    )
    button = ActionButton(
        id="delete-project",
        method="DELETE",
        path=f"projects/{project.slug}",
        label="Delete project",
        look="danger",
        version=project.version,
        confirm=confirmation(f"Delete {project.name or project.slug}?", text, "Delete for good", typed=project.slug),
        done="The project is deleted.",
        go=page_url("settings/projects"),
    )
    return section("Delete", button, lead=text)
