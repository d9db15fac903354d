"""People: who is in, with which role, and how somebody gets in."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboards.settings.controls import (
    ActionButton,
    Choice,
    Field,
    Form,
    When,
    confirmation,
    field_props,
    shown_once,
)
from dashboards.settings.models import Person
from dashboards.settings.pages.project import role_choices
from dashboards.settings.parts import Tree, badge, inline, note, section, table, two_lines
from dashboards.settings.rights import Rights
from iam import Action, Role

_LINK_TITLE = "One-time link for {email}"
_LINK_TEXT = (
    "Send it to them by a way only they read. It works once and for a day; whoever opens it sets the password. "
    "It cannot be shown again, but you can make a new one."
)


def build(people: Sequence[Person], rights: Rights) -> list[Tree]:
    """Return the page."""
    may_write = rights.here(Action.MEMBER_WRITE)
    rows = [_row(person, rights, may_write=may_write) for person in people]
    parts: list[Tree] = [table("People", ("Person", "Role", "State", "Last seen", ""), rows)]
    if may_write and len(people) == 1:
        parts.append(note("You are alone here. Invite the people you fix things with."))
    lead = "A role here holds for every project. Who needs less gets none here, and one on a team or a project."
    return [section("People", *parts, lead=lead, aside=invite(rights) if may_write else None)]


def invite(rights: Rights) -> Form:
    """Return the form that invites somebody and shows their link once."""
    fields = [
        Field("email", "E-mail", "email", required=True, max_length=254, placeholder="ann@example.org"),
        Field("name", "Name"),
        Field("role", "Role", "select", Role.MEMBER.value, choices=_roles(rights), empty_is_null=True),
    ]
    return Form(
        id="invite",
        method="POST",
        path="users",
        fields=field_props(fields),
        submit="Make link",
        opener="Invite",
        title="Invite somebody",
        once=shown_once("link", "Their one-time link", _LINK_TEXT),
    )


def _roles(rights: Rights, *, short: bool = False) -> tuple[Choice, ...]:
    none = Choice("", "none" if short else "none: teams and projects only")
    return (*role_choices(above=rights.role or Role.VIEWER, short=short), none)


def _row(person: Person, rights: Rights, *, may_write: bool) -> list[Tree]:
    own = person.id == rights.user_id
    name = inline(person.name or person.email, badge("you") if own else None)
    who = two_lines(name, person.email if person.name else None)
    seen = When(at=person.last_seen) if person.last_seen else html.Span("never", className="set-dim")
    manages = may_write and not own and rights.may_give(person.role)
    role = _role_form(person, rights) if manages and not person.disabled else badge(person.role or "none")
    return [who, role, _state(person), seen, _actions(person) if manages else ""]


def _state(person: Person) -> html.Span:
    if person.disabled:
        return badge("disabled", "error")
    return badge("invited", "warn") if person.pending else badge("active", "good")


def _role_form(person: Person, rights: Rights) -> Form:
    field = Field(
        "role",
        f"Role of {person.email}",
        "select",
        person.role,
        choices=_roles(rights, short=True),
        empty_sends="no_role",
    )
    return Form(
        id={"type": "user-role", "id": person.id},
        method="PATCH",
        path=f"users/{person.id}",
        fields=field_props([field]),
        submit="Save",
        version=person.version,
        layout="cell",
        keep=True,
        done="The role is changed.",
    )


def _actions(person: Person) -> html.Div:
    if person.disabled:
        return html.Div([_switch(person, disabled=False)])
    return html.Div([_new_link(person), _switch(person, disabled=True)])


def _new_link(person: Person) -> ActionButton:
    text = "Links made before stop working. Their password keeps working until a new one is set through the link."
    return ActionButton(
        id={"type": "user-link", "id": person.id},
        method="POST",
        path=f"users/{person.id}/link",
        label="New link",
        name=f"New link for {person.email}",
        confirm=confirmation(f"Make a sign-in link for {person.email}?", text, "Make link"),
        once=shown_once("link", _LINK_TITLE.format(email=person.email), _LINK_TEXT),
    )


def _switch(person: Person, *, disabled: bool) -> ActionButton:
    verb = "Disable" if disabled else "Enable"
    text = "Their sessions end and their tokens stop working, at once. Nothing is deleted; you can enable them again."
    return ActionButton(
        id={"type": "user-switch", "id": person.id},
        method="PATCH",
        path=f"users/{person.id}",
        body={"disabled": disabled},
        version=person.version,
        label=verb,
        name=f"{verb} {person.email}",
        look="danger" if disabled else "quiet",
        confirm=confirmation(f"Disable {person.email}?", text, "Disable") if disabled else None,
        done=f"{person.email} is {'disabled' if disabled else 'enabled'}.",
    )
