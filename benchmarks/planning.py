"""How long it takes to turn a text into SQL: parse, check and plan, without running anything; and to guard the SQL."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import asdict

from benchmarks import stats
from benchmarks.events import END, PROJECTS
from queries import guard
from queries.plan import Plan, PlanContext, SqlStep, plan

TEXTS = (
    "level:error",
    "level:error !user.email:*@corp.com release:[1.2, 1.3]",
    'is:unresolved error.type:TimeoutError message:"*upstream*" environment:production',
    "timeout reading from upstream",
    "(level:fatal OR level:error) has:trace !transaction:/health* timestamp:-24h",
    "from errors last 24h | summarize n=count()",
    "from errors last 24h level:error | summarize n=count(), u=count_unique(user) by issue | sort n desc | limit 20",
    "from errors last 30d | make-series n=count() every 1h",
    "from errors last 30d | make-series n=count() every 1h by error.type top 5 by count() other",
    "from errors last 7d | summarize n=count(), users=count_unique(user) by error.type | sort n desc | limit 10",
    "from errors last 7d region:eu | summarize n=count() by release | sort n desc | limit 50",
    'from errors last 7d | summarize n=count() by tags["plan"] | sort n desc | limit 10',
    "from errors last 7d | summarize n=count(), u=count_unique(user) by error.type, release | having n > 100",
    "from errors last 2h level:fatal | project id, timestamp, title, user.email | sort timestamp desc | limit 100",
    "from errors last 24h | extend slow = http.status_code >= 500 | where slow | summarize n=count() by transaction",
    "from errors last 24h | summarize n=count() by project, level | top 3 per project by n",
    "from errors last 24h stack.function:load_order stack.in_app:true | summarize n=count() by release, environment",
    "from transactions last 24h | summarize p=p95(transaction.duration), n=count() by transaction | sort p desc",
    "from transactions last 7d transaction.duration:>2s | make-series p=p95(transaction.duration) every 6h",
    "from spans last 1h span.op:db | summarize n=count(), t=sum(span.duration) by span.description | sort t desc",
    "from transactions last 24h | summarize f=failure_rate(), n=count() by transaction | having n > 10 | sort f desc",
    "let slow = 2s; from transactions last 24h | where transaction.duration > slow | summarize n=count() by release",
    "from errors, transactions last 24h",
    "from errors last 24h | union (from spans)",
    "from errors last 24h | project release | union (from spans | project release) | summarize count() by release",
    "from errors last 24h | join (from spans) on trace",
    "from errors last 24h | join left (from spans | project trace, timestamp) on trace within 5m",
    "from errors last 24h | join semi (from spans span.duration:>2s) on trace | summarize count() by issue",
    "from errors last 7d | summarize n=count() by transaction | compare to 7d ago as pct | sort n.pct desc",
    "from errors last 7d | summarize n=count() by release | share | window r=rank() sort n desc",
    "from errors last 24h | distinct level, release | sort level",
    "from errors last 24h | sample 10% | summarize n=count() by level",
    "from spans last 24h | histogram span.duration",
    "from spans last 24h | heatmap span.duration every 1h",
    "from errors last 24h | facets level, environment, release, error.type, plan",
    "from errors last 24h | diff `level:fatal` on release, environment, transaction",
    "from errors last 24h | cluster on level, environment, release",
    "from errors last 24h | patterns message",
    "from errors last 7d | make-series n=count() every 1h | anomalies",
    "from transactions last 7d | make-series p=p95(transaction.duration) every 1h | changepoint",
    "from transactions last 7d | correlate p95(transaction.duration) with release, transaction",
    "from errors last 7d | funnel `level:error` -> `level:fatal` by user within 1d",
    "from errors last 7d | sessions by user gap 30m",
    "from errors last 7d | retention by user every 1d",
    "from spans last 24h | trace `is_segment:true` -> `span.op:db` && `span.op:http.client`",
    'from errors last 90d | make-series n=count() every month in "Europe/Berlin"',
)
"""What people type: searches, tables, series, a few long ones, and each stage at least once."""

PROJECT_COUNTS = (1, 20, 200)
"""Numbers of visible projects a bare search is planned for: planning should not grow with them."""


def measure_planning(*, rounds: int = 20, promoted: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, object]:
    """Plan every text `rounds` times in turn; returns milliseconds over all texts and each one's median.

    What has been imported is kept out of the collections of garbage, as in a process of `amber serve`.
    """
    gc.collect()
    gc.freeze()
    context = _context(PROJECTS, promoted or {})
    for text in TEXTS:
        plan(text, context)
    samples: dict[str, list[float]] = {text: [] for text in TEXTS}
    for _ in range(rounds):
        for text in TEXTS:
            samples[text].append(_cpu_ms(text, context))
    everything = [value for values in samples.values() for value in values]
    guarding = [_guard_ms(plan(text, context), frozenset(context.projects)) for text in TEXTS for _ in range(rounds)]
    return {
        "rounds": rounds,
        "all_ms": asdict(stats.spread(everything)),
        "guard_ms": asdict(stats.spread(guarding)),
        "by_projects_ms": {str(count): _median_ms("level:error", _context(count, {})) for count in PROJECT_COUNTS},
        "by_text_ms": {text: stats.median(values) for text, values in samples.items()},
    }


def _context(projects: int, promoted: Mapping[str, tuple[str, ...]]) -> PlanContext:
    slugs = {number: f"project-{number}" for number in range(1, projects + 1)}
    return PlanContext(now=END, projects=slugs, promoted=promoted)


def _median_ms(text: str, context: PlanContext) -> float:
    return stats.median([_cpu_ms(text, context) for _ in range(7)])


def _cpu_ms(text: str, context: PlanContext) -> float:
    """Plan a text once; returns milliseconds of CPU: planning waits for nothing, and other processes do not count."""
    began = time.process_time()
    plan(text, context)
    return (time.process_time() - began) * 1000


def _guard_ms(made: Plan, project_ids: frozenset[int]) -> float:
    began = time.process_time()
    for step in made.steps:
        if isinstance(step, SqlStep):
            guard.verify(step.sql, step.reads, project_ids)
    return (time.process_time() - began) * 1000
