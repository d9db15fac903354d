"""The HTTP application over the run's event store: scope, errors, progress, cancel, limits, state."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from flask import request

from tests.server.api import build_api

NOW = datetime.now(UTC)
SLOW = "from errors | summarize n=count() by message | sort n desc"


class Api:
    """The application with a token for project A, one for B and one for both."""

    def __init__(self, built):
        self.built = built
        self.client = built.client()
        self.service = built.services.queries
        self.metadata = built.metadata
        self.tokens = built.tokens
        self.slugs = {"a": built.a.slug, "b": built.b.slug}
        self.figures = built.figures

    def post(self, body: Any, token: str = "all", path: str = "/api/v1/query", **headers: str):
        """Post a body with a token's name, or with none."""
        sent = {"Authorization": f"Bearer {self.tokens[token]}"} if token else {}
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.post(path, data=data, headers={**sent, **headers})

    def rows(self, text: str, token: str = "all", **body: Any) -> list[list[Any]]:
        """The rows of an answer."""
        response = self.post({"query": text, **body}, token)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.json["rows"]

    def get(self, path: str, token: str = "all"):
        """Get a path with a token's name, or with none."""
        return self.client.get(path, headers={"Authorization": f"Bearer {self.tokens[token]}"} if token else {})


def errors(project_id: int, messages: list[str]) -> list[dict[str, Any]]:
    """Rows of `errors` for a project."""
    return [
        {
            "event_id": f"{project_id:016x}{number:016x}",
            "timestamp": NOW - timedelta(minutes=5),
            "message": message,
            "fingerprint": number + 1,
        }
        for number, message in enumerate(messages)
    ]


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application with two events in project A and three in B."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("http"), 770_000)
    built.add_errors(built.a.id, errors(built.a.id, ["a one", "a two"]))
    built.add_errors(built.b.id, errors(built.b.id, ["b secret", "b two", "b three"]))

    def defect() -> str:
        raise ZeroDivisionError("a defect")

    built.app.view_functions["root"] = _or_defect(built.app.view_functions["root"], defect)
    yield Api(built)
    built.close()


def _or_defect(view, defect):
    """The view, or a defect when the request asks for one."""
    return lambda: defect() if "defect" in request.args else view()


@pytest.mark.parametrize(
    "body",
    [
        {"query": "from errors"},
        {"query": "secret"},
        {"query": "from errors | summarize n=count(), m=make_set(message)"},
        {"query": "from errors message:*secret* or message:*"},
        {"sql": "SELECT * FROM errors"},
        {"sql": "SELECT message FROM errors WHERE project_id = 770002 OR 1 = 1"},
        {"sql": "SELECT a.message FROM errors a JOIN errors b ON a.timestamp = b.timestamp"},
    ],
)
def test_a_token_of_one_project_never_sees_a_row_of_another(api, body):
    """Whatever is asked, nothing of project B comes to a token of project A: neither a row nor a count."""
    response = api.post(body, "a")
    text = response.get_data(as_text=True)
    assert "secret" not in json.dumps(response.json.get("rows"))
    assert "b two" not in text
    if response.status_code == 200:
        assert len(response.json["rows"]) <= 4


def test_each_token_counts_its_own(api):
    """Scope is projects of the token, cut by `project`, cut by the text."""
    count = "from errors | summarize n=count()"
    assert api.rows(count, "a") == [[2]]
    assert api.rows(count, "b") == [[3]]
    assert api.rows(count, "all") == [[5]]
    assert api.rows(count, "all", project=["vault"]) == [[3]]
    assert api.rows(count, "all", project="shop") == [[2]]
    assert api.rows("from errors project:vault | summarize n=count()", "all") == [[3]]


def test_a_project_one_may_not_see_is_the_same_error_as_an_unknown_one(api):
    """As a parameter and in the text: same status, same code, same words."""
    for text, member in (("from errors", True), ("from errors project:{} | summarize n=count()", False)):
        answers = []
        for name in (api.slugs["b"], "zzz-unknown"):
            body = {"query": text, "project": name} if member else {"query": text.format(name)}
            problem = api.post(body, "a").json
            answers.append((problem["status"], problem["code"], problem["detail"].replace(name, "X")))
        assert answers[0] == answers[1]
        assert answers[0][:2] == (400, "query-unknown-project")


@pytest.mark.parametrize("token", ["", "wrong", "expired"])
@pytest.mark.parametrize("path", ["/api/v1/query", "/api/v1/query/plan"])
def test_without_a_valid_token_nothing_is_answered(api, token, path):
    """401 with the challenge, and the same words for unknown and expired."""
    response = api.post({"query": "from errors"}, token, path)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body-invalid"),
        (b"[]", "body-invalid"),
        (b"\xff", "body-invalid"),
        ({}, "body-invalid"),
        ({"query": "from errors", "sql": "SELECT 1"}, "body-invalid"),
        ({"query": "from errors", "unknown": 1}, "body-invalid"),
        ({"query": "from errors", "limit": 0}, "limit-invalid"),
        ({"query": "from errors", "query_id": "x"}, "query-id-invalid"),
        ({"query": "from errors", "query_id": "../../etc"}, "query-id-invalid"),
        (
            {"query": "from errors", "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
            "time-range-invalid",
        ),
        ({"query": "from errors", "start": "2026-01-02T00:00:00"}, "time-range-invalid"),
        ({"query": "x" * 70_000}, "query-too-long"),
        ({"query": "from errors | sumarize n=count()"}, "query-syntax"),
        ({"query": "from errors | summarize n=nofunction()"}, "query-unknown-name"),
    ],
)
def test_wrong_input_is_a_problem_with_a_code_and_no_defect(api, body, code):
    """400, problem+json, the code, something to do or a place."""
    response = api.post(body)
    assert (response.status_code, response.json["code"]) == (400, code)
    assert response.content_type == "application/problem+json"
    assert response.json["detail"]
    assert response.json["request_id"] == response.headers["X-Request-Id"]


def test_an_error_in_the_text_has_its_place_and_a_suggestion(api):
    """The span counts characters, its end exclusive."""
    text = "from errors | sumarize n=count()"
    problem = api.post({"query": text}).json
    assert text[problem["span"]["start"] : problem["span"]["end"]] == "sumarize"
    assert "summarize" in problem["suggestion"]


def test_unknown_paths_and_methods_are_problems_too(api):
    """404 and 405 in the same form, the latter with what is allowed; no redirect of a POST."""
    assert api.get("/api/v1/nothing").json["code"] == "not-found"
    response = api.get("/api/v1/query")
    assert (response.status_code, response.json["code"]) == (405, "method-not-allowed")
    assert "POST" in response.headers["Allow"]


def test_a_defect_says_nothing_of_the_inside(api, caplog):
    """500 with the request id; the log has the details."""
    response = api.get("/?defect")
    assert (response.status_code, response.json["code"]) == (500, "internal")
    assert "ZeroDivisionError" not in response.get_data(as_text=True)


def test_every_answer_has_an_id_and_security_headers(api):
    """A sane request id is kept, any other is replaced."""
    kept = api.client.get("/api/v1/health", headers={"X-Request-Id": "abc-12345"})
    replaced = api.client.get("/api/v1/health", headers={"X-Request-Id": "<script>"})
    assert kept.headers["X-Request-Id"] == "abc-12345"
    assert replaced.headers["X-Request-Id"] not in {"", "<script>"}
    for name in ("X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Referrer-Policy"):
        assert kept.headers[name]
    assert kept.headers["Cache-Control"] == "no-store"


def test_projects_lists_what_the_token_may_see(api):
    """Slug, id and, where there is a key, a DSN."""
    key = api.metadata.create_key(api.metadata.project_by_slug("vault").id)
    api.metadata.revoke_key(api.metadata.keys(api.metadata.project_by_slug("shop").id)[0].id)
    listed = api.get("/api/v1/projects", "b").json["projects"]
    assert [project["slug"] for project in listed] == ["vault"]
    assert key.public_key in listed[0]["dsn"]
    assert api.get("/api/v1/projects", "a").json["projects"][0]["dsn"] is None


def test_a_stream_has_no_limit_on_rows_and_the_same_scope(api):
    """Batch by batch as Arrow: every row of the token's projects; an error is a problem document all the same."""
    accept = {"Accept": "application/vnd.apache.arrow.stream"}
    response = api.post({"query": "from errors", "stream": True, "limit": 1}, "b", **accept)
    with pa.ipc.open_stream(response.data) as stream:
        table = stream.read_all()
    assert table.num_rows == 3
    assert json.loads(table.schema.metadata[b"amber"])["query_id"] == response.headers["X-Amber-Query-Id"]
    assert api.post({"query": "from errors | sumarize", "stream": True}, **accept).json["code"] == "query-syntax"
    assert api.post({"query": "from errors", "stream": True}).json["code"] == "stream-invalid"
    assert api.post({"sql": "SELECT 1 FROM errors", "stream": True}, **accept).json["code"] == "stream-invalid"
    assert api.service._places._taken.total() == 0


class BlockedStore:
    """A store whose queries wait, so that a test can look while one runs."""

    def __init__(self, store):
        self.store = store
        self.entered = threading.Semaphore(0)
        self.release = threading.Event()

    def __getattr__(self, name):
        return getattr(self.store, name)

    def query(self, *arguments, **options):
        self.entered.release()
        assert self.release.wait(120)
        return self.store.query(*arguments, **options)


@pytest.fixture
def blocked(api, event_store, monkeypatch):
    """The application while every query waits in the store."""
    store = BlockedStore(event_store)
    monkeypatch.setattr(api.service._runner, "_store", store)
    monkeypatch.setattr(api.service._runner._steps, "_store", store)
    yield store
    store.release.set()


def in_background(call):
    """Run a call in a thread; returns the thread and the list its result goes to."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    return thread, results


def test_a_running_query_can_be_watched_and_cancelled_by_its_owner_only(api, blocked):
    """Progress and cancel answer 404 to anybody else, as for a query that does not exist."""
    body = {"query": "from errors | summarize n=count()", "query_id": "watched-1", "fresh": True}
    thread, results = in_background(lambda: api.post(body, "a"))
    assert blocked.entered.acquire(timeout=60)
    progress = api.get("/api/v1/query/watched-1/progress", "a")
    assert (progress.status_code, progress.json["state"]) == (200, "running")
    far = {"rows_read", "bytes_read", "total_rows", "elapsed_ms", "steps_done", "steps", "percent"}
    assert set(progress.json) == {"query_id", "state", *far}
    other = {"Authorization": f"Bearer {api.tokens['b']}"}
    assert api.get("/api/v1/query/watched-1/progress", "b").status_code == 404
    assert api.client.delete("/api/v1/query/watched-1", headers=other).status_code == 404
    assert api.post(body, "a").json["code"] == "query-id-taken"
    blocked.release.set()
    thread.join()
    assert results[0].status_code == 200
    assert api.get("/api/v1/query/watched-1/progress", "a").json["code"] == "query-not-running"


def test_a_query_that_waits_for_a_worker_is_cancelled_before_it_starts(api, blocked):
    """409 `query-cancelled`, and the store never saw it; beyond the queue a query is refused with 503."""
    texts = [f"from errors | limit {number}" for number in (1, 2)]  # the same one would run once
    busy = [in_background(lambda text=text: api.post({"query": text, "fresh": True}, "a")) for text in texts]
    for _ in busy:
        assert blocked.entered.acquire(timeout=60)
    waiting, results = in_background(lambda: api.post({"query": "from errors", "query_id": "waiting-1"}, "b"))
    deadline = time.monotonic() + 60
    while api.get("/api/v1/query/waiting-1/progress", "b").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert api.get("/api/v1/query/waiting-1/progress", "b").json["state"] == "queued"
    refused = api.post({"query": "from errors"}, "a")
    assert (refused.status_code, refused.json["code"]) == (503, "too-many-queries")
    assert int(refused.headers["Retry-After"]) > 0
    owner = {"Authorization": f"Bearer {api.tokens['b']}"}
    assert api.client.delete("/api/v1/query/waiting-1", headers=owner).status_code == 202
    blocked.release.set()
    for thread, _ in [*busy, (waiting, results)]:
        thread.join()
    assert (results[0].status_code, results[0].json["code"]) == (409, "query-cancelled")
    assert all(found[0].status_code == 200 for _, found in busy)


def test_health_is_red_when_the_writer_or_the_disk_is_in_trouble(api, monkeypatch):
    """503 with the check that failed; the process lives on."""
    assert api.get("/api/v1/health", "").json["status"] == "ok"
    troubled = replace(api.figures["writer"], last_error="No space left on device")
    monkeypatch.setitem(api.figures, "writer", troubled)
    red = api.get("/api/v1/health", "")
    assert (red.status_code, red.json["status"], red.json["checks"]["writer"]["ok"]) == (503, "red", False)
    monkeypatch.undo()
    assert api.get("/api/v1/health", "").status_code == 200


def test_ready_names_what_is_missing(api):
    """Without the other processes the installation is not ready, and says which are missing."""
    response = api.get("/api/v1/ready", "")
    assert (response.status_code, response.json["ready"]) == (503, False)
    assert response.json["missing"] == ["web", "ingest-0", "normaliser-0"]


def test_metrics_behind_a_token_are_text_for_prometheus(api):
    """With `metrics_access = token` a bearer token is needed; the figures of this application are there."""
    assert api.get("/metrics", "").status_code == 401
    text = api.get("/metrics").get_data(as_text=True)
    assert 'amber_inserted_rows_total{table="errors"} 5.0' in text
    assert "amber_queries_total" in text


@pytest.mark.parametrize("member", [{"end": "0001-01-01T00:00:00Z"}, {"start": "0001-01-01T00:00:00Z"}])
@pytest.mark.parametrize("text", [{"query": "from errors"}, {"sql": "SELECT 1 FROM errors"}])
def test_a_range_at_the_end_of_the_calendar_is_wrong_input(api, member, text):
    """It cannot be widened or stored; that is no defect of the server."""
    assert api.post({**text, **member}).status_code == 400


def test_sql_the_engine_refuses_is_wrong_input(api):
    """A misspelt column comes with the engine's reason."""
    response = api.post({"sql": "SELECT nosuch FROM errors"})
    assert (response.status_code, response.json["code"]) == (400, "query-rejected")
    assert "nosuch" in response.json["detail"]
