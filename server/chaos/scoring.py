"""Whether an answer names the true cause, and the figures of many answers. Pure.

What counts as the true cause is in `is_right`; docs/explanation/chaos.md says it in words. An answer that is right by
luck - the place without the change that did it, the traffic without the client that sent it - does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from ingest.hexids import row_id
from ml.chaos import FaultKind
from ml.evaluate import Row, chance_of_rank, interval, within
from ml.rca import CauseKind, Diagnosis, Hypothesis, Verdict

TASK: Final = "rca-chaos"
WHOLE: Final = "chaos"
_ASKED_OF: Final = frozenset({CauseKind.DEPENDENCY, CauseKind.SLOW_QUERY})
"""Kinds of causes that lie at what the named service asks."""

_TOLD: Final = 40
"""Characters of a statement that tell it: titles are cut."""

_CROWDED: Final = frozenset({CauseKind.TRAFFIC})
_SHARED: Final = frozenset({CauseKind.CLIENT})

Truth = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked and answered about one seed.

    Attributes:
        seed: of the scenario.
        kind: of its fault.
        verdict: of the diagnosis.
        rank: where the true cause stands, from 1; None when it is not named.
        seconds: from the question to the diagnosis.
        candidates: how many causes could have been named: every node, every change within the data, and nothing.
        truth: the scenario's.
        named: the first causes that were named, as people read them.
        why: the verdict in one sentence.
        notes: what could not be looked at.
    """

    seed: int
    kind: str
    verdict: str
    rank: int | None
    seconds: float
    candidates: int
    truth: Truth
    named: tuple[Mapping[str, Any], ...]
    why: str
    notes: tuple[str, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was said to be wrong."""
        return self.verdict == Verdict.NOTHING.value

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def answer_of(truth: Truth, diagnosis: Diagnosis, project_id: int, seconds: float, notes: Sequence[str] = ()) -> Answer:
    """Return how a diagnosis compares with the truth."""
    allowed = set(truth["changes"])
    if truth["commit"]:
        allowed.add(row_id("commit", project_id, truth["commit"]))
    ranks = (number for number, one in enumerate(diagnosis.hypotheses, 1) if is_right(truth, one, allowed))
    is_wrong = truth["kind"] != FaultKind.NOTHING.value
    named = diagnosis.verdict is Verdict.CAUSE and is_wrong
    return Answer(
        truth["seed"],
        truth["kind"],
        diagnosis.verdict.value,
        next(ranks, None) if named else None,
        seconds,
        truth["candidates"]["nodes"] + truth["candidates"]["changes"] + 1,
        truth,
        tuple(_told(one) for one in diagnosis.hypotheses[:5]),
        diagnosis.why,
        tuple(notes),
    )


def is_right(truth: Truth, one: Hypothesis, allowed: set[str]) -> bool:
    """Return whether a hypothesis names the true cause.

    Args:
        truth: the scenario's.
        one: the hypothesis.
        allowed: ids of the changes that brought the fault: deploy, release or commit of a bad commit.
    """
    if truth["changes"]:
        return one.change is not None and one.change in allowed
    if one.change is not None:
        return False
    if truth["tenant"]:
        return one.difference is not None and truth["tenant"] in one.difference[1]
    here = one.node in truth["names"]
    if truth["kind"] == FaultKind.TRAFFIC_SURGE.value:
        return one.kind in _CROWDED and one.node in {"", truth["symptom"]["service"], *truth["affected"]}
    if one.kind in _CROWDED | _SHARED:
        return False
    # A service's call of something names that by itself, or by what it is asked: a statement, a route.
    asked_of = one.kind in _ASKED_OF and one.node in truth["callers"]
    words = [*truth["names"], *([truth["operation"][:_TOLD]] if truth["operation"] else [])]
    return here or (asked_of and any(word in one.title for word in words))


def rows(answers: Sequence[Answer]) -> Iterator[Row]:
    """Yield the figures of all answers, and of each kind of fault."""
    yield from _figures(WHOLE, answers)
    for kind in FaultKind:
        some = [one for one in answers if one.kind == kind.value]
        if some:
            yield from _figures(f"{WHOLE}/{kind.value}", some)


def _figures(name: str, answers: Sequence[Answer]) -> Iterator[Row]:
    wrong = [one for one in answers if one.kind != FaultKind.NOTHING.value]
    well = [one for one in answers if one.kind == FaultKind.NOTHING.value]
    if wrong:
        sizes, right = [one.candidates for one in wrong], [1 + len(one.truth["changes"]) for one in wrong]
        for k in (1, 3):
            hits = within([one.rank for one in wrong], k)
            yield _row(name, f"ac@{k}", hits.tolist(), chance_of_rank(sizes, right, k))
    if well:
        # Whoever guesses says "nothing" as often as it is one of the things that could be said.
        chance = float(np.mean([1 / one.candidates for one in well]))
        yield _row(name, "specificity", [float(one.is_quiet) for one in well], chance)
    seconds = [one.seconds for one in answers]
    low, high = _interval_of(seconds, _p95)
    yield Row(TASK, name, "seconds_p95", _p95(seconds), low, high, float("nan"), len(seconds))


def _row(name: str, metric: str, hits: Sequence[float], chance: float) -> Row:
    low, high = interval(hits)
    return Row(TASK, name, metric, float(np.mean(hits)), low, high, chance, len(hits))


def _p95(values: Sequence[float]) -> float:
    return float(np.quantile(values, 0.95))


def _interval_of(values: Sequence[float], figure: Callable[[Sequence[float]], float]) -> tuple[float, float]:
    """Return the 95 % interval of a figure by the bootstrap."""
    dice = np.random.default_rng(0)
    found = [figure(dice.choice(values, len(values)).tolist()) for _ in range(200)]
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def _told(one: Hypothesis) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "node": one.node,
        "change": one.change,
        "title": one.title,
        "confidence": round(one.confidence, 3),
        "difference": one.difference,
        "commits": [commit.sha for commit in one.commits[:3]],
    }
