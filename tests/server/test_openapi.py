"""The description of the API: complete, held to the code, and true for whatever a client may send."""

from __future__ import annotations

import json
import warnings

import pytest

from server.http.reference import DOCS, described, openapi_text, page
from tests.server.api import build_api

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of libraries at import
    import schemathesis
    from hypothesis import HealthCheck, Phase
    from hypothesis import settings as hypothesis_settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
WHO = ("owner", "team-member", "token:viewer", "nobody")
DOCUMENT = described()
OPERATIONS = sorted((path, method) for path, item in DOCUMENT["paths"].items() for method in item)
EXAMPLES = 6
"""Requests for each operation, each sent by every principal: some 3 000 in all."""

LEFT_OUT = {
    ("/api/v1/session", "delete"),  # ends the session that asks
    ("/api/v1/me/sessions", "delete"),
    ("/api/v1/me/password", "post"),
    ("/api/v1/rca", "get"),  # twenty questions each; tests/server/test_rca.py holds answers to the description
    ("/api/v1/rca", "post"),
    ("/api/v1/ready", "get"),  # 503 is its answer here: the other processes do not run
}


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application with an issue and an event."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("openapi"), 775_000)
    built.add_errors(built.a.id, [{"event_id": "e" * 32, "fingerprint": 1, "title": "boom"}])
    yield built
    built.close()


def test_the_checked_in_documents_are_those_the_code_gives():
    """docs/reference/openapi.json and api.md are made by `make docs`."""
    assert (DOCS / "openapi.json").read_text(encoding="utf-8") == openapi_text(DOCUMENT)
    assert (DOCS / "api.md").read_text(encoding="utf-8") == page(DOCUMENT)


def test_the_running_server_gives_the_same_document(api):
    """To whoever is signed in."""
    assert openapi_text(api.get("openapi.json", "nobody")) == openapi_text(DOCUMENT)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda value: value)
def test_every_operation_is_described(path, method):
    """Summary, access, success, problems, a description for each parameter but the plain ids."""
    operation = DOCUMENT["paths"][path][method]
    assert operation["summary"].endswith((".", "?"))
    assert operation["operationId"]
    assert operation["x-access"]
    assert ("security" in operation) != ("public" in operation["x-access"])
    assert any(status.startswith("2") for status in operation["responses"])
    problems = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
    assert "429" in problems
    if "security" in operation:
        assert {"401", "403"} <= problems.keys()
    if operation.get("requestBody"):
        assert {"413", "415"} <= problems.keys()
    for name in (part[1:-1] for part in path.split("/") if part.startswith("{")):
        assert name in {one["name"] for one in operation["parameters"] if one["in"] == "path"}


def test_operation_ids_are_unique():
    """Generated clients name their methods by them."""
    names = [item[method]["operationId"] for item in DOCUMENT["paths"].values() for method in item]
    assert len(names) == len(set(names))


def test_no_request_gets_a_5xx_or_an_answer_that_is_not_described(api):
    """Schemathesis makes requests from the document, right ones and wrong ones; every answer is as described."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = api.app
    failures = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if (operation.path, operation.method) in LEFT_OUT:
            continue
        failures += _tried(operation, api)
    assert failures == []


def _tried(operation, api) -> list[str]:
    failures: list[str] = []

    @hypothesis_settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @_given(operation)
    def attempt(case):
        for who in WHO:
            response = case.call(headers={**api.credentials(who), "Accept-Encoding": "identity"})
            try:
                case.validate_response(response, checks=CHECKS)
            except BaseException as error:
                failures.append(f"{who}: {operation.method} {operation.path}: {error}"[:1500])

    attempt()
    return failures[:1]


def _given(operation):
    from hypothesis import given

    return given(case=operation.as_strategy())


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("GET", "/api/v1/nothing", None, {}, 404, "not-found"),
        ("DELETE", "/api/v1/issues", None, {}, 405, "method-not-allowed"),
        ("POST", "/api/v1/query", b"<x/>", {"Content-Type": "application/xml"}, 415, "unsupported-media-type"),
        ("POST", "/api/v1/query", b" " * 1_100_000, {}, 413, "request-entity-too-large"),
        ("POST", "/api/v1/query", b"{", {}, 400, "body-invalid"),
        ("POST", "/api/v1/query", b'{"query": "\\ud800"}', {}, 400, "body-invalid"),
        ("GET", "/api/v1/issues?limit=1&limit=2", None, {}, 400, "parameter-invalid"),
        ("GET", "/api/v1/issues?range=5y", None, {}, 400, "parameter-invalid"),
        ("GET", "/api/v1/issues?range=0s", None, {}, 400, "time-range-invalid"),
        ("GET", "/api/v1/issues?range=1h&start=2026-01-01T00:00:00Z", None, {}, 400, "time-range-invalid"),
        ("GET", "/api/v1/issues?start=2026-01-01T00:00:00", None, {}, 400, "time-range-invalid"),
        ("GET", "/api/v1/issues?start=0001-01-01T00:00:00Z", None, {}, 400, "time-range-invalid"),
        ("GET", "/api/v1/projects/shop/keys/99999999999999999999999/rotate", None, {}, 405, "method-not-allowed"),
        ("DELETE", "/api/v1/tokens/99999999999999999999999", None, {}, 404, "not-found"),
    ],
)
def test_every_refusal_is_a_problem_document(api, method, path, body, headers, status, code):  # noqa: PLR0917
    """Routing, types, sizes, parameters: problem+json with a code, and the id the log has."""
    response = api.call("owner", method, path, body, **headers)
    assert (response.status_code, response.json["code"]) == (status, code)
    assert response.content_type == "application/problem+json"
    assert response.json["request_id"] == response.headers["X-Request-Id"]


def test_every_wrong_member_is_told_at_once_with_its_name(api):
    """Not one at a time; a sentence for people and the fields for forms."""
    problem = api.send("POST", "projects", {"slug": "A B", "name": 5, "colour": "red"}, status=400)
    assert [one["field"] for one in problem["errors"]] == ["slug", "name", "colour"]
    assert "`slug`" in problem["detail"]
    assert "`colour` is not known here" in problem["detail"]
    assert json.dumps(problem)


def test_a_wrong_option_of_a_project_is_told_with_its_name(api):
    """The form shows it beside its field."""
    problem = api.send("PATCH", "projects/shop", {"options": {"retention_days": 99_999_999}}, status=400)
    assert [one["field"] for one in problem["errors"]] == ["options.retention_days"]
