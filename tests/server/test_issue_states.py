"""The states of an issue, the rule of regressions, and the words for what was done: pure functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from engine.metadata import IssueRow
from server.issues.regressions import Met, regresses
from server.issues.states import (
    ARCHIVED,
    OF_PEOPLE,
    TRANSITIONS,
    UNRESOLVED,
    Act,
    Archive,
    Resolution,
    State,
    after,
    archive_of,
    condition_json,
    resolution_of,
    state_of,
    stored,
)
from server.issues.wishes import Wish, change_for, checked
from server.issues.words import activity_words, archive_words, resolution_words

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_BY_COUNT = {"until": "events", "count": 10, "window_s": 3600}
ARCHIVED_BY_COUNT = {"after": {"status": "ignored", "substatus": "until_condition_met", "condition": _BY_COUNT}}
LATER = NOW + timedelta(hours=1)


def issue(**members) -> IssueRow:
    """An issue as the metadata database has it."""
    given_members = {
        "issue_id": 7, "project_id": 1, "number": 1, "short_id": "SHOP-1", "fingerprint": 9, "title": "T",
        "culprit": "c", "level": "error", "status": "unresolved", "substatus": "new", "assignee": "",
        "priority": "high", "first_seen": NOW, "row_version": 1, "since": NOW,
    }  # fmt: skip
    return IssueRow(**{**given_members, **members})


class Releases:
    """What is known of releases: when each was met first, and which has which commit."""

    def __init__(self, first=(), commits=()):
        self.first = dict(first)
        self.commits = dict(commits)

    def first_seen(self, release):
        """When it was met first."""
        return self.first.get(release)

    def of_commit(self, commit):
        """Where it is."""
        return self.commits.get(commit)


@given(st.lists(st.sampled_from(list(Act)), max_size=30), st.sampled_from(list(State)))
def test_whatever_happens_an_issue_is_in_one_of_the_states_and_is_stored_as_such(acts, state):
    """Acts that cannot happen change nothing; what is stored gives the same state back."""
    for act in acts:
        reached = after(state, act)
        if reached is None:
            assert act not in OF_PEOPLE
            continue
        state = reached
        assert state_of(*stored(state)) is state
        assert (stored(state)[0] == "unresolved") == (state in UNRESOLVED)


def test_the_program_reopens_only_what_it_may():
    """A regression opens resolved issues only, an escalation never those archived for ever, ageing never archives."""
    by_act = {act: {state for state, done in TRANSITIONS if done is act} for act in Act}
    assert by_act[Act.REGRESS] == {State.RESOLVED}
    assert by_act[Act.EXPIRE] == {State.UNTIL_CONDITION_MET}
    assert by_act[Act.ESCALATE] == {State.ONGOING, State.REGRESSED, State.UNTIL_ESCALATING}
    assert by_act[Act.AGE] == {State.NEW, State.ESCALATING, State.REGRESSED}
    assert all(by_act[act] == set(State) for act in OF_PEOPLE)
    assert {TRANSITIONS[state, Act.REOPEN] for state in (State.RESOLVED, *ARCHIVED)} == {State.ONGOING}


CONDITIONS = [
    Resolution(),
    Resolution("next_release", "shop@1.2.0"),
    Resolution("release", "shop@1.3.0"),
    Resolution("commit", commit="abcdef0"),
    Archive("events", 10, 3600),
    Archive("users", 5),
    Archive("date", date=LATER),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.kind)
def test_a_condition_is_read_as_it_was_stored(condition):
    """Every kind of it."""
    kept = condition_json(condition)
    if isinstance(condition, Resolution):
        assert resolution_of(kept) == condition
    else:
        assert archive_of(kept, State.UNTIL_CONDITION_MET) == condition


@pytest.mark.parametrize(
    ("resolution", "release", "opens"),
    [
        (Resolution(), "shop@1.0", True),
        (Resolution("next_release", "shop@1.2.0"), "shop@1.2.0", False),
        (Resolution("next_release", "shop@1.2.0"), "shop@1.1.9", False),
        (Resolution("next_release", "shop@1.2.0"), "shop@1.10.0", True),
        (Resolution("next_release", "shop@1.2.0"), "shop@1.2.1-rc.1", True),
        (Resolution("next_release", "shop@1.2.0"), "", True),
        (Resolution("next_release", "old-hash"), "old-hash", False),
        (Resolution("next_release", "old-hash"), "older", False),
        (Resolution("next_release", "old-hash"), "newer", True),
        (Resolution("next_release", "old-hash"), "never-met", True),
        (Resolution("next_release"), "newer", True),
        (Resolution("release", "shop@1.3.0"), "shop@1.2.9", False),
        (Resolution("release", "shop@1.3.0"), "shop@1.3.0", True),
        (Resolution("release", "shop@1.3.0"), "shop@2.0", True),
        (Resolution("release", "newer"), "older", False),
        (Resolution("release", "not-out-yet"), "older", False),
        (Resolution("commit", commit="abc"), "shop@9.0", False),
        (Resolution("commit", commit="def"), "shop@1.3.9", False),
        (Resolution("commit", commit="def"), "shop@1.4.0", True),
    ],
)
def test_an_event_opens_an_issue_by_its_release(resolution, release, opens):
    """By semver where both are versions, by when they were met first where not; without a release by time."""
    known = Releases(
        {"old-hash": NOW - timedelta(days=3), "older": NOW - timedelta(days=9), "newer": LATER}, {"def": "shop@1.4.0"}
    )
    assert regresses(resolution, NOW, Met(LATER, release), known) is opens


@given(st.sampled_from([one for one in CONDITIONS if isinstance(one, Resolution)]), st.text(max_size=8))
def test_what_happened_before_the_resolution_is_no_regression(resolution, release):
    """Whatever its release: it came late."""
    assert not regresses(resolution, NOW, Met(NOW, release), Releases())


def test_a_wish_becomes_a_change():
    """Resolving in the next release remembers the newest; archiving says until when; people's priority is theirs."""
    change = change_for(checked(Wish(resolution=Resolution("next_release")), NOW), issue(), "user:a", lambda _: "1.2.0")
    assert (change.status, change.substatus, change.condition) == (
        "resolved",
        "",
        {"in": "next_release", "release": "1.2.0"},
    )
    change = change_for(checked(Wish(archive=Archive("events", 5, 60)), NOW), issue(), "user:a", str)
    assert (change.status, change.substatus) == ("ignored", "until_condition_met")
    assert change.condition == {"until": "events", "count": 5, "window_s": 60}
    change = change_for(checked(Wish(priority="low"), NOW), issue(), "user:a", str)
    assert (change.status, change.priority, change.priority_by) == (None, "low", "user:a")
    change = change_for(checked(Wish(priority="auto"), NOW), issue(base_priority="medium"), "user:a", str)
    assert (change.priority, change.priority_by) == ("medium", "")
    assert change_for(checked(Wish(status="unresolved"), NOW), issue(), "user:a", str).status is None


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish(), "body-invalid"),
        (Wish(status="ignored", resolution=Resolution()), "body-invalid"),
        (Wish(status="resolved", archive=Archive()), "body-invalid"),
        (Wish(resolution=Resolution("release")), "release-missing"),
        (Wish(resolution=Resolution("commit")), "commit-missing"),
        (Wish(archive=Archive("users")), "count-missing"),
        (Wish(archive=Archive("events", 1, 3_000_000)), "window-long"),
        (Wish(archive=Archive("date", date=NOW)), "date-past"),
    ],
)
def test_a_wish_that_does_not_fit_is_refused(wish, code):
    """With what to do."""
    with pytest.raises(UserError) as refused:
        checked(wish, NOW)
    assert refused.value.code == code


def test_a_release_that_does_not_exist_cannot_be_the_latest():
    """In a project without releases."""
    with pytest.raises(UserError, match="no release yet"):
        change_for(Wish("resolved", Resolution("release", "latest")), issue(), "user:a", lambda _: "")


@pytest.mark.parametrize(
    ("action", "details", "words"),
    [
        ("issue.change", {"before": {"status": "unresolved"}, "after": {"status": "resolved"}}, "resolved it"),
        (
            "issue.change",
            {"after": {"status": "resolved", "condition": {"in": "next_release", "release": "shop@1.2.0"}}},
            "resolved it in the release after shop@1.2.0",
        ),
        (
            "issue.change",
            ARCHIVED_BY_COUNT,
            "archived it until it has happened 10 times more within 1 hour",
        ),
        (
            "issue.change",
            {"after": {"status": "ignored", "substatus": "until_escalating"}},
            "archived it until it escalates",
        ),
        (
            "issue.change",
            {"before": {"status": "resolved"}, "after": {"status": "unresolved", "substatus": "ongoing"}},
            "reopened it",
        ),
        (
            "issue.change",
            {"after": {"assignee": "team:web", "priority": "high"}},
            "assigned it to #web, set the priority to high",
        ),
        ("issue.change", {"after": {"assignee": ""}}, "unassigned it"),
        (
            "issue.regress",
            {"after": {"status": "unresolved", "substatus": "regressed"}, "release": "shop@1.3.0", "event": "ab"},
            "saw it again in shop@1.3.0: it has regressed",
        ),
        (
            "issue.age",
            {"before": {"substatus": "new"}, "after": {"substatus": "ongoing"}},
            "calls it ongoing: it has been new for a week",
        ),
        ("issue.unheard-of", {"target": "SHOP-1"}, "issue.unheard-of"),
    ],
)  # fmt: skip
def test_the_activity_says_in_words_what_was_done(action, details, words):
    """From the audit alone; what nobody knows is named as it is."""
    assert activity_words(action, details) == words


def test_what_a_state_depends_on_has_words():
    """For the badge of the page."""
    assert resolution_words({"in": "commit", "commit": "0123456789abcdef"}) == "in commit 0123456789ab"
    assert resolution_words({}) == ""
    assert archive_words(Archive("users", 1)) == "until it has affected 1 more user"
    assert archive_words(Archive("date", date=NOW)) == "until 2026-05-01 12:00 UTC"
    assert archive_words(Archive()) == "for ever"


def test_a_stored_condition_that_is_none_of_archiving_never_ends():
    """It is read for all issues at once, and must not keep the others archived."""
    assert archive_of({"in": "release", "release": "1.0"}, State.UNTIL_CONDITION_MET) == Archive()
