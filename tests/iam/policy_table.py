"""The whole policy as a text table: `python -m tests.iam.policy_table > tests/iam/policy_table.txt` writes it anew."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

from iam import Action, Kind, Principal, PrincipalKind, Resource, Role, RoleBinding, decide

ORGANISATION, TEAM, PROJECT, PERSON = 7, 70, 700, 7000
BOUND = {Kind.ORGANISATION: ORGANISATION, Kind.TEAM: TEAM, Kind.PROJECT: PROJECT}
LETTERS = {Role.OWNER: "O", Role.ADMIN: "A", Role.MEMBER: "M", Role.VIEWER: "V"}

RESOURCES = {
    Kind.INSTALLATION: Resource(Kind.INSTALLATION),
    Kind.ORGANISATION: Resource(Kind.ORGANISATION, organisation_id=ORGANISATION),
    Kind.TEAM: Resource(Kind.TEAM, organisation_id=ORGANISATION, team_ids=(TEAM,)),
    Kind.PROJECT: Resource(Kind.PROJECT, organisation_id=ORGANISATION, project_id=PROJECT, team_ids=(TEAM, 71)),
    Kind.USER: Resource(Kind.USER, organisation_id=ORGANISATION, user_id=PERSON),
    Kind.TOKEN: Resource(Kind.TOKEN, organisation_id=ORGANISATION, user_id=PERSON),
    Kind.QUERY: Resource(Kind.QUERY, organisation_id=ORGANISATION, user_id=PERSON),
}


def person(*bindings: RoleBinding, user_id: int = 1) -> Principal:
    """Somebody signed in, with these roles."""
    return Principal("user:x@example.org", PrincipalKind.USER, user_id=user_id, roles=bindings)


def bound(role: Role, kind: Kind, organisation_id: int = ORGANISATION) -> RoleBinding:
    """A role on the organisation, team or project of the table's resources."""
    return RoleBinding(role, kind, BOUND[kind], organisation_id)


def cells() -> Iterator[tuple[Action, Kind, Kind, Role, bool]]:
    """Every action on every kind of resource, by every role on everything a role can be on."""
    for action, kind, on, role in itertools.product(Action, Kind, BOUND, Role):
        yield action, kind, on, role, decide(person(bound(role, on)), action, RESOURCES[kind]).allowed


def policy_table() -> str:
    """The table: for each action and kind of resource, the roles on organisation, team and project that may."""
    head = f"{'action':<20} {'on':<13} {'organisation':<13} {'team':<6} {'project':<8} own\n"
    lines = [
        "# O owner, A admin, M member, V viewer; own: whoever it belongs to, without any role. Nothing else may.",
        head + "-" * len(head.rstrip()),
    ]
    allowed = {(action, kind, on, role): answer for action, kind, on, role, answer in cells()}
    for action, kind in itertools.product(Action, Kind):
        may = {on: "".join(LETTERS[r] for r in Role if allowed[action, kind, on, r]) or "-" for on in BOUND}
        own = "yes" if decide(person(user_id=PERSON), action, RESOURCES[kind]) else "-"
        places = f"{may[Kind.ORGANISATION]:<13} {may[Kind.TEAM]:<6} {may[Kind.PROJECT]:<8}"
        lines.append(f"{action:<20} {kind:<13} {places} {own}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(policy_table())
