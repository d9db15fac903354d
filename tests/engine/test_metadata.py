"""The metadata database: tenants, tokens, issues, outbox; the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import FixedClock
from engine.errors import StateError, UserError
from engine.ids import default_issue_id
from engine.metadata import MetadataStore, MetadataUnavailable, NewIssue, OutboxRow
from engine.metadata._projects import OptionBounds
from engine.metadata._tables import METADATA
from engine.snapshot import KeyConfig, ProjectConfig

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def seen(project_id: int, fingerprint: int, title: str = "ValueError: no") -> NewIssue:
    issue_id = default_issue_id(project_id, fingerprint)
    return NewIssue(project_id, fingerprint, issue_id, title, "shop.cart in add", "error", NOW)


@pytest.fixture
def project(metadata: MetadataStore) -> int:
    """A project called `shop`."""
    organisation = metadata.create_organisation("acme", "Acme")
    return metadata.create_project("shop", "Shop", organisation_id=organisation.id).id


def test_the_scripts_lead_to_the_declared_tables(metadata: MetadataStore, metadata_url: str) -> None:
    """Alembic finds no difference between the migrated database and the tables in the program."""
    engine = sa.create_engine(metadata_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_upgrading_again_changes_nothing_and_a_newer_database_is_refused(
    metadata: MetadataStore, metadata_url: str, project: int
) -> None:
    """Every start upgrades; a database of a later version is left alone, with what to do."""
    metadata.upgrade()
    metadata.health()
    assert [row.slug for row in metadata.projects()] == ["shop"]
    engine = sa.create_engine(metadata_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for refused in (metadata.upgrade, metadata.health):
        with pytest.raises(StateError) as caught:
            refused()
        assert caught.value.code == "metadata-newer"
        assert "newer Amber" in caught.value.hint


def test_several_processes_may_upgrade_at_once(metadata_url: str) -> None:
    """The roles of one server all start at the same time."""
    stores = [MetadataStore(metadata_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(MetadataStore.upgrade, stores))
    for store in stores:
        store.health()
        store.close()


def test_a_database_without_the_schema_is_told(metadata_url: str) -> None:
    """Health of an empty database names the way out."""
    empty = MetadataStore(metadata_url)
    with pytest.raises(StateError) as caught:
        empty.health()
    assert caught.value.code == "metadata-older"
    empty.close()


@pytest.mark.parametrize("url", ["mysql://u:pw@h/db", "nonsense", "sqlite+aiosqlite:///x"])
def test_other_databases_are_refused_with_what_to_use(url: str) -> None:
    """The message names the two that work, and no password."""
    with pytest.raises((StateError, sa.exc.ArgumentError, ModuleNotFoundError)) as caught:
        MetadataStore(url).upgrade()
    assert "pw" not in str(caught.value)


def test_a_database_that_is_not_there_is_unavailable() -> None:
    """A server that does not answer may answer later."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    gone = MetadataStore("postgresql+psycopg://amber@127.0.0.1:1/amber")
    with pytest.raises(MetadataUnavailable):
        gone.projects()
    gone.close()


def test_projects_and_keys_make_the_snapshot(metadata: MetadataStore, project: int) -> None:
    """Whatever concerns ingest is in the snapshot, and its version grows with every change."""
    first = metadata.config_snapshot()
    key = metadata.create_key(project)
    other = metadata.create_key(project, "f" * 32)
    second = metadata.config_snapshot()
    assert second.version > first.version
    assert second.keys == {key.public_key: KeyConfig(key.id, project), "f" * 32: KeyConfig(other.id, project)}
    scrub_key = second.projects[project].scrub_key
    assert second.projects == {project: ProjectConfig(project, "shop", grouping_version="v2", scrub_key=scrub_key)}
    assert len(scrub_key) == 32
    metadata.revoke_key(key.id)
    metadata.set_project_options(project, {"in_app_include": ["shop."], "retention_days": 7})
    metadata.set_setting("limits", {"max_items": 5})
    third = metadata.config_snapshot()
    assert third.version == second.version + 3
    assert not third.keys[key.public_key].active
    assert third.keys["f" * 32].active
    own = {"in_app_include": ("shop.",), "retention_days": 7, "grouping_version": "v2", "scrub_key": scrub_key}
    assert third.projects[project] == ProjectConfig(project, "shop", **own)
    assert third.limits.max_items == 5
    assert metadata.config_snapshot() == third


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"retention_days": 0}, "options.retention_days"),
        ({"span_retention_days": 3651}, "options.span_retention_days"),
        ({"retention_days": True}, "options.retention_days"),
        ({"max_event_bytes": 1023}, "options.max_event_bytes"),
        ({"max_event_bytes": 21 * 1024 * 1024}, "options.max_event_bytes"),
        ({"in_app_include": ["x" * 201]}, "options.in_app_include"),
        ({"in_app_exclude": ["x"] * 201}, "options.in_app_exclude"),
        ({"grouping_version": "v0"}, "options.grouping_version"),
        ({"colour": "red"}, "options.colour"),
    ],
)
def test_options_have_bounds(metadata: MetadataStore, project: int, options: dict[str, Any], field: str) -> None:
    """A retention that overflows the store's clock is refused, with the field it concerns; nothing is changed."""
    metadata.change_project(project, options={"retention_days": 3650})
    with pytest.raises(UserError) as caught:
        metadata.change_project(project, options=options)
    assert (caught.value.code, caught.value.field) == ("options-invalid", field)
    assert metadata.projects()[0].options == {"grouping_version": "v2", "retention_days": 3650}


def test_every_option_has_bounds() -> None:
    """A new member of the project's configuration is thought of here too; their defaults are the same."""
    bounds, defaults = OptionBounds(), ProjectConfig(0, "")
    names = set(ProjectConfig.__struct_fields__) - {"id", "slug", "scrub_key", "artifacts"}  # nobody sets these
    assert set(OptionBounds.__struct_fields__) == names
    assert all(getattr(bounds, name) == getattr(defaults, name) for name in names)


def test_a_deleted_project_is_in_no_scope_at_once(metadata: MetadataStore, project: int) -> None:
    """Its keys are dead and its name is not found; only who asks for deleted ones sees it."""
    key = metadata.create_key(project)
    metadata.delete_project(project)
    snapshot = metadata.config_snapshot()
    assert snapshot.projects == {}
    assert not snapshot.keys[key.public_key].active
    assert metadata.projects() == []
    assert metadata.project_by_slug("shop") is None
    assert [row.id for row in metadata.projects(deleted=True)] == [project]
    for refused in (lambda: metadata.delete_project(project), lambda: metadata.create_key(project)):
        with pytest.raises(UserError):
            refused()


@pytest.mark.parametrize("slug", ["", "Shop", "-a", "a-", "a b", "ä", "123", "x" * 51])
def test_short_names_have_a_shape(metadata: MetadataStore, slug: str) -> None:
    """A slug fits into URLs and queries and is no number."""
    with pytest.raises(UserError) as caught:
        metadata.create_organisation(slug)
    assert caught.value.code == "slug-invalid"


def test_names_are_taken_once(metadata: MetadataStore, project: int) -> None:
    """A second organisation, project, key or user of the same name is an error of the caller."""
    key = metadata.create_key(project)
    user = metadata.create_user("ann@example.org", role="owner")
    for again in (
        lambda: metadata.create_organisation("acme"),
        lambda: metadata.create_project("shop"),
        lambda: metadata.create_key(project, key.public_key),
        lambda: metadata.create_user("ann@example.org"),
    ):
        with pytest.raises(UserError) as caught:
            again()
        assert caught.value.code == "name-taken"
    assert metadata.users() == [user]
    assert [row.slug for row in metadata.organisations()] == ["acme"]


def test_what_does_not_exist_is_told(metadata: MetadataStore, project: int) -> None:
    """Unknown organisations, projects, keys, tokens, issues, options and limits are errors of the caller."""
    for wrong in (
        lambda: metadata.create_project("x", organisation_id=99),
        lambda: metadata.create_key(99),
        lambda: metadata.revoke_key(99),
        lambda: metadata.delete_token(99),
        lambda: metadata.set_issue_status(project, 5, "resolved"),
        lambda: metadata.set_issue_status(project, 5, "solved"),
        lambda: metadata.map_fingerprint(project, 1, 5, "user:1"),
        lambda: metadata.set_project_options(project, {"colour": "red"}),
        lambda: metadata.set_project_options(project, {"id": 4}),
        lambda: metadata.set_project_options(project, {"retention_days": "many"}),
        lambda: metadata.set_project_options(99, {}),
        lambda: metadata.set_setting("limits", {"max_items": "many"}),
        lambda: metadata.set_setting("limits", {"colour": 1}),
    ):
        with pytest.raises(UserError):
            wrong()


def test_tokens_are_found_by_their_text_alone(metadata_url: str) -> None:
    """The text is not stored; scope, expiry and last use are."""
    store = MetadataStore(metadata_url, FixedClock(NOW))
    store.upgrade()
    plain, row = store.create_token("ci", [3, 1, 3], expires_at=NOW + timedelta(days=1))
    every, _ = store.create_token("admin")
    found = store.find_token(plain)
    assert found is not None
    assert (found.name, found.project_ids, found.expired(NOW), found.expired(NOW + timedelta(days=2))) == (
        "ci",
        (1, 3),
        False,
        True,
    )
    again = store.find_token(plain)
    assert again is not None
    assert again.last_used == NOW
    unlimited = store.find_token(every)
    assert unlimited is not None
    assert unlimited.project_ids is None
    assert not unlimited.expired(NOW + timedelta(days=10_000))
    assert store.find_token("amb_nonsense") is None
    assert plain not in json.dumps([str(token) for token in store.tokens()])
    store.delete_token(row.id)
    assert store.find_token(plain) is None
    store.close()


def test_a_fingerprint_gets_one_issue_and_the_next_number(metadata: MetadataStore, project: int) -> None:
    """Answers come in the order asked; the first sighting gives the issue its face; each creation is in the outbox."""
    top = 2**64 - 1
    rows = metadata.ensure_issues([seen(project, 9, "first"), seen(project, top), seen(project, 9, "second")])
    assert [row.short_id for row in rows] == ["SHOP-2", "SHOP-1", "SHOP-2"] or [row.short_id for row in rows] == [
        "SHOP-1",
        "SHOP-2",
        "SHOP-1",
    ]
    assert rows[0] == rows[2]
    assert rows[0].title == "first"
    assert rows[1].fingerprint == top
    assert rows[1].issue_id == default_issue_id(project, top)
    assert rows[0].first_seen == NOW
    assert metadata.ensure_issues([seen(project, 9, "third")]) == [rows[0]]
    assert metadata.outbox_length() == 2
    assert metadata.issue_by_short_id("shop-1") in rows
    assert metadata.issue_by_short_id("SHOP-3") is None
    assert metadata.issues([(project, rows[1].issue_id), (project, 5)]) == {(project, rows[1].issue_id): rows[1]}
    assert metadata.ensure_issues([]) == []


def test_issues_of_an_unknown_project_are_refused_whole(metadata: MetadataStore, project: int) -> None:
    """Nothing of such a batch is created."""
    with pytest.raises(StateError) as caught:
        metadata.ensure_issues([seen(project, 1), seen(999, 1)])
    assert "999" in caught.value.message
    assert metadata.issue_page() == []


def test_workflow_changes_raise_the_version_and_tell_the_mirror(metadata: MetadataStore, project: int) -> None:
    """Each change is one version and one outbox row with the whole state."""
    issue = metadata.ensure_issues([seen(project, 1)])[0]
    resolved = metadata.set_issue_status(project, issue.issue_id, "resolved")
    assigned = metadata.assign_issue(project, issue.issue_id, "user:ann")
    assert (resolved.status, resolved.substatus, resolved.row_version) == ("resolved", "", 2)
    assert (assigned.status, assigned.assignee, assigned.row_version) == ("resolved", "user:ann", 3)
    bodies: list[Any] = []
    metadata.drain_outbox(lambda rows: bodies.extend(row.body for row in rows))
    assert [body["row_version"] for body in bodies] == [1, 2, 3]
    assert bodies[-1]["issue_id"] == issue.issue_id
    assert metadata.issue_versions() == (1, 3)


def test_a_mapped_fingerprint_belongs_to_the_other_issue(metadata: MetadataStore, project: int) -> None:
    """It gets no issue of its own; mapping it again wins by a higher version."""
    first, second = metadata.ensure_issues([seen(project, 1), seen(project, 2)])
    one = metadata.map_fingerprint(project, 77, first.issue_id, "rule:merge")
    assert metadata.ensure_issues([seen(project, 77)]) == [first]
    two = metadata.map_fingerprint(project, 77, second.issue_id, "user:ann")
    assert two.version > one.version
    assert metadata.ensure_issues([seen(project, 77)]) == [second]
    assert metadata.mappings() == [two]
    assert len(metadata.issue_page()) == 2


def test_pages_go_through_all_issues_once(metadata: MetadataStore, project: int) -> None:
    """By project and number, whatever the ids are."""
    other = metadata.create_project("other").id
    metadata.ensure_issues([seen(p, fingerprint) for fingerprint in range(7) for p in (project, other)])
    after, met = (0, 0), []
    while page := metadata.issue_page(after, 3):
        met += [(row.project_id, row.number) for row in page]
        after = met[-1]
    assert met == [(p, n) for p in sorted((project, other)) for n in range(1, 8)]


def test_the_outbox_keeps_what_could_not_be_applied(metadata: MetadataStore, project: int) -> None:
    """Rows go only after they were applied, oldest first, and as often as it takes."""
    metadata.ensure_issues([seen(project, n) for n in range(5)])
    got: list[OutboxRow] = []

    def fail(rows: Sequence[OutboxRow]) -> None:
        raise OSError("the store is away")

    with pytest.raises(OSError, match="away"):
        metadata.drain_outbox(fail)
    assert metadata.outbox_length() == 5
    assert metadata.drain_outbox(got.extend, 3) == 3
    assert metadata.drain_outbox(got.extend, 3) == 2
    assert metadata.drain_outbox(got.extend, 3) == 0
    assert [row.id for row in got] == sorted(row.id for row in got)
    assert {row.body["short_id"] for row in got} == {f"SHOP-{n}" for n in range(1, 6)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.integers(0, 15), max_size=12), min_size=1, max_size=6))
def test_threads_that_meet_the_same_errors_agree(metadata: MetadataStore, batches: list[list[int]]) -> None:
    """Whatever batches several writers ensure at once: one issue per fingerprint, numbers 1 to n, one row each told."""
    slug = f"p{uuid.uuid4().hex}"
    if not metadata.organisations():
        metadata.create_organisation("acme")
    project = metadata.create_project(slug).id
    before = metadata.outbox_length()
    barrier = threading.Barrier(len(batches))

    def ensure(batch: list[int]) -> list[tuple[int, str]]:
        barrier.wait()
        return [(row.fingerprint, row.short_id) for row in metadata.ensure_issues([seen(project, f) for f in batch])]

    with ThreadPoolExecutor(len(batches)) as pool:
        answers = list(pool.map(ensure, batches))
    for batch, answer in zip(batches, answers, strict=True):
        assert [fingerprint for fingerprint, _ in answer] == batch
    pairs = {pair for answer in answers for pair in answer}
    fingerprints = {f for batch in batches for f in batch}
    assert len(pairs) == len(fingerprints)
    assert {short for _, short in pairs} == {f"{slug.upper()}-{n}" for n in range(1, len(fingerprints) + 1)}
    assert metadata.outbox_length() - before == len(fingerprints)


PROCESS = """
import json, sys
from datetime import UTC, datetime
from engine.ids import default_issue_id
from engine.metadata import MetadataStore, NewIssue
url, project, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = MetadataStore(url)
sys.stdin.read(1)
answer = []
for start in range(0, 60, 6):
    batch = [(f * (2 * seed + 1)) % 64 for f in range(start, start + 8)]
    rows = store.ensure_issues(
        [NewIssue(project, f, default_issue_id(project, f), "t", "c", "error", datetime.now(UTC)) for f in batch])
    answer += [(row.fingerprint, row.issue_id, row.number) for row in rows]
print(json.dumps(answer))
"""


def test_processes_that_meet_the_same_errors_agree(metadata: MetadataStore, metadata_url: str, project: int) -> None:
    """Four processes at the same moment: every fingerprint has one issue and one number, and no number is missing."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", PROCESS, metadata_url, str(project)]
    children = [
        subprocess.Popen([*command, str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True)
        for seed in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("g")
        child.stdin.flush()
    outputs = [json.loads(child.communicate(timeout=240)[0]) for child in children]
    triples = {tuple(triple) for output in outputs for triple in output}
    assert len({fingerprint for fingerprint, _, _ in triples}) == len(triples)
    assert sorted(number for _, _, number in triples) == list(range(1, len(triples) + 1))
    assert metadata.outbox_length() == len(triples)
