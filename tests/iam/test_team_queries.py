"""Saved queries shared with a team: its people read them, whoever is outside does not know they are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.errors import NotFound, UserError
from engine.metadata import MetadataStore, SavedQueryText, SavedQueryWanted
from iam import LOCAL, Administration, Denied, Principal, saved_filters, shown_sharing, user_principal
from tests.metadata import upgraded

WORST = SavedQueryText("Worst issues", "from errors | summarize n=count() by issue")
OURS = SavedQueryText("Ours", "level:error", kind="filter")
ALL = SavedQueryWanted(0)


class Place:
    """Two teams, `web` and `app`, and people with roles in the first; `boss` owns the organisation and is in none."""

    def __init__(self, metadata: MetadataStore) -> None:
        self.metadata = metadata
        self.administration = Administration(metadata, SystemClock())
        metadata.create_organisation("acme")
        self.web, self.app = (metadata.create_team(slug, slug.title()).id for slug in ("web", "app"))
        self.boss = self.person("boss", role="owner")
        self.lead, self.mia, self.vic = (
            self.person(f"web-{role}", team=role) for role in ("admin", "member", "viewer")
        )
        self.other = self.person("other", team="member", of=self.app)

    def person(self, name: str, role: str = "", team: str = "", of: int = 0) -> Principal:
        """Somebody with a role on the organisation, or in a team (`web` unless `of` says another)."""
        row = self.metadata.create_user(f"{name}@example.org", role=role)
        if team:
            self.metadata.set_team_member(of or self.web, row.id, team, expected=None)
        return self.principal(row.id)

    def principal(self, user_id: int) -> Principal:
        """Somebody as they are now."""
        user, roles = self.metadata.person(user_id)
        return user_principal(user, roles)

    def names(self, who: Principal) -> list[str]:
        """What somebody's list holds."""
        return [row.content.name for row in self.administration.saved_queries(who, ALL)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An installation with two teams."""
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path / 'meta.sqlite3'}"))
    yield Place(metadata)
    metadata.close()


def test_people_of_the_team_read_and_star_and_its_admins_change(place: Place) -> None:
    """A member hands it to the team; viewers look; nobody else, not even the organisation's owner, finds it."""
    row = place.administration.save_query(place.mia, WORST, "team:web")
    assert shown_sharing(place.metadata, [row]) == {f"team:{place.web}": "team:web"}
    for who in (place.lead, place.mia, place.vic, LOCAL):
        assert place.names(who) == ["Worst issues"]
    place.administration.star_saved_query(place.vic, row.id, starred=True)
    for who in (place.boss, place.other):
        assert place.names(who) == []
        with pytest.raises(NotFound):
            place.administration.saved_query(who, row.id)
        with pytest.raises(NotFound):
            place.administration.star_saved_query(who, row.id, starred=True)
    with pytest.raises(Denied):
        place.administration.change_saved_query(place.vic, row, replace(WORST, text="x"), row.sharing, None)
    changed = place.administration.change_saved_query(place.lead, row, replace(WORST, text="y"), "team:web", 1)
    assert (changed.content.text, changed.owner_id, changed.sharing) == ("y", place.mia.user_id, row.sharing)
    back = place.administration.restore_saved_query(place.mia, row.id, 1, 2)
    assert (back.content, back.sharing, back.version) == (WORST, row.sharing, 3)


def test_only_who_is_in_a_team_hands_it_something(place: Place) -> None:
    """And more than a viewer; teams one may not see are as unknown as those that are not there."""
    for who, refusal in ((place.vic, Denied), (place.boss, Denied), (place.other, NotFound)):
        with pytest.raises(refusal):
            place.administration.save_query(who, WORST, "team:web")
    with pytest.raises(NotFound) as caught:
        place.administration.save_query(place.mia, WORST, "team:none")
    assert caught.value.code == "team-unknown"
    row = place.administration.save_query(place.other, WORST, "private")
    with pytest.raises(NotFound):
        place.administration.change_saved_query(place.other, row, WORST, f"team:{place.web}", None)
    with pytest.raises(UserError) as unknown:
        place.administration.save_query(place.mia, WORST, "everybody")
    assert unknown.value.code == "saved-query-sharing-unknown"


def test_it_stays_its_owners_when_they_leave_the_team_or_the_team_goes(place: Place) -> None:
    """The others lose it with the team, and whoever leaves loses what others shared."""
    row = place.administration.save_query(place.mia, WORST, "team:web")
    theirs = place.administration.save_query(place.lead, replace(WORST, name="Of the lead"), "team:web")
    place.metadata.set_team_member(place.web, place.mia.user_id, None, expected="member")
    mia = place.principal(place.mia.user_id)
    assert place.names(mia) == ["Worst issues"]
    with pytest.raises(NotFound):
        place.administration.saved_query(mia, theirs.id)
    assert place.administration.change_saved_query(mia, row, WORST, "private", None).sharing == "private"
    place.metadata.delete_team(place.web)
    assert place.names(place.principal(place.vic.user_id)) == []
    assert place.names(place.principal(place.lead.user_id)) == ["Of the lead"]
    assert shown_sharing(place.metadata, [theirs]) == {theirs.sharing: theirs.sharing}


def test_a_name_means_ones_own_then_the_teams_then_everybodys(place: Place) -> None:
    """In searches, and where a query is asked for by name; each place has a name once."""
    both = place.person("both", role="member")
    place.metadata.set_team_member(place.web, both.user_id, "member", expected=None)
    both = place.principal(both.user_id)
    everybodys = place.administration.save_query(place.boss, OURS, "organisation")
    teams = place.administration.save_query(place.mia, replace(OURS, text="level:fatal"), "team:web")
    assert saved_filters(place.metadata, both) == {"Ours": "level:fatal"}
    assert saved_filters(place.metadata, place.boss) == {"Ours": "level:error"}
    assert place.administration.saved_query_called(both, "ours").id == teams.id
    assert place.administration.saved_query_called(place.boss, "ours").id == everybodys.id
    with pytest.raises(UserError) as caught:
        place.administration.save_query(place.lead, OURS, "team:web")
    assert caught.value.code == "name-taken"
    place.administration.save_query(both, replace(OURS, text="level:info"), "private")
    assert saved_filters(place.metadata, both) == {"Ours": "level:info"}


def test_sharing_with_a_team_is_in_the_audit(place: Place) -> None:
    """From what to what."""
    row = place.administration.save_query(place.mia, WORST, "private")
    place.administration.change_saved_query(place.mia, row, WORST, "team:web", None)
    newest = next(one for one in place.metadata.audit_page(limit=5) if one.action == "query.change")
    assert newest.details["sharing"] == ["private", f"team:{place.web}"]
