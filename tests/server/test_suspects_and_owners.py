"""From a git history and an error to a suspect commit, owners and an assignee: through ingest and Discover."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import SystemClock
from engine.ids import default_issue_id
from engine.metadata import AuditEntry, MetadataUnavailable, NewIssue
from engine.snapshot import ProjectConfig
from iam import LOCAL
from ingest.batches import batch_of
from ingest.native.own import submit_own
from server.commits.registry import CommitRegistry
from server.commits.told import Ref
from server.commits.waiting import push_job
from server.http.app import create_app
from server.issues.looking import Look
from server.jobs import JobRun
from server.ownership.service import ACTOR, Assigner
from tests.ingest.helpers import KEY, envelope, processed, snapshot
from tests.ingest.sites import Site
from tests.server.api import build_api
from tests.server.repositories import ScriptedRepository

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "a secret of sixteen"
ORG = "/api/0/organizations/default"
CART = """def total(cart):
    return sum(cart.prices)


def charge(cart, card):
    amount = total(cart)
    return card.pay(amount)
"""
RULES = "path:src/shop/* #web\ntags.region:eu* owner@example.org\n"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def history(root) -> tuple[ScriptedRepository, dict[str, str]]:
    """A shop: an old release, and a new one with a break in `charge`, a reformatting and something else."""
    made = ScriptedRepository(root / "shop.git")
    commits = {"begin": made.commit({"src/shop/cart.py": CART, "README": "shop\n"}, ago(days=9), "Begin")}
    commits["other"] = made.commit({"src/shop/mail.py": "def send():\n    pass\n"}, ago(hours=8), "Mail")
    broken = CART.replace("card.pay(amount)", "card.pay(amount / cart.count)")
    commits["bug"] = made.commit(
        {"src/shop/cart.py": broken}, ago(hours=5), "Charge each item by itself", "owner@example.org"
    )
    styled = broken.replace("card.pay(amount / cart.count)", "card.pay(\n        amount / cart.count\n    )")
    commits["style"] = made.commit({"src/shop/cart.py": styled}, ago(hours=4), "Reformat", "bot@example.org")
    return made, commits


class World:
    """The application over one store, and an ingest port whose rows go into it."""

    def __init__(self, event_store, rows_of, root, first_project) -> None:
        self.api = build_api(event_store, rows_of, root, first_project)
        project = self.api.a
        self.config = snapshot(project_id=project.id, webhook_secret=SECRET)
        self.site = Site(root / "site", self.config, clock=SystemClock())
        self.api.app = create_app(replace(self.api.services, edge=self.site.edge))
        self.read = 0

    def store(self) -> None:
        """Let everything that was accepted become rows and issues."""
        batch = processed(*self.site.records()[self.read :], config=self.config)
        self.read = len(self.site.records())
        for dataset, rows in batch.rows.items():
            self.api.store.insert_rows(dataset, batch_of(dataset, rows))
        for row in batch.rows.get("errors", ()):
            at = datetime.fromtimestamp(row["timestamp"] / 1e6, UTC)
            pair = (row["project_id"], row["fingerprint"])
            self.api.metadata.ensure_issues(
                [NewIssue(*pair, default_issue_id(*pair), row["title"], row["culprit"], "error", at)]
            )
        self.api.mirror.sync()

    def error(self, release: str, line: int, path: str = "/srv/app/src/shop/cart.py", **more) -> None:
        """Send an error of `charge` as the Python SDK does."""
        frame = {"filename": "shop/cart.py", "abs_path": path, "function": "charge", "lineno": line, "in_app": True}
        error = {"type": "ZeroDivisionError", "value": "by zero", "stacktrace": {"frames": [frame]}}
        event = {
            "timestamp": ago(hours=1).timestamp(),
            "platform": "python",
            "release": release,
            "exception": {"values": [error]},
            **more,
        }
        body = envelope(({"type": "event"}, json.dumps(event).encode()))
        assert self.site.post(f"/api/{self.api.a.id}/envelope/?sentry_key={KEY}", body).status_code == 200
        self.store()

    def registry(self) -> CommitRegistry:
        """Keeps commits, and sends them as changes the way of everybody's."""
        edge = self.site.edge
        return CommitRegistry(
            self.api.metadata, SystemClock(), lambda number, lines: submit_own(edge, number, "changes", lines)
        )

    def assign(self) -> int:
        """One run of the job."""
        services = self.api.services

        def read(issue, project):
            look = Look(LOCAL, (project.id,), (), ago(days=20), NOW + timedelta(days=1))
            return services.issues.events.event(look, issue, ProjectConfig(project.id, project.slug), "oldest")

        return Assigner(self.api.metadata, read, self.api.mirror.sync).run()

    def issue(self) -> str:
        """The name of the only issue."""
        (item,) = self.api.get("issues?range=7d&project=shop")["items"]
        return item["id"]

    def changes(self) -> list[list[str]]:
        """Hash, author and release of every commit Discover knows, newest first."""
        text = "from changes kind:commit | sort timestamp desc | project after, author, release"
        return self.api.send("POST", "query", {"query": text, "range": "30d", "project": ["shop"]})["rows"]


_projects = itertools.count(961_000, 10)


@pytest.fixture
def world(event_store, rows_of, tmp_path):
    """A world of its own project numbers."""
    made = World(event_store, rows_of, tmp_path, next(_projects))
    yield made
    made.site.close()
    made.api.close()


def test_an_error_of_a_release_read_from_git_finds_its_commit_and_its_owner(world, tmp_path):
    """The commits become changes; the break is suspected, not the reformatting after it; the issue finds its owner.

    The assignment happens once, and what a person decides then stays.
    """
    api, (repository, commits) = world.api, history(tmp_path)
    entry = AuditEntry("local", "commits.sync", "project:shop")
    world.registry().sync(api.a, repository.path, "shop@1.0.0", Ref("acme/shop", commits["begin"]), entry)
    told = world.registry().sync(api.a, repository.path, "shop@1.1.0", Ref("acme/shop", "main"), entry)
    assert told.commits == 3
    newest = [commits[name] for name in ("style", "bug", "other")]
    assert [one["id"] for one in api.get("projects/shop/commits?release=shop@1.1.0")["items"]] == newest
    api.send("PUT", "projects/shop/ownership", {"rules": RULES, "auto_assign": "owners"})
    world.error("shop@1.1.0", 8)
    assert world.changes() == [
        [commits["style"], "bot", "shop@1.1.0"],
        [commits["bug"], "owner", "shop@1.1.0"],
        [commits["other"], "ada", "shop@1.1.0"],
        [commits["begin"], "ada", "shop@1.0.0"],
    ]

    issue = world.issue()
    found = api.get(f"issues/{issue}/suspects")
    assert (found["scope"], found["previous_release"], found["commits_looked_at"]) == ("release", "shop@1.0.0", 3)
    (suspect,) = found["suspects"]
    assert (suspect["commit"]["id"], suspect["confidence"]) == (commits["bug"], "high")
    assert suspect["commit"]["assignee"] == "user:owner@example.org"
    line = "changed line 8 of charge in src/shop/cart.py, where it failed, 4 h before the first event"
    assert line in [evidence["text"] for evidence in suspect["evidence"]]

    owners = api.get(f"issues/{issue}/owners")
    assert [(one["rule"], one["matched"]) for one in owners["owners"]] == [("path:src/shop/*", "src/shop/cart.py")]
    assert owners["assignee"] == "team:web"
    assert (world.assign(), world.assign()) == (1, 0)
    assert api.get(f"issues/{issue}")["assignee"] == "team:web"
    assert api.get(f"issues/{issue}")["activity"][0]["actor"] == ACTOR
    api.send("PATCH", f"issues/{issue}", {"assignee": ""})
    api.send("PUT", "projects/shop/ownership", {"auto_assign": "off"})
    api.metadata.change_ownership(api.a.id, {"auto_assign": "suspect", "assigned_up_to": 0})
    assert world.assign() == 0
    assert api.get(f"issues/{issue}")["assignee"] == ""


def push(commits: list[dict], name: str = "acme/shop", **more) -> bytes:
    """What GitHub sends of a push."""
    repository = {"full_name": name, "html_url": f"https://github.com/{name}"}
    return json.dumps({"ref": "refs/heads/main", "repository": repository, "commits": commits, **more}).encode()


def pushed(number: int, path: str, **span: float) -> dict:
    """A commit of a push."""
    author = {"name": "Ada", "email": "owner@example.org"}
    at = ago(**span).isoformat()
    return {
        "id": f"{number:040x}",
        "message": f"change {path}",
        "timestamp": at,
        "author": author,
        "modified": [path],
    }


def deliver(world, body: bytes, secret: str = SECRET, event: str = "push"):
    """Deliver a push, or another event, to the web port."""
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": signature, "Content-Type": "application/json"}
    return world.api.client().post("/api/v1/projects/shop/webhooks/github", data=body, headers=headers)


def test_pushes_tell_suspects_without_a_repository_and_count_once(world):
    """File lists are enough for a suspect of low confidence; a forged push is refused, one sent again is no news."""
    body = push(
        [
            pushed(1, "src/shop/cart.py", days=2),
            pushed(2, "docs/index.md", hours=20),
            pushed(3, "src/shop/cart.py", hours=3),
        ]
    )
    assert deliver(world, body, "another secret of sixteen").status_code == 403
    assert [deliver(world, body).json for _ in range(2)] == [{"commits": 3}] * 2
    world.error("shop@2.0.0", 6)
    assert [row[0] for row in world.changes()] == [f"{number:040x}" for number in (3, 2, 1)]
    found = world.api.get(f"issues/{world.issue()}/suspects")
    assert found["scope"] == "pushed"
    assert [(one["commit"]["id"], one["confidence"]) for one in found["suspects"]] == [
        (f"{3:040x}", "low"),
        (f"{1:040x}", "low"),
    ]
    assert found["suspects"][0]["commit"]["url"] == f"https://github.com/acme/shop/commit/{3:040x}"
    told = {
        "version": "shop@2.0.0",
        "projects": ["shop"],
        "refs": [{"repository": "acme/shop", "commit": f"{3:040x}", "previousCommit": f"{1:040x}"}],
    }
    answer = world.api.call("token:artifact:write", "POST", f"{ORG}/releases/", told)
    assert (answer.status_code, answer.json["commitCount"]) == (201, 2)
    cut = world.api.get(f"issues/{world.issue()}/suspects")
    assert (cut["scope"], [one["commit"]["id"] for one in cut["suspects"]]) == ("release", [f"{3:040x}"])


def test_pushes_that_come_late_twice_forced_or_from_copies_name_each_commit_once(world):
    """A rebased commit stands once, a deleted branch tells nothing, a mirror hides no file, a name may change."""

    def suspects() -> list[tuple[int, str]]:
        found = world.api.get(f"issues/{world.issue()}/suspects")["suspects"]
        return [(int(one["commit"]["id"], 16), one["commit"]["repository"]) for one in found]

    late, early = pushed(7, "src/shop/cart.py", hours=5), pushed(6, "src/shop/cart.py", days=3)
    for body in (push([late]), push([early, late]), push([late])):
        assert deliver(world, body).status_code == 200
    rebased = {**late, "id": f"{8:040x}", "timestamp": ago(hours=4).isoformat()}
    assert deliver(world, push([rebased], forced=True, before=f"{7:040x}")).json == {"commits": 1}
    zeros = "0" * 40
    gone = push([], deleted=True, after=zeros, before=f"{8:040x}")
    odd = push([{"id": zeros}, {"id": 5}, None, {"id": "../../etc", "modified": "x"}, {"author": []}])
    assert [deliver(world, body).json for body in (gone, odd)] == [{"commits": 0}] * 2
    world.error("shop@2.0.0", 6)
    assert suspects() == [(8, "acme/shop"), (6, "acme/shop")]
    huge = [pushed(n, f"docs/{n}.md", days=9) for n in range(1000, 4000)]
    assert deliver(world, push(huge)).json == {"commits": 2048}, "as many as GitHub sends of one"
    assert suspects() == [(8, "acme/shop"), (6, "acme/shop")]

    assert (
        deliver(world, push([{**rebased, "timestamp": ago(hours=3.5).isoformat()}], "acme/mirror")).status_code == 200
    )
    assert suspects() == [(8, "acme/mirror"), (6, "acme/mirror")], "of two copies, that which was told of last"
    renamed = {
        "action": "renamed",
        "changes": {"repository": {"name": {"from": "shop"}}},
        "repository": {"full_name": "acme/store", "html_url": "https://github.com/acme/store"},
    }
    told = json.dumps(renamed).encode()
    assert deliver(world, told, "another secret of sixteen", "repository").status_code == 403
    assert [deliver(world, told, event="repository").status_code for _ in range(2)] == [200, 200]
    names = {row.name for row in world.api.metadata.repositories([world.api.a.id])}
    assert names == {"acme/store", "acme/mirror"}
    assert deliver(world, push([pushed(9, "src/shop/cart.py", hours=2)], "acme/store")).status_code == 200
    assert suspects() == [(9, "acme/store"), (8, "acme/store"), (6, "acme/store")], (
        "under the new name, with all it had"
    )


def test_a_push_that_comes_while_the_database_is_away_waits_and_is_told(world, monkeypatch):
    """It is answered as ever, for nobody sends it again; its rows are made at once, its suspects when a job has run."""
    job = push_job(world.api.installation)

    def away(*_args, **_options):
        raise MetadataUnavailable("The metadata database failed: locked.")

    body = push([pushed(1, "src/shop/cart.py", days=2)])
    with monkeypatch.context() as patched:
        patched.setattr(world.api.metadata, "put_repository", away)
        assert deliver(world, body, "another secret of sixteen").status_code == 403
        for _ in range(2):
            answer = deliver(world, body)
            assert (answer.status_code, answer.json) == (200, {"commits": 1})
    world.error("shop@2.0.0", 6)
    assert [row[0] for row in world.changes()] == [f"{1:040x}"]
    at = f"issues/{world.issue()}/suspects"
    assert world.api.get(at)["suspects"] == []
    now = JobRun(threading.Event(), threading.Event())
    assert [job.run(now) for _ in range(2)] == ["2 pushes told", "nothing waits"]
    assert [one["commit"]["id"] for one in world.api.get(at)["suspects"]] == [f"{1:040x}"]
    assert world.api.metadata.audit_about("project:shop", 5)[0].action == "commits.push"


def test_nothing_known_is_said_with_what_to_do(world):
    """Without commits, without a matching file, and with a release that did not touch the stack, the reason is told."""
    world.error("shop@3.0.0", 6)
    at = f"issues/{world.issue()}/suspects"
    assert world.api.get(at)["nothing"]["code"] == "no-repository"
    deliver(world, push([pushed(1, "lib/other.rb", days=1)]))
    assert world.api.get(at)["nothing"]["code"] == "no-mapping"
    told = [
        {
            "id": f"{2:040x}",
            "repository": "acme/shop",
            "timestamp": ago(hours=2).isoformat(),
            "patch_set": [{"path": "README", "type": "M"}],
        }
    ]
    deliver(world, push([pushed(3, "src/shop/cart.py", days=3)]))
    path = f"{ORG}/releases/"
    body = {"version": "shop@3.0.0", "projects": ["shop"], "commits": told}
    assert world.api.call("token:artifact:write", "POST", path, body).status_code == 201
    said = world.api.get(at)
    assert (said["nothing"]["code"], said["scope"], said["suspects"]) == ("not-in-release", "release", [])


def test_code_mappings_are_suggested_and_set_and_decide(world, tmp_path):
    """Two files that end alike: only a mapping tells which is meant; unknown repositories are refused."""
    repository, _ = history(tmp_path)
    repository.commit({"old/shop/cart.py": CART}, ago(hours=6), "Keep the old one")
    entry = AuditEntry("local", "commits.sync", "project:shop")
    world.registry().sync(world.api.a, repository.path, "shop@4.0.0", Ref("acme/shop", "main"), entry)
    world.error("shop@4.0.0", 8, path="/srv/app/shop/cart.py")
    at = f"issues/{world.issue()}/suspects"
    assert world.api.get(at)["nothing"]["code"] == "no-mapping"
    mapping = {"stack_root": "/srv/app/", "source_root": "src/", "repository": "acme/shop"}
    wrong = {"mappings": [{**mapping, "repository": "acme/none"}]}
    assert world.api.send("PUT", "projects/shop/code-mappings", wrong, status=400)["code"] == "repository-unknown"
    kept = world.api.send("PUT", "projects/shop/code-mappings", {"mappings": [mapping]})
    assert kept == {"mappings": [mapping], "suggested": []}
    assert world.api.get(at)["paths"] == ["src/shop/cart.py"]
