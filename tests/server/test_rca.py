"""Root-cause analyses: what is asked of the store becomes a case, and the answer leads back to the questions."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from engine.datadir import DataDirectory
from engine.errors import UserError
from engine.mirror import IssueMirror
from iam import LOCAL, Action, Principal, PrincipalKind, ProjectUnknown
from ml import rca
from queries.plan import PlanContext
from server.asker import asked_by
from server.cli import beside
from server.cli import rca as cli
from server.compose import Installation
from server.http.documents.rca import RcaAnswer
from server.http.rca import rendered
from server.issues.looking import Look
from server.query_service import QueryService, Question
from server.rca.document import document_of
from server.rca.frames import frame_of
from server.rca.markdown import as_markdown
from server.rca.page import as_html
from server.rca.service import RootCause
from server.rca.subjects import Asked, subject_of_query
from server.runner import make_runner
from tests.server.api import build_api

HOSTILE = "<script>alert(1)</script> | [x](javascript:alert(2))"
WINDOW, BASELINE = timedelta(minutes=30), timedelta(hours=2)


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """Web calls cart, cart asks a database; since `bad` cart runs a new release whose query is slow for one tenant."""
    built = build_api(event_store, rows_of, tmp_path_factory.mktemp("rca"), 791_000)
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    built.bad = end - WINDOW
    spans, errors = [], []
    for minute in range(int((WINDOW + BASELINE).total_seconds() // 60)):
        at = end - WINDOW - BASELINE + timedelta(minutes=minute)
        for number in range(2):
            spans += _trace(built.a.id, at + timedelta(seconds=20 * number), minute * 2 + number, slow=at >= built.bad)
        if at >= built.bad:
            errors.append(
                {
                    "timestamp": at,
                    "fingerprint": 7,
                    "title": HOSTILE,
                    "event_id": f"{minute:032x}",
                    "tags": _tags("cart"),
                }
            )
    event_store.insert_rows("spans", rows_of("spans", spans))
    built.add_errors(built.a.id, errors)
    deploy = {"project_id": built.a.id, "timestamp": built.bad - timedelta(minutes=1), "id": "c" * 32, "kind": "deploy",
              "title": HOSTILE, "link": "javascript:alert(3)", "service": "cart", "release": "cart@2"}  # fmt: skip
    event_store.insert_rows("changes", rows_of("changes", [deploy]))
    yield built
    built.close()


def _tags(service, **more):
    return [("service.name", service), *more.items()]


def _trace(project, at, number, *, slow):
    bad = slow and number % 2 == 0
    ms = 900 if bad else 40 + number % 7
    base = {"project_id": project, "trace_id": f"{number + 1:032x}", "payload": "{}", "timestamp": at}
    tenant = [("tenant", "acme" if bad else f"t{number % 20}")]
    release = "cart@2" if slow else "cart@1"
    return [
        {**base, "span_id": f"{number * 4 + 1:016x}", "service": "web", "is_segment": True, "op": "http.server",
         "segment_name": "/buy", "duration_ns": (ms + 20) * 10**6, "status": "ok", "tags": tenant},
        {**base, "span_id": f"{number * 4 + 2:016x}", "parent_span_id": f"{number * 4 + 1:016x}", "service": "cart",
         "is_segment": True, "op": "http.server", "segment_name": "/cart", "duration_ns": ms * 10**6,
         "status": "internal_error" if bad and number % 4 == 0 else "ok", "tags": tenant, "release": release},
        {**base, "span_id": f"{number * 4 + 3:016x}", "parent_span_id": f"{number * 4 + 2:016x}", "service": "cart",
         "is_segment": False, "op": "db", "description": "SELECT * FROM carts", "duration_ns": (ms - 10) * 10**6,
         "status": "ok", "tags": [("db.system", "postgresql")]},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def rootcause(api):
    """Makes analyses."""
    services = api.services
    return RootCause(services.queries, services.metadata, services.issues, services.clock)


@pytest.fixture(scope="module")
def cart(api, rootcause):
    """The analysis of the service that is slow."""
    return _find(api, rootcause, service="cart", signal="latency")


def _find(api, rootcause, **asked):
    look = Look(LOCAL, (api.a.id,), (), api.bad, api.bad + WINDOW, Action.EVENT_READ)
    return rootcause.find(look, Asked(**asked), (api.bad, api.bad + WINDOW), BASELINE)


def _series(case, node, signal, name):
    (found,) = (one for one in case.series if (one.node, one.signal.value, one.name) == (node, signal, name))
    return found.values


def test_a_case_holds_what_the_store_knows_of_the_services(api, cart):
    """Traffic, errors and durations over time, the calls, the slow query, the deploy, and what bad ones share."""
    case = cart.case
    assert (case.symptom.node, case.symptom.signal) == ("cart", rca.Signal.LATENCY)
    at = case.grid.times()
    bad = at >= api.bad.timestamp()
    latency = _series(case, "cart", "latency", "p95")
    assert np.nanmax(latency[~bad]) < 60
    assert np.nanmax(latency[bad]) > 800
    assert _series(case, "web", "traffic", "calls").sum() == 300
    assert _series(case, "cart", "errors", "events")[bad].sum() == 30
    assert {(one.caller, one.callee) for one in case.edges} == {("web", "cart"), ("cart", "postgresql")}
    (group,) = (one for one in case.span_groups if one.op == "db")
    assert (group.node, group.system) == ("cart", "postgresql")
    assert group.self_before_ms == pytest.approx(33, abs=5)
    assert group.self_after_ms > 400
    (change,) = (one for one in case.changes if one.kind is rca.ChangeKind.DEPLOY)
    assert (change.node, change.attributes["release"]) == ("cart", "cart@2")
    assert change.at == pytest.approx(api.bad.timestamp() - 60)
    shared = {(one.field, one.value): one for one in case.differences}
    assert shared["tenant", "acme"].bad_share == 1
    assert shared["tenant", "acme"].good_share == 0
    assert not any(one.field.startswith("span.") for one in case.differences)


def test_each_part_leads_to_a_question_that_answers_with_it(api, cart):
    """The key of every series names a text that runs, over the times of the analysis, and gives the same values."""
    case = cart.case
    keyed = [one for one in (*case.series, *case.edges, *case.changes, *case.span_groups, *case.patterns) if one.key]
    assert len(keyed) > 10
    (latency,) = (one for one in case.series if one.key == "series/cart/latency/p95")
    shown = cart.trail[latency.key]
    look = Look(LOCAL, (api.a.id,), (), *shown.times, Action.EVENT_READ)
    rows = look.ask(api.services.queries, shown.text).table.to_pylist()
    assert len(rows) == case.grid.points
    told = [np.nan if row["p95(transaction.duration)"] is None else row["p95(transaction.duration)"] for row in rows]
    np.testing.assert_allclose(np.array(told, float) / 1e6, latency.values)
    for key in ("edges", next(one.key for one in case.changes), case.span_groups[0].key, case.patterns[0].key):
        shown = cart.trail[key]
        look = Look(LOCAL, (api.a.id,), (), *shown.times, Action.EVENT_READ)
        assert look.ask(api.services.queries, shown.text).table.num_rows > 0, shown.text


def test_an_issue_is_looked_at_from_when_it_began(api, rootcause):
    """Its events are the symptom, its service the place; without a window the time of its first event is one."""
    (issue,) = api.get("issues")["items"]
    look = Look(LOCAL, (), (), api.bad, api.bad, Action.EVENT_READ)
    found = rootcause.find(look, Asked(issue=issue["id"]))
    assert found.case.symptom.node == "cart"
    assert found.frame.window[0] <= api.bad < found.frame.window[1]
    asked = next(one for one in found.case.series if one.key == "asked")
    assert np.nansum(asked.values) == 30
    (pattern,) = (one for one in found.case.patterns if one.kind is rca.PatternKind.ERROR)
    assert (pattern.id, pattern.before, pattern.after) == (issue["id"], 0, 30)


def test_the_answer_is_the_same_in_three_forms_and_hostile_texts_stay_texts(api):
    """JSON, Markdown and a page; titles, links and tags of others are no markup in any."""
    (issue,) = api.get("issues")["items"]
    document = api.get(f"rca?issue={issue['id']}&range=30m")
    assert document["subject"]["issue"] == issue["id"]
    assert document["evidence"]["asked"]["query"] == f"from errors issue:{issue['id']} | make-series count() every 30s"
    page = as_html(document)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="javascript' not in page
    markdown = as_markdown(document)
    assert r"\<script\>" in markdown
    assert not re.search(r"(?<!\\)\]\(javascript", markdown)
    shown = rendered(document, "html")
    assert "script-src" not in shown.headers["Content-Security-Policy"]
    assert (shown.mimetype, rendered(document, "markdown").mimetype) == ("text/html", "text/markdown")


def test_what_was_asked_wrongly_says_what_to_do(api):
    """Nothing, two things, a text that is no question about rows, a window of no length, an unknown issue."""
    for path, code in (
        ("rca", "rca-subject-invalid"),
        ("rca?issue=A-1&service=x", "rca-subject-invalid"),
        ("rca?query=from%20issues", "rca-query-invalid"),
        ("rca?service=x&range=10s", "rca-window-invalid"),
        ("rca?issue=NONE-1", "issue-unknown"),
    ):
        refused = api.call("owner", "GET", f"/api/v1/{path}")
        assert refused.json["code"] == code
        assert refused.status_code in {400, 404}
    assert api.call("nobody", "GET", f"/api/v1/rca?issue={api.get('issues')['items'][0]['id']}").status_code in {
        403,
        404,
    }
    assert api.call("owner", "GET", "/api/v1/rca/unknown-run/progress").status_code == 404


def test_what_may_not_be_seen_is_in_no_case(api, rootcause):
    """An analysis of another project finds no service of this one, and none of its changes."""
    look = Look(LOCAL, (api.b.id,), (), api.bad, api.bad + WINDOW, Action.EVENT_READ)
    found = rootcause.find(look, Asked(service="cart"), (api.bad, api.bad + WINDOW))
    assert {one.node for one in found.case.series} <= {""}
    assert not found.case.changes


def test_a_query_names_the_rows_and_the_number_that_went_wrong():
    """Its first aggregate, else the usual one of the data set; other stages do not count."""
    asked = subject_of_query("from transactions service:a | where x > 1 | make-series failure_rate() by release")
    assert (asked.signal, asked.text) == (rca.Signal.ERRORS, "from transactions service:a | where x > 1")
    assert subject_of_query("level:error").signal is rca.Signal.ERRORS
    assert subject_of_query("from metrics metric.name:cpu").signal is rca.Signal.METRIC
    assert subject_of_query("from spans | summarize p99(span.duration)").signal is rca.Signal.LATENCY


def test_the_times_are_whole_steps_and_the_baseline_ends_where_the_window_begins():
    """Whatever the window: no bucket of a series is partly outside of it."""
    now = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
    frame = frame_of((now - timedelta(hours=1), now))
    assert frame.baseline[1] == frame.window[0]
    assert all(at.timestamp() % frame.step_s == 0 for at in (*frame.window, *frame.baseline))
    assert frame.grid.points <= 500
    with pytest.raises(UserError, match="31 days"):
        frame_of((now - timedelta(days=40), now))


def test_the_command_line_prints_what_the_server_answers(cart, monkeypatch, capsys):
    """As a table for people, as JSON and as Markdown."""

    class Client(beside.ApiClient):
        def call(self, method, path, *_, **__):
            assert (method, path) == ("GET", "/api/v1/rca?service=cart&range=30m")
            return document_of(cart)

    monkeypatch.setattr(beside, "server_of", lambda *_: Client("http://127.0.0.1:1", "token"))
    cli.rca(service="cart", window="30m")
    assert "Root cause of cart" in capsys.readouterr().out
    cli.rca(service="cart", window="30m", form=cli.Form.JSON)
    assert json.loads(capsys.readouterr().out)["subject"]["node"] == "cart"
    cli.rca(service="cart", window="30m", form=cli.Form.MARKDOWN)
    assert capsys.readouterr().out.startswith("# Root cause of cart\n")


def test_an_analysis_is_told_in_json_without_numbers_json_has_not(cart):
    """Gaps of series are null."""
    document = document_of(cart)
    json.dumps(document, allow_nan=False)
    RcaAnswer.model_validate(document)


@pytest.fixture(scope="module")
def queried(api, event_store):
    """Queries of an installation, whose stage `rca` makes these analyses."""
    services, data = api.services, DataDirectory.at(api.services.settings.data)
    mirror = IssueMirror(event_store, services.metadata)
    installation = Installation(services.settings, data, None, event_store, services.metadata, mirror, services.clock)
    queries = QueryService(make_runner(installation), services.metadata, services.clock, workers=1, queue=4)
    yield queries
    queries.close()


def _staged(api, queried, text):
    return queried.answer(Question(text, projects=(api.a.id,), start=api.bad, end=api.bad + WINDOW), LOCAL)


def test_the_stage_answers_as_the_analysis_does(api, rootcause, queried):
    """The same causes in the same order, with their service, change and evidence; its rows are part of the cost."""
    text = "from transactions service:cart"
    found = _find(api, rootcause, query=f"{text} | summarize p95(transaction.duration)")
    answer = _staged(api, queried, f"{text} | rca p95(transaction.duration) baseline 2h")
    rows = answer.table.to_pylist()
    assert [row["why"] for row in rows] == [one.title for one in found.diagnosis.hypotheses]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["service"] == "cart"
    assert HOSTILE in {row["change"] for row in rows}
    assert rows[0]["evidence"]
    assert abs(rows[0]["onset"] - api.bad) < timedelta(minutes=10)
    assert answer.cost.rows_read > found.rows_read / 2


def test_the_stage_asks_on_behalf_of_its_asker(api, queried):
    """Who may not see a project has no analysis of it, whatever the plan was made for: threads do not lose who asks."""
    stranger = Principal("token:vault", PrincipalKind.TOKEN)
    context = PlanContext(now=api.bad + WINDOW, projects={api.a.id: "shop"})
    with asked_by(stranger), pytest.raises(ProjectUnknown):
        queried.runner.run("from transactions last 30m | rca", context)
