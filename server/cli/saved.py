"""`amber saved`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import UserError
from engine.metadata import SavedQueryText
from queries.parameters import Parameter, ParameterType, bind, read_parameters
from queries.sentry import looks_like_url
from server.cli.managed import listed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.output import Format, print_result
from server.cli.query import (
    EndOption,
    FormatOption,
    LimitOption,
    ParamOption,
    ProjectOption,
    StartOption,
    params_of,
    read_text,
)
from server.cli.saved_places import Facts, saved_place, sharing_of, single_name
from server.cli.target import TokenOption, UrlOption, opened_target

app = typer.Typer(
    add_completion=False, help="Save, run and share queries; import those of Sentry.", no_args_is_help=True
)
QueryArgument = Annotated[str, typer.Argument(metavar="QUERY", help="Name or number of the saved query.")]
VersionOption = Annotated[
    int | None, typer.Option("--version", min=1, help="An older version.", show_default="the newest")
]
ShareOption = Annotated[bool, typer.Option("--share", help="Let everybody in the organisation read and run it.")]
TeamOption = Annotated[
    str, typer.Option("--team", metavar="TEAM", help="Let the people of a team read and run it.", show_default="nobody")
]


@app.command("list")
def list_queries(
    search: Annotated[str, typer.Argument(metavar="[LETTERS]", help="Letters that occur in the name.")] = "",
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List saved queries by name: those of everybody, on a server those the token may see."""
    with saved_place(data, url, token, config) as place:
        rows = [_line(one) for one in place.listed(search)]
    listed(rows, "There are no saved queries.", as_json=as_json)


@app.command("show")
def show(
    query: QueryArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    version: VersionOption = None,
    versions: Annotated[bool, typer.Option("--versions", help="List its versions instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the text of a saved query, or list its versions."""
    with saved_place(data, url, token, config) as place:
        if versions:
            listed([_version(one) for one in place.versions(query)], "", as_json=as_json)
            return
        found = place.found(query, version)
        said(str(found["text"]), found, as_json=as_json)


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called; a filter's stands in searches.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The query; - reads it from standard input.")],
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    filter_: Annotated[bool, typer.Option("--filter", help="A search that `saved:NAME` stands for in others.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="The text is SQL.")] = False,
    declare: Annotated[
        list[str] | None, typer.Option("--declare", help="NAME:TYPE or NAME:TYPE=DEFAULT for $NAME; repeatable.")
    ] = None,
    share: ShareOption = False,
    team: TeamOption = "",
    as_json: JsonOption = False,
) -> None:
    """Save a query, or make a new version of the one that has the name.

    amber saved save worst 'from errors | where level = $level | top 5 by timestamp' --declare level:string=error
    """
    content = SavedQueryText(
        name,
        read_text(text),
        description,
        "filter" if filter_ else "query",
        "sql" if sql else "discover",
        tuple(_declaration(one).as_dict() for one in declare or []),
    )
    sharing = sharing_of(team, everybody=share)
    with saved_place(data, url, token, config) as place:
        kept = place.saved(content, sharing)
        said(f"{kept['name']} is saved, version {kept['version']}.", kept, as_json=as_json)


@app.command("run")
def run(
    query: QueryArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    version: VersionOption = None,
    param: ParamOption = None,
    form: FormatOption = Format.TABLE,
    project: ProjectOption = None,
    start: StartOption = None,
    end: EndOption = None,
    limit: LimitOption = None,
) -> None:
    """Run a saved query with values for its parameters."""
    given = params_of(param)
    with saved_place(data, url, token, config) as place:
        found = place.found(query, version)
    declared = read_parameters(found["parameters"])
    bind(declared, given)  # tells what is missing or of another type before anything is opened
    values = {one.name: {"type": one.type.value, "value": given.get(one.name, one.default)} for one in declared}
    with opened_target(data, url, token, config) as target:
        ask = target.client.sql if found["language"] == "sql" else target.client.query
        result = ask(str(found["text"]), start=start, end=end, project=project, limit=limit, params=values)
        print_result(result, form)


@app.command("restore")
def restore(
    query: QueryArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version to go back to.")],
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new version that says what an old one said."""
    with saved_place(data, url, token, config) as place:
        back = place.restored(query, version)
        said(f"Version {back['version']} says what version {version} said.", back, as_json=as_json)


@app.command("delete")
def delete(
    query: QueryArgument,
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a saved query with all its versions."""
    with saved_place(data, url, token, config) as place:
        name = place.deleted(query)
    said(f"{name} is gone.", {"deleted": name}, as_json=as_json)


@app.command("import")
def import_queries(
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="A URL of Sentry, or a file; - is standard input.")],
    *,
    data: DataOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    config: ConfigOption = None,
    name: Annotated[str, typer.Option("--name", help="Name for a single query.", show_default="its own")] = "",
    dry: Annotated[bool, typer.Option("--print", help="Print the texts; save nothing.")] = False,
    share: ShareOption = False,
    team: TeamOption = "",
    as_json: JsonOption = False,
) -> None:
    """Import queries of Sentry: a URL, a file of URLs, or what `discover/saved/` of its API answers.

    Discover and Explore URLs and lists of issues are read. What has no counterpart is said.
    """
    rows = []
    sharing = sharing_of(team, everybody=share)
    with saved_place(data, url, token, config) as place:
        texts = place.imported(_source_text(source))
        single_name(name, len(texts))
        for number, made in enumerate(texts, 1):
            called = name or str(made["name"]) or f"Imported from Sentry {number}"
            if not dry:
                place.saved(SavedQueryText(called, str(made["text"])), sharing)
            rows.append({"name": called, "text": made["text"], "warnings": " ".join(made["warnings"])})
    listed(rows, "", as_json=as_json)


def _source_text(source: str) -> str:
    if source == "-" or looks_like_url(source):
        return read_text(source)
    try:
        return Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{source!r} is neither a URL of a query of Sentry nor a file that can be read.", code="source-unreadable"
        ) from error


def _declaration(text: str) -> Parameter:
    declared, _, default = text.partition("=")
    name, _, kind = declared.partition(":")
    try:
        return Parameter(name, ParameterType(kind), default or None)
    except ValueError as error:
        raise UserError(
            f"{text!r} is not NAME:TYPE or NAME:TYPE=DEFAULT.",
            code="parameter-invalid",
            hint=f"Types: {', '.join(ParameterType)}.",
        ) from error


_LINE = ("id", "name", "kind", "language", "sharing", "owner", "version", "changed_at")


def _line(facts: Facts) -> Facts:
    return {name: facts[name] for name in _LINE}


def _version(facts: Facts) -> Facts:
    return {name: facts[name] for name in ("version", "author", "changed_at")}
