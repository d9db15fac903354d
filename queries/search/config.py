r"""What the search grammar knows about keys: which take numbers, times, sizes, and what is refused.

`SENTRY` is the default of Sentry's own parser, token for token. `queries.search.datasets` has Amber's, which add the
typed fields of the schema and the few places where Amber's grammar is wider (white space of any kind between terms,
`\\` before a closing quote, negated dates, typed operators).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from queries.errors import SyntaxProblem

_MEASUREMENT = re.compile(r"measurements\.[a-zA-Z0-9_.-]+\Z")
_BREAKDOWN = re.compile(r"spans\.[a-zA-Z0-9_.-]+\Z")

DURATION_MEASUREMENTS = frozenset(
    f"measurements.{name}"
    for name in (
        "app_start_cold",
        "app_start_warm",
        "fcp",
        "fid",
        "fp",
        "inp",
        "lcp",
        "stall_longest_time",
        "stall_total_time",
        "time_to_full_display",
        "time_to_initial_display",
        "ttfb",
        "ttfb.requesttime",
    )
)
"""Measurements whose values are lengths of time."""

DURATION_FUNCTIONS = frozenset({"p50", "p75", "p90", "p95", "p99", "p100"})
"""Aggregates that, written without arguments, measure the event's own duration."""

DATE_FUNCTIONS = frozenset({"first_seen", "last_seen"})
"""Aggregates whose result is a time."""

MESSAGES: Mapping[str, str] = {
    "free-text-not-allowed": "Free text is not supported in this search",
    "wildcard-not-allowed": "Wildcards not supported in search",
    "logic-or-not-allowed": "The OR operator is not allowed in this search",
    "logic-and-not-allowed": "The AND operator is not allowed in this search",
    "must-be-quoted": "Quotes must enclose text or be escaped",
    "negation-not-allowed": "Negation is not allowed in this search.",
    "filter-must-have-value": "Filter must have a value",
    "invalid-boolean": "Invalid boolean. Expected true, 1, false, or 0.",
    "invalid-file-size": "Invalid file size. Expected number followed by file size unit suffix",
    "invalid-number": "Invalid number. Expected number then optional k, m, or b suffix (e.g. 500k)",
    "empty-parameter-not-allowed": "Function parameters should not have empty values",
    "empty-value-in-list-not-allowed": "Lists should not have empty values",
    "invalid-key": 'Invalid key. "{key}" is not a supported search key.',
    "invalid-duration": "Invalid duration. Expected number followed by duration unit suffix",
    "invalid-date-format": (
        "Invalid date format. Expected +/-duration (e.g. +1h) or ISO 8601-like (e.g. {day} or {instant})"
    ),
    "empty-regex": "A regular expression must not be empty",
    "regex-too-long": "A regular expression has at most 256 characters",
}
"""Reason of each invalid token, by its type; a configuration may override single ones."""


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """Types of keys and what a search may hold.

    Attributes:
        sentry_exact: read exactly as Sentry's parser does, without Amber's additions.
        text_operator_keys: text keys that may be compared, because they are versions.
        disallowed_logical_operators: `AND`, `OR`.
        supported_tags: the known keys, checked when `validate_keys` is set; None for no list.
        messages: reason by type of invalid token.
    """

    numeric_keys: frozenset[str] = frozenset()
    duration_keys: frozenset[str] = frozenset()
    size_keys: frozenset[str] = frozenset()
    date_keys: frozenset[str] = frozenset()
    boolean_keys: frozenset[str] = frozenset()
    percentage_keys: frozenset[str] = frozenset()
    text_operator_keys: frozenset[str] = frozenset()
    disallowed_logical_operators: frozenset[str] = frozenset()
    disallow_free_text: bool = False
    disallow_wildcard: bool = False
    disallow_negation: bool = False
    validate_keys: bool = False
    supported_tags: frozenset[str] | None = None
    messages: Mapping[str, str] = field(default_factory=lambda: MESSAGES)
    sentry_exact: bool = False

    def is_numeric(self, key: str) -> bool:
        """Return whether values of `key` are numbers."""
        return key in self.numeric_keys or bool(_MEASUREMENT.match(key) or _BREAKDOWN.match(key))

    def is_duration(self, key: str) -> bool:
        """Return whether values of `key` are lengths of time."""
        return key in self.duration_keys or key in DURATION_MEASUREMENTS or bool(_BREAKDOWN.match(key))

    def is_size(self, key: str) -> bool:
        """Return whether values of `key` are amounts of data."""
        return key in self.size_keys

    def is_date(self, key: str) -> bool:
        """Return whether values of `key` are times."""
        return key in self.date_keys

    def is_boolean(self, key: str) -> bool:
        """Return whether values of `key` are true or false."""
        return key in self.boolean_keys

    def is_typed(self, key: str) -> bool:
        """Return whether values of `key` are something else than text, for which a `$name` may stand."""
        kinds = (self.is_numeric, self.is_duration, self.is_size, self.is_date, self.is_boolean)
        return not self.sentry_exact and any(holds(key) for holds in kinds)

    def with_overrides(self, overrides: Mapping[str, object]) -> SearchConfig:
        """Return this configuration with some settings replaced.

        Args:
            overrides: settings by name, in snake_case or in Sentry's camelCase; unknown ones are ignored, because
                Sentry's configuration also holds settings of its own pages.

        Raises:
            SyntaxProblem: a value has the wrong form.
        """
        known = {item.name: item.default for item in fields(self)}
        changes: dict[str, object] = {}
        for raw, value in overrides.items():
            name = _snake_case(raw)
            if name in {"invalid_messages", "messages"}:
                changes["messages"] = {**self.messages, **_mapping(raw, value)}
            elif name == "supported_tags":
                changes[name] = None if value is None else _names(raw, value)
            elif name in known:
                changes[name] = _names(raw, value) if known[name] == frozenset() else bool(value)
        return replace(self, **changes)  # type: ignore[arg-type]  # checked just above


def _snake_case(name: str) -> str:
    return re.sub(r"[A-Z]", lambda m: f"_{m.group().lower()}", name)


def _names(setting: str, value: object) -> frozenset[str]:
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return frozenset(str(item) for item in value)
    raise SyntaxProblem(f"The search setting {setting!r} must be a list of names.")


def _mapping(setting: str, value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(k): str(v) for k, v in value.items()}
    raise SyntaxProblem(f"The search setting {setting!r} must be an object.")


SENTRY = SearchConfig(
    sentry_exact=True,
    text_operator_keys=frozenset({"release.version", "release.build", "release.package", "release.stage"}),
    duration_keys=frozenset({"transaction.duration"}),
    percentage_keys=frozenset({"percentage"}),
    numeric_keys=frozenset(
        {
            "project_id",
            "project.id",
            "issue.id",
            "stack.colno",
            "stack.lineno",
            "stack.stack_level",
            "transaction.duration",
        }
    ),
    date_keys=frozenset(
        {
            "start",
            "end",
            "firstSeen",
            "lastSeen",
            "last_seen()",
            "time",
            "event.timestamp",
            "timestamp",
            "timestamp.to_hour",
            "timestamp.to_day",
        }
    ),
    boolean_keys=frozenset({"error.handled", "error.unhandled", "stack.in_app", "team_key_transaction"}),
)
"""Sentry's defaults, as its web client had them in August 2024."""
