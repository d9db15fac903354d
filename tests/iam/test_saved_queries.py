"""Saved queries: who sees, changes and shares them, and what the audit remembers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.clock import SystemClock
from engine.errors import NotFound, UserError
from engine.metadata import MetadataStore, SavedQueryText, SavedQueryWanted
from iam import LOCAL, Administration, Denied, Principal, PrincipalKind, saved_filters, user_principal
from tests.metadata import upgraded

WORST = SavedQueryText("Worst issues", "from errors | summarize n=count() by issue")
ALL = SavedQueryWanted(0)


@pytest.fixture
def place(tmp_path):
    """An installation with people of several roles: `place.ann` is the owner."""
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path / 'meta.sqlite3'}"))
    metadata.create_organisation("acme")
    yield Place(metadata)
    metadata.close()


class Place:
    """People and the administration."""

    def __init__(self, metadata: MetadataStore) -> None:
        self.metadata = metadata
        self.administration = Administration(metadata, SystemClock())
        self.ann = self._person("ann@example.org", "owner")
        self.mia = self._person("mia@example.org", "member")
        self.vic = self._person("vic@example.org", "viewer")
        self.out = self._person("out@example.org", "")

    def _person(self, email: str, role: str) -> Principal:
        row = self.metadata.create_user(email, role=role)
        return user_principal(row, [one for one in self.metadata.roles_on("organisation", 1) if one.user_id == row.id])

    def names(self, who: Principal) -> list[str]:
        """What somebody's list holds."""
        return [row.content.name for row in self.administration.saved_queries(who, ALL)]


def test_a_private_query_is_its_owners_alone(place):
    """Not even the owner of the organisation reads it; to them it is not there. Who owns the directory does."""
    row = place.administration.save_query(place.vic, WORST, "private")
    assert place.names(place.vic) == ["Worst issues"]
    for other in (place.ann, place.mia, place.out):
        assert place.names(other) == []
        with pytest.raises(NotFound):
            place.administration.saved_query(other, row.id)
        with pytest.raises(NotFound):
            place.administration.delete_saved_query(other, row.id, None)
    assert place.names(LOCAL) == ["Worst issues"]


def test_a_shared_query_is_read_by_all_and_changed_by_its_owner_and_admins(place):
    """Members read it and are told what they lack."""
    row = place.administration.save_query(place.mia, WORST, "organisation")
    for who in (place.ann, place.vic):
        assert place.administration.saved_query(who, row.id).content == WORST
    with pytest.raises(NotFound):
        place.administration.saved_query(place.out, row.id)
    with pytest.raises(Denied):
        place.administration.change_saved_query(place.vic, row, replace(WORST, text="x"), "organisation", None)
    changed = place.administration.change_saved_query(place.ann, row, replace(WORST, text="y"), "organisation", None)
    assert (changed.content.text, changed.author, changed.owner_id) == ("y", "user:ann@example.org", place.mia.user_id)


def test_sharing_needs_more_than_looking(place):
    """A viewer saves for themselves; a shared name stands in everybody's searches."""
    with pytest.raises(Denied):
        place.administration.save_query(place.vic, WORST, "organisation")
    row = place.administration.save_query(place.vic, WORST, "private")
    with pytest.raises(Denied):
        place.administration.change_saved_query(place.vic, row, WORST, "organisation", None)


def test_a_token_is_cut_by_its_scopes_and_projects(place):
    """To read `query:read`, to write `query:write`; a token for some projects sees none."""
    row = place.administration.save_query(place.mia, WORST, "private")
    token = replace(place.mia, name="token:ci", kind=PrincipalKind.TOKEN, token_id=5, scopes=frozenset({"query:read"}))
    assert place.administration.saved_query(token, row.id).id == row.id
    with pytest.raises(Denied):
        place.administration.save_query(token, replace(WORST, name="other"), "private")
    writing = replace(token, scopes=frozenset({"query:write"}))
    assert place.administration.save_query(writing, replace(WORST, name="other"), "private").author == "token:ci"
    assert place.names(replace(writing, project_ids=frozenset({1}))) == []


def test_restoring_makes_a_new_version_of_the_old_words(place):
    """And keeps who may see it."""
    row = place.administration.save_query(place.mia, WORST, "private")
    place.administration.change_saved_query(place.mia, row, replace(WORST, text="y", name="Z"), "organisation", 1)
    back = place.administration.restore_saved_query(place.mia, row.id, 1, 2)
    assert (back.version, back.content, back.sharing) == (3, WORST, "organisation")
    assert [one.content.text for one in place.administration.saved_query_versions(place.mia, row.id)] == [
        WORST.text,
        "y",
        WORST.text,
    ]


def test_a_name_finds_ones_own_before_what_is_shared(place):
    """In any case of its letters, or by number."""
    shared = place.administration.save_query(place.mia, WORST, "organisation")
    own = place.administration.save_query(place.vic, WORST, "private")
    assert place.administration.saved_query_called(place.vic, "worst ISSUES").id == own.id
    assert place.administration.saved_query_called(place.ann, "Worst issues").id == shared.id
    assert place.administration.saved_query_called(place.vic, str(shared.id)).id == shared.id
    with pytest.raises(NotFound):
        place.administration.saved_query_called(place.vic, "Worst")


def test_filters_of_searches_are_ones_own_and_what_is_shared(place):
    """Queries are not among them; a token's scopes do not change what a text means."""
    one = SavedQueryText("Ours", "level:error", kind="filter")
    place.administration.save_query(place.mia, one, "organisation")
    place.administration.save_query(place.vic, replace(one, text="level:fatal"), "private")
    place.administration.save_query(place.mia, WORST, "organisation")
    assert saved_filters(place.metadata, place.ann) == {"Ours": "level:error"}
    assert saved_filters(place.metadata, place.vic) == {"Ours": "level:fatal"}
    assert saved_filters(place.metadata, place.out) == {}
    assert saved_filters(place.metadata, LOCAL) == {"Ours": "level:error"}
    token = replace(place.ann, kind=PrincipalKind.TOKEN, token_id=5, scopes=frozenset({"event:read"}))
    assert saved_filters(place.metadata, token) == {"Ours": "level:error"}


def test_every_write_is_in_the_audit(place):
    """Saving, changing, starring, deleting: who, what, and what was before."""
    row = place.administration.save_query(place.mia, WORST, "private")
    place.administration.change_saved_query(place.mia, row, replace(WORST, text="y"), "organisation", None)
    place.administration.star_saved_query(place.vic, row.id, starred=True)
    place.administration.delete_saved_query(place.ann, row.id, 2)
    written = [one for one in reversed(place.metadata.audit_page(limit=20)) if one.action.startswith("query.")]
    assert [(one.action, one.actor) for one in written] == [
        ("query.save", "user:mia@example.org"),
        ("query.change", "user:mia@example.org"),
        ("query.star", "user:vic@example.org"),
        ("query.delete", "user:ann@example.org"),
    ]
    assert written[1].details["before"] == {"text": WORST.text}
    assert written[1].details["sharing"] == ["private", "organisation"]
    assert place.metadata.verify_audit().broken_id is None


def test_only_people_have_stars(place):
    """Who owns the directory is nobody in particular."""
    row = place.administration.save_query(LOCAL, WORST, "organisation")
    with pytest.raises(UserError) as caught:
        place.administration.star_saved_query(LOCAL, row.id, starred=True)
    assert caught.value.code == "star-of-nobody"
