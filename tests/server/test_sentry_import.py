"""`amber import sentry`: dumps and pages of Sentry's API become events with their ids, times and states."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from engine.ids import default_issue_id
from engine.metadata import MetadataStore, NewIssue
from server.sentry_api import SentryApi
from server.sentry_import import SentryImport, documents_of
from tests.ingest.helpers import NOW_NS, processed, snapshot
from tests.metadata import upgraded

DAY_NS = 86_400 * 10**9
FRAME = {
    "filename": "cart.py",
    "absPath": "/srv/cart.py",
    "function": "price",
    "module": "cart",
    "lineNo": 7,
    "colNo": None,
    "inApp": True,
    "context": [[6, "def price(sku):"], [7, "    return prices[sku]"], [8, ""]],
    "vars": {"sku": "'a'"},
}


def api_event(number: int, days_old: float = 1, group: str = "42") -> dict[str, Any]:
    """An event as `/events/?full=1` tells it."""
    at_s = (NOW_NS - int(days_old * DAY_NS)) / 1e9
    return {
        "id": f"{number:032x}",
        "eventID": f"{number:032x}",
        "groupID": group,
        "type": "error",
        "title": "KeyError: 'a'",
        "message": "",
        "platform": "python",
        "dateCreated": at_s,
        "tags": [
            {"key": "level", "value": "error"},
            {"key": "environment", "value": "prod"},
            {"key": "team", "value": "x"},
        ],
        "user": {"id": "7", "email": None},
        "release": {"version": "shop@1.2"},
        "contexts": {"runtime": {"name": "CPython", "version": "3.11", "type": "runtime"}},
        "entries": [
            {
                "type": "exception",
                "data": {
                    "values": [
                        {
                            "type": "KeyError",
                            "value": "'a'",
                            "mechanism": {"type": "generic", "handled": False},
                            "stacktrace": {"frames": [FRAME]},
                        }
                    ]
                },
            },
            {"type": "request", "data": {"url": "https://shop/cart", "method": "GET", "query": [["q", "1"]]}},
        ],
    }


ISSUE = {"id": "42", "shortId": "SHOP-1A", "status": "resolved", "title": "KeyError", "priority": "high"}


def importing(**project: Any) -> SentryImport:
    return SentryImport(1, snapshot(**project), NOW_NS)


def rows_of(into: SentryImport, documents: list[Any]) -> list[dict[str, Any]]:
    into.add_issues(documents)
    units = [unit for chunk in into.chunks(documents) for unit in chunk]
    return processed(*(unit.record(1, NOW_NS) for unit in units)).rows["errors"]


def test_an_event_of_the_api_is_the_event_a_client_had_sent() -> None:
    """Ids, times, frames in order, tags with a place of their own, and the short id of its issue."""
    [row] = rows_of(importing(), [ISSUE, api_event(1)])
    assert (row["event_id"], row["timestamp"]) == (f"{1:032x}", (NOW_NS - DAY_NS) // 1000)
    assert (row["title"], row["release"], row["environment"], row["level"]) == (
        "KeyError: 'a'",
        "shop@1.2",
        "prod",
        "error",
    )
    assert (row["stack_functions"], row["stack_linenos"], row["stack_in_app"]) == (["price"], [7], [True])
    assert (row["error_handled"], row["user_id"], row["http_url"]) == (False, "7", "https://shop/cart")
    assert row["tags"] == {"team": "x", "sentry.issue": "SHOP-1A"}
    frame = json.loads(row["payload"])["exception"]["values"][0]["stacktrace"]["frames"][0]
    assert (frame["context_line"], frame["pre_context"]) == ("    return prices[sku]", ["def price(sku):"])


def test_times_are_kept_within_the_retention_and_older_events_are_said() -> None:
    """Not moved into the last thirty days, as what clients send is."""
    into = importing(retention_days=90)
    rows = rows_of(into, [api_event(1, days_old=60), api_event(2, days_old=100)])
    assert [row["timestamp"] for row in rows] == [(NOW_NS - 60 * DAY_NS) // 1000]
    assert (into.report.events, into.report.too_old) == (1, 1)


def test_an_event_of_its_own_json_is_taken_as_it_is_and_transactions_are_left_out() -> None:
    """They are counted."""
    into = importing()
    own = {"event_id": f"{3:032x}", "type": "error", "message": "hello", "timestamp": NOW_NS / 1e9 - 5}
    rows = rows_of(into, [own, {**api_event(4), "type": "transaction"}, {"hello": 1}])
    assert [row["message"] for row in rows] == ["hello"]
    assert into.report.other == 2


@pytest.mark.parametrize("form", ["list", "lines", "pretty", "gzip"])
def test_dumps_come_in_every_form(tmp_path: Path, form: str) -> None:
    """Told apart by content."""
    documents = [ISSUE, api_event(1)] if form != "pretty" else [api_event(1)]
    texts = {
        "list": json.dumps(documents),
        "gzip": json.dumps(documents),
        "lines": "\n".join(json.dumps(one) for one in documents),
        "pretty": json.dumps(documents[0], indent=2),
    }
    path = tmp_path / "dump.json"
    path.write_bytes(gzip.compress(texts[form].encode()) if form == "gzip" else texts[form].encode())
    into = importing()
    assert list(documents_of([tmp_path], into.report)) == json.loads(json.dumps(documents))
    (tmp_path / "broken.json").write_text("{")
    list(documents_of([tmp_path], into.report))
    assert [found.name for found, _ in into.report.problems] == ["broken.json"]


def test_issues_that_were_resolved_there_are_resolved_here(tmp_path: Path) -> None:
    """By what their events are grouped into; what was changed here stays."""
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path}/meta.sqlite3"))
    metadata.create_organisation("org", "Org")
    project = metadata.create_project("shop")
    into = SentryImport(project.id, metadata.config_snapshot(), NOW_NS)
    into.add_issues([ISSUE])
    [unit] = [unit for chunk in into.chunks([api_event(1)]) for unit in chunk]
    record = unit.record(project.id, NOW_NS)
    [row] = processed(record, config=metadata.config_snapshot()).rows["errors"]
    issue_id = default_issue_id(project.id, row["fingerprint"])
    seen = NewIssue(
        project.id, row["fingerprint"], issue_id, "KeyError", "", "error", metadata.projects()[0].created_at
    )
    metadata.ensure_issues([seen])
    into.set_states(metadata)
    pair = (project.id, issue_id)
    assert (metadata.issues([pair])[pair].status, into.report.states) == ("resolved", 1)
    metadata.set_issue_status(project.id, issue_id, "ignored")
    into.set_states(metadata)
    assert metadata.issues([pair])[pair].status == "ignored"
    metadata.close()


class Sentry(BaseHTTPRequestHandler):
    """Two pages of events; the second request is told to wait once."""

    asked: list[str] = []  # noqa: RUF012 - of the one test
    refused = False

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.headers["Authorization"] != "Bearer secret":
            self.send_error(401)
            return
        if "cursor" in self.path and not Sentry.refused:
            Sentry.refused = True
            self.send_response(429)
            self.send_header("Retry-After", "3")
            self.end_headers()
            return
        more = "false" if "cursor" in self.path else "true"
        base = f"http://{self.headers['Host']}{self.path.partition('&cursor')[0]}"
        self.send_response(200)
        self.send_header("Link", f'<{base}>; rel="previous"; results="false"; cursor="0:0:1", '
                         f'<{base}&cursor=0:100:0>; rel="next"; results="{more}"; cursor="0:100:0"')  # fmt: skip
        if more == "true":
            self.send_header("X-Sentry-Rate-Limit-Remaining", "0")
            self.send_header("X-Sentry-Rate-Limit-Reset", "0")
        self.end_headers()
        self.wfile.write(json.dumps([api_event(len(self.asked))]).encode())

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def sentry() -> Iterator[str]:
    """Address of the stand-in."""
    Sentry.asked.clear()
    Sentry.refused = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sentry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_api_is_read_page_by_page_and_rested_when_it_says_so(sentry: str) -> None:
    """Retry-After and an exhausted window are waited for."""
    waits: list[float] = []
    api = SentryApi(f"{sentry}/api/0/projects/acme/shop/", "secret", waits.append)
    assert len(list(api.events())) == 2
    assert waits == [1.0, 3.0]
    assert Sentry.asked[0] == "/api/0/projects/acme/shop/events/?full=1"
    with pytest.raises(UserError, match="401"):
        list(SentryApi(f"{sentry}/acme/shop", "wrong", waits.append).issues())


@pytest.mark.parametrize("url", ["https://sentry.io/", "ftp://x/a/b", "https://sentry.io/api/0/organizations/acme/"])
def test_a_url_of_no_project_is_said(url: str) -> None:
    """With the form it should have."""
    with pytest.raises(UserError, match="/api/0/projects/"):
        SentryApi(url, "secret")
