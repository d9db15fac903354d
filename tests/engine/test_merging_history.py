"""Merges, splits, undo, version migration and ingest in any order: no event changes, counts add up, undo is exact."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from engine.errors import AmberError, Changed, UserError
from engine.eventstore import EventStore
from engine.ids import default_issue_id
from engine.metadata import Author, DecisionRow, MetadataStore, NewIssue, NewSuggestion
from engine.mirror import IssueMirror

NOW = datetime.now(UTC).replace(microsecond=0)
PERSON, MODEL = Author("user:ann"), Author("model:recluster", "1")
FINGERPRINTS = st.sampled_from([1, 2, 3, 4, 5, 2**63, 2**64 - 1])
COUNTS = """
SELECT issue_id, count() AS n, sum(cityHash64(event_id, fingerprint, title)) AS content FROM errors
WHERE project_id = {p:UInt64} GROUP BY issue_id
"""
HOMES = "SELECT DISTINCT fingerprint, issue_id FROM errors_hourly WHERE project_id = {p:UInt64}"
KNOWN = "SELECT issue_id FROM issues WHERE project_id = {p:UInt64} GROUP BY issue_id"


@dataclass
class Expected:
    """What a plain book-keeper expects, in dictionaries."""

    events: Counter = field(default_factory=Counter)
    home: dict[int, int] = field(default_factory=dict)
    seen: dict[int, datetime] = field(default_factory=dict)
    changes: list[tuple[DecisionRow, dict[int, int], dict[int, int]]] = field(default_factory=list)
    standing: list[bool] = field(default_factory=list)
    followed: list[tuple[int, int, int]] = field(default_factory=list)
    """New fingerprint, the one it followed, and how many changes had been made by then."""
    noted: dict[int, int] = field(default_factory=dict)
    """Former fingerprint -> the first one that named it."""
    began: list[int] = field(default_factory=list)
    """Fingerprints issues have begun with, the oldest first."""


def outcome(decide: Callable[[], DecisionRow]) -> DecisionRow | AmberError:
    """Return what was decided, or why it was refused."""
    try:
        return decide()
    except AmberError as error:
        return error


class History(RuleBasedStateMachine):
    """One project of a shared store and metadata database."""

    def __init__(self, store: EventStore, metadata: MetadataStore, rows_of: Callable[..., pa.Table], project: int):
        super().__init__()
        self.store, self.metadata, self.rows_of, self.project = store, metadata, rows_of, project
        self.mirror = IssueMirror(store, metadata)
        self.expected = Expected()
        self.sent = 0

    def send(self, fingerprint: int, before: int | None = None) -> None:
        """Do what the writer does with a batch of one event."""
        self.sent += 1
        at = NOW - timedelta(minutes=self.sent % 50)
        row = {
            "project_id": self.project,
            "fingerprint": fingerprint,
            "event_id": f"{self.sent:032x}",
            "timestamp": at,
            "title": f"T{fingerprint}",
        }
        self.store.insert_rows("errors", self.rows_of("errors", [row]))
        issue_id = default_issue_id(self.project, fingerprint)
        self.metadata.ensure_issues(
            [
                NewIssue(
                    self.project,
                    fingerprint,
                    issue_id,
                    "T",
                    "c",
                    "error",
                    at,
                    fingerprints_before=() if before is None else (before,),
                )
            ]
        )
        self.mirror.sync()
        self.expected.events[fingerprint] += 1
        home, noted = self.expected.home, self.expected.noted
        fresh = before is not None and before != fingerprint and before not in noted
        if fresh:
            noted[before] = fingerprint
        if fingerprint not in home:
            leader = before if before in home else noted.get(fingerprint)
            home[fingerprint] = home.get(leader, issue_id)
            if leader in home and leader != fingerprint:
                self.expected.followed.append((fingerprint, leader, len(self.expected.changes)))
            else:
                self.expected.seen[issue_id] = at
                self.expected.began.append(fingerprint)
        if fresh:
            self.joined(before, fingerprint)

    def joined(self, former: int, leader: int) -> None:
        """Expect the issue of a former fingerprint in that of the one that names it, if it is younger and alone."""
        began, held = self.expected.began, self.held()
        if not {former, leader} <= set(began) or began.index(former) < began.index(leader):
            return
        young, old = (default_issue_id(self.project, fingerprint) for fingerprint in (former, leader))
        apart = {frozenset((v.one, v.other)) for v in self.metadata.verdicts(self.project) if not v.together}
        if held.get(young) != [former] or leader not in held.get(old, []):
            return
        if not any(frozenset((former, other)) in apart for other in held[old]):
            self.note(self.metadata.decisions_about(self.project, old)[0], {former: old})
            self.expected.followed.append((former, leader, len(self.expected.changes) - 1))

    @rule(fingerprint=FINGERPRINTS, before=st.none() | FINGERPRINTS)
    def ingest(self, fingerprint: int, before: int | None) -> None:
        """An event arrives, perhaps during a migration window."""
        self.send(fingerprint, before)

    @precondition(lambda self: self.expected.home)
    @rule(data=st.data(), author=st.sampled_from([PERSON, PERSON, MODEL]), arriving=st.none() | FINGERPRINTS)
    def merge(self, data: st.DataObject, author: Author, arriving: int | None) -> None:
        """Two issues become one, while an event may arrive in another thread."""
        issues = sorted(set(self.expected.home.values()))
        target, source = (data.draw(st.sampled_from(issues)) for _ in range(2))
        writer = threading.Thread(target=self.send, args=(arriving,)) if arriving in self.expected.home else None
        if writer:
            writer.start()
        self.decided(lambda: self.metadata.merge_issues(self.project, target, [source], author), source, target)
        if writer:
            writer.join()

    def decided(self, decide: Callable[[], DecisionRow], source: int, target: int) -> None:
        """Expect a merge to move everything, or to be refused for a reason."""
        found = outcome(decide)
        if isinstance(found, Changed):
            apart = {frozenset((v.one, v.other)) for v in self.metadata.verdicts(self.project) if not v.together}
            held = self.held()
            assert any(frozenset((a, b)) in apart for a in held[source] for b in held[target])
        elif isinstance(found, AmberError):
            assert (found.code, source) == ("nothing-to-merge", target)
        else:
            self.note(found, dict.fromkeys(self.held()[source], target))

    def held(self) -> dict[int, list[int]]:
        """Issue -> its fingerprints, as expected."""
        found: dict[int, list[int]] = {}
        for fingerprint, issue_id in self.expected.home.items():
            found.setdefault(issue_id, []).append(fingerprint)
        return found

    def note(self, decision: DecisionRow, moved: dict[int, int], undoes: int | None = None) -> None:
        """Write down what a decision has moved."""
        before = {fingerprint: self.expected.home[fingerprint] for fingerprint in moved}
        assert {move.fingerprint: move.after_id for move in decision.moves} == moved
        assert {move.fingerprint: move.before_id for move in decision.moves} == before
        self.expected.home |= moved
        self.expected.changes.append((decision, before, moved))
        self.expected.standing.append(undoes is None)

    @precondition(lambda self: any(len(held) > 1 for held in self.held().values()))
    @rule(data=st.data(), together=st.booleans())
    def part(self, data: st.DataObject, together: bool) -> None:
        """Some fingerprints of an issue leave it, together or each for itself."""
        issue_id, held = data.draw(st.sampled_from(sorted((i, h) for i, h in self.held().items() if len(h) > 1)))
        own = [f for f in held if default_issue_id(self.project, f) == issue_id]
        out = data.draw(st.lists(st.sampled_from([f for f in held if f not in own]), min_size=1, unique=True))
        faces = [NewIssue(self.project, f, default_issue_id(self.project, f), "T", "c", "error", NOW) for f in out]
        decision = self.metadata.part_issue(self.project, issue_id, faces, PERSON, together=together)
        targets = {move.after_id for move in decision.moves}
        assert len(targets) == (1 if together else len(out))
        assert targets <= {default_issue_id(self.project, f) for f in out}
        for face in faces:
            if face.issue_id in targets:
                self.expected.seen.setdefault(face.issue_id, NOW)
        self.note(decision, {move.fingerprint: move.after_id for move in decision.moves})

    @precondition(lambda self: self.expected.changes)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """A decision is taken back, or refused because a later one stands on it."""
        place = data.draw(st.integers(0, len(self.expected.changes) - 1))
        decision, before, moved = self.expected.changes[place]
        later = [
            set(change[2]) & set(moved)
            for change, stands in list(zip(self.expected.changes, self.expected.standing, strict=True))[place + 1 :]
            if stands
        ]
        possible = self.expected.standing[place] and not any(later) and decision.kind != "undo"
        if decision.kind == "undo":
            return
        undone = outcome(lambda: self.metadata.undo_decision(self.project, decision.id, PERSON))
        if isinstance(undone, AmberError):
            assert (undone.code in {"decision-undone", "decision-overtaken"}, possible) == (True, False)
        else:
            assert possible
            self.expected.standing[place] = False
            self.note(undone, before | self.followers(place), undoes=place)

    def followers(self, place: int) -> dict[int, int]:
        """Where those go back to that follow what a change has moved, and that nobody has moved since."""
        _, before, moved = self.expected.changes[place]
        back, there = dict(before), dict(moved)
        for new, old, at in self.expected.followed:
            if at > place and old in back:
                back.setdefault(new, back[old])
                there.setdefault(new, there[old])
        return {new: back[new] for new in back.keys() - moved.keys() if self.expected.home[new] == there[new]}

    @rule()
    def restart(self) -> None:
        """The process ends and another takes over."""
        self.mirror = IssueMirror(self.store, self.metadata)
        self.mirror.reconcile(NOW - timedelta(days=1))

    @invariant()
    def everything_adds_up(self) -> None:
        """Rows are as they were sent, each belongs where it is expected, and issues began when the first did."""
        self.mirror.sync()
        rows = self.store.query(COUNTS, {"p": self.project}).table.to_pylist()
        wanted: Counter = Counter()
        for fingerprint, count in self.expected.events.items():
            wanted[self.expected.home[fingerprint]] += count
        assert {row["issue_id"]: row["n"] for row in rows} == dict(wanted)
        homes = self.store.query(HOMES, {"p": self.project}).table.to_pylist()
        assert {row["fingerprint"]: row["issue_id"] for row in homes} == self.expected.home
        mirrored = {row["issue_id"] for row in self.store.query(KNOWN, {"p": self.project}).table.to_pylist()}
        assert set(self.expected.home.values()) <= mirrored
        own = {i: f for f in self.expected.home for i in [default_issue_id(self.project, f)]}
        found = self.metadata.issues((self.project, issue_id) for issue_id in self.expected.seen)
        for (_, issue_id), row in found.items():
            here = [i for i, f in own.items() if self.expected.home[f] == issue_id and i in self.expected.seen]
            assert row.first_seen == min(self.expected.seen[i] for i in {*here, issue_id})


@pytest.fixture
def first_project(metadata: MetadataStore, metadata_url: str, new_project_id: Callable[[], int]) -> Callable[[], int]:
    """What makes a project with a number nobody else in the run has."""
    metadata.create_organisation("acme")

    def make() -> int:
        number = new_project_id()
        engine = sa.create_engine(metadata_url)
        values = {"n": number, "slug": f"p{number}", "now": "2026-01-01 00:00:00"}
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO projects (id, slug, name, organisation_id, created_at, options, last_issue_number)"
                    " VALUES (:n, :slug, 'P', 1, :now, '{}', 0)"
                ),
                values,
            )
        engine.dispose()
        return number

    return make


def test_any_history_of_decisions_keeps_every_event_and_every_count(
    event_store: EventStore, metadata: MetadataStore, rows_of: Callable[..., pa.Table], first_project: Callable[[], int]
) -> None:
    """Whatever people, the model, migrations and the writer do in whatever order, and across restarts."""
    run_state_machine_as_test(
        lambda: History(event_store, metadata, rows_of, first_project()),
        settings=settings(
            max_examples=3,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


STRADDLING = {
    "the former one first": [[(1,)], [(10, 1)]],
    "the new one first": [[(10, 1)], [(1,)]],
    "both in one batch": [[(1,), (10, 1)]],
    "both in one batch, the new one first": [[(10, 1), (1,)]],
    "another former one later": [[(10, 1)], [(10, 2)], [(2,)], [(1,)]],
    "a former one that had an issue already": [[(10, 1)], [(2,)], [(10, 2)]],
    "a window that opened late": [[(10,)], [(1,)], [(10, 1)]],
    "two changes of version": [[(100, 10)], [(10, 1)], [(1,)]],
}
"""Batches of fingerprints, each with those the version before makes of the same events."""


@pytest.mark.parametrize("batches", STRADDLING.values(), ids=STRADDLING)
def test_what_begins_while_shards_change_their_version_is_one_issue(
    metadata: MetadataStore, first_project: Callable[[], int], batches: list[list[tuple[int, ...]]]
) -> None:
    """Whichever of its two fingerprints comes first, and again when the writer says it all twice after a crash."""
    project = first_project()
    for batch in [*batches, *batches]:
        seen(metadata, project, batch)
    met = {fingerprint for batch in batches for fingerprint, *_ in batch}
    homes = metadata.homes(project)
    assert len({homes[fingerprint] for fingerprint in met}) == 1


def test_a_change_of_version_moves_no_older_issue_and_none_that_people_parted(
    metadata: MetadataStore, first_project: Callable[[], int]
) -> None:
    """What the former version told apart before the change stays so; a former one goes with the first that named it."""
    project = first_project()
    old, new = (seen(metadata, project, [one])[0] for one in ((2,), (10, 1)))
    assert seen(metadata, project, [(10, 2), (2,)]) == [new, old]
    assert seen(metadata, project, [(11, 1)]) != [new]
    assert seen(metadata, project, [(1,)]) == [new]
    young = seen(metadata, project, [(3,)])[0]
    merge = metadata.merge_issues(project, new, [young], PERSON)
    metadata.undo_decision(project, merge.id, PERSON)
    assert seen(metadata, project, [(10, 3), (3,)]) == [new, young]


def seen(metadata: MetadataStore, project: int, batch: list[tuple[int, ...]]) -> list[int]:
    """The issues of a batch of fingerprints, each with its former ones behind it."""
    faces = [NewIssue(project, f, default_issue_id(project, f), "T", "c", "error", NOW, tuple(b)) for f, *b in batch]
    return [row.issue_id for row in metadata.ensure_issues(faces)]


def test_an_undo_can_be_taken_back(metadata: MetadataStore, first_project: Callable[[], int]) -> None:
    """The merge stands again then, and can be undone again; first_seen follows each time."""
    project = first_project()
    early, late = NOW - timedelta(days=1), NOW
    faces = [
        NewIssue(project, f, default_issue_id(project, f), "T", "c", "error", at) for f, at in ((1, late), (2, early))
    ]
    target, source = metadata.ensure_issues(faces)
    merge = metadata.merge_issues(project, target.issue_id, [source.issue_id], PERSON)
    undo = metadata.undo_decision(project, merge.id, PERSON)
    for decision, seen in ((undo, early), (merge, late)):
        metadata.undo_decision(project, decision.id, PERSON)
        assert metadata.issues([(project, target.issue_id)])[project, target.issue_id].first_seen == seen
    assert metadata.verify_audit().intact


def test_to_what_was_merged_away_nothing_happens_by_itself(
    metadata: MetadataStore, first_project: Callable[[], int]
) -> None:
    """Its events count elsewhere, so it would seem quiet: jobs see what stands, and it again after an undo."""
    project = first_project()
    faces = [NewIssue(project, f, default_issue_id(project, f), "T", "c", "error", NOW) for f in (1, 2**64 - 1)]
    both = [row.issue_id for row in metadata.ensure_issues(faces)]

    def seen() -> set[int]:
        return {row.issue_id for row in metadata.issues_in_state(["unresolved"]) if row.project_id == project}

    merge = metadata.merge_issues(project, both[0], both[1:], PERSON)
    assert seen() == {both[0]}
    metadata.undo_decision(project, merge.id, PERSON)
    assert seen() == set(both)


def test_an_undone_merge_takes_with_it_what_has_followed(
    metadata: MetadataStore, first_project: Callable[[], int]
) -> None:
    """Two versions of grouping later the events of the merged issue go back to it, but for what was moved since."""
    project = first_project()

    def seen(fingerprint: int, *before: int) -> int:
        face = NewIssue(project, fingerprint, default_issue_id(project, fingerprint), "T", "c", "error", NOW, before)
        return metadata.ensure_issues([face])[0].issue_id

    target, source = seen(1), seen(2)
    merge = metadata.merge_issues(project, target, [source], PERSON)
    # The version before told 2 from 9, which nobody has met: what has an issue counts, wherever it stands.
    assert [seen(20, 9, 2), seen(200, 20), seen(21, 2), seen(10, 1)] == [target] * 4
    face = NewIssue(project, 21, default_issue_id(project, 21), "T", "c", "error", NOW)
    moved = metadata.part_issue(project, target, [face], PERSON, together=True).moves[0].after_id
    undo = metadata.undo_decision(project, merge.id, PERSON)
    after = {1: target, 10: target, 2: source, 20: source, 200: source, 21: moved}
    assert {f: home for f, home in metadata.homes(project).items() if f in after} == after
    metadata.undo_decision(project, undo.id, PERSON)
    assert {metadata.homes(project)[f] for f in (1, 10, 2, 20, 200)} == {target}
    [migration] = [d for d in metadata.decisions_about(project, target) if 10 in {m.fingerprint for m in d.moves}]
    with pytest.raises(UserError, match="Nothing was elsewhere"):
        metadata.undo_decision(project, migration.id, PERSON)


def test_a_suggestion_is_accepted_whole_or_not_at_all(
    metadata: MetadataStore, first_project: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails in the middle leaves it open and the issues apart; of two who accept it one is told so."""
    project = first_project()
    faces = [NewIssue(project, f, default_issue_id(project, f), "T", "c", "error", NOW) for f in (1, 2)]
    one, two = (row.issue_id for row in metadata.ensure_issues(faces))
    metadata.suggest([NewSuggestion(project, "merge", one, two, (), 0.8, "1", {"why": "both"})])
    [row] = metadata.suggestions([project])
    with monkeypatch.context() as patch:
        patch.setattr("engine.metadata._learned.close", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            metadata.accept_suggestion(row.id, PERSON)
    assert (metadata.suggestions([project]), metadata.homes(project)) == ([row], {1: one, 2: two})
    told = []
    threads = [
        threading.Thread(target=lambda: told.append(outcome(lambda: metadata.accept_suggestion(row.id, PERSON))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.code if isinstance(answer, AmberError) else answer.status for answer in told)
    assert codes == ["accepted", "suggestion-answered", "suggestion-answered"]
    [decision] = metadata.decisions_about(project, one)
    assert (decision.kind, decision.evidence, metadata.homes(project)) == ("merge", {"why": "both"}, {1: one, 2: one})
    assert metadata.verify_audit().intact


def test_what_was_answered_is_not_suggested_again(metadata: MetadataStore, first_project: Callable[[], int]) -> None:
    """A suggestion is renewed while it is open, stale once its issues change, and final once a person has answered."""
    project = first_project()
    faces = [NewIssue(project, f, default_issue_id(project, f), "T", "c", "error", NOW) for f in (1, 2**64 - 1, 3)]
    one, two, three = metadata.ensure_issues(faces)
    new = [
        NewSuggestion(project, "merge", a.issue_id, b.issue_id, (), p, "1", {"why": p})
        for a, b, p in ((one, two, 0.6), (one, three, 0.7))
    ]
    metadata.suggest(new)
    metadata.suggest([replace(one, probability=0.8) for one in new])
    first, second = metadata.suggestions([project])
    assert [first.suggestion.probability, second.suggestion.probability] == [0.8, 0.8]
    metadata.reject_suggestion(first.id, PERSON)
    metadata.merge_issues(project, one.issue_id, [two.issue_id], PERSON)
    assert [row.id for row in metadata.suggestions([project], "stale")] == [second.id]
    metadata.suggest(new)
    assert [row.id for row in metadata.suggestions([project])] == [second.id]
    with pytest.raises(Changed):
        metadata.merge_issues(project, three.issue_id, [one.issue_id], MODEL)
    metadata.learn_features(project, {1: {"f": []}, 2**64 - 1: {"f": [1]}})
    metadata.learn_features(project, {1: {"f": [2]}})
    assert metadata.features(project) == {1: {"f": [2]}, 2**64 - 1: {"f": [1]}}
    metadata.advance_cluster_cursor(project, 3, "1")
    metadata.advance_cluster_cursor(project, 5, "2")
    assert metadata.cluster_cursor(project) == (5, "2")


KILLED = """
import os, signal, sys
from engine.metadata import Author, MetadataStore
import engine.metadata._decisions as decisions

metadata = MetadataStore(sys.argv[1])
target, sources, place = int(sys.argv[2]), [int(n) for n in sys.argv[3].split(",")], sys.argv[4]
if place == "inside":
    decisions.settle = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
metadata.merge_issues(int(sys.argv[5]), target, sources, Author("user:ann"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_in_a_merge_leaves_all_of_it_or_nothing(
    event_store: EventStore,
    metadata: MetadataStore,
    metadata_url: str,
    rows_of: Callable[..., pa.Table],
    first_project: Callable[[], int],
) -> None:
    """Killed within the transaction nothing has happened; killed before the mirror knew, the outbox tells it later."""
    history = History(event_store, metadata, rows_of, first_project())
    for fingerprint in (1, 2, 3, 3):
        history.send(fingerprint)
    ids = [default_issue_id(history.project, fingerprint) for fingerprint in (1, 2, 3)]
    for place, decisions in (("inside", 0), ("before-the-mirror", 1)):
        given = [metadata_url, str(ids[0]), f"{ids[1]},{ids[2]}", place, str(history.project)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, *given], check=False, env=environment, capture_output=True
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
        history.expected.home |= dict.fromkeys((2, 3), ids[0]) if decisions else {}
        history.restart()
        history.everything_adds_up()
        assert len(metadata.decisions_about(history.project, ids[0])) == decisions
    assert metadata.verify_audit().intact
