"""Rows Amber makes itself (deploys told to the API, runs of monitors nobody told of), by the way of everybody's.

They go into the spool as lines of native ingest do, so they are durable, counted, scrubbed and written once: each
brings its own id, which also chooses its shard, and what was met under an id is left out when it comes again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from engine.snapshot import KeyConfig
from ingest.auth import Credentials
from ingest.calls import Call
from ingest.edge import Edge, Sender
from ingest.envelope import print_envelope
from ingest.native.door import judge, keep_lines

_CLIENT = "amber"
_NO_REQUEST = Call({})


def submit_own(edge: Edge, project_id: int, dataset: str, lines: Sequence[Mapping[str, Any]]) -> int:
    """Put lines into the spool, durably, and return how many; a line whose `id` was met before makes no row.

    Args:
        edge: of this process.
        project_id: whose they are; a project that is gone takes none.
        dataset: of `NATIVE_DATASETS`, one whose rows have an `id`.
        lines: members by Discover's names, `id` among them: 32 hex digits made of what the line is about. Members
            that are None or empty are left out.

    Raises:
        Refused: 503, there is no room on the disk, or no configuration.
        ValueError: a line cannot become a row; a fault of the caller.
    """
    snapshot = edge.snapshot()
    if project_id not in snapshot.projects:
        return 0
    sender = Sender(KeyConfig(0, project_id), Credentials("", _CLIENT), snapshot)
    told = [msgspec.json.encode({name: v for name, v in line.items() if v not in (None, "")}) for line in lines]
    judged = judge(dataset, enumerate(told))
    if judged.bad:
        number, reason = judged.bad[0]
        raise ValueError(f"line {number} of {dataset}: {reason}")
    for (_, text), line in zip(judged.good, lines, strict=True):
        keep_lines(edge, _NO_REQUEST, sender, dataset, [(1, text)], line["id"])
    return len(lines)


def submit_own_event(edge: Edge, project_id: int, event: Mapping[str, Any]) -> bool:
    """Put an error event into the spool, durably; tell whether the project is there to take it.

    An event whose id was met before makes no row.

    Args:
        edge: of this process.
        project_id: whose it is.
        event: as an SDK sends it, with its `event_id`.

    Raises:
        Refused: 503, there is no room on the disk, or no configuration.
    """
    snapshot = edge.snapshot()
    if project_id not in snapshot.projects:
        return False
    sender = Sender(KeyConfig(0, project_id), Credentials("", _CLIENT), snapshot)
    event_id = str(event["event_id"])
    body = print_envelope({"event_id": event_id}, (({"type": "event"}, msgspec.json.encode(event)),))
    edge.keep(sender, _NO_REQUEST, "envelope", body, event_id.encode())
    return True
