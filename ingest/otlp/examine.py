"""What the edge must know of a request before it may say 200: what can be taken of it, and its exceptions.

A protobuf request is judged on the parsed messages, a tenth of the cost of making documents of them; the rules are
those of `ingest.otlp.model`, which the normaliser applies again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.otlp.decode import Verdict, check_count, decode, judge
from ingest.otlp.decode_protobuf import about_metric, about_span, items_of_message, message_of, parts_of_message
from ingest.otlp.exceptions import Found, exceptions_of
from ingest.otlp.model import Signal, metric_problem, point_problem, span_problem


@dataclass(frozen=True, slots=True)
class Examined:
    """A request that can be read."""

    verdict: Verdict
    exceptions: list[Found]


def examine(signal: Signal, body: bytes, *, is_json: bool) -> Examined:
    """Return what can be taken of a request.

    Raises:
        Malformed: the body is not a request of the signal in its encoding.
        TooLarge: it has more items than one request may have.
    """
    if is_json or not body.strip():
        parts = decode(signal, body, is_json=is_json)
        return Examined(judge(signal, parts), exceptions_of(signal, parts))
    message = message_of(signal, body)
    check_count(sum(1 for _ in items_of_message(signal, message)))
    exceptions: list[Found] = []
    if signal is not Signal.METRICS and b"exception" in body:
        exceptions = exceptions_of(signal, parts_of_message(signal, message))
    return Examined(_verdict(signal, message), exceptions)


def _verdict(signal: Signal, message: Any) -> Verdict:
    accepted = 0
    rejected: Counter[str] = Counter()
    for problem in _problems(signal, message):
        if problem:
            rejected[problem] += 1
        else:
            accepted += 1
    return Verdict(accepted, rejected)


def _problems(signal: Signal, message: Any) -> Iterator[str]:
    """Yield the problem of each span, record or point, empty where there is none."""
    for item in items_of_message(signal, message):
        if signal is Signal.TRACES:
            yield span_problem(about_span(item))
        elif signal is Signal.LOGS:
            yield ""
        else:
            metric = about_metric(item)
            wrong = metric_problem(metric)
            for point in metric["points"]:
                yield wrong or point_problem(metric["kind"], point)
