"""`amber saved`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import UserError
from engine.metadata import SavedQueryRow, SavedQueryText, SavedQueryWanted
from queries.parameters import Parameter, ParameterType
from queries.plan import PlanContext
from queries.sentry import looks_like_url, read_source, to_discover
from server.cli.managed import Managed, listed, managed, said, shown_time
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
from server.cli.target import opened_target
from server.query_service import Question
from server.saved import checked_content, parameters_of, saved_question

app = typer.Typer(
    add_completion=False, help="Save, run and share queries; import those of Sentry.", no_args_is_help=True
)
QueryArgument = Annotated[str, typer.Argument(metavar="QUERY", help="Name or number of the saved query.")]
VersionOption = Annotated[
    int | None, typer.Option("--version", min=1, help="An older version.", show_default="the newest")
]
ShareOption = Annotated[bool, typer.Option("--share", help="Let everybody in the organisation read and run it.")]
_MOST = 10_000


@app.command("list")
def list_queries(
    search: Annotated[str, typer.Argument(metavar="[LETTERS]", help="Letters that occur in the name.")] = "",
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the saved queries of everybody, by name."""
    with managed(config, data) as place:
        found = place.administration.saved_queries(place.principal, SavedQueryWanted(0, search=search, limit=_MOST))
        rows = [_line(place, row) for row in found]
    listed(rows, "There are no saved queries.", as_json=as_json)


@app.command("show")
def show(
    query: QueryArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    version: VersionOption = None,
    versions: Annotated[bool, typer.Option("--versions", help="List its versions instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the text of a saved query, or list its versions."""
    with managed(config, data) as place:
        row = _found(place, query, version)
        if versions:
            rows = place.administration.saved_query_versions(place.principal, row.id)
            listed([_version(one) for one in rows], "", as_json=as_json)
            return
        said(row.content.text, _facts(place, row), as_json=as_json)


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called; a filter's stands in searches.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The query; - reads it from standard input.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    filter_: Annotated[bool, typer.Option("--filter", help="A search that `saved:NAME` stands for in others.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="The text is SQL.")] = False,
    declare: Annotated[
        list[str] | None, typer.Option("--declare", help="NAME:TYPE or NAME:TYPE=DEFAULT for $NAME; repeatable.")
    ] = None,
    share: ShareOption = False,
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
    with managed(config, data) as place:
        row = _saved(place, checked_content(content), "organisation" if share else "private")
        said(f"{row.content.name} is saved, version {row.version}.", _facts(place, row), as_json=as_json)


@app.command("run")
def run(
    query: QueryArgument,
    *,
    data: DataOption = None,
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
    with managed(config, data) as place:
        row = _found(place, query, version)
    saved_question(row, given, Question(text=""))  # tells what is missing or of another type before anything is opened
    values = {
        one.name: {"type": one.type.value, "value": given.get(one.name, one.default)} for one in parameters_of(row)
    }
    with opened_target(data, None, None, config) as target:
        if row.content.language == "sql":
            result = target.client.sql(
                row.content.text, start=start, end=end, project=project, limit=limit, params=values
            )
        else:
            result = target.client.query(
                row.content.text, start=start, end=end, project=project, limit=limit, params=values
            )
        print_result(result, form)


@app.command("restore")
def restore(
    query: QueryArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version to go back to.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new version that says what an old one said."""
    with managed(config, data) as place:
        row = _found(place, query, None)
        back = place.administration.restore_saved_query(place.principal, row.id, version, row.row_version)
        said(f"Version {back.version} says what version {version} said.", _facts(place, back), as_json=as_json)


@app.command("delete")
def delete(
    query: QueryArgument, *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Delete a saved query with all its versions."""
    with managed(config, data) as place:
        row = _found(place, query, None)
        place.administration.delete_saved_query(place.principal, row.id, row.row_version)
    said(f"{row.content.name} is gone.", {"deleted": row.content.name}, as_json=as_json)


@app.command("import")
def import_queries(
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="A URL of Sentry, or a file; - is standard input.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    name: Annotated[str, typer.Option("--name", help="Name for a single query.", show_default="its own")] = "",
    dry: Annotated[bool, typer.Option("--print", help="Print the texts; save nothing.")] = False,
    share: ShareOption = False,
    as_json: JsonOption = False,
) -> None:
    """Import queries of Sentry: a URL, a file of URLs, or what `discover/saved/` of its API answers.

    Discover and Explore URLs and lists of issues are read. What has no counterpart is said.
    """
    asked = read_source(_source_text(source))
    if name and len(asked) > 1:
        raise UserError("--name is for a single query; these are several.", code="options-conflict")
    rows = []
    with managed(config, data) as place:
        projects = {row.id: row.slug for row in place.administration.projects(place.principal)}
        for number, one in enumerate(asked, 1):
            made = to_discover(one, PlanContext(now=datetime.now(UTC), projects=projects))
            called = name or made.name or f"Imported from Sentry {number}"
            if not dry:
                _saved(
                    place, checked_content(SavedQueryText(called, made.text)), "organisation" if share else "private"
                )
            rows.append({"name": called, "text": made.text, "warnings": " ".join(made.warnings)})
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


def _saved(place: Managed, content: SavedQueryText, sharing: str) -> SavedQueryRow:
    """Save the content; a new version when what is looked up under its name has it already."""
    every = SavedQueryWanted(0, search=content.name, limit=_MOST)
    same = [
        row
        for row in place.administration.saved_queries(place.principal, every)
        if row.content.name.casefold() == content.name.strip().casefold()
        and row.sharing == sharing
        and (sharing == "organisation" or not row.owner_id)
    ]
    if not same:
        return place.administration.save_query(place.principal, content, sharing)
    return place.administration.change_saved_query(place.principal, same[0], content, sharing, same[0].row_version)


def _found(place: Managed, query: str, version: int | None) -> SavedQueryRow:
    row = place.administration.saved_query_called(place.principal, query)
    return row if version is None else place.administration.saved_query_version(place.principal, row.id, version)


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


def _line(place: Managed, row: SavedQueryRow) -> dict[str, Any]:
    facts = _facts(place, row)
    return {
        name: facts[name] for name in ("id", "name", "kind", "language", "sharing", "owner", "version", "changed_at")
    }


def _facts(place: Managed, row: SavedQueryRow) -> dict[str, Any]:
    owner = next((user.email for user in place.metadata.users() if user.id == row.owner_id), "")
    return {
        "id": row.id,
        "name": row.content.name,
        "description": row.content.description,
        "kind": row.content.kind,
        "language": row.content.language,
        "text": row.content.text,
        "parameters": [dict(one) for one in row.content.parameters],
        "sharing": row.sharing,
        "owner": owner,
        **_version(row),
    }


def _version(row: SavedQueryRow) -> dict[str, Any]:
    return {"version": row.version, "author": row.author, "changed_at": shown_time(row.changed_at)}
