"""`amber query`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

import amber
from amber._errors import caret_picture
from queries.editor import format_text as canonical
from queries.errors import QueryError
from server.cli.export import export
from server.cli.failures import USAGE, Shown
from server.cli.options import ConfigOption, DataOption
from server.cli.output import Format, print_result
from server.cli.target import Target, TokenOption, UrlOption, opened_target

app = typer.Typer(add_completion=False)

ProjectOption = Annotated[
    list[str] | None, typer.Option("--project", "-p", help="Slug or id of a project to look at; repeatable.")
]
StartOption = Annotated[str | None, typer.Option("--start", help="Begin of the time range, as 2026-01-31T12:00:00Z.")]
EndOption = Annotated[str | None, typer.Option("--end", help="End of the time range.", show_default="now")]
LimitOption = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Most rows.", show_default="1000")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print the answer.")]
ParamOption = Annotated[list[str] | None, typer.Option("--param", help="NAME=VALUE for $NAME in the text; repeatable.")]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Say in plain English what would be done; run nothing.")]
SqlOption = Annotated[bool, typer.Option("--sql", help="Print the SQL that would run; run nothing.")]

OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write all rows into this file, as --format arrow, csv or jsonl.")
]
CheckOption = Annotated[bool, typer.Option("--check", help="Say what is wrong or odd in the text; run nothing.")]
FormatTextOption = Annotated[
    bool, typer.Option("--format-text", help="Print the text in its canonical form; run nothing, ask nobody.")
]


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The query; - reads it from standard input.", metavar="TEXT")],
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    form: FormatOption = Format.TABLE,
    project: ProjectOption = None,
    start: StartOption = None,
    end: EndOption = None,
    limit: LimitOption = None,
    param: ParamOption = None,
    show_plan: ExplainOption = False,
    show_sql: SqlOption = False,
    check: CheckOption = False,
    format_text: FormatTextOption = False,
    out: OutOption = None,
) -> None:
    """Ask a question in Discover.

    Without --url the data directory is asked, through its server while one runs. With --out all rows are written, with
    no limit but the text's own.

    amber query 'from errors last 1h | summarize n=count() by error.type | sort n desc'
    """
    text = read_text(text)
    if format_text:
        print_formatted(text)
        return
    with opened_target(data, url, token, config) as target:
        if check:
            print_check(target, amber.QueryRequest(text, "", project=tuple(project or ()), params=params_of(param)))
            return
        if show_plan or show_sql:
            request = amber.QueryRequest(text, "", project=tuple(project or ()), params=params_of(param))
            print_plan(target, request, english=show_plan)
            return
        if out is not None:
            params = params_of(param)
            stream = target.client.stream(text, start=start, end=end, project=project, params=params)
            rows = export(stream, out, form)
            Console(stderr=True, highlight=False).print(Text(f"{rows:,} rows in {out}", style="dim"))
            return
        result = target.client.query(text, start=start, end=end, project=project, limit=limit, params=params_of(param))
        print_result(result, form)


def read_text(text: str) -> str:
    """Return the query text; `-` stands for standard input."""
    return sys.stdin.read() if text == "-" else text


def params_of(given: list[str] | None) -> dict[str, str]:
    """Return the parameters from NAME=VALUE options."""
    params = {}
    for pair in given or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--param")
        params[name] = value
    return params


def print_formatted(text: str) -> None:
    """Print a text in its canonical form; what cannot be read is shown with its place."""
    try:
        formatted = canonical(text)
    except QueryError as problem:
        picture = () if problem.span is None else tuple(caret_picture(text, (problem.span.start, problem.span.end)))
        raise Shown(
            problem.message, code=problem.code, hint=problem.suggestion, picture=picture, status=USAGE
        ) from problem
    Console(highlight=False, soft_wrap=True).print(Text(formatted))


def print_check(target: Target, request: amber.QueryRequest) -> None:
    """Print what is wrong or odd in a text, each with its place; the exit status is 2 when it cannot be run."""
    found = target.check(request)
    console = Console(highlight=False, soft_wrap=True)
    for item in found:
        style = "red" if item["severity"] == "error" else "yellow"
        console.print(Text.assemble((f"{item['severity'].capitalize()}: ", style), str(item["message"])))
        span = item["span"]
        for line in caret_picture(request.text, (span["start"], span["end"])) if span is not None else ():
            console.print(Text(line))
        if item["suggestion"]:
            console.print(Text(f"  {item['suggestion']}", style="dim"))
    if any(item["severity"] == "error" for item in found):
        raise typer.Exit(USAGE)


def print_plan(target: Target, request: amber.QueryRequest, *, english: bool) -> None:
    """Print what a query would do: plain English, range, warnings and SQL, or the SQL alone."""
    plan = target.explain(request)
    console = Console(highlight=False, soft_wrap=True)
    if english:
        console.print(Text(str(plan["english"])))
        console.print(Text(f"{plan['start']} to {plan['end']}", style="dim"))
        for warning in plan["warnings"]:
            console.print(Text.assemble(("Warning: ", "yellow"), str(warning)))
        for step in plan["steps"]:
            console.print(Text(f"{step['step']}: {step['text']}", style="dim"))
    for statement in plan["sql"]:
        console.print(Text(str(statement)))
