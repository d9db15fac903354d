"""Reports: those that were made, one of now, schedules; and what a release made worse."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPMethod, HTTPStatus
from typing import Any

from flask import Response

from engine.errors import NotFound
from engine.metadata import AuditEntry, ProjectRow
from engine.reports import ReportKey, ReportRow, Rhythm, ScheduleRow, ScheduleWanted
from iam import Action, visible_projects
from queries.result import rfc3339
from server.http.access import needs
from server.http.documents import reports as documents
from server.http.documents.common import BODY, NOT_FOUND, QUERY_LIMIT
from server.http.documents.managed import ProjectPath
from server.http.documents.rca import told
from server.http.guard import principal, project
from server.http.period import range_length
from server.http.rca import STILL
from server.http.routes import Routes, answer, nothing
from server.http.services import Services
from server.issues.looking import Look
from server.releases.overview import ReleaseOverview
from server.reports.job import mail_server
from server.reports.making import ReportMaker, Wanted, period_of
from server.reports.periods import next_due, zone_of
from server.reports.regressions import release_regressions
from server.reports.sending import Post
from server.reports.telling import as_html, as_markdown

_READ = needs(Action.ISSUE_READ)
_WRITE = needs(Action.PROJECT_WRITE)


def report_routes(services: Services) -> Routes:
    """Return the routes of reports."""
    routes = Routes("reports", "Reports of projects: made by schedules or by hand, mailed; what a release made worse.")
    _reading(routes, services)
    _making(routes, services)
    _schedules(routes, services)
    _release(routes, services)
    return routes


def _reading(routes: Routes, services: Services) -> None:
    metadata = services.metadata

    @routes.on(HTTPMethod.GET, "/reports", _READ, {200: documents.Reports})
    def reports(query: documents.ReportsQuery) -> Response:
        """List the newest reports of the visible projects, with their mails."""
        slugs = _slugs(services, query.project)
        return answer({"items": [_item(services, row, slugs) for row in metadata.reports(sorted(slugs), query.limit)]})

    @routes.on(HTTPMethod.GET, "/reports/<report>", _READ, {200: told("StoredReport", "The report."), **NOT_FOUND})
    def report(path: documents.ReportPath, query: documents.ReportQuery) -> Response:
        """Return one report; with `format=markdown` or `format=html` as a document to read."""
        row = metadata.report(path.report)
        slugs = _slugs(services, None)
        if row.key.project_id not in slugs:
            raise NotFound(f"There is no report {path.report}.", code="report-unknown")
        if query.format == "json":
            return answer({**_item(services, row, slugs), "document": row.document})
        if row.document is None:
            raise NotFound("The report is not made yet.", code="report-unmade", hint="Ask again in a minute.")
        return _told(row.document, query.format)


def _making(routes: Routes, services: Services) -> None:
    rule = "/projects/<project>/reports"
    metadata = services.metadata

    def made(of: ProjectRow, length: timedelta) -> dict[str, Any]:
        maker = ReportMaker(services.queries, metadata, services.issues, services.clock)
        return maker.make(principal(), Wanted(of, *period_of(length, services.clock.now())))

    @routes.on(HTTPMethod.GET, rule, _READ, {200: told("ReportDocument", "The report."), **NOT_FOUND, **QUERY_LIMIT})
    def report_now(path: ProjectPath, query: documents.MakeQuery) -> Response:
        """Return a report of a project of now; it is not kept."""
        return _told(made(project(path), range_length(query.range)), query.format)

    @routes.on(HTTPMethod.POST, rule, _WRITE, {201: documents.StoredReport, **NOT_FOUND, **QUERY_LIMIT, **BODY})
    def make_report(path: ProjectPath, body: documents.ReportWanted) -> Response:
        """Make a report of a project of now, keep it, and mail it to the recipients."""
        of = project(path)
        length = range_length(body.range)
        document = made(of, length)
        post = Post(metadata, mail_server(services.settings), services.settings.web_url)
        entry = AuditEntry(principal().name, "report.make", f"project:{of.slug}")
        row = post.send(ReportKey(of.id, *period_of(length, services.clock.now())), document, body.recipients, entry)
        return answer({**_item(services, row, {of.id: of.slug}), "document": row.document}, HTTPStatus.CREATED)


def _schedules(routes: Routes, services: Services) -> None:
    metadata = services.metadata
    rule = "/projects/<project>/report-schedules"

    @routes.on(HTTPMethod.GET, "/report-schedules", _READ, {200: documents.Schedules})
    def report_schedules(query: documents.ReportsQuery) -> Response:
        """List the schedules of reports of the visible projects."""
        slugs = _slugs(services, query.project)
        found = metadata.report_schedules(sorted(slugs))
        return answer({"items": [_schedule(services, row, slugs[row.project_id]) for row in found[: query.limit]]})

    @routes.on(HTTPMethod.POST, rule, _WRITE, {201: documents.Schedule, **NOT_FOUND, **BODY})
    def add_report_schedule(path: ProjectPath, body: documents.ScheduleBody) -> Response:
        """Have a report made daily or weekly from now on."""
        of = project(path)
        entry = AuditEntry(principal().name, "report-schedule.create", f"project:{of.slug}")
        row = metadata.add_report_schedule(of.id, _wanted(body), principal().name, audit=entry)
        return answer(_schedule(services, row, of.slug), HTTPStatus.CREATED)

    @routes.on(HTTPMethod.PUT, f"{rule}/<schedule>", _WRITE, {200: documents.Schedule, **NOT_FOUND, **BODY})
    def set_report_schedule(path: documents.SchedulePath, body: documents.ScheduleBody) -> Response:
        """Replace a schedule; nothing before this moment becomes due by it."""
        of = project(path)
        _owned(services, path.schedule, of)
        entry = AuditEntry(principal().name, "report-schedule.change", f"report-schedule:{path.schedule}")
        row = metadata.set_report_schedule(path.schedule, _wanted(body), audit=entry)
        return answer(_schedule(services, row, of.slug))

    @routes.on(HTTPMethod.DELETE, f"{rule}/<schedule>", _WRITE, {204: None, **NOT_FOUND})
    def drop_report_schedule(path: documents.SchedulePath) -> Response:
        """Let a schedule go; its reports stay."""
        _owned(services, path.schedule, project(path))
        entry = AuditEntry(principal().name, "report-schedule.delete", f"report-schedule:{path.schedule}")
        metadata.drop_report_schedule(path.schedule, audit=entry)
        return nothing()


def _release(routes: Routes, services: Services) -> None:
    overview = ReleaseOverview(services.queries, services.metadata)

    @routes.on(
        HTTPMethod.GET,
        "/projects/<project>/release/regressions",
        _READ,
        {200: documents.RegressionMap, **NOT_FOUND, **QUERY_LIMIT},
    )
    def release_made_worse(path: ProjectPath, query: documents.RegressionQuery) -> Response:
        """Return what a release made worse: transactions slower or failing more often, issues new or back again."""
        of = project(path)
        now = services.clock.now()
        look = Look(principal(), (of.id,), (), now - range_length(query.range), now)
        known = overview.detail(look, of, query.release, query.compare)
        compared = None if known["compared"] is None else known["compared"]["version"]
        worse = [] if compared is None else release_regressions(look, services.queries, query.release, compared)
        return answer(
            {
                "project": of.slug,
                "release": query.release,
                "compared": compared,
                "transactions": worse,
                "new": known["new"],
                "regressed": known["regressed"],
            }
        )


def _told(document: Any, form: str) -> Response:
    if form == "markdown":
        return Response(as_markdown(document), content_type="text/markdown; charset=utf-8")
    if form == "html":
        headers = {"Content-Security-Policy": STILL}
        return Response(as_html(document), headers=headers, content_type="text/html; charset=utf-8")
    return answer(document)


def _slugs(services: Services, wanted: list[Any] | None) -> dict[int, str]:
    """Return the visible projects by number, only those that are named if some are."""
    seen = visible_projects(services.metadata, principal(), Action.ISSUE_READ)
    names = {str(name) for name in wanted or ()}
    rows = (row for row in services.metadata.projects() if row.id in seen)
    return {row.id: row.slug for row in rows if not names or row.slug in names or str(row.id) in names}


def _item(services: Services, row: ReportRow, slugs: dict[int, str]) -> dict[str, Any]:
    mails = services.metadata.report_mails(row.id)
    return {
        "id": row.id,
        "project": slugs[row.key.project_id],
        "schedule": row.key.schedule_id,
        "start": rfc3339(row.key.start),
        "end": rfc3339(row.key.end),
        "made_at": None if row.made_at is None else rfc3339(row.made_at),
        "error": row.error,
        "mails": [
            {"recipient": one.recipient, "state": one.state.value, "at": rfc3339(one.changed_at), "error": one.error}
            for one in mails
        ],
    }


def _wanted(body: documents.ScheduleBody) -> ScheduleWanted:
    zone_of(body.zone)
    recipients = tuple(dict.fromkeys(body.recipients))
    return ScheduleWanted(
        body.name, Rhythm(body.rhythm), body.weekday, body.hour, body.zone, recipients, body.enabled
    )  # fmt: skip


def _schedule(services: Services, row: ScheduleRow, slug: str) -> dict[str, Any]:
    wanted = row.wanted
    following = rfc3339(next_due(wanted, services.clock.now())) if wanted.enabled else None
    return {
        "id": row.id,
        "project": slug,
        "name": wanted.name,
        "rhythm": wanted.rhythm.value,
        "weekday": wanted.weekday,
        "hour": wanted.hour,
        "zone": wanted.zone,
        "recipients": list(wanted.recipients),
        "enabled": wanted.enabled,
        "created_by": row.created_by,
        "next": following,
    }


def _owned(services: Services, schedule_id: int, of: ProjectRow) -> None:
    if services.metadata.report_schedule(schedule_id).project_id != of.id:
        raise NotFound(f"There is no schedule of reports {schedule_id}.", code="report-schedule-unknown")
