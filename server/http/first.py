"""The first application of the web port: queries and the state, answered while everything else is still imported."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask

from engine.clock import Clock
from engine.metadata import MetadataStore
from iam import Identity
from server.http.cookies import Cookies
from server.http.query import query_routes
from server.http.shell import make_app
from server.http.state import metrics_routes, state_routes
from server.metrics import Metrics
from server.query_service import QueryService
from server.settings import Settings
from server.state import InstallationState


@dataclass(frozen=True, slots=True)
class FirstServices:
    """The services that are there first; those of the whole API (`server.http.services`) are made of them."""

    settings: Settings
    clock: Clock
    metadata: MetadataStore
    identity: Identity
    queries: QueryService
    state: InstallationState
    metrics: Metrics
    cookies: Cookies


def first_app(services: FirstServices, *others: Blueprint) -> Flask:
    """Return the application of these routes and others that are needed at once."""
    blueprints = (query_routes(services.queries, services.clock), state_routes(services), metrics_routes(services))
    return make_app(services, lambda _app: blueprints, others)
