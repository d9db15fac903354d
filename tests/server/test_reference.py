"""The documentation is held to the code: every verb, option, route and metric has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.cli.reference import cli_reference
from server.cli.verbs import VERBS
from tests.server.processes import amber

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_the_page_of_commands_is_the_one_the_code_gives():
    """docs/reference/cli.md is made by `python -m server.cli.reference`; every verb has a heading."""
    page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    assert page == cli_reference()
    for verb in VERBS:
        assert f"\n## amber {verb.name}\n" in page


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_summary_of_a_verb_is_the_first_line_of_its_help(verb):
    """`amber --help` shows the table's words without importing the verb; the verb itself says the same."""
    section = cli_reference().split(f"\n## amber {verb.name}\n")[1].strip()
    assert section.splitlines()[0] == verb.summary


def test_every_metric_is_on_the_page_of_the_http_api():
    """Names in the code and names in docs/reference/http.md are the same."""
    page = (REFERENCE / "http.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(amber_[a-z_]+)", page))
    server = REFERENCE.parents[1] / "server"
    declared = {
        name if name.startswith("amber_") else f"amber_{name}"
        for source in (server / "metrics.py", server / "state.py")
        for name in re.findall(r'(?:Sample|Counter|Gauge|Histogram)\(\s*"([a-z_]+)"', source.read_text())
    }
    without_total = {name.removesuffix("_total") for name in documented}
    assert {name.removesuffix("_total") for name in declared} == without_total


def test_every_code_of_a_problem_is_on_the_page_of_the_http_api():
    """A code is stable: who reads it in an answer finds it on the page."""
    page = (REFERENCE / "http.md").read_text(encoding="utf-8")
    server = REFERENCE.parents[1] / "server"
    sources = [*(server / "http").rglob("*.py"), *(server / "issues").glob("*.py"), *(server / "traces").glob("*.py")]
    code = re.compile(r'\bcode ?= ?"([a-z-]+)"')
    codes = {found for source in sources for found in code.findall(source.read_text())}
    internal = {"route-undeclared"}
    assert {one for one in codes - internal if f"`{one}`" not in page} == set()


def test_help_imports_no_verb():
    """`amber --help` answers at once: it loads the command line alone, no store, compiler, page or verb."""
    imported = amber("--help", PYTHONPROFILEIMPORTTIME="1").stderr
    loaded = {line.rpartition("|")[2].strip() for line in imported.splitlines() if line.startswith("import time:")}
    assert {"typer", "server.cli.main"} <= loaded
    heavy = {"chdb", "pyarrow", "sqlalchemy", "ibis", "sqlglot", "flask", "dash", "numpy", "ingest", "queries"}
    assert {name for name in loaded if name.partition(".")[0] in heavy} == set()
    verbs = {name for name in loaded if name.startswith("server.cli.")}
    assert verbs == {"server.cli.main", "server.cli.verbs", "server.cli.failures"}


def test_a_misspelt_verb_is_answered_with_the_nearest():
    """Exit status 2 and a suggestion."""
    done = amber("qeury", check=False)
    assert done.returncode == 2
    assert "Did you mean 'query'?" in done.stderr


def test_wrong_settings_are_told_all_at_once_on_the_command_line(tmp_path):
    """Exit status 2, every wrong value in one message."""
    done = amber("status", "--data", str(tmp_path), check=False, AMBER_PORT="x", AMBER_LOG_LEVEL="y")
    assert done.returncode == 2
    assert "AMBER_PORT" in done.stderr
    assert "AMBER_LOG_LEVEL" in done.stderr


def test_status_without_a_server_says_how_to_start_one(tmp_path):
    """Exit status 4."""
    done = amber("status", "--data", str(tmp_path), check=False)
    assert done.returncode == 4
    assert "amber serve" in done.stdout


def test_versions_are_printed_without_touching_any_data():
    """Amber, Python and the engine."""
    assert amber("version").stdout.startswith("amber ")
