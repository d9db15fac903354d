"""Reports: made once for a period, mailed once to each recipient whatever happens in between, and read as texts."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from engine.clock import FixedClock
from engine.errors import UserError
from engine.metadata import MetadataStore
from engine.reports import MailState, ReportKey, Rhythm, ScheduleRow, ScheduleWanted
from server.http.documents.reports import StoredReport
from server.reports.job import Parts, ReportJob
from server.reports.mail import mail_of, message_id
from server.reports.periods import due, next_due
from server.reports.regressions import regressions
from server.reports.sending import MailServer, Sending
from server.reports.telling import as_html, as_markdown
from tests.metadata import upgraded
from tests.server.api import build_api

ROOT = Path(__file__).parents[2]
HOSTILE = "<img src=x onerror=alert(1)> | [x](javascript:alert(2))\r\nBcc: everybody@example.org"
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
PEOPLE = ("ann@example.org", "bob@example.org", "eve@example.org")


def _document(**more):
    values = [1.0, None, 3.5, 2.0]
    chart = {"key": "errors", "title": HOSTILE, "unit": "", "start": "2026-02-25T07:00:00Z", "step_s": 3600.0,
             "values": values, "window": None, "onset": None}  # fmt: skip
    issue = {"id": "SHOP-1", "title": HOSTILE, "culprit": "", "level": "error", "events": 3, "users": 2,
             "first_seen": "2026-02-25T07:00:00Z", "last_seen": "2026-02-25T07:00:00Z"}  # fmt: skip
    return {
        "version": 1, "name": HOSTILE, "project": "shop", "missed": 0,
        "period": {"start": "2026-02-25T07:00:00Z", "end": "2026-03-04T07:00:00Z"},
        "numbers": [{"name": "errors", "unit": "", "before": None, "after": 12.0}], "charts": [chart],
        "issues": {"escalating": [], "regressed": [], "new": [issue]}, "causes": [], "regressions": [],
        "regressions_total": 0, "notes": [], "made_at": "2026-03-04T12:00:00Z", "elapsed_ms": 1.0, **more,
    }  # fmt: skip


class _Maker:
    """Makes the same report each time, and counts."""

    def __init__(self) -> None:
        self.wanted = []

    @contextmanager
    def opened(self):
        yield self

    def make(self, _who, wanted):
        self.wanted.append(wanted)
        return _document(missed=wanted.missed)


class _Mailbox:
    """What a mail server took; `before_answer` runs when it has a mail and has not said so."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.refuse: dict[str, str] = {}
        self.before_answer = lambda _recipient: None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append((envelope.rcpt_tos[0], envelope.content))
        self.before_answer(envelope.rcpt_tos[0])
        return "250 OK"

    @property
    def recipients(self):
        return [recipient for recipient, _ in self.mails]


@pytest.fixture
def mailbox():
    """A mail server on a free port, in a thread of its own."""
    box = _Mailbox()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opening = loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result(60)
    box.port = server.sockets[0].getsockname()[1]
    yield box

    async def end():
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(60)
    loop.close()


@pytest.fixture
def metadata(tmp_path):
    """A database with a project, at a time that stands still."""
    store = upgraded(MetadataStore(f"sqlite:///{tmp_path / 'meta.sqlite3'}", FixedClock(NOW)))
    store.create_organisation("default")
    store.create_project("shop")
    yield store
    store.close()


def _scheduled(metadata, *recipients, at=NOW - timedelta(days=8)):
    metadata._clock = FixedClock(at)
    row = metadata.add_report_schedule(1, ScheduleWanted(HOSTILE, Rhythm.WEEKLY, 2, 7, "UTC", recipients), "test")
    metadata._clock = FixedClock(NOW)
    return row


def _server(port):
    return MailServer("127.0.0.1", port, "none", "", "", "Amber <amber@example.org>")


def _job(metadata, port, maker, lease=timedelta(minutes=5)):
    parts = Parts(metadata, FixedClock(NOW), maker.opened, _server(port), "https://amber.example", lease)
    return ReportJob(parts)


def test_a_report_is_made_once_for_a_period_and_mailed_once_to_everybody(metadata, mailbox):
    """The second run finds nothing to do; every mail has its own Message-ID, and pictures that need no network."""
    _scheduled(metadata, *PEOPLE)
    maker = _Maker()
    assert _job(metadata, mailbox.port, maker).run(lambda: False) == "1 reports made, 3 mails sent"
    assert _job(metadata, mailbox.port, maker).run(lambda: False) == ""
    assert sorted(mailbox.recipients) == sorted(PEOPLE)
    assert len(maker.wanted) == 1
    (wanted,) = maker.wanted
    assert (wanted.start, wanted.end) == (datetime(2026, 2, 25, 7, tzinfo=UTC), datetime(2026, 3, 4, 7, tzinfo=UTC))
    mails = [email.message_from_bytes(content, policy=email.policy.default) for _, content in mailbox.mails]
    assert len({mail["Message-ID"] for mail in mails}) == 3
    assert {mail["To"] for mail in mails} == set(PEOPLE)
    assert all(mail["Bcc"] is None for mail in mails)
    html = mails[0].get_body(("html",)).get_content()
    pictures = [part for part in mails[0].walk() if part.get_content_type() == "image/png"]
    assert len(pictures) == 1
    assert f'src="cid:{pictures[0]["Content-ID"].strip("<>")}"' in html
    assert pictures[0].get_content().startswith(b"\x89PNG")
    assert "<img src=x" not in html
    (report,) = metadata.reports([1])
    assert {mail.state for mail in metadata.report_mails(report.id)} == {MailState.SENT}


_KILLED = """
import sys
from datetime import timedelta
from engine.metadata import MetadataStore
from tests.server.test_reports import NOW, FixedClock, _Maker, _job
store = MetadataStore(f"sqlite:///{sys.argv[1]}", FixedClock(NOW))
_job(store, int(sys.argv[2]), _Maker()).run(lambda: False)
"""


def test_killed_half_way_and_resumed_nobody_gets_a_second_mail(metadata, mailbox, tmp_path):
    """The process dies when the server has the second mail and has not said so: that one is said to be in doubt."""
    _scheduled(metadata, *PEOPLE)
    reached, dead = threading.Event(), threading.Event()

    def before_answer(recipient):
        if recipient == PEOPLE[1]:
            reached.set()
            dead.wait(60)

    mailbox.before_answer = before_answer
    command = [sys.executable, "-c", textwrap.dedent(_KILLED), str(tmp_path / "meta.sqlite3"), str(mailbox.port)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "sdk")])}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        assert reached.wait(120), process.poll()
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    finally:
        dead.set()
        process.kill()
    (report,) = metadata.reports([1])
    states = {mail.recipient: mail.state for mail in metadata.report_mails(report.id)}
    assert states == dict(zip(PEOPLE, (MailState.SENT, MailState.HANDING, MailState.WAITING), strict=True))
    maker = _Maker()
    assert _job(metadata, mailbox.port, maker).run(lambda: False) == "", "the lease of the dead one holds"
    metadata._clock = FixedClock(NOW + timedelta(minutes=6))
    assert _job(metadata, mailbox.port, maker).run(lambda: False) == "0 reports made, 1 mails sent"
    assert sorted(mailbox.recipients) == sorted(PEOPLE)
    assert not maker.wanted, "what was made is what is sent"


def test_what_a_server_refuses_is_said_and_what_it_cannot_take_now_waits(metadata, mailbox):
    """A refusal for good is never tried again; one for now is, and so is a server that was away."""
    _scheduled(metadata, *PEOPLE)
    job = _job(metadata, 1, _Maker())
    assert "The mail server cannot be used" in job.run(lambda: False)
    mailbox.refuse = {PEOPLE[0]: "550 no such user", PEOPLE[1]: "451 try later"}
    assert (
        _job(metadata, mailbox.port, _Maker()).run(lambda: False)
        == "0 reports made, 1 mails sent, 1 refused, 451 try later"
    )
    mailbox.refuse = {}
    assert _job(metadata, mailbox.port, _Maker()).run(lambda: False) == "0 reports made, 1 mails sent"
    assert sorted(mailbox.recipients) == sorted(PEOPLE[1:])
    (report,) = metadata.reports([1])
    refused = metadata.report_mails(report.id)[0]
    assert (refused.state, refused.error) == (MailState.REFUSED, "550 no such user")


def test_two_processes_do_not_work_on_one_report(metadata, mailbox):
    """Whoever has the lease sends; the other leaves it alone until that ends."""
    _scheduled(metadata, PEOPLE[0])
    number = metadata.begin_report(ReportKey(1, NOW - timedelta(days=7), datetime(2026, 3, 4, 7, tzinfo=UTC), 1))
    assert metadata.claim_report(number, "other", timedelta(minutes=5))
    assert _job(metadata, mailbox.port, _Maker()).run(lambda: False) == ""
    assert not metadata.claim_report(number, "third", timedelta(minutes=5))
    metadata.release_report(number, "other")
    assert _job(metadata, mailbox.port, _Maker()).run(lambda: False) == "1 reports made, 1 mails sent"


def test_what_was_missed_during_a_stop_is_one_report_that_says_so(metadata, mailbox):
    """Not one for each week that nothing ran."""
    _scheduled(metadata, at=NOW - timedelta(days=30))
    maker = _Maker()
    _job(metadata, mailbox.port, maker).run(lambda: False)
    assert [wanted.missed for wanted in maker.wanted] == [4]
    assert "3 reports before it were not made" in as_markdown(_document(missed=3))


def _row(changed, **wanted):
    return ScheduleRow(1, 1, ScheduleWanted("r", **wanted), changed, "", changed)


def test_a_report_is_due_at_an_hour_of_the_wall():
    """Also where clocks change: a week may have an hour more or less, and the hour stays."""
    berlin = {"rhythm": Rhythm.WEEKLY, "weekday": 0, "hour": 8, "zone": "Europe/Berlin"}
    row = _row(datetime(2026, 3, 1, tzinfo=UTC), **berlin)
    found = due(row, None, datetime(2026, 3, 30, 6, tzinfo=UTC))
    assert found is not None
    assert (found.start, found.end) == (datetime(2026, 3, 23, 7, tzinfo=UTC), datetime(2026, 3, 30, 6, tzinfo=UTC))
    assert due(row, found.end, datetime(2026, 4, 6, 5, 59, tzinfo=UTC)) is None
    assert next_due(row.wanted, found.end) == datetime(2026, 4, 6, 6, tzinfo=UTC)
    assert due(_row(NOW, rhythm=Rhythm.DAILY), None, NOW + timedelta(hours=1)) is None, "nothing before it was set"
    assert due(_row(NOW, rhythm=Rhythm.DAILY, enabled=False), None, NOW + timedelta(days=3)) is None
    with pytest.raises(UserError, match="no time zone"):
        next_due(ScheduleWanted("r", zone="Atlantis/Capital"), NOW)


def test_hostile_titles_are_texts_in_every_form():
    """In the page, in Markdown, and in the subject of the mail, which is one line."""
    document = _document()
    page = as_html(document)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "](javascript" not in as_markdown(document).replace("\\]\\(", "")
    mail = mail_of(document, "https://amber.example")
    assert "\n" not in mail["Subject"]
    assert mail["Bcc"] is None
    assert (
        message_id(7, "A@example.org", "x")
        == message_id(7, "a@example.org", "x")
        != message_id(8, "a@example.org", "x")
    )


def test_the_password_of_the_mail_server_is_in_no_error(metadata, mailbox):
    """A server that lets nobody in is said to, without what was sent to it."""
    _scheduled(metadata, PEOPLE[0])
    number = metadata.begin_report(ReportKey(1, NOW - timedelta(days=7), NOW))
    row = metadata.make_report(number, _document(), [(PEOPLE[0], "<1@x>")])
    server = MailServer("127.0.0.1", mailbox.port, "none", "amber", "s3cret-word", "amber@example.org")
    sent = Sending(metadata, server, "").send(row, lambda: True)
    assert (sent.sent, sent.waiting) == (0, 1)
    assert "s3cret" not in sent.error
    assert sent.error


def test_a_transaction_is_worse_when_that_is_no_chance():
    """Slower in the middle and at the end, or failing more often by many standard errors; small numbers say nothing."""
    base = {"node": "shop", "transaction": "/buy", "before": 1000, "after": 1000}
    base |= {"failed_before": 10, "failed_after": 10, "p50_before": 50e6, "p50_after": 50e6}
    base |= {"p95_before": 100e6, "p95_after": 100e6}
    slower = {**base, "p50_after": 80e6, "p95_after": 190e6}
    assert [one["signal"] for one in regressions([slower])] == ["latency"]
    assert regressions([{**base, "p95_after": 190e6}]) == [], "a tail alone moves by chance"
    assert [one["signal"] for one in regressions([{**base, "failed_after": 60}])] == ["errors"]
    assert regressions([{**base, "failed_after": 15}]) == []
    assert regressions([{**slower, "before": 20}]) == []


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """A project with a new issue, and a release that made a transaction slower."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("reports"), 795_000)
    now = datetime.now(UTC).replace(microsecond=0)
    spans = []
    for number in range(240):
        new = number >= 120
        spans.append(
            {"project_id": built.a.id, "trace_id": f"{number + 1:032x}", "span_id": f"{number + 1:016x}",
             "payload": "{}", "is_segment": True,
             "timestamp": now - timedelta(hours=1 if new else 30) + timedelta(seconds=number),
             "service": "shop", "segment_name": "/buy", "name": "/buy", "status": "ok", "op": "http.server",
             "duration_ns": (300 if new else 50) * 10**6 + number, "release": "shop@2.0" if new else "shop@1.0"}
        )  # fmt: skip
    event_store.insert_rows("spans", rows_of("spans", spans))
    built.add_errors(built.a.id, [{"fingerprint": 5, "title": HOSTILE, "event_id": f"{n:032x}"} for n in range(6)])
    yield built
    built.close()


def test_a_report_tells_of_a_project_and_is_kept_with_its_mails(api, mailbox):
    """Numbers, charts, new issues with their causes, regressions; the stored one is the same in three forms."""
    object.__setattr__(api.services.settings, "smtp_host", "127.0.0.1")
    object.__setattr__(api.services.settings, "smtp_port", mailbox.port)
    object.__setattr__(api.services.settings, "smtp_security", "none")
    made = api.send("POST", "projects/shop/reports", {"range": "1d", "recipients": [PEOPLE[0]]}, status=201)
    document = made["document"]
    numbers = {one["name"]: (one["before"], one["after"]) for one in document["numbers"]}
    assert numbers["errors"] == (0, 6)
    assert numbers["transactions"] == (120, 120)
    assert [one["title"] for one in document["issues"]["new"]] == [HOSTILE]
    assert [one["subject"]["issue"] for one in document["causes"]] == [document["issues"]["new"][0]["id"]]
    assert [(one["transaction"], one["signal"]) for one in document["regressions"]] == [("/buy", "latency")]
    assert [one["title"] for one in document["charts"]][:2] == ["errors", "95th percentile of transactions"]
    assert [(mail["recipient"], mail["state"]) for mail in made["mails"]] == [(PEOPLE[0], "sent")]
    assert mailbox.recipients == [PEOPLE[0]]
    (listed,) = api.get("reports")["items"]
    assert listed == {name: made[name] for name in listed}
    assert api.get(f"reports/{made['id']}")["document"] == document
    StoredReport.model_validate(made)
    page = api.call("owner", "GET", f"/api/v1/reports/{made['id']}?format=html")
    assert page.mimetype == "text/html"
    assert "<img" not in page.text
    assert api.call("nobody", "GET", f"/api/v1/reports/{made['id']}").status_code in {403, 404}
    assert api.metadata.audit_page(None, 5, action="report.make")


def test_schedules_are_set_by_who_may_and_audited(api):
    """Made, changed, listed, let go; a viewer reads them and changes none."""
    body = {"name": "Week", "recipients": [PEOPLE[0], PEOPLE[0]], "zone": "Europe/Berlin", "hour": 8}
    made = api.send("POST", "projects/shop/report-schedules", body, status=201)
    assert made["recipients"] == [PEOPLE[0]]
    assert api.call("viewer", "POST", "/api/v1/projects/shop/report-schedules", body).status_code == 403
    changed = api.send("PUT", f"projects/shop/report-schedules/{made['id']}", {**body, "enabled": False})
    assert (changed["enabled"], changed["next"]) == (False, None)
    assert [one["id"] for one in api.get("report-schedules", "viewer")["items"]] == [made["id"]]
    for wrong in ({**body, "zone": "Atlantis"}, {**body, "recipients": ["a@b\r\nBcc: c@d"]}, {**body, "hour": 24}):
        assert api.call("owner", "POST", "/api/v1/projects/shop/report-schedules", wrong).status_code == 400
    other = api.call("owner", "DELETE", f"/api/v1/projects/vault/report-schedules/{made['id']}")
    assert other.status_code == 404
    assert api.call("owner", "DELETE", f"/api/v1/projects/shop/report-schedules/{made['id']}").status_code == 204
    assert api.get("report-schedules")["items"] == []
    done = [entry.action for entry in api.metadata.audit_page(None, 50) if entry.action.startswith("report-schedule")]
    assert done == ["report-schedule.delete", "report-schedule.change", "report-schedule.create"]


def test_the_map_of_a_release_tells_what_it_made_worse(api):
    """Against the release before it."""
    found = api.get("projects/shop/release/regressions?release=shop@2.0")
    assert found["compared"] == "shop@1.0"
    (worse,) = found["transactions"]
    assert (worse["transaction"], worse["signal"], worse["count_after"]) == ("/buy", "latency", 120)
    json.dumps(found, allow_nan=False)
