"""The policy, exhaustively: every action, role, place a role can be, and kind of resource."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam import (
    ACTIONS,
    EMBEDDED,
    LOCAL,
    SCOPES,
    Action,
    Kind,
    Principal,
    PrincipalKind,
    Resource,
    Role,
    RoleBinding,
    decide,
    implied_scopes,
    role_on,
)
from tests.iam.policy_table import BOUND, RESOURCES, bound, cells, person, policy_table

NUMBERS = st.integers(1, 3)
PLACES = st.sampled_from([Kind.ORGANISATION, Kind.TEAM, Kind.PROJECT])
ROLES = st.sampled_from(list(Role))
ACTION = st.sampled_from(list(Action))
BINDINGS = st.lists(st.builds(RoleBinding, ROLES, PLACES, NUMBERS, NUMBERS), max_size=4).map(tuple)
RESOURCE = st.builds(
    Resource,
    st.sampled_from(list(Kind)),
    organisation_id=NUMBERS,
    project_id=NUMBERS,
    team_ids=st.lists(NUMBERS, max_size=2).map(tuple),
    user_id=NUMBERS,
)
SOME_SCOPES = st.one_of(st.none(), st.frozensets(st.sampled_from([*SCOPES, "no:scope"])))
SOME_PROJECTS = st.one_of(st.none(), st.frozensets(NUMBERS))


def user(bindings: tuple[RoleBinding, ...], user_id: int = 1) -> Principal:
    """Somebody signed in."""
    return Principal("user:x", PrincipalKind.USER, user_id=user_id, roles=bindings)


def token_of(principal: Principal, scopes: frozenset[str] | None, projects: frozenset[int] | None) -> Principal:
    """A token of that person."""
    return replace(principal, name="token:x", kind=PrincipalKind.TOKEN, token_id=9, scopes=scopes, project_ids=projects)


def test_the_policy_is_the_table_that_is_checked_in():
    """A change of who may what is seen as a change of tests/iam/policy_table.txt, line by line."""
    golden = Path(__file__).with_name("policy_table.txt").read_text(encoding="utf-8")
    assert policy_table() == golden, "see `python -m tests.iam.policy_table`"


def test_the_table_has_every_combination():
    """29 actions, 7 kinds of resources, 3 places, 4 roles: nothing is left out."""
    assert len(list(cells())) == len(Action) * len(Kind) * len(BOUND) * len(Role) == 29 * 7 * 3 * 4
    assert set(ACTIONS) == set(Action)


@pytest.mark.parametrize("action", Action)
def test_a_role_elsewhere_opens_nothing(action: Action):
    """An owner of another organisation, team or project may nothing here; the installation counts as everybody's."""
    other = 999
    strangers = [RoleBinding(Role.OWNER, kind, other, other) for kind in BOUND]
    for kind, binding in itertools.product(Kind, strangers):
        if kind is Kind.INSTALLATION:
            continue
        assert not decide(user((binding,)), action, RESOURCES[kind]), (kind, binding)


@pytest.mark.parametrize("action", Action)
def test_who_has_no_role_may_only_what_is_their_own(action: Action):
    """A person without roles reaches their own account and tokens, and nobody else's."""
    for kind, resource in RESOURCES.items():
        stranger = decide(person(user_id=1), action, resource)
        assert not stranger, (kind, stranger)
        nobody = decide(person(user_id=0), action, replace(resource, user_id=0))
        assert not nobody, "nobody's number must not make things one's own"


@given(ACTION, RESOURCE)
def test_who_owns_the_data_directory_may_everything(action: Action, resource: Resource):
    """The local token and embedded programs are refused nothing, whatever the question."""
    assert decide(LOCAL, action, resource)
    assert decide(EMBEDDED, action, resource)


@given(ACTION, RESOURCE, PLACES, NUMBERS, NUMBERS)
def test_a_higher_role_may_all_that_a_lower_one_may(
    action: Action, resource: Resource, place: Kind, number: int, organisation: int
):
    """Owner, admin, member, viewer: what one may, those before may."""
    answers = [decide(user((RoleBinding(r, place, number, organisation),), 99), action, resource).allowed for r in Role]
    assert answers == sorted(answers, reverse=True)


@given(ACTION, RESOURCE, BINDINGS, BINDINGS)
def test_a_further_role_takes_nothing_away(
    action: Action, resource: Resource, some: tuple[RoleBinding, ...], more: tuple[RoleBinding, ...]
):
    """Roles add up."""
    if decide(user(some), action, resource):
        assert decide(user(some + more), action, resource)
        assert decide(user(more + some), action, resource)


@given(ACTION, RESOURCE, BINDINGS, SOME_SCOPES, SOME_PROJECTS)
def test_a_token_never_exceeds_its_person(
    action: Action,
    resource: Resource,
    bindings: tuple[RoleBinding, ...],
    scopes: frozenset[str] | None,
    projects: frozenset[int] | None,
):
    """What a token may, its person may."""
    if decide(token_of(user(bindings), scopes, projects), action, resource):
        assert decide(user(bindings), action, resource)


@given(ACTION, RESOURCE, BINDINGS, st.frozensets(st.sampled_from(list(SCOPES))), st.frozensets(NUMBERS), st.data())
def test_a_cut_never_widens(
    action: Action,
    resource: Resource,
    bindings: tuple[RoleBinding, ...],
    scopes: frozenset[str],
    projects: frozenset[int],
    data: st.DataObject,
):
    """A token with fewer scopes or projects may nothing that one with more may not, and no limit is the most."""
    fewer = data.draw(st.frozensets(st.sampled_from(sorted(scopes))) if scopes else st.just(frozenset()))
    less = data.draw(st.frozensets(st.sampled_from(sorted(projects))) if projects else st.just(frozenset()))
    narrow = token_of(user(bindings), fewer, less)
    if decide(narrow, action, resource):
        for wider in ((scopes, projects), (scopes, None), (None, projects), (None, None)):
            assert decide(token_of(user(bindings), *wider), action, resource), wider


@given(ACTION, RESOURCE, BINDINGS)
def test_a_decision_says_why(action: Action, resource: Resource, bindings: tuple[RoleBinding, ...]):
    """Every answer, whatever is asked, comes with a sentence."""
    decision = decide(user(bindings), action, resource)
    assert decision.why.endswith(".")
    assert len(decision.why) > 10


@pytest.mark.parametrize("action", Action)
def test_each_action_needs_the_scope_of_its_table(action: Action):
    """An owner's token with only that scope may, with all others may not; no scope opens what no token may."""
    rule = ACTIONS[action]
    owner = replace(person(bound(Role.OWNER, Kind.ORGANISATION)), user_id=RESOURCES[Kind.USER].user_id)
    resource = RESOURCES[rule.kinds[0]]
    assert decide(owner, action, resource)
    if rule.scope is None:
        assert not decide(token_of(owner, None, None), action, resource)
        return
    without = frozenset(name for name in SCOPES if rule.scope not in implied_scopes([name]))
    assert bool(decide(token_of(owner, without, None), action, resource)) is (rule.scope == "")
    if rule.scope:
        assert decide(token_of(owner, frozenset({rule.scope}), None), action, resource)


def test_a_token_cut_to_projects_reaches_nothing_outside_them():
    """Neither other projects nor the organisation, its people, its teams or the installation."""
    owner = person(bound(Role.OWNER, Kind.ORGANISATION))
    inside = RESOURCES[Kind.PROJECT]
    cut = token_of(owner, None, frozenset({inside.project_id}))
    assert decide(cut, Action.EVENT_READ, inside)
    assert not decide(cut, Action.EVENT_READ, replace(inside, project_id=inside.project_id + 1))
    for action in Action:
        for kind in set(Kind) - {Kind.PROJECT, Kind.USER}:
            assert not decide(cut, action, RESOURCES[kind])


def test_the_role_on_a_resource_is_the_highest_that_reaches_it():
    """Roles of the organisation, of a team of the project and of the project itself count for it."""
    project = RESOURCES[Kind.PROJECT]
    roles = (bound(Role.VIEWER, Kind.ORGANISATION), bound(Role.ADMIN, Kind.TEAM), bound(Role.MEMBER, Kind.PROJECT))
    assert role_on(person(*roles), project) is Role.ADMIN
    assert role_on(person(*roles), RESOURCES[Kind.ORGANISATION]) is Role.VIEWER
    assert role_on(person(*roles[:1]), RESOURCES[Kind.TEAM]) is Role.VIEWER
    assert role_on(person(), project) is None
    assert role_on(LOCAL, project) is Role.OWNER


def test_a_role_on_a_part_is_none_on_the_whole():
    """An owner of a team or project is nothing on the organisation, and cannot grant there."""
    for kind in (Kind.TEAM, Kind.PROJECT):
        owner = person(bound(Role.OWNER, kind))
        assert role_on(owner, RESOURCES[Kind.ORGANISATION]) is None
        assert decide(owner, Action.ORGANISATION_READ, RESOURCES[Kind.ORGANISATION])
        assert not decide(owner, Action.TEAM_WRITE, RESOURCES[Kind.ORGANISATION])
        assert not decide(owner, Action.PROJECT_CREATE, RESOURCES[Kind.ORGANISATION])


def test_scopes_imply_what_goes_without_saying():
    """Who may write may read; implied names are scopes themselves."""
    assert implied_scopes(["issue:write"]) == {"issue:write", "issue:read"}
    assert implied_scopes(["unknown"]) == {"unknown"}
    for name, scope in SCOPES.items():
        assert scope.name == name
        assert set(scope.implies) <= set(SCOPES)
    assert {rule.scope for rule in ACTIONS.values()} - {None, ""} == set(SCOPES)
