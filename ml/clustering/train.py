"""Fits the model: `python -m ml.clustering.train DIR` writes `model.json` beside this file.

The split is by project: each project's pairs are scored by weights that were fitted to the other projects, these scores
give the calibration (isotonic) and the probability at which merges are made, and the weights that are used come from
all projects. Only errors the programs raised are used; assertion failures name the test, not the error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ml.clustering._examples import Example, examples, read_events
from ml.clustering._model import FILE
from ml.clustering._similarity import FEATURES

PRECISION = 0.95
"""What merges must reach on projects that were left out."""

_REGULARISATION = 0.05
_SUGGEST = 0.5
_HIGHEST, _LOWEST = 0.99, 0.001
_LEAST_MERGES = 20
"""A threshold fewer pairs stand above is chance."""

Floats = NDArray[np.float64]


def fit(pairs: Sequence[Example]) -> dict[str, Any]:
    """Return the document of the model fitted to pairs of several projects."""
    projects = sorted({pair.project for pair in pairs})
    folds = {project: weights([pair for pair in pairs if pair.project != project]) for project in projects}
    apart = [pair for pair in pairs if pair.apart]
    scores = np.array([_score(folds[pair.project], pair.vector) for pair in apart])
    truth = np.array([pair.together for pair in apart], dtype=float)
    calibration = calibrate(scores, truth)
    merge_from = threshold(scores, truth)
    return {
        "version": "1",
        "features": FEATURES,
        "weights": weights(pairs),
        "folds": folds,
        "calibration": calibration,
        "merge_at": max(PRECISION, float(np.interp(merge_from, *np.array(calibration).T))),
        "suggest_at": _SUGGEST,
        "fitted_to": {project: sum(pair.project == project for pair in pairs) for project in projects},
    }


def weights(pairs: Sequence[Example]) -> dict[str, Any]:
    """Return the weights of a logistic regression, as JSON values."""
    vectors = np.array([pair.vector for pair in pairs])
    scaler = StandardScaler().fit(vectors)
    share = np.array([pair.weight for pair in pairs])
    model = LogisticRegression(C=_REGULARISATION, max_iter=2000)
    model.fit(scaler.transform(vectors), [pair.together for pair in pairs], sample_weight=share / share.mean())
    return {
        "mean": _rounded(scaler.mean_),
        "scale": _rounded(scaler.scale_),
        "weights": _rounded(model.coef_[0]),
        "bias": round(float(model.intercept_[0]), 6),
    }


def calibrate(scores: Floats, truth: Floats) -> list[list[float]]:
    """Return the points (score, probability) of an isotonic regression, never quite 0 or 1."""
    isotonic = IsotonicRegression(y_min=_LOWEST, y_max=_HIGHEST).fit(scores, truth)
    points: list[list[float]] = []
    for score, probability in zip(isotonic.X_thresholds_, isotonic.y_thresholds_, strict=True):
        if not points or score - points[-1][0] > 1e-6:
            points.append([round(float(score), 6), round(float(probability), 6)])
    return points


def threshold(scores: Floats, truth: Floats) -> float:
    """Return the least score from which on the pairs above it reach `PRECISION`, counted from the top."""
    order = np.argsort(-scores, kind="stable")
    precision = np.cumsum(truth[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= PRECISION)
    enough = enough[enough >= _LEAST_MERGES - 1]
    return float(scores[order][enough[-1]]) if len(enough) else float(scores.max()) + 1.0


def _score(body: dict[str, Any], vector: Sequence[float]) -> float:
    parts = (np.array(vector) - body["mean"]) / body["scale"]
    return float(parts @ np.array(body["weights"]) + body["bias"])


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 6) for value in values]


def main() -> None:
    """Fit the model to the labelled data below the folder named on the command line."""
    if len(sys.argv) != 2:
        sys.exit("Give the folder of labelled data: python -m ml.clustering.train DIR")
    events = [event for event in read_events(Path(sys.argv[1])) if event.raised]
    document = fit(list(examples(events)))
    path = Path(__file__).with_name(FILE)
    path.write_text(json.dumps(document, indent=1) + "\n")
    sys.stdout.write(f"{path}: {len(events)} events, merges from probability {document['merge_at']:.3f}\n")


if __name__ == "__main__":
    main()
