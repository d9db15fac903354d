"""The one gate of the web port: every request passes it, and every route must have told it what it asks for.

It says who comes (token, session), that a browser's write was meant, how often they come, which project the path names,
and whether they may. Routes find the answers in `flask.g` through `principal()`, `session()` and `project()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote

from flask import Flask, Response, g, redirect, request

from engine.errors import NotFound, StateError
from engine.metadata import MetadataStore, ProjectRow
from iam import (
    ACTIONS,
    Action,
    Decision,
    Denied,
    Identity,
    Kind,
    Principal,
    PrincipalKind,
    Resource,
    Session,
    Unauthenticated,
    decide,
    implied_scopes,
    place_of,
    project_resource,
)
from server.http.access import Access, needs, public
from server.http.cookies import SESSION_COOKIE, Cookies
from server.http.middleware import is_ingest_path
from server.http.rates import RateLimit
from server.http.routes import MAX_BODY_BYTES

PRINCIPAL_KEY = "amber.principal"
"""Member of the WSGI environment for requests the server makes to itself; no client can set it (`HTTP_…` only)."""

PAGES = "/app"
_INGEST = "ingest."
"""The blueprint of the client protocol, whose paths are partly a setting (tunnels)."""

_OWN_KEYS = "The client protocol has keys of its own, checked by ingest."

OUTSIDE: tuple[tuple[str, Access], ...] = (
    ("/login", public("One signs in here; it has its own CSRF token.")),
    ("/logout", public("One signs out here; it has its own CSRF token.")),
    (f"{PAGES}/assets/", public("The bundle: program text and styles, no data.")),
    (f"{PAGES}/_dash-component-suites/", public("Dash's own program text, no data.")),
    (f"{PAGES}/_favicon.ico", public("An icon.")),
    (f"{PAGES}/", needs(Action.SELF_READ)),
)
"""Access of routes that are not declared beside their view, by how their path begins; the first that fits counts.

Pages hold no data themselves: they read documents of the API for the principal of the request.
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """What the gate needs.

    Attributes:
        identity: who a token or a session is.
        metadata: projects and the organisation.
        cookies: the checks of a browser's request.
        rates: how often one may come.
        log_ins: how often an address may try to sign in.
    """

    identity: Identity
    metadata: MetadataStore
    cookies: Cookies
    rates: RateLimit
    log_ins: RateLimit


def principal() -> Principal:
    """Return who asks; only in routes that are not public."""
    found = g.principal
    assert isinstance(found, Principal)
    return found


def session() -> Session | None:
    """Return the session of a request that came with its cookie, None for tokens."""
    found: Session | None = g.get("session")
    return found


class NamesProject(Protocol):
    """A path with a project in it."""

    @property
    def project(self) -> str:
        """Slug or number, as it stands in the path."""
        ...


def project(path: NamesProject) -> ProjectRow:
    """Return the project a path names; the guard has found it and decided."""
    found = g.project
    assert isinstance(found, ProjectRow)
    assert path.project in {found.slug, str(found.id)}
    return found


def access_of(rule: str, endpoint: str, declared: Mapping[str, Access]) -> Access | None:
    """Return the access of a route: as declared beside its view, or by its path; None when nobody said."""
    if endpoint in declared:
        return declared[endpoint]
    if endpoint.startswith(_INGEST):
        return public(_OWN_KEYS)
    return next((access for start, access in OUTSIDE if rule.startswith(start)), None)


def refuse_undeclared(app: Flask, declared: Mapping[str, Access]) -> None:
    """Refuse an application with a route nobody has said the access of.

    Raises:
        StateError: naming the routes.
    """
    missing = sorted(
        {rule.rule for rule in app.url_map.iter_rules() if access_of(rule.rule, rule.endpoint, declared) is None}
    )
    if missing:
        raise StateError(
            f"Routes without a declared access: {', '.join(missing)}.",
            code="route-undeclared",
            hint="Declare an action, or public with a reason, in server/http.",
        )


def register_guard(app: Flask, guard: Guard, declared: Mapping[str, Access]) -> None:
    """Put the gate before every route of an application."""

    @app.before_request
    def gate() -> Response | None:
        rule = request.url_rule
        if rule is None:  # no route: the error of routing is the answer
            return None
        access = access_of(rule.rule, rule.endpoint, declared)
        if access is None:
            raise StateError("This route has no declared access.", code="route-undeclared")
        if not is_ingest_path(request.path) and not rule.endpoint.startswith(_INGEST):
            # Reading a long body as JSON lets no other thread run; what nobody reads costs nothing.
            request.max_content_length = MAX_BODY_BYTES
        if access.action is None:
            _limit_log_ins(guard, rule.rule)
            return None
        try:
            _who(guard)
        except Unauthenticated:
            if _is_page(rule.rule):
                return _to_log_in()
            raise
        if PRINCIPAL_KEY not in request.environ:
            guard.rates.take(_bucket())
        _may(guard, access.action)
        return None


def _limit_log_ins(guard: Guard, rule: str) -> None:
    if request.method == "POST" and rule.startswith(("/login", "/api/v1/session")):
        guard.cookies.check_site(request)
        guard.log_ins.take(place_of(request.remote_addr or ""))


def _who(guard: Guard) -> None:
    """Put the principal, and the session of a browser, where routes find them."""
    g.session = None
    inside = request.environ.get(PRINCIPAL_KEY)
    if isinstance(inside, Principal):
        g.principal = inside
    elif "Authorization" in request.headers:
        g.principal = guard.identity.by_token(_bearer(request.headers["Authorization"]))
    elif request.cookies.get(SESSION_COOKIE):
        g.session = guard.identity.by_session(request.cookies[SESSION_COOKIE])
        g.principal = g.session.principal
        guard.cookies.check_site(request)
        guard.cookies.check_token(request, g.session)
    else:
        raise _nobody()
    g.principal_name = g.principal.name


def _bearer(header: str) -> str:
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _nobody()
    return token.strip()


def _nobody() -> Unauthenticated:
    return Unauthenticated(
        "This needs a token or a session.",
        hint="Send `Authorization: Bearer TOKEN`, or sign in at /login; `amber init` prints a token.",
    )


def _bucket() -> str:
    who = g.principal
    return f"{who.kind}:{who.token_id}:{who.session_id}"


def _is_page(rule: str) -> bool:
    return rule.startswith(PAGES) and request.method in {"GET", "HEAD"} and "/_" not in request.path


def _to_log_in() -> Response:
    target = request.full_path.rstrip("?")
    made = redirect(f"/login?next={quote(target, safe='')}", 302)
    assert isinstance(made, Response)
    return made


def _may(guard: Guard, action: Action) -> None:
    name = (request.view_args or {}).get("project")
    if name is not None and request.path.startswith("/api/v1/projects/"):
        g.project = _named(guard.metadata, name)
        verdict = decide(principal(), action, project_resource(g.project))
    else:
        verdict = _general(guard.metadata, principal(), action)
    if not verdict:
        raise Denied(verdict.why)


def _named(metadata: MetadataStore, name: str) -> ProjectRow:
    """Return the project a path names; one that may not be seen is as unknown as one that is not there."""
    for row in metadata.projects():
        if name in {row.slug, str(row.id)} and _is_visible(row):
            return row
    raise NotFound(f"There is no project called {name[:100]!r}.", code="project-unknown")


def _is_visible(row: ProjectRow) -> bool:
    """Whether the principal's roles and projects reach it; whether a token has the scope is another question."""
    who = replace(principal(), scopes=None)
    return decide(who, Action.PROJECT_READ, project_resource(row)).allowed


def _general(metadata: MetadataStore, who: Principal, action: Action) -> Decision:
    """Decide on an action before it is known on what: the part of the answer that holds for everything.

    What is about a team, a person or a token is decided where the thing is known, in `iam.Administration`; here only
    the token's scope counts. What is about projects wants one project on which it is allowed.
    """
    rule = ACTIONS[action]
    if who.kind in {PrincipalKind.LOCAL, PrincipalKind.EMBEDDED}:
        return Decision(allowed=True, why="Who may read the data directory may everything.")
    organisation = next((row.id for row in metadata.organisations()), 0)
    if rule.kinds == (Kind.PROJECT,):
        return _on_any_project(metadata, who, action, organisation)
    if rule.kinds in {(Kind.ORGANISATION,), (Kind.INSTALLATION,)}:
        return decide(who, action, Resource(rule.kinds[0], organisation_id=organisation))
    if rule.own:
        return decide(who, action, Resource(rule.kinds[0], organisation_id=organisation, user_id=who.user_id))
    if who.scopes is not None and rule.scope not in implied_scopes(who.scopes):
        return Decision(allowed=False, why=f"The token lacks the scope {rule.scope}.")
    return Decision(allowed=True, why="It is decided where the thing is known.")


def _on_any_project(metadata: MetadataStore, who: Principal, action: Action, organisation: int) -> Decision:
    # An organisation without projects yet has nothing to refuse to its own people: the imagined project stands for it.
    verdict = decide(who, action, Resource(Kind.PROJECT, organisation_id=organisation))
    for row in () if verdict else metadata.projects():
        found = decide(who, action, project_resource(row))
        if found:
            return found
        verdict = found
    return verdict
