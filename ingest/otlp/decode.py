"""A request body to parts, in either encoding, and what of it cannot become rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ingest.errors import TooLarge
from ingest.otlp.decode_json import parts_of_json
from ingest.otlp.decode_protobuf import parts_of_protobuf
from ingest.otlp.model import Item, Part, Signal, items_of, metric_problem, point_problem, span_problem

MAX_ITEMS = 200_000
"""Spans, log records or metrics of one request: exporters send some hundreds."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many units of a request (spans, log records, data points) can be rows, and how many cannot, by reason."""

    accepted: int
    rejected: Counter[str]


def decode(signal: Signal, body: bytes, *, is_json: bool) -> list[Part]:
    """Return the parts of an Export*ServiceRequest.

    Raises:
        Malformed: the body is not such a request in its encoding.
        TooLarge: more than `MAX_ITEMS` items.
    """
    if not body.strip():
        # No bytes at all are an empty request in both encodings: some exporters probe with one.
        return []
    parts = parts_of_json(signal, body) if is_json else parts_of_protobuf(signal, body)
    check_count(sum(len(part.items) for part in parts))
    return parts


def check_count(items: int) -> None:
    """Raise TooLarge for more than `MAX_ITEMS` items."""
    if items > MAX_ITEMS:
        raise TooLarge("too many items", f"more than {MAX_ITEMS} items in one request")


def judge(signal: Signal, parts: list[Part]) -> Verdict:
    """Return what of a request can become rows; the normaliser decides by the same functions."""
    accepted = 0
    rejected: Counter[str] = Counter()
    for item in items_of(parts):
        for problem in _problems(signal, item):
            if problem:
                rejected[problem] += 1
            else:
                accepted += 1
    return Verdict(accepted, rejected)


def _problems(signal: Signal, item: Item) -> list[str]:
    """Return the problem of each unit of an item, empty where there is none."""
    if signal is Signal.TRACES:
        return [span_problem(item)]
    if signal is Signal.LOGS:
        return [""]
    wrong = metric_problem(item)
    kind = item.get("kind", "")
    return [wrong or point_problem(kind, point) for point in item.get("points", ())]
