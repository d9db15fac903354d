"""The fitted model: numbers in a JSON file of the package, applied without the library that fitted them."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ml.clustering._similarity import FEATURES

FILE = "model.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression over standardised features."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def score(self, vector: Sequence[float]) -> float:
        """Return the log-odds of one cause before calibration."""
        parts = zip(vector, self.mean, self.scale, self.weights, strict=True)
        return self.bias + math.fsum((x - mean) / scale * weight for x, mean, scale, weight in parts)

    def shares(self, vector: Sequence[float]) -> dict[str, float]:
        """Return what each feature adds to the log-odds, against a pair that is average in it."""
        parts = zip(FEATURES, vector, self.mean, self.scale, self.weights, strict=True)
        return {name: (x - mean) / scale * weight for name, x, mean, scale, weight in parts}


@dataclass(frozen=True, slots=True)
class Model:
    """How probable it is that two groups of the first stage have one cause.

    Attributes:
        version: stands beside every decision of the model.
        weights: fitted to all projects.
        folds: project of the labelled data -> weights fitted without it, to score the open data honestly.
        calibration: (score, probability), growing; between two points it is the line, outside the nearer point.
        merge_at: least probability of a merge: at and above it precision was >= .95 on projects left out.
        suggest_at: least probability of a suggestion.
    """

    version: str
    weights: Weights
    folds: Mapping[str, Weights]
    calibration: tuple[tuple[float, float], ...]
    merge_at: float
    suggest_at: float

    def probability(self, vector: Sequence[float], project: str = "") -> float:
        """Return the calibrated probability; with `project` by the weights that have not seen that project."""
        return self.calibrated(self.folds.get(project, self.weights).score(vector))

    def calibrated(self, score: float) -> float:
        """Return the probability a score stands for."""
        place = bisect_right(self.calibration, (score, math.inf))
        if place == 0:
            return self.calibration[0][1]
        if place == len(self.calibration):
            return self.calibration[-1][1]
        (left, low), (right, high) = self.calibration[place - 1 : place + 1]
        return low + (high - low) * (score - left) / (right - left)


def model_of(document: Mapping[str, Any]) -> Model:
    """Return the model of a JSON document; ValueError when it was fitted to other features."""
    if tuple(document["features"]) != FEATURES:
        raise ValueError("the model was fitted to other features: run `python -m ml.clustering.train DIR`")
    return Model(
        version=str(document["version"]),
        weights=_weights(document["weights"]),
        folds={name: _weights(body) for name, body in document["folds"].items()},
        calibration=tuple((float(x), float(p)) for x, p in document["calibration"]),
        merge_at=float(document["merge_at"]),
        suggest_at=float(document["suggest_at"]),
    )


def _weights(body: Mapping[str, Any]) -> Weights:
    return Weights(tuple(body["mean"]), tuple(body["scale"]), tuple(body["weights"]), float(body["bias"]))


@cache
def fitted_model() -> Model:
    """Return the model the package brings."""
    return model_of(json.loads((files("ml.clustering") / FILE).read_text()))
