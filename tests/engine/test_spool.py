"""The spool: what is acknowledged is durable and read once, in order."""

from __future__ import annotations

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.errors import StateError
from engine.spool import (
    MAX_PAYLOAD_BYTES,
    Position,
    SpoolFull,
    SpoolReader,
    SpoolRecord,
    SpoolWriter,
    read_checkpoint,
    used_bytes,
    write_checkpoint,
)
from engine.spool._format import HEADER, segment_path, segments


def read_all(directory: Path, after: Position | None = None, *, max_records: int = 3) -> list[SpoolRecord]:
    """Read in small steps, as a consumer does."""
    reader = SpoolReader(directory)
    records: list[SpoolRecord] = []
    while batch := reader.read(after, max_records=max_records):
        records += batch
        after = batch[-1].next
    return records


def payloads(records: list[SpoolRecord]) -> list[bytes]:
    return [record.payload for record in records]


def test_records_come_back_in_order_with_their_positions(tmp_path: Path) -> None:
    """The position `append` returns is where the record is read; `next` is where reading goes on."""
    writer = SpoolWriter(tmp_path)
    written = [b"one", b"", b"three" * 1000]
    positions = [writer.append(payload) for payload in written]
    records = read_all(tmp_path, max_records=1)
    assert payloads(records) == written
    assert [record.position for record in records] == positions == sorted(positions)
    assert [record.next for record in records[:-1]] == positions[1:]
    assert SpoolReader(tmp_path).end() == records[-1].next
    writer.close()


def test_many_records_in_one_call_are_one_group(tmp_path: Path) -> None:
    """`append_many` acknowledges all of its records at once."""
    writer = SpoolWriter(tmp_path)
    assert writer.append_many([]) == []
    positions = writer.append_many([bytes([i]) for i in range(200)])
    assert len(set(positions)) == 200
    assert payloads(read_all(tmp_path, max_records=1000)) == [bytes([i]) for i in range(200)]
    writer.close()


def test_callers_from_many_threads_all_get_their_own_record(tmp_path: Path) -> None:
    """Whatever is grouped with whatever, each caller's position leads to each caller's payload."""
    writer = SpoolWriter(tmp_path, segment_bytes=2000, group_delay_s=0.001)

    def write(name: int) -> dict[Position, bytes]:
        return {writer.append(payload): payload for payload in (f"{name}-{i}".encode() * 3 for i in range(25))}

    with ThreadPoolExecutor(12) as pool:
        expected = {position: payload for part in pool.map(write, range(12)) for position, payload in part.items()}
    writer.close()
    assert {record.position: record.payload for record in read_all(tmp_path)} == expected
    assert len(expected) == 300
    assert len(segments(tmp_path)) > 1


def test_a_writer_always_starts_a_segment_of_its_own(tmp_path: Path) -> None:
    """Offsets of an older writer are never used again, even when its segment has room."""
    for expected in (1, 2, 3):
        writer = SpoolWriter(tmp_path)
        assert writer.append(b"x").segment == expected
        writer.close()


def test_a_segment_number_is_never_used_twice(tmp_path: Path) -> None:
    """When everything was read and deleted, the newest segment stays and the numbers go on."""
    for expected in (1, 2, 3):
        writer = SpoolWriter(tmp_path)
        assert writer.append(b"x").segment == expected
        writer.close()
        reader = SpoolReader(tmp_path)
        reader.delete_before(reader.end())
        assert segments(tmp_path) == [expected]


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """Two writers on one directory would end each other's segments."""
    writer = SpoolWriter(tmp_path)
    with pytest.raises(StateError) as caught:
        SpoolWriter(tmp_path)
    assert caught.value.code == "spool-locked"
    writer.close()
    SpoolWriter(tmp_path).close()


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    """Appending after closing is an error, closing twice is none."""
    writer = SpoolWriter(tmp_path)
    writer.append(b"x")
    writer.close()
    writer.close()
    with pytest.raises(StateError):
        writer.append(b"y")
    assert payloads(read_all(tmp_path)) == [b"x"]


def test_a_record_has_a_largest_size(tmp_path: Path) -> None:
    """Larger payloads are refused instead of being taken for damage later."""

    class Huge(bytes):
        def __len__(self) -> int:
            return MAX_PAYLOAD_BYTES + 1

    writer = SpoolWriter(tmp_path)
    with pytest.raises(ValueError, match="at most"):
        writer.append(Huge(b"x"))
    writer.close()


def test_reading_stops_at_the_byte_budget_and_at_until(tmp_path: Path) -> None:
    """A read is bounded by records, by bytes, and by a position, so that a range can be read again exactly."""
    writer = SpoolWriter(tmp_path, segment_bytes=100)
    positions = [writer.append(bytes([65 + i]) * 40) for i in range(6)]
    writer.close()
    reader = SpoolReader(tmp_path)
    assert len(reader.read(None, max_bytes=41)) == 2
    assert len(reader.read(None, max_records=4)) == 4
    again = reader.read(positions[1], until=positions[4])
    assert [record.position for record in again] == positions[1:4]
    assert reader.read(positions[4], until=positions[4]) == []


def test_a_record_larger_than_the_byte_budget_is_read_alone(tmp_path: Path) -> None:
    """The budget never stops progress."""
    writer = SpoolWriter(tmp_path)
    big = os.urandom(3_000_000)
    writer.append_many([b"small", big, b"after"])
    writer.close()
    records = SpoolReader(tmp_path).read(None, max_bytes=6)
    assert payloads(records) == [b"small", big]


def test_the_backlog_shrinks_as_positions_advance(tmp_path: Path) -> None:
    """`backlog_bytes` counts what lies behind a position, across segments."""
    writer = SpoolWriter(tmp_path, segment_bytes=64)
    writer.append_many([b"x" * 30])
    writer.append_many([b"y" * 30])
    records = read_all(tmp_path)
    reader = SpoolReader(tmp_path)
    assert reader.backlog_bytes(None) == 76
    assert reader.backlog_bytes(records[0].next) == 38
    assert reader.backlog_bytes(records[1].next) == 0
    writer.close()


def test_a_spool_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    """A consumer may start before the first producer."""
    reader = SpoolReader(tmp_path / "later")
    assert reader.read(None) == []
    assert reader.end() == Position(0, 0)
    assert reader.backlog_bytes(None) == 0
    assert reader.delete_before(Position(5, 0)) == 0


def test_deleting_keeps_what_is_not_read(tmp_path: Path) -> None:
    """Whole segments before the position go, also the one the position is at the end of."""
    writer = SpoolWriter(tmp_path, segment_bytes=50)
    for i in range(6):
        writer.append(bytes([i]) * 30)
    records = read_all(tmp_path)
    reader = SpoolReader(tmp_path)
    assert reader.delete_before(records[1].position) == 0
    assert reader.delete_before(records[3].next) == 2
    assert payloads(reader.read(records[3].next)) == payloads(records[4:])
    assert payloads(reader.read(None)) == payloads(records[4:])
    writer.close()


def damage(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0xFF]))


def test_a_damaged_record_is_skipped_alone(tmp_path: Path) -> None:
    """A flipped bit in a payload costs that record; its neighbours are read, and the loss is counted."""
    writer = SpoolWriter(tmp_path)
    positions = writer.append_many([b"a" * 10, b"b" * 10, b"c" * 10])
    writer.close()
    SpoolWriter(tmp_path).close()
    damage(segment_path(tmp_path, 1), positions[1].offset + 12)
    reader = SpoolReader(tmp_path)
    assert payloads(reader.read(None)) == [b"a" * 10, b"c" * 10]
    assert [(d.position, d.bytes_skipped) for d in reader.damage] == [(positions[1], 18)]


def test_a_damaged_length_costs_the_rest_of_its_segment(tmp_path: Path) -> None:
    """Reading goes on with the next segment, and the loss is counted."""
    writer = SpoolWriter(tmp_path, segment_bytes=60)
    first = writer.append_many([b"a" * 10, b"b" * 10, b"c" * 10])
    writer.append(b"next")
    writer.close()
    damage(segment_path(tmp_path, 1), first[1].offset + 3)
    reader = SpoolReader(tmp_path)
    assert payloads(reader.read(None)) == [b"a" * 10, b"next"]
    assert [d.bytes_skipped for d in reader.damage] == [36]


def test_a_file_that_is_no_segment_is_skipped(tmp_path: Path) -> None:
    """A segment with a strange header is damage, not a crash."""
    segment_path(tmp_path, 1).write_bytes(b"something else entirely")
    writer = SpoolWriter(tmp_path)
    writer.append(b"x")
    writer.close()
    assert payloads(read_all(tmp_path)) == [b"x"]


def fill(writer: SpoolWriter) -> None:
    for _ in range(100):
        writer.append(b"x" * 500)


def test_the_budget_is_back_pressure_and_recovers(tmp_path: Path) -> None:
    """Over its budget the spool refuses; when a consumer has deleted segments, it takes again."""
    writer = SpoolWriter(tmp_path, segment_bytes=1000, disk_budget_bytes=5000)
    with pytest.raises(SpoolFull) as caught:
        fill(writer)
    assert caught.value.retry_after_s > 0
    assert used_bytes(tmp_path) <= 5000
    reader = SpoolReader(tmp_path)
    written = len(read_all(tmp_path))
    assert written >= 8
    reader.delete_before(reader.end())
    writer.append(b"x" * 500)
    writer.close()


def test_a_nearly_full_disk_is_refused_before_it_is_full(tmp_path: Path) -> None:
    """The reserve keeps room for the other files on the disk."""
    free = shutil.disk_usage(tmp_path).free
    writer = SpoolWriter(tmp_path, reserve_bytes=free * 2)
    with pytest.raises(SpoolFull, match="free"):
        writer.append(b"x")
    writer.close()


FILE_SIZE_TEST = """
import resource, signal, sys, time
from pathlib import Path
from engine.spool import SpoolFull, SpoolWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
directory = Path(sys.argv[1])
writer = SpoolWriter(directory)
acknowledged = [writer.append(b"a" * 1000) for _ in range(3)]
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
refused = 0
for _ in range(5):
    try:
        acknowledged.append(writer.append(b"b" * 1500))
    except SpoolFull:
        refused += 1
assert refused >= 3, refused
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
time.sleep(0.6)
acknowledged.append(writer.append(b"c" * 1000))
writer.close()
print(*acknowledged)
"""


def test_a_write_that_fails_midway_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """When the disk is full in the middle of a record, callers are refused, and after that it works again."""
    import subprocess
    import sys

    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FILE_SIZE_TEST, str(tmp_path)], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr
    acknowledged = [Position.parse(text) for text in done.stdout.split()]
    records = read_all(tmp_path)
    assert [record.position for record in records] == acknowledged
    assert records[-1].payload == b"c" * 1000
    assert records[-1].position.segment > records[0].position.segment


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    """While records are appended and segments change, a reader sees each once and no damage."""
    writer = SpoolWriter(tmp_path, segment_bytes=500)
    reader = SpoolReader(tmp_path)
    seen: list[bytes] = []
    done = threading.Event()

    def follow() -> None:
        after = None
        while True:
            last_round = done.is_set()
            for record in reader.read(after, max_records=7):
                seen.append(record.payload)
                after = record.next
            if last_round and len(seen) == 600:
                return
            time.sleep(0.0005)

    thread = threading.Thread(target=follow)
    thread.start()
    expected = [str(i).encode() * (i % 9) for i in range(600)]
    for payload in expected:
        writer.append(payload)
    done.set()
    thread.join(timeout=120)
    writer.close()
    assert seen == expected
    assert reader.damage == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=12), st.data())
def test_any_torn_tail_gives_a_prefix(
    tmp_path_factory: pytest.TempPathFactory, written: list[bytes], data: st.DataObject
) -> None:
    """Wherever the last segment is cut off, or zeros stand instead, the records before the cut are all there."""
    directory = tmp_path_factory.mktemp("torn")
    writer = SpoolWriter(directory)
    positions = writer.append_many(written)
    writer.close()
    path = segment_path(directory, 1)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    zeros = data.draw(st.booleans())
    path.write_bytes(whole[:cut] + (b"\0" * (len(whole) - cut) if zeros else b""))
    ends = [position.offset for position in positions[1:]] + [len(whole)]
    now = path.read_bytes()
    intact = [end <= len(now) and now[:end] == whole[:end] for end in ends]
    kept = [payload for payload, whole_up_to_here in zip(written, intact, strict=True) if whole_up_to_here]
    assert payloads(read_all(directory)) == kept
    reopened = SpoolWriter(directory)
    position = reopened.append(b"after the crash")
    reopened.close()
    assert position.segment == 2
    reader = SpoolReader(directory)
    assert payloads(reader.read(None)) == [*kept, b"after the crash"]
    assert reader.damage == ()


class SpoolMachine(RuleBasedStateMachine):
    """Appends, crashes that cut the unacknowledged tail, restarts, reads and deletions, in any order."""

    @initialize()
    def start(self) -> None:
        import tempfile

        self.directory = Path(tempfile.mkdtemp(prefix="amber-spool-"))
        self.writer = SpoolWriter(self.directory, segment_bytes=300)
        self.acknowledged: dict[Position, bytes] = {}
        self.checkpoint: Position | None = None

    @rule(written=st.lists(st.binary(max_size=120), min_size=1, max_size=4))
    def append(self, written: list[bytes]) -> None:
        for position, payload in zip(self.writer.append_many(written), written, strict=True):
            assert position not in self.acknowledged
            self.acknowledged[position] = payload

    @rule(garbage=st.binary(max_size=60), as_record=st.booleans())
    def crash(self, garbage: bytes, as_record: bool) -> None:
        """The process ends while a record was being written: part of it, or anything, is behind the last one."""
        self.writer.close()
        numbers = segments(self.directory)
        if numbers:
            torn = (len(garbage) + 50).to_bytes(4, "little") + b"\1\2\3\4" + garbage if as_record else garbage[:7]
            with segment_path(self.directory, numbers[-1]).open("ab") as file:
                file.write(torn)
        self.writer = SpoolWriter(self.directory, segment_bytes=300)

    @rule(count=st.integers(1, 5))
    def consume(self, count: int) -> None:
        reader = SpoolReader(self.directory)
        expected = [p for p in self.acknowledged if self.checkpoint is None or p >= self.checkpoint][:count]
        records = reader.read(self.checkpoint, max_records=count)
        assert [record.position for record in records] == expected
        assert [record.payload for record in records] == [self.acknowledged[p] for p in expected]
        if records:
            self.checkpoint = records[-1].next

    @rule()
    def delete(self) -> None:
        if self.checkpoint is not None:
            SpoolReader(self.directory).delete_before(self.checkpoint)

    @invariant()
    def everything_behind_the_checkpoint_is_readable(self) -> None:
        if not hasattr(self, "directory"):
            return
        reader = SpoolReader(self.directory)
        records = reader.read(self.checkpoint, max_records=10_000)
        expected = {p: v for p, v in self.acknowledged.items() if self.checkpoint is None or p >= self.checkpoint}
        assert {record.position: record.payload for record in records} == expected
        assert reader.damage == ()

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.writer.close()
            shutil.rmtree(self.directory)


SpoolMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestSpoolMachine = SpoolMachine.TestCase


CRASH_CHILD = """
import sys, threading
from pathlib import Path
from engine.spool import SpoolWriter

writer = SpoolWriter(Path(sys.argv[1]), segment_bytes=200_000)
lock = threading.Lock()

def work(name):
    for i in range(1_000_000):
        payload = f"{name}:{i}:".encode() + bytes([name]) * (i * 37 % 5000)
        position = writer.append(payload)
        with lock:
            sys.stdout.write(f"{position} {name} {i}\\n")
            sys.stdout.flush()

for name in range(6):
    threading.Thread(target=work, args=(name,)).start()
"""


@pytest.mark.chaos
def test_what_was_acknowledged_before_a_kill_is_there(tmp_path: Path) -> None:
    """Six threads append until SIGKILL, five times over: every acknowledged record is read back, at its position."""
    import subprocess
    import sys

    root = Path(__file__).parents[2]
    acknowledged: dict[Position, tuple[int, int, int]] = {}
    for turn in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", CRASH_CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=root
        ) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(150 + 70 * turn)]
            child.kill()
            lines += child.stdout.readlines()
        for line in lines:
            if line.endswith("\n"):
                position, name, i = line.split()
                assert Position.parse(position) not in acknowledged
                acknowledged[Position.parse(position)] = (turn, int(name), int(i))
    found = {record.position: record.payload for record in read_all(tmp_path, max_records=500)}
    assert len(acknowledged) > 1000
    for position, (_, name, i) in acknowledged.items():
        assert found[position] == f"{name}:{i}:".encode() + bytes([name]) * (i * 37 % 5000)
    reader = SpoolReader(tmp_path)
    reader.read(None, max_records=10**6, max_bytes=10**9)
    assert reader.damage == ()


def test_a_checkpoint_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """What was written last is read; a missing one is None, a damaged one is told."""
    path = tmp_path / "deep" / "checkpoint.json"
    assert read_checkpoint(path) is None
    for value in ({"position": "3:17"}, {"position": "4:8", "seen": [1, 2]}):
        write_checkpoint(path, value)
        assert read_checkpoint(path) == value
    assert [p.name for p in path.parent.iterdir()] == ["checkpoint.json"]
    path.write_bytes(b"{")
    with pytest.raises(StateError):
        read_checkpoint(path)


def test_a_header_is_eight_bytes() -> None:
    """The first record of a segment starts at offset 8."""
    assert len(HEADER) == 8
