"""`amber rca`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.api_client import ApiClient
from server.cli.beside import served_or_opened
from server.cli.failures import USAGE, Shown
from server.cli.humane import printable
from server.cli.options import ConfigOption, DataOption
from server.cli.target import TokenOption, UrlOption
from server.rca import words
from server.rca.markdown import as_markdown
from server.rca.page import as_html

if TYPE_CHECKING:
    from server.compose import Installation

app = typer.Typer(add_completion=False)
_PATIENCE_S = 180.0
_MOST_EVIDENCE = 6


class Form(StrEnum):
    """Forms of an analysis."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


IssueArgument = Annotated[str, typer.Argument(metavar="[ISSUE]", help="Short id of an issue, such as SHOP-12.")]
QueryOption = Annotated[
    str, typer.Option("--query", "-q", help="A Discover text; its first aggregate is what went wrong.")
]
TransactionOption = Annotated[str, typer.Option("--transaction", "-t", help="Name of a transaction.")]
ServiceOption = Annotated[str, typer.Option("--service", "-s", help="Its service, or a service by itself.")]
SignalOption = Annotated[str, typer.Option("--signal", help="latency, errors or traffic.", show_default="the worst")]
WindowOption = Annotated[
    str | None, typer.Option("--window", "-w", help="How far back it was bad, such as 1h.", show_default="by subject")
]
StartOption = Annotated[
    str | None, typer.Option("--start", help="Since when it was bad, such as 2026-03-01T12:00:00Z.")
]
EndOption = Annotated[str | None, typer.Option("--end", help="Until when.", show_default="now")]
BaselineOption = Annotated[
    str | None,
    typer.Option("--baseline", help="How long before all was well.", show_default="six windows, 2h at least"),
]
ProjectOption = Annotated[
    list[str] | None, typer.Option("--project", "-p", help="Only there; may be repeated.", show_default="all")
]
FormOption = Annotated[Form, typer.Option("--format", "-f", help="How to print it.")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Write it to a file.")]


@app.command()
def rca(
    issue: IssueArgument = "",
    *,
    query: QueryOption = "",
    transaction: TransactionOption = "",
    service: ServiceOption = "",
    signal: SignalOption = "",
    window: WindowOption = None,
    start: StartOption = None,
    end: EndOption = None,
    baseline: BaselineOption = None,
    project: ProjectOption = None,
    form: FormOption = Form.TABLE,
    out: OutOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Say why something is wrong: an issue, a query, a transaction or a service.

    amber rca SHOP-12

    amber rca --service checkout --window 1h --format html --out cause.html
    """
    asked = {
        "issue": issue, "query": query, "transaction": transaction, "service": service, "signal": signal,
        "range": window, "start": start, "end": end, "baseline": baseline, "project": project,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value}
    with served_or_opened(data, url, token, config) as there:
        document = _served(there, given) if isinstance(there, ApiClient) else _directory(there, given)
    _print(document, form, out)


def _served(client: ApiClient, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return client.call("GET", f"/api/v1/rca?{urlencode(given, doseq=True)}", patience_s=_PATIENCE_S)


def _directory(installation: Installation, given: Mapping[str, Any]) -> Mapping[str, Any]:
    # Start-up time: a served directory needs neither the engine nor the compiler.
    from server.rca.opening import analysed  # noqa: PLC0415

    return analysed(installation, given)


def _print(document: Mapping[str, Any], form: Form, out: Path | None) -> None:
    if form is Form.TABLE and out is not None:
        raise Shown("A file takes json, markdown or html.", code="format-missing", hint="Add --format.", status=USAGE)
    match form:
        case Form.TABLE:
            _table(document)
            return
        case Form.JSON:
            text = json.dumps(document) + "\n"
        case Form.MARKDOWN:
            text = as_markdown(document)
        case Form.HTML:
            text = as_html(document)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def _table(document: Mapping[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(printable(words.heading(document)), style="bold"))
    console.print(Text(printable(f"{words.lead(document)}. {document['why']}")))
    for line in (words.onset(document), words.times(document)):
        if line:
            console.print(Text(line, style="dim"))
    if document["hypotheses"]:
        console.print(_hypotheses(document))
        _first(console, document["hypotheses"][0], document["evidence"])
    for note in document["notes"]:
        console.print(Text(f"Not looked at: {printable(note)}", style="yellow"))


def _hypotheses(document: Mapping[str, Any]) -> Table:
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for name in ("sure", "kind", "service", "cause"):
        table.add_column(name, justify="right" if name == "sure" else "left")
    for one in document["hypotheses"]:
        cells = (words.percent(one["confidence"]), words.KINDS.get(one["kind"], one["kind"]), one["node"], one["title"])
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _first(console: Console, one: Mapping[str, Any], questions: Mapping[str, Any]) -> None:
    for number, step in enumerate(one["chain"], 1):
        console.print(Text(printable(f"{number}. {step['cause']} -> {step['effect']}: {step['text']}")))
    for piece in one["evidence"][:_MOST_EVIDENCE]:
        console.print(Text(printable(f"* {piece['text']}")))
        if (piece["key"] or "") in questions:
            console.print(Text(printable(f"  {questions[piece['key']]['query']}"), style="dim"))
    for commit in one["commits"]:
        console.print(
            Text(printable(f"* {commit['sha'][:12]} {commit['title']} ({commit['author']}): {commit['why']}"))
        )
