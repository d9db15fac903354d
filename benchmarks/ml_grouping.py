"""How long a fingerprint takes, over real events."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured
from benchmarks.options import Options
from benchmarks.stats import median
from ml.grouping import NEWEST_VERSION, fingerprint
from ml.perturb import labelled_events, real_events

ROUNDS = 5


def fingerprint_us(options: Options) -> Measured:
    """Median microseconds of CPU of one event; caches of names warm, as in a running normaliser."""
    events: list[dict[str, Any]] = []
    if options.labelled:
        folder = Path(options.labelled)
        events = [one.event for one in labelled_events(folder)] + [event for _, event in real_events(folder)]
    note = f"{len(events)} real events, median of {ROUNDS} rounds"
    if not events:
        events, note = [_made(number) for number in range(500)], "500 made-up events, as the labelled data is absent"
    for event in events:
        fingerprint(event, NEWEST_VERSION)
    return Measured(median([_round_us(events) for _ in range(ROUNDS)]), note)


def _round_us(events: list[dict[str, Any]]) -> float:
    times = []
    for event in events:
        began = time.process_time_ns()
        fingerprint(event, NEWEST_VERSION)
        times.append((time.process_time_ns() - began) / 1_000)
    return median(times)


def _made(number: int) -> dict[str, Any]:
    frames = [
        {
            "module": f"shop.part{n % 7}",
            "function": f"step_{n}",
            "filename": "shop.py",
            "in_app": n % 3 == 0,
            "lineno": n,
        }
        for n in range(30)
    ]
    error = {"type": "KeyError", "value": f"order {number}", "stacktrace": {"frames": frames}}
    return {"platform": "python", "exception": {"values": [error]}}
