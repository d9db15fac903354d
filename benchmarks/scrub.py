"""CPU that scrubbing takes of an event: of 18 KB as sentry-python sends them, plain and with random values.

    python -m benchmarks.scrub [--events 400] [--rounds 9]

Prints microseconds of CPU an event (median over the rounds) for events that hold nothing to scrub, the same with
high-entropy values, and events of which each holds secrets.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

from engine.snapshot import ProjectConfig
from ingest.scrub import Scrubber

_WORDS = ("amount", "settings", "retries", "currency", "service", "attempt", "result", "order", "invoice", "cart")
_KINDS = (("plain", False, False), ("high entropy", True, False), ("with secrets", False, True))


def event(rng: random.Random, *, entropy: bool, secrets: bool) -> bytes:
    """Return one event: 14 frames with source lines and locals, 20 breadcrumbs, a request, tags."""

    def value() -> str:
        if entropy:
            return rng.choice((rng.randbytes(12).hex(), str(rng.randrange(10**12)), f"{rng.random():.12f}"))
        return " ".join(rng.choices(_WORDS, k=3))

    def frame(number: int) -> dict[str, object]:
        return {
            "function": f"{rng.choice(_WORDS)}_{number}",
            "module": f"shop.{rng.choice(_WORDS)}",
            "abs_path": f"/srv/app/shop/{rng.choice(_WORDS)}.py",
            "lineno": rng.randrange(500),
            "pre_context": [f"    {rng.choice(_WORDS)} = {rng.choice(_WORDS)}.get('{value()}')" for _ in range(5)],
            "context_line": f"    return {rng.choice(_WORDS)}(payload, err)",
            "post_context": [f"    {rng.choice(_WORDS)} = None" for _ in range(5)],
            "vars": {word: repr(value()) for word in _WORDS[:8]},
        }

    extra: dict[str, object] = {"note": value()}
    if secrets:
        extra |= {"password": value(), "card": "4111 1111 1111 1111", "url": "https://u:p4ss@h/?token=abc1"}
    frames = [frame(number) for number in range(14)]
    return json.dumps(
        {
            "event_id": rng.randbytes(16).hex(),
            "timestamp": "2026-11-21T01:00:00.123456Z",
            "exception": {"values": [{"type": "E", "value": value(), "stacktrace": {"frames": frames}}]},
            "breadcrumbs": {"values": [{"message": value(), "data": {"url": f"/{value()}"}} for _ in range(20)]},
            "request": {"url": "https://shop.example.org/x", "headers": {"User-Agent": "x", "Accept": "*/*"}},
            "tags": {word: value() for word in _WORDS},
            "extra": extra,
        }
    ).encode()


def cpu_us(work: Callable[[bytes], object], events: list[bytes], rounds: int) -> float:
    """Return microseconds of CPU an event, the median over the rounds."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        for each in events:
            work(each)
        found.append((time.process_time() - start) / len(events) * 1e6)
    return statistics.median(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    scrubber = Scrubber(ProjectConfig(id=1, slug="bench"))
    for name, entropy, secrets in (
        ("plain", False, False),
        ("high entropy", True, False),
        ("with secrets", False, True),
    ):
        rng = random.Random(7)
        events = [event(rng, entropy=entropy, secrets=secrets) for _ in range(asked.events)]
        changed = sum(bool(scrubber.payload(each).remarks) for each in events)
        size = sum(map(len, events)) // len(events)
        took = cpu_us(scrubber.payload, events, asked.rounds)
        print(f"{name}: {took:.0f} us of CPU an event of {size} bytes, {changed} of {len(events)} changed")


if __name__ == "__main__":
    main()
