"""Every route, every role: the table in `golden/access.txt`, and that no route can be forgotten.

The requests are real and harmless: writes name a version, a number or a member that cannot be, so that who is allowed
gets a 4xx that says so instead of an effect. `AMBER_UPDATE_GOLDEN=1` writes the table anew; review the difference.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint

from engine.clock import FixedClock
from engine.errors import StateError
from iam import SCOPES, Action
from server.http.access import Access, needs, public
from server.http.app import create_app
from server.http.guard import access_of
from server.http.rates import RateLimit
from tests.server.api import FAR, PEOPLE, build_api

GOLDEN = Path(__file__).parent / "golden" / "access.txt"
WHO = (
    "",
    *PEOPLE,
    "token:all",
    "token:a",
    "token:b",
    "token:none",
    "token:viewer",
    "token:expired",
    *(f"token:{scope}" for scope in SCOPES),
    "token:local",
)
NEVER = 999_999_999
ENDS_SESSIONS = {("DELETE", "/api/v1/session"), ("DELETE", "/api/v1/me/sessions")}
VALUES: dict[str, Any] = {
    "query_id": "no-such-query",
    "issue": "SHOP-1",
    "which": "latest",
    "event_id": "0" * 31 + "1",
    "trace_id": "f" * 32,
    "attachment_id": "f" * 32,
    "replay_id": "f" * 32,
    "profile_id": "f" * 32,
    "segment": 0,
    "file_id": NEVER,
    "key": NEVER,
    "user": NEVER,
    "session": NEVER,
    "token": NEVER,
    "team": "web",
    "attached": "no-such-project",
    "saved": NEVER,
    "version": 1,
    "organization": "no-such-organisation",
    "report": NEVER,
    "schedule": NEVER,
    "run": "no-such-run",
}
QUERY = {"query": "from errors | limit 1"}
BODIES: dict[str, Any] = {
    "POST /api/v1/query": QUERY,
    "POST /api/v1/projects/<project>/report-schedules": {"name": "x", "zone": "no-such-zone"},
    "PUT /api/v1/projects/<project>/report-schedules/<schedule>": {"name": "x"},
    "POST /api/v1/query/plan": QUERY,
    "POST /api/v1/query/explain": QUERY,
    "POST /api/v1/query/series": QUERY,
    "POST /api/v1/query/facets": QUERY,
    "POST /api/v1/query/complete": {"query": "lev", "cursor": 3, "values": False},
    "POST /api/v1/query/check": {"query": "from errors | sumarize n=count()"},
    "POST /api/v1/query/hover": {"query": "level:error", "cursor": 3},
    "POST /api/v1/query/format": QUERY,
    "POST /api/v1/query/outline": QUERY,
    "POST /api/v1/query/edit": {"query": "from errors", "change": {"op": "limit", "count": 5}},
    "POST /api/v1/saved-queries": {"name": "x", "text": "from errors | sumarize n=count()"},
    "POST /api/v1/saved-queries/import": {"source": "https://example.org"},
    "POST /api/v1/projects": {"slug": "shop"},
    "POST /api/v1/teams": {"slug": "web"},
    "POST /api/v1/users": {"email": "owner@example.org"},
    "POST /api/v1/tokens": {"name": "x", "scopes": ["no-such-scope"]},
    "PATCH /api/v1/organisation": {"name": "x"},
    "PATCH /api/v1/projects/<project>": {"name": "x"},
    "PATCH /api/v1/projects/<project>/keys/<key>": {"label": "x"},
    "PATCH /api/v1/teams/<team>": {"name": "x"},
    "PATCH /api/v1/users/<user>": {"role": "viewer"},
    "PUT /api/v1/teams/<team>/members/<user>": {"role": "viewer"},
    "PUT /api/v1/projects/<project>/roles/<user>": {"role": "viewer"},
    "PUT /api/0/projects/<organization>/<project>/issues/": {"status": "resolved"},
    "PUT /api/0/projects/<organization>/<project>/monitors/<monitor>/": {"isMuted": True},
    "PUT /api/0/projects/<organization>/<project>/monitors/<monitor>/environments/<environment>/": {"isMuted": True},
}
"""Bodies that pass the checks of their shape; what is not named here gets an empty object, which none takes."""


@pytest.fixture(scope="module")
def api(event_store, rows_of, tmp_path_factory):
    """The application with one event and issue in project A; the clock of its limits stands, however long it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RateLimit.__init__, "__defaults__", (lambda: 0.0,))
        root, clock = tmp_path_factory.mktemp("access"), FixedClock(datetime.now(UTC))
        built = build_api(event_store, rows_of, root, 771_000, clock=clock)
    built.add_errors(built.a.id, [{"event_id": "0" * 31 + "1", "fingerprint": 1, "title": "boom"}])
    _remember_reads(built.metadata)
    yield built
    built.close()


def _remember_reads(metadata) -> None:
    """Keep who somebody is and what there is until something is written: thousands of requests ask the same."""
    kept: dict[Any, Any] = {}

    def remembered(name: str, read: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*arguments: Any, **options: Any) -> Any:
            key = (name, arguments, tuple(options.items()))
            if key not in kept:
                kept[key] = read(*arguments, **options)
            return kept[key]

        return answer

    def forgetting(write: Callable[[], AbstractContextManager[Any]]) -> Callable[[], AbstractContextManager[Any]]:
        @contextmanager
        def transaction() -> Iterator[Any]:
            try:
                with write() as connection:
                    yield connection
            finally:
                kept.clear()

        return transaction

    for name in ("person", "find_token", "find_session", "organisations", "projects"):
        setattr(metadata, name, remembered(name, getattr(metadata, name)))
    for name in ("write", "write_at_once"):
        setattr(metadata._database, name, forgetting(getattr(metadata._database, name)))


def routes(api) -> list[tuple[str, str]]:
    """Every (method, rule) of the application."""
    return sorted(
        (method, rule.rule) for rule in api.app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    )


def outcome(api, who: str, method: str, rule: str, project: str) -> str:
    """What somebody is answered: the status, and the code of the problem."""
    path = rule
    for name, value in {**VALUES, "project": project}.items():
        path = path.replace(f"<{name}>", str(value))
    body = None if method in {"GET", "DELETE"} else BODIES.get(f"{method} {rule}", {})
    response = api.call(who, method, path, body, **{"If-Match": f'"{NEVER}"'})
    code = response.json.get("code", "") if response.mimetype == "application/problem+json" else ""
    assert response.status_code < 500 or rule == "/api/v1/ready", (who, method, path, response.get_data(as_text=True))
    return f"{response.status_code} {code}".strip()


def table(api) -> str:
    """The whole table as text: under each route the outcomes, and who gets each."""
    lines = []
    for method, rule in routes(api):
        for project in ("shop", "vault") if "<project>" in rule else ("",):
            found = defaultdict(list)
            for who in WHO:
                found[outcome(api, who, method, rule, project)].append(who or "anonymous")
                if (method, rule) in ENDS_SESSIONS and who in api.people:
                    _sign_in_again(api, who)
            lines.append(f"{method} {rule.replace('<project>', f'<project={project}>')}")
            lines += [f"    {told}: {' '.join(names)}" for told, names in sorted(found.items())]
    return "\n".join(lines) + "\n"


def _sign_in_again(api, who: str) -> None:
    """Open a session for somebody whose sessions a route has ended."""
    person = api.people[who]
    secret, opened = api.metadata.open_session(person.id, expires_at=FAR, address="", user_agent="")
    person.cookie, person.csrf = secret, opened.csrf_token


def test_every_route_answers_every_role_as_the_table_says(api):
    """A change of who may do what is a change of this file, seen in review."""
    made = table(api)
    if os.environ.get("AMBER_UPDATE_GOLDEN"):
        GOLDEN.write_text(made, encoding="utf-8")
    assert made == GOLDEN.read_text(encoding="utf-8")


def test_who_is_not_signed_in_gets_nothing_but_what_is_public(api):
    """401 for everybody without a valid token or session, on every route with an action; no body is even looked at."""
    declared = declared_access(api.app)
    for method, rule in routes(api):
        public_one = access_of(rule, endpoint_of(api.app, method, rule), declared).action is None
        for who in ("", "token:expired", "token:wrong"):
            assert outcome(api, who, method, rule, "shop").startswith("401 unauthenticated") != public_one, (
                method,
                rule,
            )


def test_a_project_one_may_not_see_is_as_unknown_as_one_that_is_not_there(api):
    """Same status, same code, same words, for reading and for writing."""
    for method, rule in routes(api):
        if "<project>" not in rule:
            continue
        told = []
        for name in ("vault", "no-such"):
            path = rule.replace("<project>", name).replace("<key>", "1").replace("<user>", "1")
            body = None if method in {"GET", "DELETE"} else BODIES.get(f"{method} {rule}", {})
            answer = api.call("team-owner", method, path, body).json
            told.append((answer["status"], answer["code"], answer["detail"].replace(name, "X")))
        assert told[0] == told[1]
        assert told[0][0] == 404


def test_an_application_with_an_undeclared_route_does_not_start(api):
    """Whatever adds it: a blueprint, or what mounts the pages."""
    stray = Blueprint("stray", __name__)
    stray.add_url_rule("/api/v1/stray", "stray", lambda: "")
    with pytest.raises(StateError, match="/api/v1/stray"):
        create_app(api.services, stray)
    with pytest.raises(StateError, match="/elsewhere"):
        create_app(api.services, mount=_mounting)


def _mounting(app):
    app.add_url_rule("/elsewhere", "elsewhere", lambda: "")
    return SimpleNamespace(csp_hashes=tuple)


def test_what_dash_adds_below_app_needs_a_session_but_for_program_text():
    """Documents, layout, callbacks: signed in; the bundle and Dash's own files: public, they hold no data."""
    for path in ("/app/", "/app/<path:path>", "/app/_dash-layout", "/app/_dash-update-component", "/app/_reload-hash"):
        assert access_of(path, "dash", {}) == needs(Action.SELF_READ)
    for path in ("/app/assets/<path:filename>", "/app/_dash-component-suites/<string:package_name>/<path:file>"):
        assert access_of(path, "dash", {}).public
    assert access_of("/application", "x", {}) is None


def test_an_access_is_an_action_or_public_with_a_reason():
    """Never both, never neither: forgetting one is an error when the route is made."""
    with pytest.raises(ValueError, match="public"):
        Access()
    with pytest.raises(ValueError, match="public"):
        Access(Action.EVENT_READ, "both")
    assert public("because").public == "because"


def declared_access(app) -> dict[str, Access]:
    """What the blueprints of an application declare."""
    found = {"root": public("root")}
    for routes_ in app.extensions["amber.described"]:
        found.update(routes_.declared)
    return found


def endpoint_of(app, method: str, rule: str) -> str:
    """The endpoint behind a method and rule."""
    return next(r.endpoint for r in app.url_map.iter_rules() if r.rule == rule and method in r.methods)
