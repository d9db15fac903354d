"""Why is it wrong: from series, calls, changes and differences to ranked causes with their evidence."""

from __future__ import annotations

from ml.rca._case import (
    Case,
    Change,
    ChangeKind,
    Difference,
    Direction,
    Edge,
    Grid,
    Pattern,
    PatternKind,
    Range,
    Series,
    Signal,
    SpanGroup,
    SuspectCommit,
    Symptom,
)
from ml.rca._diagnose import diagnose
from ml.rca._model import (
    Affected,
    BlastRadius,
    CauseKind,
    Diagnosis,
    Evidence,
    Hypothesis,
    Json,
    Link,
    Onset,
    RuledOut,
    Verdict,
    as_json,
)
from ml.rca._regressions import Aspect, Counted, Regression, regressions
from ml.rca._states import ALL_CALLEES

__all__ = [
    "ALL_CALLEES",
    "Affected",
    "Aspect",
    "BlastRadius",
    "Case",
    "CauseKind",
    "Change",
    "ChangeKind",
    "Counted",
    "Diagnosis",
    "Difference",
    "Direction",
    "Edge",
    "Evidence",
    "Grid",
    "Hypothesis",
    "Json",
    "Link",
    "Onset",
    "Pattern",
    "PatternKind",
    "Range",
    "Regression",
    "RuledOut",
    "Series",
    "Signal",
    "SpanGroup",
    "SuspectCommit",
    "Symptom",
    "Verdict",
    "as_json",
    "diagnose",
    "regressions",
]
