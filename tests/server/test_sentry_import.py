"""`amber import sentry`: dumps and pages of Sentry's API become events with their ids, times and states."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.errors import UserError
from engine.ids import default_issue_id
from engine.metadata import IssueChange, MetadataStore, NewIssue
from ingest.import_notes import ImportNotes
from ingest.sentry_export import LeftOut, read_document
from server.sentry_api import SentryApi
from server.sentry_import import SentryImport, documents_of
from server.sentry_pages import event_pages
from server.sentry_states import change_of, decisive
from tests.ingest.helpers import NOW_NS, processed, snapshot
from tests.metadata import upgraded
from tests.server.sentry_documents import DAY_NS, api_event, api_issue, api_summary, backup

ISSUE = api_issue()


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[ImportNotes]:
    """Notes of a new directory."""
    opened = ImportNotes(tmp_path / "state" / "imports.sqlite3")
    yield opened
    opened.close()


def importing(notes: ImportNotes, **project: Any) -> SentryImport:
    return SentryImport(1, snapshot(**project), NOW_NS, notes)


def rows_of(into: SentryImport, documents: list[Any]) -> list[dict[str, Any]]:
    into.add_issues(documents)
    units = [unit for chunk in into.chunks(documents) for unit in chunk]
    return processed(*(unit.record(1, NOW_NS) for unit in units)).rows["errors"]


def test_an_event_of_the_api_is_the_event_a_client_had_sent(notes: ImportNotes) -> None:
    """Ids, times, frames in order, tags with a place of their own, and the short id of its issue."""
    [row] = rows_of(importing(notes), [ISSUE, api_event(1)])
    assert (row["event_id"], row["timestamp"]) == (f"{1:032x}", (NOW_NS - DAY_NS) // 1000)
    assert (row["title"], row["release"], row["environment"], row["level"]) == (
        "KeyError: 'a'",
        "shop@1.2",
        "prod",
        "error",
    )
    assert (row["stack_functions"], row["stack_linenos"], row["stack_in_app"]) == (["price"], [7], [True])
    assert (row["error_handled"], row["user_id"], row["http_url"]) == (False, "7", "https://shop/cart")
    assert row["tags"] == {"team": "x", "handled": "no", "sentry.issue": "SHOP-1A"}
    payload = json.loads(row["payload"])
    [exception] = payload["exception"]["values"]
    frame = exception["stacktrace"]["frames"][0]
    assert (frame["context_line"], frame["pre_context"]) == ("    return prices[sku]", ["def price(sku):"])
    assert exception["raw_stacktrace"]["frames"][0]["function"] == "p"
    assert (payload["extra"], payload["modules"]) == ({"attempt": 3}, {"flask": "3.1"})
    assert payload["breadcrumbs"]["values"][0]["data"] == {"url": "/prices", "status_code": 200}


def test_an_event_that_is_no_error_of_code_keeps_the_words_it_is_titled_by(notes: ImportNotes) -> None:
    """Issues Sentry detects by itself have an occurrence in place of an exception."""
    told = api_event(1, type="generic", entries=[], title="N+1 Query", occurrence={"issueTitle": "N+1 Query"})
    assert [row["title"] for row in rows_of(importing(notes), [told])] == ["N+1 Query"]


def test_times_are_kept_within_the_retention_and_older_events_are_said(notes: ImportNotes) -> None:
    """Not moved into the last thirty days, as what clients send is."""
    into = importing(notes, retention_days=90)
    rows = rows_of(into, [api_event(1, days_old=60), api_event(2, days_old=100)])
    assert [row["timestamp"] for row in rows] == [(NOW_NS - 60 * DAY_NS) // 1000]
    assert (into.report.events, into.report.too_old) == (1, 1)


def test_what_is_no_event_to_store_is_left_out_and_said_by_kind(notes: ImportNotes) -> None:
    """A summary above all: taken for the event, it would keep the whole one out later."""
    own = {"event_id": f"{3:032x}", "type": "error", "message": "hello", "timestamp": NOW_NS / 1e9 - 5}
    others = [
        *(api_event(4, type="transaction"), api_summary(5), api_summary(6, "transaction"), {"hello": 1}),
        *({"event_id": f"{7:032x}", "type": "transaction"}, "text", *backup()),
    ]
    into = importing(notes)
    assert [row["message"] for row in rows_of(into, [own, *others])] == ["hello"]
    assert into.report.left_out == {
        LeftOut.TRANSACTION: 3,
        LeftOut.SUMMARY: 1,
        LeftOut.BACKUP: 2,
        LeftOut.UNKNOWN: 2,
    }


@pytest.mark.parametrize("form", ["list", "lines", "pretty", "gzip"])
def test_dumps_come_in_every_form(tmp_path: Path, notes: ImportNotes, form: str) -> None:
    """Told apart by content; what cannot be read is said with what to do."""
    documents = [ISSUE, api_event(1)] if form != "pretty" else [api_event(1)]
    texts = {
        "list": json.dumps(documents),
        "gzip": json.dumps(documents),
        "lines": "\n".join(json.dumps(one) for one in documents),
        "pretty": json.dumps(documents[0], indent=2),
    }
    dumps = tmp_path / "dumps"
    dumps.mkdir()
    path = dumps / "dump.json"
    path.write_bytes(gzip.compress(texts[form].encode()) if form == "gzip" else texts[form].encode())
    into = importing(notes)
    assert list(documents_of([dumps], into.report)) == json.loads(json.dumps(documents))
    (dumps / "broken.json").write_text("{")
    with tarfile.open(dumps / "export.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("export.json"), io.BytesIO())
    list(documents_of([dumps], into.report))
    assert [(found.name, "archive" in reason) for found, reason in into.report.problems] == [
        ("broken.json", False),
        ("export.tar", True),
    ]


RELEASED = {"in": "release", "release": "shop@2"}


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ({"status": "unresolved", "substatus": "ongoing"}, IssueChange()),
        ({"status": "resolved"}, IssueChange("resolved", "", condition={})),
        ({"statusDetails": {"inRelease": "shop@2"}}, IssueChange("resolved", "", condition=RELEASED)),
        (
            {"statusDetails": {"inNextRelease": True, "actor": {"id": "1"}}},
            IssueChange("resolved", "", condition={"in": "next_release", "release": "shop@9"}),
        ),
        (
            {"status": "resolvedInNextRelease"},
            IssueChange("resolved", "", condition={"in": "next_release", "release": "shop@9"}),
        ),
        (
            {"statusDetails": {"inCommit": {"id": "abc123", "repository": {"name": "acme/shop"}}}},
            IssueChange("resolved", "", condition={"in": "commit", "commit": "abc123"}),
        ),
        ({"status": "ignored", "substatus": "archived_forever"}, IssueChange("ignored", "forever", condition={})),
        (
            {"status": "ignored", "substatus": "archived_until_escalating"},
            IssueChange("ignored", "until_escalating", condition={}),
        ),
        (
            {"status": "ignored", "statusDetails": {"ignoreCount": 10, "ignoreWindow": 60}},
            IssueChange("ignored", "until_condition_met", condition={"until": "events", "count": 10, "window_s": 3600}),
        ),
        (
            {"status": "ignored", "statusDetails": {"ignoreUserCount": 5, "ignoreUserWindow": None}},
            IssueChange("ignored", "until_condition_met", condition={"until": "users", "count": 5}),
        ),
        (
            {"status": "ignored", "statusDetails": {"ignoreUntil": "2100-01-01T00:00:00Z"}},
            IssueChange(
                "ignored", "until_condition_met", condition={"until": "date", "date": "2100-01-01T00:00:00+00:00"}
            ),
        ),
        ({"status": "ignored", "statusDetails": {"ignoreUntil": "2001-01-01T00:00:00Z"}}, IssueChange()),
    ],
)
def test_states_come_with_what_they_depend_on(told: dict[str, Any], change: IssueChange) -> None:
    """As `statusDetails` and `substatus` are documented."""
    issue = read_document(api_issue(priority=None, **told))
    assert not isinstance(issue, LeftOut)
    found = change_of(issue, "shop@9", datetime.fromtimestamp(NOW_NS / 1e9, UTC))  # type: ignore[arg-type]
    assert (found, found.condition) == (change, change.condition)


@pytest.mark.parametrize(
    ("statuses", "kept"),
    [
        (["resolved", "unresolved", "ignored"], "unresolved"),
        (["ignored", "resolved"], "resolved"),
        (["ignored"], "ignored"),
    ],
)
def test_of_several_issues_that_are_one_here_the_most_open_decides(statuses: list[str], kept: str) -> None:
    """What is still open there is not closed here."""
    issues = [read_document(api_issue(number, status=status)) for number, status in enumerate(statuses)]
    assert decisive(issues).status == kept  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "assignee"),
    [
        (None, ""),
        ({"type": "user", "id": "1", "name": "Ann", "email": "Ann@acme.example"}, "user:Ann@acme.example"),
        ({"type": "team", "id": "2", "name": "core"}, "team:core"),
        ({"id": "1", "username": "ann", "email": "ann@acme.example", "isActive": True}, "user:ann@acme.example"),
        ("user:1", ""),
    ],
)
def test_assignees_are_read_in_every_form_they_are_told_in(told: Any, assignee: str) -> None:
    issue = read_document(api_issue(assignedTo=told))
    assert getattr(issue, "assignee", None) == assignee


def test_issues_have_the_state_and_the_person_they_had_there(tmp_path: Path, notes: ImportNotes) -> None:
    """By what their events are grouped into; what became of them here since stays, also when importing again."""
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path}/meta.sqlite3"))
    metadata.create_organisation("org", "Org")
    metadata.create_user("ann@acme.example", name="Ann")
    project = metadata.create_project("shop")
    documents = [api_event(1), api_event(2, group="43", entries=[], message="bye")]
    bob = {"type": "user", "id": "1", "name": "Bob", "email": "bob@acme.example"}
    ann = {**bob, "name": "Ann", "email": "Ann@acme.example"}
    issues = [api_issue(assignedTo=ann), api_issue(43, shortId="SHOP-2", status="unresolved", assignedTo=bob)]
    into = SentryImport(project.id, metadata.config_snapshot(), NOW_NS, notes)
    into.add_issues(issues)
    units = [unit for chunk in into.chunks(documents) for unit in chunk]
    pairs = []
    for unit in units:
        [row] = processed(unit.record(project.id, NOW_NS), config=metadata.config_snapshot()).rows["errors"]
        pairs.append((project.id, default_issue_id(project.id, row["fingerprint"])))
        seen = metadata.projects()[0].created_at
        metadata.ensure_issues([NewIssue(project.id, row["fingerprint"], pairs[-1][1], "E", "", "error", seen)])
    into.set_states(metadata)
    found = metadata.issues(pairs)
    assert [(found[pair].status, found[pair].assignee) for pair in pairs] == [
        ("resolved", "user:ann@acme.example"),
        ("unresolved", ""),
    ]
    assert (into.report.states, into.report.assigned, into.report.strangers) == (1, 1, {"user:bob@acme.example": 1})

    metadata.set_issue_status(project.id, pairs[0][1], "unresolved")
    again = SentryImport(project.id, metadata.config_snapshot(), NOW_NS, notes)
    again.add_issues(issues)
    assert [unit for chunk in again.chunks(documents) for unit in chunk] == []
    again.set_states(metadata)
    assert metadata.issues(pairs)[pairs[0]].status == "unresolved"
    assert (again.report.known, again.report.states) == (2, 0)
    metadata.close()


def test_an_import_that_was_stopped_brings_the_rest_and_knows_what_was_brought(notes: ImportNotes) -> None:
    """What was handed over is noted when the next is asked for; a chunk that was not is handed over again."""
    first = importing(notes)
    chunks = first.chunks([api_event(1), api_event(2)])
    assert len(next(chunks)) == 2
    del chunks
    documents = [api_event(number) for number in (1, 2, 3)]
    assert len(rows_of(importing(notes), documents)) == 3
    assert rows_of(importing(notes), documents) == []
    notes.forget(1)
    assert len(rows_of(importing(notes), documents)) == 3


class Sentry(BaseHTTPRequestHandler):
    """Answers events page by page, the newest first; its pages are told to be on another host, as behind a proxy."""

    asked: list[str] = []  # noqa: RUF012 - of the one test
    events: list[dict[str, Any]] = []  # noqa: RUF012 - of the one test
    refuse_once = False
    page = 2

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.headers["Authorization"] != "Bearer secret":
            self.send_error(401)
            return
        if "/gone/" in self.path:
            self.send_error(404)
            return
        cursor = parse_qs(urlsplit(self.path).query).get("cursor", ["0:0:0"])[0]
        if cursor != "0:0:0" and Sentry.refuse_once:
            Sentry.refuse_once = False
            self.send_response(429)
            self.send_header("Retry-After", "3")
            self.end_headers()
            return
        start = int(cursor.split(":")[1])
        body = self.events[start : start + self.page]
        more = "true" if start + self.page < len(self.events) else "false"
        self.send_response(200)
        link = '<https://us.sentry.invalid/api/0/x/?a=1,2&cursor={0}>; rel="{1}"; results="{2}"; cursor="{0}"'
        previous, following = link.format("0:0:1", "previous", "false"), link.format(f"0:{start + 2}:0", "next", more)
        self.send_header("Link", f"{previous}, {following}")
        if start == 0:
            self.send_header("X-Sentry-Rate-Limit-Remaining", "0")
            self.send_header("X-Sentry-Rate-Limit-Reset", "0")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode() if "/html/" not in self.path else b"<!doctype html>")

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def sentry() -> Iterator[str]:
    """Address of the stand-in."""
    Sentry.asked.clear()
    Sentry.refuse_once = True
    Sentry.events = [api_event(number, days_old=10 - number) for number in (5, 4, 3, 2, 1)]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sentry)
    threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ids(pages: Any) -> list[int]:
    return [int(document["eventID"], 16) for page in pages for document in page]


def test_the_api_is_read_page_by_page_and_rested_when_it_says_so(sentry: str, notes: ImportNotes) -> None:
    """Retry-After and an exhausted window are waited for; the token stays with the host that was named."""
    waits: list[float] = []
    api = SentryApi(f"{sentry}/api/0/projects/acme/shop/", "secret", waits.append)
    assert ids(event_pages(api, notes, 1)) == [5, 4, 3, 2, 1]
    assert waits == [1.0, 3.0]
    assert Sentry.asked[0] == "/api/0/projects/acme/shop/events/?full=1"
    assert ids(page.documents for page in api.events("0:4:0")) == [1]


def test_reading_the_api_goes_on_where_it_was_stopped(sentry: str, notes: ImportNotes) -> None:
    """And reads what came since it was begun; a page that may not have been stored is read again."""
    api = SentryApi(f"{sentry}/acme/shop", "secret", lambda _: None)
    pages = event_pages(api, notes, 1)
    assert ids([next(pages), next(pages)]) == [5, 4, 3, 2]
    del pages
    Sentry.events.insert(0, api_event(6, days_old=3))
    assert ids(event_pages(api, notes, 1)) == [4, 3, 2, 1, 6, 5, 4, 3]
    Sentry.asked.clear()
    assert ids(event_pages(api, notes, 1)) == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("path", "token", "said", "hint"),
    [
        ("acme/shop", "wrong", "401", "Auth Tokens"),
        ("acme/gone", "secret", "404", "organisation and project"),
        ("acme/html", "secret", "no JSON", "address of a Sentry"),
    ],
)
def test_what_the_api_refuses_is_told_with_what_to_do(sentry: str, path: str, token: str, said: str, hint: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        list(SentryApi(f"{sentry}/api/0/projects/{path}/", token, lambda _: None).issues())
    assert hint in refused.value.hint


@pytest.mark.parametrize("url", ["https://sentry.io/", "ftp://x/a/b", "https://sentry.io/api/0/organizations/acme/"])
def test_a_url_of_no_project_is_said(url: str) -> None:
    """With the form it should have."""
    with pytest.raises(UserError, match="/api/0/projects/"):
        SentryApi(url, "secret")


@pytest.mark.parametrize("path", ["/api/0/projects/acme/shop/issues/", "/acme/shop", "/acme/projects/shop/"])
def test_a_url_of_a_project_is_taken_in_every_form_people_copy(path: str) -> None:
    assert SentryApi(f"https://sentry.example{path}", "x").base == "https://sentry.example/api/0/projects/acme/shop"
    behind = SentryApi("https://example/sentry/api/0/projects/acme/shop/", "x")
    assert behind.base == "https://example/sentry/api/0/projects/acme/shop"
