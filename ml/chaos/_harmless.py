"""What happens in every system besides its fault: something else slower, stray errors, changes that harm nobody."""

from __future__ import annotations

from collections.abc import Iterator

from ml.chaos._faults import Scene, changed
from ml.chaos._history import Planned
from ml.chaos._model import Changed, Effect, Fault, Raised, Say, Trouble
from ml.chaos._topology import flows


def harmless(scene: Scene, fault: Fault) -> Iterator[Trouble]:
    """Yield what only looks like trouble: something slower that no answer asked about waits for, and stray errors."""
    dice = scene.dice
    asked = next(
        flow for one, flow in zip(scene.system.entries, flows(scene.system), strict=True)
        if (one.node, one.operation) == fault.entry
    )  # fmt: skip
    away = sorted(
        (node.name, operation.name)
        for node in scene.system.services
        for operation in node.operations
        if (node.name, operation.name) not in asked
    )
    moment = (fault.onset or dice.uniform(scene.begin, scene.end)) + dice.uniform(-900, 600)
    if away:
        node, operation = dice.choice(away)
        yield Trouble((Effect(node, moment, scene.end, operation, factor=dice.uniform(1.3, 1.9)),))
        node, operation = dice.choice(away)
        raised = Raised("BrokenPipe", "the client went away")
        start = dice.uniform(scene.begin, scene.end - 600)
        yield Trouble((Effect(node, start, start + dice.uniform(120, 420), operation, fail=0.08, raised=raised),))
    speaker = dice.choice(scene.system.services).name
    yield Trouble(
        says=(Say(speaker, moment, scene.end, 0.03, "warn", "cache miss ratio of {n} percent in the last minute"),)
    )


def decoys(scene: Scene, fault: Fault) -> tuple[list[Planned], list[Changed]]:
    """Return releases and changes that harm nobody, some of them right beside the onset, none of them at its place."""
    dice = scene.dice
    moment = fault.onset or dice.uniform(scene.begin + 1200, scene.end - 600)
    own = {fault.node, *scene.system.callers(fault.node)} if fault.changes == () else {fault.node}
    others = [node.name for node in scene.system.services if node.name != fault.node]
    apart = [name for name in others if name not in own] or others
    releases = [Planned(dice.choice(apart), moment + dice.uniform(-1200, 420))]
    releases += [
        Planned(name, dice.uniform(scene.begin + 300, scene.end - 300))
        for name in dice.sample(others, min(len(others), dice.randint(1, 3)))
    ]
    changes = []
    for _ in range(dice.randint(1, 3)):
        service = dice.choice(others)
        at = dice.choice((moment + dice.uniform(-1500, 600), dice.uniform(scene.begin, scene.end)))
        kind, title, values = dice.choice(
            (
                ("config", f"{service}: log.level", ("info", "debug")),
                ("config", f"{service}: cache.ttl", ("300", "600")),
                ("flag", f"Turn on {service}-banner", ("off", "on")),
                ("flag", f"Turn off {service}-survey", ("on", "off")),
                ("scaling", f"{service}: one machine more", ("3", "4")),
            )
        )
        changes.append(changed(dice, kind, at, service, title, values))
    return releases, changes
