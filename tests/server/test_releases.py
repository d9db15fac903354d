"""Releases as people read them: what the API and the command line say of health, issues, deploys and commits."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from engine.commits import NewCommit, RepositoryRow
from engine.metadata import AuditEntry, IssueChange
from server.api_client import ApiClient
from server.cli import beside
from server.cli import releases as cli
from server.issues.upkeep import ACTOR
from tests.server.api import build_api

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
OLD, NEW, TOLD = "shop@1.9.0", "shop@1.10.0", "shop@2.0.0-rc.1"


def sessions(release: str, count: int, crashed: int, at: datetime) -> list[dict]:
    """Sessions of as many users, some of which crashed."""
    return [
        {
            "id": f"{release}-{n}".encode().hex().zfill(32)[-32:],
            "timestamp": at,
            "release": release,
            "started_count": 1,
            "crashed_count": int(n < crashed),
            "user": f"did:{n}",
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """Two releases with events and one that was only told; three issues; deploys and commits of the newer one."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("releases"), 779_300)
    project = built.a.id

    def error(fingerprint: int, release: str, age: timedelta) -> dict:
        seen = {"fingerprint": fingerprint, "release": release, "timestamp": NOW - age, "title": f"Error {fingerprint}"}
        return {"event_id": f"{fingerprint:016x}{int(age.total_seconds()):016x}", **seen}

    counted = {"id": "c" * 32, "timestamp": NOW - HOUR, "release": OLD, "user": ""}
    told = [
        counted,
        *sessions(OLD, 10, 2, NOW - 3 * 24 * HOUR) + sessions(OLD, 2, 0, NOW - HOUR) + sessions(NEW, 6, 1, NOW - HOUR),
    ]
    event_store.insert_rows("sessions", rows_of("sessions", [{"project_id": project, **row} for row in told]))
    spans = [
        {"timestamp": NOW - HOUR, "release": release, "duration_ns": ms * 1_000_000, "is_segment": True, "span_id": "a"}
        for release, ms in ((OLD, 100), (NEW, 250))
    ]
    event_store.insert_rows("spans", rows_of("spans", [{"project_id": project, **row} for row in spans]))
    built.add_errors(
        project, [error(1, OLD, 48 * HOUR), error(1, NEW, HOUR), error(2, NEW, HOUR), error(2, NEW, 2 * HOUR)]
    )
    built.add_errors(built.b.id, [error(9, "vault@1.0", HOUR)])
    metadata = built.metadata
    repository = metadata.put_repository(
        RepositoryRow(0, 1, "acme/shop", "github", "https://github.com/acme/shop", ""), project
    )
    commits = [NewCommit(f"{n:040x}", "Ada", "ada@example.org", NOW - n * HOUR, f"Change {n}", ()) for n in range(3)]
    metadata.put_release_commits(project, NEW, [(repository.id, commits)], {repository.id: commits[0].sha})
    deploys = [
        {"environment": env, "dateFinished": f"2026-01-0{day}T00:00:00Z"} for day, env in ((1, "prod"), (2, "prod"))
    ]
    metadata.put_release(project, NEW, {"deploys": deploys})
    metadata.put_release(project, TOLD, {})
    yield built
    built.close()


def test_the_list_has_the_health_of_every_release(api) -> None:
    """Newest first, of visible projects; those without events as clients told of them; shares of the last day."""
    found = api.get("releases?range=7d")["items"]
    assert [item["version"] for item in found if item["project"] == "shop"][-1] == OLD
    by_name = {item["version"]: item for item in found}
    assert set(by_name) == {OLD, NEW, TOLD, "vault@1.0"}
    old, new = by_name[OLD], by_name[NEW]
    assert (old["sessions"], old["crash_free_sessions"], old["crash_free_users"]) == (12, round(10 / 12, 6), 0.8)
    assert (new["sessions"], new["crash_free_sessions"], new["adoption"]) == (6, round(5 / 6, 6), 0.75)
    assert (old["p95_ms"], new["p95_ms"], new["errors"]) == (100, 250, 3)
    assert (new["commits"], [one["at"][:10] for one in new["deploys"]]) == (3, ["2026-01-02"])
    assert (by_name[TOLD]["sessions"], by_name[TOLD]["crash_free_sessions"], by_name[TOLD]["first_seen"]) == (
        0,
        None,
        None,
    )
    assert [item["version"] for item in found if item["latest"] and item["project"] == "shop"] == [TOLD]
    assert api.get("releases?range=7d&limit=1")["total"] == 4
    assert {item["project"] for item in api.get("releases?range=7d&project=vault")["items"]} == {"vault"}
    assert {item["project"] for item in api.get("releases?range=7d", "token:b")["items"]} == {"vault"}


def test_a_release_is_shown_beside_the_one_before_by_version(api) -> None:
    """1.10 comes after 1.9, whenever either was met; its issues are new, came back, or are mended in it."""
    api.mirror.sync()
    names = {item["title"]: item["id"] for item in api.get("issues?project=shop&range=7d&query=")["items"]}
    api.send("PATCH", f"issues/{names['Error 1']}", {"resolution": {"in": "release", "release": NEW}})
    row = api.metadata.issue_by_short_id(names["Error 2"])
    entry = AuditEntry(ACTOR, "issue.regress", "issue", {"release": NEW})
    api.metadata.change_issues([(row.project_id, row.issue_id)], IssueChange(substatus="regressed"), entry)
    api.mirror.sync()
    found = api.get(f"projects/shop/release?release={NEW}&range=7d")
    assert (found["release"]["version"], found["compared"]["version"]) == (NEW, OLD)
    assert sorted(found["others"]) == sorted([OLD, TOLD])
    assert [[issue["id"], issue["events"]] for issue in found["resolved"]] == [[names["Error 1"], 1]]
    assert [[issue["id"], issue["events"]] for issue in found["regressed"]] == [[names["Error 2"], 2]]
    assert len(found["all_deploys"]) == 2
    assert api.get(f"projects/shop/release?release={OLD}&range=7d")["compared"] is None
    assert api.get(f"projects/shop/release?release={OLD}&compare={NEW}&range=7d")["compared"]["version"] == NEW
    assert api.get(f"projects/shop/release?release={TOLD}&range=7d")["release"]["latest"]
    for path in ("release=shop@9&range=7d", f"release={OLD}&compare=nothing&range=7d"):
        assert api.call("owner", "GET", f"/api/v1/projects/shop/release?{path}").json["code"] == "release-unknown"
    assert api.call("token:b", "GET", f"/api/v1/projects/shop/release?release={NEW}").status_code == 404


def test_repositories_are_seen_by_the_projects_that_were_told_of_them(api) -> None:
    """Nobody reads names, commits or suspects of another project's repository, nor maps code to it."""
    assert [one["name"] for one in api.get("projects/shop/repositories")["items"]] == ["acme/shop"]
    assert api.get("projects/vault/repositories")["items"] == []
    mapping = {"mappings": [{"stack_root": "", "source_root": "", "repository": "acme/shop"}]}
    refused = api.send("PUT", "projects/vault/code-mappings", mapping, status=400)
    assert refused["code"] == "repository-unknown"
    assert api.metadata.repositories([api.a.id])[0].name == "acme/shop"


def test_the_command_line_says_the_same(
    api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a table, or as the document of the API."""

    class Client(ApiClient):
        """Asks the application without a socket."""

        def call(self, method: str, path: str, *_: object, **__: object) -> dict:
            answer = api.call("owner", method, path)
            assert answer.status_code == 200, answer.json
            return answer.json

    monkeypatch.setattr(beside, "server_of", lambda *_: Client("http://127.0.0.1:1", "token"))
    cli.list_releases(project="shop", range_="7d", as_json=True)
    assert {item["version"] for item in json.loads(capsys.readouterr().out)["items"]} == {OLD, NEW, TOLD}
    cli.show_release(NEW, project="shop", range_="7d")
    said = capsys.readouterr().out
    assert re.search(rf"{re.escape(NEW)} .* 75\.00 % .*83\.33 %", said)
    assert OLD in said
    assert "new: " in said
