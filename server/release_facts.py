"""Which releases the projects of a question have, for `release:latest` and `release.stage`; kept for a minute."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from queries.plan import PlanContext
from queries.releases import FACT_QUERIES, Releases, release_facts
from queries.result import Result

KEPT_S = 60.0
_MOST = 200
_Key = tuple[tuple[int, ...], tuple[str, ...]]


class ReleaseFacts:
    """Facts by projects and environments.

    Args:
        run: answers a text in a context; called outside of any lock.
        seconds: a clock that never goes back.
    """

    def __init__(
        self, run: Callable[[str, PlanContext], Result], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._run = run
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, tuple[float, Releases]] = OrderedDict()

    def of(self, context: PlanContext, run: Callable[[str, PlanContext], Result] | None = None) -> Releases:
        """Return the releases of the context's projects in its environments, whatever range it asks about.

        Args:
            context: of the question.
            run: answers in the name of the one who asks, instead of the usual one.

        Raises:
            CapacityError: reading them took more than a query may use.
        """
        key = (tuple(sorted(context.projects)), context.environments)
        with self._lock:
            known = self._known.get(key)
        if known is not None and self._seconds() - known[0] < KEPT_S:
            return known[1]
        plain = PlanContext(now=context.now, projects=context.projects, environments=context.environments)
        found = release_facts([(run or self._run)(text, plain).table.to_pylist() for text in FACT_QUERIES])
        with self._lock:
            self._known[key] = (self._seconds(), found)
            self._known.move_to_end(key)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return found
