"""What may be managed by whom: the rules beyond the policy, and that everything is remembered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from engine.errors import Changed, NotFound, StateError, UserError
from engine.metadata import MetadataStore, SavedQueryText, SavedQueryWanted
from iam import (
    EMBEDDED,
    LOCAL,
    SCOPES,
    Administration,
    Denied,
    Identity,
    PasswordWeak,
    Principal,
    Role,
    TooManyAttempts,
    Unauthenticated,
    hash_password,
)
from tests.iam.conftest import HandClock, People

PASSWORD = "correct horse battery 12"


@pytest.fixture
def staff(people: People) -> dict[str, Principal]:
    """Signed in: an owner, two admins, a member, a viewer, and somebody without a role on the organisation."""
    roles = {"owner": Role.OWNER, "admin": Role.ADMIN, "admin2": Role.ADMIN}
    roles |= {"member": Role.MEMBER, "viewer": Role.VIEWER}
    found = {name: people.as_principal(people.make(name, role)) for name, role in roles.items()}
    return found | {"guest": people.as_principal(people.make("guest", None))}


def refused(code: str, call: Callable[[], object]) -> str:
    """Expect an error with this code and return its text."""
    with pytest.raises((UserError, StateError, Denied)) as caught:
        call()
    assert caught.value.code == code, caught.value
    return str(caught.value)


def test_every_write_is_remembered_once_and_in_order(
    administration: Administration, metadata: MetadataStore, people: People, clock: HandClock
) -> None:
    """Each method that writes leaves one row (an invitation two, with its link), by who did it; reading leaves none."""
    ann = people.as_principal(1)
    metadata.set_password(1, hash_password(PASSWORD))
    project = administration.create_project(ann, "shop").id
    key = administration.create_key(ann, project, "web").id
    team = administration.create_team(ann, "web").id
    bob = administration.invite_user(ann, "bob@example.org", "Bob", Role.MEMBER)[0].id
    token = administration.create_token(ann, "ci", ["event:read"])[1].id
    text = SavedQueryText("Worst", "from errors")
    saved = administration.save_query(ann, text, "private")
    view = administration.save_query(ann, SavedQueryText("Late", "q=", kind="view", language="discover"), "private")
    writes: dict[str, Callable[[], object]] = {
        "rename_organisation": lambda: administration.rename_organisation(ann, "Acme 2"),
        "create_project": lambda: administration.create_project(ann, "other"),
        "change_project": lambda: administration.change_project(ann, project, name="Shop 2"),
        "set_project_role": lambda: administration.set_project_role(ann, project, bob, Role.ADMIN),
        "create_key": lambda: administration.create_key(ann, project),
        "rename_key": lambda: administration.rename_key(ann, project, key, "site"),
        "rotate_key": lambda: administration.rotate_key(ann, project, key),
        "revoke_key": lambda: administration.revoke_key(ann, project, key),
        "create_team": lambda: administration.create_team(ann, "other"),
        "change_team": lambda: administration.change_team(ann, team, name="Web 2"),
        "set_team_member": lambda: administration.set_team_member(ann, team, bob, Role.MEMBER),
        "set_team_project": lambda: administration.set_team_project(ann, team, project, attached=True),
        "delete_team": lambda: administration.delete_team(ann, team),
        "invite_user": lambda: administration.invite_user(ann, "eve@example.org", "", Role.VIEWER),
        "set_user_role": lambda: administration.set_user_role(ann, bob, Role.ADMIN),
        "make_link": lambda: administration.make_link(ann, bob),
        "reset_password": lambda: administration.reset_password(ann, bob, PASSWORD),
        "disable_user": lambda: administration.disable_user(ann, bob),
        "enable_user": lambda: administration.enable_user(ann, bob),
        "change_own_password": lambda: administration.change_own_password(ann, PASSWORD, PASSWORD + "3"),
        "set_own_name": lambda: administration.set_own_name(ann, "Ann B."),
        "create_token": lambda: administration.create_token(ann, "two", ["event:read"]),
        "revoke_token": lambda: administration.revoke_token(ann, token),
        "save_query": lambda: administration.save_query(ann, replace(text, name="Other"), "private"),
        "change_saved_query": lambda: administration.change_saved_query(
            ann, saved, replace(text, text="from spans"), "private", None
        ),
        "restore_saved_query": lambda: administration.restore_saved_query(ann, saved.id, 1, None),
        "star_saved_query": lambda: administration.star_saved_query(ann, saved.id, starred=True),
        "delete_saved_query": lambda: administration.delete_saved_query(ann, saved.id, None),
        "bring_back_saved_query": lambda: administration.bring_back_saved_query(ann, saved.id),
        "set_default_view": lambda: administration.set_default_view(ann, view.id, None, everybody=False),
        "drop_default_view": lambda: administration.drop_default_view(ann, view.id, None, everybody=False),
        "delete_project": lambda: administration.delete_project(ann, project),
        "record": lambda: administration.record(ann, "thing.done", "thing:1", {}),
    }
    reads = {"organisation", "projects", "project", "project_roles", "keys", "teams", "team", "users", "user"}
    reads |= {"roles_of", "tokens", "audit_page", "verify_audit"}
    reads |= {"saved_queries", "saved_query", "saved_query_called", "saved_query_versions", "saved_query_version"}
    reads |= {"default_views"}
    public = {name for name, _ in inspect.getmembers(Administration, inspect.isfunction) if not name.startswith("_")}
    assert public == writes.keys() | reads, "a new method is told here what it is"
    for name, write in writes.items():
        before = metadata.verify_audit().count
        write()
        rows = metadata.audit_page(limit=metadata.verify_audit().count - before)
        assert len(rows) == (2 if name == "invite_user" else 1), name
        assert {row.actor for row in rows} == {"user:ann@example.org"}, name
    before = metadata.verify_audit().count
    for read in (
        lambda: administration.organisation(ann),
        lambda: administration.projects(ann),
        lambda: administration.project(ann, "other"),
        lambda: administration.teams(ann),
        lambda: administration.users(ann),
        lambda: administration.roles_of(ann, bob),
        lambda: administration.tokens(ann, everyone=True),
        lambda: administration.saved_queries(ann, SavedQueryWanted(1)),
        lambda: administration.audit_page(ann),
        lambda: administration.verify_audit(ann),
    ):
        read()
    assert metadata.verify_audit().count == before
    assert metadata.verify_audit().intact


def test_secrets_are_in_no_row_of_the_audit(
    administration: Administration, metadata: MetadataStore, people: People
) -> None:
    """Neither passwords nor links nor tokens nor sessions, in whatever form."""
    ann = people.as_principal(1)
    _, link = administration.invite_user(ann, "bob@example.org", "Bob", Role.MEMBER)
    administration.reset_password(ann, 2, PASSWORD)
    plain, _ = administration.create_token(ann, "ci", ["event:read"])
    stored = metadata.credentials("bob@example.org")
    assert stored is not None
    said = repr(metadata.audit_page(limit=100))
    for secret in (link, PASSWORD, plain, plain.removeprefix("amb_"), stored.password_hash):
        assert secret not in said


def test_nobody_grants_above_their_own_role(administration: Administration, staff: dict[str, Principal]) -> None:
    """An admin makes admins, not owners; neither by invitation nor by change."""
    admin, member = staff["admin"], staff["member"]
    assert administration.set_user_role(admin, member.user_id, Role.ADMIN).role == "admin"
    refused("forbidden", lambda: administration.set_user_role(admin, member.user_id, Role.OWNER))
    refused("forbidden", lambda: administration.invite_user(admin, "x@example.org", "", Role.OWNER))
    refused("forbidden", lambda: administration.set_user_role(admin, admin.user_id, Role.OWNER))
    assert administration.set_user_role(staff["owner"], member.user_id, Role.OWNER).role == "owner"


def test_admins_cannot_touch_owners(administration: Administration, staff: dict[str, Principal]) -> None:
    """Not their role, their account, their password, nor a way in as them."""
    admin, owner = staff["admin"], staff["owner"]
    for call in (
        lambda: administration.set_user_role(admin, owner.user_id, Role.VIEWER),
        lambda: administration.set_user_role(admin, owner.user_id, None),
        lambda: administration.disable_user(admin, owner.user_id),
        lambda: administration.enable_user(admin, owner.user_id),
        lambda: administration.make_link(admin, owner.user_id),
        lambda: administration.reset_password(admin, owner.user_id, PASSWORD),
    ):
        assert "the role owner" in refused("forbidden", call)
    assert administration.disable_user(admin, staff["admin2"].user_id).disabled_at is not None


def test_an_owner_of_a_part_is_none_of_the_whole(
    administration: Administration, people: People, staff: dict[str, Principal]
) -> None:
    """Who owns a team and administers the organisation still cannot make owners of the organisation."""
    team = administration.create_team(LOCAL, "web")
    administration.set_team_member(LOCAL, team.id, staff["admin"].user_id, Role.OWNER)
    admin = people.as_principal(staff["admin"].user_id)
    refused("forbidden", lambda: administration.set_user_role(admin, staff["member"].user_id, Role.OWNER))
    refused("forbidden", lambda: administration.disable_user(admin, staff["owner"].user_id))


@pytest.mark.parametrize("name", ["member", "viewer", "guest"])
def test_who_administers_nothing_manages_nobody(
    administration: Administration, staff: dict[str, Principal], name: str
) -> None:
    """People, teams, the organisation, the audit, others' tokens, a new project."""
    who, other = staff[name], staff["admin"].user_id
    for call in (
        lambda: administration.invite_user(who, "x@example.org", "", None),
        lambda: administration.set_user_role(who, who.user_id, Role.ADMIN),
        lambda: administration.disable_user(who, other),
        lambda: administration.make_link(who, other),
        lambda: administration.reset_password(who, other, PASSWORD),
        lambda: administration.rename_organisation(who, "Mine"),
        lambda: administration.create_team(who, "mine"),
        lambda: administration.create_project(who, "mine"),
        lambda: administration.audit_page(who),
        lambda: administration.verify_audit(who),
        lambda: administration.tokens(who, everyone=True),
    ):
        refused("forbidden", call)
    assert administration.user(who, who.user_id).id == who.user_id
    if name == "guest":
        refused("forbidden", lambda: administration.users(who))
        refused("forbidden", lambda: administration.user(who, other))


def test_nobody_locks_themselves_or_everybody_out(
    administration: Administration, people: People, staff: dict[str, Principal]
) -> None:
    """No disabling of oneself, and the last owner stays one, also for who owns the data directory."""
    refused("user-self", lambda: administration.disable_user(staff["owner"], staff["owner"].user_id))
    administration.set_user_role(LOCAL, staff["owner"].user_id, Role.ADMIN)
    ann = people.as_principal(1)
    refused("last-owner", lambda: administration.set_user_role(ann, 1, Role.ADMIN))
    refused("last-owner", lambda: administration.set_user_role(LOCAL, 1, None))
    refused("last-owner", lambda: administration.disable_user(EMBEDDED, 1))


def test_what_may_not_be_seen_is_unknown(
    administration: Administration, people: People, staff: dict[str, Principal]
) -> None:
    """Projects, teams, keys and tokens of others read like ones that never were."""
    hidden = administration.create_project(LOCAL, "hidden")
    seen = administration.create_project(LOCAL, "seen")
    team = administration.create_team(LOCAL, "secret")
    plain, token = administration.create_token(staff["owner"], "ci", ["event:read"])
    administration.set_project_role(LOCAL, seen.id, staff["guest"].user_id, Role.ADMIN)
    guest = people.as_principal(staff["guest"].user_id)
    assert [project.slug for project in administration.projects(guest)] == ["seen"]
    assert administration.teams(guest) == []
    key = administration.keys(LOCAL, hidden.id)[0].id
    for there, not_there in (
        (lambda: administration.project(guest, "hidden"), lambda: administration.project(guest, "nothing")),
        (lambda: administration.keys(guest, hidden.id), lambda: administration.keys(guest, 9999)),
        (lambda: administration.delete_project(guest, hidden.id), lambda: administration.delete_project(guest, 9999)),
        (lambda: administration.team(guest, "secret"), lambda: administration.team(guest, "nothing")),
        (lambda: administration.delete_team(guest, team.id), lambda: administration.delete_team(guest, 9999)),
        (
            lambda: administration.revoke_key(guest, seen.id, key),
            lambda: administration.revoke_key(guest, seen.id, 9999),
        ),
        (lambda: administration.revoke_token(guest, token.id), lambda: administration.revoke_token(guest, 9999)),
    ):
        errors = []
        for call in (there, not_there):
            with pytest.raises(NotFound) as caught:
                call()
            errors.append((caught.value.code, caught.value.hint, caught.value.http_status))
        assert errors[0] == errors[1]
    assert plain


def test_what_is_seen_and_not_allowed_is_said_to_be(
    administration: Administration, staff: dict[str, Principal]
) -> None:
    """A viewer knows the project; its keys are refused with what would be needed."""
    project = administration.create_project(LOCAL, "shop")
    viewer, member = staff["viewer"], staff["member"]
    assert administration.project(viewer, "shop").id == project.id
    assert administration.project(viewer, project.id).slug == "shop"
    assert "member on the organisation" in refused("forbidden", lambda: administration.keys(viewer, project.id))
    assert administration.keys(member, project.id)
    for call in (
        lambda: administration.create_key(member, project.id),
        lambda: administration.change_project(member, project.id, name="x"),
        lambda: administration.delete_project(member, project.id),
        lambda: administration.set_project_role(member, project.id, member.user_id, Role.ADMIN),
    ):
        refused("forbidden", call)


def test_a_team_administrator_manages_the_team_and_its_projects(
    administration: Administration, people: People, staff: dict[str, Principal]
) -> None:
    """New projects in it, its people up to their own role, keys of its projects, and nothing beside."""
    team = administration.create_team(LOCAL, "web")
    other = administration.create_project(LOCAL, "other")
    administration.set_team_member(LOCAL, team.id, staff["guest"].user_id, Role.ADMIN)
    lead = people.as_principal(staff["guest"].user_id)
    project = administration.create_project(lead, "shop", team_slug="web")
    assert project.team_ids == (team.id,)
    assert administration.keys(lead, project.id)[0].active
    viewer = staff["viewer"].user_id
    assert (viewer, "member") in administration.set_team_member(lead, team.id, viewer, Role.MEMBER).members
    refused("forbidden", lambda: administration.set_team_member(lead, team.id, viewer, Role.OWNER))
    administration.set_team_member(LOCAL, team.id, viewer, Role.OWNER)
    refused("forbidden", lambda: administration.set_team_member(lead, team.id, viewer, None))
    refused("forbidden", lambda: administration.delete_team(lead, team.id))
    refused("forbidden", lambda: administration.delete_project(lead, project.id))
    refused("project-unknown", lambda: administration.set_team_project(lead, team.id, other.id, attached=True))
    refused("forbidden", lambda: administration.create_project(lead, "beside"))
    refused("forbidden", lambda: administration.create_team(lead, "beside"))


def test_attaching_a_team_gives_nobody_more_than_the_one_who_attaches_has(
    administration: Administration, people: People, staff: dict[str, Principal]
) -> None:
    """Neither others nor oneself become owners of a project by the way of a team."""
    team = administration.create_team(LOCAL, "web")
    project = administration.create_project(LOCAL, "shop")
    guest = staff["guest"].user_id
    administration.set_team_member(LOCAL, team.id, guest, Role.OWNER)
    administration.set_project_role(LOCAL, project.id, guest, Role.ADMIN)
    principal = people.as_principal(guest)
    refused("forbidden", lambda: administration.set_team_project(principal, team.id, project.id, attached=True))
    administration.set_project_role(LOCAL, project.id, guest, Role.OWNER)
    principal = people.as_principal(guest)
    attached = administration.set_team_project(principal, team.id, project.id, attached=True)
    assert attached.project_ids == (project.id,)


def test_roles_that_count_for_a_project_are_listed_with_where_they_come_from(
    administration: Administration, staff: dict[str, Principal]
) -> None:
    """On it, on its teams, on the organisation."""
    team = administration.create_team(LOCAL, "web")
    project = administration.create_project(LOCAL, "shop", team_slug="web")
    administration.set_team_member(LOCAL, team.id, staff["guest"].user_id, Role.MEMBER)
    administration.set_project_role(LOCAL, project.id, staff["viewer"].user_id, Role.ADMIN)
    rows = administration.project_roles(staff["viewer"], project.id)
    found = {(row.user_id, row.kind, row.role) for row in rows}
    assert (staff["guest"].user_id, "team", "member") in found
    assert (staff["viewer"].user_id, "project", "admin") in found
    assert (staff["viewer"].user_id, "organisation", "viewer") in found


def test_a_token_cannot_give_more_than_it_has(
    administration: Administration, identity: Identity, people: People
) -> None:
    """Scopes beyond its own are refused; a cut token, and one without token:admin, makes none at all."""
    ann = people.as_principal(1)
    shop = administration.create_project(ann, "shop").id
    maker = identity.by_token(administration.create_token(ann, "maker", ["token:admin", "issue:write"])[0])
    made = identity.by_token(administration.create_token(maker, "made", ["issue:read"])[0])
    assert (made.user_id, made.scopes) == (1, {"issue:read"})
    refused("forbidden", lambda: administration.create_token(maker, "more", ["event:read"]))
    refused("forbidden", lambda: administration.create_token(made, "none", ["issue:read"]))
    cut = identity.by_token(administration.create_token(ann, "cut", ["token:admin"], [shop])[0])
    refused("forbidden", lambda: administration.create_token(cut, "uncut", ["token:admin"]))
    refused("forbidden", lambda: administration.set_own_name(maker, "x"))
    everything = identity.by_token(administration.create_token(ann, "all", list(SCOPES))[0])
    refused("forbidden", lambda: administration.change_own_password(everything, PASSWORD, PASSWORD))
    assert administration.users(everything)


def test_a_token_gives_no_role_that_may_what_it_may_not(
    administration: Administration, identity: Identity, people: People, staff: dict[str, Principal]
) -> None:
    """On the organisation, a team or a project, by invitation or by attaching a team; with the scopes it may."""
    ann, guest = people.as_principal(1), staff["guest"].user_id
    shop, team = administration.create_project(ann, "shop").id, administration.create_team(ann, "web").id
    administration.set_team_member(ann, team, staff["member"].user_id, Role.VIEWER)

    def token(*scopes: str) -> Principal:
        return identity.by_token(administration.create_token(ann, "t", scopes)[0])

    people_only, projects_only = token("organisation:admin"), token("project:admin")
    refused("forbidden", lambda: administration.invite_user(people_only, "eve@example.org", "", Role.OWNER))
    refused("forbidden", lambda: administration.set_user_role(people_only, guest, Role.VIEWER))
    refused("forbidden", lambda: administration.set_team_member(people_only, team, guest, Role.MEMBER))
    refused("forbidden", lambda: administration.set_project_role(projects_only, shop, guest, Role.VIEWER))
    both = token("organisation:admin", "project:admin")
    refused("forbidden", lambda: administration.set_team_project(both, team, shop, attached=True))
    reader = token("organisation:admin", "project:admin", "event:read", "issue:read")
    administration.set_team_project(reader, team, shop, attached=True)
    administration.set_project_role(reader, shop, guest, Role.VIEWER)
    administration.set_project_role(projects_only, shop, guest, None)
    administration.set_team_project(both, team, shop, attached=False)
    refused("forbidden", lambda: administration.set_project_role(reader, shop, guest, Role.MEMBER))
    administration.set_user_role(token(*SCOPES), guest, Role.OWNER)
    assert administration.invite_user(people_only, "carl@example.org", "", None)[0].role == ""


def test_a_token_makes_no_way_in_that_outlives_it(
    administration: Administration, identity: Identity, people: People, clock: HandClock
) -> None:
    """No sign-in link whatever its scopes, and no token with a later end or none."""
    ann, soon = people.as_principal(1), clock.at + timedelta(hours=1)
    plain = administration.create_token(ann, "ci", list(SCOPES), None, soon)[0]
    ci = identity.by_token(plain)
    refused("forbidden", lambda: administration.make_link(ci, 1))
    refused("forbidden", lambda: administration.create_token(ci, "x", ["event:read"]))
    refused("forbidden", lambda: administration.create_token(ci, "x", ["event:read"], None, soon + timedelta(days=1)))
    assert administration.create_token(ci, "x", ["event:read"], None, soon)[1].expires_at == soon


def test_tokens_of_others_are_for_who_administers_people(
    administration: Administration, staff: dict[str, Principal]
) -> None:
    """Everybody has their own; an admin sees and revokes all."""
    member, viewer, admin = staff["member"], staff["viewer"], staff["admin"]
    _, token = administration.create_token(member, "ci", ["event:read"])
    assert [row.id for row in administration.tokens(member)] == [token.id]
    assert administration.tokens(viewer) == []
    assert token.id in {row.id for row in administration.tokens(admin, everyone=True)}
    refused("token-unknown", lambda: administration.revoke_token(viewer, token.id))
    administration.revoke_token(admin, token.id)
    assert administration.tokens(member) == []


def test_tokens_that_make_no_sense_are_refused(
    administration: Administration, people: People, staff: dict[str, Principal], clock: HandClock
) -> None:
    """No scope, an unknown one, no name, an end in the past, a project out of sight, a maker without an account."""
    ann, guest = people.as_principal(1), staff["guest"]
    shop = administration.create_project(ann, "shop").id
    past = clock.at - timedelta(seconds=1)
    refused("scope-unknown", lambda: administration.create_token(ann, "x", []))
    refused("scope-unknown", lambda: administration.create_token(ann, "x", ["event:write"]))
    refused("name-invalid", lambda: administration.create_token(ann, "  ", ["event:read"]))
    refused("expiry-invalid", lambda: administration.create_token(ann, "x", ["event:read"], None, past))
    unstorable = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-23)))
    refused("expiry-invalid", lambda: administration.create_token(ann, "x", ["event:read"], None, unstorable))
    refused("project-unknown", lambda: administration.create_token(guest, "x", ["event:read"], [shop]))
    refused("project-unknown", lambda: administration.create_token(ann, "x", ["event:read"], [999]))
    refused("token-nobody", lambda: administration.create_token(LOCAL, "x", ["event:read"]))


def test_versions_guard_against_writing_over_others(administration: Administration, people: People) -> None:
    """Of projects, keys, teams, people and the organisation."""
    ann, bob = people.as_principal(1), people.make("bob", Role.MEMBER)
    project = administration.create_project(ann, "shop")
    team = administration.create_team(ann, "web")
    key = administration.keys(ann, project.id)[0]
    changed = administration.change_project(ann, project.id, name="Shop", if_version=project.row_version)
    assert changed.row_version == project.row_version + 1
    for call in (
        lambda: administration.change_project(ann, project.id, name="x", if_version=project.row_version),
        lambda: administration.delete_project(ann, project.id, if_version=project.row_version),
        lambda: administration.rename_key(ann, project.id, key.id, "x", if_version=9),
        lambda: administration.change_team(ann, team.id, name="x", if_version=9),
        lambda: administration.delete_team(ann, team.id, if_version=9),
        lambda: administration.set_user_role(ann, bob, Role.VIEWER, if_version=9),
        lambda: administration.disable_user(ann, bob, if_version=9),
        lambda: administration.rename_organisation(ann, "x", if_version=9),
    ):
        with pytest.raises(Changed):
            call()


def test_ones_own_password_needs_the_present_one(
    administration: Administration, identity: Identity, people: People
) -> None:
    """Other sessions end, the one that asks stays."""
    administration.reset_password(LOCAL, 1, PASSWORD)
    here = {"address": "192.0.2.1", "user_agent": ""}
    mine, other = (identity.log_in("ann@example.org", PASSWORD, **here) for _ in range(2))
    principal = mine.session.principal
    refused("password-wrong", lambda: administration.change_own_password(principal, "wrong", PASSWORD + "3"))
    with pytest.raises(PasswordWeak):
        administration.change_own_password(principal, PASSWORD, "short")
    administration.change_own_password(principal, PASSWORD, PASSWORD + "3")
    identity.by_session(mine.secret)
    with pytest.raises(Exception, match="not signed in"):
        identity.by_session(other.secret)
    identity.log_in("ann@example.org", PASSWORD + "3", **here)
    assert administration.set_own_name(principal, " Ann B. ").name == "Ann B."
    with pytest.raises(NotFound):
        administration.set_own_name(LOCAL, "x")


def test_guesses_at_ones_own_password_are_slowed_down(
    administration: Administration, identity: Identity, people: People, clock: HandClock
) -> None:
    """A stolen session is no oracle for the password; strangers who fail to sign in do not block the change."""
    administration.reset_password(LOCAL, 1, PASSWORD)
    ann = people.as_principal(1)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            identity.log_in("ann@example.org", "wrong", address="192.0.2.1", user_agent="")
    for _ in range(5):
        refused("password-wrong", lambda: administration.change_own_password(ann, "wrong", "another battery 34"))
    with pytest.raises(TooManyAttempts):
        administration.change_own_password(ann, PASSWORD, "another battery 34")
    clock.go(seconds=2)
    administration.change_own_password(ann, PASSWORD, "another battery 34")
    for _ in range(4):
        refused("password-wrong", lambda: administration.change_own_password(ann, PASSWORD, "yet another 56789"))


def test_a_revoked_key_is_not_rotated(administration: Administration, people: People) -> None:
    """It would come back to life by the back door."""
    ann = people.as_principal(1)
    project = administration.create_project(ann, "shop").id
    key = administration.keys(ann, project)[0]
    new = administration.rotate_key(ann, project, key.id)
    assert [row.active for row in administration.keys(ann, project)] == [False, True]
    refused("key-revoked", lambda: administration.rotate_key(ann, project, key.id))
    assert not administration.revoke_key(ann, project, new.id).active


def test_a_disabled_person_gets_no_link(administration: Administration, people: People) -> None:
    """Enabling is a step of its own."""
    bob = people.make("bob", Role.MEMBER)
    administration.disable_user(LOCAL, bob)
    refused("user-disabled", lambda: administration.make_link(LOCAL, bob))


def test_who_owns_the_data_directory_manages_everything(administration: Administration, people: People) -> None:
    """The command line is the way back when nobody else can."""
    bob = people.make("bob", Role.OWNER)
    assert administration.set_user_role(LOCAL, 1, Role.VIEWER).role == "viewer"
    assert administration.disable_user(LOCAL, 1).disabled_at is not None
    assert administration.reset_password(LOCAL, bob, PASSWORD).has_password
    scoped = replace(LOCAL, scopes=frozenset(), project_ids=frozenset())
    assert administration.projects(scoped) == administration.projects(LOCAL)
