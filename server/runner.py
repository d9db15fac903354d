"""The query runner of an installation, with the limits the settings name."""

from __future__ import annotations

from dataclasses import replace

from queries.cache import ResultCache
from queries.detectors import rca_step
from queries.run import CLASSES, QueryClass, Runner
from server.compose import Installation
from server.detectors import DETECTORS
from server.query_budgets import Budget, Budgets
from server.rca_stage import QueriedCauses
from server.settings import Settings

_STREAM_PATIENCE = 10


def make_runner(installation: Installation) -> Runner:
    """Return the runner over an installation's store."""
    settings = installation.settings
    cache = ResultCache(settings.query_cache) if settings.query_cache else None
    detectors = {**DETECTORS, "rca": rca_step(QueriedCauses(installation))}
    return Runner(installation.store, installation.clock, _classes(settings), detectors, cache)


def budgets_of(settings: Settings) -> Budgets:
    """Return the accounts of those who ask, with the budgets the settings name."""
    return Budgets(Budget(settings.query_budget_rows, settings.query_budget_bytes, settings.query_budget_seconds))


def _classes(settings: Settings) -> dict[str, QueryClass]:
    """Return the query classes the settings speak of; the others are as `queries` declares them."""
    seconds, memory = settings.query_max_seconds, settings.query_max_memory
    patience = {"interactive": seconds, "notebook": _STREAM_PATIENCE * seconds}
    return {
        name: replace(kind, limits=replace(kind.limits, max_seconds=patience[name], max_memory_bytes=memory))
        for name, kind in CLASSES.items()
        if name in patience
    }
