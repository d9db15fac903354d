"""`amber issues` on a data directory nobody serves: the documents are those of the API."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from server.cli import issues as verb
from server.cli.issue_directory import DirectoryIssues
from server.cli.issues import app
from tests.server.api import build_api


@pytest.fixture(scope="module")
def run(event_store, rows_of, tmp_path_factory):
    """The verb over a directory whose store the tests share: it can be open once in a process."""
    api = build_api(event_store, rows_of, tmp_path_factory.mktemp("cli"), 774_800)
    api.add_errors(api.a.id, [{"event_id": f"{n:032x}", "fingerprint": n, "title": f"Error {n}"} for n in (1, 2, 3)])

    @contextmanager
    def place(*_):
        yield DirectoryIssues(api.installation, api.services.issues)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verb, "issue_place", place)
        yield lambda *words: CliRunner().invoke(app, words)
    api.close()


def test_issues_are_listed_changed_and_shown(run):
    """As a table or JSON; what was done is said in words."""
    found = json.loads(run("list", "--json").output)
    assert sorted(item["id"] for item in found) == ["SHOP-1", "SHOP-2", "SHOP-3"]
    assert run("resolve", "SHOP-1", "SHOP-2", "--next-release").output == "2 issues resolved.\n"
    assert run("archive", "SHOP-3", "--events", "5", "--within", "1h").output == "1 issue archived.\n"
    assert run("assign", "team:web", "SHOP-3").output == "1 issue assigned to team:web.\n"
    assert run("priority", "low", "SHOP-3").output == "1 issue set to low.\n"
    assert run("list").output == "No issue matches.\n"
    table = run("list", "is:archived").output
    assert "SHOP-3" in table
    assert "low" in table
    shown = run("show", "SHOP-3").output
    assert "state: archived until it has happened 5 times more within 1 hour" in shown
    assert "LOCAL" not in shown
    assert "assigned it to #web" in shown
    assert "priority: low, chosen by" in shown
    for until, state in (("escalating", "archived until it escalates"), ("forever", "archived for ever")):
        assert run("archive", "SHOP-3", "--until", until).output == "1 issue archived.\n"
        assert f"state: {state}" in run("show", "SHOP-3").output
    assert run("resolve", "SHOP-1", "--undo").output == "1 issue opened again.\n"
    assert [item["id"] for item in json.loads(run("list", "is:resolved", "--json").output)] == ["SHOP-2"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("resolve", "SHOP-1", "--next-release", "--commit", "abcdef0"), "options-conflict"),
        (("archive", "SHOP-1", "--events", "2", "--forever"), "options-conflict"),
        (("archive", "SHOP-1", "--within", "1h"), "options-conflict"),
        (("archive", "SHOP-1", "--until", "soon"), "time-invalid"),
        (("archive", "SHOP-1", "--until", "2001-01-01"), "date-past"),
        (("archive", "SHOP-1", "--until", "escalating", "--events", "2"), "options-conflict"),
        (("list", "--range", "long"), "range-invalid"),
        (("resolve", "SHOP-99"), "issue-unknown"),
        (("resolve", "SHOP-1", "--release", "latest"), "release-unknown"),
        (("assign", "user:stranger@example.org", "SHOP-1"), "assignee-unknown"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(run, words, code):
    """Options that do not go together, names nobody knows, times that are past."""
    assert run(*words).exception.code == code
