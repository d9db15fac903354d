"""One life of an installation for the tests of grouping versions: events flow, things are decided, and it is killed.

`python -m tests.server.migrating` reads a `Life` as JSON and does it with the parts `amber serve` is made of. It prints
a line for every event that is acknowledged, and at the end, if it gets there, what it holds.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from engine.eventstore._chdb import ChdbStore
from engine.metadata import Author, MetadataStore
from engine.mirror import IssueMirror
from ingest.jsontext import decode_json
from ingest.normalise.event import event_row
from ingest.normalise.model import Arrival
from ingest.normaliser import open_shards
from ingest.ready import ReadyShard
from ingest.records import RawRecord, encode_record
from ingest.sink import ShardedSink
from ingest.state import ShardState
from ingest.writer import ReadyWriter
from server.compose import Installation, opened, ready_writer
from server.grouping import upgraded
from server.publisher import SnapshotPublisher
from server.settings import load_settings

SHARDS = 2
PERSON = Author("user:ann")
STEPS = {
    "insert": (ChdbStore, "insert_file"),
    "issues": (MetadataStore, "ensure_issues"),
    "mirror": (IssueMirror, "sync"),
    "ready": (ReadyShard, "put"),
    "pin": (ShardState, "pin"),
    "commit": (ShardState, "commit"),
}
"""What may be interrupted: before it begins and after it has ended."""

ROWS = "SELECT event_id, fingerprint, grouping_version, issue_id FROM errors WHERE project_id = {p:UInt64}"
ROLLED = "SELECT issue_id, sum(events) AS n FROM errors_hourly WHERE project_id = {p:UInt64} GROUP BY issue_id"
STANDING = "SELECT issue_id FROM issues FINAL WHERE project_id = {p:UInt64} AND standing"


class Life(msgspec.Struct, frozen=True):
    """What one process does.

    Attributes:
        events: numbers of the events it sends, some after every step.
        upgrade: switch the project to the newest grouping version before the events.
        merge: causes to make one issue before the events.
        undo: take the newest merge back after the events.
        kill: name of a step, how often it is begun or ended before the end, and which of the two; None to live on.
    """

    data: str
    events: tuple[int, ...] = ()
    upgrade: bool = False
    merge: tuple[str, ...] = ()
    undo: bool = False
    kill: tuple[str, int, bool] | None = None


def cause_of(number: int) -> str:
    """Return which of the program's faults an event is about; two of them begin late."""
    return "abcde"[number % (3 if number < 24 else 5)]


def event_of(number: int) -> bytes:
    """Return an event that the two versions of grouping give different fingerprints."""
    cause = cause_of(number)
    frame = {"filename": f"shop/{cause}.py", "lineno": number, "in_app": True, "module": f"shop.{cause}"}
    frames = [{**frame, "function": "<lambda>"}, {**frame, "function": f"{cause}_charge"}]
    value = {"type": "PaymentFailed", "value": f"no rate for order {number}", "stacktrace": {"frames": frames}}
    return msgspec.json.encode(
        {"event_id": f"{number:032x}", "platform": "python", "exception": {"values": [value]}, "timestamp": time.time()}
    )


def interrupt(step: str, times: int, after: bool) -> None:
    """Have this process killed before or after a step is done for the n-th time from now on."""
    owner, name = STEPS[step]
    count = Counter[str]()
    original: Callable[..., Any] = getattr(owner, name)

    def counted(*given: Any, **named: Any) -> Any:
        count[step] += 1
        if count[step] == times and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*given, **named)
        if count[step] == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, counted)


def project_of(installation: Installation) -> int:
    """Return the project, made in the first life."""
    metadata = installation.metadata
    for project in metadata.projects():
        return project.id
    metadata.create_organisation("acme")
    return metadata.change_project(metadata.create_project("shop").id, options={"grouping_version": "v1"}).id


def merge(installation: Installation, project: int, causes: tuple[str, ...]) -> None:
    """Make the issues of some causes one; done again after a crash it changes nothing."""
    metadata = installation.metadata
    config = metadata.config_snapshot().projects[project]
    arrival = Arrival(msgspec.structs.replace(config, grouping_version="v1"), time.time_ns(), "0" * 32)
    number = {cause_of(n): n for n in range(3)}
    old = [event_row(decode_json(event_of(number[cause])), arrival)["fingerprint"] for cause in causes]
    homes = metadata.homes(project)
    issues = [homes[fingerprint] for fingerprint in old]
    if len(set(issues)) > 1:
        metadata.merge_issues(project, issues[0], issues[1:], PERSON)


def undo(installation: Installation, project: int) -> None:
    """Take the newest merge back."""
    metadata = installation.metadata
    merges = [d for row in metadata.issue_page() for d in metadata.decisions_about(project, row.issue_id)]
    newest = max((d for d in merges if d.kind == "merge"), key=lambda d: d.id)
    metadata.undo_decision(project, newest.id, PERSON)
    installation.mirror.sync()


def send(installation: Installation, project: int, events: tuple[int, ...], writer: ReadyWriter) -> None:
    """Let events flow: some are acknowledged, then everybody does a step."""
    data = installation.data
    sink = ShardedSink(data.raw_root / "test", SHARDS)
    with open_shards(range(SHARDS), data) as shards:
        for place, number in enumerate(events):
            body = event_of(number)
            record = RawRecord("store", time.time_ns(), project, 1, body, event_id=f"{number:032x}")
            sink.append(f"{number:032x}".encode(), encode_record(record))
            print("sent", number, flush=True)
            if place % 6 == 5:
                for shard in shards:
                    shard.step(hurry=True)
                writer.step()
        for shard in shards:
            shard.drain()
    sink.close()
    writer.drain()


def held(installation: Installation, project: int) -> dict[str, Any]:
    """Return what the installation says at the end."""
    store, metadata = installation.store, installation.metadata
    rows, rolled, standing = (store.query(sql, {"p": project}).table.to_pylist() for sql in (ROWS, ROLLED, STANDING))
    return {
        "events": [[int(row["event_id"], 16), row["grouping_version"], row["issue_id"]] for row in rows],
        "rolled": [[row["issue_id"], row["n"]] for row in rolled],
        "standing": [row["issue_id"] for row in standing],
        "first_seen": [[row.issue_id, row.first_seen.timestamp()] for row in metadata.issue_page()],
        "kinds": Counter(
            d.kind for row in metadata.issue_page() for d in metadata.decisions_about(project, row.issue_id)
        ),
        "intact": metadata.verify_audit().intact,
    }


def live(life: Life) -> None:
    """Do one life."""
    with opened(load_settings({"data": life.data}, {})) as installation:
        project = project_of(installation)
        publisher = SnapshotPublisher(installation.metadata, installation.data.config_snapshot)
        publisher.publish_if_newer()
        writer = ready_writer(installation)
        writer.drain()
        if life.merge:
            merge(installation, project, life.merge)
        config = installation.metadata.config_snapshot().projects[project]
        if life.upgrade and config.grouping_version == "v1":
            options = upgraded(config, datetime.now(UTC), version="v2")
            installation.metadata.change_project(project, options=options)
            publisher.publish_if_newer()
        if life.kill is not None:
            interrupt(*life.kill)
        send(installation, project, life.events, writer)
        if life.undo:
            undo(installation, project)
        print(msgspec.json.encode(held(installation, project)).decode(), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    live(msgspec.json.decode(sys.argv[1], type=Life))
