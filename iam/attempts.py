"""What guessing costs: attempts are counted before they are looked at, and failed ones wait longer and longer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

from engine.clock import Clock
from engine.metadata import MetadataStore
from iam.errors import TooManyAttempts

# An account is slowed from the fifth failure on, to one guess a minute: more would let strangers keep its owner out.
# An address may be that of a whole office, so it has more free attempts, and waits longer then.
_FREE_FOR_ACCOUNT, _LONGEST_FOR_ACCOUNT = 4, timedelta(minutes=1)
_FREE_FOR_ADDRESS, _LONGEST_FOR_ADDRESS = 20, timedelta(minutes=15)


def count_attempt(metadata: MetadataStore, clock: Clock, delays: Mapping[str, Callable[[int], timedelta]]) -> None:
    """Count an attempt against each subject; `MetadataStore.forgive_attempt` takes it back when it did not fail.

    Args:
        metadata: keeps the counts.
        clock: what tells the time.
        delays: for each subject, how long the next attempt must wait after so many failures.

    Raises:
        TooManyAttempts: a subject must wait; then nothing was counted.
    """
    until = metadata.count_attempt(delays)
    if until is not None:
        raise TooManyAttempts(max(1, math.ceil((until - clock.now()).total_seconds())))


def account_delay(failures: int) -> timedelta:
    """Return how long an account waits after so many failures."""
    return _delay(failures - _FREE_FOR_ACCOUNT, _LONGEST_FOR_ACCOUNT)


def address_delay(failures: int) -> timedelta:
    """Return how long an address waits after so many failures, over all accounts."""
    return _delay(failures - _FREE_FOR_ADDRESS, _LONGEST_FOR_ADDRESS)


def place_of(address: str) -> str:
    """Return what attempts from an address are counted for: one customer's line has 2^64 addresses of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), 64), strict=False))


def _delay(beyond: int, longest: timedelta) -> timedelta:
    """Return 1 s, 2 s, 4 s and so on for the first, second, third failure beyond the free ones."""
    return min(longest, timedelta(seconds=2 ** min(beyond - 1, 20))) if beyond > 0 else timedelta()
