"""Structured logs: one line per fact on stderr, as JSON or for reading.

Everything that uses the standard library's logging (waitress, alembic, warnings) goes through the same renderer.
"""

from __future__ import annotations

import logging
import os
import sys

import structlog
from structlog.typing import Processor

_NOISY = ("alembic", "waitress.queue", "clickhouse_connect", "werkzeug")


def configure_logging(role: str, *, level: str = "info", style: str = "auto") -> None:
    """Set up logging of this process.

    Args:
        role: name of the process in every line: "supervisor", "ingest", "normaliser", "web" or "cli".
        level: least level that is shown.
        style: "json", "console", or "auto": for reading on a terminal, JSON elsewhere.
    """
    readable = style == "console" or (style == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Origin(role),
    ]
    ending: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if readable
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class _Origin:
    """Adds the role and the process id to each line."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._pid = os.getpid()

    def __call__(self, logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["role"] = self._role
        event["pid"] = self._pid
        return event
