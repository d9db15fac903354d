"""`amber ml recluster`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from server.cli.local_api import Call, opened_api
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.target import TokenOption, UrlOption


def recluster(
    *,
    project: Annotated[
        list[str] | None, typer.Option("--project", help="Slug of a project; repeatable.", show_default="all")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be merged and suggested.")] = False,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare new issues with the others: merge what has one cause for sure, suggest the rest.

    A server does so by itself every ten minutes. Every merge can be undone (`amber issues undo`); what people decided
    stays as it is.
    """
    with opened_api(data, url, token, config) as call:
        slugs = project or [one["slug"] for one in call("GET", "/api/v1/projects", None)["items"]]
        reports = [report for slug in slugs for report in _reports(call, slug, dry_run=dry_run)]
    if as_json:
        typer.echo(json.dumps({"runs": reports}))
        return
    for report in reports:
        typer.echo(_sentence(report))
        for one in report["merged"]:
            typer.echo(f"  {one['issue']} -> {one['into']} (p = {one['probability']:.2f})")
        for one in report["suggested"]:
            typer.echo(f"  {one['issue']} -> {one['into']}? (p = {one['probability']:.2f})")
        for one in report["splits"]:
            typer.echo(f"  {one['issue']}: {one['causes']} causes? (p = {one['probability']:.2f})")


def _reports(call: Call, slug: str, *, dry_run: bool) -> list[dict[str, Any]]:
    """Return what each run over a project did: as many as there are new issues for, one when nothing is written."""
    reports: list[dict[str, Any]] = []
    while not reports or (reports[-1]["more"] and not dry_run):
        reports.append(call("POST", "/api/v1/recluster", {"project": slug, "dry_run": dry_run}))
    return reports


def _sentence(report: Mapping[str, Any]) -> str:
    would = "would be " if report["dry_run"] else ""
    return (
        f"{report['project']}: {report['looked_at']} new issues, {len(report['merged'])} {would}merged, "
        f"{len(report['suggested']) + len(report['splits'])} {would}suggested, {report['seconds']:.1f} s"
    )
