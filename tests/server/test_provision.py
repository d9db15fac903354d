"""The first start, who may see what, and the publishing of the configuration."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock, SystemClock
from engine.errors import StateError
from engine.metadata import MetadataStore
from engine.snapshot import SnapshotReader
from server.principals import Authenticator, Unauthenticated, chosen_projects, visible_projects
from server.provision import provision
from server.publisher import SnapshotPublisher
from server.shards import fixed_shards


@pytest.fixture
def metadata(tmp_path):
    """An empty, upgraded metadata database."""
    store = MetadataStore(f"sqlite:///{tmp_path / 'meta.sqlite3'}")
    store.upgrade()
    yield store
    store.close()


def test_the_first_run_makes_everything_and_the_second_nothing(metadata):
    """Running `init` again changes nothing and shows no token."""
    first = provision(metadata)
    assert set(first.created) == {"organisation", "project", "key", "admin", "token"}
    assert first.token.startswith("amb_")
    second = provision(metadata)
    assert (second.created, second.token) == ((), "")
    assert (second.project, second.key) == (first.project, first.key)


def test_a_further_token_is_made_only_on_request(metadata):
    """A lost token is replaced by another one, with a name of its own; the first stays valid."""
    first = provision(metadata).token
    again = provision(metadata, new_token=True).token
    assert again not in {"", first}
    assert [row.name for row in metadata.tokens()] == ["admin", "admin-2"]


def test_a_run_that_broke_off_is_completed(metadata):
    """Each missing piece is made on its own, so a crash in the middle is no dead end."""
    metadata.create_organisation("default")
    metadata.create_project("default")
    made = provision(metadata)
    assert set(made.created) == {"key", "admin", "token"}


def test_a_named_project_is_made_beside_the_first(metadata):
    """`init --project shop` on an existing installation adds a project with a key of its own."""
    first = provision(metadata)
    shop = provision(metadata, project_slug="shop")
    assert shop.created == ("project", "key")
    assert shop.project.id != first.project.id


def test_a_token_shows_its_projects_and_no_others(metadata):
    """A token for one project sees that one; the administrator's and the local token see all that live."""
    one = provision(metadata).project
    two = metadata.create_project("two")
    gone = metadata.create_project("gone")
    metadata.delete_project(gone.id)
    plain, _ = metadata.create_token("reader", [two.id, gone.id])
    authenticator = Authenticator(metadata, SystemClock(), "local-secret")
    reader = authenticator.authenticate(f"Bearer {plain}")
    local = authenticator.authenticate("bearer local-secret")
    assert visible_projects(metadata, reader) == {two.id: "two"}
    assert visible_projects(metadata, local) == {one.id: one.slug, two.id: "two"}
    assert (reader.name, local.name) == ("token:reader", "local")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer amb_wrong", "Bearer  local-secretx"])
def test_anything_but_a_valid_token_is_unauthenticated(metadata, header):
    """Missing, malformed and unknown tokens are refused alike."""
    with pytest.raises(Unauthenticated) as caught:
        Authenticator(metadata, SystemClock(), "local-secret").authenticate(header)
    assert caught.value.http_status == 401


def test_without_a_local_token_an_empty_one_opens_nothing(metadata):
    """A process without `run/server.json` accepts no empty token in its place."""
    with pytest.raises(Unauthenticated):
        Authenticator(metadata, SystemClock(), "").authenticate("Bearer ")


def test_an_expired_token_is_unauthenticated(metadata):
    """Expiry is checked against the clock at each request."""
    now = datetime.now(UTC)
    plain, _ = metadata.create_token("short", expires_at=now + timedelta(hours=1))
    header = f"Bearer {plain}"
    Authenticator(metadata, FixedClock(now)).authenticate(header)
    with pytest.raises(Unauthenticated):
        Authenticator(metadata, FixedClock(now + timedelta(hours=1))).authenticate(header)


def test_naming_an_invisible_project_reads_like_naming_an_unknown_one():
    """The error for a project one may not see is word for word that for one that does not exist."""
    visible = {1: "web", 2: "cart"}
    assert chosen_projects(visible, ("cart", 1)) == {2: "cart", 1: "web"}
    assert chosen_projects(visible, ()) == visible
    messages = set()
    for hidden_or_unknown in ("zzzz-hidden", "zzzz-unknown"):
        with pytest.raises(Exception) as caught:
            chosen_projects(visible, (hidden_or_unknown,))
        messages.add(str(caught.value).replace(hidden_or_unknown, "X"))
        assert caught.value.code == "query-unknown-project"
    assert len(messages) == 1


def test_the_snapshot_is_published_at_start_and_on_change_only(metadata, tmp_path):
    """An unchanged version writes nothing."""
    made = provision(metadata)
    publisher = SnapshotPublisher(metadata, tmp_path / "config.json")
    assert publisher.publish_if_newer()
    assert not publisher.publish_if_newer()
    metadata.revoke_key(made.key.id)
    assert publisher.publish_if_newer()


def test_a_revoked_key_is_dead_within_two_seconds(metadata, tmp_path):
    """Publisher and reader together, on the real clock, with their real intervals."""
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
            assert time.monotonic() - started < 2.0
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
    assert fixed_shards(tmp_path / "other", None) == 1
