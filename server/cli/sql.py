"""`amber sql`."""

from __future__ import annotations

from typing import Annotated

import typer

import amber
from server.cli.options import ConfigOption, DataOption
from server.cli.output import Format, print_result
from server.cli.query import (
    EndOption,
    FormatOption,
    LimitOption,
    ParamOption,
    ProjectOption,
    SqlOption,
    StartOption,
    params_of,
    print_plan,
    read_text,
)
from server.cli.target import TokenOption, UrlOption, opened_target

app = typer.Typer(add_completion=False)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="One SELECT; - reads it from standard input.", metavar="TEXT")],
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
    show_sql: SqlOption = False,
) -> None:
    """Ask a question in SQL: one SELECT over the datasets.

    Projects and time range are added as for `amber query`; functions and clauses are those on the allow-list.

    Parameters are bound: `level = $level`, or `{level:String}` with a type, and --param level=error.

    amber sql 'SELECT release, count() AS n FROM errors GROUP BY release ORDER BY n DESC'
    """
    text = read_text(text)
    with opened_target(data, url, token, config) as target:
        params = params_of(param)
        if show_sql:
            request = amber.QueryRequest(text, "", "sql", project=tuple(project or ()), params=params)
            print_plan(target, request, english=False)
            return
        print_result(target.client.sql(text, start=start, end=end, project=project, limit=limit, params=params), form)
