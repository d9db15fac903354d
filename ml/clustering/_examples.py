"""Labelled pairs of traces, from folders of errors whose root cause is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from ml.clustering._corpus import Corpus
from ml.clustering._similarity import similarity
from ml.clustering._trace import Trace, trace_of
from ml.grouping import fingerprint

FOLDER = "defects4j-errors"
VERSION = "v2"
"""The grouping version whose groups are compared: a pair inside one group is nothing to decide."""

_OF_TESTS = ("AssertionFailedError", "ComparisonFailure", "AssertionError")


@dataclass(frozen=True, slots=True)
class Labelled:
    """An event whose cause is known."""

    project: str
    bug: str
    group: int
    trace: Trace
    raised: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of events of one project.

    Attributes:
        together: whether they have one cause.
        apart: whether the first stage has put them into different groups.
        weight: less for pairs of causes that many pairs are of.
    """

    project: str
    vector: tuple[float, ...]
    together: bool
    apart: bool
    weight: float


def read_events(data: Path) -> Iterator[Labelled]:
    """Yield the labelled events below `data`, file by file."""
    for path in sorted((data / FOLDER).glob("*.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            event = event_of(row)
            group = fingerprint(event, VERSION).fingerprint
            raised = not row["exception"].endswith(_OF_TESTS)
            yield Labelled(row["project"], row["bug"], group, trace_of(event), raised)


def event_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a labelled row as the event a client would have sent: frames oldest first."""
    frames = [
        {
            "module": frame["module"],
            "function": frame["function"],
            "filename": frame["file"],
            "lineno": frame["line"],
            "in_app": frame["in_app"],
        }
        for frame in reversed(row["frames"])
    ]
    exception = {"type": row["exception"], "value": row["message"], "stacktrace": {"frames": frames}}
    return {"platform": "java", "exception": {"values": [exception]}}


def examples(events: Sequence[Labelled]) -> Iterator[Example]:
    """Yield every pair of different traces of each project.

    A cause with eighty failing tests has thousands of pairs that say the same, so pairs weigh by the root of how many
    there are of their two causes.
    """
    for project in sorted({event.project for event in events}):
        theirs = list({(e.bug, e.group, e.trace): e for e in events if e.project == project}.values())
        corpus = Corpus({place: event.trace for place, event in enumerate(theirs)})
        counts = Counter(frozenset((a.bug, b.bug)) for a, b in combinations(theirs, 2))
        for a, b in combinations(theirs, 2):
            vector = tuple(similarity(corpus, a.trace, b.trace))
            weight = counts[frozenset((a.bug, b.bug))] ** -0.5
            yield Example(project, vector, a.bug == b.bug, a.group != b.group, weight)
