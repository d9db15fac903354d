"""How long a start takes: `amber serve` on an existing store to its first answered query, and `import amber`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.serving import serving

IMPORT_TIMER = "import time; t = time.perf_counter(); import amber; print(time.perf_counter() - t)"


def measure_startup(data_dir: Path, *, repeats: int = 5) -> dict[str, object]:
    """Start and stop the server on `data_dir`; returns what `benchmarks.report` reads under `start`."""
    return {"serve_s": [_start_once(data_dir) for _ in range(repeats)]}


def measure_import(*, repeats: int = 7) -> dict[str, object]:
    """Import the client package in fresh processes, the first one unmeasured."""
    return {"import_ms": [_import_once() for _ in range(repeats + 1)][1:]}


def _start_once(data_dir: Path) -> float:
    with serving(data_dir) as server:
        return server.ready_after_s


def _import_once() -> float:
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_TIMER], cwd=root / "sdk", check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout) * 1000
