"""The real `sentry-cli`: a release and its commits, and what it lists and changes besides."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2
import pytest
from werkzeug.serving import make_server

from tests.server.api import build_api
from tests.server.repositories import ScriptedRepository

CLI = shutil.which("sentry-cli", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
NOW = datetime.now(UTC)


@contextmanager
def served(app):
    """The application at an address, for a program that is no Python."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.skipif(CLI is None, reason="sentry-cli is not installed")
def test_set_commits_of_the_client_itself_gives_a_release_its_commits(event_store, rows_of, tmp_path):
    """With --local: hashes, authors and files of the commits since the release before."""
    api = build_api(event_store, rows_of, tmp_path, 962_000)
    made = ScriptedRepository(tmp_path / "bare.git")
    made.commit({"src/a.py": "1\n"}, NOW - timedelta(hours=3), "Begin")
    work = tmp_path / "shop"
    pygit2.clone_repository(str(made.path), str(work))
    with served(api.app) as url:
        environ = {**os.environ, "SENTRY_URL": url, "SENTRY_AUTH_TOKEN": api.tokens["artifact:write"]}
        environ |= {"SENTRY_ORG": "default", "SENTRY_PROJECT": "shop", "SENTRY_DISABLE_UPDATE_CHECK": "1"}

        def run(*words: str, code: int = 0, scopes: str = "artifact:write") -> str:
            told = {**environ, "SENTRY_AUTH_TOKEN": api.tokens[scopes]}
            done = subprocess.run(
                [CLI, *words], cwd=work, env=told, capture_output=True, text=True, timeout=240, check=False
            )
            assert done.returncode == code, done.stdout + done.stderr
            return done.stdout + done.stderr

        def cli(*words: str) -> str:
            return run("releases", *words)

        cli("new", "shop@1.0.0")
        cli("set-commits", "shop@1.0.0", "--local")
        second = made.commit({"src/a.py": "2\n"}, NOW - timedelta(hours=1), "Go on", "owner@example.org")
        pygit2.Repository(str(work)).remotes["origin"].fetch()
        pygit2.Repository(str(work)).reset(pygit2.Oid(hex=second), pygit2.enums.ResetMode.HARD)
        cli("new", "shop@1.1.0")
        cli("set-commits", "shop@1.1.0", "--local")
        _lists_and_changes(api, run)
    (found,) = api.get("projects/shop/commits?release=shop@1.1.0")["items"]
    assert (found["id"], found["author_email"], found["files"]) == (second, "owner@example.org", 1)
    assert found["assignee"] == "user:owner@example.org"
    (first,) = api.get("projects/shop/commits?release=shop@1.0.0")["items"]
    assert first["title"] == "Begin"
    api.close()


def _lists_and_changes(api, run) -> None:
    """What people do with the client beside commits; a refusal says why."""
    row = {"event_id": "a" * 32, "fingerprint": 77, "title": "ValueError: no price", "user_email": "ann@example.org"}
    api.add_errors(api.a.id, [{**row, "release": "shop@1.0.0", "tags": [("tier", "gold")]}])
    api.store.insert_rows(
        "check_ins",
        api.make_rows(
            "check_ins",
            [
                {
                    "project_id": api.a.id,
                    "id": "c" * 32,
                    "timestamp": NOW,
                    "monitor": "nightly",
                    "status": "ok",
                    "payload": "{}",
                }
            ],
        ),
    )
    (issue,) = api.get("issues?range=14d&project=shop&query=")["items"]
    assert "shop" in run("projects", "list", scopes="all")
    assert "default" in run("organizations", "list", scopes="all")
    assert "nightly" in run("monitors", "list", scopes="all")
    events = run("events", "list", "--show-user", "--show-tags", scopes="all")
    assert "a" * 32 in events.replace("-", "")
    assert "ValueError: no price" in events
    assert "ann@example.org" in events
    assert "tier: gold" in events
    assert issue["id"] in run("issues", "list", scopes="all")
    for verb, status in (("resolve", "resolved"), ("unresolve", "unresolved"), ("mute", "ignored")):
        run("issues", verb, "-i", issue["issue_id"], scopes="all")
        assert api.get(f"issues/{issue['id']}?range=14d")["status"] == status
    assert issue["id"] not in run("issues", "list", "--query", "is:unresolved", scopes="all")
    run("issues", "unresolve", "-s", "muted", scopes="all")
    assert issue["id"] in run("issues", "list", "--query", "is:unresolved", scopes="all")
    assert "shop@1.1.0" in run("releases", "list")
    for verb, status in (("archive", "archived"), ("restore", "open")):
        run("releases", verb, "shop@1.1.0")
        path = "/api/0/organizations/default/releases/shop@1.1.0/"
        assert api.call("token:artifact:write", "GET", path).json["status"] == status
    run("releases", "new", "gone@1")
    run("releases", "delete", "gone@1")
    assert api.call("token:artifact:write", "GET", "/api/0/organizations/default/releases/gone@1/").status_code == 404
    assert "There is no issue called '1' in shop." in run("issues", "resolve", "-i", "1", code=1, scopes="all")
    assert "issue:read" in run("issues", "list", code=1)
