"""Documents of the service map."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from server.http.documents.common import Document, Look


class MapQuery(Look):
    """What to look at."""

    stores: bool = Field(False, description="Also databases, caches and queues, as their callers saw them.")


class Calls(Document):
    """Rate, errors, durations."""

    calls: int
    failed: int
    p50_ns: int
    p95_ns: int


class MapNode(Calls):
    """A service and where it stands."""

    name: str
    kind: Literal["service", "database", "cache", "queue"]
    layer: int = Field(description="0 for services nobody calls.")
    at: float = Field(description="Position within the layer, centred about 0.")


class MapEdge(Calls):
    """Calls of one service by another."""

    source: str
    target: str


class ServiceMapDocument(Document):
    """Who calls whom."""

    seconds: float = Field(description="Length of the range.")
    truncated: bool
    nodes: list[MapNode]
    edges: list[MapEdge]
