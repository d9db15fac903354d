"""What machines tell besides requests: metrics every minute, and log lines."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ml.chaos._model import Gauge, NodeKind, Say, System
from ml.chaos._simulate import Logged
from ml.chaos._traffic import Busy, Span

STEP_S: Final = 60.0
_LOST: Final = 0.012
_SILENCES: Final = 2
_LINES: Final = (
    ("info", "refreshed {n} entries of the cache in {n} ms"),
    ("info", "health check ok"),
    ("info", "configuration read, {n} values"),
    ("debug", "pool has {n} idle connections"),
    ("warn", "slow answer of {n} ms, will not ask again"),
    ("info", "job {id} done, {n} rows"),
)
_EVERY_S: Final = 60.0
"""How often a machine writes a line of every day."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric a kind of node tells: its name, unit, middle and noise; what follows the load names no middle.

    Attributes:
        key: as `Gauge.metric` says it.
        name: as stored.
        unit: as stored.
        middle: at rest.
        noise: standard deviation.
        loaded: how much of `middle` grows with the load of the node; 0 for nothing.
        most: it never exceeds.
    """

    key: str
    name: str
    unit: str
    middle: float
    noise: float
    loaded: float
    most: float


_SERVICE: Final = (
    Metric("cpu", "process.cpu.utilization", "1", 0.0, 0.03, 1.0, 1.0),
    Metric("memory", "process.memory.utilization", "1", 0.52, 0.02, 0.0, 0.99),
    Metric("pending", "db.client.connection.pending_requests", "{request}", 0.2, 0.3, 0.0, 200.0),
)
_DATABASE: Final = (
    Metric("cpu", "system.cpu.utilization", "1", 0.0, 0.03, 1.0, 1.0),
    Metric("connections", "db.server.connections", "{connection}", 34.0, 3.0, 0.0, 100.0),
    Metric("disk", "system.filesystem.utilization", "1", 0.61, 0.002, 0.0, 1.0),
    Metric("memory", "system.memory.utilization", "1", 0.7, 0.01, 0.0, 1.0),
)
_QUEUE: Final = (
    Metric("lag", "messaging.queue.depth", "{message}", 6.0, 3.0, 0.0, 1e6),
    Metric("disk", "system.filesystem.utilization", "1", 0.4, 0.002, 0.0, 1.0),
)
_OF_KIND: Final[Mapping[NodeKind, Sequence[Metric]]] = {
    NodeKind.SERVICE: _SERVICE,
    NodeKind.DATABASE: _DATABASE,
    NodeKind.CACHE: (_DATABASE[0], _DATABASE[3]),
    NodeKind.QUEUE: _QUEUE,
    NodeKind.EXTERNAL: (),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric."""

    at: float
    node: str
    instance: str
    metric: Metric
    value: float


def points(
    dice: random.Random, system: System, span: Span, busy: Mapping[str, Sequence[Busy]], gauges: Sequence[Gauge]
) -> Iterator[Point]:
    """Yield the values of all metrics; some are lost, and a machine is silent for some minutes now and then."""
    silent = _silences(dice, system, span)
    for node in system.nodes.values():
        for instance in node.instances:
            bias = {metric.key: dice.uniform(0.93, 1.07) for metric in _OF_KIND[node.kind]}
            at = span.begin + dice.uniform(0, STEP_S)
            while at < span.end:
                quiet = any(start <= at < end for name, start, end in silent if name == instance)
                for metric in _OF_KIND[node.kind]:
                    if dice.random() >= _LOST and not quiet:
                        used = busy[node.name][span.bin(at)].used if node.name in busy else node.utilisation
                        value = _value(dice, metric, used, bias[metric.key])
                        value = _moved(gauges, metric, (node.name, instance), at, value)
                        yield Point(at, node.name, instance, metric, round(value, 4))
                at += STEP_S


def _silences(dice: random.Random, system: System, span: Span) -> list[tuple[str, float, float]]:
    names = [one for node in system.nodes.values() for one in node.instances if _OF_KIND[node.kind]]
    starts = [dice.uniform(span.begin, span.end) for _ in range(_SILENCES)]
    return [(dice.choice(names), start, start + dice.uniform(120, 480)) for start in starts]


def _value(dice: random.Random, metric: Metric, used: float, bias: float) -> float:
    middle = metric.middle + metric.loaded * used
    return min(metric.most, max(0.0, middle * bias + dice.gauss(0.0, metric.noise)))


def _moved(gauges: Sequence[Gauge], metric: Metric, place: tuple[str, str], at: float, value: float) -> float:
    """Return a value with what a trouble does to it."""
    node, instance = place
    for one in gauges:
        if (
            (one.node, one.metric) == (node, metric.key)
            and one.instance in {"", instance}
            and one.start <= at < one.end
        ):
            grown = min(1.0, (at - one.start) / one.ramp_s) if one.ramp_s else 1.0
            value = min(metric.most, value + (max(value, one.high) - value) * grown)
    return value


def lines(dice: random.Random, system: System, span: Span, says: Sequence[Say]) -> Iterator[Logged]:
    """Yield log lines of every day and of troubles."""
    for node in system.services:
        mine = dice.sample(_LINES, 4)
        for instance in node.instances:
            at = span.begin + dice.expovariate(1 / _EVERY_S)
            while at < span.end:
                level, text = dice.choice(mine)
                yield Logged(at, node.name, instance, level, _filled(dice, text))
                at += dice.expovariate(1 / _EVERY_S)
    for say in says:
        at = max(span.begin, say.start) + dice.expovariate(say.rate)
        while at < min(span.end, say.end):
            instance = dice.choice(system.nodes[say.node].instances)
            yield Logged(at, say.node, instance, say.level, _filled(dice, say.text))
            at += dice.expovariate(say.rate)


def _filled(dice: random.Random, text: str) -> str:
    while "{n}" in text:
        text = text.replace("{n}", str(dice.randrange(3, 4000)), 1)
    return text.replace("{id}", f"{dice.getrandbits(48):012x}")
