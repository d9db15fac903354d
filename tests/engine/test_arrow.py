"""Arrow in processes that make no data frames."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import sys
from engine.arrow import do_without_pandas
do_without_pandas()
import pyarrow as pa
assert pa.array(["a"]).to_pylist() == ["a"] and pa.scalar(1).as_py() == 1
print("pandas" in sys.modules, [type(finder).__name__ for finder in sys.meta_path].count("_NoPandas"))
"""


def test_a_process_without_pandas_makes_arrays_without_importing_it() -> None:
    """And nothing stays in the way of those who import it later."""
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "0"]
