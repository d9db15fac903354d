"""The Discover texts of an analysis. `$from` is where the window begins; other values stand as filters of a tree.

A node is a service, or the project of rows that name none, as on the service map.
"""

from __future__ import annotations

from typing import Final

from queries import ast
from queries.printer import print_expression, print_stage
from server.rca.subjects import Subject, printed

MOST_ROWS: Final = 50_000
MOST_ISSUES: Final = 200
MOST_TEMPLATES: Final = 300
MOST_GROUPS: Final = 300
MOST_CHANGES: Final = 300
MOST_METRICS: Final = 400
MOST_DIFFERENCES: Final = 100
MOST_EDGES: Final = 2_000

_NODE: Final = 'extend node=if(service = "", project, service)'
_ERROR_NODE: Final = (
    'extend node=coalesce(nullif(tags["service.name"], ""), nullif(tags["service"], ""),'
    " if(release.package in [$services], release.package, null), project)"
)
"""Errors name their service in tags; else the program of their release is one, if `$services` has spans of it."""

_SYSTEM: Final = (
    'extend system=coalesce(tags["peer.service"], tags["server.address"], tags["net.peer.name"], '
    'tags["db.namespace"], tags["db.name"], tags["db.system.name"], tags["db.system"], tags["messaging.system"], "")'
)
_CALLS: Final = "calls=count(), failed=failure_count()"
_SIDES: Final = "before=count_if(timestamp < $from), after=count_if(timestamp >= $from)"


def _at(step_s: int) -> str:
    return f"at=bin(timestamp, {int(step_s)}s)"


def nodes_text(step_s: int) -> str:
    """Return the text of calls, failures and durations of every node over time."""
    return (
        f"from transactions | {_NODE} | summarize {_CALLS}, p50=p50(transaction.duration),"
        f" p95=p95(transaction.duration) by node, {_at(step_s)} | limit {MOST_ROWS}"
    )


def systems_text(step_s: int) -> str:
    """Return the text of the same of what is called and tells nothing of itself: databases, other people's services."""
    answered = "from spans is_segment:true has:parent_span | project trace, parent_span"
    return (
        f'from spans | where is_segment = false | {_SYSTEM} | where system != ""'
        f" | join anti ({answered}) on trace = trace, id = parent_span"
        f" | summarize {_CALLS}, p50=p50(span.duration), p95=p95(span.duration) by node=system, {_at(step_s)}"
        f" | limit {MOST_ROWS}"
    )


def groups_text() -> str:
    """Return the text of where time goes within each node, before and after."""
    return (
        f"from spans | where is_segment = false | {_NODE} | {_SYSTEM}"
        f" | summarize {_SIDES}, ns_before=sum_if(timestamp < $from, span.duration),"
        " ns_after=sum_if(timestamp >= $from, span.duration), failed_before=failure_count_if(timestamp < $from),"
        " failed_after=failure_count_if(timestamp >= $from) by node, op=span.op, what=span.description, system"
        f" | sort ns_after desc, ns_before desc, node, what | limit {MOST_GROUPS}"
    )


def edges_text() -> str:
    """Return the text of who calls whom."""
    callers = 'from spans | extend caller=if(service = "", project, service) | project trace, id, caller'
    return (
        f'from spans | where is_segment = true and parent_span != "" | {_NODE}'
        f" | join inner ({callers}) on trace = trace, parent_span = id | where caller != node"
        f" | summarize calls=count() by caller, node | sort calls desc, caller, node | limit {MOST_EDGES}"
    )


def volume_text() -> str:
    """Return the text of how many errors, log lines and transactions there are."""
    kinds = ("errors", "logs", "transactions")
    first, *others = (f'from {kind} | summarize n=count() | extend kind="{kind}"' for kind in kinds)
    return f"{first} | union {', '.join(f'({one})' for one in others)}"


def errors_text(step_s: int) -> str:
    """Return the text of the errors of every node over time."""
    return f"from errors | {_ERROR_NODE} | summarize n=count() by node, {_at(step_s)} | limit {MOST_ROWS}"


def issues_text() -> str:
    """Return the text of how often each issue happened, before and after."""
    return (
        f"from errors | {_ERROR_NODE} | summarize {_SIDES}, title=any(title), node=any(node)"
        f" by id=issue.id, issue, project_id | sort after desc, before desc, id | limit {MOST_ISSUES}"
    )


def log_series_text(step_s: int) -> str:
    """Return the text of the lines of every node over time, and of how many tell of an error."""
    return (
        f"from logs | {_NODE} | summarize n=count(), bad=count_if(severity_number >= 17) by node, {_at(step_s)}"
        f" | limit {MOST_ROWS}"
    )


def templates_text() -> str:
    """Return the text of how often each template of log lines was written, before and after."""
    return (
        f"from logs | {_NODE} | summarize {_SIDES}, title=any(message.template), level=any(level)"
        f" by node, template_id | sort after desc, before desc, template_id | limit {MOST_TEMPLATES}"
    )


def metrics_text() -> str:
    """Return the text of which metrics there are."""
    return (
        f"from metrics | {_NODE} | summarize n=count() by node, name=metric.name, kind=metric.type, temporality,"
        f" monotonic=is_monotonic, unit | sort n desc, node, name | limit {MOST_METRICS}"
    )


def levels_text(step_s: int) -> str:
    """Return the text of metrics that have a level, and of sums and histograms that begin anew each time."""
    return (
        'from metrics | where not (is_monotonic and temporality = "cumulative")'
        f" | {_NODE} | summarize mean=avg(metric.value), total=sum(metric.value), sum=sum(metric.sum),"
        f" count=sum(metric.count) by node, name=metric.name, {_at(step_s)} | limit {MOST_ROWS}"
    )


def counters_text(step_s: int) -> str:
    """Return the text of how much counters grew: each line of attributes by itself, a smaller value begins anew."""
    return (
        'from metrics | where is_monotonic and temporality = "cumulative"'
        f" | {_NODE} | summarize peak=max(metric.value) by node, name=metric.name, line=tostring(tags), {_at(step_s)}"
        " | window grown=delta(peak) by node, name, line sort at"
        " | summarize total=sum(if(grown < 0, peak, grown)) by node, name, at"
        f" | limit {MOST_ROWS}"
    )


def changes_text() -> str:
    """Return the text of what was changed."""
    return (
        "from changes | project id, timestamp, kind, title, link, author, service, project, environment, release,"
        f" before, after, status, tags | sort timestamp desc, id | limit {MOST_CHANGES}"
    )


def releases_text() -> str:
    """Return the text of when each release was first met at a node."""
    return (
        f"from transactions has:release | {_NODE} | summarize first=min(timestamp), n=count() by node, release"
        " | sort first desc, node, release | limit 1000"
    )


def place_text(subject: Subject) -> str:
    """Return the text of which nodes the rows of a subject are of."""
    node = _ERROR_NODE if subject.dataset == "errors" else _NODE
    return printed(subject.rows, node, "summarize n=count() by node", "sort n desc, node", "limit 20")


def caller_text(subject: Subject) -> str:
    """Return the text of the services whose spans the errors of a subject happened in."""
    spans = 'from spans | where service != "" | project trace, id, service'
    return printed(
        subject.rows,
        f"join inner ({spans}) on trace = trace, trace.span = id",
        "summarize n=count() by service",
        "sort n desc, service",
        "limit 20",
    )


def asked_text(subject: Subject, step_s: int) -> str:
    """Return the text of the number that went wrong, over time."""
    value = print_expression(subject.value)
    return printed(subject.rows, f"summarize v={value} by {_at(step_s)}", f"limit {MOST_ROWS}")


def bad_text(rows: ast.Pipeline, bad: ast.SearchNode) -> str:
    """Return the text of what bad rows have in common and others have not."""
    return printed(rows, print_stage(ast.Diff(ast.Search(bad), count=MOST_DIFFERENCES)))
