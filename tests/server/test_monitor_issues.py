"""Issues of failing monitors: what counts as failing and as recovered, and the way through ingest to the issue list."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from engine.monitors import EVERYWHERE, MonitorMute
from engine.snapshot import publish
from server.cli import monitors as verb
from server.compose import ready_writer
from server.jobs import JobRun
from server.monitors.incidents import FAILED, CheckIn, Thresholds, standing
from server.monitors.issues import monitor_issues_job
from server.monitors.mutes import Mutes
from server.monitors.overview import MonitorOverview
from tests.ingest.helpers import shard_normaliser
from tests.server.api import build_api

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ORG = "/api/0/organizations/default"
STATUSES = {"o": "ok", "e": "error", "m": "missed", "t": "timeout"}


def ended(text: str) -> list[CheckIn]:
    """One run a minute, a letter each."""
    moments = [NOW + number * MINUTE for number in range(len(text))]
    return [
        CheckIn(f"{number:032x}", at, STATUSES[letter], at)
        for number, (letter, at) in enumerate(zip(text, moments, strict=True))
    ]


@pytest.mark.parametrize(
    ("text", "thresholds", "told", "failing", "recovered"),
    [
        ("oe", Thresholds(), [1], True, 0),
        ("oeo", Thresholds(), [1], False, 2),
        ("oememoe", Thresholds(3), [3, 4], False, 5),
        ("eeeoeoo", Thresholds(2, 2), [1, 2, 4], False, 6),
        ("eeeoeo", Thresholds(2, 2), [1, 2, 4], True, None),
        ("oteo", Thresholds(2, 3), [2], True, None),
        ("eoeo", Thresholds(2, 3), [], None, None),
        ("", Thresholds(), [], None, None),
    ],
)
def test_failures_in_a_row_begin_an_incident_and_good_runs_in_a_row_end_it(
    text: str, thresholds: Thresholds, told: list[int], failing: bool | None, recovered: int | None
) -> None:
    """Each further failure belongs to it; single good runs among them do not end it when two are wanted."""
    found = standing(reversed(ended(text)), thresholds)
    assert [int(one.check_in.id, 16) for one in found.failures] == told
    assert found.failing is failing
    assert found.recovered_at == (None if recovered is None else NOW + recovered * MINUTE)


def test_the_first_end_of_a_run_counts_and_the_reason_counts_the_failures() -> None:
    """A run that timed out and ended well at last has timed out; a failure says what is behind it."""
    runs = ended("omet")
    late = CheckIn(runs[-1].id, runs[-1].at + MINUTE, "ok", runs[-1].at + MINUTE)
    found = standing([*runs, late], Thresholds(3))
    assert found.failing
    assert [(one.reason(), one.last_ok) for one in found.failures] == [("1 error, 1 missed, 1 timeout", NOW)]


@given(st.text("oemt", max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_an_incident_is_what_the_words_say(text: str, failures: int, recoveries: int) -> None:
    """Against the definition written out: failing after a run of failures, until a run of good ones."""
    failing, told = False, []
    for end in range(1, len(text) + 1):
        last = text[:end]
        if failing and last.endswith("o" * recoveries):
            failing = False
        if len(last) - len(last.rstrip("emt")) >= failures:
            failing = True
        if failing and text[end - 1] != "o":
            told.append(end - 1)
    found = standing(ended(text), Thresholds(failures, recoveries))
    assert [int(one.check_in.id, 16) for one in found.failures] == told
    assert bool(found.failing) is failing
    assert all(one.check_in.status in FAILED for one in found.failures)


def test_a_mute_silences_an_environment_or_all_and_what_came_before_its_end() -> None:
    """What failed while it was muted makes no issue afterwards."""
    said = [
        MonitorMute(1, "nightly", "prod", muted=True, changed_at=NOW),
        MonitorMute(1, "hourly", EVERYWHERE, muted=False, changed_at=NOW),
    ]
    mutes = Mutes(said)
    assert mutes.silences((1, "nightly", "prod"), NOW + MINUTE)
    assert not mutes.silences((1, "nightly", "dev"), NOW)
    assert not mutes.silences((2, "nightly", "prod"), NOW)
    assert mutes.silences((1, "hourly", "dev"), NOW - MINUTE)
    assert not mutes.silences((1, "hourly", "dev"), NOW + MINUTE)
    assert mutes.holds((1, "nightly", "prod"))
    assert not mutes.holds((1, "hourly", ""))


class Site:
    """A project whose check-ins are in the store, and whose events go the way of all."""

    def __init__(self, api: Any, event_store: Any, rows_of: Any) -> None:
        self.api, self._store, self._rows_of = api, event_store, rows_of
        self.writer = ready_writer(api.installation)
        self.numbers = count(1)
        self.at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=55)
        publish(api.installation.data.config_snapshot, api.metadata.config_snapshot())

    def told(self, text: str, **more: Any) -> None:
        """Store runs, a letter and a minute each."""
        rows: list[dict[str, Any]] = []
        for letter in text:
            self.at += MINUTE
            rows.append(
                {
                    "project_id": self.api.a.id,
                    "id": f"{next(self.numbers):032x}",
                    "timestamp": self.at,
                    "ingested_at": self.at,
                    "monitor": "nightly",
                    "status": STATUSES[letter],
                    "environment": "prod",
                    "schedule_type": "interval",
                    "schedule": "1 minute",
                    "failure_issue_threshold": 2,
                    "recovery_threshold": 2,
                    "payload": "{}",
                    **more,
                }
            )
        self._store.insert_rows("check_ins", self._rows_of("check_ins", rows))

    def run(self) -> str:
        """Run the job as a process that was just started, and store what it told."""
        said = monitor_issues_job(self.api.installation).run(JobRun(threading.Event(), threading.Event()))
        shard_normaliser(self.api.installation.data.root, self.api.metadata.config_snapshot()).drain()
        self.writer.drain()
        return said

    def mute(self, what: str, who: str, project: str = "shop") -> int:
        """Ask to mute the monitor, and return the status of the answer."""
        path = f"/api/0/projects/default/{project}/monitors/nightly/{what}"
        status: int = self.api.call(who, "PUT", path, {"isMuted": True}).status_code
        return status

    def issues(self, search: str = "") -> list[dict[str, Any]]:
        """What the issue list shows."""
        found: Sequence[Any] = self.api.get(f"issues?range=14d&project=shop&query={search}")["items"]
        return list(found)


@pytest.fixture(scope="module")
def site(event_store: Any, rows_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A project of its own in the shared store."""
    api = build_api(event_store, rows_of, tmp_path_factory.mktemp("monitors"), 775_900)
    return Site(api, event_store, rows_of)


def test_a_failing_monitor_is_an_issue_until_it_recovers(site: Site) -> None:
    """One failure is none when two are wanted; muted, the other environment and people's word are heard."""
    before = len(site.issues())
    site.told("oe")
    assert site.run() == "0 failures told, 0 issues resolved"
    assert len(site.issues()) == before
    site.told("me")
    assert site.run().startswith("2 failures told")
    site.run()
    (issue,) = site.issues("logger:amber.monitors")
    assert (issue["title"], issue["events"], issue["status"]) == ("Cron failure: nightly", 2, "unresolved")
    assert issue["level"] == "error"
    site.told("o")
    assert site.run().endswith("0 issues resolved"), "two good runs are wanted"
    site.told("o")
    assert site.run().endswith("1 issues resolved")
    (issue,) = site.issues("is:resolved logger:amber.monitors")
    detail = site.api.get(f"issues/{issue['id']}?range=14d")
    assert "resolved it: the monitor recovered" in {one["text"] for one in detail["activity"]}
    site.told("ee", environment="dev")
    site.told("ee")
    assert site.mute("environments/dev/", "owner") == 200
    listed = site.api.call("owner", "GET", f"{ORG}/monitors/?project=shop").json
    assert [(one["slug"], one["config"]["schedule"], one["isMuted"]) for one in listed] == [
        ("nightly", [1, "minute"], False)
    ]
    assert [(one["name"], one["status"], one["isMuted"]) for one in listed[0]["environments"]] == [
        ("dev", "error", True),
        ("prod", "error", False),
    ]
    site.run()
    (again,) = site.issues("is:unresolved logger:amber.monitors")
    assert (again["id"], again["substatus"]) == (issue["id"], "regressed"), "no second issue for the muted one"


def test_who_may_mute_is_who_may_change_issues(site: Site) -> None:
    """Others are refused, those who do not see the project hear that there is none; each change is in the audit."""
    assert [site.mute("", who) for who in ("viewer", "nobody", "member")] == [403, 403, 200]
    assert site.mute("", "member", project="unknown") == 404
    entry = site.api.metadata.audit_about("monitor:shop/nightly", 1)[0]
    assert (entry.action, entry.details["after"]) == ("monitor.mute", {"muted": True})


def test_the_list_and_one_monitor_say_how_it_stands_and_when_it_is_due(site: Site) -> None:
    """Crontabs are due after now, intervals after their last run; what cannot be read says why; muting is heard."""
    site.told("ooto", monitor="report <b>", schedule_type="crontab", schedule="0 3 * * *", duration_ns=1_500_000_000)
    site.told("o", monitor="broken", schedule_type="crontab", schedule="every day", environment="")
    site.told("ee", monitor="hourly", schedule="1 hour", checkin_margin=7)
    last = site.at
    items = {one["monitor"]: one for one in site.api.get("monitors?project=shop")["items"]}
    report = items["report <b>"]
    (prod,) = report["environments"]
    assert [one["status"] for one in prod["strip"]] == ["ok", "ok", "timeout", "ok"]
    assert prod["strip"][0]["duration_ms"] == 1500
    assert (report["state"], report["schedule"]["words"]) == ("ok", "At 03:00 every day")
    assert datetime.fromisoformat(prod["next"]) > datetime.now(UTC)
    assert "five fields" in items["broken"]["schedule"]["problem"]
    assert items["broken"]["environments"][0]["next"] is None
    (hourly,) = items["hourly"]["environments"]
    assert datetime.fromisoformat(hourly["next"]) == last + timedelta(hours=1)
    assert (items["hourly"]["schedule"]["words"], items["hourly"]["schedule"]["margin_minutes"]) == ("Every hour", 7)
    assert list(items).index("hourly") < list(items).index("report <b>"), "those that fail come first"
    body = {"monitor": "hourly", "muted": True, "environment": "prod"}
    answers = [site.api.call(who, "PUT", "/api/v1/projects/shop/monitor/mute", body) for who in ("viewer", "member")]
    assert [one.status_code for one in answers] == [403, 200]
    one = site.api.get("projects/shop/monitor?monitor=hourly")
    assert (one["monitor"]["muted"], [each["status"] for each in one["check_ins"]]) == (True, ["error", "error"])
    unknown = site.api.call("member", "GET", "/api/v1/projects/shop/monitor?monitor=none")
    assert (unknown.status_code, unknown.json["code"]) == (404, "monitor-unknown")


def test_the_command_lists_shows_and_mutes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter for each run; what is sent cannot steer the terminal; an environment nobody told of is refused."""
    site.told("oemt", monitor="cli\x1b[31m", environment="prod")
    overview = MonitorOverview(site.api.services.queries, site.api.metadata, site.api.installation.clock)

    @contextmanager
    def place(*_: object) -> Iterator[Any]:
        yield verb._Directory(site.api.installation, overview)

    monkeypatch.setattr(verb, "_place", place)

    def run(*words: str) -> Any:
        return CliRunner().invoke(verb.app, words)

    listed = run("list", "--project", "shop").output
    assert ".EmT" in listed
    assert "\x1b" not in listed
    shown = run("show", "cli\x1b[31m", "-p", "shop").output
    assert shown.startswith("cli [31m of shop: Every minute")
    assert shown.count("prod") == 5
    refused = run("mute", "cli\x1b[31m", "-p", "shop", "-e", "dev").exception
    assert getattr(refused, "code", "") == "environment-unknown"
    assert run("mute", "cli\x1b[31m", "-p", "shop").output == "cli [31m is muted in all environments.\n"
    assert json.loads(run("show", "cli\x1b[31m", "-p", "shop", "--json").output)["monitor"]["muted"]
