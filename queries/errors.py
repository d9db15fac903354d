"""Errors of the language: each carries a code, the place in the text, the reason and a suggestion."""

from __future__ import annotations

from engine.errors import AccessError, CapacityError, UserError
from queries.ast import Span


class QueryError(UserError):
    """The text cannot be run as it stands.

    Attributes:
        span: where in the text, or None when it concerns the whole.
        suggestion: replacement text or next step, or an empty string.
    """

    code = "query-invalid"

    def __init__(
        self, message: str, *, span: Span | None = None, suggestion: str = "", code: str | None = None
    ) -> None:
        super().__init__(message, code=code, hint=suggestion)
        self.span = span
        self.suggestion = suggestion

    def as_dict(self) -> dict[str, object]:
        """Return the error as the HTTP API and the JSON output show it."""
        span = None if self.span is None else {"start": self.span.start, "end": self.span.end}
        return {"code": self.code, "message": self.message, "span": span, "suggestion": self.suggestion}


class SyntaxProblem(QueryError):
    """The text does not follow the grammar."""

    code = "query-syntax"


class NameProblem(QueryError):
    """A dataset, field, function or stage is not known."""

    code = "query-unknown-name"


class TypeProblem(QueryError):
    """Types or units do not go together."""

    code = "query-type"


class GuardRefusal(AccessError):
    """The independent guard would not let a finished SQL tree run: a defect or an attack, never a typing error."""

    code = "query-guard"


class LimitReached(CapacityError):
    """The query needed more time, memory or rows than its class may use.

    Attributes:
        limit: name of the limit, such as `max_seconds`.
    """

    code = "query-limit"
    http_status = 422

    def __init__(self, message: str, *, hint: str = "", limit: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit = limit
