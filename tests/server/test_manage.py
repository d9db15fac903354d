"""The verbs that manage people, teams, projects, keys, tokens, and that verify the audit."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.clock import SystemClock
from engine.metadata import MetadataStore
from engine.snapshot import SnapshotReader
from iam import Identity, Unauthenticated
from tests.server.processes import amber, child_environment, initialised, post_event, run_here

HERE = {"address": "127.0.0.1", "user_agent": ""}


class Place:
    """A data directory and its verbs."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.facts = initialised(data, "--email", "ann@example.org")
        self.metadata = MetadataStore(f"sqlite:///{next(data.rglob('meta*'))}")

    def run(self, *arguments: str, status: int = 0, given: str = "") -> str:
        """Run a verb in this process, expect its exit status, and return what it said."""
        code, said, complained = run_here([*arguments, "--data", str(self.data)], given)
        assert code == status, said + complained
        return said + complained if status else said

    def json(self, *arguments: str) -> Any:
        """Run a verb with --json and return what it printed."""
        return json.loads(self.run(*arguments, "--json"))

    def sign_in(self, email: str, password: str) -> None:
        """Sign in on the metadata database."""
        Identity(self.metadata, SystemClock()).log_in(email, password, **HERE)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Any:
    """An initialised directory without a server."""
    made = Place(tmp_path_factory.mktemp("managed") / "data")
    yield made
    made.metadata.close()


def test_init_prints_address_and_password_once(place: Place):
    """They sign in; the second run prints neither password nor token."""
    assert place.facts["email"] == "ann@example.org"
    place.sign_in("ann@example.org", place.facts["password"])
    again = json.loads(amber("init", "--data", str(place.data), "--json").stdout)
    assert (again["email"], again["password"], again["token"], again["created"]) == ("ann@example.org", None, None, [])
    text = amber("init", "--data", str(place.data)).stdout
    assert place.facts["password"] not in text
    assert "amber user reset-password" in text


def test_init_takes_a_password_from_standard_input(tmp_path):
    """It is not printed; a weak one is refused before anything is made."""
    data = tmp_path / "data"

    def init(password: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "server", "init", "--data", str(data), "--json", "--password-stdin"]
        environment = child_environment()
        return subprocess.run(
            command, input=password + "\n", capture_output=True, text=True, env=environment, check=False
        )

    weak = init("short")
    assert weak.returncode == 2
    assert "password-weak" in weak.stderr
    chosen = init("chosen by hand")
    assert chosen.returncode == 0, chosen.stderr
    assert "chosen by hand" not in chosen.stdout
    facts = json.loads(chosen.stdout)
    assert (facts["email"], facts["password"]) == ("admin@localhost", None)
    store = MetadataStore(f"sqlite:///{next(data.rglob('meta*'))}")
    Identity(store, SystemClock()).log_in("admin@localhost", "chosen by hand", **HERE)
    store.close()


def test_people_from_invitation_to_disabling(place: Place):
    """A link, a password, a role, out and in again."""
    made = place.json("user", "add", "Bob@Example.org", "--name", "Bob", "--role", "viewer")
    assert (made["email"], made["role"], made["state"]) == ("bob@example.org", "viewer", "invited")
    assert made["link"].startswith(f"{place.facts['url']}/login/link#")
    identity = Identity(place.metadata, SystemClock())
    assert identity.log_in_by_link(made["link"].partition("#")[2], **HERE).session.user.email == "bob@example.org"
    shown = place.json("user", "reset-password", "bob@example.org")
    place.sign_in("bob@example.org", shown["password"])
    place.run("user", "reset-password", "bob@example.org", "--password-stdin", given="chosen for bob\n")
    place.sign_in("bob@example.org", "chosen for bob")
    assert "password-weak" in place.run(
        "user", "reset-password", "bob@example.org", "--password-stdin", given="short\n", status=2
    )
    assert place.json("user", "role", "bob@example.org", "admin")["role"] == "admin"
    assert place.json("user", "disable", "bob@example.org")["state"] == "disabled"
    with pytest.raises(Unauthenticated):
        place.sign_in("bob@example.org", "chosen for bob")
    assert "user-disabled" in place.run("user", "link", "bob@example.org", status=2)
    assert place.json("user", "enable", "bob@example.org")["state"] == "active"
    link = place.json("user", "link", "bob@example.org")["link"]
    identity.log_in_by_link(link.partition("#")[2], **HERE)
    assert [user["email"] for user in place.json("user", "list")] == ["ann@example.org", "bob@example.org"]
    assert "bob@example.org" in place.run("user", "list")


def test_the_last_owner_and_unknown_names_are_told(place: Place):
    """Exit status 4 for a state that forbids it, 2 for wrong input, with what to do."""
    assert "last-owner" in place.run("user", "disable", "ann@example.org", status=4)
    assert "last-owner" in place.run("user", "role", "ann@example.org", "none", status=4)
    assert "role-unknown" in place.run("user", "role", "ann@example.org", "boss", status=2)
    assert "amber user list" in place.run("user", "link", "nobody@example.org", status=2)
    assert "project-unknown" in place.run("key", "list", "nothing", status=2)
    assert "team-unknown" in place.run("team", "delete", "nothing", status=2)
    assert "token-unknown" in place.run("token", "revoke", "999", status=2)
    code, _, complained = run_here(["user", "list", "--data", "/nonexistent/x"])
    assert (code, "data-directory-missing" in complained) == (4, True)


def test_teams_their_people_and_projects(place: Place):
    """Created, filled, emptied, deleted."""
    place.run("team", "create", "web", "--name", "Web shop")
    place.run("project", "create", "team-shop", "--team", "web")
    team = place.json("team", "member", "web", "ann@example.org", "admin")
    assert (team["members"], team["projects"]) == ({"ann@example.org": "admin"}, ["team-shop"])
    assert place.json("team", "project", "web", "team-shop", "--detach")["projects"] == []
    assert place.json("team", "project", "web", "team-shop")["projects"] == ["team-shop"]
    assert place.json("team", "member", "web", "ann@example.org", "none")["members"] == {}
    assert [row["slug"] for row in place.json("team", "list")] == ["web"]
    place.run("team", "delete", "web")
    assert place.run("team", "list") == "There are no teams.\n"


def test_projects_and_their_keys_reach_ingest_without_a_server(place: Place):
    """What ingest and normalisers read follows each change: a new key lives, a rotated and a revoked one are dead."""
    reader = SnapshotReader(place.data / "run" / "config.json", poll_s=0)
    project = place.json("project", "create", "shop", "--name", "Shop")
    assert project["dsn"].endswith(f"/{project['id']}")
    public = project["dsn"].split("//")[1].split("@")[0]
    assert reader.current().keys[public].active
    first = place.json("key", "list", "shop")[0]
    assert first["dsn"] == project["dsn"]
    rotated = place.json("key", "rotate", "shop", public)
    keys = reader.current().keys
    assert not keys[public].active
    assert keys[rotated["dsn"].split("//")[1].split("@")[0]].active
    further = place.json("key", "create", "shop", "--label", "mobile")
    revoked = place.json("key", "revoke", "shop", str(further["id"]))
    assert (revoked["label"], revoked["state"]) == ("mobile", "revoked")
    assert [row["state"] for row in place.json("key", "list", "shop")] == ["revoked", "active", "revoked"]
    changed = place.json("project", "change", "shop", "--name", "The shop", "--option", "retention_days=7")
    assert (changed["name"], changed["options"]) == (
        "The shop",
        {"grouping_version": "v2", "retention_days": 7},
    )
    assert reader.current().projects[project["id"]].retention_days == 7
    assert "options-invalid" in place.run("project", "change", "shop", "--option", "colour=red", status=2)
    place.run("project", "delete", "shop", status=1)
    place.run("project", "delete", "shop", "--yes")
    assert project["id"] not in reader.current().projects
    assert "shop" not in [row["slug"] for row in place.json("project", "list")]


def test_tokens_are_shown_once_and_cut(place: Place):
    """By scopes, projects and days; revoked they open nothing."""
    place.run("project", "create", "cut")
    made = place.json("token", "create", "ci", "--scope", "event:read", "-p", "cut", "--days", "7")
    assert (made["user"], made["scopes"], made["projects"]) == ("ann@example.org", ["event:read"], ["cut"])
    identity = Identity(place.metadata, SystemClock())
    principal = identity.by_token(made["token"])
    assert (principal.scopes, len(principal.project_ids or ())) == ({"event:read"}, 1)
    assert made["token"] not in place.run("token", "list")
    listed = {row["id"]: row for row in place.json("token", "list")}
    assert listed[made["id"]]["expires_at"] is not None
    assert "scope-unknown" in place.run("token", "create", "x", "--scope", "event:write", status=2)
    place.run("token", "revoke", str(made["id"]))
    with pytest.raises(Unauthenticated):
        identity.by_token(made["token"])


def test_the_audit_is_listed_and_verified(place: Place):
    """Every verb is in it as done by `local`; a noted head proves it later; tampering is named with exit status 4."""
    verdict = place.json("audit", "verify")
    assert verdict["intact"]
    rows = place.json("audit", "list", "-n", "500")
    assert len(rows) == verdict["count"]
    assert "local" in {row["actor"] for row in rows}
    assert {row["action"] for row in place.json("audit", "list", "--action", "key.", "-n", "500")} <= {
        "key.create",
        "key.rotate",
        "key.revoke",
    }
    assert place.json("audit", "list", "--before", str(rows[0]["id"]), "-n", "1") == rows[1:2]
    assert f"{verdict['count']:,} rows in order, head {verdict['head']}" in place.run("audit", "verify")
    place.run("team", "create", "after")
    assert place.json("audit", "verify", "--expect", verdict["head"])["intact"]
    assert "expected hash" in place.run("audit", "verify", "--expect", "f" * 64, status=4)


def test_a_tampered_audit_ends_with_4_and_names_the_row(tmp_path):
    """In words and in JSON."""
    place = Place(tmp_path / "data")
    engine = sa.create_engine(f"sqlite:///{next(place.data.rglob('meta*'))}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_keeps_rows")
        connection.exec_driver_sql("UPDATE audit SET actor = 'user:eve' WHERE id = 3")
    engine.dispose()
    assert "Broken at row 3" in place.run("audit", "verify", status=4)
    facts = json.loads(place.run("audit", "verify", "--json", status=4))
    assert (facts["intact"], facts["broken_id"], facts["count"]) == (False, 3, 2)
    place.metadata.close()


def test_beside_a_server_a_revoked_key_is_dead_soon(served):
    """The verb writes to the metadata database; the server's publisher and ingest follow."""

    def run(*arguments: str) -> Any:
        code, said, complained = run_here([*arguments, "--data", str(served.data), "--json"])
        assert code == 0, complained
        return json.loads(said)

    made = run("project", "create", "beside")
    started = time.monotonic()
    while post_event(made["dsn"], {"message": "let in"})[1] != 200:
        assert time.monotonic() - started < 60
        time.sleep(0.1)
    assert run("user", "link", "admin@localhost")["link"].startswith(f"{served.url}/login/link#")
    run("key", "revoke", "beside", str(run("key", "list", "beside")[0]["id"]))
    started = time.monotonic()
    while post_event(made["dsn"], {"message": "kept out"})[1] == 200:
        assert time.monotonic() - started < 60
        time.sleep(0.1)
