"""The command end to end, at a size that takes seconds: it makes a store, compares, and writes table, page and JSON."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_run_compares_every_query_and_finds_equal_rows(tmp_path):
    """Compiled and hand-written statements give the same rows for every case; the page holds them all."""
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    arguments = ["--rows", "4000", "--pairs", "1", "--only", "query", "--data", str(tmp_path / "data")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments, "--out", str(page), "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    measured = json.loads(figures.read_text())
    different = {(c["case"], c["scope"]): c["difference"] for c in measured["query"]["comparisons"] if not c["equal"]}
    assert not different
    assert len(measured["query"]["comparisons"]) > 15
    text = page.read_text()
    assert all(c["what"] in text for c in measured["query"]["comparisons"])
    assert "left out of this run" in text


def test_an_unknown_measurement_is_named(tmp_path):
    """`--only` says what it knows."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "does not know speed" in done.stderr
