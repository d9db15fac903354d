"""Rate limits: how much of a data category a project, or each of its keys, may send.

A limit is a token bucket of `quantity` tokens that fills in `window_s` seconds. A request passes while there is a whole
token, whatever it holds: a batch larger than the bucket could otherwise never be sent. It then owes what it took, one
bucket at most. Every ingest process has buckets of its own.

The headers are those of Sentry's developer documentation, "Rate limiting": `X-Sentry-Rate-Limits:
seconds:categories:scope:reason, …` and `Retry-After` with the longest of them.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from engine.clock import Clock
from engine.snapshot import KeyConfig, ProjectConfig, RateLimitConfig

REASON = "rate_limit"
NEVER_LIMITED = "internal"
"""Category of what tells of losses: limiting it would hide them."""

_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "error": ("default", "error", "security"),
    "log_item": ("log_item", "log_byte"),
    "trace_metric": ("trace_metric", "trace_metric_byte"),
    "profile_chunk": ("profile_chunk", "profile_chunk_ui"),
}
"""Categories clients know by several names."""

_MAX_BUCKETS = 20_000
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in force: for so many seconds nothing of these categories; no category means all."""

    seconds: int
    categories: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may pass.

    Attributes:
        limited: those of the categories asked for that may not.
        limits: every limit of the sender that is in force, those of other categories too.
    """

    limited: frozenset[str] = frozenset()
    limits: tuple[Limit, ...] = ()

    def headers(self, *, retry_after: bool = True) -> tuple[tuple[str, str], ...]:
        """Return the headers that tell a client; none when no limit is in force."""
        if not self.limits:
            return ()
        said = ", ".join(f"{x.seconds}:{';'.join(x.categories)}:{x.scope}:{REASON}" for x in self.limits)
        headers = (("X-Sentry-Rate-Limits", said),)
        longest = max(limit.seconds for limit in self.limits)
        return (*headers, ("Retry-After", str(longest))) if retry_after else headers


FREE = Verdict()


class _Bucket:
    """Tokens at a moment."""

    __slots__ = ("at_ns", "tokens")

    def __init__(self, tokens: float, at_ns: int) -> None:
        self.tokens = tokens
        self.at_ns = at_ns

    def fill(self, rule: RateLimitConfig, now_ns: int) -> None:
        # A clock that was set back must not take tokens away.
        elapsed_s = max(0, now_ns - self.at_ns) / _NS
        self.tokens = min(float(rule.quantity), self.tokens + elapsed_s * rule.quantity / rule.window_s)
        self.at_ns = now_ns

    def wait_s(self, rule: RateLimitConfig) -> int:
        """Return the seconds until there is a whole token, 0 when there is one."""
        if self.tokens >= 1:
            return 0
        if rule.quantity == 0:
            return rule.window_s
        return max(1, math.ceil((1 - self.tokens) * rule.window_s / rule.quantity))


class RateLimiter:
    """The buckets of one process; any number of threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[int, int, RateLimitConfig], _Bucket] = OrderedDict()

    def admit(self, project: ProjectConfig, key: KeyConfig, wanted: Mapping[str, int]) -> Verdict:
        """Take tokens for what is wanted, quantities by category, and say what may not pass.

        Nothing is taken for a category that is limited by any rule.
        """
        if not project.rate_limits:
            return FREE
        now_ns = self._clock.now_ns()
        with self._lock:
            buckets = [(rule, self._bucket(project, key, rule, now_ns)) for rule in project.rate_limits]
            limited: set[str] = set()
            limits = []
            for rule, bucket in buckets:
                wait_s = bucket.wait_s(rule)
                if wait_s:
                    limited.update(_concerned(rule, wanted))
                    limits.append(Limit(wait_s, _named(rule), rule.scope))
            for rule, bucket in buckets:
                taken = sum(wanted[category] for category in _concerned(rule, wanted) if category not in limited)
                bucket.tokens = max(bucket.tokens - taken, -float(rule.quantity))
        return Verdict(frozenset(limited), tuple(limits))

    def _bucket(self, project: ProjectConfig, key: KeyConfig, rule: RateLimitConfig, now_ns: int) -> _Bucket:
        place = (project.id, key.key_id if rule.scope == "key" else 0, rule)
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = self._buckets[place] = _Bucket(float(rule.quantity), now_ns)
            if len(self._buckets) > _MAX_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(place)
            bucket.fill(rule, now_ns)
        return bucket


def _named(rule: RateLimitConfig) -> tuple[str, ...]:
    """Return the categories of a rule with the other names clients know them by."""
    return tuple(dict.fromkeys(name for category in rule.categories for name in _TOGETHER.get(category, (category,))))


def _concerned(rule: RateLimitConfig, wanted: Mapping[str, int]) -> list[str]:
    names = _named(rule)
    return [category for category in wanted if category != NEVER_LIMITED and (not names or category in names)]
