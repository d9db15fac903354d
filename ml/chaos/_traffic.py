"""When requests come, from whom, and how busy they make each node."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ml.chaos._model import DAY_S, NodeKind, Surge, System
from ml.chaos._topology import flows

BIN_S: Final = 10.0
_FULL: Final = 0.94
"""Utilisation above which requests wait for each other without end, and services begin to turn some away."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request from outside: when, to which entry, from whom."""

    at: float
    entry: int
    tenant: str


@dataclass(frozen=True, slots=True)
class Busy:
    """How busy a node is: the factor of its usual time, what waiting adds, and the share it turns away."""

    used: float
    factor: float
    waiting_ms: float
    refused: float


@dataclass(frozen=True, slots=True)
class Span:
    """The time of the data."""

    begin: float
    end: float

    @property
    def bins(self) -> int:
        """Number of bins of `BIN_S`."""
        return max(1, math.ceil((self.end - self.begin) / BIN_S))

    def bin(self, at: float) -> int:
        """Return the bin of a moment; the first or last for those outside."""
        return min(self.bins - 1, max(0, int((at - self.begin) / BIN_S)))


class Traffic:
    """The usual traffic by hour and weekday, with noise, and what comes on top of it.

    Args:
        dice: decide noise and arrivals.
        system: that is asked.
        surges: more than usual.
        span: time of the data.
        per_s: requests a second at the usual traffic.
    """

    def __init__(self, dice: random.Random, system: System, surges: Sequence[Surge], span: Span, per_s: float) -> None:
        self._dice = dice
        self._system = system
        self._surges = surges
        self._span = span
        self._per_s = per_s
        waves = [(dice.uniform(300, 2400), dice.uniform(0, 2 * math.pi), dice.uniform(0.01, 0.045)) for _ in range(4)]
        middle = (span.begin + span.end) / 2
        scale = season(middle)
        self._usual = [
            season(at)
            / scale
            * (1 + sum(high * math.sin(2 * math.pi * at / long + shift) for long, shift, high in waves))
            for at in (span.begin + (number + 0.5) * BIN_S for number in range(span.bins))
        ]

    def requests(self) -> Iterator[Request]:
        """Yield the requests, in order of time within each bin."""
        names, weights = list(self._system.tenants), list(self._system.tenants.values())
        for number in range(self._span.bins):
            begin = self._span.begin + number * BIN_S
            found: list[Request] = []
            for index, entry in enumerate(self._system.entries):
                usual = self._per_s * entry.share * self._usual[number]
                for _ in range(self._drawn(usual * (1 + self._more(index, begin, everybody=True)))):
                    tenant = self._dice.choices(names, weights)[0]
                    found.append(Request(begin + self._dice.random() * BIN_S, index, tenant))
                for surge in self._surges:
                    if surge.tenant and surge.entry in {index, -1}:
                        found += [
                            Request(begin + self._dice.random() * BIN_S, index, surge.tenant)
                            for _ in range(self._drawn(usual * surge.more(begin)))
                        ]
            yield from sorted(found, key=lambda one: one.at)

    def busy(self) -> Mapping[str, list[Busy]]:
        """Return how busy each service and database is, by bin."""
        all_flows = flows(self._system)
        found: dict[str, list[Busy]] = {}
        for name, node in self._system.nodes.items():
            if node.kind not in {NodeKind.SERVICE, NodeKind.DATABASE}:
                continue
            parts = [
                entry.share * sum(weight for (one, _), weight in flow.items() if one == name)
                for entry, flow in zip(self._system.entries, all_flows, strict=True)
            ]
            total = sum(parts) or 1.0
            row = []
            for number in range(self._span.bins):
                at = self._span.begin + number * BIN_S
                load = sum(
                    part / total * self._usual[number] * (1 + self._more(index, at, everybody=False))
                    for index, part in enumerate(parts)
                )
                row.append(_busy(node.utilisation, load))
            found[name] = row
        return found

    def load(self, number: int) -> float:
        """Return the usual traffic in a bin, as a factor of that of the middle."""
        return self._usual[number]

    def _more(self, entry: int, at: float, *, everybody: bool) -> float:
        return sum(
            surge.more(at) for surge in self._surges if surge.entry in {entry, -1} and not (everybody and surge.tenant)
        )

    def _drawn(self, per_s: float) -> int:
        """Return a number of arrivals within a bin: Poisson."""
        count, passed = 0, self._dice.expovariate(1.0)
        while passed < per_s * BIN_S:
            count += 1
            passed += self._dice.expovariate(1.0)
        return count


def season(at: float) -> float:
    """Return the traffic of an hour of the week, about 1: most in the afternoon, less at night and at the weekend."""
    hour = at % DAY_S / 3600
    day = (int(at // DAY_S) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return (1 + 0.45 * math.sin(2 * math.pi * (hour - 9) / 24)) * (0.75 if day >= 5 else 1.0)


def _busy(utilisation: float, load: float) -> Busy:
    """Return what a load does to a node: the M/M/1 queue's 1/(1 - u), and beyond what can be served, refusals."""
    used = utilisation * load
    factor = (1 - utilisation) / (1 - min(used, _FULL))
    over = max(0.0, used - _FULL)
    return Busy(min(1.0, used), factor, min(2500.0, 9000 * over), min(0.7, 1.6 * over))
