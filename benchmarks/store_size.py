"""What stored events take on disk, measured after the server has stopped.

Run as a module in a process of its own (`python -m benchmarks.store_size DIR`), because a process can open one store
only. Parts are counted as the store itself counts its active ones: what merges left behind is deleted minutes later
and would be counted twice by `du`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.eventstore import EventStore, Limits, open_store

PARTS = (
    "SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(secondary_indices_compressed_bytes) AS indexes,"
    " count() AS parts FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table"
)


@dataclass(frozen=True, slots=True)
class StoreSize:
    """Bytes on disk of a data directory.

    Attributes:
        events: rows of `errors`.
        as_left: bytes of all tables as the server left them, before any forced merge.
        merged: bytes of all tables once every partition is one part, which the store gets to by itself.
        errors_table: of `merged`, the events with their indexes.
        indexes: of `errors_table`, the skip and text indexes.
        rollup: of `merged`, the hourly roll-up.
        beside: bytes of the metadata database and the normalisers' state.
        columns: compressed bytes by column of `errors`, largest first.
    """

    events: int
    as_left: int
    merged: int
    errors_table: int
    indexes: int
    rollup: int
    beside: int
    columns: dict[str, int]

    @property
    def bytes_per_event(self) -> float:
        """Everything a stored event costs, merged, its share of metadata and state included."""
        return (self.merged + self.beside) / max(self.events, 1)


def measure_store(data_dir: Path) -> StoreSize:
    """Weigh a directory nobody serves, in a child process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.store_size", str(data_dir)], check=True, stdout=subprocess.PIPE, text=True
    )
    return StoreSize(**json.loads(done.stdout.splitlines()[-1]))


def weigh(store: EventStore, data_dir: Path) -> StoreSize:
    """Read the sizes from an open store, merge it, and read them again."""
    before = _parts(store)
    for table in before:
        store.statement(f"OPTIMIZE TABLE `{table}` FINAL")
    after = _parts(store)
    errors = after.get("errors", {})
    return StoreSize(
        events=errors.get("rows", 0),
        as_left=sum(sizes["bytes"] for sizes in before.values()),
        merged=sum(sizes["bytes"] for sizes in after.values()),
        errors_table=errors.get("bytes", 0),
        indexes=errors.get("indexes", 0),
        rollup=after.get("errors_hourly", {}).get("bytes", 0),
        beside=_files(data_dir, ("meta.sqlite3", "spool/state")),
        columns=_columns(store),
    )


def _parts(store: EventStore) -> dict[str, dict[str, int]]:
    rows = store.query(PARTS, {}, limits=Limits(), query_id="bench-parts").table.to_pylist()
    return {str(row["table"]): {k: int(row[k]) for k in ("rows", "bytes", "indexes", "parts")} for row in rows}


def _columns(store: EventStore) -> dict[str, int]:
    sql = (
        "SELECT name, data_compressed_bytes AS bytes FROM system.columns"
        " WHERE table = 'errors' AND database = currentDatabase() ORDER BY bytes DESC LIMIT 12"
    )
    rows = store.query(sql, {}, limits=Limits(), query_id="bench-columns").table.to_pylist()
    return {str(row["name"]): int(row["bytes"]) for row in rows}


def _files(data_dir: Path, names: tuple[str, ...]) -> int:
    total = 0
    for name in names:
        top = data_dir / name
        for path in [*top.parent.glob(f"{top.name}*"), *(top.rglob("*") if top.is_dir() else ())]:
            if path.is_file():
                total += path.stat().st_blocks * 512
    return total


def main() -> None:
    """Weigh the directory named on the command line and print the figures as one line of JSON."""
    data_dir = Path(sys.argv[1]).resolve()
    store = open_store(f"chdb://{data_dir / 'store'}")
    print(json.dumps(asdict(weigh(store, data_dir))), flush=True)
    store.close()
    os._exit(0)  # the engine's threads need not be joined, all has been read


if __name__ == "__main__":
    main()
