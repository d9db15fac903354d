"""The real `sentry-cli` tells a release its commits."""

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

        def cli(*words: str) -> None:
            told = [CLI, "releases", *words]
            done = subprocess.run(told, cwd=work, env=environ, capture_output=True, text=True, timeout=240, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        cli("new", "shop@1.0.0")
        cli("set-commits", "shop@1.0.0", "--local")
        second = made.commit({"src/a.py": "2\n"}, NOW - timedelta(hours=1), "Go on", "owner@example.org")
        pygit2.Repository(str(work)).remotes["origin"].fetch()
        pygit2.Repository(str(work)).reset(pygit2.Oid(hex=second), pygit2.enums.ResetMode.HARD)
        cli("new", "shop@1.1.0")
        cli("set-commits", "shop@1.1.0", "--local")
    (found,) = api.get("projects/shop/commits?release=shop@1.1.0")["items"]
    assert (found["id"], found["author_email"], found["files"]) == (second, "owner@example.org", 1)
    assert found["assignee"] == "user:owner@example.org"
    (first,) = api.get("projects/shop/commits?release=shop@1.0.0")["items"]
    assert first["title"] == "Begin"
    api.close()
