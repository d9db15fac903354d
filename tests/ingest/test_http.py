"""The ingest routes over a real spool: authentication, statuses, bodies, CORS, limits, what is on disk at the 200."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from engine.errors import StateError
from engine.snapshot import ConfigSnapshot, LimitConfig
from engine.spool import SpoolFull, SpoolReader
from ingest.encodings import decompress
from ingest.http import blueprint, create_app, http_error
from ingest.limits import IngestLimits
from ingest.ports import FixedSnapshot
from ingest.records import RawRecord, decode_counts, decode_raw
from ingest.sink import ShardedSink
from tests.ingest.helpers import KEY, OTHER_KEY, REVOKED_KEY, envelope, event_envelope, snapshot

AUTH = {"X-Sentry-Auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=test/1"}
EVENT_ID = "1234567890abcdef1234567890abcdef"


class Installation:
    """The application over a spool in a directory; `flask_only` without the short cut past Flask."""

    def __init__(
        self, root: Path, config: ConfigSnapshot, limits: IngestLimits | None = None, *, flask_only: bool = False
    ) -> None:
        self.root = root
        self.sink = ShardedSink(root / "raw", 2)
        app, self.edge = create_app(self.sink, FixedSnapshot(config), limits)
        if flask_only:
            app = Flask("flask only")
            app.register_blueprint(blueprint(self.edge))
            app.register_error_handler(HTTPException, http_error)
        self.client: FlaskClient = app.test_client()

    def post(self, path: str = "/api/1/envelope/", data: bytes = b"{}\n", **headers: str) -> TestResponse:
        return self.client.post(path, data=data, headers=headers or AUTH)

    def records(self) -> list[RawRecord]:
        found = [r for shard in (0, 1) for r in SpoolReader(self.root / "raw" / str(shard)).read(None)]
        return [decode_raw(r.payload) for r in found]

    def refusals(self) -> dict[tuple[int, str, str], int]:
        self.edge.close()
        counts = [c for r in self.records() if r.kind == "outcome" for c in decode_counts(r.body)]
        return {(c.project_id, c.outcome, c.reason): c.quantity for c in counts}

    def close(self) -> None:
        self.edge.close()
        self.sink.close()


@pytest.fixture(params=[False, True], ids=["short cut", "flask"])
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Both ways a request can take: they must answer alike."""
    installation = Installation(tmp_path, snapshot(), flask_only=request.param)
    yield installation
    installation.close()


def assert_cors(answer: TestResponse) -> None:
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-sentry-auth" in answer.headers["Access-Control-Allow-Headers"]
    assert "retry-after" in answer.headers["Access-Control-Expose-Headers"]


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("kind", ["envelope", "store"])
def test_both_spellings_of_a_path_are_answered_at_once(site: Installation, kind: str, slash: str) -> None:
    """A redirect would turn the POST into a GET."""
    body = event_envelope(EVENT_ID) if kind == "envelope" else json.dumps({"event_id": EVENT_ID}).encode()
    answer = site.post(f"/api/1/{kind}{slash}", body)
    assert (answer.status_code, answer.json) == (200, {"id": EVENT_ID})
    assert answer.content_type == "application/json"
    assert_cors(answer)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Sentry-Auth": f"Sentry sentry_key={KEY}, sentry_version=7"},
        {"X-Sentry-Auth": f"sentry sentry_version=7,sentry_client=x/1,sentry_key={KEY},sentry_secret=s"},
        {"X-Sentry-Auth": f"Sentry sentry_timestamp=1, sentry_version=5, sentry_key={KEY}"},
        {"X-Sentry-Auth": f"Sentry sentry_key={KEY.upper()}"},
        {"Authorization": f"Sentry sentry_key={KEY}, sentry_version=7"},
        {"Authorization": basic(KEY)},
        {"Authorization": basic(OTHER_KEY), "X-Sentry-Auth": f"Sentry sentry_key={KEY}"},
    ],
)
def test_every_header_form_of_authentication_is_accepted(site: Installation, headers: dict[str, str]) -> None:
    """Scheme in any case, commas with or without blanks, members in any order."""
    assert site.post(data=b"{}\n", **headers).status_code == 200


def test_the_query_authenticates(site: Installation) -> None:
    """Browsers and Node send nothing but the query."""
    answer = site.client.post(f"/api/1/envelope/?sentry_version=7&sentry_key={KEY}&sentry_client=a%2F1", data=b"{}\n")
    assert (answer.status_code, answer.json) == (200, {})


def test_the_dsn_of_a_tunnelled_envelope_authenticates(site: Installation) -> None:
    """A tunnel passes on the body alone."""
    body = envelope(({"type": "session"}, b"{}"), dsn=f"https://{KEY}@example.org:8701/sub/path/1")
    assert site.client.post("/api/1/envelope/", data=body).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "reason"),
    [
        ("/api/1/envelope/", {}, b"{}\n", 401, "no_credentials"),
        ("/api/1/store/", {}, b"{}", 401, "no_credentials"),
        ("/api/1/envelope/", {"X-Sentry-Auth": "Sentry sentry_version=7"}, b"{}\n", 401, "no_credentials"),
        ("/api/1/envelope/", {"Authorization": "Bearer abc"}, b"{}\n", 401, "no_credentials"),
        ("/api/1/envelope/", {"X-Sentry-Auth": f"Sentry sentry_key={'a' * 32}"}, b"{}\n", 403, "unknown_key"),
        ("/api/1/envelope/", {"X-Sentry-Auth": f"Sentry sentry_key={REVOKED_KEY}"}, b"{}\n", 403, "revoked_key"),
        ("/api/1/envelope/", {"X-Sentry-Auth": f"Sentry sentry_key={OTHER_KEY}"}, b"{}\n", 403, "wrong_project"),
        ("/api/99/envelope/", AUTH, b"{}\n", 403, "wrong_project"),
        ("/api/shop/envelope/", AUTH, b"{}\n", 400, "bad_project"),
        ("/api/1/envelope/", {"X-Sentry-Auth": "Sentry sentry_key=short"}, b"{}\n", 400, "bad_key"),
        (
            "/api/1/envelope/",
            {"X-Sentry-Auth": f"Sentry sentry_key={KEY}, sentry_version=9"},
            b"{}\n",
            400,
            "bad_protocol_version",
        ),
        ("/api/1/envelope/", AUTH, b'{"dsn":"https://%s@h/1"}\n' % OTHER_KEY.encode(), 400, "dsn_mismatch"),
        ("/api/1/envelope/", {}, b'{"dsn":"https://%s@h/2"}\n' % OTHER_KEY.encode(), 400, "dsn_mismatch"),
        ("/api/1/envelope/", AUTH, b"no json\n", 400, "malformed"),
        ("/api/1/envelope/", AUTH | {"Content-Encoding": "gzip"}, b"not gzip", 400, "bad_encoding"),
        ("/api/1/store/", AUTH, b"*** neither ***", 400, "malformed"),
    ],
)
def test_a_refusal_says_why_and_is_counted(
    site: Installation, path: str, headers: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    """Status, causes, X-Sentry-Error, CORS, an outcome; and no record in the spool."""
    answer = site.client.post(path, data=body, headers=headers)
    assert answer.status_code == status
    assert answer.json is not None
    assert set(answer.json) == {"detail", "causes"}
    assert answer.headers["X-Sentry-Error"].startswith(answer.json["detail"])
    assert_cors(answer)
    assert [r for r in site.records() if r.kind != "outcome"] == []
    assert {(o, r): n for (_, o, r), n in site.refusals().items()} == {("invalid", reason): 1}


def test_a_refusal_is_only_counted_for_a_project_that_proved_its_key(site: Installation) -> None:
    """Nobody can fill a stranger's outcomes."""
    site.client.post("/api/1/envelope/", data=b"x", headers={"X-Sentry-Auth": f"Sentry sentry_key={'a' * 32}"})
    site.post(data=b"x")
    assert site.refusals() == {(0, "invalid", "unknown_key"): 1, (1, "invalid", "malformed"): 1}


def test_at_the_200_the_request_is_on_disk_as_it_was_sent(site: Installation) -> None:
    """The spool holds the body undecoded, the circumstances, and the id the client was told."""
    body = gzip.compress(event_envelope(EVENT_ID))
    headers = AUTH | {"Content-Encoding": "gzip", "User-Agent": "agent/1"}
    assert site.post(data=body, **headers).json == {"id": EVENT_ID}
    [record] = site.records()
    assert (record.body, record.encoding, record.event_id) == (body, "gzip", EVENT_ID)
    assert (record.project_id, record.key_id, record.client) == (1, 7, "test/1")
    assert (record.remote_addr, record.user_agent) == ("127.0.0.1", "agent/1")


@pytest.mark.parametrize(
    ("items", "answer"),
    [
        (((({"type": "session"}), b"{}"),), {}),
        (((({"type": "unheard_of"}), b"{}"),), {}),
        ((), {}),
        (((({"type": "event"}), b'{"event_id":"12345678-90AB-CDEF-1234-567890abcdef"}'),), {"id": EVENT_ID}),
        (((({"type": "event"}), b'{"message":"\\ud800","event_id":"%s"}' % EVENT_ID.encode()),), {"id": EVENT_ID}),
    ],
)
def test_the_id_in_the_answer(site: Installation, items: Any, answer: dict[str, str]) -> None:
    """Sessions have none; an event's own id counts, dashed or not."""
    assert site.post(data=envelope(*items)).json == answer


def test_an_event_without_id_gets_one(site: Installation) -> None:
    """The client learns which."""
    answer = site.post(data=envelope(({"type": "event"}, b'{"message":"x"}'))).json
    assert answer is not None
    assert [r.event_id for r in site.records()] == [answer["id"]]


def test_the_headers_id_beats_the_payloads(site: Installation) -> None:
    """The protocol says so."""
    body = envelope(({"type": "event"}, b'{"event_id":"%s"}' % (b"b" * 32)), event_id=EVENT_ID)
    assert site.post(data=body).json == {"id": EVENT_ID}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain;charset=UTF-8", "application/json", "", "multipart/form-data", "application/x-www-form-urlencoded"],
)
def test_the_content_type_does_not_matter(site: Installation, content_type: str) -> None:
    """No form is parsed, whatever a browser calls its string body."""
    headers = AUTH | ({"Content-Type": content_type} if content_type else {})
    assert site.post(data=event_envelope(EVENT_ID), **headers).json == {"id": EVENT_ID}


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("", bytes),
        ("UTF-8", bytes),
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
    ],
)
def test_every_encoding_is_read(site: Installation, encoding: str, pack: Any) -> None:
    """sentry-python sends br, sentry-ruby an empty header."""
    answer = site.post(data=pack(event_envelope(EVENT_ID)), **(AUTH | {"Content-Encoding": encoding}))
    assert answer.json == {"id": EVENT_ID}
    [record] = site.records()
    assert decompress(record.body, record.encoding, 10_000) == event_envelope(EVENT_ID)


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        base64.b64encode,
        lambda b: base64.b64encode(zlib.compress(b)),
        lambda b: base64.encodebytes(zlib.compress(b)),
        lambda b: base64.b64encode(zlib.compress(b)).rstrip(b"="),
    ],
)
def test_a_stored_event_may_be_base64_of_zlib(site: Installation, pack: Any) -> None:
    """raven-node sends that without a word in any header."""
    body = json.dumps({"event_id": EVENT_ID, "message": "x"}).encode()
    assert site.post("/api/1/store/", pack(body)).json == {"id": EVENT_ID}
    [record] = site.records()
    assert (record.kind, record.body) == ("store", body)


def test_an_old_client_may_use_get(site: Installation) -> None:
    """It wants an image back."""
    data = base64.urlsafe_b64encode(zlib.compress(json.dumps({"event_id": EVENT_ID}).encode())).decode()
    answer = site.client.get(f"/api/1/store/?sentry_key={KEY}&sentry_version=5&sentry_data={data}")
    assert (answer.status_code, answer.content_type) == (200, "image/gif")
    assert [r.event_id for r in site.records()] == [EVENT_ID]


def test_the_store_path_without_project_takes_it_from_the_key(site: Installation) -> None:
    """The oldest DSN form."""
    assert site.post("/api/store/", b"{}").status_code == 200
    assert [r.project_id for r in site.records()] == [1]


def test_an_envelope_sent_to_store_is_read_as_one(site: Installation) -> None:
    """The content type says so there."""
    headers = AUTH | {"Content-Type": "application/x-sentry-envelope"}
    assert site.post("/api/1/store/", event_envelope(EVENT_ID), **headers).json == {"id": EVENT_ID}
    assert [r.kind for r in site.records()] == ["envelope"]


@pytest.mark.parametrize("path", ["/api/1/envelope/", "/api/1/store", "/api/store/"])
def test_a_preflight_is_answered(site: Installation, path: str) -> None:
    """OTel's web exporters ask first."""
    answer = site.client.options(path)
    assert answer.status_code == 200
    assert_cors(answer)
    assert answer.headers["Access-Control-Max-Age"] == "3600"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/1/envelope/", 405), ("POST", "/api/1/nowhere/", 404)]
)
def test_even_unknown_paths_answer_with_cors(site: Installation, method: str, path: str, status: int) -> None:
    """A browser shows an answer without CORS as a network failure."""
    answer = site.client.open(path, method=method)
    assert answer.status_code == status
    assert_cors(answer)
    assert answer.headers["X-Sentry-Error"]


def test_a_bomb_is_413(tmp_path: Path) -> None:
    """1 GB from 1 MB is not traffic."""
    limits = LimitConfig(max_decompressed_bytes=1024 * 1024)
    site = Installation(tmp_path, ConfigSnapshot(1, snapshot().keys, snapshot().projects, limits))
    answer = site.post(data=gzip.compress(bytes(64 * 1024 * 1024)), **(AUTH | {"Content-Encoding": "gzip"}))
    assert answer.status_code == 413
    assert site.refusals() == {(1, "invalid", "too_large"): 1}
    site.close()


def test_an_event_above_the_projects_limit_is_413(tmp_path: Path) -> None:
    """The limit is the project's; an attachment beside it has its own."""
    site = Installation(tmp_path, snapshot(max_event_bytes=500))
    big = envelope(({"type": "event"}, json.dumps({"message": "x" * 600}).encode()))
    attached = envelope(({"type": "attachment"}, b"x" * 600))
    assert [site.post(data=body).status_code for body in (big, attached)] == [413, 200]
    assert site.post("/api/1/store/", json.dumps({"message": "x" * 600}).encode()).status_code == 413
    site.close()


def test_a_body_above_the_cap_is_refused_unread(tmp_path: Path) -> None:
    """Content-Length is enough to know."""
    site = Installation(tmp_path, snapshot(), IngestLimits(max_body_bytes=100))
    assert site.post(data=b"x" * 101).status_code == 413
    site.close()


def test_a_full_spool_is_503_that_says_when_to_come_back(site: Installation) -> None:
    """Retry-After and CORS; it is counted, and later it works again. 429 would silence Sentry's clients for longer."""
    append = site.sink.append

    def full(shard_key: bytes, payload: bytes) -> None:
        raise SpoolFull("no space left")

    site.sink.append = full  # type: ignore[method-assign]
    answer = site.post(data=event_envelope(EVENT_ID))
    site.sink.append = append  # type: ignore[method-assign]
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert_cors(answer)
    assert site.post(data=event_envelope(EVENT_ID)).status_code == 200
    assert site.refusals() == {(1, "rate_limited", "spool_full"): 1}


def test_without_configuration_nothing_is_accepted(tmp_path: Path) -> None:
    """503 with Retry-After: keys and limits are unknown."""

    class Missing:
        def current(self) -> ConfigSnapshot:
            raise StateError("no snapshot")

    sink = ShardedSink(tmp_path / "raw", 1)
    app, edge = create_app(sink, Missing())
    answer = app.test_client().post("/api/1/envelope/", data=b"{}\n", headers=AUTH)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    edge.close()
    sink.close()


def test_a_resent_event_lands_in_the_shard_of_its_first_copy(site: Installation) -> None:
    """Whatever its encoding, whoever received it."""
    for number in range(20):
        event_id = f"{number:032x}"[:-1] + "1"
        for body, headers in (
            (event_envelope(event_id), AUTH),
            (gzip.compress(event_envelope(event_id)), AUTH | {"Content-Encoding": "gzip"}),
        ):
            site.post(data=body, **headers)
    per_shard = [
        {decode_raw(r.payload).event_id for r in SpoolReader(site.root / "raw" / str(shard)).read(None)}
        for shard in (0, 1)
    ]
    assert per_shard[0]
    assert per_shard[1]
    assert per_shard[0].isdisjoint(per_shard[1])


def test_a_flood_of_different_refusals_stays_small(tmp_path: Path) -> None:
    """Kinds of refusals beyond a cap are counted together."""
    config = snapshot()
    site = Installation(tmp_path, config, IngestLimits(max_pending_refusals=1))
    site.post(data=b"x")
    site.client.post("/api/1/envelope/", data=b"{}\n")
    site.client.post("/api/x/envelope/", data=b"{}\n")
    assert site.refusals() == {(1, "invalid", "malformed"): 1, (0, "invalid", "other"): 2}
    site.close()
