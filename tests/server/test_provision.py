"""The first start, who may see what, and the publishing of the configuration."""

from __future__ import annotations

import inspect
import os
import threading
import time

import pytest

from engine.clock import SystemClock
from engine.errors import StateError
from engine.metadata import MetadataStore
from engine.snapshot import SnapshotReader
from iam import (
    SCOPES,
    Action,
    Identity,
    PasswordWeak,
    ProjectUnknown,
    Resource,
    chosen_projects,
    decide,
    visible_projects,
)
from server.provision import Wanted, first_project, provision
from server.publisher import _POLL_S, SnapshotPublisher
from server.shards import fixed_shards
from tests.metadata import upgraded


@pytest.fixture
def metadata(tmp_path):
    """An empty, upgraded metadata database."""
    store = upgraded(MetadataStore(f"sqlite:///{tmp_path / 'meta.sqlite3'}"))
    yield store
    store.close()


WITH_TOKEN = Wanted(token=True)


def test_the_first_run_makes_everything_and_the_second_nothing(metadata):
    """Running `init` again changes nothing and shows neither password nor token."""
    first = provision(metadata, WITH_TOKEN)
    assert set(first.created) == {"organisation", "project", "key", "admin", "token"}
    assert first.token.startswith("amb_")
    second = provision(metadata, WITH_TOKEN)
    assert (second.created, second.token, second.password) == ((), "", "")
    assert (second.project, second.key, second.email) == (first.project, first.key, first.email)


def test_the_administrator_owns_the_organisation_and_signs_in_with_what_is_shown(metadata):
    """The password is long enough to need no change, and the token may what its owner may."""
    made = provision(metadata, WITH_TOKEN)
    identity = Identity(metadata, SystemClock())
    opened = identity.log_in(made.email, made.password, address="127.0.0.1", user_agent="")
    assert decide(opened.session.principal, Action.DEADLETTER_READ, Resource("installation"))
    token = identity.by_token(made.token)
    assert visible_projects(metadata, token) == {made.project.id: made.project.slug}
    assert token.scopes == set(SCOPES)
    assert len(made.password) >= 24


def test_address_and_password_can_be_chosen(metadata):
    """A chosen password is not shown again; one that is too weak makes no account."""
    with pytest.raises(PasswordWeak):
        provision(metadata, Wanted(admin_email="ann@example.org", password="short"))
    assert metadata.users() == []
    made = provision(metadata, Wanted(admin_email="Ann@example.org", password="chosen by ann"))
    assert (made.email, made.password) == ("ann@example.org", "")
    Identity(metadata, SystemClock()).log_in("ann@example.org", "chosen by ann", address="", user_agent="")


def test_an_administrator_from_before_passwords_gets_one(metadata):
    """The first start after an upgrade shows it once; one that is there is never replaced."""
    metadata.create_organisation("default")
    metadata.create_user("old@example.org", role="owner")
    made = provision(metadata)
    assert (made.email, "password" in made.created, "admin" in made.created) == ("old@example.org", True, False)
    Identity(metadata, SystemClock()).log_in("old@example.org", made.password, address="", user_agent="")
    metadata.create_user("second@example.org", role="owner")
    again = provision(metadata, Wanted(password="another password"))
    assert (again.created, again.password) == ((), "")
    Identity(metadata, SystemClock()).log_in("old@example.org", made.password, address="", user_agent="")


def test_a_token_is_made_only_for_who_can_show_it(metadata):
    """`serve` makes none; a lost one is replaced by another one, with a name of its own; the first stays valid."""
    assert provision(metadata).token == ""
    assert metadata.tokens() == []
    first = provision(metadata, WITH_TOKEN).token
    again = provision(metadata, Wanted(token=True, new_token=True)).token
    assert again not in {"", first}
    assert [row.name for row in metadata.tokens()] == ["admin", "admin-2"]


def test_a_run_that_broke_off_is_completed(metadata):
    """Each missing piece is made on its own, so a crash in the middle is no dead end."""
    metadata.create_organisation("default")
    metadata.create_project("default")
    made = provision(metadata, WITH_TOKEN)
    assert set(made.created) == {"key", "admin", "token"}


def test_a_named_project_is_made_beside_the_first(metadata):
    """`init --project shop` on an existing installation adds a project with a key of its own."""
    first = provision(metadata)
    shop = provision(metadata, Wanted(project_slug="shop"))
    assert shop.created == ("project", "key")
    assert shop.project.id != first.project.id


def test_loading_files_makes_a_project_and_nobody_who_could_sign_in(metadata):
    """A password nobody was shown must not be made on the way."""
    project = first_project(metadata)
    assert first_project(metadata) == project
    assert metadata.users() == []
    assert metadata.keys(project.id)[0].active
    assert provision(metadata).password


def test_what_the_first_run_makes_is_in_the_audit_without_its_secrets(metadata):
    """Who asks where the first owner came from finds it."""
    made = provision(metadata, WITH_TOKEN)
    rows = metadata.audit_page()
    assert {row.actor for row in rows} == {"local"}
    assert {"organisation.create", "user.create", "user.password", "project.create", "key.create", "token.create"} == {
        row.action for row in rows
    }
    for secret in (made.password, made.token, made.token.removeprefix("amb_")):
        assert secret not in repr(rows)


def test_naming_an_invisible_project_reads_like_naming_an_unknown_one():
    """The error for a project one may not see is word for word that for one that does not exist."""
    visible = {1: "web", 2: "cart"}
    assert chosen_projects(visible, ("cart", 1)) == {2: "cart", 1: "web"}
    assert chosen_projects(visible, ()) == visible
    messages = set()
    for hidden_or_unknown in ("zzzz-hidden", "zzzz-unknown"):
        with pytest.raises(ProjectUnknown) as caught:
            chosen_projects(visible, (hidden_or_unknown,))
        messages.add(str(caught.value).replace(hidden_or_unknown, "X"))
        assert caught.value.code == "query-unknown-project"
    assert len(messages) == 1
    with pytest.raises(ProjectUnknown) as caught:
        chosen_projects(visible, ("carts",))
    assert caught.value.suggestion == "Did you mean 'cart'?"


def test_the_snapshot_is_published_at_start_and_on_change_only(metadata, tmp_path):
    """An unchanged version writes nothing."""
    made = provision(metadata)
    publisher = SnapshotPublisher(metadata, tmp_path / "config.json")
    assert publisher.publish_if_newer()
    assert not publisher.publish_if_newer()
    metadata.revoke_key(made.key.id)
    assert publisher.publish_if_newer()


def test_a_revoked_key_is_dead_within_two_seconds(metadata, tmp_path):
    """Publisher and reader together, on the real clock; the two intervals together are less than two seconds."""
    assert _POLL_S + inspect.signature(SnapshotReader).parameters["poll_s"].default < 2.0
    made = provision(metadata)
    path = tmp_path / "config.json"
    publisher = SnapshotPublisher(metadata, path)
    publisher.publish_if_newer()
    reader = SnapshotReader(path)
    assert reader.current().keys[made.key.public_key].active
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    try:
        metadata.revoke_key(made.key.id)
        started = time.monotonic()
        while reader.current().keys[made.key.public_key].active:
            assert time.monotonic() - started < 60
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()


def test_the_number_of_normalisers_is_fixed_with_the_directory(tmp_path):
    """Another number is refused later; leaving the setting away is always right."""
    assert fixed_shards(tmp_path, 3) == 3
    assert fixed_shards(tmp_path, None) == 3
    with pytest.raises(StateError, match="made for 3"):
        fixed_shards(tmp_path, 2)


@pytest.mark.parametrize(("processors", "made"), [({0}, 1), ({0, 1}, 2), (set(range(16)), 2)])
def test_a_new_directory_has_two_normalisers_where_there_are_processors_for_them(
    tmp_path, monkeypatch, processors, made
):
    """The number stays when the directory is served on a machine with more or fewer of them."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: processors)
    assert fixed_shards(tmp_path, None) == made
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(3 - made)))
    assert fixed_shards(tmp_path, None) == made
