"""What a made-up system is made of, and what can happen to it. Plain values.

Times are seconds since 1970-01-01 UTC, durations milliseconds when a name ends with `_ms` and seconds when it ends with
`_s`, shares and chances of 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0


class NodeKind(StrEnum):
    """What a node of a system is."""

    SERVICE = "service"
    DATABASE = "database"
    CACHE = "cache"
    QUEUE = "queue"
    EXTERNAL = "external"


class FaultKind(StrEnum):
    """What is wrong with a system."""

    BAD_COMMIT = "bad-commit"
    SLOW_QUERY = "slow-query"
    FAILING_DEPENDENCY = "failing-dependency"
    CONFIG_ERROR = "config-error"
    RESOURCE_EXHAUSTION = "resource-exhaustion"
    TRAFFIC_SURGE = "traffic-surge"
    BAD_CLIENT = "bad-client"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation asks another.

    Attributes:
        target: the node asked.
        operation: of the target.
        chance: how often.
        timeout_ms: how long the caller waits.
        retries: how often it asks again.
        optional: whether the caller can do without the answer.
    """

    target: str
    operation: str
    chance: float = 1.0
    timeout_ms: float = 4000.0
    retries: int = 0
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What a node does when it is asked.

    Attributes:
        name: route, statement or destination.
        work_ms: median of the time it takes itself.
        spread: of the logarithm of that time.
        calls: what it asks of others, in order.
        error_rate: share of requests that fail for reasons of every day.
    """

    name: str
    work_ms: float
    spread: float = 0.35
    calls: tuple[Call, ...] = ()
    error_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Node:
    """A service, or something services ask.

    Attributes:
        name: unique within the system.
        kind: what it is.
        system: language of a service, product of a database, cache or queue; empty for what is outside.
        operations: what it can be asked.
        instances: names of the machines it runs on.
        utilisation: share of its capacity that is used at the usual traffic.
        address: where it is reached.
    """

    name: str
    kind: NodeKind
    system: str
    operations: tuple[Operation, ...]
    instances: tuple[str, ...]
    utilisation: float
    address: str

    def operation(self, name: str) -> Operation:
        """Return the operation of a name; KeyError when there is none."""
        for one in self.operations:
            if one.name == name:
                return one
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Entry:
    """Where requests come in: an operation of a service, and its share of the usual traffic."""

    node: str
    operation: str
    share: float


@dataclass(frozen=True, slots=True)
class System:
    """Nodes by name, and where requests come in.

    Attributes:
        nodes: by name.
        entries: where requests come in; their shares add up to 1.
        tenants: who sends them, with their shares of the traffic.
    """

    nodes: Mapping[str, Node]
    entries: tuple[Entry, ...]
    tenants: Mapping[str, float]

    @property
    def services(self) -> tuple[Node, ...]:
        """The nodes that are services, in order."""
        return tuple(one for one in self.nodes.values() if one.kind is NodeKind.SERVICE)

    def callers(self, name: str) -> tuple[str, ...]:
        """Return the services that ask a node, in order."""
        return tuple(
            node.name
            for node in self.nodes.values()
            if any(call.target == name for operation in node.operations for call in operation.calls)
        )


@dataclass(frozen=True, slots=True)
class Raised:
    """An error a program reports.

    Attributes:
        type: class of the exception.
        value: what it says.
        function: name of the function that fails; empty for that of the operation itself.
        marker: which of its lines fails; empty for its work.
    """

    type: str
    value: str
    function: str = ""
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """How something changes what a node does, from one moment to another.

    Attributes:
        node: which.
        operation: of it; empty for all of them.
        start: when it begins.
        end: when it is over.
        ramp_s: how long it takes until it is there in full.
        factor: of the time the operation takes itself.
        extra_ms: that is added to that time.
        fail: chance that a request fails of it.
        raised: what is reported then.
        release: the effect is there only where this release runs; empty for everywhere.
        tenant: and only for requests of this tenant; empty for everybody's.
        repeat: `(target, times)`: calls of a target are made so many times.
        instance: and only on this machine; empty for all of them.
    """

    node: str
    start: float
    end: float
    operation: str = ""
    ramp_s: float = 0.0
    factor: float = 1.0
    extra_ms: float = 0.0
    fail: float = 0.0
    raised: Raised | None = None
    release: str = ""
    tenant: str = ""
    repeat: tuple[str, int] | None = None
    instance: str = ""

    def strength(self, at: float) -> float:
        """Return how much of it is there at a moment, 0 to 1."""
        if not self.start <= at < self.end:
            return 0.0
        return min(1.0, (at - self.start) / self.ramp_s) if self.ramp_s else 1.0


@dataclass(frozen=True, slots=True)
class Surge:
    """More requests than usual.

    Attributes:
        start: when they begin to come.
        end: when they stop.
        factor: of the usual traffic of the entry.
        entry: number of the entry; -1 for all.
        tenant: who sends what is more; empty for everybody.
        ramp_s: how long it takes until all of them come.
    """

    start: float
    end: float
    factor: float
    entry: int = -1
    tenant: str = ""
    ramp_s: float = 120.0

    def more(self, at: float) -> float:
        """Return what comes on top of the usual traffic at a moment, as a factor of it."""
        if not self.start <= at < self.end:
            return 0.0
        return (self.factor - 1) * min(1.0, (at - self.start) / self.ramp_s)


@dataclass(frozen=True, slots=True)
class Gauge:
    """How a metric of a node moves because of something: from `low` to `high` while it grows, `high` afterwards."""

    node: str
    metric: str
    start: float
    end: float
    ramp_s: float
    high: float
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """Log lines of a node because of something.

    Attributes:
        node: who writes them.
        start: from when on.
        end: until when.
        rate: lines a second.
        level: of them.
        text: with `{n}` where a number stands, and `{id}` where an id does.
    """

    node: str
    start: float
    end: float
    rate: float
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that was changed on purpose, as `POST /api/v1/ingest/changes` takes it.

    Attributes:
        id: 32 hex digits.
        kind: deploy, release, config, flag, scaling or other.
        at: when.
        service: it was done to; empty for all.
        title: in one line.
        author: who did it.
        release: that it brought; empty for none.
        before: what it was.
        after: what it is now.
        description: all that is said of it.
    """

    id: str
    kind: str
    at: float
    service: str
    title: str
    author: str
    release: str = ""
    before: str = ""
    after: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens to a system: the fault, or what only looks like one.

    Attributes:
        effects: on what nodes do.
        surges: of traffic.
        gauges: on metrics.
        says: in logs.
    """

    effects: tuple[Effect, ...] = ()
    surges: tuple[Surge, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    says: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and what has to be found.

    Attributes:
        kind: what kind of thing.
        node: where it began; empty when nothing is wrong.
        onset: when; None when nothing is wrong.
        end: when it was over, or the data is.
        trouble: what it does.
        changes: ids of the changes that brought it; any of them is the answer.
        release: that brought it; empty for none.
        operation: of the node, that is affected at first; empty for all.
        tenant: who brought it; empty for nobody in particular.
        entry: `(node, operation)` where it is met from outside.
        text: in one sentence.
    """

    kind: FaultKind
    node: str = ""
    onset: float | None = None
    end: float | None = None
    trouble: Trouble = field(default_factory=Trouble)
    changes: tuple[str, ...] = ()
    release: str = ""
    operation: str = ""
    tenant: str = ""
    entry: tuple[str, str] = ("", "")
    text: str = ""
