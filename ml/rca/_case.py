"""What a root-cause analysis is asked. Plain values: no input or output, no SQL.

Times are seconds since 1970-01-01 UTC, shares are of 1. Everything a case holds may be absent but for the symptom and
the two ranges of time. Each part of a case carries a `key`, chosen by whoever filled it in; evidence names the parts
it stands on by these keys, so that a reader can be sent to the query behind each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Signal(StrEnum):
    """What a series is about."""

    LATENCY = "latency"
    ERRORS = "errors"
    TRAFFIC = "traffic"
    RESOURCE = "resource"
    LOG = "log"
    METRIC = "metric"


class Direction(StrEnum):
    """Which way a symptom went."""

    UP = "up"
    DOWN = "down"
    EITHER = "either"


class ChangeKind(StrEnum):
    """What kind of thing was changed."""

    RELEASE = "release"
    COMMIT = "commit"
    DEPLOY = "deploy"
    CONFIG = "config"
    FLAG = "flag"
    SCALING = "scaling"
    MIGRATION = "migration"
    INFRASTRUCTURE = "infrastructure"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Symptom:
    """What somebody noticed.

    Attributes:
        node: service or component, as named in series and edges; empty when it is not known where.
        signal: what of it.
        direction: which way it went.
        name: of the series, when a node has several of the signal; empty for whichever is worst.
    """

    node: str
    signal: Signal
    direction: Direction = Direction.EITHER
    name: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """A range of time: `start` is in it, `end` is not."""

    start: float
    end: float

    def holds(self, at: float) -> bool:
        """Return whether a moment is in the range."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Grid:
    """The moments of every series of a case: `start + i * step`, each the begin of a bucket of `step` seconds."""

    start: float
    step: float
    points: int

    def times(self) -> Floats:
        """Return the begin of each bucket, shape (points,)."""
        return self.start + self.step * np.arange(self.points, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One signal of one node on the grid of its case.

    Attributes:
        node: service or component.
        signal: what it is about. Errors are shares or counts of what failed, so that more is worse; latency is a time;
            traffic is how many requests came within a bucket.
        values: shape (points,); NaN where nothing is known, which is not zero.
        name: tells series of one signal apart: `p50`, `cpu`, `connections`.
        unit: shown to readers; `share` and `count` of errors also say what noise to expect.
        key: of evidence.
        peer: the callee, when it is what `node` sees of its calls to it: client spans, without those of the server;
            `*` for its calls to all of them together.
    """

    node: str
    signal: Signal
    values: Floats
    name: str = ""
    unit: str = ""
    key: str = ""
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """That one node calls another, and how often within the baseline; 0 when that is not known."""

    caller: str
    callee: str
    count: float = 0.0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed on purpose.

    Attributes:
        id: as stored.
        kind: what kind of thing.
        at: when.
        node: the service it was done to; empty for all of them, or when that is not known.
        title: in one line.
        link: where to read more.
        author: who did it.
        attributes: what else is known: `release`, `environment`, `flag`, `version` ...; compared with `Difference`.
        key: of evidence.
    """

    id: str
    kind: ChangeKind
    at: float
    node: str = ""
    title: str = ""
    link: str = ""
    author: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What bad requests or events have in common and good ones have not.

    Attributes:
        field: an attribute, as in Discover.
        value: of it.
        bad_share: share of the bad ones that have it.
        good_share: share of the good ones that have it.
        bad_count: how many bad ones have it.
        good_count: how many good ones have it; 0 with `good_share` 0.
        node: where they were counted; empty for everywhere.
        key: of evidence.
    """

    field: str
    value: str
    bad_share: float
    good_share: float
    bad_count: int
    good_count: int = 0
    node: str = ""
    key: str = ""


class PatternKind(StrEnum):
    """What was counted."""

    TEMPLATE = "template"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A log template or a group of errors, counted within the baseline and within the bad range.

    Attributes:
        kind: which of the two.
        id: template or issue.
        title: its text.
        node: the service that wrote it.
        before: count within the baseline.
        after: count within the bad range.
        first_seen: when it was ever seen first; None when not known.
        key: of evidence.
    """

    kind: PatternKind
    id: str
    title: str
    node: str
    before: int
    after: int
    first_seen: float | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class SpanGroup:
    """Spans of one description within a service: a database statement, an outgoing call, a piece of work.

    Attributes:
        node: the service the spans are of.
        op: kind of span: `db`, `http.client` ...
        description: statement or route, without its values.
        self_before_ms: self time of them all for each request of the node, in milliseconds, within the baseline.
        self_after_ms: the same within the bad range.
        count_before: how many there are for each request of the node, within the baseline.
        count_after: the same within the bad range.
        system: what is asked: `postgresql`, `redis`, a host; empty when not known.
        failed_before: share of them that failed, within the baseline.
        failed_after: the same within the bad range.
        key: of evidence.
    """

    node: str
    op: str
    description: str
    self_before_ms: float
    self_after_ms: float
    count_before: float = 0.0
    count_after: float = 0.0
    system: str = ""
    failed_before: float = 0.0
    failed_after: float = 0.0
    key: str = ""


@dataclass(frozen=True, slots=True)
class SuspectCommit:
    """A commit that is suspected because of stacks and history (`ml.suspect`).

    Attributes:
        sha: of the commit.
        score: how much it is suspected, 0 to 1.
        why: in words.
        at: when it was made; None when not known.
        node: service of its repository; empty when not known.
        author: who made it.
        title: first line of its message.
        release: the first one that has it; empty when not known.
        key: of evidence.
    """

    sha: str
    score: float
    why: str
    at: float | None = None
    node: str = ""
    author: str = ""
    title: str = ""
    release: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known about something that may be wrong.

    Attributes:
        symptom: what was noticed.
        window: the bad range. It may begin before or after the fault does: the onset is looked for.
        baseline: when all was well.
        grid: of the series; None when there are none.
        series: each (node, signal, name) once.
        edges: the call graph.
        changes: what was changed, within the window or before it.
        differences: bad against good.
        patterns: log templates and groups of errors, before and after.
        span_groups: where time goes, before and after.
        commits: suspected ones.
    """

    symptom: Symptom
    window: Range
    baseline: Range
    grid: Grid | None = None
    series: Sequence[Series] = ()
    edges: Sequence[Edge] = ()
    changes: Sequence[Change] = ()
    differences: Sequence[Difference] = ()
    patterns: Sequence[Pattern] = ()
    span_groups: Sequence[SpanGroup] = ()
    commits: Sequence[SuspectCommit] = ()
