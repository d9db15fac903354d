"""Times: exact to the last digit sent, and clamped into the accepted window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.normalise.times import DAY_NS, clamp_ns, time_ns
from tests.ingest.helpers import NOW_NS

NANOSECONDS = st.integers(0, 9_000_000_000 * 10**9)


@given(ns=NANOSECONDS)
def test_decimal_seconds_are_exact_to_the_nanosecond(ns: int) -> None:
    """As a number and as digits in a string."""
    seconds = f"{ns // 10**9}.{ns % 10**9:09d}"
    assert time_ns(Decimal(seconds)) == ns
    assert time_ns(seconds) == ns


@given(ns=NANOSECONDS, hours=st.integers(-23, 23), digits=st.integers(0, 9))
def test_rfc3339_is_exact_with_any_number_of_digits(ns: int, hours: int, digits: int) -> None:
    """`Z`, offsets and up to nine fraction digits occur; more are cut off."""
    ns -= ns % 10 ** (9 - digits)
    zone = timezone(timedelta(hours=hours))
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // 10**9)
    text = moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{ns % 10**9:09d}"[: digits + 1] if digits else ""
    sign = f"{'-' if hours < 0 else '+'}{abs(hours):02d}:00"
    assert time_ns(text + fraction + sign) == ns


@given(value=st.text(max_size=40) | st.floats() | st.integers() | st.decimals() | st.none() | st.booleans())
def test_anything_else_is_no_time(value: object) -> None:
    """Never an error, never a negative or a number that does not fit into 64 bits."""
    found = time_ns(value)
    assert found is None or 0 <= found < 2**63


@pytest.mark.parametrize(
    ("value", "ns"),
    [
        (1795221729.2581897, 1795221729_258189700),
        (1795222112.827, 1795222112_827000000),
        (1562681591, 1562681591_000000000),
        ("2026-11-21T00:40:28.455443Z", 1795221628_455443000),
        ("2026-11-21T00:40:28.455443", 1795221628_455443000),
        ("2026-11-21 00:40:28", 1795221628_000000000),
        ("2026-11-21T00:40:28.123456789123+00:00", 1795221628_123456789),
        ("2026-13-01T00:00:00Z", None),
        ("yesterday", None),
        (Decimal("1e999999"), None),
        (-1, None),
    ],
)
def test_the_forms_clients_send(value: object, ns: int | None) -> None:
    """Floats by their shortest digits, text without a zone as UTC."""
    assert time_ns(value) == ns


@given(age_ns=st.integers(-400 * DAY_NS, 400 * DAY_NS), retention=st.integers(1, 400))
def test_every_time_lands_in_the_window_and_is_not_dropped_on_arrival(age_ns: int, retention: int) -> None:
    """30 days back, but never as far as the retention; one day ahead."""
    clamped, remark = clamp_ns(NOW_NS - age_ns, NOW_NS, retention)
    assert NOW_NS - 30 * DAY_NS <= clamped <= NOW_NS + DAY_NS
    assert clamped + retention * DAY_NS > NOW_NS
    assert (remark == "") == (clamped == NOW_NS - age_ns)
