"""Jobs: one process at a time, once after a pause, errors kept, a clean stop, and a holder that dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from engine.clock import SystemClock
from engine.datadir import DataDirectory
from engine.errors import CapacityError, NotFound
from engine.metadata import MetadataStore
from server.cli.jobs import app
from server.jobs import Job, JobRunner
from server.jobs.known import JOBS
from server.metadata import open_metadata
from server.settings import Settings
from tests.metadata import upgraded
from tests.server.api import build_api

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class HandClock:
    """A clock a test moves."""

    at: datetime = NOW

    def now(self) -> datetime:
        """What it shows."""
        return self.at

    def now_ns(self) -> int:
        """What it shows, in nanoseconds."""
        return int(self.at.timestamp() * 1e9)


@dataclass
class Work:
    """A job that counts its runs."""

    runs: int = 0
    errors: list[Exception] = field(default_factory=list)

    def job(self, name="tidy", every=HOUR) -> Job:
        """The job."""

        def run(_):
            self.runs += 1
            if self.errors:
                raise self.errors.pop(0)
            return f"run {self.runs}"

        return Job(name, every, run)


@pytest.fixture
def clock():
    """A clock to move."""
    return HandClock()


@pytest.fixture
def metadata(tmp_path, clock):
    """An empty metadata database."""
    store = upgraded(MetadataStore(f"sqlite:///{tmp_path / 'meta.sqlite3'}", clock))
    yield store
    store.close()


def running_until(metadata, clock, job, stop) -> threading.Thread:
    """A runner in a thread of its own, at its first job."""
    thread = threading.Thread(target=JobRunner([job], metadata, clock).step, args=(stop,))
    thread.start()
    return thread


def test_a_job_runs_when_it_is_due_and_once_after_a_long_pause(metadata, clock):
    """At once when it is new, then every hour; five missed hours are one run."""
    work, stop = Work(), threading.Event()
    runner = JobRunner([work.job()], metadata, clock)
    assert [runner.step(stop), runner.step(stop), work.runs] == ["tidy", None, 1]
    clock.at += HOUR - timedelta(seconds=1)
    assert runner.step(stop) is None
    clock.at += 5 * HOUR
    assert [runner.step(stop), runner.step(stop), work.runs] == ["tidy", None, 2]
    row = metadata.jobs()[0]
    assert (row.last_started, row.last_finished, row.next_due) == (clock.at, clock.at, clock.at + HOUR)
    assert (row.last_result, row.last_error, row.holder, row.lease_until) == ("run 2", "", "", None)


def test_of_two_runners_one_has_the_job(metadata, clock):
    """The second finds nothing to do while the first is at it, nor afterwards."""
    begun, go_on = threading.Event(), threading.Event()

    def run(_):
        begun.set()
        assert go_on.wait(120)
        return "done"

    first = running_until(metadata, clock, Job("tidy", HOUR, run), threading.Event())
    assert begun.wait(120)
    other = Work()
    second = JobRunner([other.job()], metadata, clock)
    assert second.step(threading.Event()) is None
    assert metadata.jobs()[0].running(clock.now())
    assert second.run_now("tidy") is None
    go_on.set()
    first.join(120)
    assert other.runs == 0
    assert metadata.jobs()[0].last_result == "done"


def test_an_error_is_kept_and_the_job_is_tried_again_sooner_than_it_would_be_due(metadata, clock):
    """After a minute, then two; the last good result stays; a good run clears the error."""
    work, stop = Work(), threading.Event()
    runner = JobRunner([work.job()], metadata, clock)
    runner.step(stop)
    work.errors = [CapacityError("The disk is full.", hint="Make room."), ZeroDivisionError("by nothing")]
    for minutes, error in ((60, "The disk is full. Make room."), (1, "ZeroDivisionError: by nothing")):
        clock.at += timedelta(minutes=minutes)
        assert runner.step(stop) == "tidy"
        assert (metadata.jobs()[0].last_error, metadata.jobs()[0].last_result) == (error, "run 1")
    assert (metadata.jobs()[0].failures, metadata.jobs()[0].next_due) == (2, clock.at + timedelta(minutes=2))
    clock.at += timedelta(minutes=2)
    runner.step(stop)
    assert (metadata.jobs()[0].failures, metadata.jobs()[0].last_error) == (0, "")


def test_a_failing_job_does_not_keep_the_others_from_running(metadata, clock):
    """Each is tried once, the one that has been due for longest first."""
    good, bad = Work(), Work(errors=[OSError("no")])
    runner = JobRunner([bad.job("a"), good.job("b")], metadata, clock)
    assert [runner.step(threading.Event()) for _ in range(3)] == ["a", "b", None]


def test_a_job_that_is_told_to_stop_ends_soon_and_goes_on_after_the_next_start(metadata, clock):
    """It sees it between its steps; it is due again at once."""
    stop = threading.Event()

    def run(at_work):
        stop.set()
        return "stopped in time" if at_work.stopping else "went on"

    JobRunner([Job("long", HOUR, run)], metadata, clock).step(stop)
    row = metadata.jobs()[0]
    assert (row.next_due, row.holder, row.last_error) == (clock.at, "", "")
    assert "goes on" in row.last_result


def test_a_clock_that_is_set_back_stops_no_job(metadata, clock):
    """What was planned, or held by a process that died, for a time far ahead is due and free; what is held is not."""
    work, never = Work(), threading.Event()
    runner = JobRunner([work.job()], metadata, clock)
    assert (runner.step(never), runner.step(never)) == ("tidy", None)
    clock.at -= 30 * HOUR
    assert (runner.step(never), work.runs) == ("tidy", 2)
    clock.at += HOUR
    assert metadata.claim_job("tidy", "one that dies", timedelta(seconds=60))
    assert runner.step(never) is None
    clock.at -= 30 * HOUR
    assert (runner.step(never), work.runs) == ("tidy", 3)
    # Leaps ahead run what is due once, and take no job from who renews it.
    clock.at += 900 * HOUR
    assert (runner.step(never), runner.step(never), work.runs) == ("tidy", None, 4)


def test_a_lease_that_is_lost_is_seen_by_the_job_and_its_end_is_not_written(metadata, clock):
    """A process that was asleep for long must not write over the one that took the job meanwhile."""
    seen = []

    def run(at_work):
        clock.at += HOUR
        assert metadata.claim_job("tidy", "other", HOUR)
        for _ in range(12_000):
            if at_work.stopping:
                break
            threading.Event().wait(0.01)
        seen.append(at_work.stopping)
        return "too late"

    JobRunner([Job("tidy", HOUR, run)], metadata, clock, lease=timedelta(seconds=0.3)).step(threading.Event())
    assert seen == [True]
    assert (metadata.jobs()[0].holder, metadata.jobs()[0].last_result) == ("other", "")


def test_a_killed_holder_lets_go_when_its_lease_ends(tmp_path, metadata, clock):
    """`kill -9` in the middle of a run: nobody has the job for a minute, then somebody else does it."""
    script = f"""
import sys, threading, datetime
from engine.clock import FixedClock
from engine.metadata import MetadataStore
from server.jobs import Job, JobRunner
clock = FixedClock(datetime.datetime.fromisoformat({NOW.isoformat()!r}))
def run(_):
    print("at work", flush=True)
    threading.Event().wait(600)
jobs = [Job("tidy", datetime.timedelta(hours=1), run)]
JobRunner(jobs, MetadataStore("sqlite:///{tmp_path / "meta.sqlite3"}", clock), clock).step(threading.Event())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGKILL)
    work, stop = Work(), threading.Event()
    runner = JobRunner([work.job()], metadata, clock)
    clock.at += timedelta(seconds=59)
    assert runner.step(stop) is None
    clock.at += timedelta(seconds=1)
    assert runner.step(stop) == "tidy"
    assert metadata.jobs()[0].last_result == "run 1"


def test_a_job_is_run_by_hand_before_it_is_due(metadata, clock):
    """And an unknown one is refused with the names there are."""
    work = Work()
    runner = JobRunner([work.job()], metadata, clock)
    runner.run_now("tidy")
    assert runner.run_now("tidy").last_result == "run 2"
    with pytest.raises(NotFound) as refused:
        runner.run_now("tydi")
    assert refused.value.hint == "One of tidy."


def test_every_known_job_can_be_made_and_bears_its_name(event_store, rows_of, tmp_path):
    """The table and the jobs agree; over HTTP they are listed, asked for, and in the state."""
    api = build_api(event_store, rows_of, tmp_path, 774_900)
    try:
        made = [known.make(api.installation) for known in JOBS]
        assert [job.name for job in made] == [known.name for known in JOBS]
        JobRunner(made, api.metadata, api.services.clock)._due()
        items = api.get("jobs")["items"]
        assert sorted(known.name for known in JOBS) == [item["name"] for item in items]
        assert [job["name"] for job in api.get("state")["jobs"]] == [item["name"] for item in items]
        api.metadata.claim_job("blobs", "me", HOUR)
        asked = api.send("POST", "jobs/blobs/run", None, status=202)
        assert (asked["running"], asked["holder"]) == (True, "me")
        assert api.metadata.audit_about("job:blobs", 10)[0].action == "job.run"
        api.send("POST", "jobs/nothing/run", None, status=404)
        api.send("POST", "jobs/blobs/run", None, who="member", status=403)
    finally:
        api.close()


def test_the_command_line_lists_jobs_with_their_errors(tmp_path):
    """From the metadata database, without a server."""
    settings = Settings(data=tmp_path)
    DataDirectory.at(tmp_path).create()
    metadata = open_metadata(settings)
    work = Work(errors=[OSError("no room")])
    JobRunner([work.job()], metadata, SystemClock()).step(threading.Event())
    metadata.close()
    shown = CliRunner().invoke(app, ["list", "--data", str(tmp_path), "--json"])
    assert shown.exit_code == 0, shown.output
    [row] = json.loads(shown.output)
    assert (row["name"], row["state"], row["result"]) == ("tidy", "failed", "OSError: no room")
