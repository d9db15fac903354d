"""A short chaos run: what the fifty rounds of `python -m benchmarks.chaos` promise, on every change."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.chaos import run


@pytest.mark.chaos
def test_nothing_is_lost_or_counted_twice_when_processes_are_killed(tmp_path: Path):
    """Every acknowledged id is there once; roll-ups, issues, short ids and traces agree with the rows."""
    report = run(seed=11, rounds=6, out=tmp_path, console=Console(quiet=True))
    assert report.acknowledged > 100
    assert report.good, asdict(report)
