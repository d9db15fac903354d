"""How many spans a sampled one stands for, as whoever sampled it says.

Sentry's SDKs send the rate of the head of the trace in the trace header of the envelope ("Dynamic Sampling Context" in
the developer documentation). OpenTelemetry sends a rejection threshold in the tracestate ("TraceState: Probability
Sampling" of its specification): `ot=th:c` rejects the lowest 0xc/0x10 of all random values, so that one of four is
kept; for log records the collector writes the same digits into the attribute `sampling.threshold`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ingest.normalise.values import mapping, number

MAX_WEIGHT = 1e9
"""A smaller rate than one in that many is no rate; one such span would drown all others."""

RATE_ATTRIBUTES = ("sentry.sample_rate", "sentry.client_sample_rate")
"""Attributes in which SDKs say the rate besides; the second is the name of Sentry's conventions."""

_THRESHOLD_DIGITS = 14
_ALL = 1 << (4 * _THRESHOLD_DIGITS)
_THRESHOLD = re.compile(r"[0-9a-f]{1,14}")


def weight_of_rate(rate: object) -> float:
    """Return what a span kept at a rate between 0 and 1 stands for; 1 for anything that is no rate."""
    sent = number(rate)
    if sent is None or not 1 / MAX_WEIGHT <= sent < 1:
        return 1.0
    return 1 / sent


def weight_of_trace(headers: Mapping[str, Any], *rates: object) -> float:
    """Return what a span of Sentry's protocol stands for.

    Args:
        headers: of the envelope.
        rates: said elsewhere, for envelopes whose trace header has none; the first that is not None counts.
    """
    told = mapping(headers.get("trace")).get("sample_rate")
    return weight_of_rate(next((rate for rate in (told, *rates) if rate is not None), None))


@lru_cache(maxsize=1024)
def weight_of_tracestate(tracestate: str) -> float:
    """Return what a span with a W3C tracestate stands for; 1 where it does not say."""
    for member in tracestate.split(","):
        vendor, _, value = member.strip().partition("=")
        if vendor == "ot":
            parts = (part.partition(":") for part in value.split(";"))
            return next((weight_of_threshold(digits) for name, _, digits in parts if name == "th"), 1.0)
    return 1.0


def weight_of_threshold(digits: object) -> float:
    """Return what stands behind a rejection threshold: hex digits of a number of 56 bits, zeros at the end left out."""
    if not isinstance(digits, str) or not _THRESHOLD.fullmatch(digits):
        return 1.0
    rejected = int(digits.ljust(_THRESHOLD_DIGITS, "0"), 16)
    return min(MAX_WEIGHT, _ALL / (_ALL - rejected))
