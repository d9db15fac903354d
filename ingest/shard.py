"""The normaliser: raw records of a shard to ready batches, each exactly once.

The order of one range is: process it in memory as it comes, sync it, pin it with its configuration, keep its dead
letters, put its ready files, commit. A crash before the pin leaves nothing behind. A crash after it leaves a pinned
range, which is redone first: with the same configuration and the seen-set as of the checkpoint it gives the same rows
under the same names, and the store drops what it has already inserted.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from engine.blobs import BlobStore
from engine.files import write_atomically
from engine.snapshot import ConfigSnapshot
from engine.spool import Position, SpoolKeys, SpoolReader, SpoolRecord
from ingest.batches import batch_of, outcome_rows
from ingest.blobs.waiting import WaitingFiles
from ingest.gathering import Gathered, Producer, give_up
from ingest.pacing import BatchRules
from ingest.ports import Snapshots
from ingest.process import Batch, OutcomeKey, Processor
from ingest.ready import ReadyName, ReadyShard
from ingest.records import DeadLetter
from ingest.state import Pin, ShardState

if TYPE_CHECKING:
    from ingest.symbols import Symbolicator

_log = logging.getLogger(__name__)


class Letters(Protocol):
    """Where dead letters go; `ingest.deadbox.DeadBox` is one."""

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Keep them durably."""
        ...

    def expire(self, now_s: float) -> int:
        """Remove what is too old; return how many segments were."""
        ...


@dataclass(slots=True)
class ShardPorts:
    """What a shard's normaliser reads and writes.

    Attributes:
        raw_root: `spool/raw`, with a folder per producer.
        dead: box for what is broken.
        aside: box for what is not read yet.
        blobs: where contents of files go, None to keep none.
        symbols: resolves minified frames, None to leave them.
        keys: what raw records are encrypted with.
        waiting: payloads that were too large for their records.
    """

    raw_root: Path
    state: ShardState
    ready: ReadyShard
    dead: Letters
    aside: Letters
    snapshots: Snapshots
    blobs: BlobStore | None = None
    symbols: Symbolicator | None = None
    keys: SpoolKeys | None = None
    waiting: WaitingFiles | None = None


class ShardNormaliser:
    """Works on one shard; one thread.

    Args:
        shard: number of the shard.
        ports: what it reads and writes.
        rules: when a batch is made, and how large.
        monotonic: clock of the rules, in seconds.

    Attributes:
        totals: items published since the start, by outcome and category.
    """

    def __init__(
        self,
        shard: int,
        ports: ShardPorts,
        rules: BatchRules | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shard = str(shard)
        self._ports = ports
        self._rules = rules or BatchRules()
        self._monotonic = monotonic
        self._producers: dict[str, Producer] = {}
        self._gathered: Gathered | None = None
        self._outcomes_at = float("-inf")
        self._recovered = False
        self.totals: Counter[tuple[str, str]] = Counter()

    def step(self, *, hurry: bool = False) -> bool:
        """Publish what is due and return whether anything was; `hurry` ignores pauses and the writer's backlog.

        After an error the next step starts like a restart: with the ranges that were left pinned.

        Raises:
            StateError: there is no configuration snapshot (nothing was processed), or a pinned range is lost.
            OSError, sqlite3.Error: the disk is full or broken.
        """
        if not self._recovered:
            self._recover()
            self._recovered = True
        try:
            worked = [self._step_producer(producer, hurry=hurry) for producer in self._find_producers()]
            if self._monotonic() - self._outcomes_at >= self._rules.outcome_interval_s:
                self.flush_outcomes()
                for box in (self._ports.dead, self._ports.aside):
                    box.expire(time.time())
        except BaseException:
            self._recovered = False
            raise
        return any(worked)

    def drain(self) -> None:
        """Publish everything that is in the raw spools, and the outcomes."""
        while self.step(hurry=True):
            pass
        self.flush_outcomes()

    def rest_s(self) -> float:
        """Return how long there is nothing to do but to gather, in seconds: a look costs as much as an event."""
        pause = max((p.next_at for p in self._producers.values()), default=0.0) - self._monotonic()
        return min(max(self._rules.idle_s, pause), self._rules.gather_s)

    def backlog_bytes(self) -> int:
        """Return how many raw bytes are not published yet."""
        return sum(p.reader.backlog_bytes(p.after) for p in self._find_producers())

    def flush_outcomes(self) -> None:
        """Put the outcome counts that were committed since the last flush into the ready spool."""
        self._outcomes_at = self._monotonic()
        state = self._ports.state
        state.begin_flush()
        for number, counts in state.flushing().items():
            name = ReadyName(f"state-{state.identity}", number, 0, 0, "outcomes")
            self._ports.ready.put(name, batch_of("outcomes", outcome_rows(counts)))
            self._ports.ready.sync()
            state.end_flush(number)

    def _find_producers(self) -> list[Producer]:
        try:
            names = sorted(entry.name for entry in os.scandir(self._ports.raw_root) if entry.is_dir())
        except FileNotFoundError:
            return []
        for name in names:
            directory = self._ports.raw_root / name / self._shard
            if name not in self._producers and directory.is_dir():
                after = self._ports.state.checkpoint(name)
                self._producers[name] = Producer(name, SpoolReader(directory, self._ports.keys), after)
        return [self._producers[name] for name in names if name in self._producers]

    def _recover(self) -> None:
        """Redo the ranges a crash left pinned, each with the configuration it was pinned with."""
        self._producers.clear()
        self._gathered = None
        for pin in self._ports.state.pins():
            reader = SpoolReader(self._ports.raw_root / pin.producer / self._shard, self._ports.keys)
            batch = Batch()
            processor = self._processor(pin.producer, pin.config)
            end = pin.start
            for record in self._records(reader, pin.start, until=pin.end):
                processor.add(record, batch)
                end = record.next
            if end != pin.end:
                # Refused by a broken disk after it was read, or damaged since. What follows must not wait for it.
                _log.error("of raw %s/%s %s-%s only %s is left", pin.producer, self._shard, pin.start, pin.end, end)
                lost = OutcomeKey(
                    0, 0, batch.newest_s or int(time.time()), "dropped", "unknown", "raw_lost", "normaliser"
                )
                batch.count(lost, 1, max(0, pin.end.offset - end.offset))
            self._publish(pin, batch)

    def _step_producer(self, producer: Producer, *, hurry: bool) -> bool:
        """Work on what a producer has, and publish it if that is due; return whether something was published."""
        come = hurry or self._monotonic() >= producer.next_at
        waiting = 0 if hurry else self._ports.ready.waiting()
        busy = self._gathered is not None and self._gathered.producer is not producer
        if waiting >= self._rules.max_waiting_files or (busy and not come):
            return False
        found = self._gather(producer)
        if found is None or not (come or (waiting < self._rules.crowded_files and self._is_due(found))):
            return False
        self._publish_gathered(found)
        return True

    def _is_due(self, found: Gathered) -> bool:
        """Tell whether a range is to be published before its time: it is complete or large, or nothing more comes."""
        rules, now = self._rules, self._monotonic()
        large = found.end.offset - found.start.offset >= rules.big_backlog_bytes
        quiet = now >= max(found.producer.soon_at, found.grew_at + rules.quiet_s)
        return found.complete or large or quiet

    def _gather(self, producer: Producer) -> Gathered | None:
        """Work on what there is to read, in memory; return the range so far, None when there is nothing.

        One range at a time: what it holds is not in the seen-set yet, and another must not hold it too.
        """
        found = self._gathered if self._gathered is not None and self._gathered.producer is producer else None
        if found is not None:
            found.complete |= self._ports.snapshots.current().version != found.config.version
            if found.complete:
                return found
        for record in self._records(producer.reader, producer.after if found is None else found.end):
            if found is None:
                found = self._opened(producer, record.position)
            elif record.position.segment != found.start.segment:
                found.complete = True
                break
            found.processor.add(record, found.batch)
            found.end, found.records, found.grew_at = record.next, found.records + 1, self._monotonic()
            if self._full(found.batch, found.records):
                found.complete = True
                break
        self._tell_damage(producer)
        if found is None:
            self._clean(producer)
        return found

    def _opened(self, producer: Producer, start: Position) -> Gathered:
        """Begin a range, after the one of another producer is published."""
        if self._gathered is not None:
            self._publish_gathered(self._gathered)
        config = self._ports.snapshots.current()
        self._gathered = Gathered(producer, config, self._processor(producer.name, config), start, start)
        return self._gathered

    def _publish_gathered(self, found: Gathered) -> None:
        """Pin what was gathered, make it visible and commit it."""
        self._gathered = None
        producer, end = found.producer, found.end
        # Else a power cut could leave the pin and not what it names.
        producer.reader.sync(end.segment)
        pin = Pin(producer.name, found.start, end, found.config)
        self._ports.state.pin(pin)
        self._publish(pin, found.batch)
        turned = producer.after is None or producer.after.segment != end.segment
        producer.after = end
        if turned:
            # Not only when nothing is left to read: under steady traffic that never happens.
            producer.to_clean = True
            self._clean(producer)
            producer.to_clean = True
        now = self._monotonic()
        producer.next_at, producer.soon_at = now + self._pause(found.batch), now + self._rules.interval_s

    def _pause(self, batch: Batch) -> float:
        """Return how long to gather records for the next batch, in seconds."""
        rules, rows = self._rules, batch.row_count
        if self._ports.ready.waiting() >= rules.crowded_files:
            return rules.crowded_interval_s
        if rows >= rules.flooded_rows:
            return rules.flooded_interval_s
        if rows >= rules.full_rows:
            return rules.full_interval_s
        return rules.busy_interval_s if rows >= rules.busy_rows else rules.interval_s

    def _records(
        self, reader: SpoolReader, after: Position | None, until: Position | None = None
    ) -> Iterator[SpoolRecord]:
        """Yield records of one segment: a range never spans two, so that its token names one."""
        segment: int | None = None
        rules = self._rules
        while records := reader.read(after, max_records=rules.read_records, max_bytes=rules.read_bytes, until=until):
            for record in records:
                if segment is not None and record.position.segment != segment:
                    return
                segment = record.position.segment
                yield record
            after = records[-1].next

    def _full(self, batch: Batch, records: int) -> bool:
        rules = self._rules
        return records >= rules.max_records or batch.row_count >= rules.max_rows or batch.bytes >= rules.max_bytes

    def _processor(self, producer: str, config: ConfigSnapshot) -> Processor:
        ports = self._ports
        origin = f"{producer}/{self._shard}"
        return Processor(config, origin, ports.state.seen, ports.blobs, ports.symbols, ports.waiting)

    def _publish(self, pin: Pin, batch: Batch) -> None:
        """Make a pinned range visible and commit it."""
        ports = self._ports
        try:
            tables = _tables(batch)
        except Exception:  # noqa: BLE001 - a record of it is at fault, and is found below
            _log.exception("raw %s/%s %s-%s holds what fits no column", pin.producer, self._shard, pin.start, pin.end)
            batch = self._sifted(pin)
            tables = _tables(batch)
        source = f"{pin.producer}-{spool_identity(ports.raw_root / pin.producer / self._shard)}"
        ports.dead.add([letter for letter in batch.dead if letter.kind != "set_aside"])
        ports.aside.add([letter for letter in batch.dead if letter.kind == "set_aside"])
        for dataset, table in tables.items():
            ports.ready.put(ReadyName.of_range(source, pin.start, pin.end, dataset), table)
        if tables:
            ports.ready.sync()
        outcomes = batch.outcomes()
        ports.state.commit(pin, batch.keys, outcomes, batch.newest_s)
        if ports.waiting is not None:
            for name in batch.files:
                ports.waiting.drop(name)
        for count in outcomes:
            self.totals[count.outcome, count.category] += count.quantity

    def _sifted(self, pin: Pin) -> Batch:
        """Return the batch of a range in which a record makes rows that fit no column: that one becomes a dead letter.

        A defect of ours, but it must not stop the shard; the record can be replayed when it is mended.
        """
        reader = SpoolReader(self._ports.raw_root / pin.producer / self._shard, self._ports.keys)
        processor, batch = self._processor(pin.producer, pin.config), Batch()
        for record in self._records(reader, pin.start, until=pin.end):
            alone = Batch()
            processor.add(record, alone)
            try:
                _tables(alone)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this record's
                give_up(f"{pin.producer}/{self._shard}", record, error, batch)
            else:
                processor.add(record, batch)
        return batch

    def _tell_damage(self, producer: Producer) -> None:
        for damage in producer.reader.damage[producer.damages :]:
            _log.error(
                "raw %s/%s is damaged at %s, %d bytes were skipped",
                producer.name,
                self._shard,
                damage.position,
                damage.bytes_skipped,
            )
        producer.damages = len(producer.reader.damage)

    def _clean(self, producer: Producer) -> None:
        """Remove raw segments that are published; called when there is nothing to read."""
        if producer.to_clean and producer.after is not None:
            producer.reader.delete_before(producer.after)
            producer.to_clean = False


def _tables(batch: Batch) -> dict[str, pa.Table]:
    return {dataset: batch_of(dataset, rows) for dataset, rows in batch.rows.items() if rows}


def spool_identity(directory: Path) -> str:
    """Return the random word that names a raw spool, made when it is first read; part of every insert token.

    Without it, a spool that was removed and made anew would count its segments from one again, and the store would
    drop new events for having old tokens.
    """
    path = directory / "identity"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        write_atomically(path, secrets.token_hex(6).encode())
        return path.read_text().strip()
