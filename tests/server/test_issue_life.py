"""The life of an issue through ingest: new, assigned, resolved in the next release, regressed, escalating, archived."""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import SystemClock
from engine.metadata import AuditEntry, IssueChange
from engine.spool import SpoolWriter
from ingest.ready import ready_files
from ingest.records import RawRecord, encode_record
from server.commits.registry import CommitRegistry
from server.commits.told import Ref
from server.compose import ready_writer
from server.issues.escalation import escalates
from server.issues.jobs import escalation_job, expiry_job, upkeep_job
from server.jobs import JobRun
from tests.ingest.helpers import envelope, shard_normaliser
from tests.server.api import build_api
from tests.server.repositories import ScriptedRepository


class Site:
    """A project that takes events through the spool, a normaliser and the writer, as a server does."""

    def __init__(self, api):
        self.api = api
        self.data = api.installation.data
        self.writer = ready_writer(api.installation)

    def send(self, *events) -> None:
        """Let events arrive and be stored; each is (age, release) or (age, release, members)."""
        spool = SpoolWriter(self.data.raw_root / "ingest-0" / "0")
        spool.append_many([encode_record(self._record(*event)) for event in events])
        spool.close()
        shard_normaliser(self.data.root, self.api.metadata.config_snapshot()).drain()

    def arrive(self, *events) -> None:
        """Send, and store."""
        self.send(*events)
        assert self.writer.drain()

    def _record(self, age, release, members=None):
        event_id = uuid.uuid4().hex
        at = datetime.now(UTC) - age
        raised = {"type": "ValueError", "value": "no price", "mechanism": {"type": "flask", "handled": False}}
        body = {
            "event_id": event_id,
            "timestamp": at.timestamp(),
            "release": release,
            "exception": {"values": [raised]},
            **(members or {}),
        }
        sent = envelope(({"type": "event"}, json.dumps(body).encode()), event_id=event_id)
        return RawRecord("envelope", time.time_ns(), self.api.a.id, 7, sent, event_id=event_id)

    def issue(self, name="SHOP-1"):
        """The document of an issue."""
        return self.api.get(f"issues/{name}?range=14d")

    def state(self, name="SHOP-1"):
        """Status and substatus."""
        found = self.issue(name)
        return found["status"], found["substatus"]

    def change(self, **wanted):
        """Change the issue as the owner."""
        return self.api.send("PATCH", "issues/SHOP-1", wanted)

    def found(self, search) -> list[str]:
        """Names of the issues a search finds."""
        items = self.api.get(f"issues?range=14d&project=shop&query={search}")["items"]
        return [item["id"] for item in items]

    def run(self, job) -> str:
        """Run a job once."""
        return job(self.api.installation).run(JobRun(threading.Event(), threading.Event()))


@pytest.fixture(scope="module")
def site(event_store, rows_of, tmp_path_factory):
    """A project of its own in the shared store."""
    api = build_api(event_store, rows_of, tmp_path_factory.mktemp("life"), 774_700)
    yield Site(api)
    api.close()


NOW = timedelta(0)
HOUR = timedelta(hours=1)


def test_the_life_of_an_issue(site):
    """Each step through ingest or the API, and what is said of it in words at the end."""
    site.arrive(*[(HOUR * n, "shop@1.9.0") for n in range(2, 80)])
    issue = site.issue()
    assert (issue["status"], issue["substatus"], issue["priority"], issue["priority_by"]) == (
        "unresolved",
        "new",
        "high",
        "",
    )
    assert issue["first_release"] == "shop@1.9.0"
    assert site.found("is:new") == site.found("is:for_review") == site.found("first_release:shop@1.9.0") == ["SHOP-1"]

    site.change(assignee="user:member@example.org")
    resolved = site.change(resolution={"in": "next_release"})
    assert resolved["resolution"]["release"] == "shop@1.9.0"
    assert resolved["resolution"]["text"] == "in the release after shop@1.9.0"
    assert site.found("is:resolved resolved_in:shop@1.9.0") == ["SHOP-1"]

    site.arrive((NOW, "shop@1.9.0"), (NOW, "shop@1.8.7"), (HOUR, "shop@1.10.0"))
    assert site.state() == ("resolved", ""), "releases there were then, and old news, do not open it"
    site.send((NOW, "shop@1.10.0"))
    [batch] = [ready.path for ready in ready_files(site.data.ready_root) if ready.name.dataset == "errors"]
    kept = batch.read_bytes()
    assert site.writer.drain()
    assert site.state() == ("unresolved", "regressed")
    assert site.found("is:regressed") == ["SHOP-1"]

    site.change(status="resolved")
    batch.write_bytes(kept)
    assert site.writer.drain()
    assert site.state() == ("resolved", ""), "a batch that is stored again after a crash is no new event"
    site.arrive((NOW, ""))
    assert site.state() == ("unresolved", "regressed")

    assert site.run(escalation_job) == "0 issues escalate"
    site.arrive(*[(NOW, "shop@1.10.0", {"user": {"id": str(n)}}) for n in range(120)])
    assert site.run(escalation_job) == "1 issues escalate"
    assert site.state() == ("unresolved", "escalating")
    assert site.found("is:escalating") == ["SHOP-1"]

    answer = site.api.send("POST", "issues/bulk", {"ids": ["SHOP-1"], "set": {"archive": {"until": "escalating"}}})
    assert site.state() == ("ignored", "until_escalating")
    assert site.found("is:archived") == ["SHOP-1"]
    assert site.run(escalation_job) == "0 issues escalate", "as much as was known when it was archived is no news"
    site.api.send("POST", "issues/bulk", {"restore": answer["before"]})
    assert site.state() == ("unresolved", "escalating")

    site.change(archive={"until": "users", "count": 3, "window_s": 3600})
    site.arrive((NOW, "shop@1.10.0", {"user": {"id": "1"}}), (NOW, "shop@1.10.0", {"user": {"id": "2"}}))
    assert site.run(expiry_job) == "0 issues are open again"
    site.arrive((NOW, "shop@1.10.0", {"user": {"id": "3"}}))
    assert site.run(expiry_job) == "1 issues are open again"
    assert site.state() == ("unresolved", "ongoing")
    said = [(entry["who"], entry["text"]) for entry in reversed(site.issue()["activity"])]
    assert said == [
        ("owner@example.org", "assigned it to member@example.org"),
        ("owner@example.org", "resolved it in the release after shop@1.9.0"),
        ("Amber", "saw it again in shop@1.10.0: it has regressed"),
        ("owner@example.org", "resolved it"),
        ("Amber", "saw it again: it has regressed"),
        ("Amber", said[5][1]),
        ("owner@example.org", "archived it until it escalates"),
        ("owner@example.org", "took a change back: it is escalating again"),
        ("owner@example.org", "archived it until it has affected 3 more users within 1 hour"),
        ("Amber", "opened it again: 3 users of 3"),
    ]
    assert said[5][1].startswith("saw it escalate: 12")


def test_what_is_merged_into_an_archived_issue_does_not_wake_it_by_what_was_before(site):
    """Its events count from the merge on, and count no more once it is taken out: both are as they were then."""
    kinds = [{"exception": {"values": [{"type": kind, "value": "x"}]}} for kind in ("TimeoutError", "BufferError")]
    site.arrive(*[(HOUR, "", kind) for kind in kinds])
    titles = {i["title"].partition(":")[0]: i["id"] for i in site.api.get("issues?range=14d&project=shop")["items"]}
    sleeper, other = titles["TimeoutError"], titles["BufferError"]
    until_three = {"archive": {"until": "events", "count": 3}}
    site.api.send("PATCH", f"issues/{sleeper}", until_three)
    site.arrive(*[(NOW, "", kinds[1])] * 5)
    decision = site.api.send("POST", "issues/merge", {"ids": [sleeper, other], "into": sleeper})
    assert site.run(expiry_job) == "0 issues are open again", "all five came before the merge"
    site.arrive(*[(NOW, "", kinds[1])] * 2)
    assert site.run(expiry_job) == "0 issues are open again"
    site.api.send("POST", f"decisions/{decision['id']}/undo", None)
    site.arrive((NOW, "", kinds[0]))
    assert site.run(expiry_job) == "0 issues are open again", "the two went with what was taken out"
    assert (site.state(sleeper), site.state(other)) == (("ignored", "until_condition_met"), ("unresolved", "new"))
    site.api.send("POST", "issues/merge", {"ids": [sleeper, other], "into": sleeper})
    site.arrive(*[(NOW, "", kinds[1])] * 2)
    assert site.run(expiry_job) == "1 issues are open again", "one of its own and two that came after the merge"
    site.api.send("PATCH", f"issues/{sleeper}", {"status": "resolved"})


def test_time_does_its_part(site):
    """A week-old issue is ongoing, which is no event: a quiet one is resolved when its project says so, not later."""
    old = {"exception": {"values": [{"type": "KeyError", "value": "'a'"}]}, "level": "warning"}
    site.arrive((timedelta(days=20), "shop@1.0.0", old))
    name = next(i["id"] for i in site.api.get("issues?range=30d&project=shop")["items"] if i["title"][:3] == "Key")
    assert site.api.get(f"issues/{name}")["substatus"] == "new"
    assert "1 are ongoing, 0 resolved" in site.run(upkeep_job)
    site.api.send("PATCH", f"issues/{name}", {"priority": "low"})
    shown = site.api.get(f"issues/{name}")
    assert (shown["substatus"], shown["priority"], shown["priority_by"]) == ("ongoing", "low", "user:owner@example.org")
    site.api.send("PATCH", "issues/SHOP-1", {"status": "resolved"})
    site.api.send("PATCH", "issues/SHOP-1", {"status": "unresolved"})
    site.api.metadata.set_project_options(site.api.a.id, {"auto_resolve_days": 14})
    assert site.run(upkeep_job).startswith("0 are ongoing, 1 resolved"), "but not what somebody has just opened"
    site.api.metadata.set_project_options(site.api.a.id, {"auto_resolve_days": 0})
    assert site.api.get(f"issues/{name}")["status"] == "resolved"


def test_what_is_quiet_for_as_long_as_its_project_says_is_resolved(site):
    """Of two issues that are as they are for three weeks, the one without an event in two of them; with its reason."""
    metadata, project = site.api.metadata, site.api.a.id
    quiet, lively = (
        {"exception": {"values": [{"type": kind, "value": "x"}]}, "level": "warning"}
        for kind in ("EOFError", "OSError")
    )
    site.arrive((timedelta(days=20), "shop@1.0.0", quiet), *[(timedelta(days=n), "", lively) for n in (20, 3)])
    names = {i["title"].partition(":")[0]: i["id"] for i in site.api.get("issues?range=30d&project=shop")["items"]}
    rows = [metadata.issue_by_short_id(names[kind]) for kind in ("EOFError", "OSError")]
    long_ago = IssueChange(substatus="ongoing", since=datetime.now(UTC) - timedelta(days=21))
    metadata.change_issues(
        [(project, row.issue_id) for row in rows], long_ago, AuditEntry("local", "issue.age", "issue")
    )
    site.run(upkeep_job)
    assert site.state(names["EOFError"])[0] == "unresolved", "nobody has asked for it"
    metadata.set_project_options(project, {"auto_resolve_days": 14})
    assert "1 resolved" in site.run(upkeep_job)
    assert [site.state(names[kind])[0] for kind in ("EOFError", "OSError")] == ["resolved", "unresolved"]
    said = site.issue(names["EOFError"])["activity"][0]
    assert (said["who"], said["text"]) == ("Amber", "resolved it: no event for 14 days")
    site.arrive((NOW, "shop@1.0.0", quiet))
    assert site.state(names["EOFError"]) == ("unresolved", "regressed")


def test_what_is_resolved_in_a_commit_is_opened_by_releases_that_hold_it(site, tmp_path):
    """Events of any release are old news until one is told of with the commit; then of that release on, not before."""
    known = {"exception": {"values": [{"type": "LookupError", "value": "x"}]}}
    site.arrive((HOUR, "shop@2.0.0", known))
    name = next(i["id"] for i in site.api.get("issues?project=shop")["items"] if i["title"].startswith("LookupError"))
    made = ScriptedRepository(tmp_path / "shop.git")
    now = datetime.now(UTC)
    begin, fix, after = (
        made.commit({"a.py": f"{n}\n"}, now - timedelta(hours=9 - n), title)
        for n, title in enumerate(("Begin", "Mend", "Go on"))
    )

    def release(version: str, commit: str) -> None:
        registry = CommitRegistry(site.api.metadata, SystemClock())
        entry = AuditEntry("local", "commits.sync", "project:shop")
        registry.sync(site.api.a, made.path, version, Ref("acme/shop", commit), entry)

    release("shop@2.0.0", begin)
    site.api.send("PATCH", f"issues/{name}", {"resolution": {"in": "commit", "commit": fix[:12]}})
    site.arrive((NOW, "shop@2.0.0", known), (NOW, "shop@2.2.0", known))
    assert site.state(name) == ("resolved", ""), "no release is known to hold it"
    release("shop@2.1.0", after)
    site.arrive((NOW, "shop@2.0.0", known))
    assert site.state(name) == ("resolved", ""), "this release was made before it"
    site.arrive((NOW, "shop@2.1.0", known))
    assert site.state(name) == ("unresolved", "regressed")
    assert site.issue(name)["activity"][0]["text"] == "saw it again in shop@2.1.0: it has regressed"


def test_an_hour_is_an_escalation_only_above_what_was_usual():
    """Too little history, few events, a daily peak, and a level that varies are none."""
    steady, peaks = [3] * 100, [40 if hour % 24 == 9 else 2 for hour in range(24 * 10 + 9)]
    assert escalates(steady, 60) is not None
    assert escalates(steady, 9) is None
    assert escalates(steady[:20], 60) is None
    assert escalates(peaks, 45) is None
    assert escalates([*peaks, 40], 100) is not None
    assert escalates([50, 150] * 60, 190) is None
