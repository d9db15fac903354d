"""Draws what is wrong with a system: one fault, and where it is met."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ml.chaos._code import BUG, BUGS, REPEATED_LINES, SLOW_LINES, Code, edited, helper_of, mark_of, with_line
from ml.chaos._history import Edit, Planned, new_id
from ml.chaos._model import (
    Changed,
    Effect,
    Fault,
    FaultKind,
    Gauge,
    NodeKind,
    Raised,
    Say,
    Surge,
    System,
    Trouble,
)
from ml.chaos._topology import expected_ms, flows

_LEAST_REACH: Final = 0.45
"""Share of an entry's requests that must need a node for its trouble to be met there."""

_MOST_TIMES: Final = 150
"""More calls of one request than that would be noticed before a release."""

_MESSAGES: Final = (
    "{service}: simplify {what}",
    "{service}: {what} without copies",
    "{service}: new way to {what}",
    "Rework {what} of {service}",
)


@dataclass(slots=True)
class Scene:
    """What a fault is drawn for.

    Attributes:
        dice: draw.
        system: that will be at fault.
        codes: of its services; a fault may prepare them.
        begin: of the data.
        end: of the data.
    """

    dice: random.Random
    system: System
    codes: dict[str, Code]
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A fault, and what has to be made for it.

    Attributes:
        fault: what is wrong; `release` of its effects is the id of a deploy until the releases are made.
        releases: to be made.
        changes: to be told.
        spared: functions harmless commits leave alone, by service.
    """

    fault: Fault
    releases: tuple[Planned, ...] = ()
    changes: tuple[Changed, ...] = ()
    spared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """A node and operation that an entry needs, with the share of its requests that do."""

    node: str
    operation: str
    entry: int
    reach: float


def drawn_fault(scene: Scene, kind: FaultKind) -> Drawn:
    """Return a fault of a kind."""
    return _DRAW[kind](scene)


def _places(scene: Scene, *kinds: NodeKind) -> list[_Place]:
    found = []
    for number, flow in enumerate(flows(scene.system, needed=True)):
        for (node, operation), reach in flow.items():
            entry = scene.system.entries[number]
            inside = scene.system.nodes[node].kind in kinds and (node, operation) != (entry.node, entry.operation)
            if inside and reach >= _LEAST_REACH and entry.share >= 0.08:
                found.append(_Place(node, operation, number, min(1.0, reach)))
    return sorted(found, key=lambda place: (place.node, place.operation, place.entry))


def _place(scene: Scene, *kinds: NodeKind) -> _Place:
    """Draw a place; any node of a kind is as likely as another."""
    places = _places(scene, *kinds) or _places(scene, NodeKind.SERVICE)
    node = scene.dice.choice(sorted({one.node for one in places}))
    return scene.dice.choice([one for one in places if one.node == node])


def _times(scene: Scene) -> tuple[float, float]:
    """Return onset and end; half of the faults last until the data ends."""
    dice, span = scene.dice, scene.end - scene.begin
    onset = scene.begin + span * dice.uniform(0.5, 0.72)
    end = scene.end if dice.random() < 0.5 else min(scene.end, onset + dice.uniform(25, 45) * 60)
    return onset, end


def _usual_ms(scene: Scene, place: _Place) -> float:
    entry = scene.system.entries[place.entry]
    return expected_ms(scene.system, entry.node, entry.operation)


def _entry(scene: Scene, place: _Place) -> tuple[str, str]:
    entry = scene.system.entries[place.entry]
    return entry.node, entry.operation


def _bad_commit(scene: Scene) -> Drawn:
    dice = scene.dice
    place = _place(scene, NodeKind.SERVICE)
    onset, end = _times(scene)
    node = scene.system.nodes[place.node]
    asked = _asked_often(scene, place)
    flavour = dice.choice(("error", "error", "slow", "repeated" if asked else "slow"))
    helper = helper_of(scene.codes[place.node], place.operation)
    deploy = new_id(dice)
    effect = Effect(place.node, onset, scene.end, place.operation, release=deploy)
    match flavour:
        case "error":
            good, bad, type_, value = dice.choice(BUGS[node.system])
            raised = Raised(type_, value, helper, BUG)
            effect = replace(effect, fail=dice.uniform(0.25, 0.9), raised=raised)
        case "slow":
            good, bad = SLOW_LINES[node.system]
            effect = replace(effect, extra_ms=_usual_ms(scene, place) * dice.uniform(0.9, 2.5) / place.reach)
        case _:
            good, bad = REPEATED_LINES[node.system]
            effect = replace(effect, repeat=dice.choice(asked))
    scene.codes[place.node] = with_line(scene.codes[place.node], helper, (BUG, good))
    releases = [Planned(place.node, onset, _breaking(helper, bad), deploy)]
    changes = (deploy,)
    if end < scene.end:
        releases.append(Planned(place.node, end, back=True, id=new_id(dice)))
    text = f"A commit to {place.node} breaks {place.operation} ({flavour})."
    fault = Fault(
        FaultKind.BAD_COMMIT, place.node, onset, end, Trouble((effect,)), changes, deploy, place.operation,
        entry=_entry(scene, place), text=text,
    )  # fmt: skip
    return Drawn(fault, tuple(releases), spared={place.node: helper})


def _asked_often(scene: Scene, place: _Place) -> list[tuple[str, int]]:
    """Return the databases an operation asks, with how often it would have to for its callers to notice."""
    found = []
    for call in scene.system.nodes[place.node].operation(place.operation).calls:
        target = scene.system.nodes[call.target]
        if target.kind is NodeKind.DATABASE:
            each = target.operation(call.operation).work_ms * call.chance
            times = round(_usual_ms(scene, place) * scene.dice.uniform(0.9, 2.0) / place.reach / each)
            if times <= _MOST_TIMES:
                found.append((call.target, max(8, times)))
    return found


def _breaking(helper: str, bad: str) -> Edit:
    def edit(dice: random.Random, code: Code) -> tuple[Code, str]:
        broken = with_line(code, helper, (BUG, bad))
        if dice.random() < 0.5:
            broken, _ = edited(dice, broken, helper)
        what = helper.replace("_", " ").lower()
        return broken, dice.choice(_MESSAGES).format(service=code.service, what=what)

    return edit


def _slow_query(scene: Scene) -> Drawn:
    dice = scene.dice
    place = _place(scene, NodeKind.DATABASE)
    onset, end = _times(scene)
    extra = max(120.0, _usual_ms(scene, place) * dice.uniform(0.9, 2.4) / place.reach)
    effect = Effect(place.node, onset, end, place.operation, dice.choice((0.0, 60.0, 240.0)), extra_ms=extra)
    trouble = Trouble(
        (effect,),
        gauges=(Gauge(place.node, "cpu", onset, end, 180, dice.uniform(0.6, 0.9)),),
        says=(Say(place.node, onset, end, 0.05, "warn", "duration: {n} ms  statement: " + place.operation),),
    )
    changes = []
    if dice.random() < 0.5:
        table = place.node.removesuffix("-db")
        number = dice.randint(40, 400)
        title = f"Migration {number:04d}: drop index {table}_owner_id_idx"
        owner = dice.choice((place.node, *scene.system.callers(place.node)))
        changes.append(changed(dice, "other", onset - dice.uniform(5, 60), owner, title))
    fault = Fault(
        FaultKind.SLOW_QUERY, place.node, onset, end, trouble, tuple(one.id for one in changes), "", place.operation,
        entry=_entry(scene, place), text=f"{place.operation} is slow on {place.node}.",
    )  # fmt: skip
    return Drawn(fault, changes=tuple(changes))


def _failing_dependency(scene: Scene) -> Drawn:
    dice = scene.dice
    place = _place(scene, NodeKind.EXTERNAL, NodeKind.EXTERNAL if dice.random() < 0.7 else NodeKind.DATABASE)
    onset, end = _times(scene)
    slow = dice.uniform(0.8, 2.5) * _usual_ms(scene, place) / place.reach if dice.random() < 0.6 else 0.0
    effect = Effect(
        place.node, onset, end, ramp_s=dice.choice((0.0, 30.0)), extra_ms=slow, fail=dice.uniform(0.3, 0.95)
    )
    fault = Fault(
        FaultKind.FAILING_DEPENDENCY, place.node, onset, end, Trouble((effect,)), entry=_entry(scene, place),
        text=f"{place.node} fails.",
    )  # fmt: skip
    return Drawn(fault)


def _config_error(scene: Scene) -> Drawn:
    dice = scene.dice
    place = _place(scene, NodeKind.SERVICE)
    onset, end = _times(scene)
    calls = [one for one in scene.system.nodes[place.node].operation(place.operation).calls if not one.optional]
    draw = dice.choice((_small_pool, _wrong_address, _bad_flag) if calls else (_small_pool, _bad_flag))
    kind, title, values, trouble = draw(scene, place, (onset, end))
    change = changed(dice, kind, onset, place.node, title, values)
    changes = [change]
    if end < scene.end:
        changes.append(changed(dice, kind, end, place.node, f"Revert: {title}", (values[1], values[0])))
    fault = Fault(
        FaultKind.CONFIG_ERROR,
        place.node,
        onset,
        end,
        trouble,
        (change.id,),
        "",
        place.operation,
        entry=_entry(scene, place),
        text=f"{title}: {values[0]} -> {values[1]}.",
    )
    return Drawn(fault, changes=tuple(changes))


_Setting = tuple[str, str, tuple[str, str], Trouble]
"""Kind of the change, its title, what it was and is now, and what it does."""


def _small_pool(scene: Scene, place: _Place, times: tuple[float, float]) -> _Setting:
    """Return a pool of connections that is too small: requests wait, some in vain."""
    dice = scene.dice
    raised = Raised("PoolTimeout", "no connection became free within 500 ms (limit of 2)")
    extra = _usual_ms(scene, place) * dice.uniform(0.8, 2) / place.reach
    effect = Effect(place.node, *times, extra_ms=extra, fail=dice.uniform(0.08, 0.3), raised=raised)
    gauge = Gauge(place.node, "pending", *times, 30, dice.uniform(12, 30))
    say = Say(place.node, *times, 0.15, "warn", "waited {n} ms for a connection of the pool")
    values = str(dice.choice((20, 30, 40))), "2"
    return "config", f"{place.node}: database.pool.size", values, Trouble((effect,), gauges=(gauge,), says=(say,))


def _wrong_address(scene: Scene, place: _Place, times: tuple[float, float]) -> _Setting:
    """Return an address nobody answers at."""
    dice = scene.dice
    calls = scene.system.nodes[place.node].operation(place.operation).calls
    call = dice.choice([one for one in calls if not one.optional])
    host = scene.system.nodes[call.target].address
    port = dice.randint(6000, 9000)
    mark = mark_of(call.target, call.operation)
    raised = Raised("ConnectionRefused", f"connect to {host}:{port}: connection refused", "", mark)
    effect = Effect(place.node, *times, place.operation, fail=dice.uniform(0.6, 1.0), raised=raised)
    return "config", f"{place.node}: {call.target}.address", (host, f"{host}:{port}"), Trouble((effect,))


def _bad_flag(scene: Scene, place: _Place, times: tuple[float, float]) -> _Setting:
    """Return a flag that turns on what fails, or is slow."""
    dice = scene.dice
    flag = f"{place.node}-{dice.choice(('new-rules', 'fast-path', 'v2-flow', 'strict-checks'))}"
    effect = Effect(place.node, *times, place.operation)
    if dice.random() < 0.5:
        raised = Raised("UnsupportedOperation", f"{flag}: no rule for this request")
        effect = replace(effect, fail=dice.uniform(0.3, 0.8), raised=raised)
    else:
        effect = replace(effect, extra_ms=_usual_ms(scene, place) * dice.uniform(0.9, 2.2) / place.reach)
    return "flag", f"Turn on {flag}", ("off", "on"), Trouble((effect,))


_SHORTAGES: Final[Mapping[str, tuple[str, str, str, float]]] = {
    "connections": ("OperationalError", "no slot is left", "FATAL: remaining connection slots are reserved", 100.0),
    "disk": ("OperationalError", "No space left on device", "could not write block {n}: No space left", 0.995),
    "memory": ("MemoryError", "out of memory", "GC pause of {n} ms, heap nearly full", 0.985),
    "cpu": ("", "", "worker loop was blocked for {n} ms", 0.99),
}
"""What runs out: type and value of the errors, a log line, and where the metric ends."""


def _resource_exhaustion(scene: Scene) -> Drawn:
    dice = scene.dice
    place = _place(scene, NodeKind.SERVICE, NodeKind.DATABASE)
    onset, end = _times(scene)
    ramp = dice.uniform(4, 12) * 60
    database = scene.system.nodes[place.node].kind is NodeKind.DATABASE
    what = dice.choice(("connections", "cpu", "disk") if database else ("memory", "cpu"))
    extra = _usual_ms(scene, place) * dice.uniform(1.2, 3) / place.reach
    type_, value, line, high = _SHORTAGES[what]
    effect = Effect(
        place.node, onset, end, ramp_s=ramp, extra_ms=extra, fail=dice.uniform(0.08, 0.35) if type_ else 0.0,
        raised=Raised(type_, value) if type_ and not database else None,
    )  # fmt: skip
    gauges = (Gauge(place.node, what, onset - ramp * 0.3, end, ramp, high),)
    says = (Say(place.node, onset, end, 0.12, "error" if type_ else "warn", line),)
    fault = Fault(
        FaultKind.RESOURCE_EXHAUSTION, place.node, onset, end, Trouble((effect,), gauges=gauges, says=says),
        entry=_entry(scene, place), text=f"{place.node} runs out of {what}.",
    )  # fmt: skip
    return Drawn(fault)


def _traffic_surge(scene: Scene) -> Drawn:
    """More requests come to one entry, or all: the node on the way that has the least left cannot serve them."""
    dice, system = scene.dice, scene.system
    onset, end = _times(scene)
    end = min(end, onset + dice.uniform(20, 35) * 60)
    entry = max(range(len(system.entries)), key=lambda number: system.entries[number].share * dice.uniform(0.7, 1.3))
    needed = flows(system, needed=True)[entry]
    all_flows = flows(system)

    def part(node: str) -> float:
        """Return the share of a node's work that comes from the entry."""
        by = [
            e.share * sum(w for (n, _), w in flow.items() if n == node)
            for e, flow in zip(system.entries, all_flows, strict=True)
        ]
        return by[entry] / sum(by)

    nodes = sorted({node for node, _ in needed if system.nodes[node].kind in {NodeKind.SERVICE, NodeKind.DATABASE}})
    # What is used at `factor`: utilisation * (1 + part * (factor - 1)); the first node to reach its limit decides.
    limit = dice.uniform(1.0, 1.25)
    factors = {node: 1 + (limit / system.nodes[node].utilisation - 1) / part(node) for node in nodes}
    node = min(factors, key=lambda name: (factors[name], name))
    surge = Surge(onset, end, min(9.0, factors[node]), entry, ramp_s=dice.choice((30.0, 120.0, 300.0)))
    one = system.entries[entry]
    fault = Fault(
        FaultKind.TRAFFIC_SURGE, node, onset, end, Trouble(surges=(surge,)), entry=(one.node, one.operation),
        text=f"{surge.factor:.1f} times the traffic to {one.operation} of {one.node}; {node} cannot serve it.",
    )  # fmt: skip
    return Drawn(fault)


def _bad_client(scene: Scene) -> Drawn:
    dice = scene.dice
    place = _place(scene, NodeKind.SERVICE)
    onset, end = _times(scene)
    tenant = dice.choice(sorted(scene.system.tenants)[3:])
    extra = _usual_ms(scene, place) * dice.uniform(2.5, 6) / place.reach
    effect = Effect(place.node, onset, end, place.operation, extra_ms=extra, tenant=tenant)
    if dice.random() < 0.5:
        raised = Raised("ValueError", "a page of 100000 entries is too large")
        effect = replace(effect, extra_ms=extra * 0.2, fail=dice.uniform(0.7, 1.0), raised=raised)
    surge = Surge(onset, end, dice.uniform(1.35, 1.8), place.entry, tenant)
    fault = Fault(
        FaultKind.BAD_CLIENT, place.node, onset, end, Trouble((effect,), (surge,)), operation=place.operation,
        tenant=tenant, entry=_entry(scene, place),
        text=f"{tenant} asks {place.operation} of {place.node} for too much.",
    )  # fmt: skip
    return Drawn(fault)


def _nothing(scene: Scene) -> Drawn:
    entries = [one for one in scene.system.entries if one.share >= 0.08]
    entry = scene.dice.choice(entries)
    return Drawn(Fault(FaultKind.NOTHING, entry=(entry.node, entry.operation), text="Nothing is wrong."))


def changed(
    dice: random.Random, kind: str, at: float, service: str, title: str, values: tuple[str, str] = ("", "")
) -> Changed:
    """Return a change of somebody; `values` are what it was and what it is now."""
    author = dice.choice(("Ada Brandt", "Bo Lindqvist", "Chidi Okafor", "Dana Reyes", "deploy-bot"))
    return Changed(new_id(dice), kind, at, service, title, author, "", *values)


_DRAW: Final[Mapping[FaultKind, Callable[[Scene], Drawn]]] = {
    FaultKind.BAD_COMMIT: _bad_commit,
    FaultKind.SLOW_QUERY: _slow_query,
    FaultKind.FAILING_DEPENDENCY: _failing_dependency,
    FaultKind.CONFIG_ERROR: _config_error,
    FaultKind.RESOURCE_EXHAUSTION: _resource_exhaustion,
    FaultKind.TRAFFIC_SURGE: _traffic_surge,
    FaultKind.BAD_CLIENT: _bad_client,
    FaultKind.NOTHING: _nothing,
}
