"""Ingest: how many events a second become queryable, what that costs in CPU and disk, and how long one takes.

A fresh `amber serve` is started in a directory of its own and loaded with events of the unmodified SDK (see
`benchmarks.envelopes`). "Stored" counts what a query sees, over the whole time from the first request until the last
event is visible; a server that accepts fast and stores slowly gains nothing by it. The client runs on the same cores;
its CPU is not counted.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from benchmarks import stats
from benchmarks.attachment import measure_attachment
from benchmarks.envelopes import Template, bodies, build_templates
from benchmarks.load_client import Connection, Outcome, closed_loop, open_loop, request
from benchmarks.serving import Address, NoAnswerError, Server, amber, serving
from benchmarks.store_size import StoreSize, measure_store

COUNT = "from errors last 2h | summarize n=count()"
DRAIN_TIMEOUT_S = 180.0
POLL_S = 0.25
PROBE_POLL_S = 0.025
"""Between questions for one event: as fine as its budgets of a second or two need; each costs the server 15 ms."""

IDLE_WATCH_S = 3.0
PROBE_EVERY_S = 0.5
SETTLE_TIMEOUT_S = 30.0
WARM_UP_EVENTS = 300
FIRST_JOBS_S = 20.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How hard and how long.

    Attributes:
        events: of one repeat.
        repeats: number of repeats; medians are reported.
        connections: of the closed loop.
        max_seconds: upper end of the sending phase of one repeat.
        issues: different errors among the events.
        variants: different events of an error before values are filled in.
        seed: of everything random.
    """

    events: int = 12_000
    repeats: int = 3
    connections: int = 32
    max_seconds: float = 60.0
    issues: int = 200
    variants: int = 5
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Run:
    """One repeat.

    Attributes:
        accepted: requests answered with 200.
        accepted_per_s: over the sending phase.
        stored_per_s: visible events over the time until the last one was.
        lag_s: from the last answer to the last event visible.
        request_p50_ms, request_p95_ms, request_p99_ms: of the requests.
        cpu_s_per_10k: CPU seconds of all processes for 10 000 events, until they are idle again; what they use anyway
            while waiting for that is taken off.
        cpu_by_role: the same by role of the process, without that.
        memory_mib: proportional set size of all processes at the end.
        statuses: answers by status.
    """

    accepted: int
    accepted_per_s: float
    stored_per_s: float
    lag_s: float
    request_p50_ms: float
    request_p95_ms: float
    request_p99_ms: float
    cpu_s_per_10k: float
    cpu_by_role: dict[str, float]
    memory_mib: float
    statuses: dict[str, int]


@dataclass(frozen=True, slots=True)
class Visibility:
    """Milliseconds from the first byte of a request to its event being in a query's answer."""

    accept_ms: list[float]
    visible_ms: list[float]


class Loaded(Protocol):
    """A server under load, whoever made it."""

    @property
    def address(self) -> Address:
        """Where it answers."""
        ...

    def number(self, text: str) -> int:
        """Return how many events a text finds."""
        ...

    def cpu_by_role(self) -> dict[str, float]:
        """Return the CPU seconds used so far by the role of the process."""
        ...

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far."""
        ...

    def memory_mib(self) -> float:
        """Return the proportional set size of all processes."""
        ...


def prepare_directory(data_dir: Path) -> Path:
    """Make a data directory with a project and a key, as a user does, and return it."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    amber("init", "--data", str(data_dir), log=data_dir.parent / f"{data_dir.name}-init.log")
    return data_dir


def measure_ingest(work_dir: Path, plan: LoadPlan) -> dict[str, object]:
    """Measure capacity, cost, disk and visibility; returns what `benchmarks.report` reads under `ingest`."""
    templates = build_templates(issues=plan.issues, variants=plan.variants, seed=plan.seed)
    data_dir = prepare_directory(work_dir / "ingest")
    with serving(data_dir) as server:
        warm_up(server, templates)
        idle = one_at_a_time(server, templates, count=15)
        runs = [load_once(server, templates, plan, repeat) for repeat in range(plan.repeats)]
        half = stats.median([run.stored_per_s for run in runs]) / 2
        loaded = at_rate(server, templates, per_s=half, seconds=min(20.0, plan.max_seconds))
        carried = measure_attachment(server)
    same_values = _disk_of_templates(work_dir, templates, plan)
    return {
        "plan": asdict(plan),
        "runs": [asdict(run) for run in runs],
        "body_bytes": _mean_size(templates, plan.seed),
        "entropy_bytes": sum(template.entropy_bits for template in templates) / len(templates) / 8,
        "idle": asdict(idle),
        "half_rate": half,
        "loaded": asdict(loaded),
        "attachment": asdict(carried),
        "disk": asdict(measure_store(data_dir)),
        "disk_same_values": asdict(same_values),
    }


def warm_up(server: Server, templates: list[Template]) -> None:
    """Send some hundred events and wait until they are visible, so that no run pays for first times.

    The jobs of the server begin ten seconds after its start; their first round is waited for too.
    """
    requests = requests_of(server, templates, WARM_UP_EVENTS, seed=1)
    asyncio.run(closed_loop(server.address, requests, connections=4, max_seconds=30))
    wait_for(server, WARM_UP_EVENTS)
    time.sleep(FIRST_JOBS_S)


def load_once(server: Loaded, templates: list[Template], plan: LoadPlan, repeat: int) -> Run:
    """Send one repeat as fast as the connections allow and wait until all of it is visible and the server idle."""
    requests = requests_of(server, templates, plan.events, seed=plan.seed * 1000 + repeat)
    before, idle_rate, cpu_before = server.number(COUNT), _idle_rate(server), server.cpu_by_role()
    outcome = asyncio.run(
        closed_loop(server.address, requests, connections=plan.connections, max_seconds=plan.max_seconds)
    )
    if not outcome.accepted:
        raise NoAnswerError(f"no event was accepted: {dict(outcome.statuses)}")
    visible_at = wait_for(server, before + outcome.accepted)
    cpu_after, settled_s = _settled_cpu(server, idle_rate)
    per_10k = 1e4 / outcome.accepted
    cpu_s = sum(cpu_after.values()) - sum(cpu_before.values()) - idle_rate * settled_s
    latency = stats.spread(outcome.latencies_ms)
    return Run(
        accepted=outcome.accepted,
        accepted_per_s=outcome.accepted_per_s,
        stored_per_s=outcome.accepted / (visible_at - outcome.began),
        lag_s=visible_at - outcome.ended,
        request_p50_ms=latency.median,
        request_p95_ms=latency.p95,
        request_p99_ms=latency.p99,
        cpu_s_per_10k=cpu_s * per_10k,
        cpu_by_role={role: (spent - cpu_before.get(role, 0.0)) * per_10k for role, spent in cpu_after.items()},
        memory_mib=server.memory_mib(),
        statuses=dict(outcome.statuses),
    )


def one_at_a_time(server: Loaded, templates: list[Template], *, count: int) -> Visibility:
    """Send single events to an idle server, each after the last one was visible."""
    requests = list(zip(*_with_ids(server, templates, count, seed=3), strict=True))
    result = Visibility([], [])
    for event_id, body in requests:
        asyncio.run(_visible(server, event_id, body, result))
        time.sleep(0.3)
    return result


def at_rate(server: Server, templates: list[Template], *, per_s: float, seconds: float) -> Visibility:
    """Send at a fixed rate, and meanwhile time how long single events take to be visible."""
    requests = requests_of(server, templates, int(per_s * seconds), seed=4)
    ids, probes = _with_ids(server, templates, int(seconds / PROBE_EVERY_S), seed=5)
    result = Visibility([], [])

    async def both() -> None:
        load = asyncio.create_task(open_loop(server.address, requests, per_s=per_s))
        began = time.perf_counter()
        for index, (event_id, body) in enumerate(zip(ids, probes, strict=True)):
            await asyncio.sleep(max(0.0, began + PROBE_EVERY_S * index - time.perf_counter()))
            if load.done():
                break
            await _visible(server, event_id, body, result)
        await load

    asyncio.run(both())
    return result


async def _visible(server: Loaded, event_id: str, body: bytes, result: Visibility) -> None:
    """Send one event and ask for it until it is there."""
    outcome = Outcome()
    began = time.perf_counter()
    connection = Connection(*server.address.ingest)
    await connection.send(body, outcome)
    connection.close()
    text = f"from errors last 2h id:{event_id} | summarize n=count()"
    while not await asyncio.to_thread(server.number, text):
        if time.perf_counter() - began > DRAIN_TIMEOUT_S:
            raise NoAnswerError(f"event {event_id} was answered with {dict(outcome.statuses)} and never seen")
        await asyncio.sleep(PROBE_POLL_S)
    result.visible_ms.append((time.perf_counter() - began) * 1000)
    result.accept_ms.append(outcome.latencies_ms[0])


def requests_of(
    server: Loaded, templates: list[Template], count: int, *, seed: int, same_values: bool = False
) -> list[bytes]:
    """Return requests with fresh ids and times."""
    made = bodies(templates, count, seed=seed, same_values=same_values)
    return [request(server.address, body) for _, body in made]


def _with_ids(server: Loaded, templates: list[Template], count: int, *, seed: int) -> tuple[list[str], list[bytes]]:
    made = list(bodies(templates, count, seed=seed))
    return [event_id.decode() for event_id, _ in made], [request(server.address, body) for _, body in made]


def wait_for(server: Loaded, events: int) -> float:
    """Ask for the number of events until it is `events`; return when that was (`time.perf_counter()`)."""
    deadline = time.perf_counter() + DRAIN_TIMEOUT_S
    while True:
        seen = server.number(COUNT)
        now = time.perf_counter()
        if seen >= events:
            return now
        if now > deadline:
            raise NoAnswerError(f"{seen} of {events} events are visible after {DRAIN_TIMEOUT_S:.0f} s")
        time.sleep(POLL_S)


def _idle_rate(server: Loaded) -> float:
    """Return the CPU seconds a second that the idle server uses."""
    before = server.cpu_s()
    time.sleep(IDLE_WATCH_S)
    return (server.cpu_s() - before) / IDLE_WATCH_S


def _settled_cpu(server: Loaded, idle_rate: float) -> tuple[dict[str, float], float]:
    """Wait until the server does no more than when idle (merges end after the inserts).

    Returns:
        The CPU by role then, and how long the wait was.
    """
    began = time.perf_counter()
    last = server.cpu_s()
    while True:
        time.sleep(1.0)
        current = server.cpu_by_role()
        waited = time.perf_counter() - began
        if sum(current.values()) - last < idle_rate + 0.05 or waited > SETTLE_TIMEOUT_S:
            return current, waited
        last = sum(current.values())


def _disk_of_templates(work_dir: Path, templates: list[Template], plan: LoadPlan) -> StoreSize:
    """Store one repeat whose bodies differ in ids and times only, in a directory of its own, and weigh it."""
    data_dir = prepare_directory(work_dir / "same-values")
    with serving(data_dir) as server:
        requests = requests_of(server, templates, plan.events, seed=6, same_values=True)
        sent = asyncio.run(closed_loop(server.address, requests, connections=8, max_seconds=plan.max_seconds))
        wait_for(server, sent.accepted)
    return measure_store(data_dir)


def _mean_size(templates: list[Template], seed: int) -> dict[str, float]:
    """Mean size of an event's JSON and of its gzipped request body, in bytes."""
    raw = sum(len(text) for template in templates for text in template.texts)
    filled = sum(len(value) for template in templates for value in _slot_values(template))
    packed = [len(body) for _, body in islice(bodies(templates, 200, seed=seed), 200)]
    return {"json": (raw + filled) / len(templates), "gzip": sum(packed) / len(packed)}


def _slot_values(template: Template) -> list[bytes]:
    return [template.original[slot.key] for slot in template.slots]
