"""`amber commits` and `amber owners` on a data directory nobody serves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from engine.datadir import DataDirectory
from server.cli.commits import app as commits
from server.cli.owners import app as owners
from server.metadata import open_metadata
from server.settings import Settings
from tests.server.repositories import ScriptedRepository

OLD = datetime.now(UTC) - timedelta(days=90)


@pytest.fixture
def data(tmp_path):
    """A directory with a project, a person and a team; its store is not touched, as all commits are old."""
    root = tmp_path / "data"
    DataDirectory.at(root).create()
    metadata = open_metadata(Settings(data=root))
    metadata.create_organisation("default")
    metadata.create_project("shop")
    metadata.create_user("ada@example.org", role="member")
    metadata.create_team("payments")
    metadata.close()
    return root


def run(app, data, *words: str, status: int = 0):
    """Run a verb and return what it printed, or its error."""
    found = CliRunner().invoke(app, [*words, "--data", str(data)])
    assert found.exit_code == status or (status and found.exception), found.output
    return found.exception if status else found.output


def test_a_release_gets_its_commits_from_a_repository(data, tmp_path):
    """The range goes on where the release before ended; what is known is listed, mapped and forgotten."""
    made = ScriptedRepository(tmp_path / "shop.git")
    first = made.commit({"src/a.py": "1\n"}, OLD, "Begin")
    second = made.commit({"src/a.py": "2\n"}, OLD + timedelta(days=1), "Go on")
    repo = ("--repo", str(made.path))
    said = run(commits, data, "sync", *repo, "--release", "shop@1.0.0", "--head", first)
    assert said == "shop@1.0.0 has 1 commits of shop; 0 are in `changes`.\n"
    facts = json.loads(run(commits, data, "sync", *repo, "--release", "shop@1.1.0", "--json"))
    assert facts == {"release": "shop@1.1.0", "repository": "shop", "commits": 1, "changes": 0}
    (listed,) = json.loads(run(commits, data, "list", "--release", "shop@1.1.0", "--json"))
    assert (listed["commit"], listed["author"], listed["title"]) == (second, "ada@example.org", "Go on")
    assert run(commits, data, "map", "/srv/=src/", "--repository", "shop") == "1 code mappings hold.\n"
    (known,) = json.loads(run(commits, data, "repositories", "--json"))
    assert (known["name"], known["directory"]) == ("shop", str(made.path))
    assert run(commits, data, "forget", "shop") == "shop is forgotten.\n"
    assert json.loads(run(commits, data, "list", "--release", "shop@1.1.0", "--json")) == []
    refused = run(commits, data, "sync", "--repo", str(data), "--release", "shop@1", status=1)
    assert refused.code == "repository-unreadable"
    assert run(commits, data, "map", "nothing", "--repository", "shop", status=1).code == "repository-unknown"


def test_ownership_is_set_tried_and_refused_with_the_line(data, tmp_path):
    """Rules of a file hold, a draft is only tried, and what cannot be read changes nothing."""
    rules, draft = tmp_path / "rules", tmp_path / "draft"
    rules.write_text("path:src/* #payments\n")
    draft.write_text("path:src/* ada@example.org\n")
    run(owners, data, "set", "shop", "--rules", str(rules), "--auto-assign", "owners", "--who", "@bob=team:payments")
    shown = json.loads(run(owners, data, "show", "shop", "--json"))
    assert (shown["auto_assign"], shown["mapping"]) == ("owners", {"@bob": "team:payments"})
    for more, who in (((), "team:payments"), (("--rules", str(draft)), "user:ada@example.org")):
        (found,) = json.loads(run(owners, data, "test", "shop", "--path", "src/x.py", *more, "--json"))
        assert who in found["owners"]
    assert run(owners, data, "test", "shop", "--path", "lib/x.py") == "Nobody owns that.\n"
    draft.write_text("path:src/* payments\n")
    refused = run(owners, data, "set", "shop", "--rules", str(draft), status=1)
    assert refused.code == "ownership-invalid"
    assert "line 1" in refused.message
    assert json.loads(run(owners, data, "show", "shop", "--json"))["rules"] == rules.read_text()
    assert run(owners, data, "test", "shop", status=1).code == "facts-missing"
