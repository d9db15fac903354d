"""The generator of scenarios: the same seed, the same bytes, and what it says is wrong can be seen in the data."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from statistics import median

import pytest

from ml.chaos import FaultKind, Scenario, Settings, scenario
from ml.chaos._model import NodeKind
from ml.chaos._topology import flows, made_system

END = datetime(2026, 11, 16, tzinfo=UTC)


@cache
def made(seed: int, kind: FaultKind | None = None) -> Scenario:
    """A small scenario, made once for all tests of a process."""
    return scenario(Settings(seed, END, 6_000, kind, 1.0))


def digest(one: Scenario) -> str:
    """A hash of all files with their names."""
    found = hashlib.sha256()
    for name, content in one.files():
        found.update(name.encode() + b"\0" + content)
    return found.hexdigest()


ELSEWHERE = """
from datetime import UTC, datetime
from ml.chaos import Settings, scenario
from tests.ml.test_chaos import digest
print(digest(scenario(Settings(3, datetime(2026, 11, 16, tzinfo=UTC), 1_500, None, 1.0))))
"""


def test_a_seed_gives_the_same_bytes_in_every_process():
    """Whatever the order of sets and hashes is there; another seed gives others."""
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    command = [sys.executable, "-c", ELSEWHERE]
    elsewhere = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    here, other = (digest(scenario(Settings(seed, END, 1_500, None, 1.0))) for seed in (3, 4))
    assert elsewhere.stdout.strip() == here != other


def test_systems_have_eight_to_fifteen_services_and_what_they_ask():
    """Services, databases, a queue, all of them reached by requests; what is called is there."""
    for seed in range(30):
        system = made_system(random.Random(seed))
        assert 8 <= len(system.services) <= 15
        assert {NodeKind.SERVICE, NodeKind.DATABASE, NodeKind.QUEUE} <= {node.kind for node in system.nodes.values()}
        assert all(
            system.nodes[call.target].operation(call.operation)
            for node in system.services
            for operation in node.operations
            for call in operation.calls
        )


def about(one: Scenario) -> Callable[[float, float], list[tuple[float, bool]]]:
    """Durations and failures of what the node at fault did, within a range of time."""
    fault = one.fault

    def within(start: float, end: float) -> list[tuple[float, bool]]:
        is_service = any(node.name == fault.node for node in one.system.services)
        return [
            (span.end - span.start, bool(span.failed))
            for span in one.records.spans
            if start <= span.start < end
            and (span.node == fault.node and span.kind == 2 if is_service else span.target == fault.node)
            and fault.operation in {"", span.name}
            and fault.tenant in {"", span.tenant}
        ]

    return within


@pytest.mark.parametrize("kind", [one for one in FaultKind if one is not FaultKind.NOTHING], ids=lambda one: one.value)
@pytest.mark.parametrize("seed", [11])
def test_what_is_said_to_be_wrong_is_slower_or_fails_from_the_onset_on(seed: int, kind: FaultKind):
    """At the node that is at fault, and not before."""
    one = made(seed, kind)
    fault = one.fault
    assert fault.onset is not None
    assert fault.end is not None
    within = about(one)
    before = within(one.span.begin, fault.onset - 60)
    ramp = max([0.0, *(effect.ramp_s for effect in fault.trouble.effects)])
    after = within(min(fault.onset + 120 + ramp / 2, fault.end - 300), fault.end)
    assert after, "nobody asked the node while it was at fault"
    if kind is FaultKind.BAD_CLIENT:
        # Before, the client asked now and then, or not at all.
        assert len(after) / (fault.end - fault.onset) > 2 * len(before) / (fault.onset - one.span.begin)
        return
    slower = median(took for took, _ in after) / median(took for took, _ in before)
    more = sum(failed for _, failed in after) / len(after) - sum(failed for _, failed in before) / len(before)
    assert slower > 1.25 or more > 0.05, (slower, more, fault.text)


def test_a_surge_is_more_requests_to_the_entry_that_is_asked_about():
    """Several times as many, while it lasts."""
    one = made(11, FaultKind.TRAFFIC_SURGE)
    node, operation = one.fault.entry
    assert one.fault.onset is not None
    assert one.fault.end is not None
    starts = [
        span.start for span in one.records.spans if (span.node, span.name) == (node, operation) and span.kind == 2
    ]
    before = sum(at < one.fault.onset for at in starts) / (one.fault.onset - one.span.begin)
    during = sum(one.fault.onset + 300 <= at < one.fault.end for at in starts) / (one.fault.end - one.fault.onset - 300)
    assert during > 1.5 * before


@pytest.mark.parametrize("seed", [11])
def test_where_nothing_is_wrong_the_transaction_asked_about_stays_as_it_was(seed: int):
    """What else happens is not on its way, and no change is to blame."""
    one = made(seed, FaultKind.NOTHING)
    truth = one.truth()
    assert truth["changes"] == []
    assert truth["onset"] == truth["node"] == ""
    entry = [(each.node, each.operation) for each in one.system.entries].index(one.fault.entry)
    on_the_way = flows(one.system)[entry]
    touched = [(each.node, each.operation) for trouble in one.troubles for each in trouble.effects]
    assert touched
    assert not set(touched) & set(on_the_way)


def test_other_changes_lie_beside_the_onset():
    """Whoever blames what changed last is wrong: some changes near the onset did nothing."""
    decoys = 0
    for kind in FaultKind:
        one = made(11, kind)
        onset = one.fault.onset or one.span.begin
        near = [c for c in one.history.changes if abs(c.at - onset) < 1800 and c.id not in one.truth()["changes"]]
        decoys += len(near)
    assert decoys >= len(FaultKind)


@pytest.mark.parametrize("kind", list(FaultKind), ids=lambda one: one.value)
def test_what_is_asked_lies_within_the_data_and_meets_the_fault(kind: FaultKind):
    """The window is chosen by eye: it overlaps the fault, and need not begin with it."""
    one = made(11, kind)
    truth = one.truth()
    start, end = (datetime.fromisoformat(truth["symptom"][name]).timestamp() for name in ("start", "end"))
    assert one.span.begin <= start < end <= one.span.end + 1
    if one.fault.onset is not None and one.fault.end is not None:
        assert start < one.fault.end
        assert end > one.fault.onset
    known = {(span.node, span.name) for span in one.records.spans}
    assert (truth["symptom"]["service"], truth["symptom"]["transaction"]) in known
