"""Root-cause analysis: from a case to a diagnosis."""

from __future__ import annotations

from ml.rca._case import Case
from ml.rca._model import Diagnosis, Verdict


def diagnose(case: Case) -> Diagnosis:
    """Return what is wrong, since when, and what most probably caused it.

    Pure and deterministic; the order of the parts of the case does not matter.

    Args:
        case: what is known. Anything but the symptom and the ranges of time may be missing.

    Raises:
        ValueError: a series has another length than the grid.
    """
    return Diagnosis(verdict=Verdict.NOT_ENOUGH_DATA, why=f"There are no series of {case.symptom.node}")
