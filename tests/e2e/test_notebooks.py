"""The notebooks run from top to bottom on a served directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.e2e.conftest import Amber
from tests.e2e.test_one_answer import envelope

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(notebook: Path, amber: Amber, monkeypatch: pytest.MonkeyPatch):
    """Each code cell runs without an error, in order, against real data."""
    for error_type in ("A", "A", "B"):
        assert amber.post(envelope(error_type)[1]) == 200
    amber.wait_for("from errors | summarize n=count()", lambda rows: rows[0][0] >= 3)
    monkeypatch.setenv("AMBER_DATA", str(amber.directory))
    shell = InteractiveShell()
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"]), silent=True).raise_error()


def test_notebooks_are_kept_without_outputs():
    """Outputs are for the one who runs them; in the repository they would only age."""
    for notebook in NOTEBOOKS:
        cells = json.loads(notebook.read_text())["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
