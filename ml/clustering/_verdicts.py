"""What a project learns from what its people decide: from which probability on its issues are merged unasked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ml.clustering._model import Model

PRECISION = 0.95
"""What merges without asking are to reach, as `train.PRECISION` for projects the model has not seen."""

_BELIEF = 40
"""The model's own probability counts as much as this many verdicts: one person's slip does not stop all merges."""

Said = tuple[float, bool]
"""The model's probability of a pair, and whether a person said that it belongs together."""


def learned(model: Model, said: Sequence[Said]) -> Model:
    """Return the model with the `merge_at` a project's verdicts ask for; it depends on nothing else.

    The share of pairs that belong together is believed to be the model's mean probability of them, worth `_BELIEF`
    pairs, and is corrected by the verdicts (the mean of a beta distribution). Merges begin at the least probability
    from which on it reaches `PRECISION`: higher than the model's where people part what it would merge, lower, but
    never below its suggestions, where they make its suggestions so often that these alone reach it. Above 1, it merges
    nothing by itself, until further verdicts bring it back.
    """
    heard = [pair for pair in said if pair[0] >= model.suggest_at]
    lower = sorted({probability for probability, _ in heard if probability < model.merge_at})
    higher = sorted({math.nextafter(probability, 2.0) for probability, _ in heard if probability >= model.merge_at})
    start = next((at for at in [model.merge_at, *higher] if _holds([one for one in heard if one[0] >= at])), 2.0)
    if start == model.merge_at:
        start = next((at for at in lower if _holds([one for one in heard if at <= one[0] < model.merge_at])), start)
    return replace(model, merge_at=start)


def _holds(pairs: Sequence[Said]) -> bool:
    if not pairs:
        return True
    believed = _BELIEF * math.fsum(probability for probability, _ in pairs) / len(pairs)
    return (believed + sum(together for _, together in pairs)) / (_BELIEF + len(pairs)) >= PRECISION
