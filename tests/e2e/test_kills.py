"""A short run of kills: what the fifty rounds of `python -m benchmarks.kills` promise, on every change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.chaos
def test_nothing_is_lost_or_counted_twice_when_processes_are_killed(tmp_path: Path):
    """Every acknowledged id is there once; roll-ups, issues, short ids and traces agree with the rows."""
    # A process of its own: it opens the store of the run, and a process can open only one.
    kills = [sys.executable, "-m", "benchmarks.kills", "--seed", "11", "--rounds", "6"]
    command = [*kills, "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["acknowledged"] > 100
    assert report["good"], report
