"""The Flask application of the web process."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask

from server.http.account import account_routes
from server.http.artifacts import artifact_routes
from server.http.boards import board_routes
from server.http.commits import commit_routes
from server.http.compat import compat_routes
from server.http.dead_letters import dead_letter_routes
from server.http.debug_files import debug_file_routes
from server.http.deploys import deploy_routes
from server.http.files import file_routes
from server.http.grouping import grouping_routes
from server.http.issues import issue_routes
from server.http.jobs import job_routes
from server.http.managed import managed_routes
from server.http.merging import merging_routes
from server.http.monitor_pages import monitor_page_routes
from server.http.monitors import monitor_routes
from server.http.native import native_routes
from server.http.ownership import ownership_routes
from server.http.people import people_routes
from server.http.profiles import profile_routes
from server.http.query import query_routes
from server.http.query_help import query_help_routes
from server.http.rca import rca_routes
from server.http.release_pages import release_page_routes
from server.http.releases import release_routes
from server.http.reports import report_routes
from server.http.routes import Routes
from server.http.saved import saved_routes
from server.http.scrub import scrub_routes
from server.http.sentry_lists import sentry_list_routes
from server.http.servicemap import service_map_routes
from server.http.services import Services
from server.http.shell import Mount, make_app
from server.http.spec import spec_routes
from server.http.state import metrics_routes, state_routes
from server.http.traces import trace_routes
from server.http.views import view_routes
from server.http.webhooks import webhook_routes

__all__ = ["Mount", "create_app", "routes_of"]


def routes_of(services: Services) -> list[Routes]:
    """Return every blueprint of the API."""
    return [
        account_routes(services),
        query_routes(services.queries, services.clock),
        query_help_routes(services.queries, services.clock),
        saved_routes(services),
        view_routes(services),
        board_routes(services),
        issue_routes(services),
        merging_routes(services),
        trace_routes(services),
        profile_routes(services),
        service_map_routes(services),
        rca_routes(services),
        report_routes(services),
        managed_routes(services),
        scrub_routes(services),
        grouping_routes(services),
        people_routes(services),
        compat_routes(services),
        artifact_routes(services),
        release_routes(services),
        release_page_routes(services),
        deploy_routes(services),
        sentry_list_routes(services),
        monitor_routes(services),
        monitor_page_routes(services),
        debug_file_routes(services),
        file_routes(services),
        native_routes(services),
        commit_routes(services),
        ownership_routes(services),
        webhook_routes(services),
        dead_letter_routes(services),
        job_routes(services),
        state_routes(services),
        metrics_routes(services),
    ]


def create_app(services: Services, *others: Blueprint, mount: Mount | None = None) -> Flask:
    """Return the application: the API, other blueprints such as ingest's, and what `mount` adds (the pages).

    Raises:
        StateError: a route has no declared access.
    """

    def described(app: Flask) -> Sequence[Routes]:
        blueprints = routes_of(services)
        return [*blueprints, spec_routes(app, blueprints)]

    return make_app(services, described, others, mount)
