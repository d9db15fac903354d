"""Re-clustering: which groups of the first stage have one cause, and which hold several.

The second stage runs over what is stored, now and then. It merges only where its calibrated probability reached a
precision of .95 on projects it was not fitted to, and suggests or abstains otherwise.
"""

from __future__ import annotations

from ml.clustering._cluster import Clustering, Proposal, evidence
from ml.clustering._corpus import Corpus
from ml.clustering._model import Model, Weights, fitted_model
from ml.clustering._similarity import FEATURES, similarity
from ml.clustering._splits import APART, causes
from ml.clustering._trace import Trace, trace_of, trace_of_columns, unpacked
from ml.clustering._verdicts import learned

__all__ = [
    "APART",
    "FEATURES",
    "Clustering",
    "Corpus",
    "Model",
    "Proposal",
    "Trace",
    "Weights",
    "causes",
    "evidence",
    "fitted_model",
    "learned",
    "similarity",
    "trace_of",
    "trace_of_columns",
    "unpacked",
]
