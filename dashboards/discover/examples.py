"""Questions that teach the language, shown where there is nothing else to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Example:
    """A question.

    Attributes:
        title: what one wants to know.
        text: Discover.
        teaches: the part of the language it shows, a few words.
    """

    title: str
    text: str
    teaches: str


EXAMPLES: Final[tuple[Example, ...]] = (
    Example("The newest errors", "from errors", "a dataset alone: newest rows first"),
    Example("What fails most?", "from errors | summarize n=count() by error.type | sort n desc", "summarize ... by"),
    Example(
        "Whom does it hit?",
        "from errors level:error | summarize n=count(), users=count_unique(user) by title | sort users desc | limit 20",
        "several aggregates at once",
    ),
    Example(
        "Slow requests",
        "from spans span.op:http.server span.duration:>500ms",
        "filters with units",
    ),
    Example(
        "Latency over time, by operation",
        "from spans | make-series p95(span.duration) by span.op top 5 by count()",
        "make-series: lines without gaps",
    ),
    Example(
        "Unhandled errors of one release",
        "from errors error.handled:false has:release | summarize n=count() by release, error.type | sort n desc",
        "has: and booleans",
    ),
    Example(
        "What differs in the slow requests?",
        "from transactions | diff `transaction.duration:>300ms` vs rest",
        "diff: which fields and tags tell them apart",
    ),
    Example(
        "More than just before?",
        "from errors last 1h | summarize n=count() by error.type | compare to previous | sort n.delta desc",
        "compare: the same question of another time",
    ),
    Example(
        "Statements that run many times in one request",
        "from spans span.op:db* | summarize n=count() by trace, span.description | where n > 10 "
        "| summarize requests=count(), most=max(n) by span.description | sort requests desc",
        "two groupings, one after the other",
    ),
    Example("What do the messages say?", "from errors | patterns message", "patterns: templates with counts"),
)
