"""Severity of log records: OpenTelemetry's numbers and texts to the words of the store.

The logs data model has 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal; 0 is unset, and then the
text may say it.
"""

from __future__ import annotations

from ingest.normalise.logs import LEVELS

_WORDS = {
    "trace": 1,
    "verbose": 1,
    "finest": 1,
    "finer": 2,
    "debug": 5,
    "fine": 5,
    "config": 8,
    "info": 9,
    "information": 9,
    "informational": 9,
    "notice": 10,
    "warn": 13,
    "warning": 13,
    "error": 17,
    "err": 17,
    "severe": 17,
    "critical": 21,
    "crit": 21,
    "alert": 22,
    "emergency": 23,
    "emerg": 23,
    "fatal": 21,
    "panic": 21,
}
"""Severity texts of the usual logging libraries and of syslog, with the number they mean."""

_EVENT_LEVELS = {"trace": "debug", "debug": "debug", "info": "info", "warn": "warning", "error": "error"}


def severity_of(number: int, text: str) -> int:
    """Return the severity number 1 to 24, 0 when neither number nor text says one."""
    return number if 1 <= number <= 24 else _WORDS.get(text.strip().lower(), 0)


def log_level(severity: int) -> str:
    """Return the level of a log row; a record without a severity is taken for information."""
    return LEVELS[(severity - 1) // 4] if severity else "info"


def event_level(number: int, text: str) -> str:
    """Return the level of an exception's event; one without a severity is an error."""
    severity = severity_of(number, text)
    return _EVENT_LEVELS.get(log_level(severity), "fatal") if severity else "error"
