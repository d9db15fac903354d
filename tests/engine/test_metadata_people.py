"""People, roles, teams, sessions and attempts to sign in; the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock
from engine.errors import Changed, NotFound, StateError, UserError
from engine.metadata import AuditEntry, MetadataStore, RoleRow, UserRow
from engine.metadata._database import Database

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
ENTRY = AuditEntry("user:test", "test.write", "thing:1")


@pytest.fixture
def organisation(metadata: MetadataStore) -> int:
    """The organisation."""
    return metadata.create_organisation("acme").id


@pytest.fixture
def ann(metadata: MetadataStore, organisation: int) -> UserRow:
    """The owner."""
    return metadata.create_user("ann@example.org", name="Ann", role="owner")


@pytest.fixture
def bob(metadata: MetadataStore, organisation: int) -> UserRow:
    """A member."""
    return metadata.create_user("Bob@Example.org ", role="member")


def test_addresses_are_kept_in_lower_case_and_found_in_any(metadata: MetadataStore, bob: UserRow) -> None:
    """One person has one address, however it is written."""
    assert bob.email == "bob@example.org"
    found = metadata.credentials(" BOB@example.ORG")
    assert found is not None
    assert (found.user, found.password_hash) == (bob, None)
    for nobody in ("nobody@example.org", "\x00@example.org", "\ud800@example.org"):
        assert metadata.credentials(nobody) is None
    with pytest.raises(UserError) as caught:
        metadata.create_user("BOB@EXAMPLE.ORG")
    assert caught.value.code == "name-taken"


@pytest.mark.parametrize("email", ["", "bob", "@host", "bob@", "b ob@host", "bob@ho\nst", f"{'x' * 250}@host"])
def test_what_is_no_address_is_refused(metadata: MetadataStore, organisation: int, email: str) -> None:
    """Before anything is written."""
    with pytest.raises(UserError) as caught:
        metadata.create_user(email, role="member")
    assert caught.value.code == "email-invalid"
    assert metadata.users() == []


def test_editing_raises_the_version_and_asks_for_it(metadata: MetadataStore, ann: UserRow, bob: UserRow) -> None:
    """A change made from an old look is refused, and nothing of it happens."""
    changed = metadata.set_user_role(bob.id, "admin", if_version=bob.row_version)
    assert (changed.role, changed.row_version) == ("admin", bob.row_version + 1)
    for stale in (
        lambda: metadata.set_user_role(bob.id, "viewer", if_version=bob.row_version),
        lambda: metadata.set_user_disabled(bob.id, disabled=True, if_version=bob.row_version),
        lambda: metadata.rename_organisation(1, "x", if_version=9),
    ):
        with pytest.raises(Changed) as caught:
            stale()
        assert caught.value.http_status == 412
    assert metadata.user(bob.id) == changed
    with pytest.raises(NotFound):
        metadata.set_user_role(99, "admin", if_version=1)


def test_the_last_owner_stays(metadata: MetadataStore, ann: UserRow, bob: UserRow) -> None:
    """Neither another role nor being disabled; an owner who is disabled does not count as one."""
    for refused in (
        lambda: metadata.set_user_role(ann.id, "admin"),
        lambda: metadata.set_user_role(ann.id, None),
        lambda: metadata.set_user_disabled(ann.id, disabled=True),
    ):
        with pytest.raises(StateError) as caught:
            refused()
        assert caught.value.code == "last-owner"
    metadata.set_user_role(bob.id, "owner")
    metadata.set_user_disabled(bob.id, disabled=True)
    with pytest.raises(StateError):
        metadata.set_user_role(ann.id, "admin")
    metadata.set_user_disabled(bob.id, disabled=False)
    assert metadata.set_user_role(ann.id, None).role == ""


def test_two_owners_who_step_down_at_once_cannot_both(metadata: MetadataStore, ann: UserRow, bob: UserRow) -> None:
    """Whichever comes second is told that it is the last."""
    metadata.set_user_role(bob.id, "owner")

    def step_down(user: UserRow) -> bool:
        try:
            metadata.set_user_role(user.id, "member", audit=ENTRY)
        except StateError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(step_down, (ann, bob))) == [False, True]
    assert sorted(user.role for user in metadata.users()) == ["member", "owner"]


def test_roles_on_teams_and_projects(metadata: MetadataStore, organisation: int, ann: UserRow, bob: UserRow) -> None:
    """Each names what it is on and the organisation; those on a deleted project are gone."""
    project = metadata.create_project("shop", team_id=(team := metadata.create_team("web")).id)
    assert project.team_ids == (team.id,)
    metadata.set_team_member(team.id, bob.id, "admin", expected=None)
    metadata.set_project_role(project.id, bob.id, "viewer", expected=None)
    user, roles = metadata.person(bob.id)
    assert user.role == "member"
    assert roles == [
        RoleRow(bob.id, "member", "organisation", organisation, organisation),
        RoleRow(bob.id, "viewer", "project", project.id, organisation),
        RoleRow(bob.id, "admin", "team", team.id, organisation),
    ]
    assert metadata.roles_on("project", project.id) == [roles[1]]
    metadata.delete_project(project.id)
    assert [row.kind for row in metadata.person(bob.id)[1]] == ["organisation", "team"]
    assert metadata.teams()[0].project_ids == ()


def test_a_role_changes_only_from_what_was_seen(metadata: MetadataStore, ann: UserRow, bob: UserRow) -> None:
    """Who decided about a viewer does not touch an owner made meanwhile."""
    team, project = metadata.create_team("web"), metadata.create_project("shop")
    metadata.set_team_member(team.id, bob.id, "owner", expected=None)
    metadata.set_project_role(project.id, bob.id, "owner", expected=None)
    with pytest.raises(Changed):
        metadata.set_team_member(team.id, bob.id, None, expected="viewer")
    with pytest.raises(Changed):
        metadata.set_project_role(project.id, bob.id, "viewer", expected=None)
    assert metadata.teams()[0].members == ((bob.id, "owner"),)


def test_teams_come_and_go(metadata: MetadataStore, ann: UserRow, bob: UserRow) -> None:
    """With their people and projects; the projects stay."""
    team = metadata.create_team("web", "Web")
    project = metadata.create_project("shop")
    attached = metadata.set_team_project(team.id, project.id, attached=True, if_version=team.row_version)
    assert (attached.project_ids, attached.row_version) == ((project.id,), 2)
    with pytest.raises(Changed):
        metadata.set_team_project(team.id, project.id, attached=False, if_version=team.row_version)
    assert metadata.set_team_project(team.id, project.id, attached=True).project_ids == (project.id,)
    metadata.set_team_member(team.id, bob.id, "member", expected=None)
    assert metadata.change_team(team.id, name="Web shop").name == "Web shop"
    with pytest.raises(UserError):
        metadata.create_team("web")
    metadata.delete_team(team.id, audit=ENTRY)
    assert metadata.audit_page()[0].details == {"members": [[bob.id, "member"]], "project_ids": [project.id]}
    assert metadata.teams() == []
    assert metadata.projects()[0].team_ids == ()
    assert [row.kind for row in metadata.person(bob.id)[1]] == ["organisation"]
    with pytest.raises(NotFound):
        metadata.delete_team(team.id)


def test_sessions_are_found_by_their_secret_alone(metadata: MetadataStore, ann: UserRow) -> None:
    """The secret is not stored; a new password and being disabled end them."""
    secret, row = metadata.open_session(ann.id, expires_at=LATER, address="192.0.2.1", user_agent="Firefox")
    other, _ = metadata.open_session(ann.id, expires_at=LATER, address="", user_agent="")
    assert metadata.find_session(secret) == row
    assert metadata.find_session(secret[:-1]) is None
    assert secret not in repr(metadata.sessions(ann.id))
    assert row.csrf_token != secret
    metadata.set_password(ann.id, "hash", keep_session=row.id)
    assert metadata.find_session(secret) == row
    assert metadata.find_session(other) is None
    assert not metadata.end_session(99, row.id)
    assert metadata.end_session(ann.id, row.id)
    assert metadata.sessions(ann.id) == []


def test_use_is_remembered_to_the_minute(metadata_url: str) -> None:
    """A session used again within the minute writes nothing; later it does, and its person was seen."""
    stores = [MetadataStore(metadata_url, FixedClock(NOW + timedelta(seconds=s))) for s in (0, 50, 90)]
    stores[0].upgrade()
    stores[0].create_organisation("acme")
    ann = stores[0].create_user("ann@example.org")
    secret, row = stores[0].open_session(ann.id, expires_at=LATER, address="", user_agent="")
    for store, seen in zip(stores[1:], (NOW, NOW + timedelta(seconds=90)), strict=True):
        store.touch_session(row)
        found = store.find_session(secret)
        assert found is not None
        assert found.last_used == seen
        assert store.user(ann.id).last_seen == seen
    for store in stores:
        store.close()


def test_using_a_session_or_a_token_waits_for_nobody_who_writes(metadata_url: str) -> None:
    """A page is not held up by a job: the use is remembered by the next request after the job has written."""
    early, late = (MetadataStore(metadata_url, FixedClock(NOW + timedelta(hours=hours))) for hours in (0, 1))
    early.upgrade()
    early.create_organisation("acme")
    ann = early.create_user("ann@example.org")
    secret, row = early.open_session(ann.id, expires_at=LATER, address="", user_agent="")
    plain, _ = early.create_token("ci", [])
    database = Database(metadata_url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE users SET name = 'Ann' WHERE id = 0")
        late.touch_session(row)  # SQLite has one writer; PostgreSQL locks rows, and this is another
        assert late.find_token(plain) is not None
        busy = late.find_session(secret)
    late.touch_session(row)
    after = late.find_session(secret)
    assert busy is not None
    assert after is not None
    assert (busy.last_used == NOW) == database.is_sqlite
    assert after.last_used == NOW + timedelta(hours=1)
    for opened in (early, late, database):
        opened.close()


def test_a_link_is_burnt_by_one_of_many(metadata: MetadataStore, ann: UserRow) -> None:
    """Browsers that follow it at the same moment: one session is opened."""
    secret = metadata.create_link(ann.id, expires_at=datetime.now(UTC) + timedelta(days=1))
    assert metadata.link_user(secret) == ann.id

    def follow(_: int) -> bool:
        try:
            metadata.open_session_by_link(secret, expires_at=LATER, address="", user_agent="", audit=ENTRY)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(follow, range(4))) == 1
    assert metadata.link_user(secret) is None
    assert len(metadata.sessions(ann.id)) == 1
    assert metadata.verify_audit().count == 1


def test_a_new_password_makes_links_void(metadata: MetadataStore, ann: UserRow) -> None:
    """A link asked for before the account was taken back opens nothing after it; neither does one that is too old."""
    secret = metadata.create_link(ann.id, expires_at=datetime.now(UTC) + timedelta(days=1))
    metadata.set_password(ann.id, "hash")
    assert metadata.link_user(secret) is None
    old = metadata.create_link(ann.id, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert metadata.link_user(old) is None


def test_attempts_at_the_same_moment_count_one_by_one(metadata: MetadataStore) -> None:
    """Twelve at once with four free: five are let through, the last of which closes the door."""
    delays: dict[str, Callable[[int], timedelta]] = {
        "account:ann": lambda failures: timedelta(hours=1) if failures > 4 else timedelta(),
        "address:192.0.2.1": lambda _: timedelta(),
    }
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: metadata.count_attempt(delays), range(12)))
    assert sum(answer is None for answer in answers) == 5
    metadata.forgive_attempt("account:ann", "address:192.0.2.1")
    assert metadata.count_attempt(delays) is None


def test_a_rehash_does_not_undo_a_new_password(metadata: MetadataStore, ann: UserRow) -> None:
    """Whoever signs in with the old password while it is changed does not bring it back."""
    metadata.set_password(ann.id, "new")
    metadata.rehash_password(ann.id, "old", "old again")
    found = metadata.credentials(ann.email)
    assert found is not None
    assert found.password_hash == "new"
    version = found.user.row_version
    metadata.rehash_password(ann.id, "new", "new again")
    again = metadata.credentials(ann.email)
    assert again is not None
    assert (again.password_hash, again.user.row_version) == ("new again", version)


def test_keys_are_rotated_in_one_step(metadata: MetadataStore, organisation: int) -> None:
    """The old one dies with the birth of the new one, which has its label; the snapshot follows."""
    project = metadata.create_project("shop", with_key=True)
    old = metadata.keys(project.id)[0]
    named = metadata.rename_key(old.id, "web", if_version=old.row_version)
    assert (named.label, named.row_version, named.active) == ("web", 2, True)
    new = metadata.rotate_key(old.id, audit=ENTRY)
    assert (new.label, new.active, new.project_id) == ("web", True, project.id)
    keys = metadata.config_snapshot().keys
    assert (keys[old.public_key].active, keys[new.public_key].active) == (False, True)
    revoked = metadata.keys(project.id)[0]
    assert revoked.changed_at is not None
    with pytest.raises(Changed):
        metadata.revoke_key(new.id, if_version=7)


@pytest.mark.parametrize("name", ["two\nlines", "x" * 201, "bell\x07", "\x00"])
def test_names_stand_on_one_line(metadata: MetadataStore, ann: UserRow, name: str) -> None:
    """Of organisations, projects, keys, teams, people and tokens alike."""
    project = metadata.create_project("shop")
    team = metadata.create_team("web")
    for refused in (
        lambda: metadata.rename_organisation(1, name),
        lambda: metadata.create_project("other", name),
        lambda: metadata.change_project(project.id, name=name),
        lambda: metadata.create_key(project.id, label=name),
        lambda: metadata.create_team("other", name),
        lambda: metadata.change_team(team.id, name=name),
        lambda: metadata.set_user_name(ann.id, name),
        lambda: metadata.create_token(name, user_id=ann.id),
    ):
        with pytest.raises(UserError) as caught:
            refused()
        assert caught.value.code == "name-invalid"
