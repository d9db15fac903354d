"""The less usual doors: reports of browsers, crash reports, files, cron URLs, webhooks; limits of items and rates."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import hmac
import io
import json
import lzma
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from werkzeug.test import TestResponse

from engine.snapshot import RateLimitConfig
from ingest.handlers import Batch
from ingest.http import ENDPOINTS, NATIVE_ENDPOINTS
from tests.ingest.helpers import KEY, NOW_NS, SHARED, envelope, event_envelope, processed, snapshot, tally
from tests.ingest.sites import AUTH, Site

EVENT_ID = "1234567890abcdef1234567890abcdef"
DUMP = b"MDMP" + bytes(200)
CSP = {
    "document-uri": "https://shop.example/cart",
    "referrer": "https://shop.example/",
    "violated-directive": "script-src-elem",
    "effective-directive": "script-src-elem",
    "disposition": "enforce",
    "blocked-uri": "https://evil.example/x.js?y=1",
    "status-code": 200,
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The ingest port, with a project that takes webhooks."""
    found = Site(tmp_path, snapshot(webhook_secret="a secret of some length"))
    yield found
    found.close()


def batch_in(site: Site) -> Batch:
    return processed(*site.records())


def send_report(site: Site, body: Any, content_type: str, door: str = "security") -> TestResponse:
    path = f"/api/1/{door}/?sentry_key={KEY}&sentry_release=web%401.2&sentry_environment=prod"
    return site.client.post(
        path, data=json.dumps(body), headers={"Content-Type": content_type, "User-Agent": "Firefox"}
    )


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, *NATIVE_ENDPOINTS], ids=lambda endpoint: endpoint.name)
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_door_answers_both_spellings_and_preflights_with_cors(site: Site, endpoint: Any, slash: str) -> None:
    """A refusal too: a browser shows one without as a network failure."""
    values = {"project": "1", "event_id": EVENT_ID, "slug": "nightly", "key": "f" * 31 + "0", "dataset": "logs"}
    path = endpoint.rule
    for name, value in values.items():
        path = path.replace(f"<{name}>", value)
    for method in ("OPTIONS", *endpoint.methods, "DELETE"):
        answer = site.client.open(path + slash, method=method)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.status_code == {"OPTIONS": 200, "DELETE": 405}.get(method, answer.status_code)
        assert answer.status_code not in {301, 302, 307, 308, 404}
        if method in endpoint.methods:
            assert answer.status_code in {400, 401, 403, 415}


def test_an_unknown_path_is_404_with_cors(site: Site) -> None:
    """In the protocol's own form."""
    answer = site.client.post("/api/1/hologram/")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, "*")
    assert answer.headers["X-Sentry-Error"].startswith("Not Found")


REPORTS: dict[str, tuple[Any, str, str, str, str]] = {
    "csp": ({"csp-report": CSP}, "application/csp-report", "csp", "Blocked script from 'evil.example'", "error"),
    "inline, only reported": (
        {"csp-report": {**CSP, "blocked-uri": "inline", "disposition": "report"}},
        "application/csp-report",
        "csp",
        "Blocked inline script",
        "warning",
    ),
    "own host": (
        {"csp-report": {**CSP, "blocked-uri": "https://shop.example/a.png", "effective-directive": "img-src"}},
        "application/json",
        "csp",
        "Blocked image from 'self'",
        "error",
    ),
    "data": (
        {"csp-report": {**CSP, "blocked-uri": "data", "effective-directive": "font-src"}},
        "application/csp-report",
        "csp",
        "Blocked font from 'data'",
        "error",
    ),
    "reporting api": (
        [
            {
                "type": "csp-violation",
                "age": 1000,
                "url": "https://shop.example/cart",
                "body": {"blockedURL": "https://evil.example/x.js", "effectiveDirective": "script-src"},
            }
        ],
        "application/reports+json",
        "csp",
        "Blocked script from 'evil.example'",
        "error",
    ),
    "nel": (
        [
            {
                "type": "network-error",
                "url": "https://shop.example/api?token=1",
                "body": {"type": "http.error", "status_code": 502, "method": "GET", "phase": "application"},
            }
        ],
        "application/reports+json",
        "nel",
        "Network error http.error 502 at shop.example",
        "error",
    ),
    "deprecation": (
        [{"type": "deprecation", "url": "https://shop.example/", "body": {"id": "WebSQL", "message": "WebSQL goes."}}],
        "application/reports+json",
        "report",
        "deprecation: WebSQL goes.",
        "warning",
    ),
    "expect-ct": (
        {"expect-ct-report": {"hostname": "shop.example", "port": 443, "failure-mode": "enforce"}},
        "application/expect-ct-report+json",
        "expectct",
        "Expect-CT failed for 'shop.example'",
        "error",
    ),
    "expect-staple": (
        {"expect-staple-report": {"hostname": "shop.example", "response-status": "MISSING"}},
        "application/expect-staple-report",
        "expectstaple",
        "Expect-Staple failed for 'shop.example'",
        "error",
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_a_browser_is_an_error_with_a_title_one_understands(site: Site, name: str) -> None:
    """Its kind is the event type; release and environment come from the query."""
    body, content_type, kind, title, level = REPORTS[name]
    answer = send_report(site, body, content_type, "nel" if kind == "nel" else "csp-report")
    assert (answer.status_code, answer.get_data()) == (200, b"")
    batch = batch_in(site)
    [row] = batch.rows["errors"]
    assert (row["type"], row["title"], row["level"]) == (kind, title, level)
    assert (row["release"], row["environment"]) == ("web@1.2", "prod")
    assert json.loads(row["payload"])[kind]
    assert tally(batch)["accepted", "security", ""] == 1


def test_reports_of_one_cause_are_one_issue_whatever_the_address(site: Site) -> None:
    """Directive and host group; another host is another issue."""
    for uri in ("https://evil.example/x.js?y=1", "https://evil.example/y.js", "https://cdn.example/x.js"):
        send_report(site, {"csp-report": {**CSP, "blocked-uri": uri}}, "application/csp-report")
    counted = Counter(row["fingerprint"] for row in batch_in(site).rows["errors"])  # shards give them in any order
    assert sorted(counted.values()) == [1, 2]


def test_what_is_no_report_is_said_and_another_content_type_is_415(site: Site) -> None:
    """The first only after the 200: browsers read no answer."""
    assert send_report(site, {"hello": 1}, "application/csp-report").status_code == 200
    assert [letter.reason for letter in batch_in(site).dead] == ["report"]
    assert send_report(site, {"csp-report": CSP}, "text/html").status_code == 415
    assert (
        site.post(f"/api/1/security/?sentry_key={KEY}", b"nonsense", **{"Content-Type": "application/json"}).status_code
        == 400
    )


def test_reports_of_a_real_browser_become_rows(site: Site) -> None:
    """Chromium's own bodies."""
    captures = sorted((SHARED / "data" / "envelopes" / "browser-csp-chromium-156").glob("*.bin"))
    if not captures:
        pytest.skip("the captures of Chromium's reports are not here")
    for path in captures:
        said = json.loads(path.with_name(f"{path.stem}.headers.json").read_bytes())
        answer = site.client.post(said["path"], data=path.read_bytes(), headers=dict(said["headers"]))
        assert answer.status_code == 200
    titles = sorted(row["title"] for row in batch_in(site).rows["errors"])
    assert titles == [
        "Blocked eval script",
        "Blocked image from '127.0.0.1'",
        "Blocked script from '127.0.0.1'",
    ] or len(titles) == len(captures)


def form(**files: tuple[bytes, str]) -> dict[str, Any]:
    return {name: (io.BytesIO(content), filename) for name, (content, filename) in files.items()}


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress]
)
def test_a_minidump_comes_in_a_form_packed_or_not(site: Site, pack: Any) -> None:
    """The answer is the dashed id as plain text; the dump is an attachment, unpacked."""
    data = form(upload_file_minidump=(pack(DUMP), "crash.dmp"), log=(b"lines", "app.log"))
    data["sentry"] = json.dumps({"release": "native@1.0", "event_id": EVENT_ID})
    answer = site.client.post(f"/api/1/minidump/?sentry_key={KEY}", data=data, content_type="multipart/form-data")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert answer.get_data(as_text=True) == str(uuid.UUID(EVENT_ID))
    batch = batch_in(site)
    sizes = {row["name"]: row["size"] for row in batch.rows["attachments"]}
    assert sizes == {"crash.dmp": len(DUMP), "app.log": 5}
    assert [(row["event_id"], row["release"]) for row in batch.rows["errors"]] == [(EVENT_ID, "native@1.0")]


def test_a_bare_minidump_is_taken_and_what_is_none_is_400(site: Site) -> None:
    """Crashpad sends forms, some tools the file."""
    path = f"/api/1/minidump?sentry_key={KEY}"
    answer = site.client.post(path, data=DUMP, content_type="application/x-dmp")
    assert answer.status_code == 200
    assert uuid.UUID(answer.get_data(as_text=True))
    for body, kind in (
        (b"no dump", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"BZhbroken", "application/octet-stream"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"--x--", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
    ):
        assert site.client.post(path, data=body, content_type=kind).status_code == 400


def test_a_large_dump_is_a_blob_and_never_in_the_record(site: Site) -> None:
    """The record names it by its hash."""
    dump = b"MDMP" + bytes(6 * 1024 * 1024)
    # Written by hand: the test client would leave a temporary file of its own open.
    head = b'--x\r\nContent-Disposition: form-data; name="upload_file_minidump"; filename="crash.dmp"\r\n\r\n'
    body = head + dump + b"\r\n--x--\r\n"
    path = f"/api/1/minidump/?sentry_key={KEY}"
    assert site.client.post(path, data=body, content_type="multipart/form-data; boundary=x").status_code == 200
    [record] = site.records()
    assert len(record.body) < 10_000
    assert [blob.sha256 for blob in record.blobs] == [hashlib.sha256(dump).hexdigest()]
    assert site.waiting.older(float("inf")) == [blob.file for blob in record.blobs]
    assert list((site.root / "blobs" / ".incoming").iterdir()) == []


def test_crash_reporters_are_never_told_429(tmp_path: Path) -> None:
    """They would send the same dump again and again; it is dropped and counted."""
    site = Site(tmp_path, snapshot(rate_limits=(RateLimitConfig(0),)))
    for path in (f"/api/1/minidump/?sentry_key={KEY}", f"/api/1/unreal/{KEY}/"):
        assert site.client.post(path, data=DUMP).status_code == 200
    assert [r for r in site.records() if r.kind != "outcome"] == []
    assert site.refusals() == {(1, "rate_limited", "rate_limit"): 2}
    site.close()


def test_a_crash_report_of_unreal_is_kept_as_it_is(site: Site) -> None:
    """The key stands in the path."""
    answer = site.client.post(f"/api/1/unreal/{KEY}/?UserID=7", data=b"packed by the engine")
    assert answer.status_code == 200
    [row] = batch_in(site).rows["attachments"]
    assert (row["attachment_type"], row["size"]) == ("unreal.report", 20)
    assert site.client.post("/api/1/unreal/short/", data=b"x").status_code == 400


def test_files_may_come_after_their_event(site: Site) -> None:
    """201; the path names the event."""
    path = f"/api/1/events/{uuid.UUID(EVENT_ID)}/attachments/"
    data = form(screen=(b"png", "screen.png"), log=(b"lines", "app.log"))
    answer = site.client.post(path, data=data, headers=AUTH, content_type="multipart/form-data")
    assert answer.status_code == 201
    found = {(row["event_id"], row["name"]) for row in batch_in(site).rows["attachments"]}
    assert found == {(EVENT_ID, "screen.png"), (EVENT_ID, "app.log")}
    short = site.client.post(
        "/api/1/events/short/attachments/",
        data=form(log=(b"x", "x.log")),
        headers=AUTH,
        content_type="multipart/form-data",
    )
    assert [short.status_code, site.client.post(path, data=b"no form", headers=AUTH).status_code] == [400, 400]


@pytest.mark.parametrize(
    ("method", "path", "status", "duration"),
    [
        ("GET", f"/api/1/cron/nightly/{KEY}?status=in_progress", "in_progress", 0),
        ("POST", f"/api/1/cron/nightly/{KEY}/", "ok", 0),
        (
            "GET",
            f"/api/1/cron/nightly?sentry_key={KEY}&status=error&duration=1.5&environment=prod",
            "error",
            1_500_000_000,
        ),
    ],
)
def test_a_crontab_line_with_curl_is_a_check_in(site: Site, method: str, path: str, status: str, duration: int) -> None:
    """202, whatever the method; without a status it means ok."""
    answer = site.client.open(path, method=method)
    assert answer.status_code == 202
    [row] = batch_in(site).rows["check_ins"]
    assert (row["monitor"], row["status"], row["duration_ns"]) == ("nightly", status, duration)


def test_a_check_in_may_bring_its_monitors_configuration(site: Site) -> None:
    """In a JSON body; the query wins, and the id is told back."""
    config = {"schedule": {"type": "crontab", "value": "0 3 * * *"}, "timezone": "UTC"}
    body = json.dumps({"status": "error", "check_in_id": str(uuid.UUID(EVENT_ID)), "monitor_config": config})
    answer = site.client.post(f"/api/1/cron/nightly/{KEY}?status=ok", data=body)
    assert (answer.status_code, answer.json) == (202, {"id": EVENT_ID})
    [row] = batch_in(site).rows["check_ins"]
    assert (row["id"], row["status"], row["schedule"]) == (EVENT_ID, "ok", "0 3 * * *")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/api/1/cron/nightly/{KEY}?status=fine", 400),
        (f"/api/1/cron/nightly/{KEY}?duration=long", 400),
        (f"/api/1/cron/nightly/{KEY}?duration=inf", 400),
        (f"/api/1/cron/night%20ly/{KEY}", 400),
        (f"/api/1/cron/nightly/{'a' * 32}", 403),
        (f"/api/2/cron/nightly/{KEY}", 403),
        ("/api/1/cron/nightly", 401),
    ],
)
def test_wrong_check_ins_are_refused(site: Site, path: str, status: int) -> None:
    """With the reason."""
    assert site.client.get(path).status_code == status


def test_what_is_below_the_limit_is_taken_and_the_rest_is_429(tmp_path: Path) -> None:
    """A log is limited, the error beside it is not; client reports never are."""
    site = Site(tmp_path, snapshot(rate_limits=(RateLimitConfig(0, categories=("log_item",)),)))
    logs = json.dumps({"version": 2, "items": [{"body": "x"}, {"body": "y"}]}).encode()
    body = envelope(
        ({"type": "log", "item_count": 2, "content_type": "application/vnd.sentry.items.log+json"}, logs),
        ({"type": "event"}, b'{"message":"kept"}'),
        ({"type": "client_report"}, b'{"discarded_events":[]}'),
        event_id=EVENT_ID,
    )
    answer = site.post(data=gzip.compress(body), **(AUTH | {"Content-Encoding": "gzip"}))
    assert answer.status_code == 429
    assert answer.headers["X-Sentry-Rate-Limits"] == "60:log_item;log_byte:project:rate_limit"
    batch = batch_in(site)
    assert [row["message"] for row in batch.rows["errors"]] == ["kept"]
    assert not batch.rows["logs"]
    # A client that sends none of it is told beforehand, and not asked to stop everything.
    calm = site.post(data=event_envelope("a" * 32))
    assert (calm.status_code, calm.headers["X-Sentry-Rate-Limits"]) == (200, "60:log_item;log_byte:project:rate_limit")
    assert "Retry-After" not in calm.headers
    assert site.refusals() == {(1, "rate_limited", "rate_limit"): 2}
    site.close()


def test_attachments_go_with_the_event_that_is_limited(tmp_path: Path) -> None:
    """They are nothing without it."""
    site = Site(tmp_path, snapshot(rate_limits=(RateLimitConfig(0, categories=("error",)),)))
    body = envelope(({"type": "event"}, b'{"message":"x"}'), ({"type": "attachment", "length": 1}, b"x"))
    assert site.post(data=body).status_code == 429
    assert [r for r in site.records() if r.kind != "outcome"] == []
    site.close()


def test_a_bucket_fills_as_time_goes_and_each_key_may_have_its_own(tmp_path: Path) -> None:
    """60 a minute are one a second; a clock set back takes nothing away."""
    site = Site(tmp_path, snapshot(rate_limits=(RateLimitConfig(60, 60, ("error",), "key"),)))

    def sent(count: int) -> list[int]:
        return [site.post(data=event_envelope(uuid.uuid4().hex)).status_code for _ in range(count)]

    assert sent(61) == [200] * 60 + [429]
    site.clock.pass_s(1)
    assert sent(2) == [200, 429]
    site.clock.pass_s(-3600)
    assert sent(1) == [429]
    site.clock.pass_s(3600 + 120)
    assert sent(60) == [200] * 60
    site.close()


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([({"type": "event"}, b"{}")] * 2, 400),
        ([({"type": "attachment", "length": 1}, b"x")] * 31, 400),
        ([({"type": "attachment", "length": 1}, b"x")] * 30, 200),
        ([({"type": "span"}, b"{}")] * 26, 400),
        ([({"type": "session"}, b"{}")] * 60 + [({"type": "sessions"}, b"{}")] * 41, 400),
        ([({"type": "client_report", "length": 60_000}, b"x" * 60_000)] * 2, 413),
        ([({"type": "check_in", "length": 110_000}, b"x" * 110_000)], 413),
        ([({"type": "log", "item_count": 1, "length": 3_000_000}, b"x" * 3_000_000)], 413),
        ([({"type": "log", "item_count": 2, "length": 3_000_000}, b"x" * 3_000_000)], 200),
        ([({"type": "event", "length": 1_100_000}, b"x" * 1_100_000)], 413),
        ([({"type": "hologram", "length": 2_000_000}, b"x" * 2_000_000)], 200),
    ],
    ids=lambda value: f"{len(value)} {value[0][0]['type']}" if isinstance(value, list) else str(value),
)
def test_items_have_limits_of_number_and_size(site: Site, items: Any, status: int) -> None:
    """Numbers are 400, sizes 413, one by one and together (Relay's defaults)."""
    assert site.post(data=envelope(*items)).status_code == status


def sign(body: bytes, secret: str = "a secret of some length") -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


GITHUB: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "deployment_status": (
        {
            "deployment_status": {
                "state": "success",
                "updated_at": "2026-11-21T00:59:00Z",
                "target_url": "https://ci/1",
            },
            "deployment": {
                "id": 7,
                "sha": "c0ffee",
                "ref": "main",
                "environment": "production",
                "created_at": "2026-11-21T00:58:00Z",
                "creator": {"login": "ada"},
            },
            "repository": {"full_name": "shop/web"},
        },
        [
            {
                "kind": "deploy",
                "title": "Deploy main to production",
                "status": "succeeded",
                "author": "ada",
                "environment": "production",
                "after": "c0ffee",
                "link": "https://ci/1",
                "tags": {"repository": "shop/web", "ref": "main", "deployment": "7"},
            }
        ],
    ),
    "push": (
        {
            "ref": "refs/heads/main",
            "repository": {"full_name": "shop/web"},
            "commits": [
                {
                    "id": "a1",
                    "message": "Cart: faster\n\nTwice.",
                    "timestamp": "2026-11-21T01:55:00+01:00",
                    "url": "https://git/a1",
                    "author": {"name": "Ada", "username": "ada"},
                }
            ],
        },
        [
            {
                "kind": "commit",
                "title": "Cart: faster",
                "description": "Cart: faster\n\nTwice.",
                "author": "ada",
                "after": "a1",
            }
        ],
    ),
    "release": (
        {
            "action": "published",
            "release": {
                "tag_name": "v1.2",
                "name": "Cart",
                "published_at": "2026-11-21T00:59:00Z",
                "author": {"login": "ada"},
            },
            "repository": {"full_name": "shop/web"},
        },
        [{"kind": "release", "title": "Cart", "release": "v1.2", "author": "ada"}],
    ),
    "ping": ({"zen": "calm"}, []),
}


@pytest.mark.parametrize("event", GITHUB)
def test_what_github_tells_is_a_change_once_however_often_it_delivers(site: Site, event: str) -> None:
    """Signed with the project's secret; the project may be named by its short name."""
    told, expected = GITHUB[event]
    body = json.dumps(told).encode()
    headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": "d-1", "X-Hub-Signature-256": sign(body)}
    for _ in range(2):
        answer = site.client.post("/api/shop/webhooks/github", data=body, headers=headers)
        assert answer.status_code == 200
        assert answer.json is not None
        assert answer.json["accepted"] == len(expected)
    rows = batch_in(site).rows["changes"]
    assert [{name: row[name] for name in wanted} for row, wanted in zip(rows, expected, strict=True)] == expected


def test_what_gitlab_tells_is_a_change(site: Site) -> None:
    """Deployments, releases and commits, with its own spelling of times."""
    project = {"path_with_namespace": "shop/web"}
    deployed = {
        "object_kind": "deployment",
        "status": "failed",
        "status_changed_at": "2026-11-21 02:59:00 +0200",
        "environment": "staging",
        "ref": "main",
        "short_sha": "c0ffee",
        "user": {"username": "ada"},
        "project": project,
    }
    released = {
        "object_kind": "release",
        "action": "create",
        "tag": "v1",
        "name": "One",
        "project": project,
        "released_at": "2026-11-21 00:59:00 UTC",
    }
    commit = {"id": "a1", "message": "x", "timestamp": "2026-11-21T00:59:00Z", "author": {"name": "Ada"}}
    pushed = {"object_kind": "push", "ref": "refs/heads/main", "project": project, "commits": [commit]}
    headers = {"X-Gitlab-Token": "a secret of some length"}
    for told in (deployed, released, pushed, {"object_kind": "issue"}):
        assert site.client.post("/api/1/webhooks/gitlab/", json=told, headers=headers).status_code == 200
    rows = {row["kind"]: row for row in batch_in(site).rows["changes"]}
    assert (rows["deploy"]["status"], rows["deploy"]["environment"]) == ("failed", "staging")
    assert {row["timestamp"] for row in rows.values()} == {NOW_NS // 1_000_000 - 60_000}
    assert (rows["release"]["release"], rows["commit"]["author"]) == ("v1", "Ada")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/1/webhooks/github", {}),
        ("/api/1/webhooks/github", {"X-Hub-Signature-256": sign(b"{}", "another secret")}),
        ("/api/2/webhooks/github", {"X-Hub-Signature-256": sign(b"{}", "")}),
        ("/api/99/webhooks/gitlab", {"X-Gitlab-Token": ""}),
        ("/api/2/webhooks/gitlab", {"X-Gitlab-Token": ""}),
        ("/api/1/webhooks/gitlab", {"X-Gitlab-Token": "a secret of some lengtH"}),
    ],
)
def test_a_webhook_that_proves_nothing_is_403(site: Site, path: str, headers: dict[str, str]) -> None:
    """A project without a secret takes none, and an unknown one reads the same."""
    assert site.client.post(path, data=b"{}", headers=headers).status_code == 403
    assert [r for r in site.records() if r.kind != "outcome"] == []
