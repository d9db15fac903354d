"""What the engine refuses, in the language's words."""

from __future__ import annotations

import re

from engine.eventstore import LimitExceeded, StoreRejected
from queries.ast import Query, Span
from queries.errors import LimitReached, QueryError

_LIMIT_HINTS = {
    "max_seconds": "Use a shorter time range, a narrower filter, or run it as a report.",
    "max_memory_bytes": "Group by fewer keys, or ask for an approximation with hll().",
    "max_rows_read": "Use a shorter time range or fewer projects.",
    "max_bytes_read": "Use a shorter time range or fewer projects.",
    "max_result_rows": "Add a limit, or take the answer as an Arrow stream.",
    "max_result_bytes": "Show fewer columns, add a limit, or take the answer as an Arrow stream.",
}

_BAD_REGEX = 427  # CANNOT_COMPILE_REGEXP
_DOES_NOT_FIT = 70  # CANNOT_CONVERT_TYPE
_REGEX_REASON = re.compile(r"cannot compile re2: (.*), error: (.*?)\. Look at", re.DOTALL)

_ENGINE_WORDS = re.compile(
    r"^Code: \d+\. DB::Exception: |(: failed at position|\bIn scope\b|\b[wW]hile executing\b).*", re.DOTALL
)


_ABOUT_THE_STATEMENT = frozenset(
    {10, 15, 16, 20, 34, 35, 42, 43, 44, 46, 47, 50, 51, 60, 62, 63, 133, 134, 179, 184, 207, 215, 352, 386, 403}
)
"""Names, numbers and types of arguments, syntax, aggregates, joins: the engine's codes for what stands in a text."""

_OR_NULL = "Use a form that gives null instead, like toInt64OrNull, or toInt64OrNull(toString(…)) for other types."
_NOT_READ = ("a value cannot be read as the type it is turned into", _OR_NULL)
_ABOUT_SOME_VALUE = (
    "a function cannot take a value or a type it is given",
    "Check the arguments, and use forms that give null instead, like toInt64OrNull, nullIf(x, 0) or ifNull.",
)
_TOO_MUCH = ("an argument or what it makes is too large or too small", "Ask for fewer elements or shorter texts.")
_ABOUT_VALUES = {
    **dict.fromkeys((6, 26, 27, 32, 33, 38, 41, 53, 70, 72, 349, 376, 441, 675, 676, 691), _NOT_READ),
    12: _TOO_MUCH,
    69: _TOO_MUCH,
    128: _TOO_MUCH,
    131: _TOO_MUCH,
    153: ("something is divided by zero", "Write the divisor as nullIf(x, 0)."),
    306: ("it nests or recurs too deeply", "Let a WITH RECURSIVE end after some hundred rounds."),
    407: ("a decimal number has more digits than its type holds", _OR_NULL),
    427: ("a pattern is not valid", "Patterns are RE2's."),
}
"""Code of the engine -> what is told of a value, and what to do."""


def raise_if_known(error: StoreRejected, text: str | Query) -> None:
    """Raise what the engine says of values, which only it knows: a pattern, a total that does not fit."""
    if error.engine_code == _DOES_NOT_FIT:
        raise QueryError(
            "A total is beyond 64 bits.",
            code="query-total-too-large",
            suggestion="Ask for avg(x), or add up fractions: sum(tofloat(x)).",
        ) from error
    _raise_if_regex(error, text)


def _raise_if_regex(error: StoreRejected, text: str | Query) -> None:
    """Raise what the engine says of a pattern: nothing but RE2 itself knows which patterns it takes."""
    if error.engine_code != _BAD_REGEX:
        return
    found = _REGEX_REASON.search(error.message)
    pattern, reason = found.groups() if found else ("", "")
    start = text.find(pattern) if pattern and isinstance(text, str) else -1
    span = Span(start, start + len(pattern)) if start >= 0 else None
    said = f"This pattern is not valid: {reason}." if reason else "A pattern is not valid."
    raise QueryError(said, span=span, code="query-pattern", suggestion="Patterns are RE2's.") from error


def sql_rejected(error: StoreRejected) -> QueryError:
    """Return what the engine says of a statement somebody wrote: neither what was made of it nor a value of a row.

    Reasons that name parts of the statement alone are passed on. All others may quote the value that a function could
    not take, so only their kind is told.
    """
    if error.engine_code in _ABOUT_THE_STATEMENT:
        reason = _ENGINE_WORDS.sub("", error.message).strip(" .:") or "it is not valid"
        return QueryError(f"The engine refuses the statement: {reason}.", code="query-rejected")
    said, hint = _ABOUT_VALUES.get(error.engine_code or 0, _ABOUT_SOME_VALUE)
    return QueryError(f"The engine refuses the statement: {said}.", code="query-rejected", suggestion=hint)


def limit_reached(error: LimitExceeded) -> LimitReached:
    """Return a limit of the engine as the language's error, with what helps."""
    return LimitReached(error.message, hint=_LIMIT_HINTS.get(error.limit, error.hint), limit=error.limit)


def time_reached() -> LimitReached:
    """Return the error for a plan that took longer than it may."""
    said = "The query needs more than the time it may take."
    return LimitReached(said, hint=_LIMIT_HINTS["max_seconds"], limit="max_seconds")


def memory_reached() -> LimitReached:
    """Return the error for rows that are too many for a step in the process."""
    return LimitReached(
        "The query needs more than the memory it may use.",
        hint="Summarize, or project fewer columns, before the stage that looks at all rows.",
        limit="max_memory_bytes",
    )
