"""The writer: ready files into the store, issues into the metadata database. Runs where the store is open.

A file goes only after its rows are durable in the store and every issue they need exists. A crash before that means the
file is inserted again under the same token, which the store drops, and the issues are ensured again, which changes
nothing.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from engine.clock import Clock, SystemClock
from engine.errors import CapacityError, StateError
from engine.eventstore.errors import StoreRejected
from engine.files import fsync_directory, make_directory, write_atomically
from engine.ids import default_issue_id
from engine.metadata.rows import IssueRow, NewIssue
from ingest.batches import batch_of, former_fingerprints, outcome_rows
from ingest.items import DATASET_CATEGORIES
from ingest.layout import READY, REJECTED, DataPaths
from ingest.ready import ReadyFile, read_batch, ready_files
from ingest.records import OutcomeCount

_log = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN_PAIRS = 200_000
_ATTEMPTS_BEFORE_REJECTED = 3
_SHOWN = ("title", "culprit", "level", "release", "error_handled")
_IDLE_S = 0.02
_LONGEST_BACKOFF_S = 5.0


class Inserts(Protocol):
    """The part of the event store the writer needs."""

    def insert_file(self, table: str, path: Path, token: str) -> None:
        """Insert an Arrow stream file as one block, durably; a known token changes nothing."""
        ...

    def insert_rows(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        """Insert a few rows."""
        ...


class IssueBook(Protocol):
    """The part of the metadata store the writer needs."""

    def ensure_issues(self, seen: Sequence[NewIssue]) -> list[IssueRow]:
        """Create the issues that do not exist, each once whoever asks."""
        ...


class Mirror(Protocol):
    """Keeps the store's copy of issue state."""

    def sync(self) -> object:
        """Bring it up to date."""
        ...


class Watch(Protocol):
    """Looks at errors once they are stored and have their issues."""

    def stored(self, rows: pa.Table) -> None:
        """Look at a batch; after a crash it is given again."""
        ...


@dataclass(frozen=True, slots=True)
class WriterFigures:
    """What the writer has done since it started.

    Attributes:
        inserted_rows: by table.
        last_error: why the oldest file is waiting, empty when all is well.
    """

    inserted_rows: Mapping[str, int]
    last_error: str


class ReadyWriter:
    """Inserts ready files, oldest first; one thread.

    Args:
        store: where rows go.
        metadata: where issues are created.
        mirror: copies new issues into the store.
        data: the data directory.
        clock: says what is now.
        watch: looks at errors that are stored.
    """

    def __init__(
        self,
        store: Inserts,
        metadata: IssueBook,
        mirror: Mirror,
        data: DataPaths,
        clock: Clock | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._store = store
        self._watch = watch
        self._metadata = metadata
        self._mirror = mirror
        self._ready_root = data.spool / READY
        self._rejected = data.spool / REJECTED
        self._clock = clock or SystemClock()
        self._known: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._former_known: dict[tuple[int, int], set[int]] = {}
        self._attempts: dict[Path, int] = {}
        self._backoff_s = 0.0
        self._inserted: dict[str, int] = {}
        self._last_error = ""

    def figures(self) -> WriterFigures:
        """Return what was done so far; may be called from any thread."""
        return WriterFigures(dict(self._inserted), self._last_error)

    def run(self, stop: threading.Event) -> None:
        """Insert what is ready until `stop` is set."""
        while not stop.is_set():
            if self.step():
                continue
            stop.wait(self._backoff_s or _IDLE_S)

    def drain(self, deadline_s: float = 60.0, still_coming: Callable[[], bool] = lambda: False) -> bool:
        """Insert until nothing is ready and nothing is coming; False when the deadline passed first."""
        until = time.monotonic() + deadline_s
        while True:
            coming = still_coming()
            if self.step():
                continue
            if not coming and not ready_files(self._ready_root):
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(self._backoff_s or _IDLE_S)

    def waiting(self) -> list[ReadyFile]:
        """Return the files not inserted yet, oldest first."""
        return ready_files(self._ready_root)

    def step(self) -> bool:
        """Insert what is ready now; return whether anything was inserted or given up."""
        worked = False
        for ready in ready_files(self._ready_root):
            try:
                self._insert(ready)
            except StoreRejected as error:
                worked |= self._refused(ready, error)
            except (pa.ArrowInvalid, KeyError) as error:
                worked |= self._refused(ready, error)
            except (CapacityError, OSError) as error:
                self._wait_longer(ready, error)
                return worked
            except StateError as error:
                # Its project is unknown here, say. Its rows may be in the store: they are not counted as dropped.
                worked |= self._refused(ready, error)
            except Exception as error:  # noqa: BLE001 - a defect of ours on one batch must not stop the others
                self._wait_longer(ready, error)
            else:
                self._attempts.pop(ready.path, None)
                worked = True
                self._backoff_s = 0.0
                self._last_error = ""
        return worked

    def _insert(self, ready: ReadyFile) -> None:
        table = ready.name.dataset
        self._store.insert_file(table, ready.path, ready.token)
        rows = read_batch(ready.path)
        if table == "errors":
            self._ensure_issues(rows)
            if self._watch is not None:
                self._watch.stored(rows)
        self._inserted[table] = self._inserted.get(table, 0) + rows.num_rows
        ready.path.unlink(missing_ok=True)
        # Without a sync of the directory: a file that reappears after a power cut is dropped by its token.

    def _ensure_issues(self, rows: pa.Table) -> None:
        new = self._unknown_issues(rows)
        if not new:
            return
        self._metadata.ensure_issues(new)
        self._mirror.sync()
        for issue in new:
            pair = (issue.project_id, issue.fingerprint)
            self._known[pair] = None
            if issue.fingerprints_before:
                self._former_known.setdefault(pair, set()).update(issue.fingerprints_before)
        while len(self._known) > _KNOWN_PAIRS:
            self._former_known.pop(self._known.popitem(last=False)[0], None)

    def _unknown_issues(self, rows: pa.Table) -> list[NewIssue]:
        """Return one new issue per unknown (project, fingerprint), as its earliest row shows it.

        One that is known counts as unknown where a row says of the version before what none has said until now.
        """
        former = former_fingerprints(rows)
        more = {pair for pair, said in former.items() if not self._former_known.get(pair, set()).issuperset(said)}
        projects: list[int] = _values(rows["project_id"])
        fingerprints: list[int] = _values(rows["fingerprint"])
        times: list[int] = _values(rows["timestamp"].cast(pa.int64()))
        earliest: dict[tuple[int, int], int] = {}
        for index, pair in enumerate(zip(projects, fingerprints, strict=True)):
            if pair in self._known and pair not in more:
                self._known.move_to_end(pair)
            elif pair not in earliest or times[index] < times[earliest[pair]]:
                earliest[pair] = index
        shown = rows.select(_SHOWN).take(pa.array(list(earliest.values()), pa.int64())).to_pylist()
        return [
            NewIssue(
                project_id=project_id,
                fingerprint=fingerprint,
                issue_id=default_issue_id(project_id, fingerprint),
                title=row["title"],
                culprit=row["culprit"],
                level=row["level"],
                first_seen=_EPOCH + timedelta(microseconds=times[index]),
                fingerprints_before=former.get((project_id, fingerprint), ()),
                first_release=row["release"],
                handled=row["error_handled"],
            )
            for ((project_id, fingerprint), index), row in zip(earliest.items(), shown, strict=True)
        ]

    def _wait_longer(self, ready: ReadyFile, error: Exception) -> None:
        self._backoff_s = min(_LONGEST_BACKOFF_S, self._backoff_s * 2 or 0.1)
        self._last_error = str(error)
        _log.warning("ready file %s waits %.1f s: %s", ready.path.name, self._backoff_s, error)

    def _refused(self, ready: ReadyFile, error: Exception) -> bool:
        """Try a refused file a few times, then put it aside with the reason; return whether it is out of the way."""
        self._last_error = str(error)
        attempts = self._attempts.get(ready.path, 0) + 1
        self._attempts[ready.path] = attempts
        if attempts < _ATTEMPTS_BEFORE_REJECTED:
            self._backoff_s = 0.1
            return False
        try:
            if not isinstance(error, StateError):
                self._count_dropped(ready)
            reject(ready, self._rejected, str(error), self._clock)
        except OSError as full:
            self._wait_longer(ready, full)
            return False
        del self._attempts[ready.path]
        _log.error("%s is refused for good: %s", ready.path.name, error)
        return True

    def _count_dropped(self, ready: ReadyFile) -> None:
        """Count the rows of a refused file as dropped; when even that fails, the rejected file still says so."""
        try:
            counts = _row_counts(read_batch(ready.path))
            if ready.name.dataset == "outcomes" or not counts:
                return
            category = DATASET_CATEGORIES.get(ready.name.dataset, "unknown")
            now_ms = self._clock.now_ns() // 1_000_000
            rows = outcome_rows(
                [
                    OutcomeCount(project, 0, now_ms, "dropped", category, "store_rejected", "writer", n, 0)
                    for project, n in counts
                ]
            )
            self._store.insert_rows("outcomes", batch_of("outcomes", rows), f"{ready.token}/dropped")
        except (StoreRejected, CapacityError, OSError, pa.ArrowInvalid, KeyError) as error:
            _log.warning("the dropped rows of %s could not be counted: %s", ready.path.name, error)


def waiting_former(data: DataPaths) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the former fingerprints, by project and fingerprint, that files waiting for the writer know of.

    A file whose rows are in the store may wait still: the process ended before the issues were there. Whoever makes
    these issues must know what the file says, or a migration of grouping would break off there.
    """
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for ready in ready_files(data.spool / READY):
        if ready.name.dataset != "errors":
            continue
        try:
            said = former_fingerprints(read_batch(ready.path))
        except (pa.ArrowInvalid, OSError) as error:
            _log.warning("ready file %s cannot be read yet: %s", ready.path.name, error)
            continue
        for pair, former in said.items():
            found[pair] = tuple(dict.fromkeys((*found.get(pair, ()), *former)))
    return found


def reject(ready: ReadyFile, rejected: Path, reason: str, clock: Clock) -> None:
    """Move a ready file to the rejected ones, with the reason beside it."""
    folder = rejected / ready.path.parent.name
    make_directory(folder)
    said: dict[str, Any] = {"token": ready.token, "reason": reason, "rejected_at": clock.now().isoformat()}
    write_atomically(folder / f"{ready.path.name}.json", json.dumps(said).encode())
    ready.path.replace(folder / ready.path.name)
    fsync_directory(folder)


def _row_counts(rows: pa.Table) -> list[tuple[int, int]]:
    return list(Counter[int](_values(rows["project_id"])).items())


def _values(column: Any) -> list[Any]:
    """Return a column's values; the columns read here have no nulls."""
    values: list[Any] = column.to_pylist()
    return values
