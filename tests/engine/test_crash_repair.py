"""What a crash leaves in the embedded store, and that the next start mends it. Each step is a process of its own."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from engine.eventstore import _dedup_log as logs

ROOT = Path(__file__).parents[2]

STEP = """
import json, sys
from pathlib import Path
from engine.eventstore import open_store
store = open_store(sys.argv[1])
store.migrate()
for token in sys.argv[3:]:
    store.insert_file("errors", Path(sys.argv[2]), token)
one = lambda sql: store.query(sql).table.to_pylist()[0]["n"]
parts = store.query(
    "SELECT table, path FROM system.parts"
    " WHERE active AND table IN ('errors', 'errors_hourly') ORDER BY modification_time, name"
).table.to_pylist()
counts = one("SELECT count() AS n FROM errors"), one("SELECT sum(events) AS n FROM errors_hourly")
print(json.dumps([*counts, parts]))
store.close()
"""


def step(directory: Path, path: Path, *tokens: str) -> tuple[int, int, list[dict[str, str]]]:
    """Open the store in a new process, insert the file with each token; return rows, rolled-up events, parts."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", STEP, f"chdb://{directory}", str(path), *tokens],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows, events, parts = json.loads(done.stdout)
    return rows, events, parts


@pytest.fixture
def batch(rows_of: Callable[..., pa.Table], arrow_file: Callable[..., Path], tmp_path: Path) -> Path:
    """A file of ten events."""
    rows = [{"project_id": 1, "event_id": f"{i:032x}", "timestamp": datetime.now(UTC)} for i in range(10)]
    return arrow_file(tmp_path / "batch.arrow", rows_of("errors", rows))


def test_a_token_without_rows_is_forgotten(tmp_path: Path, batch: Path) -> None:
    """Killed between remembering the token and showing the rows: the repeated insert brings them back, once."""
    store = tmp_path / "store"
    rows, events, parts = step(store, batch, "one", "two")
    assert (rows, events) == (20, 20)
    # What such a kill leaves: the token in the log, no part in the table, nothing in the roll-up.
    for table in ("errors", "errors_hourly"):
        shutil.rmtree([part["path"] for part in parts if part["table"] == table][-1])
    assert step(store, batch)[:2] == (10, 10)
    assert step(store, batch, "one", "two", "two")[:2] == (20, 20)


def test_the_logs_are_written_synchronously_where_the_file_system_can(tmp_path: Path, batch: Path) -> None:
    """A power cut must not forget a token whose rows it keeps."""
    store = tmp_path / "store"
    step(store, batch, "one")
    if not logs.make_synchronous(store):
        pytest.skip("the file system of the temporary directory has no synchronous attribute (chattr +S)")
    directories = logs.log_directories(store)
    assert len(directories) >= 6
    logs.sync(store)


WRITER = """
import sys
from pathlib import Path
from engine.eventstore import open_store
store = open_store(sys.argv[1])
store.migrate()
number = int(sys.argv[3])
while True:
    store.insert_file("errors", Path(sys.argv[2]), f"token-{number}")
    print(number, flush=True)
    number += 1
"""


@pytest.mark.chaos
def test_inserts_that_are_killed_and_repeated_count_once(tmp_path: Path, batch: Path) -> None:
    """A writer is killed at random moments and goes on with the token it had not finished: rows and roll-up agree."""
    store = tmp_path / "store"
    done = 0
    for turn in range(4):
        command = [sys.executable, "-c", WRITER, f"chdb://{store}", str(batch), str(done)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
            assert writer.stdout is not None
            for _ in range(5):
                writer.stdout.readline()
            time.sleep(random.Random(turn).random() * 0.15)
            writer.kill()
            writer.stdout.read()
        # The token the last line was about may or may not be finished; the next writer repeats it from here.
        done += 5
    rows, events, _ = step(store, batch, *(f"token-{n}" for n in range(done + 25)))
    assert rows == events == 10 * (done + 25)


def write_log(table: Path, *lines: str, number: int = 1) -> Path:
    path = table / "deduplication_logs" / f"deduplication_log_{number}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    return path


def test_only_tokens_without_a_part_are_struck_out(tmp_path: Path) -> None:
    """Merged parts cover the parts they came from; what was struck out before is left alone."""
    table = tmp_path / "store" / "abc" / "abc-def"
    path = write_log(
        table,
        "1\t20261116_1_1_0\t20261116_11_12\n",  # covered by a merge
        "1\t20261116_4_4_0\t20261116_21_22\n",  # there
        "1\t20261116_5_5_0\t20261116_31_32\n",  # lost
        "1\t20261109_1_1_0\t20261109_41_42\n",  # lost: another partition
        "1\t20261116_6_6_0\t20261116_51_52\n",  # struck out below
        "2\t20261116_6_6_0\t20261116_51_52\n",
        "1\todd\todd\n",
    )
    for name in ("20261116_1_3_1", "20261116_4_4_0_9", "tmp_insert_20261116_5_5_0", "detached"):
        (table / name).mkdir()
    before = path.read_text()
    assert logs.mend(tmp_path) == 2
    assert path.read_text() == before + "2\t20261116_5_5_0\t20261116_31_32\n2\t20261109_1_1_0\t20261109_41_42\n"
    assert logs.mend(tmp_path) == 0


def test_nothing_is_written_behind_a_torn_line(tmp_path: Path) -> None:
    """The engine stops reading a log at a torn line; what is struck out goes into a log of its own."""
    table = tmp_path / "store" / "abc" / "abc-def"
    write_log(table, "1\t20261116_2_2_0\t20261116_3_4\n", number=2)
    torn = write_log(table, "1\t20261116_5_5_0\t20261116_31_32\n1\t2026", number=10)
    assert logs.mend(tmp_path) == 2
    assert torn.read_text().endswith("1\t2026")
    written = (table / "deduplication_logs" / "deduplication_log_11.txt").read_text()
    assert written == "2\t20261116_2_2_0\t20261116_3_4\n2\t20261116_5_5_0\t20261116_31_32\n"


def test_a_directory_without_tables_has_nothing_to_mend(tmp_path: Path) -> None:
    """The first start finds nothing at all."""
    assert logs.mend(tmp_path / "missing") == 0
    (tmp_path / "store" / "a" / "b" / "deduplication_logs").mkdir(parents=True)
    assert logs.mend(tmp_path) == 0
