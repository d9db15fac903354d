"""What planning takes and gives: the context of a request, and the small graph of steps that answers it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from queries.ast import Explained
from queries.cursor import Cursor
from queries.plan.pages import Pages
from queries.releases import Releases
from queries.types import ValueType

DEFAULT_RANGE = dt.timedelta(hours=24)
DEFAULT_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class PlanContext:
    """Facts about a request that planning may use but not look up.

    Attributes:
        now: the one clock reading of the whole plan, aware, UTC.
        projects: visible project ids and their slugs; nothing else can be read.
        default_range: how far back a query without a time range looks.
        time_range: the request's own range, beaten by one in the text.
        limit: rows to return when the text does not say; None means `DEFAULT_ROWS`.
        max_rows: most rows to return whatever the text says.
        promoted: per table, the tag keys that have a column of their own.
        params: values of `$name` parameters.
        saved_filters: searches that `saved:name` stands for, by name.
        me: the assignee that the one who asks is, such as `user:ann@corp.com`; empty for nobody in particular.
        my_teams: assignees that this person's teams are.
        releases: which releases each project has, see `queries.releases`; None when nobody looked.
        environments: rows of data sets with an environment are cut to these; the empty name is for none; empty for all.
        facet_rows: newest rows over which `facets` counts fields that are dear to read, at least.
        input_rows: most rows a step in the process takes; it is said when there were more.
        ordered: whether raw rows that no stage orders come newest first, rather than as they are stored.
        paging: whether answers with raw rows in the order of time say where the next page begins.
        after: the place behind which the rows are wanted.
        weighted: physical tables in which a row may stand for several, as its `sample_weight` says.
    """

    now: dt.datetime
    projects: Mapping[int, str]
    default_range: dt.timedelta = DEFAULT_RANGE
    time_range: tuple[dt.datetime, dt.datetime] | None = None
    limit: int | None = None
    max_rows: int = 50_000
    promoted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    saved_filters: Mapping[str, str] = field(default_factory=dict)
    me: str = ""
    my_teams: tuple[str, ...] = ()
    releases: Releases | None = None
    environments: tuple[str, ...] = ()
    facet_rows: int = 10_000
    input_rows: int = 100_000
    ordered: bool = True
    paging: bool = False
    after: Cursor | None = None
    weighted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TableRead:
    """One scan a statement may make: these projects, this half-open time range (None: the table has no time)."""

    table: str
    project_ids: tuple[int, ...]
    start: dt.datetime | None
    end: dt.datetime | None


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of the answer: its public name, its type, and its name inside the SQL."""

    name: str
    type: ValueType
    sql_name: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How rows were left out.

    Attributes:
        rate: share of the rows that were kept; None when only a number of rows was asked for.
        method: how they were chosen, in a word.
        seed: repeats the choice; None when it was free.
    """

    rate: float | None
    method: str
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of an estimated column, which are columns themselves.

    Attributes:
        column: public name of the estimate.
        low: public name of its lower bound.
        high: public name of its upper bound.
        level: probability that the true value lies between, as 0.95.
    """

    column: str
    low: str
    high: str
    level: float


@dataclass(frozen=True, slots=True)
class Binding:
    """An array parameter that is a column of an earlier step.

    Attributes:
        parameter: its name in the statement.
        step: id of the step.
        column: position of the column; None for the numbers of the rows, from 0.
        type: of the values.
    """

    parameter: str
    step: str
    column: int | None
    type: ValueType


@dataclass(frozen=True, slots=True)
class SqlStep:
    """One ClickHouse statement with its bound parameters.

    Attributes:
        id: unique within the plan.
        sql: the finished text; values stand as `{p0:String}`.
        parameters: values of those placeholders.
        inputs: ids of steps whose Arrow result the statement reads, as `bindings`.
        reads: the scans the statement makes, as the planner meant them.
        slices: the same statement over parts of the time range, in the order of the answer: their rows one after the
            other are its rows. They are run until `enough` rows are there. Empty: `sql` is run as it is.
        enough: most rows of the answer.
        columns: of the answer, in order; empty when only the engine knows them.
        bindings: parameters whose values are columns of the inputs.
        cap: most rows that are handed to the next step, which is said when there are more; 0 when the step is the last.
        written: somebody wrote the statement itself, so that its functions may throw over any row they see.
    """

    id: str
    sql: str
    parameters: Mapping[str, object]
    inputs: tuple[str, ...]
    reads: tuple[TableRead, ...]
    slices: tuple[str, ...] = ()
    enough: int = 0
    columns: tuple[OutputColumn, ...] = ()
    bindings: tuple[Binding, ...] = ()
    cap: int = 0
    written: bool = False


@dataclass(frozen=True, slots=True)
class FrameStep:
    """A step over Arrow tables in the process.

    Attributes:
        id: unique within the plan.
        inputs: ids of the steps it reads.
        operation: name in `queries.frames.OPERATIONS`, or of a detector the runner was given.
        options: arguments of the operation, plain data.
        columns: what it gives, in order.
    """

    id: str
    inputs: tuple[str, ...]
    operation: str
    options: Mapping[str, object]
    columns: tuple[OutputColumn, ...] = ()


Step = SqlStep | FrameStep


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs for one query.

    Attributes:
        steps: in an order in which every step's inputs come first; the last one gives the answer.
        columns: of the answer, in order; empty when only the engine knows them (`amber sql`).
        time_range: half-open range the query covers.
        row_limit: most rows the answer may have; unless the text said so itself, the statement asks for one more,
            which tells truncation.
        warnings: said to the reader.
        english: the plain reading of the query.
        canonical: canonical text, the first part of the cache key.
        environments: those of the request.
        sampled: how rows were left out, None when none were.
        intervals: bounds of estimated columns of the answer.
        explain: what of the query is shown instead of its answer.
        pages: how the cursor behind a row is made; None where there are no pages.
    """

    steps: tuple[Step, ...]
    columns: tuple[OutputColumn, ...]
    time_range: tuple[dt.datetime, dt.datetime]
    row_limit: int
    warnings: tuple[str, ...]
    english: str
    canonical: str
    environments: tuple[str, ...] = ()
    sampled: Sampling | None = None
    intervals: tuple[Interval, ...] = ()
    explain: Explained | None = None
    pages: Pages | None = None

    @property
    def sql(self) -> tuple[str, ...]:
        """The statements, in order."""
        return tuple(step.sql for step in self.steps if isinstance(step, SqlStep))


Frames = Mapping[str, pa.Table]
