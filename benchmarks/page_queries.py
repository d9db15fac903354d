"""How long the questions of the pages take, from text to answer: what is left of an interaction's budget is the browser's.

Every question goes through `Runner`: planned, guarded, run, turned into the answer. They run in turn, round after
round, so that all of them see the machine's good and bad moments. Where rows are read in parts, newest first, the same
statement over the whole range runs in turn with it.
"""

# ruff: noqa: E501 - the questions read best on one line each
from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from benchmarks import stats
from benchmarks.dataset import Dataset
from benchmarks.events import END
from benchmarks.query_cases import ALL_PROJECTS, ONE_PROJECT, PROMOTED
from engine.clock import FixedClock
from engine.eventstore import EventStore, open_store
from queries.plan import PlanContext, SqlStep
from queries.run import Runner

BROWSER_MS = 85
"""What a browser takes from the answer to the picture, measured apart; an interaction's budget holds both."""

BUDGETS_MS: Mapping[str, tuple[int, int]] = {"first": (300, 500), "facets": (600, 1500)}
"""Budget of an interaction in one project and in all, click to painted."""

ISSUES = (
    "is:unresolved | summarize events=count(), users=count_unique(user), first=first_seen(), last=last_seen()"
    " by id=issue.id, project_id | sort last desc, id desc | limit 26"
)
EVENTS = "project id, timestamp, title, release, environment, user, trace | sort timestamp desc, id desc | limit 26"


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a page.

    Attributes:
        what: one line for the report.
        text: Discover; `{issue}`, `{rare}`, `{ids}`, `{event}`, `{trace}` stand for what the store holds.
        budget: name in `BUDGETS_MS`.
        scopes: where it is asked; an issue's own questions are asked of its project.
    """

    what: str
    text: str
    budget: str = "first"
    scopes: tuple[str, ...] = ("one project", "all projects")


ONE = ("one project",)
QUESTIONS = (
    Question("newest errors, 24 h", "from errors"),
    Question("newest errors, 30 d", "from errors last 30d"),
    Question("newest 100 errors, 30 d", "from errors last 30d | limit 100"),
    Question("newest errors, filter that hits often, 30 d", "from errors last 30d level:error"),
    Question("newest errors, filter that hits rarely, 30 d", "from errors last 30d level:fatal release:shop@1.0.0"),
    Question("newest spans, 24 h", "from spans"),
    Question("newest spans, 30 d", "from spans last 30d"),
    Question("chart, 24 h", "from errors | make-series n=count() every 15min"),
    Question("chart, 7 d", "from errors last 7d | make-series n=count() every 2h"),
    Question("chart, 30 d", "from errors last 30d | make-series n=count() every 6h"),
    Question("chart by error type, 24 h", "from errors | make-series n=count() every 15min by error.type top 8 by count()"),
    Question("chart by error type, 7 d", "from errors last 7d | make-series n=count() every 2h by error.type top 8 by count()"),
    Question("chart by error type, 30 d", "from errors last 30d | make-series n=count() every 6h by error.type top 8 by count()"),
    Question("facets, 24 h", "from errors | facets", "facets"),
    Question("facets, 7 d", "from errors last 7d | facets", "facets"),
    Question("facets, 30 d", "from errors last 30d | facets", "facets"),
    Question("issue list, 24 h", f"from errors {ISSUES}"),
    Question("issue list, 7 d", f"from errors last 7d {ISSUES}"),
    Question("issue list, 30 d", f"from errors last 30d {ISSUES}"),
    Question("trends of 25 issues, 24 h", "from errors | where issue.id in [{ids}] | summarize n=count() by id=issue.id, at=bin(timestamp, 1h)"),
    Question("events of an issue, 30 d", f"from errors last 30d issue.id:{{issue}} | {EVENTS}", scopes=ONE),
    Question("events of a rare issue, 30 d", f"from errors last 30d issue.id:{{rare}} | {EVENTS}", scopes=ONE),
    Question("the latest event of an issue, 30 d", "from errors last 30d issue.id:{issue} | sort timestamp desc, id desc | limit 1 | project id, payload", scopes=ONE),
    Question("the first event of a rare issue, 30 d", "from errors last 30d issue.id:{rare} | sort timestamp, id | limit 1 | project id, payload", scopes=ONE),
    Question("tags of an issue, 30 d", "from errors last 30d issue.id:{issue} | facets", "facets", scopes=ONE),
    Question("one event by id, 30 d", "from errors last 30d id:{event} | project id, timestamp, payload"),
    Question("one trace by id, 30 d", "from spans last 30d trace:{trace} | sort timestamp | limit 10000 | project id, parent_span, timestamp, span.duration, span.op, span.description, service, span.status, is_segment, project"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answered:
    """One question in one scope.

    Attributes:
        what, scope: which.
        ms: from text to answer.
        whole_ms: median of the same statement over its whole range at once, None where it is not read in parts.
        rows: of the answer.
        rows_read: by the engine.
        budget_ms: of the interaction.
        met: whether P95 leaves the browser its time.
    """

    what: str
    scope: str
    ms: stats.Spread
    whole_ms: float | None
    rows: int
    rows_read: int
    budget_ms: int
    met: bool


def measure_page_queries(data: Dataset, *, rounds: int) -> dict[str, object]:
    """Ask everything `rounds` times in turn; returns what `benchmarks.report` reads under `pages`."""
    store = open_store(data.store_url)
    try:
        runner = Runner(store, FixedClock(END))
        answered: list[Answered] = []
        for scope, visible in (("one project", (ONE_PROJECT,)), ("all projects", ALL_PROJECTS)):
            context = PlanContext(now=END, projects={n: f"project-{n}" for n in visible}, promoted={"errors": PROMOTED})
            answered += _measure(store, runner, (scope, context), rounds)
    finally:
        store.close()
    return {"rounds": rounds, "browser_ms": BROWSER_MS, "answers": [asdict(answer) for answer in answered]}


def _measure(store: EventStore, runner: Runner, place: tuple[str, PlanContext], rounds: int) -> list[Answered]:
    scope, context = place
    known = _names(runner, context)
    asked = [replace(q, text=q.text.format(**known)) for q in QUESTIONS if scope in q.scopes]
    times: list[list[float]] = [[] for _ in asked]
    whole: list[list[float]] = [[] for _ in asked]
    facts = [(0, 0)] * len(asked)
    for turn in range(rounds + 1):
        for index, question in enumerate(asked):
            began = time.perf_counter()
            result = runner.run(question.text, context)
            spent = (time.perf_counter() - began) * 1000
            facts[index] = (result.table.num_rows, result.stats.rows_read)
            at_once = _whole(store, runner, question, context)
            if turn:  # the first round warms
                times[index].append(spent)
                whole[index] += at_once
    return [_answered(question, scope, (times[i], whole[i]), facts[i]) for i, question in enumerate(asked)]


def _answered(
    question: Question, scope: str, times: tuple[list[float], list[float]], facts: tuple[int, int]
) -> Answered:
    ms = stats.spread(times[0])
    budget = BUDGETS_MS[question.budget][scope == "all projects"]
    return Answered(
        what=question.what,
        scope=scope,
        ms=ms,
        whole_ms=stats.median(times[1]) if times[1] else None,
        rows=facts[0],
        rows_read=facts[1],
        budget_ms=budget,
        met=ms.p95 + BROWSER_MS <= budget,
    )


def _whole(store: EventStore, runner: Runner, question: Question, context: PlanContext) -> list[float]:
    (step, *_) = runner.plan(question.text, context).steps
    if not isinstance(step, SqlStep) or not step.slices:
        return []
    began = time.perf_counter()
    store.query(step.sql, step.parameters)
    return [(time.perf_counter() - began) * 1000]


def _names(runner: Runner, context: PlanContext) -> dict[str, str]:
    """Return a busy issue, a rare one, the busiest 25, an event and a trace of the middle of the range."""
    text = "from errors last 30d | summarize n=count() by issue.id | sort n desc | limit 200"
    issues = [str(row["issue.id"]) for row in runner.run(text, context).table.to_pylist()]
    (event,) = runner.run("from errors last 15d | sort timestamp | limit 1", context).table.to_pylist()
    (span,) = runner.run("from spans last 15d | sort timestamp | limit 1", context).table.to_pylist()
    return {
        "issue": issues[0],
        "rare": issues[-1],
        "ids": ", ".join(issues[:25]),
        "event": str(event["id"]),
        "trace": str(span["trace"]),
    }
