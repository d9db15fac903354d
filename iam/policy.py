"""The one decision of Amber: may this principal do this to that? Pure, total; every route, page and verb asks it."""

from __future__ import annotations

from collections.abc import Iterable

from iam.actions import ACTIONS, SCOPES, Rule
from iam.model import Action, Decision, Kind, Principal, PrincipalKind, Resource, Role, RoleBinding

_OWNERS_OF_THE_DIRECTORY = {PrincipalKind.LOCAL, PrincipalKind.EMBEDDED}


def decide(principal: Principal, action: Action, resource: Resource) -> Decision:
    """Say whether `principal` may do `action` to `resource`, and why.

    Who reads the data directory owns it and may everything. Everybody else needs a role that is enough, on the
    resource or on what it belongs to. A token may what its person may, cut by its scopes and by its projects.
    """
    if principal.kind in _OWNERS_OF_THE_DIRECTORY:
        return Decision(allowed=True, why="Who may read the data directory may everything.")
    rule = ACTIONS[action]
    if resource.kind not in rule.kinds:
        return Decision(allowed=False, why=f"{action} is nothing one does to the kind {resource.kind}.")
    refusal = _token_refusal(principal, rule, resource)
    if refusal:
        return Decision(allowed=False, why=refusal)
    if rule.own and principal.user_id and principal.user_id == resource.user_id:
        return Decision(allowed=True, why="It is one's own.")
    for binding in principal.roles:
        least = _least(rule, binding.kind)
        if least is not None and binding.role.covers(least) and reaches(binding, resource):
            return Decision(allowed=True, why=f"The role {binding.role} on the {binding.kind} is enough.")
        if rule.inside and 0 < binding.organisation_id == resource.organisation_id:
            return Decision(allowed=True, why=f"A role on a {binding.kind} of the organisation is enough.")
    return Decision(allowed=False, why=_what_is_needed(action, rule))


def reaches(binding: RoleBinding, resource: Resource) -> bool:
    """Whether the role counts for the resource: it is on it, or on what it belongs to, never on a part of it."""
    if resource.kind == Kind.INSTALLATION:
        return binding.kind == Kind.ORGANISATION
    if binding.kind == Kind.ORGANISATION:
        return binding.id == resource.organisation_id
    if binding.kind == Kind.TEAM:
        return resource.kind in {Kind.TEAM, Kind.PROJECT, Kind.QUERY} and binding.id in resource.team_ids
    return binding.kind == Kind.PROJECT and resource.kind == Kind.PROJECT and binding.id == resource.project_id


def role_on(principal: Principal, resource: Resource) -> Role | None:
    """Return the highest role a person has on a resource; whoever owns the data directory counts as its owner."""
    if principal.kind in _OWNERS_OF_THE_DIRECTORY:
        return Role.OWNER
    held = [binding.role for binding in principal.roles if reaches(binding, resource)]
    return max(held, key=lambda role: role.rank, default=None)


def implied_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """Return the scopes with those that go without saying; unknown names stay and give nothing."""
    found: set[str] = set()
    waiting = list(scopes)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += SCOPES[name].implies if name in SCOPES else ()
    return frozenset(found)


def scopes_of(role: Role, kind: str) -> frozenset[str]:
    """Return the scopes a token needs for all that a role on an organisation, team or project lets people do."""
    found = set()
    for rule in ACTIONS.values():
        least = _least(rule, kind)
        if least is not None and role.covers(least) and rule.scope:
            found.add(rule.scope)
    return implied_scopes(found)


def _token_refusal(principal: Principal, rule: Rule, resource: Resource) -> str:
    if principal.kind is PrincipalKind.TOKEN and rule.scope is None:
        return "No token may do this: sign in."
    if principal.scopes is not None and rule.scope and rule.scope not in implied_scopes(principal.scopes):
        return f"The token lacks the scope {rule.scope}."
    if principal.project_ids is None or rule.kinds == (Kind.USER,):
        return ""
    if resource.kind != Kind.PROJECT or resource.project_id not in principal.project_ids:
        return "The token is for other projects only."
    return ""


def _least(rule: Rule, kind: str) -> Role | None:
    by_kind: dict[str, Role | None] = {
        Kind.ORGANISATION: rule.organisation,
        Kind.TEAM: rule.team,
        Kind.PROJECT: rule.project,
    }
    return by_kind.get(kind)


def _what_is_needed(action: Action, rule: Rule) -> str:
    places = (("organisation", rule.organisation), ("team", rule.team), ("project", rule.project))
    needed = [f"{role} on the {place}" for place, role in places if role is not None]
    if rule.inside:
        needed.append("any role on a team or project of it")
    if rule.own:
        needed.insert(0, "its own")
    return f"{action} needs: {', or '.join(needed)}."
