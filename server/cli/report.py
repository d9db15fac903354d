"""`amber report`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

import typer

from engine.errors import UserError
from server.api_client import ApiClient
from server.cli.beside import served_or_opened
from server.cli.options import ConfigOption, DataOption
from server.cli.target import TokenOption, UrlOption
from server.reports.telling import as_html, as_markdown

if TYPE_CHECKING:
    from server.compose import Installation

app = typer.Typer(add_completion=False)
_PATIENCE_S = 180.0


class Form(StrEnum):
    """Forms of a report."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


ProjectOption = Annotated[str, typer.Option("--project", "-p", help="Short name or number.")]
PeriodOption = Annotated[str, typer.Option("--period", help="How far back, such as 24h or 7d.")]
FormOption = Annotated[Form, typer.Option("--format", "-f", help="How to write it.")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Write it to a file.")]
SendOption = Annotated[
    list[str] | None, typer.Option("--send", help="Mail it to an address and keep it; may be repeated.")
]


@app.command()
def report(
    *,
    project: ProjectOption,
    period: PeriodOption = "7d",
    form: FormOption = Form.MARKDOWN,
    out: OutOption = None,
    send: SendOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Report on a project: issues that matter, their causes, and what became worse.

    amber report --project shop --period 7d --format html --out week.html
    """
    with served_or_opened(data, url, token, config) as there:
        if isinstance(there, ApiClient):
            made = _served(there, project, period, send or [])
        else:
            made = _directory(there, project, period, send or [])
    mails = made.pop("mails", [])
    document = made.get("document", made)
    text = {
        Form.MARKDOWN: lambda: as_markdown(document),
        Form.HTML: lambda: as_html(document),
        Form.JSON: lambda: json.dumps(document) + "\n",
    }[form]()
    if out is not None:
        out.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)
    for one in mails:
        typer.echo(f"{one['recipient']}: {one['state']} {one['error']}".rstrip(), err=True)


def _served(client: ApiClient, project: str, period: str, send: list[str]) -> dict[str, Any]:
    path = f"/api/v1/projects/{quote(project, safe='')}/reports"
    if send:
        return client.call("POST", path, {"range": period, "recipients": send}, patience_s=_PATIENCE_S)
    return client.call("GET", f"{path}?{urlencode({'range': period})}", patience_s=_PATIENCE_S)


def _directory(installation: Installation, project: str, period: str, send: list[str]) -> dict[str, Any]:
    # Start-up time: a served directory needs neither the engine nor the compiler.
    from engine.metadata import AuditEntry  # noqa: PLC0415
    from engine.reports import ReportKey  # noqa: PLC0415
    from iam import LOCAL  # noqa: PLC0415
    from server.http.period import range_length  # noqa: PLC0415
    from server.reports.job import mail_server, opened_maker  # noqa: PLC0415
    from server.reports.making import Wanted, period_of  # noqa: PLC0415
    from server.reports.sending import Post  # noqa: PLC0415

    row = next((one for one in installation.metadata.projects() if project in {one.slug, str(one.id)}), None)
    if row is None:
        raise UserError(f"There is no project {project!r}.", code="project-unknown", hint="See `amber project list`.")
    wanted = Wanted(row, *period_of(range_length(period), installation.clock.now()))
    with opened_maker(installation) as maker:
        document: Mapping[str, Any] = maker.make(LOCAL, wanted)
    if not send:
        return dict(document)
    settings = installation.settings
    post = Post(installation.metadata, mail_server(settings), settings.web_url)
    entry = AuditEntry(LOCAL.name, "report.make", f"project:{row.slug}")
    kept = post.send(ReportKey(row.id, wanted.start, wanted.end), document, send, entry)
    mails = [
        {"recipient": one.recipient, "state": one.state.value, "error": one.error}
        for one in installation.metadata.report_mails(kept.id)
    ]
    return {"document": dict(document), "mails": mails}
