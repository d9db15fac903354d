"""The event store: ClickHouse's engine, embedded or on a server, behind one port."""

from __future__ import annotations

from engine.eventstore._open import open_store
from engine.eventstore.errors import LimitExceeded, QueryCancelled, StoreRejected, StoreUnavailable
from engine.eventstore.port import (
    BatchStream,
    Estimate,
    EventStore,
    Limits,
    Progress,
    QueryStats,
    StoreResult,
)

__all__ = [
    "BatchStream",
    "Estimate",
    "EventStore",
    "LimitExceeded",
    "Limits",
    "Progress",
    "QueryCancelled",
    "QueryStats",
    "StoreRejected",
    "StoreResult",
    "StoreUnavailable",
    "open_store",
]
