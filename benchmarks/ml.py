"""How fast the learning parts are: templates, fingerprints, re-clustering. One number a case, by CPU or by the wall.

To measure something more, write a function that returns a `Measured` and give it a line in `CASES`; its budget is
judged and shown by `benchmarks.report` without more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from benchmarks.measured import Case
from benchmarks.ml_anomaly import cycle_s
from benchmarks.ml_clustering import from_the_beginning, incremental
from benchmarks.ml_grouping import fingerprint_us
from benchmarks.ml_issues import escalation_s, list_ms
from benchmarks.ml_templates import lines_a_second
from benchmarks.options import Options

CASES: tuple[Case, ...] = (
    Case("templates", "log lines given their template", "lines/s/core", 20_000, at_least=True, measure=lines_a_second),
    Case("recluster", "re-clustering of 10 000 issues", "s", 60, at_least=False, measure=from_the_beginning),
    Case("recluster-new", "re-clustering of 100 new issues", "s", 2, at_least=False, measure=incremental),
    Case("fingerprint", "fingerprint of an event", "us", 150, at_least=False, measure=fingerprint_us),
    Case("issue-list", "issue list of 10 000 issues with counts", "ms", 200, at_least=False, measure=list_ms),
    Case(
        "anomaly-cycle",
        "a cycle of the detector of anomalies over 10 000 series",
        "s",
        5,
        at_least=False,
        measure=cycle_s,
    ),
    Case("escalation", "looking for escalations among 10 000 issues", "s", 10, at_least=False, measure=escalation_s),
)
"""What is measured, in the order of the page."""


def measure_ml(options: Options) -> dict[str, Any]:
    """Return every case with its value."""
    return {"cases": [_measured(case, options) for case in CASES]}


def _measured(case: Case, options: Options) -> Mapping[str, Any]:
    facts = {name: getattr(case, name) for name in ("key", "what", "unit", "bound", "at_least")}
    return facts | asdict(case.measure(options))
