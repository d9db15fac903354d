"""Puts a scenario together: the system, what is wrong with it, and what was seen of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any, Final

import orjson

from ml.chaos._code import made_code
from ml.chaos._faults import Scene, drawn_fault
from ml.chaos._harmless import decoys, harmless
from ml.chaos._history import REPOSITORY, History, Plan, made_history
from ml.chaos._model import DAY_S, HOUR_S, Fault, FaultKind, NodeKind, System, Trouble
from ml.chaos._signals import lines, points
from ml.chaos._simulate import Records, Reported, Run, Seen, Simulator
from ml.chaos._topology import flows, made_system
from ml.chaos._traffic import Span, Traffic
from ml.chaos._write import Writer, change_lines

DEFAULT_SPANS: Final = 20_000
_MOST_ERRORS: Final = 1_200
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides a scenario.

    Attributes:
        seed: of all dice.
        end: the data is of the week before this moment.
        spans: about how many there are without a surge.
        kind: of the fault; None draws one.
        hours: that the data is of; None draws 1 to 1.8.
    """

    seed: int
    end: datetime
    spans: int = DEFAULT_SPANS
    kind: FaultKind | None = None
    hours: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A system, what was wrong with it, and all that was seen.

    Attributes:
        settings: it was made of.
        system: the services and what they ask.
        fault: what is wrong.
        history: releases, commits and other changes.
        span: time of the data.
        records: spans, errors and log lines.
        troubles: the fault's and the harmless ones.
    """

    settings: Settings
    system: System
    fault: Fault
    history: History
    span: Span
    records: Records
    troubles: tuple[Trouble, ...]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the paths below the folder and their contents; the same scenario gives the same bytes."""
        dice = random.Random(f"{self.settings.seed}/files")  # noqa: S311 - test data, no secret
        writer = Writer(dice, self.system, self.history)
        yield "data/traces.jsonl", _joined(writer.traces(self.records.spans))
        busy = _traffic(self.settings, self.system, self.troubles, self.span)[0].busy()
        gauges = [gauge for trouble in self.troubles for gauge in trouble.gauges]
        yield "data/metrics.jsonl", _joined(writer.metrics(points(dice, self.system, self.span, busy, gauges)))
        says = [say for trouble in self.troubles for say in trouble.says]
        logged = sorted([*self.records.logs, *lines(dice, self.system, self.span, says)], key=lambda one: one.at)
        yield "data/logs.jsonl", _joined(writer.logs(logged))
        for number, envelope in enumerate(writer.envelopes(_kept(dice, self.records.errors)), 1):
            yield f"data/envelopes/{number:05d}.envelope", envelope
        yield "changes.ndjson", _joined(change_lines(self.history.changes))
        for path, content in self.history.repository.files():
            yield f"{REPOSITORY}.git/{path}", content
        yield "releases.json", orjson.dumps(self.releases(), option=orjson.OPT_INDENT_2) + b"\n"
        yield "truth.json", orjson.dumps(self.truth(), option=orjson.OPT_INDENT_2) + b"\n"

    def releases(self) -> list[dict[str, str]]:
        """Return the releases as `amber commits sync` is told of them, the oldest first."""
        made = {one.version: one for of in self.history.releases.values() for one in of}
        return [
            {"release": one.version, "head": one.commit, "previous": one.previous}
            for one in sorted(made.values(), key=lambda each: (each.at, each.version))
        ]

    def truth(self) -> dict[str, Any]:
        """Return what has to be found, and what to ask."""
        fault = self.fault
        release = next((one for one in self.history.wanted.values() if one.version == fault.release), None)
        symptom = self._symptom()
        return {
            "seed": self.settings.seed,
            "kind": fault.kind.value,
            "text": fault.text,
            "node": fault.node,
            "names": self._names(fault.node),
            "callers": list(self.system.callers(fault.node)) if fault.node else [],
            "operation": fault.operation,
            "onset": _text(fault.onset),
            "end": _text(fault.end),
            "changes": self._blamable(fault),
            "commit": release.commit if release is not None else "",
            "release": fault.release,
            "tenant": fault.tenant,
            "affected": self._affected(),
            "data": {"start": _text(self.span.begin), "end": _text(self.span.end)},
            "symptom": symptom,
            "candidates": {
                "nodes": len(self.system.nodes),
                "changes": sum(self.span.begin <= one.at < self.span.end for one in self.history.changes),
            },
        }

    def _blamable(self, fault: Fault) -> list[str]:
        """Return the ids of changes that brought the fault: of a deploy also those of its release."""
        return [
            one.id
            for one in self.history.changes
            if one.id in fault.changes or (fault.release and one.release == fault.release and not _is_back(one.title))
        ]

    def _names(self, node: str) -> list[str]:
        """Return what a node may be called in the data."""
        if not node:
            return []
        made = self.system.nodes[node]
        names = [node] if made.kind is NodeKind.SERVICE else [node, made.address]
        return list(dict.fromkeys(names))

    def _affected(self) -> list[str]:
        """Return the services on the way from the node at fault to the entry, that node included."""
        if not self.fault.node:
            return []
        found, waiting = {self.fault.node}, [self.fault.node]
        while waiting:
            for caller in self.system.callers(waiting.pop()):
                if caller not in found:
                    found.add(caller)
                    waiting.append(caller)
        needed = next(
            flow for one, flow in zip(self.system.entries, flows(self.system), strict=True)
            if (one.node, one.operation) == self.fault.entry
        )  # fmt: skip
        return sorted(found & {node for node, _ in needed})

    def _symptom(self) -> dict[str, Any]:
        """Return what somebody would ask: a transaction, what is odd about it, and a window chosen by eye."""
        dice = random.Random(f"{self.settings.seed}/asked")  # noqa: S311 - test data, no secret
        node, operation = self.fault.entry
        if self.fault.onset is None or self.fault.end is None:
            start = self.span.begin + (self.span.end - self.span.begin) * dice.uniform(0.5, 0.7)
            end = min(self.span.end, start + dice.uniform(1200, 2400))
        else:
            start = self.fault.onset + dice.uniform(-180, 240)
            end = min(self.span.end, self.fault.end, start + dice.uniform(1200, 2700))
        mine = [one for one in self.records.spans if one.node == node and one.name == operation]
        signal = "errors" if self._errs(mine, start, end, dice) else "latency"
        return {
            "service": node,
            "transaction": operation,
            "signal": signal,
            "direction": "up",
            "query": f'from transactions | where service = "{node}" and transaction = "{operation}"',
            "start": _text(start),
            "end": _text(end),
        }

    def _errs(self, mine: list[Seen], start: float, end: float, dice: random.Random) -> bool:
        """Return whether errors are what is odd, rather than durations."""
        if self.fault.kind is FaultKind.NOTHING:
            return dice.random() < _HALF
        before = [one for one in mine if one.start < (self.fault.onset or start)]
        after = [one for one in mine if start <= one.start < end]
        if not before or not after:
            return False
        more = fmean(bool(one.failed) for one in after) - fmean(bool(one.failed) for one in before)
        good = sorted(one.end - one.start for one in before)
        slow = sorted(one.end - one.start for one in after)
        slower = slow[len(slow) // 2] / max(1e-3, good[len(good) // 2])
        return more > 0.05 and (slower < 1.5 or more > 0.25)


def scenario(settings: Settings) -> Scenario:
    """Return the scenario of a seed."""
    dice = random.Random(settings.seed)  # noqa: S311 - test data, no secret
    kind = settings.kind or _drawn_kind(dice)
    system = made_system(dice)
    span = _time(dice, settings)
    scene = Scene(dice, system, {node.name: made_code(dice, node) for node in system.services}, span.begin, span.end)
    drawn = drawn_fault(scene, kind)
    more_releases, more_changes = decoys(scene, drawn.fault)
    plan = Plan(scene.codes, drawn.spared, (*drawn.releases, *more_releases), span.begin)
    history = made_history(dice, system, plan)
    history.changes += [*drawn.changes, *more_changes]
    history.changes.sort(key=lambda one: (one.at, one.id))
    fault = _with_release(drawn.fault, history)
    troubles = (fault.trouble, *harmless(scene, fault))
    records = _run(settings, system, history, troubles, span)
    return Scenario(settings, system, fault, history, span, records, troubles)


def _drawn_kind(dice: random.Random) -> FaultKind:
    """Draw a kind: one seed of five has nothing wrong."""
    wrong = [one for one in FaultKind if one is not FaultKind.NOTHING]
    return FaultKind.NOTHING if dice.random() < 0.2 else dice.choice(wrong)


def _time(dice: random.Random, settings: Settings) -> Span:
    """Draw hours of the week before `end`."""
    back = dice.uniform(0, 6.5) * DAY_S
    end = settings.end.timestamp() - back
    hours = dice.uniform(1.0, 1.8)
    return Span(end - (settings.hours or hours) * HOUR_S, end)


def _with_release(fault: Fault, history: History) -> Fault:
    """Return the fault with the version of the release that brings it, in place of the id of its deploy."""
    made = history.wanted.get(fault.release)
    if made is None:
        return fault
    effects = tuple(replace(one, release=made.version if one.release else "") for one in fault.trouble.effects)
    return replace(fault, release=made.version, trouble=replace(fault.trouble, effects=effects))


def _traffic(
    settings: Settings, system: System, troubles: Iterable[Trouble], span: Span
) -> tuple[Traffic, random.Random]:
    """Return the traffic, and the dice its noise was drawn with."""
    dice = random.Random(f"{settings.seed}/traffic")  # noqa: S311 - test data, no secret
    each = sum(
        entry.share
        * sum(weight * (2 if system.nodes[node].kind is NodeKind.SERVICE else 1) for (node, _), weight in flow.items())
        for entry, flow in zip(system.entries, flows(system), strict=True)
    )
    per_s = settings.spans / each / (span.end - span.begin)
    surges = [surge for trouble in troubles for surge in trouble.surges]
    return Traffic(dice, system, surges, span, per_s), dice


def _run(settings: Settings, system: System, history: History, troubles: tuple[Trouble, ...], span: Span) -> Records:
    traffic, dice = _traffic(settings, system, troubles, span)
    effects = [effect for trouble in troubles for effect in trouble.effects]
    simulator = Simulator(dice, Run(system, history, effects, traffic.busy(), span))
    for request in traffic.requests():
        simulator.serve(request)
    return simulator.records


def _kept(dice: random.Random, errors: list[Reported]) -> list[Reported]:
    """Return the errors clients send: all, or a share where there are very many, as their sampling does it."""
    if len(errors) > _MOST_ERRORS:
        share = _MOST_ERRORS / len(errors)
        errors = [one for one in errors if dice.random() < share]
    return sorted(errors, key=lambda one: one.at)


def _joined(found: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in found)


def _is_back(title: str) -> bool:
    return title.startswith("Roll back")


def _text(at: float | None) -> str:
    if at is None:
        return ""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=round(at))
    return moment.isoformat().replace("+00:00", "Z")
