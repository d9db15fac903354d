"""Exactly once: whatever step a normaliser dies at, its ready files end up holding every record's rows once."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import StateError
from engine.snapshot import ConfigSnapshot
from engine.spool import Position, SpoolKeys, SpoolWriter
from ingest.batches import batch_of
from ingest.deadbox import BoxBounds, DeadBox, read_box
from ingest.pacing import BatchRules
from ingest.ports import FixedSnapshot
from ingest.ready import ReadyName, ReadyShard, read_batch, ready_files
from ingest.records import DeadLetter, OutcomeCount, RawRecord, encode_record
from ingest.shard import ShardNormaliser, ShardPorts
from ingest.state import Pin, SeenLimits, ShardState
from tests.ingest.helpers import NOW_NS, ListBox, Paths, event_envelope, raw, shard_normaliser, snapshot


class Crash(BaseException):
    """The process dies here; nothing catches it."""


class Dying:
    """Counts the steps of a normaliser and kills it before or after the chosen one."""

    def __init__(self, die_at: int) -> None:
        self.die_at = die_at
        self.steps = 0

    def step(self, action: Callable[[], Any]) -> Any:
        self._pass()
        result = action()
        self._pass()
        return result

    def _pass(self) -> None:
        if self.steps == self.die_at:
            raise Crash
        self.steps += 1


class DyingState(ShardState):
    dying: Dying

    def pin(self, pin: Pin) -> None:
        self.dying.step(lambda: super(DyingState, self).pin(pin))

    def commit(self, *given: Any) -> None:
        self.dying.step(lambda: super(DyingState, self).commit(*given))

    def end_flush(self, number: int) -> None:
        self.dying.step(lambda: super(DyingState, self).end_flush(number))


class DyingReady(ReadyShard):
    dying: Dying

    def put(self, name: ReadyName, batch: pa.Table) -> None:
        self.dying.step(lambda: super(DyingReady, self).put(name, batch))


class DyingBox(ListBox):
    def __init__(self, box: ListBox, dying: Dying) -> None:
        super().__init__(box.letters)
        self.dying = dying

    def add(self, letters: Sequence[DeadLetter]) -> None:
        self.dying.step(lambda: super(DyingBox, self).add(letters))


class Store:
    """Stands for the event store: keeps the rows of a token the first time it sees it."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.contradictions: list[str] = []

    def take(self, root: Path, *, remove: bool = True) -> None:
        for ready in ready_files(Paths(root).spool / "ready"):
            rows = read_batch(ready.path).to_pylist()
            if self.rows.setdefault(ready.token, rows) != rows:
                self.contradictions.append(ready.token)
            if remove:
                ready.path.unlink()

    def all(self, dataset: str) -> list[dict[str, Any]]:
        return [row for token, rows in self.rows.items() if token.endswith(f"/{dataset}") for row in rows]

    def outcomes(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in self.all("outcomes"):
            found[row["outcome"]] = found.get(row["outcome"], 0) + row["quantity"]
        return found


def dying_normaliser(root: Path, config: ConfigSnapshot, box: ListBox, dying: Dying) -> ShardNormaliser:
    paths = Paths(root)
    state = DyingState(paths.spool / "state" / "shard-0.sqlite3")
    ready = DyingReady(paths.spool / "ready" / "0")
    state.dying = ready.dying = dying
    letters = DyingBox(box, dying)
    ports = ShardPorts(paths.spool / "raw", state, ready, letters, letters, FixedSnapshot(config))
    return ShardNormaliser(0, ports, BatchRules(max_records=3, read_records=2))


def append(root: Path, records: list[RawRecord], producer: str = "ingest-0", shard: int = 0) -> None:
    writer = SpoolWriter(Paths(root).spool / "raw" / producer / str(shard), segment_bytes=4000)
    for record in records:
        writer.append(encode_record(record))
    writer.close()


def traffic() -> list[RawRecord]:
    """Six events, one of them sent three times, a session, one broken item, one unknown item, one broken record."""
    events = [raw(event_envelope(f"{n:032x}", message=f"m{n}"), event_id=f"{n:032x}") for n in range(1, 7)]
    broken = raw(b'{}\n{"type":"event"}\nnot json', event_id="b" * 32)
    unknown = raw(b'{}\n{"type":"hologram"}\n{}')
    session = b'{}\n{"type":"session"}\n{"sid":"%s","init":true,"started":1795222800}' % (b"5" * 32)
    return [*events[:3], broken, events[1], unknown, *events[3:], raw(session), raw(b"no envelope"), events[1]]


def run_with_crash(root: Path, die_at: int) -> tuple[Store, ListBox, bool]:
    """Run to the crash, let the writer work or not, then restart and drain. True when it did crash."""
    config, box, store = snapshot(), ListBox(), Store()
    append(root, traffic())
    dying = Dying(die_at)
    crashed = False
    try:
        dying_normaliser(root, config, box, dying).drain()
    except Crash:
        crashed = True
    if die_at % 2:
        store.take(root)
    # The restarted process has a newer configuration: the pinned range must not be read by it.
    newer = snapshot(version=2, retention_days=30)
    survivor = dying_normaliser(root, newer, box, Dying(-1))
    survivor.drain()
    store.take(root)
    return store, box, crashed


def test_a_crash_at_any_step_changes_nothing(tmp_path: Path) -> None:
    """Between pin, dead letters, ready files, commit and the flush of outcomes, before and after each."""
    die_at, crashed = 0, True
    while crashed:
        store, box, crashed = run_with_crash(tmp_path / str(die_at), die_at)
        ids = [row["event_id"] for row in store.all("errors")]
        assert sorted(ids) == [f"{n:032x}" for n in range(1, 7)], die_at
        assert store.contradictions == [], die_at
        assert store.outcomes() == {"accepted": 7, "duplicate": 2, "invalid": 2, "set_aside": 1}, die_at
        assert sorted({x.id: x.kind for x in box.letters}.values()) == ["invalid", "set_aside", "undecodable"], die_at
        die_at += 1
    assert die_at > 30


@settings(max_examples=12, deadline=None)
@given(deaths=st.lists(st.integers(0, 12), max_size=6), takes=st.lists(st.booleans(), min_size=6, max_size=6))
def test_any_number_of_crashes_in_a_row_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, deaths: list[int], takes: list[bool]
) -> None:
    """Also when the recovery itself dies, and whatever the writer has taken meanwhile."""
    root = tmp_path_factory.mktemp("crashes")
    box, store = ListBox(), Store()
    append(root, traffic())
    for die_at, take in zip(deaths, takes, strict=False):
        with suppress(Crash):
            dying_normaliser(root, snapshot(), box, Dying(die_at)).drain()
        if take:
            store.take(root)
    dying_normaliser(root, snapshot(), box, Dying(-1)).drain()
    store.take(root)
    assert sorted(r["event_id"] for r in store.all("errors")) == [f"{n:032x}" for n in range(1, 7)]
    assert store.outcomes() == {"accepted": 7, "duplicate": 2, "invalid": 2, "set_aside": 1}
    assert store.contradictions == []


def test_a_pinned_range_is_redone_with_the_configuration_it_was_pinned_with(tmp_path: Path) -> None:
    """The second configuration has another retention; the redone rows keep the first one's."""
    append(tmp_path, traffic()[:2])
    with pytest.raises(Crash):
        dying_normaliser(tmp_path, snapshot(retention_days=90), ListBox(), Dying(2)).drain()
    append(tmp_path, [raw(event_envelope("9" * 32), event_id="9" * 32)])
    dying_normaliser(tmp_path, snapshot(version=2, retention_days=30), ListBox(), Dying(-1)).drain()
    store = Store()
    store.take(tmp_path)
    assert {r["event_id"][-1]: r["retention_days"] for r in store.all("errors")} == {"1": 90, "2": 90, "9": 30}


def test_a_resent_event_counts_once_across_producers_and_restarts(tmp_path: Path) -> None:
    """The ingest port and the web port have spools of their own; the seen-set is one."""
    store = Store()
    for producer in ("ingest-0", "web", "ingest-1"):
        append(tmp_path, [raw(event_envelope("a" * 32), event_id="a" * 32)], producer)
        shard_normaliser(tmp_path, snapshot()).drain()
    store.take(tmp_path)
    assert len(store.all("errors")) == 1
    assert store.outcomes() == {"accepted": 1, "duplicate": 2}


def test_the_same_id_in_another_project_is_another_event(tmp_path: Path) -> None:
    """Ids are unique within a project only."""
    append(tmp_path, [raw(event_envelope("a" * 32), event_id="a" * 32, project_id=p) for p in (1, 2)])
    shard_normaliser(tmp_path, snapshot()).drain()
    store = Store()
    store.take(tmp_path)
    assert sorted(r["project_id"] for r in store.all("errors")) == [1, 2]


def test_segments_go_when_everything_in_them_is_published(tmp_path: Path) -> None:
    """The newest one stays: its number must not be used again."""
    append(tmp_path, [raw(event_envelope(f"{n:032x}", message="x" * 500), event_id=f"{n:032x}") for n in range(1, 40)])
    directory = Paths(tmp_path).spool / "raw" / "ingest-0" / "0"
    assert len(list(directory.glob("*.seg"))) > 2
    shard_normaliser(tmp_path, snapshot()).drain()
    assert len(list(directory.glob("*.seg"))) == 1


def test_a_range_lies_in_one_segment(tmp_path: Path) -> None:
    """Its token names one."""
    append(tmp_path, [raw(event_envelope(f"{n:032x}", message="x" * 500), event_id=f"{n:032x}") for n in range(1, 20)])
    shard_normaliser(tmp_path, snapshot()).drain()
    names = [f.name for f in ready_files(Paths(tmp_path).spool / "ready") if f.name.dataset == "errors"]
    assert len({n.segment for n in names}) == len(names) > 1
    assert all(n.start < n.end for n in names)


def test_a_batch_is_bounded_by_rows(tmp_path: Path) -> None:
    """Then the next one goes on where it ended."""
    append(tmp_path, [raw(event_envelope(f"{n:032x}"), event_id=f"{n:032x}") for n in range(1, 8)])
    shard_normaliser(tmp_path, snapshot(), rules=BatchRules(max_rows=2)).drain()
    files = [f for f in ready_files(Paths(tmp_path).spool / "ready") if f.name.dataset == "errors"]
    assert [read_batch(f.path).num_rows for f in sorted(files, key=lambda f: f.name.filename)] == [2, 2, 2, 1]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_events_go_out_at_once_and_later_ones_in_groups(tmp_path: Path) -> None:
    """An idle server shows an event immediately; a busy one makes few blocks."""
    clock = Clock()
    ports = shard_normaliser(tmp_path, snapshot())._ports
    normaliser = ShardNormaliser(0, ports, BatchRules(interval_s=0.2), clock)
    writer = SpoolWriter(Paths(tmp_path).spool / "raw" / "ingest-0" / "0")
    worked = []
    for number in range(1, 6):
        writer.append(encode_record(raw(event_envelope(f"{number:032x}"), event_id=f"{number:032x}")))
        worked.append(normaliser.step())
        clock.now += 0.09
    writer.close()
    assert worked == [True, False, False, True, False]


def test_shards_that_share_the_load_gather_longer_than_one_alone_would(tmp_path: Path) -> None:
    """Each has half of the rows, and every block costs the writer the same; no pause is longer than the longest."""
    clock = Clock()
    ports = shard_normaliser(tmp_path, snapshot())._ports
    rules = BatchRules(interval_s=0.2, busy_interval_s=0.5, full_interval_s=0.8, busy_rows=150)
    normaliser = ShardNormaliser(0, ports, rules.shared_by(2), clock)
    worked = []
    for number in range(1, 4):
        append(tmp_path, [raw(event_envelope(f"{number:032x}"), event_id=f"{number:032x}")])
        worked.append(normaliser.step())
        clock.now += 0.3
    assert worked == [True, False, True]
    assert rules.shared_by(1) == rules
    assert (rules.shared_by(2).busy_interval_s, rules.shared_by(2).busy_rows) == (0.8, 75)
    assert (rules.shared_by(2).flooded_rows, rules.shared_by(2).outcome_interval_s) == (500, 4.0)


class Edge:
    """Appends events to the raw spools, each producer's in one segment."""

    def __init__(self, root: Path) -> None:
        self._raw = Paths(root).spool / "raw"
        self._writers: dict[str, SpoolWriter] = {}

    def sends(self, events: str, producer: str = "ingest-0") -> None:
        """Append an event for each letter, whose id is made of it."""
        if producer not in self._writers:
            self._writers[producer] = SpoolWriter(self._raw / producer / "0")
        for one in events:
            self._writers[producer].append(encode_record(raw(event_envelope(one * 32), event_id=one * 32)))


def published(root: Path) -> list[str]:
    """The letters of the events in the ready spool, one string a batch."""
    files = sorted(ready_files(Paths(root).spool / "ready"), key=lambda f: f.name.filename)
    batches = [read_batch(f.path).to_pylist() for f in files if f.name.dataset == "errors"]
    return ["".join(sorted(row["event_id"][0] for row in rows)) for rows in batches]


def with_clock(root: Path, config: ConfigSnapshot | None = None, **rules: Any) -> tuple[ShardNormaliser, Clock]:
    clock = Clock()
    ports = shard_normaliser(root, config or snapshot())._ports
    return ShardNormaliser(0, ports, BatchRules(**{"interval_s": 0.2, "quiet_s": 9.0} | rules), clock), clock


def test_what_comes_within_a_pause_is_worked_on_and_published_with_the_next_batch(tmp_path: Path) -> None:
    """A process that ends meanwhile leaves it in the raw spool as it was."""
    (normaliser, clock), edge = with_clock(tmp_path), Edge(tmp_path)
    for event, second in (("a", 0.0), ("b", 0.1), ("c", 0.15)):
        clock.now = 100.0 + second
        edge.sends(event)
        normaliser.step()
    assert published(tmp_path) == ["a"]
    with_clock(tmp_path)[0].drain()
    assert published(tmp_path) == ["a", "bc"]


def test_events_go_out_before_their_time_when_no_more_come(tmp_path: Path) -> None:
    """A pause is long after a large batch, and there is nothing to gather in it."""
    pauses: dict[str, Any] = {"busy_rows": 1, "busy_interval_s": 5.0, "full_interval_s": 5.0, "quiet_s": 0.1}
    (normaliser, clock), edge = with_clock(tmp_path, **pauses), Edge(tmp_path)
    worked = []
    for event, second in (("a", 0.0), ("b", 0.05), ("", 0.1), ("", 0.21)):
        clock.now = 100.0 + second
        edge.sends(event)
        worked.append(normaliser.step())
    assert worked == [True, False, False, True]
    assert published(tmp_path) == ["a", "b"]


def test_an_event_sent_through_two_producers_within_a_pause_counts_once(tmp_path: Path) -> None:
    """One range is worked on at a time: the other producer's begins when it is committed."""
    (normaliser, clock), edge = with_clock(tmp_path), Edge(tmp_path)
    edge.sends("a")
    assert normaliser.step()
    clock.now += 0.1
    edge.sends("b")
    assert not normaliser.step()
    edge.sends("bc", "web")
    assert normaliser.step()
    normaliser.drain()
    assert sorted(published(tmp_path)) == ["a", "b", "c"]


def test_a_change_of_configuration_ends_a_range(tmp_path: Path) -> None:
    """What comes after it is read by the new one; what was read before goes out at once."""
    (normaliser, clock), edge = with_clock(tmp_path, snapshot(retention_days=90)), Edge(tmp_path)
    edge.sends("a")
    normaliser.step()
    clock.now += 0.1
    edge.sends("b")
    normaliser.step()
    normaliser._ports.snapshots = FixedSnapshot(snapshot(version=2, retention_days=30))
    edge.sends("c")
    assert normaliser.step()
    assert published(tmp_path) == ["a", "b"]
    normaliser.drain()
    store = Store()
    store.take(tmp_path)
    assert {r["event_id"][0]: r["retention_days"] for r in store.all("errors")} == {"a": 90, "b": 90, "c": 30}


def test_a_normaliser_rests_longer_while_it_gathers(tmp_path: Path) -> None:
    """It looks often when an event would go out at once, and seldom when it would wait anyway."""
    (normaliser, clock), edge = with_clock(tmp_path), Edge(tmp_path)
    rules = BatchRules()
    assert normaliser.rest_s() == rules.idle_s
    edge.sends("a")
    normaliser.step()
    assert normaliser.rest_s() == rules.gather_s
    clock.now += 1.0
    assert normaliser.rest_s() == rules.idle_s


@pytest.mark.parametrize(("events", "pause"), [("a", 0.2), ("ab", 0.5), ("abc", 1.2), ("abcd", 2.0)])
def test_the_larger_a_batch_was_the_longer_the_next_one_gathers(tmp_path: Path, events: str, pause: float) -> None:
    """Up to the longest pause, when events come faster than blocks should."""
    (normaliser, clock), edge = with_clock(tmp_path, busy_rows=2, full_rows=3, flooded_rows=4), Edge(tmp_path)
    edge.sends(events)
    assert normaliser.step()
    edge.sends("f")
    clock.now += pause - 0.01
    assert not normaliser.step()
    clock.now += 0.02
    assert normaliser.step()


def test_when_the_writer_lags_everything_stays_in_the_raw_spool(tmp_path: Path) -> None:
    """It has a budget; the ready spool has none."""
    append(tmp_path, [raw(event_envelope("a" * 32), event_id="a" * 32)])
    normaliser = shard_normaliser(tmp_path, snapshot(), rules=BatchRules(max_waiting_files=1))
    (Paths(tmp_path).spool / "ready" / "0" / ReadyName("x", 1, 0, 1, "errors").filename).write_bytes(b"")
    assert not normaliser.step()
    assert normaliser.backlog_bytes() > 0


def test_without_configuration_nothing_is_processed(tmp_path: Path) -> None:
    """Then it goes on by itself."""

    class Switch:
        there = False

        def current(self) -> ConfigSnapshot:
            if not self.there:
                raise StateError("no snapshot")
            return snapshot()

    append(tmp_path, [raw(event_envelope("a" * 32), event_id="a" * 32)])
    normaliser = shard_normaliser(tmp_path, snapshot())
    switch = Switch()
    normaliser._ports.snapshots = switch
    with pytest.raises(StateError):
        normaliser.step()
    assert ready_files(Paths(tmp_path).spool / "ready") == []
    switch.there = True
    assert normaliser.step()


def test_a_full_disk_is_waited_out(tmp_path: Path) -> None:
    """The range stays pinned and is redone; nothing is counted twice."""
    append(tmp_path, traffic()[:3])
    normaliser = shard_normaliser(tmp_path, snapshot())
    put = normaliser._ports.ready.put
    failures = iter([OSError(28, "No space left on device")])

    def full(name: ReadyName, batch: pa.Table) -> None:
        for error in failures:
            raise error
        put(name, batch)

    normaliser._ports.ready.put = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space"):
        normaliser.step()
    normaliser.drain()
    store = Store()
    store.take(tmp_path)
    assert len(store.all("errors")) == 3
    assert store.outcomes() == {"accepted": 3}


def test_counts_of_the_edge_reach_the_outcomes(tmp_path: Path) -> None:
    """They come as records of their own."""
    counts = [OutcomeCount(1, 7, NOW_NS // 1_000_000, "invalid", "default", "malformed", "ingest", 3, 99)]
    append(tmp_path, [RawRecord("outcome", NOW_NS, 0, 0, encode_record(counts))])
    shard_normaliser(tmp_path, snapshot()).drain()
    store = Store()
    store.take(tmp_path)
    [row] = store.all("outcomes")
    assert (row["project_id"], row["key_id"], row["reason"], row["source"], row["quantity"]) == (
        1,
        7,
        "malformed",
        "ingest",
        3,
    )


def test_a_new_state_never_repeats_the_tokens_of_an_old_one(tmp_path: Path) -> None:
    """Outcome files count from one; the state's random identity keeps two states apart."""
    first, second = ShardState(tmp_path / "a.sqlite3"), ShardState(tmp_path / "b.sqlite3")
    assert first.identity != second.identity
    assert ShardState(tmp_path / "a.sqlite3").identity == first.identity


def commit_keys(state: ShardState, keys: list[bytes], now_s: int) -> None:
    pin = Pin("p", Position(1, 0), Position(1, 9), snapshot())
    state.pin(pin)
    state.commit(pin, keys, [], now_s)


def test_the_seen_set_forgets_the_oldest_first_and_stays_bounded(tmp_path: Path) -> None:
    """By count and by time, half at a time."""
    state = ShardState(tmp_path / "s.sqlite3", SeenLimits(max_keys=20, max_age_s=1000))
    for number in range(10):
        commit_keys(state, [b"%d-%d" % (number, i) for i in range(5)], 100 + number)
    everything = [b"%d-%d" % (n, i) for n in range(10) for i in range(5)]
    kept = state.seen(everything)
    assert set(everything[-10:]) <= kept
    assert len(kept) <= 20
    commit_keys(state, [b"much later"], 100_000)
    commit_keys(state, [b"later still"], 200_000)
    assert state.seen([*everything, b"much later", b"later still"]) == {b"much later", b"later still"}


def test_the_seen_set_survives_a_restart(tmp_path: Path) -> None:
    """It is as it was at the checkpoint."""
    commit_keys(ShardState(tmp_path / "s.sqlite3"), [b"a"], 1)
    again = ShardState(tmp_path / "s.sqlite3")
    assert again.seen([b"a", b"b"]) == {b"a"}
    assert again.checkpoint("p") == Position(1, 9)


def test_a_spool_that_is_made_anew_has_other_tokens(tmp_path: Path) -> None:
    """Else the store would drop its first events for having the tokens of the old spool's first events."""
    store = Store()
    for event_id in ("a" * 32, "b" * 32):
        append(tmp_path, [raw(event_envelope(event_id), event_id=event_id)])
        shard_normaliser(tmp_path, snapshot()).drain()
        store.take(tmp_path)
        shutil.rmtree(Paths(tmp_path).spool)
    assert sorted(r["event_id"] for r in store.all("errors")) == ["a" * 32, "b" * 32]
    assert store.contradictions == []


def test_ready_names_and_tokens_say_where_rows_came_from() -> None:
    """The token is producer/shard/segment:start-end/dataset."""
    name = ReadyName("ingest-0", 3, 8, 900, "errors")
    assert ReadyName.parse(name.filename) == name
    assert name.token("1") == "ingest-0/1/3:8-900/errors"
    assert ReadyName.parse("something.else") is None


def test_half_written_ready_files_are_not_read(tmp_path: Path) -> None:
    """They have no name yet, and go at the next start."""
    shard = tmp_path / "ready" / "0"
    ReadyShard(shard)
    (shard / ".1234.tmp").write_bytes(b"half")
    assert ready_files(tmp_path / "ready") == []
    ReadyShard(shard)
    assert list(shard.iterdir()) == []


def test_a_batch_lacking_a_column_is_an_error() -> None:
    """Rows have exactly the stored columns."""
    with pytest.raises(KeyError):
        batch_of("errors", [{"project_id": 1}])


def letter(number: int, size: int = 0) -> DeadLetter:
    return DeadLetter(f"p/0/1:{number}#0", "invalid", "json", "", "event", 1, 7, NOW_NS, bytes(size))


def test_a_letter_that_was_written_twice_is_read_once(tmp_path: Path) -> None:
    """A redone range writes its letters again under the same ids."""
    box = DeadBox(tmp_path / "box")
    box.add([letter(1), letter(2)])
    box.add([letter(1), letter(2)])
    box.close()
    assert [x.id for x in read_box(tmp_path / "box")] == ["p/0/1:1#0", "p/0/1:2#0"]


def test_a_box_stays_bounded(tmp_path: Path) -> None:
    """The oldest letters make room."""
    box = DeadBox(tmp_path / "box", BoxBounds(max_bytes=10 * 1024 * 1024))
    for number in range(30):
        box.add([letter(number, 1024 * 1024)])
    box.close()
    kept = [x.id for x in read_box(tmp_path / "box")]
    assert kept[-1] == "p/0/1:29#0"
    assert 4 <= len(kept) <= 14


def test_dead_letters_expire_and_are_encrypted(tmp_path: Path) -> None:
    """Those of old segments go, also the newest segment, and with a key set aside; what comes later is kept."""
    keys = SpoolKeys.from_text("k" * 32)
    box = DeadBox(tmp_path / "box", BoxBounds(max_days=30), keys)
    box.add([letter(1)])
    now = time.time()
    assert box.expire(now + 29 * 86_400) == 0
    assert [x.id for x in read_box(tmp_path / "box", keys)] == ["p/0/1:1#0"]
    assert box.expire(now + 31 * 86_400) == 1
    box.add([letter(2)])
    box.close()
    assert [x.id for x in read_box(tmp_path / "box", keys)] == ["p/0/1:2#0"]
    assert not any(b"invalid" in path.read_bytes() for path in (tmp_path / "box").glob("*.seg"))
    with pytest.raises(StateError, match="which is not set"):
        list(read_box(tmp_path / "box"))


def test_a_lost_state_repeats_rows_under_their_old_tokens(tmp_path: Path) -> None:
    """A deleted state is a fresh start: everything still in the raw spool is read again."""
    append(tmp_path, traffic()[:1])
    shard_normaliser(tmp_path, snapshot()).drain()
    for file in (Paths(tmp_path).spool / "state").iterdir():
        file.unlink()
    store = Store()
    store.take(tmp_path, remove=False)
    shard_normaliser(tmp_path, snapshot()).drain()
    store.take(tmp_path)
    assert [r["event_id"] for r in store.all("errors")] == [f"{1:032x}"]
    assert store.contradictions == []
