"""The web port takes what the ingest port takes; native ingest also with API tokens, on the projects they reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from engine.clock import SystemClock
from engine.metadata import MetadataStore
from engine.spool import SpoolReader
from iam import Identity
from ingest.edge import Edge
from ingest.http import ENDPOINTS, NATIVE_ENDPOINTS, blueprint
from ingest.limits import IngestLimits
from ingest.ports import FixedSnapshot
from ingest.records import decode_raw
from ingest.sink import ShardedSink
from server.http.middleware import Csp, register_middleware
from server.ingest_tokens import IngestTokens
from tests.metadata import upgraded


@dataclass
class Web:
    """The doors of the web port over two projects, and what tokens there are."""

    client: Any
    root: Path
    tokens: dict[str, str]
    shop: int
    vault: int

    def send(self, token: str, project: str = "") -> int:
        """Send a log line with a token and return the status."""
        headers = {"Authorization": f"Bearer {self.tokens.get(token, token)}"}
        where = f"?project={project}" if project else ""
        answer = self.client.post(f"/api/v1/ingest/logs{where}", data=b'{"message":"x"}', headers=headers)
        return int(answer.status_code)

    def projects(self) -> list[int]:
        """Return the projects of the records kept so far."""
        records = [decode_raw(r.payload) for r in SpoolReader(self.root / "raw" / "0").read(None)]
        return [record.project_id for record in records if record.kind != "outcome"]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A metadata database, an edge that knows its tokens, and the middleware of the web port."""
    metadata = upgraded(MetadataStore(f"sqlite:///{tmp_path}/meta.sqlite3"))
    metadata.create_organisation("default")
    shop, vault = metadata.create_project("shop", with_key=True), metadata.create_project("vault", with_key=True)
    owner = metadata.create_user("owner@example.org", name="Owner", role="owner").id
    tokens = {
        "all": metadata.create_token("all", user_id=owner, scopes=("ingest:write",))[0],
        "shop": metadata.create_token("shop", (shop.id,), user_id=owner, scopes=("ingest:write",))[0],
        "reader": metadata.create_token("reader", user_id=owner, scopes=("event:read",))[0],
        "local": "local-secret",
    }
    identity = Identity(metadata, SystemClock(), "local-secret")
    sink = ShardedSink(tmp_path / "raw", 1)
    snapshot = FixedSnapshot(metadata.config_snapshot())
    edge = Edge(sink, snapshot, IngestLimits(), tokens=IngestTokens(identity, metadata))
    app = Flask("web")
    register_middleware(app, Csp())
    app.register_blueprint(blueprint(edge, (*ENDPOINTS, *NATIVE_ENDPOINTS)))
    yield Web(app.test_client(), tmp_path, tokens, shop.id, vault.id)
    edge.close()
    sink.close()
    metadata.close()


def test_a_token_sends_to_the_project_it_names_or_to_its_only_one(web: Web) -> None:
    """By short name or number."""
    assert [web.send("all", "shop"), web.send("all", str(web.vault)), web.send("shop"), web.send("local", "vault")] == [
        200
    ] * 4
    assert web.projects() == [web.shop, web.vault, web.shop, web.vault]


@pytest.mark.parametrize(
    ("token", "project", "status"),
    [
        ("all", "", 400),
        ("all", "nothing", 403),
        ("shop", "vault", 403),
        ("reader", "shop", 403),
        ("amb_x", "shop", 401),
    ],
)
def test_other_tokens_and_projects_are_refused(web: Web, token: str, project: str, status: int) -> None:
    """A project one may not send to reads like one that does not exist."""
    assert web.send(token, project) == status
    assert web.projects() == []


def test_errors_of_routing_carry_cors_on_the_paths_of_clients_only(web: Web) -> None:
    """Elsewhere a page of another origin has nothing to read."""
    for path in ("/api/1/hologram/", "/api/1/envelope", "/v1/traces"):
        assert web.client.delete(path).headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/api/0/projects/", "/api/v1/projects", "/"):
        assert "Access-Control-Allow-Origin" not in web.client.delete(path).headers
