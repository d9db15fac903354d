"""Measures the budgets of the design: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types
from rich.console import Console

from benchmarks import budgets, report
from benchmarks.options import SECTIONS, Options

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("chdb-core", "clickhouse-connect", "ibis-framework", "sqlglot", "pyarrow", "sentry-sdk")
PIPED_WIDTH = 160
NEEDS_DATA = frozenset({"query", "questions", "start", "pages", "ui", "rca"})


def main() -> int:
    """Run the measurements, print the table, write the page; 1 when a measurement failed."""
    console = Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)
    options = _options()
    chosen = budgets.chosen(frozenset(options.only))
    wanted = {budget.section for budget in chosen} - {""}
    # The kill rounds take long and are run on their own; here their report is only read.
    sections = [n for n in SECTIONS if n in wanted or (n == "data" and wanted & NEEDS_DATA)]
    sizes = (options.rows, options.pairs, options.seconds, options.events)
    settings = Options(*sizes, options.data, options.labelled, options.rivals)
    results = _facts(options)
    if options.kills:
        results["kills"] = json.loads(Path(options.kills).read_text())
    for name in sections:
        _run(name, settings, results, console)
    console.print(report.table(results, chosen))
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    if not options.only or options.out:
        target = Path(options.out or ROOT / "docs" / "performance.md")
        target.write_text(report.page(results))
        console.print(f"Wrote {target}")
    return 1 if results["failed"] else 0


def _options() -> argparse.Namespace:
    keys = sorted({budget.key for budget in budgets.BUDGETS if budget.judge})
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="errors in the big data set (default 10000000)")
    parser.add_argument("--only", default="", help=f"comma list of: {', '.join(keys)}")
    parser.add_argument("--seconds", type=float, default=60.0, help="longest sending phase of a load (default 60)")
    parser.add_argument("--events", type=int, default=12_000, help="events of one load (default 12000)")
    parser.add_argument("--pairs", type=int, default=30, help="pairs of a comparison (default 30)")
    parser.add_argument("--data", default=str(ROOT / ".amber-bench"), help="where the big data set is kept")
    parser.add_argument("--labelled", default="", help="folder of labelled data for `ml` (default: made values)")
    parser.add_argument("--rivals", default=str(ROOT / ".amber-bench" / "bugsink"), help="environment with Bugsink")
    parser.add_argument("--kills", default="", help="report.json of a run of `python -m benchmarks.kills`")
    parser.add_argument("--out", default="", help="the page (default docs/performance.md when everything is measured)")
    parser.add_argument("--json", default="", help="also write all measurements to this file")
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    unknown = sorted(set(options.only) - set(keys))
    if unknown:
        parser.error(f"--only does not know {', '.join(unknown)}; it knows {', '.join(keys)}")
    return options


def _facts(options: argparse.Namespace) -> dict[str, Any]:
    """Return what every report starts with: the machine, the versions, the options."""
    shown = Path(options.data)
    return {
        "machine": {
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "processor": f"{_processor()}, {os.cpu_count()} cores",
            "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
            "system": f"{platform.system()} {platform.release()}",
            "load before the run": f"{os.getloadavg()[0]:.2f}",
        },
        "versions": {
            "Python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        },
        "options": {
            "rows": f"{options.rows:,}",
            "pairs": options.pairs,
            "data": str(shown.relative_to(ROOT)) if shown.is_relative_to(ROOT) else shown.name,
        },
        "failed": {},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _run(name: str, settings: Options, results: dict[str, Any], console: Console) -> None:
    """Run one section in a child process and file its result, or why there is none."""
    console.rule(name, align="left")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="amber-bench-result-") as directory:
        result, log = Path(directory) / "result.json", Path(directory) / "stderr.txt"
        with log.open("wb") as errors:
            command = [sys.executable, "-m", "benchmarks.sections", name, settings.as_json(), str(result)]
            status = subprocess.run(command, cwd=ROOT, env=_environment(), stderr=errors, check=False).returncode
        if result.exists():
            results[name] = json.loads(result.read_text())
        else:
            last = log.read_text(errors="replace").strip().splitlines()[-1:] or [f"exit status {status}"]
            results["failed"][name] = last[0].removeprefix("benchmarks.serving.")[:300]
            console.print(log.read_text(errors="replace")[-4000:], style="red", markup=False)
    console.print(f"{name}: {time.perf_counter() - began:.0f} s")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "sdk")])}


if __name__ == "__main__":
    sys.exit(main())
