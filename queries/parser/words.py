"""The words a pipe query is made of: stages, data sets, and what people write instead of them."""

from __future__ import annotations

import difflib

from engine.schema import DATASETS

STAGES = (
    "where",
    "having",
    "extend",
    "project",
    "summarize",
    "make-series",
    "sort",
    "limit",
    "top",
    "distinct",
    "sample",
    "share",
    "window",
    "join",
    "union",
    "compare",
    "histogram",
    "heatmap",
    "facets",
    "diff",
    "cluster",
    "patterns",
    "anomalies",
    "changepoint",
    "rca",
    "correlate",
    "funnel",
    "sessions",
    "retention",
    "trace",
    "explain",
)
"""Stages, as written."""

KNOWN_STAGES = frozenset(STAGES)

OTHER_LANGUAGES = {
    "aggregate": "summarize",
    "columns": "project",
    "count": "summarize n=count()",
    "eval": "extend",
    "fields": "project",
    "filter": "where",
    "group": "summarize",
    "head": "limit",
    "order": "sort",
    "orderby": "sort",
    "search": "where",
    "select": "project",
    "stats": "summarize",
    "take": "limit",
    "timechart": "make-series",
    "timeseries": "make-series",
}
"""Names other query languages have for our stages."""

SOURCES = frozenset(DATASETS)

SOURCE_WORDS = frozenset({"from", "let", "last", "between", "at"})
"""Words that mean something at the start of a pipeline."""


def nearest_stage(word: str) -> str:
    """Return the stage that `word` most likely means, or an empty string."""
    lowered = word.lower()
    if lowered in OTHER_LANGUAGES:
        return OTHER_LANGUAGES[lowered]
    return misspelt_stage(lowered)


def misspelt_stage(word: str) -> str:
    """Return the stage that `word` looks like a misspelling of, or an empty string."""
    near = difflib.get_close_matches(word.lower(), sorted(KNOWN_STAGES), n=1, cutoff=0.75)
    return near[0] if near else ""


def nearest_source(word: str, names: frozenset[str]) -> str:
    """Return the data set or `let` name that `word` looks like, or an empty string."""
    near = difflib.get_close_matches(word, sorted(SOURCES | names), n=1, cutoff=0.7)
    return near[0] if near else ""
