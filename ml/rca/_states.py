"""How each node is while it is bad: how far off, in what, and how much of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ml.rca._case import Case, Direction, Signal, Symptom
from ml.rca._graph import CallGraph
from ml.rca._measure import CAP, Measures, contrast
from ml.rca._onset import BadTime

ALL_CALLEES: Final = "*"
"""Peer of a series about all calls a node makes."""

SPREADING: Final = (Signal.LATENCY, Signal.ERRORS)
"""Signals by which a fault goes from callee to caller."""

NEUTRAL: Final = 3.0
"""Deviation that is as likely with a fault as without one."""

NAN: Final = float("nan")
_STEEP: Final = 2.2
_LEAST, _MOST = -1.5, 3.5
_OTHER: Final = 0.4
"""Weight of the signal that is not the symptom's: what fails may also be slow, and the other way round."""

_LOCAL: Final = 0.6
"""Weight of what does not spread, such as a processor in use: often a result of the load the fault brings."""

_TWO: Final = 2
"""Of so many callees each may be at fault; of more their median is not."""

_UNKNOWN: Final = -0.5
"""Log odds of a node nothing is known of: a fault is rather where it is seen."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One series that is off, or not.

    Attributes:
        place: of the series.
        deviation: in robust standard deviations, as `contrast` tells it.
        way: up or down.
    """

    place: int
    deviation: float
    way: Direction


@dataclass(frozen=True, slots=True)
class NodeState:
    """How a node is. Deviations are NaN where nothing is known.

    Attributes:
        node: its name.
        same: deviation of the signal of the symptom, as it tells itself or callers see it.
        other: deviation of the other signal by which faults spread.
        local: deviation of what only it feels: resources, logs, other metrics.
        traffic: deviation of the mean of its traffic, positive for more, negative for less.
        load: how many times its usual traffic it had; NaN where that is not known.
        calls: deviation of what it sees of its callees as a whole.
        excess: what there is too much of the signal of the symptom: times or shares, times requests.
        signs: every series about it, the most off first.
    """

    node: str
    same: float = NAN
    other: float = NAN
    local: float = NAN
    traffic: float = 0.0
    load: float = NAN
    calls: float = NAN
    excess: float = NAN
    signs: tuple[Sign, ...] = ()

    @property
    def spreading(self) -> float:
        """Deviation callers feel."""
        return self.other if math.isnan(self.same) else self.same

    @property
    def felt(self) -> float:
        """Log odds that callers feel it; 0 when nothing is known."""
        if math.isnan(self.same):
            return 0.0 if math.isnan(self.other) else _OTHER * log_odds(self.other)
        return log_odds(self.same) + _OTHER * gain(self.other)

    @property
    def odds(self) -> float:
        """Log odds that the fault reached it."""
        if not math.isnan(self.spreading):
            return self.felt + _LOCAL * gain(self.local)
        return _UNKNOWN if math.isnan(self.local) else _LOCAL * log_odds(self.local)


def log_odds(deviation: float) -> float:
    """Return how much likelier a deviation is with a fault than without, as a logarithm."""
    raw = _STEEP * math.log((1.0 + max(deviation, 0.0)) / (1.0 + NEUTRAL))
    return min(max(raw, _LEAST), _MOST)


def gain(deviation: float) -> float:
    """Return the log odds of a deviation where they speak for a fault, else 0; 0 for NaN."""
    return 0.0 if math.isnan(deviation) else max(0.0, log_odds(deviation))


def node_states(case: Case, measures: Measures, time: BadTime, graph: CallGraph) -> dict[str, NodeState]:
    """Return the state of every node a series, a peer or an edge names, by name."""
    signs = [one for i in range(len(measures.series)) if not math.isnan((one := _sign(measures, i, time)).deviation)]
    views = _views(measures, signs)
    named = {one.node for one in measures.series} | {one.peer for one in measures.series}
    nodes = sorted((named | {*graph.callees, *graph.callers, case.symptom.node}) - {"", ALL_CALLEES})
    own: dict[str, list[Sign]] = {}
    for sign in signs:
        own.setdefault(measures.series[sign.place].node, []).append(sign)
    excesses = _excesses(case, measures, time)
    return {
        node: _state(node, (case, measures, time), (own.get(node, []), views.get(node, [])), excesses.get(node, NAN))
        for node in nodes
    }


def _sign(measures: Measures, place: int, time: BadTime) -> Sign:
    """Return how far a series is off in the direction that is bad, or in the worse of both."""
    one = measures.series[place]
    up = contrast(measures, place, Direction.UP, time.hot, time.cold)
    if one.signal in SPREADING or one.signal is Signal.RESOURCE:
        return Sign(place, up, Direction.UP)
    down = contrast(measures, place, Direction.DOWN, time.hot, time.cold)
    return Sign(place, down, Direction.DOWN) if down > up else Sign(place, up, Direction.UP)


def _views(measures: Measures, signs: Sequence[Sign]) -> dict[str, list[Sign]]:
    """Return what callers see of each callee, less what a caller sees of all its callees: that is its own trouble."""
    by_caller: dict[tuple[str, Signal], list[Sign]] = {}
    for sign in signs:
        one = measures.series[sign.place]
        if one.peer not in {"", ALL_CALLEES} and one.signal in SPREADING:
            by_caller.setdefault((one.node, one.signal), []).append(sign)
    found: dict[str, list[Sign]] = {}
    for seen in by_caller.values():
        common = float(np.median([sign.deviation for sign in seen])) if len(seen) > _TWO else 0.0
        less = common if common > NEUTRAL else 0.0
        for sign in seen:
            peer = measures.series[sign.place].peer
            found.setdefault(peer, []).append(replace(sign, deviation=max(sign.deviation - less, 0.0)))
    return found


def _state(
    node: str, facts: tuple[Case, Measures, BadTime], signs: tuple[list[Sign], list[Sign]], excess: float
) -> NodeState:
    case, measures, time = facts
    own, views = signs
    wanted = case.symptom.signal
    served = [one for one in own if not measures.series[one.place].peer]
    calls = [one for one in own if measures.series[one.place].peer == ALL_CALLEES]
    traffic = [one for one in served if measures.series[one.place].signal is Signal.TRAFFIC]
    spreading = {
        signal: _worst(
            _named(case, measures, [one for one in served if measures.series[one.place].signal is signal])
            + [one for one in views if measures.series[one.place].signal is signal]
        )
        for signal in SPREADING
    }
    known = [one for one in spreading.values() if not math.isnan(one)]
    if case.symptom.node and wanted in spreading:
        same = spreading[wanted]
        other = spreading[SPREADING[1 - SPREADING.index(wanted)]]
    else:
        same, other = (max(known), min(known) if len(known) > 1 else NAN) if known else (NAN, NAN)
    shift, load = _traffic(measures, [one.place for one in traffic], time)
    return NodeState(
        node=node,
        same=same,
        other=other,
        local=_worst(_beyond_load(measures, served, traffic)),
        traffic=shift,
        load=load,
        calls=_worst(calls),
        excess=excess,
        signs=tuple(sorted([*served, *views], key=lambda one: (-one.deviation, one.place))),
    )


def _named(case: Case, measures: Measures, signs: list[Sign]) -> list[Sign]:
    """Return those of the name the symptom has, all when none has it: more series are off more by chance."""
    return [one for one in signs if same_name(case.symptom, measures.series[one.place].name)] or signs


def _beyond_load(measures: Measures, served: Sequence[Sign], traffic: Sequence[Sign]) -> list[Sign]:
    """Return what only the node feels, less its traffic: more load needs more of everything, less load less."""
    more = max((one.deviation for one in traffic if one.way is Direction.UP), default=0.0)
    less = max((one.deviation for one in traffic if one.way is Direction.DOWN), default=0.0)
    return [
        Sign(one.place, one.deviation - (more if one.way is Direction.UP else less), one.way)
        for one in served
        if measures.series[one.place].signal not in {*SPREADING, Signal.TRAFFIC}
    ]


def _traffic(measures: Measures, places: Sequence[int], time: BadTime) -> tuple[float, float]:
    """Return how far the mean of a node's traffic is off while it is bad, and how many times the usual one it is.

    The mean of many buckets is surer than each of them; half as many as there are count, for one goes on in the next.
    """
    best = (0.0, NAN)
    for place in places:
        up = measures.up[place][time.hot]
        up = up[~np.isnan(up)]
        values = measures.values[place][time.hot]
        before = measures.values[place][time.cold]
        usual = [float(measures.centre[place])]
        if np.any(~np.isnan(before)):
            usual.append(float(np.nanmedian(before)))
        if not len(up) or min(usual) <= 0.0:
            continue
        mean = float(np.nanmean(values))
        near = max(usual) if mean > usual[0] else min(usual)
        part = (mean - near) / (mean - usual[0]) if mean != usual[0] else 0.0
        shift = float(np.mean(up)) * max(0.0, part) * math.sqrt(max(1.0, len(up) / 2.0))
        if abs(shift) >= abs(best[0]):
            best = (min(max(shift, -CAP), CAP), mean / near)
    return best


def _worst(signs: Sequence[Sign]) -> float:
    return max((one.deviation for one in signs), default=NAN)


def same_name(symptom: Symptom, name: str) -> bool:
    """Return whether a series is called as the symptom's is: `p95` also when that is `p95(transaction.duration)`."""
    if not symptom.name or not name:
        return symptom.name == name
    return symptom.name == name or bool(re.match(rf"{re.escape(name)}\b", symptom.name))


def _excesses(case: Case, measures: Measures, time: BadTime) -> Mapping[str, float]:
    """Return how much each node has too much of the signal of the symptom, where it and its requests are known."""
    traffic = {
        one.node: measures.values[i]
        for i, one in enumerate(measures.series)
        if one.signal is Signal.TRAFFIC and not one.peer
    }
    found: dict[str, float] = {}
    for i in _comparable(case, measures):
        one = measures.series[i]
        if one.node not in traffic or np.isnan(measures.centre[i]):
            continue
        before = measures.values[i][time.cold]
        usual = float(measures.centre[i])
        if np.any(~np.isnan(before)):
            usual = max(usual, float(np.nanmedian(before)))
        much = (measures.values[i] - usual)[time.hot] * traffic[one.node][time.hot]
        if np.any(~np.isnan(much)):
            found[one.node] = max(0.0, float(np.nansum(much)))
    return found


def _comparable(case: Case, measures: Measures) -> list[int]:
    """Return the series of the symptom's signal with one name and unit: sums of other things cannot be compared.

    That is the symptom's name, or else the first one its node shares with others.
    """
    wanted = case.symptom
    of_signal = [
        (i, one)
        for i, one in enumerate(measures.series)
        if one.signal is wanted.signal and wanted.signal in SPREADING and not one.peer
    ]
    own = [(one.name, one.unit) for _, one in of_signal if one.node == wanted.node]
    for kind in sorted(own, key=lambda kind: (kind[0] != wanted.name, not same_name(wanted, kind[0]), kind)):
        found = [i for i, one in of_signal if (one.name, one.unit) == kind]
        if len({measures.series[i].node for i in found}) > 1:
            return found
    return []
