"""What a job is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


class JobRun:
    """A run under way, as the job sees it.

    Args:
        stop: set when the process is asked to end.
        lost: set when the lease could not be renewed, so that another process may have the job by now.
    """

    def __init__(self, stop: threading.Event, lost: threading.Event) -> None:
        self._stop = stop
        self._lost = lost

    @property
    def stopping(self) -> bool:
        """Whether to end soon: a job of many steps looks here between them, and goes on the next time."""
        return self._stop.is_set() or self._lost.is_set()


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done now and then.

    A run must be repeatable: one that was killed in the middle is done again from its begin.

    Attributes:
        name: what people call it, such as `auto-resolve`.
        every: time from the begin of a run to that of the next; what was missed while nothing ran is done once.
        run: does the work and says in a few words what it did ("3 issues resolved").
    """

    name: str
    every: timedelta
    run: Callable[[JobRun], str]
