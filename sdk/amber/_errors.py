"""What can go wrong when asking Amber, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_WIDEST_LINE = 100


class AmberError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: what happened, one sentence.
        code: stable machine-readable name, kebab-case.
        suggestion: what to do about it, or an empty string.
    """

    def __init__(self, message: str, *, code: str = "error", suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.suggestion = suggestion

    def __str__(self) -> str:
        return f"{self.message}\n{self.suggestion}" if self.suggestion else self.message


class QueryError(AmberError):
    """The server understood the request and refuses it: wrong text, unknown names, a limit reached.

    Attributes:
        span: (start, end) character offsets into the text, end exclusive; None when the whole is meant.
        text: the query text.
        status: HTTP status of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "query-error",
        suggestion: str = "",
        span: tuple[int, int] | None = None,
        text: str = "",
        status: int = 400,
    ) -> None:
        super().__init__(message, code=code, suggestion=suggestion)
        self.span = span
        self.text = text
        self.status = status

    def __str__(self) -> str:
        lines = [f"{self.message} [{self.code}]"]
        if self.span is not None and self.text:
            lines += caret_picture(self.text, self.span)
        if self.suggestion:
            lines.append(self.suggestion)
        return "\n".join(lines)


class AuthError(AmberError):
    """The token is missing, unknown, expired, or may not see what was asked for."""


class ConnectionFailed(AmberError):
    """No usable answer came: refused, timed out, broken off, or not an Amber server."""


class QueryCancelled(AmberError):
    """The query was cancelled before it had an answer."""


_LIMIT_CODES = frozenset({"limit-exceeded", "query-limit", "query-budget"})
_UNAVAILABLE = (502, 503, 504)


def caret_picture(text: str, span: tuple[int, int]) -> list[str]:
    """The line of `text` the span starts in, and a line of carets below the spanned part.

    Args:
        text: the query text.
        span: (start, end) character offsets, end exclusive; offsets outside the text are moved into it.
    """
    start = min(max(span[0], 0), len(text))
    end = min(max(span[1], start), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    offset = start - line_start
    width = max(1, min(end, line_end) - start)
    line = text[line_start:line_end]
    shift = 0
    if len(line) > _WIDEST_LINE:
        shift = max(0, offset - _WIDEST_LINE // 2)
        line = line[shift : shift + _WIDEST_LINE]
    offset -= shift
    width = max(1, min(width, len(line) - offset))
    # A tab stays a tab below, so that the carets stand under the text whatever the tab width.
    pad = "".join("\t" if char == "\t" else " " for char in line[:offset])
    return [f"  {line}", f"  {pad}{'^' * width}"]


def is_limit(code: str) -> bool:
    """Whether a problem code says that a limit was reached, so that asking the same again is no use."""
    return code in _LIMIT_CODES


def error_from_problem(problem: Mapping[str, Any], *, status: int, text: str = "") -> AmberError:
    """The error for an `application/problem+json` body.

    Args:
        problem: the decoded body: `title`, `detail`, `code`, `span`, `suggestion`, each optional.
        status: HTTP status of the answer, or what it would be for an embedded store.
        text: the query text, for the picture.
    """
    message = str(problem.get("detail") or problem.get("title") or f"The server answered {status}.")
    code = str(problem.get("code") or "error")
    suggestion = str(problem.get("suggestion") or problem.get("hint") or "")
    if code == "query-cancelled":
        return QueryCancelled(message, code=code, suggestion=suggestion)
    if status in (401, 403):
        return AuthError(message, code=code, suggestion=suggestion)
    if status < 500 or code in _LIMIT_CODES:
        span = _span(problem.get("span"))
        return QueryError(message, code=code, suggestion=suggestion, span=span, text=text, status=status)
    if status in _UNAVAILABLE:
        return ConnectionFailed(message, code=code, suggestion=suggestion)
    return AmberError(message, code=code, suggestion=suggestion)


def _span(value: object) -> tuple[int, int] | None:
    """A span as `[start, end]` or `{"start": .., "end": ..}`."""
    if isinstance(value, Mapping):
        value = [value.get("start"), value.get("end")]
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        start, end = value
        if isinstance(start, int) and isinstance(end, int):
            return start, end
    return None
