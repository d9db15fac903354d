"""The same events, by the same client, in the same run: Amber and Bugsink in turn.

Each repeat loads both, one after the other, so that what else the machine does falls on both. Bugsink gets fewer events
where it would not have stored them within the minutes there are; rates, costs and sizes are per event. It is compared
with what is *stored*: it accepts faster than it digests.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.bugsink import installed, serving_bugsink, version
from benchmarks.envelopes import build_templates
from benchmarks.ingest_load import (
    Loaded,
    LoadPlan,
    Run,
    load_once,
    one_at_a_time,
    prepare_directory,
    requests_of,
    wait_for,
)
from benchmarks.load_client import closed_loop
from benchmarks.serving import serving
from benchmarks.store_size import measure_store

EVENTS: Final = {"Amber": 6_000, "Bugsink": 1_200}
REPEATS: Final = 3
_WARM_UP: Final = 200
_SINGLE: Final = 10


def measure_rivals(environment: Path) -> dict[str, Any]:
    """Measure both; without Bugsink nothing is measured, and the result says what to install.

    Args:
        environment: directory of the virtual environment Bugsink is installed in.
    """
    if not installed(environment):
        install = f"python3 -m venv {environment} && {environment}/bin/pip install bugsink"
        return {"missing": f"Bugsink is not installed: {install}"}
    work = Path(tempfile.mkdtemp(prefix="amber-bench-rivals-"))
    templates = build_templates(issues=200, variants=5, seed=7)
    runs: dict[str, list[Run]] = {name: [] for name in EVENTS}
    amber_dir = prepare_directory(work / "amber")
    with serving(amber_dir) as amber, serving_bugsink(environment, work / "bugsink") as bugsink:
        servers: dict[str, Loaded] = {"Amber": amber, "Bugsink": bugsink}
        for server in servers.values():
            asyncio.run(
                closed_loop(
                    server.address, requests_of(server, templates, _WARM_UP, seed=1), connections=4, max_seconds=60
                )
            )
            wait_for(server, _WARM_UP)
        empty = bugsink.disk_bytes()
        for repeat in range(REPEATS):
            for name, server in servers.items():
                runs[name].append(load_once(server, templates, LoadPlan(events=EVENTS[name], max_seconds=30), repeat))
        visible = {name: one_at_a_time(server, templates, count=_SINGLE).visible_ms for name, server in servers.items()}
        disk = {"Bugsink": (bugsink.disk_bytes() - empty) / (bugsink.number("") - _WARM_UP)}
    size = measure_store(amber_dir)
    disk["Amber"] = (size.merged + size.beside) / max(size.events, 1)
    shutil.rmtree(work)
    return {
        "bugsink": version(environment),
        "events": EVENTS,
        "runs": {name: [asdict(run) for run in found] for name, found in runs.items()},
        "visible_ms": visible,
        "disk": disk,
    }
