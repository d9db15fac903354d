"""What is wrong or odd in a text, with its place, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from queries import ast
from queries.check.literals import check_literals
from queries.check.size import check_growth
from queries.errors import QueryError, SyntaxProblem
from queries.parser import Parsed, parse_with_warnings
from queries.plan import plan
from queries.plan.model import PlanContext
from queries.plan.outline import outline


class Severity(StrEnum):
    """Whether the text can be run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to say about a text.

    Attributes:
        severity: an error keeps the text from running.
        code: as errors carry it; `query-warning` for warnings.
        message: the reason.
        span: where, or None when it concerns the whole.
        suggestion: what to write instead, or empty.
    """

    severity: Severity
    code: str
    message: str
    span: ast.Span | None
    suggestion: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the diagnostic as the HTTP API shows it."""
        span = None if self.span is None else {"start": self.span.start, "end": self.span.end}
        return {
            "severity": self.severity.value,
            "code": self.code,
            "message": self.message,
            "span": span,
            "suggestion": self.suggestion,
        }


def check(text: str, context: PlanContext) -> tuple[Diagnostic, ...]:
    """Return what is to be said of a text, errors first, each group in the order of the text.

    An error ends the looking: what stands behind it may look wrong for its sake only. The context is that of a request;
    what it leaves out of `params` and `releases` counts as unknown, so a text with parameters needs their values.
    """
    try:
        parsed = parse_with_warnings(text)
    except SyntaxProblem as problem:
        return (_error(problem, text),)
    found = [_warning(w.message, w.span, w.suggestion, text) for w in parsed.warnings]
    try:
        found += _planned(parsed, context, text)
    except QueryError as problem:
        return (_error(problem, text), *_sorted(found))
    return _sorted(found)


def _planned(parsed: Parsed, context: PlanContext, text: str) -> list[Diagnostic]:
    check_literals(parsed.query)
    check_growth(parsed.query)
    notes = outline(parsed.query, context).notes
    found = [_warning(message, span, suggestion, text) for message, span, suggestion in notes]
    said = {message for message, _, _ in notes}
    # Only the whole plan knows what is wrong behind the last stage, such as a filter that waits for groups.
    found += [
        _warning(message, None, "", text) for message in plan(parsed.query, context).warnings if message not in said
    ]
    return found


def _error(problem: QueryError, text: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, problem.code, problem.message, _inside(problem.span, text), problem.suggestion)


def _warning(message: str, span: ast.Span | None, suggestion: str, text: str) -> Diagnostic:
    return Diagnostic(Severity.WARNING, "query-warning", message, _inside(span, text), suggestion)


def _inside(span: ast.Span | None, text: str) -> ast.Span | None:
    """Return the place cut to the text; nodes that stages make of others have none."""
    if span is None or span == ast.NOWHERE:
        return None
    return ast.Span(min(span.start, len(text)), min(max(span.end, span.start), len(text)))


def _sorted(found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(found, key=lambda item: (item.span is None, item.span.start if item.span else 0)))
