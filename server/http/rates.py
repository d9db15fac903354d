"""How often one may come: a token bucket for each token, session or address, a bounded number of them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from engine.errors import CapacityError

_MOST_BUCKETS = 10_000


class TooManyRequests(CapacityError):
    """The bucket of a token, session or address is empty.

    Attributes:
        retry_after_s: seconds until there is a request in it again.
    """

    code = "too-many-requests"
    http_status = 429

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(
            "Too many requests.", hint="Wait as long as `Retry-After` says, or raise api_rate_per_minute and api_burst."
        )
        self.retry_after_s = retry_after_s


class RateLimit:
    """Token buckets by name; the longest unused one is forgotten when there are too many.

    Args:
        per_minute: requests a minute, in the long run.
        burst: requests at once.
        clock: monotonic seconds.
    """

    def __init__(self, per_minute: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> None:
        """Take one request from a bucket.

        Raises:
            TooManyRequests: it is empty.
        """
        now = self._clock()
        with self._lock:
            left, filled_at = self._buckets.pop(name, (self._burst, now))
            left = min(self._burst, left + (now - filled_at) * self._per_second)
            refused = left < 1
            self._buckets[name] = (left if refused else left - 1, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        if refused:
            raise TooManyRequests((1 - left) / self._per_second)
