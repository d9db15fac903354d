"""Saved queries and their versions; the same on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from engine.errors import Changed, NotFound, UserError
from engine.metadata import (
    AuditEntry,
    DefaultView,
    MetadataStore,
    SavedQueryRow,
    SavedQueryText,
    SavedQueryWanted,
    _saved,
)

ENTRY = AuditEntry("user:test", "query.save", "query:worst")
WORST = SavedQueryText(
    "Worst issues",
    "from errors | where level = $level | summarize n=count() by issue",
    description="What hurts",
    parameters=({"name": "level", "type": "string", "default": "error"},),
)


@pytest.fixture
def ann(metadata: MetadataStore) -> int:
    """Somebody."""
    metadata.create_organisation("acme")
    return metadata.create_user("ann@example.org", role="owner").id


@pytest.fixture
def bob(metadata: MetadataStore, ann: int) -> int:
    """Somebody else."""
    return metadata.create_user("bob@example.org", role="member").id


def save(metadata: MetadataStore, content: SavedQueryText, user_id: int, sharing: str = "private") -> SavedQueryRow:
    """Save a query of somebody."""
    owner = (user_id, "user:test")
    return metadata.create_saved_query(content, organisation_id=1, owner=owner, sharing=sharing, audit=ENTRY)


def names(metadata: MetadataStore, wanted: SavedQueryWanted) -> list[str]:
    """The names of a list."""
    return [row.content.name for row in metadata.saved_queries(wanted)]


def test_a_saved_query_comes_back_as_it_was_saved(metadata: MetadataStore, ann: int) -> None:
    """Text, parameters and all, as version 1 of its owner."""
    row = save(metadata, WORST, ann)
    assert metadata.saved_query(row.id) == row
    assert (row.content, row.owner_id, row.sharing, row.version, row.row_version) == (WORST, ann, "private", 1, 1)
    assert row.author == "user:test"


def test_every_change_is_a_version_that_stays(metadata: MetadataStore, ann: int) -> None:
    """The old text can be read for ever, with who wrote it and when."""
    first = save(metadata, WORST, ann)
    changed = replace(WORST, text="from errors | limit 5", name="Newest")
    second = metadata.change_saved_query(first.id, changed, sharing="organisation", author="user:bob", audit=ENTRY)
    assert (second.version, second.content, second.author, second.sharing) == (2, changed, "user:bob", "organisation")
    assert [row.version for row in metadata.saved_query_versions(first.id)] == [2, 1]
    old = metadata.saved_query_version(first.id, 1)
    assert (old.content, old.version, old.row_version) == (WORST, 1, 2)
    with pytest.raises(NotFound):
        metadata.saved_query_version(first.id, 3)


def test_the_database_itself_refuses_to_rewrite_a_version(metadata: MetadataStore, ann: int) -> None:
    """Whatever program writes to it."""
    save(metadata, WORST, ann)
    with pytest.raises(DBAPIError, match="does not change"), metadata._database.write() as connection:
        connection.execute(sa.text("UPDATE saved_query_versions SET text = 'x'"))


def test_a_change_of_an_older_version_is_refused(metadata: MetadataStore, ann: int) -> None:
    """And leaves no version behind."""
    row = save(metadata, WORST, ann)
    with pytest.raises(Changed):
        metadata.change_saved_query(row.id, WORST, sharing="private", author="x", if_version=7, audit=ENTRY)
    with pytest.raises(Changed):
        metadata.delete_saved_query(row.id, if_version=7, audit=ENTRY)
    assert len(metadata.saved_query_versions(row.id)) == 1


def test_names_are_unique_where_they_are_looked_up(metadata: MetadataStore, ann: int, bob: int) -> None:
    """Among what is shared, and among one's own, in any case; two people may each have one of the name."""
    own = save(metadata, WORST, ann)
    save(metadata, WORST, bob)
    save(metadata, WORST, 0)
    shared = save(metadata, WORST, bob, "organisation")
    for user_id, sharing in ((ann, "private"), (ann, "organisation"), (0, "private")):
        with pytest.raises(UserError) as caught:
            save(metadata, replace(WORST, name=" WORST issues "), user_id, sharing)
        assert caught.value.code == "name-taken"
    with pytest.raises(UserError) as caught:
        metadata.change_saved_query(own.id, WORST, sharing="organisation", author="x", audit=ENTRY)
    assert caught.value.code == "name-taken"
    metadata.delete_saved_query(shared.id, audit=ENTRY)
    assert metadata.change_saved_query(own.id, WORST, sharing="organisation", author="x").sharing == "organisation"


def test_lists_hold_what_is_shared_and_ones_own_by_name(metadata: MetadataStore, ann: int, bob: int) -> None:
    """Nobody sees what is private to somebody else, unless everything is asked for."""
    save(metadata, replace(WORST, name="beta"), ann)
    save(metadata, replace(WORST, name="Alpha", kind="filter"), bob, "organisation")
    save(metadata, replace(WORST, name="gamma_x"), bob)
    assert names(metadata, SavedQueryWanted(ann)) == ["Alpha", "beta"]
    assert names(metadata, SavedQueryWanted(bob)) == ["Alpha", "gamma_x"]
    assert names(metadata, SavedQueryWanted(0)) == ["Alpha"]
    assert names(metadata, SavedQueryWanted(0, every=True)) == ["Alpha", "beta", "gamma_x"]
    assert names(metadata, SavedQueryWanted(bob, kind="filter")) == ["Alpha"]
    assert names(metadata, SavedQueryWanted(bob, search="MMA_")) == ["gamma_x"]
    assert names(metadata, SavedQueryWanted(bob, search="%")) == []


def test_pages_follow_each_other_without_gap_or_double(metadata: MetadataStore, ann: int) -> None:
    """By folded name, then number."""
    wanted = [f"query {letter}" for letter in "bcADe"]
    for name in wanted:
        save(metadata, replace(WORST, name=name), ann)
    seen: list[str] = []
    after = ("", 0)
    while rows := metadata.saved_queries(SavedQueryWanted(ann, after=after, limit=2)):
        seen += [row.content.name for row in rows]
        after = (rows[-1].content.name.casefold(), rows[-1].id)
    assert seen == sorted(wanted, key=str.casefold)


def test_one_person_keeps_so_many_and_no_more(
    metadata: MetadataStore, ann: int, bob: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody who may sign in may save, so there is an end; it is each one's own."""
    monkeypatch.setattr(_saved, "MAX_PER_OWNER", 2)
    for user_id in (ann, 0):
        save(metadata, WORST, user_id)
        first = save(metadata, replace(WORST, name="two"), user_id)
        with pytest.raises(UserError) as caught:
            save(metadata, replace(WORST, name="three"), user_id)
        assert caught.value.code == "saved-query-limit"
        metadata.delete_saved_query(first.id)
        save(metadata, replace(WORST, name="three"), user_id)
    save(metadata, WORST, bob)


def test_a_star_is_of_one_person(metadata: MetadataStore, ann: int, bob: int) -> None:
    """Given twice it is one, taken twice it is none."""
    row = save(metadata, WORST, bob, "organisation")
    for _ in range(2):
        metadata.star_saved_query(row.id, ann, starred=True)
    assert names(metadata, SavedQueryWanted(ann, starred=True)) == ["Worst issues"]
    assert names(metadata, SavedQueryWanted(bob, starred=True)) == []
    assert metadata.saved_query(row.id, user_id=ann).starred
    assert not metadata.saved_query(row.id, user_id=bob).starred
    for _ in range(2):
        metadata.star_saved_query(row.id, ann, starred=False)
    assert not metadata.saved_query(row.id, user_id=ann).starred


def test_what_is_deleted_is_gone_and_the_audit_has_what_it_said(metadata: MetadataStore, ann: int) -> None:
    """Its versions and stars go with it."""
    row = save(metadata, WORST, ann)
    metadata.star_saved_query(row.id, ann, starred=True)
    metadata.delete_saved_query(row.id, if_version=1, audit=replace(ENTRY, action="query.delete"))
    with pytest.raises(NotFound):
        metadata.saved_query(row.id)
    assert metadata.saved_query_versions(row.id) == []
    last = metadata.audit_page(limit=1)[0]
    assert (last.action, last.details["text"]) == ("query.delete", WORST.text)


@pytest.mark.parametrize(
    ("content", "sharing"),
    [
        (replace(WORST, name="  "), "private"),
        (replace(WORST, name="two\nlines"), "private"),
        (replace(WORST, kind="dashboard"), "private"),
        (replace(WORST, language="kql"), "private"),
        (WORST, "world"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    metadata: MetadataStore, ann: int, content: SavedQueryText, sharing: str
) -> None:
    """A name, a kind, a language, a sharing."""
    with pytest.raises(UserError):
        save(metadata, content, ann, sharing)
    assert metadata.saved_queries(SavedQueryWanted(0, every=True)) == []


def test_a_deleted_query_can_be_brought_back_and_goes_for_good_after_a_while(
    metadata: MetadataStore, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its versions and stars; the next deletion after the time drops it."""
    row = save(metadata, WORST, ann)
    metadata.star_saved_query(row.id, ann, starred=True)
    metadata.delete_saved_query(row.id, audit=ENTRY)
    assert (names(metadata, SavedQueryWanted(ann)), metadata.saved_query_versions(row.id)) == ([], [])
    assert metadata.deleted_saved_query(row.id).content == WORST
    assert metadata.bring_back_saved_query(row.id, audit=ENTRY) == row
    assert names(metadata, SavedQueryWanted(ann, starred=True)) == ["Worst issues"]
    metadata.delete_saved_query(row.id)
    monkeypatch.setattr(_saved, "KEPT_DELETED", timedelta(0))
    metadata.delete_saved_query(save(metadata, WORST, ann).id)
    with pytest.raises(NotFound):
        metadata.bring_back_saved_query(row.id)


def test_views_and_dashboards_have_lists_and_names_of_their_own(metadata: MetadataStore, ann: int) -> None:
    """A view's name is taken on its page only; nothing of them stands among queries."""
    view = replace(WORST, kind="view", language="issues", text="q=x", parameters=())
    board = replace(view, kind="dashboard", language="json")
    for content in (WORST, view, replace(view, language="discover"), board):
        save(metadata, content, ann)
    with pytest.raises(UserError):
        save(metadata, replace(view, name="WORST issues"), ann)
    with pytest.raises(UserError):
        save(metadata, replace(view, language="json"), ann)
    assert len(names(metadata, SavedQueryWanted(ann))) == 1
    assert len(names(metadata, SavedQueryWanted(ann, kind="view"))) == 2
    assert len(names(metadata, SavedQueryWanted(ann, kind="view", language="issues"))) == 1
    assert len(names(metadata, SavedQueryWanted(ann, kind="dashboard"))) == 1


def test_a_page_has_one_default_for_each_project_and_person(metadata: MetadataStore, ann: int, bob: int) -> None:
    """Set anew it is replaced; a deleted view is none."""
    view = replace(WORST, kind="view", language="issues", text="q=x", parameters=())
    one, two = save(metadata, view, ann).id, save(metadata, replace(view, name="Two"), ann).id
    for default in (
        DefaultView("issues", 0, 0, one),
        DefaultView("issues", 0, ann, one),
        DefaultView("issues", 0, ann, two),
    ):
        metadata.set_default_view(default, audit=ENTRY)
    own = DefaultView("issues", 0, ann, two)
    assert metadata.default_views("issues", ann) == [DefaultView("issues", 0, 0, one), own]
    assert metadata.default_views("issues", bob) == [DefaultView("issues", 0, 0, one)]
    metadata.drop_default_view(DefaultView("issues", 0, ann, one))
    assert own in metadata.default_views("issues", ann)
    metadata.delete_saved_query(two)
    assert metadata.default_views("issues", ann) == [DefaultView("issues", 0, 0, one)]
