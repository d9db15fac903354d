"""What normalisation works on and what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.snapshot import ProjectConfig

Row = dict[str, Any]
"""One row by column name: every stored column of its table. Times are integers in the column's own unit."""

FORMER = "fingerprint_before"
"""Member of a row of `errors` that is no column: what the former grouping version makes of the event."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The circumstances of an item: what the request and the envelope said, and the project's rules.

    Attributes:
        received_at_ns: when the edge accepted it.
        event_id: the id the client was told, or empty.
        remote_addr: the peer's address, by the project's policy for addresses.
        headers: envelope headers, `{}` for a stored event.
        item_header: header of the item, `{}` for a stored event.
        drift_ns: what brings the client's times to ours (`ingest.normalise.times.drift_ns`).
    """

    project: ProjectConfig
    received_at_ns: int
    event_id: str = ""
    remote_addr: str = ""
    user_agent: str = ""
    client: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)
    item_header: Mapping[str, Any] = field(default_factory=dict)
    drift_ns: int = 0
