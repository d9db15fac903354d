"""The query runner of an installation, with the limits the settings name."""

from __future__ import annotations

from dataclasses import replace

from engine.eventstore import Limits
from queries.run import CLASSES, QueryClass, Runner
from server.compose import Installation
from server.detectors import DETECTORS
from server.settings import Settings

_STREAM_PATIENCE = 10


def make_runner(installation: Installation) -> Runner:
    """Return the runner over an installation's store."""
    return Runner(installation.store, installation.clock, _classes(installation.settings), DETECTORS)


def _classes(settings: Settings) -> dict[str, QueryClass]:
    """Return the query classes the settings speak of; the others are as `queries` declares them."""
    short = Limits(max_seconds=settings.query_max_seconds, max_memory_bytes=settings.query_max_memory)
    long = replace(short, max_seconds=_STREAM_PATIENCE * settings.query_max_seconds)
    return {
        "interactive": replace(CLASSES["interactive"], limits=short),
        "notebook": replace(CLASSES["notebook"], limits=long),
    }
