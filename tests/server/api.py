"""The HTTP application over a store, with people of every role, their sessions, and tokens of every scope."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from engine.blobs import FileBlobStore
from engine.clock import Clock, SystemClock
from engine.datadir import DataDirectory
from engine.ids import default_issue_id
from engine.metadata import MetadataStore, NewIssue
from engine.mirror import IssueMirror
from iam import SCOPES, Administration, Identity
from ingest.symbols import SourceMaps, Symbolicator
from ingest.writer import WriterFigures
from queries.cache import ResultCache
from queries.run import Runner
from server.compose import Installation
from server.dead_letters import DeadLetterService
from server.http.app import create_app
from server.http.cookies import Cookies
from server.http.services import Services
from server.issues import IssueService, ReleaseBook, Workflow
from server.issues.merging import Merging
from server.issues.recluster_job import reclustering
from server.metrics import Metrics
from server.query_ledger import Ledger
from server.query_service import QueryService
from server.runner import budgets_of
from server.settings import Settings
from server.state import InstallationState
from server.traces import TraceService
from tests.metadata import upgraded

ROLES = ("owner", "admin", "member", "viewer")
PEOPLE = (*ROLES, *(f"{place}-{role}" for place in ("team", "project") for role in ROLES), "nobody")
"""Who has a role where: on the organisation, on the team of project A, on project A, nowhere."""

FAR = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class Person:
    """Somebody with an open session."""

    id: int
    email: str
    cookie: str
    csrf: str
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass
class Api:
    """The application and who uses it; projects A and B, a team on A."""

    app: Any
    services: Services
    store: Any
    make_rows: Any
    mirror: IssueMirror
    figures: dict[str, WriterFigures]
    people: dict[str, Person]
    tokens: dict[str, str]
    a: Any
    b: Any
    team: Any
    installation: Installation

    @property
    def metadata(self) -> MetadataStore:
        """The metadata database."""
        return self.services.metadata

    def client(self) -> FlaskClient:
        """A client without cookies of its own."""
        return self.app.test_client(use_cookies=False)

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str):
        """One request of somebody: a name of `people` (by cookie), `token:NAME`, `local`, or `` for nobody."""
        sent = {**self.credentials(who), **headers}
        data = body if isinstance(body, bytes | None) else json.dumps(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        return self.client().open(path, method=method, data=data, headers=sent)

    def credentials(self, who: str) -> dict[str, str]:
        """The headers somebody sends."""
        if not who:
            return {}
        if who in self.people:
            person = self.people[who]
            return {
                "Cookie": f"amber_session={person.cookie}; _csrf_token={person.csrf}",
                "X-CSRFToken": person.csrf,
            }
        return {"Authorization": f"Bearer {self.tokens[who.removeprefix('token:')]}"}

    def get(self, path: str, who: str = "owner", **headers: str):
        """Get a path below /api/v1 and return the document; the answer must be 200."""
        response = self.call(who, "GET", f"/api/v1/{path}", **headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.json

    def send(self, method: str, path: str, body: Any, who: str = "owner", status: int = 200, **headers: str):
        """Send a body below /api/v1 and return the document."""
        response = self.call(who, method, f"/api/v1/{path}", body, **headers)
        assert response.status_code == status, response.get_data(as_text=True)
        return response.json

    def add_errors(self, project_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store error events; give each fingerprint its issue, and the mirror the issues."""
        now = datetime.now(UTC)
        full = [{"project_id": project_id, "timestamp": now - timedelta(minutes=5), "payload": "{}", **r} for r in rows]
        self.store.insert_rows("errors", self.make_rows("errors", full))
        self.metadata.ensure_issues(
            [
                NewIssue(
                    project_id,
                    row["fingerprint"],
                    default_issue_id(project_id, row["fingerprint"]),
                    row.get("title", ""),
                    row.get("culprit", ""),
                    row.get("level", "error"),
                    row["timestamp"],
                )
                for row in full
            ]
        )
        self.mirror.sync()

    def new_project(self, slug: str) -> Any:
        """Make a further project of the organisation."""
        return self.metadata.create_project(slug, with_key=True)

    def close(self) -> None:
        """Let go."""
        self.services.queries.close()
        self.metadata.close()


def build_api(
    event_store: Any, make_rows: Any, root: Path, first_project: int, *, clock: Clock | None = None, **settings: Any
) -> Api:
    """Build the application; its projects begin at an id of their own, so that other tests' rows stay out of sight."""
    clock = clock or SystemClock()
    metadata = upgraded(MetadataStore(f"sqlite:///{root / 'meta.sqlite3'}"))
    metadata.create_organisation("default")
    with metadata._database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('projects', ?)", (first_project - 1,)
        )
    a, b = metadata.create_project("shop", with_key=True), metadata.create_project("vault", with_key=True)
    team = metadata.create_team("web", "Web")
    metadata.set_team_project(team.id, a.id, attached=True)
    people = {name: _person(metadata, name, team.id, a.id) for name in PEOPLE}
    data = DataDirectory.at(root / "data")
    data.create()
    options = {"api_rate_per_minute": 1_000_000, "api_burst": 1_000_000, "metrics_access": "token", **settings}
    used = Settings(data=data.root, **options)
    mirror = IssueMirror(event_store, metadata)
    installation = Installation(used, data, None, event_store, metadata, mirror, clock)
    figures = {"writer": WriterFigures({"errors": 5}, "")}
    runner = Runner(event_store, cache=ResultCache(used.query_cache))
    state = InstallationState(installation, runner, lambda: figures["writer"])
    metrics = Metrics(state.samples)
    ledger = Ledger(clock, metrics, budgets_of(used))
    queries = QueryService(runner, metadata, clock, workers=2, queue=1, ledger=ledger)
    workflow = Workflow(metadata, mirror.sync, ReleaseBook(metadata, runner.run, clock), clock)
    services = Services(
        settings=used,
        clock=clock,
        metadata=metadata,
        identity=Identity(metadata, clock, "local-secret"),
        administration=Administration(metadata, clock),
        queries=queries,
        issues=IssueService(queries, metadata, workflow, Symbolicator(SourceMaps(metadata, FileBlobStore(data.blobs)))),
        merging=Merging(queries, metadata, workflow, mirror.sync),
        recluster=lambda: reclustering(runner, metadata, mirror.sync, clock),
        traces=TraceService(queries, metadata),
        state=state,
        metrics=metrics,
        cookies=Cookies(used.public_url),
        dead_letters=DeadLetterService(data, 1, metadata),
    )
    tokens = _tokens(metadata, people, a.id, b.id)
    return Api(
        create_app(services), services, event_store, make_rows, mirror, figures, people, tokens, a, b,
        metadata.teams()[0], installation,
    )  # fmt: skip


def _person(metadata: MetadataStore, name: str, team_id: int, project_id: int) -> Person:
    place, _, role = name.rpartition("-")
    user = metadata.create_user(f"{name}@example.org", name=name.title(), role=role if name in ROLES else "")
    if place == "team":
        metadata.set_team_member(team_id, user.id, role, expected=None)
    elif place == "project":
        metadata.set_project_role(project_id, user.id, role, expected=None)
    secret, session = metadata.open_session(user.id, expires_at=FAR, address="127.0.0.1", user_agent="test")
    return Person(user.id, user.email, secret, session.csrf_token)


def _tokens(metadata: MetadataStore, people: dict[str, Person], a: int, b: int) -> dict[str, str]:
    owner = people["owner"].id
    old = datetime.now(UTC) - timedelta(days=1)
    made = {
        "all": metadata.create_token("all", user_id=owner)[0],
        "a": metadata.create_token("a", [a], user_id=owner)[0],
        "b": metadata.create_token("b", [b], user_id=owner)[0],
        "expired": metadata.create_token("old", user_id=owner, expires_at=old)[0],
        "none": metadata.create_token("none", user_id=owner, scopes=())[0],
        "viewer": metadata.create_token("viewer", user_id=people["viewer"].id, scopes=tuple(SCOPES))[0],
        "wrong": "amb_wrong",
        "local": "local-secret",
    }
    return made | {scope: metadata.create_token(scope, user_id=owner, scopes=(scope,))[0] for scope in SCOPES}
