"""Lets requests run through a system, and writes down what its instruments would have seen."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ml.chaos._code import mark_of
from ml.chaos._history import History, Release
from ml.chaos._model import Call, Effect, Node, NodeKind, Operation, Raised, System
from ml.chaos._traffic import Busy, Request, Span

SERVER: Final = 2
CLIENT: Final = 3
PRODUCER: Final = 4
CONSUMER: Final = 5
_DEEPEST: Final = 12
_HANDED_ON: Final = 0.35
"""Share of failures of others that a caller reports as an error of its own, too."""


@dataclass(slots=True)
class Seen:
    """One span.

    Attributes:
        trace: number of the trace.
        id: number of the span.
        parent: number of the parent; 0 for none.
        node: the service that tells of it.
        instance: its machine.
        release: it runs, as events say it.
        name: of the span.
        kind: as OpenTelemetry counts them.
        start: seconds since 1970.
        end: likewise.
        failed: what went wrong; empty for nothing.
        status: of HTTP; 0 for none.
        target: the node asked, of outgoing ones.
        tenant: who asks.
        user: who asks, within the tenant.
    """

    trace: int
    id: int
    parent: int
    node: str
    instance: str
    release: str
    name: str
    kind: int
    start: float
    end: float = 0.0
    failed: str = ""
    status: int = 0
    target: str = ""
    tenant: str = ""
    user: int = 0


@dataclass(frozen=True, slots=True)
class Reported:
    """An error a service reported: what, where in its code, and in which request."""

    at: float
    raised: Raised
    operation: str
    release: Release
    span: Seen


@dataclass(frozen=True, slots=True)
class Logged:
    """A log line."""

    at: float
    node: str
    instance: str
    level: str
    text: str
    trace: int = 0
    span: int = 0


@dataclass(slots=True)
class Records:
    """All that was seen."""

    spans: list[Seen] = field(default_factory=list)
    errors: list[Reported] = field(default_factory=list)
    logs: list[Logged] = field(default_factory=list)


@dataclass(slots=True)
class _Job:
    """What is the same for all spans of a request."""

    trace: int
    tenant: str
    user: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What requests run through.

    Attributes:
        system: that is asked.
        history: says which release runs where.
        effects: of the fault, and of what is harmless.
        busy: how busy nodes are, by bin of `span`.
        span: time of the data.
    """

    system: System
    history: History
    effects: Sequence[Effect]
    busy: Mapping[str, Sequence[Busy]]
    span: Span


class Simulator:
    """Runs requests.

    Args:
        dice: decide.
        run: what they run through.
    """

    def __init__(self, dice: random.Random, run: Run) -> None:
        self._dice = dice
        self._run = run
        self._effects: dict[str, list[Effect]] = {}
        for effect in run.effects:
            self._effects.setdefault(effect.node, []).append(effect)
        self.records = Records()

    def serve(self, request: Request) -> None:
        """Run a request from outside."""
        dice = self._dice
        entry = self._run.system.entries[request.entry]
        job = _Job(dice.getrandbits(128) | 1, request.tenant, dice.randrange(1, 400))
        self._serve(job, entry.node, entry.operation, 0, request.at)

    def _serve(self, job: _Job, name: str, operation: str, parent: int, start: float) -> Seen:
        """Run an operation of a service and return its span."""
        dice = self._dice
        node = self._run.system.nodes[name]
        made = node.operation(operation)
        instance = dice.choice(node.instances)
        release = self._run.history.running(name, instance, start)
        kind = CONSUMER if operation.startswith("process ") else SERVER
        span = Seen(
            job.trace,
            self._id(),
            parent,
            name,
            instance,
            release.version,
            operation,
            kind,
            start,
            tenant=job.tenant,
            user=job.user,
        )
        self.records.spans.append(span)
        busy = self._busy(name, start)
        if busy.refused and dice.random() < busy.refused:
            span.end = start + dice.uniform(0.4, 3) / 1000
            self._fail(span, release, Raised("ServiceUnavailable", "too many requests in flight"), 503, operation)
            return span
        active = [one for one in self._effects.get(name, ()) if _applies(one, span)]
        work = self._work(made, busy, active, start)
        before = dice.uniform(0.3, 0.8)
        now = start + work * before / 1000
        raised = self._raised(made, active, start)
        if raised is not None and dice.random() < 0.6:
            span.end = now
            self._fail(span, release, raised, 500, operation)
            return span
        job.depth += 1
        now = self._ask(job, span, made, (now, active), release)
        job.depth -= 1
        span.end = now + work * (1 - before) / 1000
        if raised is not None and not span.failed:
            self._fail(span, release, raised, 500, operation)
        elif not span.failed and kind == SERVER:
            span.status = 201 if operation.startswith("POST") else 200
        return span

    def _ask(
        self, job: _Job, span: Seen, made: Operation, when: tuple[float, Sequence[Effect]], release: Release
    ) -> float:
        """Make the calls of an operation and return when they are done; a failed one ends the request."""
        now, active = when
        if job.depth > _DEEPEST:
            return now
        again = {one.repeat[0]: one.repeat[1] for one in active if one.repeat is not None}
        for call in made.calls:
            if self._dice.random() >= call.chance:
                continue
            for _ in range(again.get(call.target, 1)):
                now, failed = self._call(job, span, call, now)
                if failed and not call.optional:
                    self._handed_on(span, release, call, (now, failed), made.name)
                    return now
        return now

    def _handed_on(self, span: Seen, release: Release, call: Call, how: tuple[float, str], operation: str) -> None:
        """Let a caller fail because somebody it asked did."""
        now, failed = how
        late = failed == "timeout"
        span.failed, span.status = failed, 504 if late else 502
        says = f"{call.operation} of {call.target}"
        value = f"{says} took longer than {call.timeout_ms:.0f} ms" if late else f"{says}: {failed}"
        raised = Raised("TimeoutError" if late else "UpstreamError", value, "", mark_of(call.target, call.operation))
        leaf = self._run.system.nodes[call.target].kind is not NodeKind.SERVICE
        if leaf or late or self._dice.random() < _HANDED_ON:
            self.records.errors.append(Reported(now, raised, operation, release, span))

    def _call(self, job: _Job, span: Seen, call: Call, now: float) -> tuple[float, str]:
        """Make a call, again where it may be, and return when it is done and what went wrong."""
        failed = ""
        for attempt in range(call.retries + 1):
            if attempt:
                now += self._dice.uniform(15, 60) / 1000
            now, failed = self._try(job, span, call, now)
            if not failed:
                break
        return now, failed

    def _try(self, job: _Job, span: Seen, call: Call, now: float) -> tuple[float, str]:
        target = self._run.system.nodes[call.target]
        kind = PRODUCER if target.kind is NodeKind.QUEUE else CLIENT
        out = Seen(
            job.trace, self._id(), span.id, span.node, span.instance, span.release, call.operation, kind, now,
            target=call.target, tenant=job.tenant, user=job.user,
        )  # fmt: skip
        self.records.spans.append(out)
        if target.kind is NodeKind.SERVICE:
            way = self._dice.lognormvariate(-0.2, 0.5) / 1000
            answer = self._serve(job, call.target, call.operation, out.id, now + way)
            out.end, out.status, failed = answer.end + way, answer.status, answer.failed
        else:
            out.end, failed = self._leaf(job, out, target, call)
            out.status = (503 if failed else 200) if target.kind is NodeKind.EXTERNAL else 0
        if (out.end - now) * 1000 > call.timeout_ms:
            out.end, out.status, failed = now + call.timeout_ms / 1000, 0, "timeout"
        out.failed = failed
        return out.end, failed

    def _leaf(self, job: _Job, out: Seen, target: Node, call: Call) -> tuple[float, str]:
        """Return when something that is no service has answered, and what went wrong."""
        made = target.operation(call.operation)
        active = [one for one in self._effects.get(target.name, ()) if _applies(one, out)]
        end = out.start + self._work(made, self._busy(target.name, out.start), active, out.start) / 1000
        if target.kind is NodeKind.QUEUE:
            for follow in made.calls:
                lag = self._dice.lognormvariate(3.4, 0.6) / 1000
                self._serve(job, follow.target, follow.operation, out.id, end + lag)
        chance = made.error_rate + sum(one.fail * one.strength(out.start) for one in active)
        if self._dice.random() >= chance:
            return end, ""
        outside = target.kind is NodeKind.EXTERNAL
        return end, "503 Service Unavailable" if outside else "the connection was closed"

    def _work(self, made: Operation, busy: Busy, active: Sequence[Effect], at: float) -> float:
        """Return how long an operation takes itself, in milliseconds."""
        work = made.work_ms * self._dice.lognormvariate(0.0, made.spread) * busy.factor
        if busy.waiting_ms:
            work += busy.waiting_ms * self._dice.uniform(0.3, 1.4)
        for one in active:
            strength = one.strength(at)
            work *= 1 + (one.factor - 1) * strength
            if one.extra_ms:
                work += one.extra_ms * strength * self._dice.lognormvariate(0.0, 0.3)
        return work

    def _raised(self, made: Operation, active: Sequence[Effect], at: float) -> Raised | None:
        """Return what an operation fails of by itself; None when it does not."""
        for one in active:
            if one.fail and one.raised is not None and self._dice.random() < one.fail * one.strength(at):
                return one.raised
        if made.error_rate and self._dice.random() < made.error_rate:
            return self._dice.choice(_EVERYDAY)
        return None

    def _fail(self, span: Seen, release: Release, raised: Raised, status: int, operation: str) -> None:
        span.failed, span.status = raised.type, status if span.kind == SERVER else 0
        self.records.errors.append(Reported(span.end, raised, operation, release, span))
        line = f"{operation} failed after {(span.end - span.start) * 1000:.0f} ms: {raised.type}"
        self.records.logs.append(Logged(span.end, span.node, span.instance, "error", line, span.trace, span.id))

    def _busy(self, name: str, at: float) -> Busy:
        row = self._run.busy.get(name)
        return row[self._run.span.bin(at)] if row is not None else _IDLE

    def _id(self) -> int:
        return self._dice.getrandbits(64) | 1


_IDLE: Final = Busy(0.2, 1.0, 0.0, 0.0)
_EVERYDAY: Final = (
    Raised("ValidationError", "field 'quantity' must be at least 1"),
    Raised("ConnectionReset", "connection reset by peer"),
    Raised("LockConflict", "the row was changed by another request"),
)


def _applies(effect: Effect, span: Seen) -> bool:
    """Return whether an effect is about what a span tells of."""
    return (
        effect.start <= span.start < effect.end
        and effect.operation in {"", span.name}
        and effect.release in {"", span.release}
        and effect.tenant in {"", span.tenant}
        and effect.instance in {"", span.instance}
    )
