"""Parts of the pages alone: `python -m benchmarks.single_pages discover,issues --scope one`.

Prints the milliseconds from click to frame and the CPU of the server; only the second is worth anything where others
work on the machine. The copy of the data set is made when there is none, and migrated when it is of an older version.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks import pages, stats
from benchmarks.dataset import dataset

_ROOT = Path(__file__).resolve().parent.parent
_SCOPES = {"one": pages.SCOPES[:1], "all": pages.SCOPES[1:], "both": pages.SCOPES}


def main() -> None:
    """Measure the parts that were named and print a line for each interaction."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.single_pages", description=__doc__)
    parser.add_argument("parts", help=f"comma list of {', '.join(pages.PARTS)}")
    parser.add_argument("--scope", choices=sorted(_SCOPES), default="both")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--data", default=str(_ROOT / ".amber-bench"))
    options = parser.parse_args()
    data = dataset(Path(options.data), options.rows)
    copy = data.directory.parent / "pages"
    directory = copy if (copy / "VERSION").exists() else pages.prepared(data)
    found = pages.measure_parts(directory, options.parts.split(","), _SCOPES[options.scope])
    for one in _listed(found["timings"]):
        ms = stats.spread(one["ms"])
        print(f"{one['interaction']:45} {one['scope']:13} {ms.median:6.0f} ms, P95 {ms.p95:6.0f} of {one['budget_ms']}")
    for one in _listed(found["cpu_s"]):
        print(f"{one['part']:45} {one['scope']:13} {one['s']:6.1f} s of CPU, server")
    for problem in found["problems"] if isinstance(found["problems"], list) else []:
        print(problem)


def _listed(found: object) -> list[dict[str, Any]]:
    assert isinstance(found, list)
    return found


if __name__ == "__main__":
    main()
