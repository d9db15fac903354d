"""What queries cost, told to the metrics and to the accounts of those who ask."""

from __future__ import annotations

from engine.clock import Clock
from engine.eventstore import QueryStats
from iam import Principal
from server.metrics import Metrics
from server.query_budgets import Budgets, BudgetSpent


class Ledger:
    """Counts and charges; without metrics nothing is counted, without budgets nobody is held back.

    Args:
        clock: tells when an hour is over.
        metrics: counts, when somebody wants to know.
        budgets: accounts of those who ask.
    """

    def __init__(self, clock: Clock, metrics: Metrics | None = None, budgets: Budgets | None = None) -> None:
        self._clock = clock
        self._metrics = metrics
        self._budgets = budgets

    def check(self, principal: Principal) -> None:
        """Return when another query may begin; BudgetSpent else."""
        if self._budgets is None:
            return
        try:
            self._budgets.check(principal, self._clock.now())
        except BudgetSpent as error:
            self.refused(f"budget_{error.kind}")
            raise

    def charge(self, principal: Principal, cost: QueryStats) -> None:
        """Note what a query has cost."""
        if self._budgets is not None:
            now = self._clock.now()
            self._budgets.charge(principal, now, rows=cost.rows_read, size=cost.bytes_read, seconds=cost.elapsed_s)
        if self._metrics is not None:
            self._metrics.rows_read.inc(cost.rows_read)
            self._metrics.bytes_read.inc(cost.bytes_read)

    def kept(self) -> None:
        """Count an answer that needed no run of its own."""
        if self._metrics is not None:
            self._metrics.queries_kept.inc()

    def refused(self, limit: str) -> None:
        """Count a query that a limit refused or stopped."""
        if self._metrics is not None:
            self._metrics.query_refusals.labels(limit).inc()

    def ended(self, outcome: str, seconds: float) -> None:
        """Count a query by how it ended, and its time."""
        if self._metrics is not None:
            self._metrics.queries.labels(outcome).inc()
            self._metrics.query_seconds.observe(seconds)

    def running(self, count: int) -> None:
        """Show how many queries run or wait."""
        if self._metrics is not None:
            self._metrics.queries_running.set(count)
