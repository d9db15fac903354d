"""`amber grouping`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import UserError
from engine.snapshot import ProjectConfig
from server.cli.failures import USAGE, Shown
from server.cli.humane import printable
from server.cli.managed import Managed, managed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.scrub import subjects
from server.grouping import WINDOW_DAYS, GroupingTrial, options_of, shown, tried, upgraded

app = typer.Typer(
    add_completion=False, help="Which events are one issue: rules, versions, and why.", no_args_is_help=True
)
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Short name or number of the project.")]
RulesOption = Annotated[
    Path | None,
    typer.Option("--rules", help="A file of fingerprint rules, one a line; - for standard input.", show_default="none"),
]
StackRulesOption = Annotated[
    Path | None, typer.Option("--stack-rules", help="A file of stack-trace rules, one a line.", show_default="none")
]
VersionOption = Annotated[
    str | None, typer.Option("--version", help="Version of the algorithm, such as v2.", show_default="as it is")
]


@app.command("show")
def show(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a project groups: its version and its rules."""
    with managed(config, data) as place:
        found = shown(_config(place, project))
    said(_text(found), found, as_json=as_json)


@app.command("set")
def set_rules(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    rules: RulesOption = None,
    stack_rules: StackRulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a project's rules from now on; events that are stored keep their issues."""
    draft = _draft(rules, stack_rules, None)
    if not draft:
        raise UserError("Nothing to set.", code="nothing-chosen", hint="Give --rules or --stack-rules.")
    options = options_of(draft)
    with managed(config, data) as place:
        place.administration.change_project(place.principal, place.project(project).id, options=options)
        found = shown(_config(place, project))
    said("The rules hold within two seconds.", found, as_json=as_json)


@app.command("upgrade")
def upgrade(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    version: VersionOption = None,
    days: Annotated[int, typer.Option("--days", help="Days in which events stay in the issues they were in.")] = (
        WINDOW_DAYS
    ),
    as_json: JsonOption = False,
) -> None:
    """Move a project to the newest version; for some days, events stay in the issues they were in."""
    with managed(config, data) as place:
        row = place.project(project)
        wanted = {"version": version} if version else {}
        options = upgraded(_config(place, project), datetime.now(UTC), days, **wanted)
        place.administration.change_project(place.principal, row.id, options=options)
        found = shown(_config(place, project))
    window = f"; for {days} days events stay in the issues they were in" if days else ""
    said(f"{row.slug} groups by {found['version']} within two seconds{window}.", found, as_json=as_json)


@app.command("test")
def try_rules(
    subject: Annotated[str, typer.Argument(metavar="FILE|EVENT_ID", help="A JSON event or envelope, or a stored one.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    project: Annotated[
        str, typer.Option("--project", "-p", help="Whose rules.", show_default="the only project there is")
    ] = "",
    rules: RulesOption = None,
    stack_rules: StackRulesOption = None,
    version: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an event is grouped as and why, under a project's rules or under others; nothing is changed."""
    draft = _draft(rules, stack_rules, version)
    with managed(config, data) as place:
        row = place.project(project) if project else place.only_project()
        found = _config(place, row.slug)
    now = datetime.now(UTC)
    errors = [s for s in subjects(subject, row.slug, data, config) if s.dataset == "errors"]
    trials = [(one.name, tried(found, draft, one.text, now)) for one in errors]
    problems = trials[0][1].problems if trials else ()
    if problems:
        raise Shown("; ".join(map(str, problems)), code="grouping-rules-invalid", status=USAGE)
    text = "\n\n".join(_why(name, trial) for name, trial in trials)
    listed = {"events": [{"name": n, **t.as_dict()} for n, t in trials]}
    said(text or "There is no error event in it.", listed, as_json=as_json)


def _why(name: str, trial: GroupingTrial) -> str:
    lines = [
        f"{name}: group {int(trial.fingerprint):016x} ({trial.version}, by {trial.source})",
        f"  title: {trial.title}",
    ]
    if trial.rule:
        lines.append(f"  rule in line {trial.rule_line}: {trial.rule}")
    lines += [f"  = {part}" for part in trial.parts]
    lines += [f"  - wrapper {kind}: does not count" for kind in trial.wrappers]
    lines += [f"  {'+' if f.counts else '-'} frame {f.key or '(no name)'}: {f.why}" for f in trial.frames]
    return "\n".join(map(printable, lines))


def _text(found: dict[str, Any]) -> str:
    window = ""
    if found["before"]:
        until = datetime.fromtimestamp(found["before_until"], UTC).date()
        window = f" (events stay in the issues of {found['before']} until {until})"
    newer = f"; {found['newest']} is newer: `amber grouping upgrade`" if found["version"] != found["newest"] else ""
    return "\n".join(
        [
            f"version: {found['version']}{window}{newer}",
            "",
            found["fingerprint_rules"] or "# no fingerprint rules",
            "",
            found["stack_rules"] or "# no stack-trace rules",
        ]
    )


def _draft(rules: Path | None, stack_rules: Path | None, version: str | None) -> dict[str, Any]:
    """Return the members that were given."""
    given = {"fingerprint_rules": _read(rules), "stack_rules": _read(stack_rules), "version": version}
    return {name: value for name, value in given.items() if value is not None}


def _read(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The rules in {path} cannot be read: {error}.", code="rules-unreadable") from error


def _config(place: Managed, project: str) -> ProjectConfig:
    row = place.project(project)
    return place.metadata.config_snapshot().projects.get(row.id) or ProjectConfig(row.id, row.slug)
