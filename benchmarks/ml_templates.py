"""Lines of logs a second that are given their template."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measured import Measured
from benchmarks.options import Options
from benchmarks.stats import median
from ml.templates import Miner

ROUNDS = 5
LINES = 40_000
NEW_IN_EVERY_ROUND = 3
"""One line of so many is one that the miner has not seen, as a log has new values in its lines."""

_NAMES = ("ann", "bob", "cem", "dana", "eve", "gus", "hal", "ivo", "jun", "kim")
_MADE: tuple[Callable[[random.Random], str], ...] = (
    lambda d: f"Accepted connection from 10.0.{d.randrange(256)}.{d.randrange(256)}:{d.randrange(1024, 65536)}",
    lambda d: f"session opened for user {d.choice(_NAMES)} by (uid={d.randrange(3000)})",
    lambda d: f"Block blk_{d.getrandbits(60)} of size {d.randrange(10**8)} from /10.0.0.{d.randrange(256)}",
    lambda d: f"Took {d.random() * 90:.2f} seconds to build instance {_uuid(d)}",
    lambda d: f'10.1.1.{d.randrange(256)} "GET /v2/{_uuid(d)}/items?page={d.randrange(40)} HTTP/1.1" len: 1893',
    lambda d: f'acquire lock=0x{d.getrandbits(32):x}, flags={d.randrange(9)}, tag="View {d.randrange(9)}", ws=null',
    lambda d: f"2026-01-{d.randrange(10, 28)} 10:{d.randrange(10, 60)}:00 checkpoint {d.randrange(9999)} is done",
    lambda d: f"Partition rdd_{d.randrange(99)}_{d.randrange(99)} not found, computing it ({d.randrange(900)} KB free)",
    lambda d: f"mail to {d.choice(_NAMES)}@corp.example could not be sent: {d.choice(('timeout', 'refused'))}",
    lambda d: f"worker {d.choice(_NAMES)}-{d.randrange(64)} is {d.choice(('idle', 'busy', 'draining'))}",
    lambda _: "Starting remoting",
)  # fmt: skip


def lines_a_second(options: Options) -> Measured:
    """Lines a second of CPU that a miner gives their ids, whose template it knows from an earlier refinement."""
    labelled = _labelled_lines(options.labelled)
    lines = labelled or _made_lines(random.Random(11))
    rates = []
    for _ in range(ROUNDS):
        miner = Miner()
        for line in lines[: len(lines) // NEW_IN_EVERY_ROUND]:
            miner.add(line)
        miner.refine()
        began = time.process_time()
        for line in lines:
            miner.add(line)
        rates.append(len(lines) / (time.process_time() - began))
    told = (
        f"{len(lines):,} {'labelled lines' if labelled else 'made lines'}, {len(miner.templates()):,} templates before"
    )
    return Measured(median(rates), f"{told}; {min(rates):,.0f}-{max(rates):,.0f} in {ROUNDS} rounds")


def _labelled_lines(folder: str) -> list[str]:
    """Return the lines of the systems below a folder laid out as for `amber ml evaluate`, mixed; none without one."""
    lines: list[str] = []
    for path in sorted(Path(folder).glob("loghub-2k/corrected/*/*_structured.csv")) if folder else ():
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            lines += [row["Content"] for row in csv.DictReader(file)]
    random.Random(12).shuffle(lines)
    return lines


def _made_lines(dice: random.Random) -> list[str]:
    return [dice.choice(_MADE)(dice) for _ in range(LINES)]


def _uuid(dice: random.Random) -> str:
    digits = f"{dice.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
