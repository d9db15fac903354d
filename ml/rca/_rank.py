"""From candidates to hypotheses: their order, their confidence, and the chain from each cause to the symptom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ml.rca._candidates import Candidate, Facts, sign_text
from ml.rca._model import CauseKind, Hypothesis, Link
from ml.rca._states import Sign, log_odds

MOST_HYPOTHESES: Final = 10
TEMPERATURE: Final = 0.7
"""How much scores are spread out before they become probabilities; see docs/explanation/root-cause.md."""

NONE_OF_THEM: Final = 1.0
"""Score of the true cause being none of the candidates."""

_SAID_BETTER: Final = -1.0
"""Log odds of a bare node once another candidate says what is wrong with it."""

_BARE: Final = frozenset({CauseKind.SERVICE, CauseKind.DEPENDENCY})


def ranked(facts: Facts, candidates: Sequence[Candidate]) -> tuple[Hypothesis, ...]:
    """Return the hypotheses, the most probable first."""
    best: dict[tuple[str, str, str | None, tuple[str, str] | None], Candidate] = {}
    for one in candidates:
        key = (one.kind.value, one.node, one.change, one.difference)
        if key not in best or one.score > best[key].score:
            best[key] = one
    said = {one.node: one.score for one in best.values() if one.kind not in _BARE}
    weighed = [(_weighed(one, said), one) for one in best.values()]
    weighed.sort(key=lambda pair: (-pair[0], pair[1].kind.value, pair[1].node, pair[1].change or "", pair[1].title))
    top = max(NONE_OF_THEM, weighed[0][0]) if weighed else NONE_OF_THEM
    odds = [math.exp((score - top) / TEMPERATURE) for score, _ in weighed]
    total = sum(odds) + math.exp((NONE_OF_THEM - top) / TEMPERATURE)
    return tuple(
        _hypothesis(facts, one, share / total)
        for (_, one), share in list(zip(weighed, odds, strict=True))[:MOST_HYPOTHESES]
    )


def _weighed(candidate: Candidate, said: dict[str, float]) -> float:
    bare = candidate.kind in _BARE and said.get(candidate.node, -math.inf) > candidate.score
    return candidate.score + (_SAID_BETTER if bare else 0.0)


def _hypothesis(facts: Facts, candidate: Candidate, confidence: float) -> Hypothesis:
    return Hypothesis(
        kind=candidate.kind,
        node=candidate.node,
        change=candidate.change,
        title=candidate.title,
        confidence=round(confidence, 6),
        chain=_chain(facts, candidate),
        evidence=candidate.evidence,
        commits=candidate.commits,
        difference=candidate.difference,
    )


def _chain(facts: Facts, candidate: Candidate) -> tuple[Link, ...]:
    """Return the links from what is blamed over the nodes in between to the symptom's node."""
    links: list[Link] = []
    blame = facts.blames.get(candidate.node)
    if blame is None:
        return ()
    named = candidate.title if candidate.kind not in _BARE else ""
    first = _moved(facts, candidate.node)
    if named:
        links.append(_link(facts, named, candidate.node, first))
    for callee, caller in zip(reversed(blame.way), list(reversed(blame.way))[1:], strict=False):
        links.append(_link(facts, callee, caller, _moved(facts, caller)))
    if not links and first is not None:
        links.append(_link(facts, candidate.node, candidate.node, first))
    return tuple(links)


def _link(facts: Facts, cause: str, effect: str, sign: Sign | None) -> Link:
    if sign is None:
        return Link(cause, effect, f"nothing is known of {effect}")
    series = facts.measures.series[sign.place]
    text = sign_text(facts, sign) if log_odds(sign.deviation) > 0.0 else f"{effect} hardly shows it"
    return Link(cause, effect, text, (series.key,) if series.key else (), _began(facts, sign))


def _moved(facts: Facts, node: str) -> Sign | None:
    """Return the sign of a node to tell in a chain: that of the symptom's signal when it is off, else the worst one."""
    signs = facts.states[node].signs if node in facts.states else ()
    wanted = facts.case.symptom
    same = [
        one
        for one in signs
        if facts.measures.series[one.place].signal is wanted.signal and log_odds(one.deviation) > 0.0
    ]
    named = [one for one in same if facts.measures.series[one.place].name == wanted.name]
    return next(iter([*named, *same, *signs]), None)


def _began(facts: Facts, sign: Sign) -> float | None:
    """Return when a series first was half as far off as it came to be."""
    if facts.time is None or facts.case.grid is None or log_odds(sign.deviation) <= 0.0:
        return None
    row = facts.measures.bad(sign.place, sign.way)[facts.time.hot]
    for i, value in enumerate(row):
        if value >= sign.deviation / 2.0:
            return float(facts.case.grid.start + facts.case.grid.step * (facts.time.hot.start + i))
    return None
