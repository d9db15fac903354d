"""What a token may make the engine read in an hour, over all its queries."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from engine.errors import CapacityError
from iam import Principal, PrincipalKind
from queries.result import rfc3339

PERIOD = timedelta(hours=1)
_FREE = frozenset({PrincipalKind.LOCAL, PrincipalKind.EMBEDDED})
"""Who holds the data directory is not held back."""

_MOST_PAYERS = 10_000
_WORDS = {"rows": "rows read", "bytes": "bytes read", "seconds": "seconds of engine time"}
_HINTS = {
    "rows": "Use a shorter time range or fewer projects until then.",
    "bytes": "Show fewer columns or use a shorter time range until then.",
    "seconds": "Ask less often, or for a kept answer, until then.",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """Most rows and uncompressed bytes read, and engine time in seconds, in an hour; 0 for no limit."""

    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


class BudgetSpent(CapacityError):
    """A budget of the one who asks is spent until a certain time."""

    code = "query-budget"
    http_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, kind: str, *, limit: float, used: float, reset: datetime, now: datetime) -> None:
        super().__init__(
            f"The budget of {limit:,.6g} {_WORDS[kind]} an hour is spent: {used:,.6g} were used."
            f" It starts anew at {rfc3339(reset)}.",
            hint=_HINTS[kind],
        )
        self.kind = kind
        self.retry_after_s = max((reset - now).total_seconds(), 1.0)
        self.members: dict[str, Any] = {
            "budget": {"what": kind, "limit": limit, "used": used, "reset": rfc3339(reset)},
        }


@dataclass(slots=True)
class _Account:
    reset: datetime
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


class Budgets:
    """Accounts by token, or by person where there is none; an hour begins with the first query in it.

    A query that was begun is finished and may overdraw the account: its own limits bound by how much.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._accounts: dict[tuple[str, str, int], _Account] = {}

    def check(self, principal: Principal, now: datetime) -> None:
        """Return when another query may begin.

        Raises:
            BudgetSpent: says limit, use, when it starts anew, and what helps.
        """
        if self._is_free(principal):
            return
        with self._lock:
            account = self._account(principal, now)
            for kind in _WORDS:
                limit, used = getattr(self._budget, kind), getattr(account, kind)
                if limit and used >= limit:
                    raise BudgetSpent(kind, limit=limit, used=used, reset=account.reset, now=now)

    def charge(self, principal: Principal, now: datetime, *, rows: int, size: int, seconds: float) -> None:
        """Note what a query of somebody has cost."""
        if self._is_free(principal):
            return
        with self._lock:
            account = self._account(principal, now)
            account.rows += rows
            account.bytes += size
            account.seconds += seconds

    def _is_free(self, principal: Principal) -> bool:
        return principal.kind in _FREE or self._budget == Budget()

    def _account(self, principal: Principal, now: datetime) -> _Account:
        key = (principal.kind, principal.name, principal.token_id)
        account = self._accounts.get(key)
        if account is None or account.reset <= now:
            if len(self._accounts) >= _MOST_PAYERS:
                self._accounts = {k: a for k, a in self._accounts.items() if a.reset > now}
            account = self._accounts[key] = _Account(now + PERIOD)
        return account
