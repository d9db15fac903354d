"""`amber owners`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.commits import ASSIGNMENTS, OwnershipRow
from engine.errors import UserError
from engine.metadata import AuditEntry
from server.cli.managed import listed, managed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.ownership.codeowners import SYNTAXES
from server.ownership.matching import read_ownership
from server.ownership.rules import Facts
from server.ownership.service import directory_of

app = typer.Typer(add_completion=False, help="Who owns what: ownership rules and CODEOWNERS.", no_args_is_help=True)
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Short name or number of the project.")]
RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="A file of ownership rules; - for standard input.", show_default="none")
]
FileOption = Annotated[
    Path | None, typer.Option("--codeowners", help="A CODEOWNERS file; - for standard input.", show_default="none")
]
SyntaxOption = Annotated[
    str | None, typer.Option("--syntax", help="Of that file: github or gitlab.", show_default="as it is")
]


@app.command("show")
def show(
    project: ProjectArgument, *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Show a project's ownership."""
    with managed(config, data) as place:
        row = place.metadata.ownership(place.project(project).id)
    lines = [
        f"new issues are given to: {row.auto_assign}",
        "",
        row.rules or "# no ownership rules",
        "",
        row.codeowners or "# no CODEOWNERS",
    ]
    said("\n".join(lines), _facts(row), as_json=as_json)


@app.command("set")
def set_ownership(
    project: ProjectArgument,
    *,
    rules: RulesOption = None,
    codeowners: FileOption = None,
    syntax: SyntaxOption = None,
    auto_assign: Annotated[
        str | None,
        typer.Option("--auto-assign", help="Give new issues to: off, owners, suspect.", show_default="as it is"),
    ] = None,
    who: Annotated[
        list[str] | None,
        typer.Option("--who", metavar="NAME=ASSIGNEE", help="Who an owner is: @bob=user:bob@example.org. Repeatable."),
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a project's ownership; what is not given stays. Rules that cannot be read change nothing."""
    given = _draft(rules, codeowners, syntax)
    if auto_assign is not None:
        given["auto_assign"] = _one_of(auto_assign, ASSIGNMENTS, "auto-assign")
    if not given and not who:
        raise UserError("Nothing to set.", code="nothing-chosen", hint="Give --rules, --codeowners, --auto-assign …")
    with managed(config, data) as place:
        row = place.project(project)
        before = place.metadata.ownership(row.id)
        if who:
            given["mapping"] = {**before.mapping, **dict(_pair(text) for text in who)}
        read_ownership(replace(before, **given))
        entry = AuditEntry(place.principal.name, "project.ownership", f"project:{row.slug}")
        after = place.metadata.change_ownership(row.id, given, audit=entry)
    said("The ownership holds from now on.", _facts(after), as_json=as_json)


@app.command("test")
def try_ownership(
    project: ProjectArgument,
    *,
    path: Annotated[str, typer.Option("--path", help="A path of a file, as in the stack or the repository.")] = "",
    module: Annotated[str, typer.Option("--module", help="A module of a frame.")] = "",
    url: Annotated[str, typer.Option("--url", help="The URL of a request.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="NAME=VALUE", help="A tag. Repeatable.")] = None,
    rules: RulesOption = None,
    codeowners: FileOption = None,
    syntax: SyntaxOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who would own an error with such a path, module, URL or tags, by the project's rules or by those given.

    The first line is what counts.
    """
    if not (path or module or url or tag):
        raise UserError("There is nothing to try.", code="facts-missing", hint="Give --path, --module, --url or --tag.")
    facts = Facts(((path,),) if path else (), (module,) if module else (), url, dict(_pair(one) for one in tag or ()))
    with managed(config, data) as place:
        row = replace(place.metadata.ownership(place.project(project).id), **_draft(rules, codeowners, syntax))
        owned = read_ownership(row).owned(facts, directory_of(place.metadata))
    shown = [
        {
            "rule": one.rule,
            "of": f"{one.source}, line {one.line}",
            "matched": one.matched,
            "owners": ", ".join(name if not who else f"{name} ({who})" for name, who in one.owners),
        }
        for one in owned
    ]
    listed(shown, "Nobody owns that.", as_json=as_json)


def _facts(row: OwnershipRow) -> dict[str, Any]:
    names = ("rules", "codeowners", "syntax", "auto_assign")
    return {**{name: getattr(row, name) for name in names}, "mapping": dict(row.mapping)}


def _draft(rules: Path | None, codeowners: Path | None, syntax: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, file in (("rules", rules), ("codeowners", codeowners)):
        if file is not None:
            given[name] = _read(file)
    if syntax is not None:
        given["syntax"] = _one_of(syntax, SYNTAXES, "syntax")
    return given


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}.", code="rules-unreadable") from error


def _one_of(value: str, known: tuple[str, ...], what: str) -> str:
    if value not in known:
        raise UserError(
            f"{value!r} is no value of --{what}.", code="choice-unknown", hint=f"One of {', '.join(known)}."
        )
    return value


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UserError(f"{text!r} has no `=`.", code="pair-invalid", hint="Write NAME=VALUE.")
    return name, value
