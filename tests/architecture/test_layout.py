"""The tree is the architecture diagram: packages, contracts and import names agree."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = [Path(path).name for path in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]


def test_every_top_level_package_is_in_the_layer_contract():
    """A package that ships must have its place in the direction of imports; the SDK has contracts of its own."""
    layers = next(c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")["layers"]
    assert set(PACKAGES) - {"amber"} == set(layers)
    assert set(PACKAGES) == set(PROJECT["tool"]["importlinter"]["root_packages"])


def test_every_folder_with_code_at_the_top_is_a_shipped_package_or_a_known_companion():
    """A new folder cannot slip past the contracts."""
    companions = {"tests", "docs", "notebooks", "benchmarks", "examples", "sdk"}
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders <= set(PACKAGES) | companions


def test_no_installed_distribution_claims_one_of_our_import_names():
    """`import engine` must never mean somebody else's package."""
    owners = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        foreign = set(owners.get(package, [])) - {"amber-observability"}
        assert not foreign, f"{package} is also shipped by {foreign}"


@pytest.mark.parametrize(
    ("module", "vendors"),
    [
        ("queries.parser", ("chdb", "clickhouse_connect", "sqlalchemy", "ibis", "sqlglot", "pyarrow")),
        ("queries.plan", ("chdb", "clickhouse_connect", "sqlalchemy", "flask")),
        ("ml.grouping", ("chdb", "clickhouse_connect", "sqlalchemy", "ibis", "sqlglot", "sklearn", "flask")),
        ("engine.schema", ("chdb", "clickhouse_connect", "sqlalchemy", "pyarrow")),
        ("amber", ("pandas", "pyarrow", "engine", "queries", "flask", "ibis")),
    ],
)
def test_the_core_imports_without_input_and_output(module: str, vendors: tuple[str, ...]):
    """Parsing, planning and grouping load in a fresh interpreter without any store, server or learning library."""
    code = f"import sys, {module}; print(*sorted(set({vendors!r}) & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
